"""The trust command: which root stores there are, how old they are, whether a root is in them, and a newer list."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

from certready import bounds
from certready.cli import files, output
from certready.cli.commands import argument, command, option
from certready.cli.options import present
from certready.cli.progress import waiting
from certready.cli.shared import Form, Quiet
from certready.errors import CertreadyError, InputError, StoreError, UsageError
from certready.model import Bundle
from certready.wording import counted

UPDATE_URL = "http://ctldl.windowsupdate.com/msdownload/update/v3/static/trustedr/en/authrootstl.cab"
LIST_LIMIT = bounds.TRUST_LIST


@command(
    "certready trust",
    "certready trust gateway.pem",
    "certready trust update --cab authrootstl.cab",
)
def trust(
    what: Annotated[
        str | None,
        argument("FILE|FINGERPRINT|update", help="A certificate file, a root's SHA-256 or SHA-1, or the word update."),
    ] = None,
    *,
    stl: Annotated[Path | None, option("--stl", help="update: from this authroot.stl.", metavar="FILE")] = None,
    cab: Annotated[Path | None, option("--cab", help="update: from this authrootstl.cab.", metavar="FILE")] = None,
    pem: Annotated[
        Path | None,
        option("--pem", help="update: keep these root certificates; the list must name them.", metavar="FILE"),
    ] = None,
    url: Annotated[
        str | None,
        option("--url", help="update: where the list is fetched; Microsoft's service unless given.", metavar="URL"),
    ] = None,
    proxy: Annotated[str | None, option("--proxy", help="update: HTTP proxy.", metavar="URL")] = None,
    allow_private: Annotated[
        bool, option("--allow-private", help="update: the URL may lead to a private address.")
    ] = False,
    form: Form = "text",
    quiet: Quiet = False,
) -> int:
    """Show the root stores and the age of their lists.

    With a FILE, or a root's SHA-256 or SHA-1 FINGERPRINT: whether that root (or that of the file's chain) is in each
    of them, and under which limits. With the word update: install a newer list of Microsoft's root programme for this
    user, after its signature was verified.
    """
    if sum(source is not None for source in (stl, cab, pem)) > 1:
        raise UsageError("Give one of --stl, --cab and --pem, not several.")
    if what == "update":
        done = _update(stl, cab, pem, url=url or UPDATE_URL, proxy=proxy, allow_private=allow_private, quiet=quiet)
        if form == "json":
            output.note(done)
            return _show(None, as_json=True)
        output.write(sys.stdout, done + "\n")
        return 0
    given = {"--stl": stl, "--cab": cab, "--pem": pem, "--url": url, "--proxy": proxy, "--allow-private": allow_private}
    idle = [name for name, value in given.items() if value]
    if idle:
        raise UsageError(
            f"{' and '.join(idle)} {'belongs' if len(idle) == 1 else 'belong'} to an update.",
            hint="certready trust update --stl authroot.stl",
        )
    return _show(what, as_json=form == "json")


def _show(what: str | None, *, as_json: bool) -> int:
    """Exit code 0 for the overview and for a root that Microsoft trusts for servers, else 1."""
    from certready.cli import trusting
    from certready.model.plain import json_text

    held = trusting.loaded(os.environ)
    now = present()
    if what is None:
        rows = trusting.overview(held, now)
        if as_json:
            output.write(sys.stdout, json_text(trusting.TrustDocument(stores=rows)))
        else:
            output.show(lambda width: trusting.overview_lines(rows, width))
        return 0
    roots = trusting.standings(_asked(what), held, now)
    if as_json:
        output.write(sys.stdout, json_text(trusting.TrustDocument(roots=roots)))
    else:
        output.show(lambda width: trusting.standings_lines(roots, width))
    return 0 if trusting.trusted(roots) else 1


def _asked(text: str) -> Bundle | str:
    """What the file holds, or the fingerprint as lower-case hexadecimal digits."""
    digits = text.replace(":", "").replace(" ", "").lower()
    if len(digits) in (40, 64) and not set(digits) - set("0123456789abcdef"):
        return digits
    from certready import bundle

    return bundle.load_files(files.named([Path(text)]))


def _update(
    stl: Path | None,
    cab: Path | None,
    pem: Path | None,
    *,
    url: str,
    proxy: str | None,
    allow_private: bool,
    quiet: bool,
) -> str:
    """Install what was named, or fetch it. Returns the sentence about what was done."""
    from certready.roots import microsoft

    if pem:
        count = microsoft.install_roots(files.read(pem, LIST_LIMIT), os.environ)
        return f"Kept for this user: {counted(count, 'root certificate')} that the list names."
    if stl:
        data = files.read(stl, LIST_LIMIT)
    elif cab:
        data = _unpacked(files.read(cab, LIST_LIMIT))
    else:
        data = _unpacked(_fetched(url, proxy, allow_private=allow_private, quiet=quiet))
    facts = microsoft.install(data, os.environ)
    return f"The list of {facts.as_of:%Y-%m-%d} with {facts.count} roots is in use now."


def _fetched(url: str, proxy: str | None, *, allow_private: bool, quiet: bool) -> bytes:
    from certready.cli.fetching import chosen_proxy
    from certready.model import Ask
    from certready.net.http.fetcher import HttpFetcher

    fetcher = HttpFetcher(allow_private=allow_private, proxy=chosen_proxy(proxy, os.environ))
    with waiting(quiet=quiet) as progress:
        progress(f"fetching Microsoft's trust list from {url}")
        (reply,) = fetcher.fetch_all((Ask(url, limit=LIST_LIMIT),))
    if reply.body is None:
        raise CertreadyError(
            f"The trust list could not be fetched: {reply.error}",
            hint="Fetch authrootstl.cab by other means and run: certready trust update --cab FILE",
        )
    return reply.body


def _unpacked(data: bytes) -> bytes:
    """The list inside a cabinet; what is no cabinet is taken for the list itself."""
    if not data.startswith(b"MSCF"):
        return data
    from cabarchive import CabArchive, CorruptionError, NotSupportedError

    try:
        return next(bytes(file.buf) for name, file in CabArchive(data).items() if name.lower().endswith(".stl"))
    except StopIteration:
        raise InputError("The cabinet holds no authroot.stl.", hint="Name Microsoft's authrootstl.cab.") from None
    except (CorruptionError, NotSupportedError, ValueError, IndexError, OverflowError, MemoryError) as error:
        raise StoreError(f"The cabinet cannot be unpacked: {error}.", hint="Fetch it again.") from None
