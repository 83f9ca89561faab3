"""Wrong command lines, as users type them: one sentence that says what is wrong, and whose help helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Material
from tests.cli.test_exit_codes import Run


@pytest.mark.parametrize(
    ("command", "rest", "sentence"),
    [
        ("check", "x.pem --inbond x", "There is no option '--inbond'. Did you mean --inbound or --outbound?"),
        ("check", "x.pem -x", "There is no option '-x'."),
        ("check", "x.pem --inbound", "--inbound needs a value: --inbound VALUE."),
        ("check", "x.pem --role", "--role needs a value: --role client|server|both."),
        ("check", "x.pem --strict=yes", "--strict takes no value."),
        ("check", "x.pem --role gateway", "--role: 'gateway' is not one of client, server, both."),
        ("check", "x.pem --password-fd x", "--password-fd is a whole number."),
        ("listen", "--max-connections 0", "--max-connections is a whole number, at least 1."),
        ("fleet", "x.csv --jobs many", "--jobs is a whole number from 1 to 256."),
        ("rules", "more", "certready rules takes no further argument: more"),
        ("diff", "old.pem", "NEW is missing."),
        ("cache clear", "--older x", "There is no option '--older'."),
        ("cache", "", "certready cache needs a command: show, clear."),
    ],
)
def test_what_typer_refuses(run: Run, command: str, rest: str, sentence: str) -> None:
    """What is wrong stands first, in one plain sentence, and the hint names the help of the very command."""
    ran = run(*command.split(), *rest.split())
    assert (2, "") == (ran.code, ran.out)
    assert [f"error: {sentence}", f"hint: certready {command} --help lists its arguments and options."] == (
        ran.err.splitlines()
    )


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("check", ""), "FILE..."),
        (("check", "x.pem", "--tenant="), "--tenant"),
        (("check", "x.pem", "--trust", ""), "--trust"),
        (("check", "x.pem", "--mta-sts", ""), "--mta-sts"),
        (("check", "x.pem", "--hostname="), "--hostname"),
        (("probe", "mail.contoso.com", "--mx", ""), "--mx"),
        (("probe", "mail.contoso.com", "--dns", ""), "--dns"),
        (("show", ""), "FILE...|HOST[:PORT]"),
        (("explain", ""), "TEXT|FILE|RULE"),
    ],
)
def test_an_empty_value(run: Run, words: tuple[str, ...], name: str) -> None:
    """An empty value, as an unset variable of the shell leaves it, is refused: neither the working folder nor a default
    is judged in its place."""
    ran = run(*words)
    assert (2, "") == (ran.code, ran.out)
    assert f"error: {name} is empty." == ran.err.splitlines()[0]


def test_no_name_to_ask_for_is_a_value(run: Run) -> None:
    """``--sni ''`` asks for no server name, as its help says."""
    assert "is empty" not in run("probe", "192.0.2.1", "--sni", "", "--offline").err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "A rehearsal also needs the certificate with its key, --smart-host, --recipient."),
        (("x.pem", "--smart-host", "mx.contoso.com"), "A rehearsal also needs --recipient."),
        (
            ("x.pem", "--smart-host", "mx", "--recipient", "a@b.example", "--sender", "a@c.example", "--null-sender"),
            "--sender and --null-sender exclude each other.",
        ),
    ],
)
def test_a_rehearsal_says_what_it_lacks(run: Run, words: tuple[str, ...], sentence: str) -> None:
    """Each missing option is named, and only those."""
    assert f"error: {sentence}" == run("rehearse", *words).err.splitlines()[0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--save-evidence", "saved.json"), "There are several reports, and --save-evidence keeps what one rests on."),
        (("--redact",), "--redact is about the file of --save-evidence."),
    ],
)
def test_what_is_saved_is_settled_before_anything_is_asked(
    run: Run, material: Material, tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    """Options that cannot be met for several certificates are refused before a root store is read or a server asked:
    a store that cannot be read is not even looked at."""
    for name in ("good.pem", "stranger.pem"):
        (tmp_path / name).write_bytes(Path(material / name).read_bytes())
    ran = run("check", str(tmp_path), *options, "--certificate-only", "--trust", str(tmp_path / "no-such-store.pem"))
    assert (2, f"error: {sentence}") == (ran.code, ran.err.splitlines()[0])
