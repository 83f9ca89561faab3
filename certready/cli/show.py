"""show: what files or a host hold; nothing is judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec.structs import replace

from certready.cli import files, output
from certready.cli.commands import argument, command, option
from certready.cli.connection import Connection
from certready.cli.options import present
from certready.cli.progress import waiting
from certready.cli.shared import Formats, PasswordEnv, PasswordFd, PasswordFile, Quiet, Timeout
from certready.errors import InputError, UsageError
from certready.model.report import exit_code
from certready.typed import hostname, names_a_host

if TYPE_CHECKING:
    from certready.bundle.passwords import Passwords
    from certready.show import Shown


@command(
    "certready show mail.contoso.com:25",
    "certready show exchange.json --fqdn mail.contoso.com",
    "certready show mail.zip --format json",
)
def show(
    places: Annotated[
        tuple[str, ...],
        argument("FILE...|HOST[:PORT]", help="Files of any kind that check reads, folders and ZIPs too, or one host."),
    ],
    *,
    fqdn: Annotated[
        str | None,
        option(
            "--fqdn",
            help="Say which certificate Exchange Server picks for a connector with this FQDN, and why.",
            metavar="NAME",
        ),
    ] = None,
    connection: Connection,
    timeout: Timeout = 10.0,
    password_file: PasswordFile = None,
    password_env: PasswordEnv = None,
    password_fd: PasswordFd = None,
    formats: Formats = (),
    quiet: Quiet = False,
) -> int:
    """Show every certificate with its thumbprint and names, and of a PFX how it is protected and who cannot import it.

    Nothing is judged. Exit code 0 when all of it could be read, 3 when the host could not be reached.
    """
    destinations = output.text_or_json(formats, "show")
    if not places:
        raise UsageError("Nothing to show was named.", hint="certready show gateway.pfx, or certready show HOST:25")
    name = hostname(fqdn, "--fqdn")
    from certready import show as showing

    if len(places) == 1 and names_a_host(places[0]):
        if name:
            raise UsageError(
                "--fqdn is about the certificates in a server's store, and a host shows what it picked already.",
                hint="Name the files, or what Get-ExchangeCertificate printed as JSON.",
            )
        from certready.cli.probe import Asked, fetch

        with waiting(quiet=quiet) as progress:
            shown = showing.from_bundle(fetch(Asked((places[0],), connection), timeout, progress))
        code = 0 if shown.certificates else exit_code("cannot-tell")
    else:
        secrets = files.passwords(password_file, password_env, password_fd)
        shown = _files([Path(place) for place in places], secrets)
        if name:
            from certready.show.pick import pick, stored

            shown = replace(shown, pick=pick(stored(shown), name, present()))
        code = 2 if shown.unread else 0
    output.write_document(destinations, lambda width: showing.lines(shown, width), lambda: showing.document(shown))
    return code


def _files(paths: list[Path], passwords: Passwords) -> Shown:
    """The files that were named; of folders and archives every file that holds anything, and what cannot be read."""
    from certready import bundle, folders, show
    from certready.bundle import parts, targets

    inside = [folders.inside(path, listed=False) for path in paths]
    if not any(part.folder for each in inside for part in each.parts) and all(each.parts for each in inside):
        data = [(part.name, part.data) for each in inside for part in each.parts]
        return show.from_files(bundle.read_files(data, password=passwords))
    collected = parts.Collected(tuple(part for each in inside for part in each.parts))
    lying, unread, without = targets.read(collected, passwords)
    notes = [note for each in inside for note in each.notes]
    for note in (*notes, *parts.passed_over(without, "without a certificate in them")):
        output.note(note)
    if not lying and not unread:
        raise InputError(f"{' + '.join(map(str, paths))} holds no certificate and no key.")
    shown = show.from_files([each.file for each in lying])
    return replace(shown, unread=tuple((name, error.message) for name, error in unread))
