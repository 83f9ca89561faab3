"""repair: write the bundle that works, and judge it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

from msgspec.structs import replace

from certready.cli import files, output
from certready.cli.commands import argument, command, option, words
from certready.cli.progress import waiting
from certready.cli.shared import Shared
from certready.errors import UsageError
from certready.repair.model import Gateway, PfxFor

if TYPE_CHECKING:
    from certready.bundle.passwords import Passwords
    from certready.bundle.private import PrivateKey
    from certready.model import Bundle, Evidence
    from certready.repair import Chosen, Output, Repaired, Sealed

WRITE = "What is written"


@command(
    "certready repair gateway.pem --out fixed",
    "certready repair leaf.cer key.pem --out fixed --for postfix --inbound '*.contoso.com'",
    "certready repair gateway.pfx --out fixed --pfx windows-2016 --new-password-file word.txt",
)
def repair(
    paths: Annotated[
        tuple[Path, ...], argument("FILE...", help="Certificate, chain and key: any kind that check reads.")
    ],
    *,
    out: Annotated[
        Path | None,
        option("--out", help="The folder to write to; made where it is missing.", panel=WRITE, metavar="DIR"),
    ] = None,
    gateway: Annotated[
        Gateway | None,
        option(
            "--for",
            help="Name the files as this gateway wants them, and print the lines that install them.",
            panel=WRITE,
            **words(get_args(Gateway)),
        ),
    ] = None,
    with_key: Annotated[bool, option("--with-key", help="The private key too, as key.pem, open.", panel=WRITE)] = False,
    with_root: Annotated[bool, option("--with-root", help="The root too, as root.pem.", panel=WRITE)] = False,
    pfx: Annotated[
        PfxFor | None,
        option(
            "--pfx",
            help="Key and chain as bundle.pfx too, encrypted so that this can import it.",
            panel=WRITE,
            **words(get_args(PfxFor)),
        ),
    ] = None,
    new_password_file: Annotated[
        Path | None,
        option(
            "--new-password-file", help="The new PFX's password is this file's first line.", panel=WRITE, metavar="FILE"
        ),
    ] = None,
    new_password_env: Annotated[
        str | None,
        option("--new-password-env", help="It is in this environment variable.", panel=WRITE, metavar="NAME"),
    ] = None,
    new_password_fd: Annotated[
        int | None, option("--new-password-fd", help="It is read from this descriptor.", panel=WRITE, metavar="N")
    ] = None,
    force: Annotated[bool, option("--force", help="Replace files that are there.", panel=WRITE)] = False,
    shared: Shared,
) -> int:
    """Write leaf and intermediates in order, complete and without strangers; then judge what was written.

    Missing intermediates come from the files, --intermediate, or the address that the certificate names. The private
    key is written only where --with-key, --pfx or --for asks for it.
    """
    if shared.replay:
        raise UsageError("repair reads files; --replay has nothing to take the place of.")
    if not paths:
        raise UsageError("No file was named.", hint="certready repair gateway.pem --out fixed")
    if out is None:
        raise UsageError("Where to write was not said.", hint="certready repair gateway.pem --out fixed")
    destinations = output.destinations(shared.formats)
    secrets = files.passwords(shared.password_file, shared.password_env, shared.password_fd)
    parts = files.named(paths)
    bundle = _bundle(parts, secrets)
    key = _key(parts, bundle, secrets) if with_key or pfx or gateway else None
    pfx = pfx or ("windows-2016" if gateway == "exchange" else None)
    sealed = _sealed(pfx, new_password_file, new_password_env, new_password_fd) if pfx else None
    evidence = _gathered(bundle, shared)
    from certready import repair as repairing
    from certready.case import Case

    case = Case(evidence)
    chosen = repairing.choose(case, evidence.chains[0])
    written: tuple[Output, ...] = ()
    if chosen:
        written = repairing.outputs(chosen, key, gateway, sealed, with_key=with_key, root=with_root)
    repaired, result = _judged(evidence, chosen, written, out, gateway)
    if written:
        from certready.repair.writing import write_together

        write_together(out, written, force=force)
    return _conclude(repaired, result, shared, destinations)


def _bundle(parts: list[tuple[str, bytes]], secrets: Passwords) -> Bundle:
    """The files, with the certificate to repair for as leaf."""
    from certready import bundle as bundles
    from certready.repair import judged_leaf

    bundle = bundles.load_files(parts, password=secrets)
    judged_leaf(bundle)
    return bundle


def _key(parts: list[tuple[str, bytes]], bundle: Bundle, secrets: Passwords) -> PrivateKey:
    from certready.bundle.private import private_key

    chain = bundle.chains[0]
    if not chain.keys and not any(fault.kind == "key" for fault in chain.faults):
        raise UsageError(
            "The private key is to be written, and none came along.",
            hint="Name the key file as well, or leave out --with-key, --pfx and --for.",
        )
    return private_key(parts, bundle, secrets)


def _sealed(target: PfxFor, file: Path | None, variable: str | None, descriptor: int | None) -> Sealed:
    """How the new PFX is encrypted. Raises UsageError where there is no password for it, or an empty one."""
    from certready.repair import Sealed

    password = files.given(file, variable, descriptor, option="--new-password")
    if password is None and sys.stdin is not None and sys.stdin.isatty():
        import getpass

        password = getpass.getpass("Password for the new PFX: ", stream=sys.stderr).encode()
        if password != getpass.getpass("The same again: ", stream=sys.stderr).encode():
            raise UsageError("The two passwords are not the same.", hint="Run the command again.")
    if not password:
        raise UsageError(
            "The new PFX needs a password.",
            hint="Give it by --new-password-file, --new-password-env or --new-password-fd.",
        )
    return Sealed(target, password)


def _gathered(bundle: Bundle, wanted: Shared) -> Evidence:
    """Evidence about the files as given, by the options given; without a connector by the certificate alone."""
    from certready.cli.judge import gatherer, prepare

    prepared = prepare(wanted, "client")
    if not prepared.tenant.connectors and not wanted.tenant:
        prepared = replace(prepared, options=replace(prepared.options, certificate_only=True))
    with waiting(quiet=wanted.quiet) as progress:
        return gatherer(prepared, progress.count)(bundle, progress)


def _judged(
    evidence: Evidence, chosen: Chosen | None, written: tuple[Output, ...], out: Path, gateway: Gateway | None
) -> tuple[Repaired, Evidence]:
    """The verdict on what is to be written, or on what was given where that cannot be completed."""
    from certready import repair as repairing
    from certready.case import Case
    from certready.cli.judge import judged
    from certready.model import Chain, Known, Target

    chain = evidence.chains[0]
    if not chosen or not written:
        end = Case(evidence).full_path(chain)[-1].parsed
        refusal = f"the issuer of {end.label} ({end.issuer or 'no name'}) is missing and was found nowhere."
        return repairing.Repaired(str(out), (), refusal, (), (), judged(evidence)), evidence
    keys = tuple(key for key in chain.keys if key == chosen.leaf.parsed.spki_sha256)
    new = Chain(chain.id, "pem", chosen.sent, keys=keys)
    # A root that is left out is still known: whose it is, and whether it signed what is revoked, stays to be said.
    roots = tuple(
        Known(root, "intermediate-file", "the files given") for root in chain.certificates if root == chosen.root
    )
    target = Target("file", str(out / written[0].name))
    result = replace(evidence, target=target, chains=(new,), known=(*evidence.known, *roots))
    pem = any(file.name.endswith(".pem") for file in written)
    changes = tuple(repairing.changes(Case(evidence), chain, chosen, pem=pem))
    install = tuple(repairing.installation(out, chosen, gateway))
    names = tuple(file.name for file in written)
    return repairing.Repaired(str(out), names, "", changes, install, judged(result)), result


def _conclude(
    repaired: Repaired, evidence: Evidence, wanted: Shared, destinations: tuple[output.Destination, ...]
) -> int:
    """Text and JSON are the repair; every other format is the report on its result."""
    from certready.cli.judge import save, write_remedies
    from certready.repair import repair_lines

    save(evidence, wanted.save_evidence, redacted=wanted.redact)
    write_remedies([(repaired.report, evidence)], wanted.remedies)
    own = [destination for destination in destinations if destination[0] in ("text", "json")]
    reports = [destination for destination in destinations if destination not in own]
    output.emit(repaired.report, reports, verbose=wanted.verbose)
    output.write_document(
        own, lambda width: repair_lines(repaired, verbose=wanted.verbose, width=width), lambda: repaired.document
    )
    return output.exit_code([repaired.report], destinations)
