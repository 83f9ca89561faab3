"""compare: is it the same certificate and chain everywhere?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from certready.cli import files, output
from certready.cli.commands import argument, command
from certready.cli.progress import Progress, waiting
from certready.cli.shared import Ehlo, PasswordEnv, PasswordFd, PasswordFile, Protocol, Quiet, Readable, Sni, Timeout
from certready.errors import UsageError
from certready.model import Bundle, Target
from certready.typed import host_and_port, names_a_host

if TYPE_CHECKING:
    from certready.bundle.passwords import Passwords


@command(
    "certready compare gateway.pfx mail.contoso.com:25",
    "certready compare node1.contoso.com node2.contoso.com node3.contoso.com",
    "certready compare old.pem new.pem --format json",
)
def compare(
    places: Annotated[
        tuple[str, ...],
        argument(
            "FILE|HOST[:PORT]...", help="Certificate files, live gateways and saved evidence, the first the model."
        ),
    ] = (),
    *,
    protocol: Protocol = "smtp",
    sni: Sni = None,
    ehlo: Ehlo = None,
    timeout: Timeout = 10.0,
    password_file: PasswordFile = None,
    password_env: PasswordEnv = None,
    password_fd: PasswordFd = None,
    formats: Readable = (),
    quiet: Quiet = False,
) -> int:
    """Compare certificate files, live gateways and saved evidence: exit code 0 where all are the same."""
    destinations = output.text_or_json(formats, "compare", "html")
    if not places:
        raise UsageError("Nothing to compare was named.", hint="certready compare gateway.pfx mail.contoso.com:25")
    from certready.compare import compare as compared
    from certready.compare import document
    from certready.compare.show import comparison_lines, comparison_page

    secrets = files.passwords(password_file, password_env, password_fd)

    def look(number: int, place: str, progress: Progress) -> Bundle:
        if not names_a_host(place):
            progress("")  # a password may be asked for
            return _read_place(Path(place), secrets)
        from certready.net.gateway import fetch

        host, port = host_and_port(place)

        def tell(sentence: str) -> None:
            progress(f"place {number} of {len(places)}: {sentence}")

        return fetch(host, port, protocol=protocol, ehlo=ehlo, sni=sni, timeout=timeout, progress=tell)

    with waiting(quiet=quiet) as progress:
        comparison = compared([look(number, place, progress) for number, place in enumerate(places, 1)])
    output.write_document(
        destinations,
        lambda width: comparison_lines(comparison, width),
        lambda: document(comparison),
        lambda: comparison_page(comparison),
    )
    return comparison.exit_code


def _read_place(path: Path, passwords: Passwords) -> Bundle:
    """A certificate file, or the chains of saved evidence."""
    data, name = files.read(path, files.EVIDENCE_LIMIT), files.name_of(path)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        from certready.serial import load

        saved = load(data)
        # The endpoint of a rehearsal is the smart host, which presented none of these chains.
        endpoints = () if saved.target.kind == "rehearse" else saved.endpoints
        return Bundle(Target(saved.target.kind, f"{name} ({saved.target.name})"), saved.chains, endpoints)
    from certready import bundle as bundles

    return bundles.load_files([(name, data)], password=passwords)
