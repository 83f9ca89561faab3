"""MTA-STS: the record, the policy, and which hosts it covers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from certready.mta_sts import LARGEST_POLICY, Policy, Record, covered, read_policy, read_record

GOOD = "version: STSv1\nmode: enforce\nmx: mx.contoso.com\nmx: *.mail.contoso.com\nmax_age: 604800\n"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["v=STSv1; id=20261127"], Record("20261127")),
        (["v=STSv1;id=20261127;"], Record("20261127")),
        (["v=STSv1; id = a1 ; other=thing"], Record("a1")),
        (["v=spf1 -all", "v=STSv1; id=1"], Record("1")),
        (["v=STSv1; id=1; id=2"], Record("1")),
        ([], Record()),
        (["v=spf1 -all", "hello"], Record()),
    ],
)
def test_record(texts: Sequence[str], expected: Record) -> None:
    """One record that begins with v=STSv1; counts, whatever else stands there."""
    assert read_record(texts) == expected


@pytest.mark.parametrize(
    ("texts", "trouble"),
    [
        (["v=STSv1; id=1", "v=STSv1; id=2"], "there are 2 records that begin with v=STSv1; and one is allowed"),
        (["v=STSv1;"], "the record has no id"),
        (["v=STSv1; id="], "a part of the record is not of the form name=value"),
        (["v=STSv1; id=2026-11-27"], "its id is not 1 to 32 letters and digits"),
        ([f"v=STSv1; id={'a' * 33}"], "its id is not 1 to 32 letters and digits"),
        (["v=STSv1; rubbish; id=1"], "a part of the record is not of the form name=value"),
        (["V=STSV1; id=1"], "none of its TXT records begins with v=STSv1;"),
        (['"v=STSv1; id=1"'], "none of its TXT records begins with v=STSv1;"),
    ],
)
def test_record_that_is_passed_over(texts: Sequence[str], trouble: str) -> None:
    """Several records, and one that is malformed, are as good as none; the reason is known."""
    assert read_record(texts) == Record(trouble=trouble)


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        GOOD.replace("\n", "\r\n"),
        "\n" + GOOD + "unknown: key\n",
        GOOD + "mode: none\nmax_age: 1\n",
        GOOD.replace(": ", " : "),
    ],
)
def test_policy(body: str) -> None:
    """Either line end, unknown keys and doubled ones, of which the first counts, are read as the standard has it."""
    expected = Policy("enforce", 604800, ("mx.contoso.com", "*.mail.contoso.com"))
    assert read_policy(body.encode(), "text/plain; charset=utf-8") == expected


def test_policy_of_mode_none() -> None:
    """Only a policy of mode none needs no mx."""
    assert read_policy(b"version: STSv1\nmode: none\nmax_age: 0\n", "text/plain") == Policy("none", 0, ())


@pytest.mark.parametrize(
    ("body", "media_type", "said"),
    [
        (GOOD, "text/html", "it comes as 'text/html', not as text/plain"),
        (GOOD, "", "it comes without a media type"),
        (GOOD.replace("STSv1", "STSv2"), "text/plain", "its version is not STSv1"),
        (GOOD.replace("version: STSv1\n", ""), "text/plain", "its version is not STSv1"),
        (GOOD.replace("enforce", "enforced"), "text/plain", "its mode 'enforced' is none of enforce, testing and none"),
        (GOOD.replace("mode: enforce\n", ""), "text/plain", "it has no mode"),
        (GOOD.replace("max_age: 604800\n", ""), "text/plain", "it has no max_age"),
        (GOOD.replace("604800", "-1"), "text/plain", "its max_age '-1' is no number of seconds up to 31557600"),
        (GOOD.replace("604800", "31557601"), "text/plain", "its max_age '31557601' is no number"),
        (GOOD.replace("604800", "9" * 5000), "text/plain", "is no number of seconds up to 31557600"),
        ("version: STSv1\nmode: enforce\nmax_age: 1\n", "text/plain", "it names no mx"),
        (GOOD.replace("mx.contoso.com", "mx.*.com"), "text/plain", "its mx 'mx.*.com' is neither a host nor"),
        (GOOD.replace("mx.contoso.com", "192.0.2.1"), "text/plain", "its mx '192.0.2.1' is neither a host nor"),
        ("<html>", "text/plain", "the line '<html>' is not of the form key: value"),
        ("", "text/plain", "its version is not STSv1"),
        (GOOD + "mx: a.example\n" * 2000, "text/plain", "it is longer than senders read"),
        (GOOD + "".join(f"mx: h{n}.example\n" for n in range(200)), "text/plain", "it names more than 100 hosts"),
        (GOOD + "x: " + "y" * LARGEST_POLICY, "text/plain", "it is longer than senders read"),
    ],
)
def test_policy_that_is_passed_over(body: str, media_type: str, said: str) -> None:
    """A policy that cannot be followed is as good as none; the reason is known."""
    found = read_policy(body.encode(), media_type)
    assert isinstance(found, str)
    assert said in found


def test_policy_that_is_no_text() -> None:
    """Bytes that are no text are no policy."""
    assert read_policy(b"\xff\xfe" * 50, "text/plain") == "it is no text"


@pytest.mark.parametrize(
    ("host", "pattern"),
    [
        ("mx.contoso.com", "mx.contoso.com"),
        ("MX.Contoso.COM.", "mx.contoso.com"),
        ("a.mail.contoso.com", "*.mail.contoso.com"),
        ("a.b.mail.contoso.com", None),
        ("mail.contoso.com", None),
        ("contoso.com", None),
        ("mx.fabrikam.com", None),
        ("192.0.2.1", None),
        ("a b", None),
    ],
)
def test_covered(host: str, pattern: str | None) -> None:
    """A star stands for exactly one label; everything else is compared whole."""
    assert covered(host, ("mx.contoso.com", "*.mail.contoso.com")) == pattern
