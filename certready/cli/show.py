"""show: what files or a host hold; nothing is judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from certready.cli import files, output
from certready.cli.commands import argument, command
from certready.cli.options import could_be_host
from certready.cli.shared import (
    Dns,
    Ehlo,
    Formats,
    Gentle,
    IPv4,
    IPv6,
    PasswordEnv,
    PasswordFd,
    PasswordFile,
    Protocol,
    Resolve,
    Sni,
    Timeout,
)
from certready.errors import UsageError
from certready.model.report import exit_code

if TYPE_CHECKING:
    from certready.bundle.passwords import Passwords
    from certready.show import Shown


@command(
    "certready show gateway.pfx",
    "certready show mail.contoso.com:25",
    "certready show fullchain.pem key.pem --format json",
)
def show(
    places: Annotated[
        tuple[str, ...], argument("FILE...|HOST[:PORT]", help="Files of any kind that check reads, or one host.")
    ],
    *,
    protocol: Protocol = "smtp",
    resolve: Resolve = (),
    dns: Dns = None,
    ehlo: Ehlo = None,
    sni: Sni = None,
    ipv4: IPv4 = False,
    ipv6: IPv6 = False,
    gentle: Gentle = False,
    timeout: Timeout = 10.0,
    password_file: PasswordFile = None,
    password_env: PasswordEnv = None,
    password_fd: PasswordFd = None,
    formats: Formats = (),
) -> int:
    """Show every certificate with its thumbprint and names, and of a PFX how it is protected and who cannot import it.

    Nothing is judged. Exit code 0 when it could be read, 3 when the host could not be reached.
    """
    destinations = output.text_or_json(formats, "show")
    if not places:
        raise UsageError("Nothing to show was named.", hint="certready show gateway.pfx, or certready show HOST:25")
    from certready import show as showing

    if len(places) == 1 and could_be_host(places[0]) and places[0] != "-" and not Path(places[0]).exists():
        from certready.cli.probe import Asked, fetch

        asked = Asked((places[0],), None, protocol, resolve, dns, ehlo, sni, ipv4, ipv6, gentle)
        with output.progress() as progress:
            shown = showing.from_bundle(fetch(asked, timeout, progress))
        code = 0 if shown.certificates else exit_code("cannot-tell")
    else:
        secrets = files.passwords(password_file, password_env, password_fd)
        shown = _files([Path(place) for place in places], secrets)
        code = 0
    output.write_document(destinations, lambda width: showing.lines(shown, width), lambda: showing.document(shown))
    return code


def _files(paths: list[Path], passwords: Passwords) -> Shown:
    from certready import bundle, show

    return show.from_files(bundle.read_files(files.named(paths), password=passwords))
