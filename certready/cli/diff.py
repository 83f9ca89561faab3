"""diff: what a renewal will change."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec.structs import replace

from certready.cli import files, output, promises
from certready.cli.commands import argument, command
from certready.cli.judge import Prepared, gatherer, judged, prepare, save, write_remedies
from certready.cli.progress import waiting
from certready.cli.shared import Dane, Dns, DnsAnchor, MtaStsDomain, Shared
from certready.errors import InputError, UsageError
from certready.model import Bundle, Role, Tenant

if TYPE_CHECKING:
    from certready.bundle.passwords import Passwords
    from certready.diff import Difference


@command(
    "certready diff old.pfx new.pfx --tenant tenant.json",
    "certready diff old.pem new.pem --inbound '*.contoso.com' --accepted-domain contoso.com",
    "certready diff old.pem new.pem --certificate-only --dane mx.contoso.com",
)
def diff(
    old: Annotated[Path, argument("OLD", help="The certificate in place.")],
    new: Annotated[Path, argument("NEW", help="The certificate that shall replace it.")],
    *,
    dane: Dane = (),
    mta_sts: MtaStsDomain = None,
    dns: Dns = None,
    dns_anchor: DnsAnchor = None,
    shared: Shared,
) -> int:
    """Compare a certificate with the one that shall replace it, and judge NEW as if it were in place."""
    if shared.replay:
        raise UsageError("diff reads two files; --replay has nothing to take the place of.")
    wanted = output.destinations(shared.formats)
    promised = promises.asked_for(dane, mta_sts, promises.Resolving(dns, dns_anchor), shared)
    secrets = files.passwords(shared.password_file, shared.password_env, shared.password_fd)
    before, after = (_side(path, secrets) for path in (old, new))
    prepared = _both_ways(prepare(shared, "both"))
    from certready.diff import difference

    with waiting(quiet=shared.quiet) as progress:
        gather = gatherer(prepared, progress.count)
        evidence = promised(gather(after, progress), progress)
        # About OLD nobody is asked any more.
        unasked = replace(shared, offline=True, crl=(), ocsp=())
        gone = gatherer(replace(prepared, wanted=unasked, tenant=Tenant(), named=True))(before, progress)
    save(evidence, shared.save_evidence, redacted=shared.redact)
    report = judged(evidence)
    write_remedies([(report, evidence)], shared.remedies)
    changes = difference(gone, evidence, report)
    _write_difference(changes, wanted, verbose=shared.verbose)
    return output.exit_code([changes.standing], wanted)


def _side(path: Path, secrets: Passwords) -> Bundle:
    """OLD or NEW: a file, or a folder or archive with one certificate in it. Raises InputError for several."""
    from certready.diff import check_single

    bundles, _ = files.read_targets([path], secrets)
    for bundle in bundles:
        for fault in bundle.faults:
            raise InputError(fault.message, hint=fault.hint or None)
    check_single(str(path), [chain for bundle in bundles for chain in bundle.chains])
    return bundles[0]


def _both_ways(prepared: Prepared) -> Prepared:
    """Both directions are compared; a tenant that has connectors of one alone asks nothing of the other."""
    directions = {connector.direction for connector in prepared.tenant.connectors}
    if prepared.wanted.role or prepared.named or len(directions) != 1:
        return prepared
    role: Role = "client" if directions == {"inbound"} else "server"
    return replace(prepared, options=replace(prepared.options, role=role))


def _write_difference(changes: Difference, wanted: Sequence[output.Destination], *, verbose: bool) -> None:
    """Text, JSON and HTML are the difference, Nagios' line says what decides; every other format is the report on NEW,
    with the verdict of the difference."""
    from certready.diff.show import difference_lines, difference_page

    if any(name == output.NAGIOS for name, _ in wanted):
        from certready.render import nagios

        output.write(sys.stdout, nagios.render(changes.standing, changes.broken))
        return
    own = [destination for destination in wanted if destination[0] in ("text", "json", "html")]
    output.emit(changes.standing, [destination for destination in wanted if destination not in own], verbose=verbose)
    output.write_document(
        own,
        lambda width: difference_lines(changes, verbose=verbose, width=width),
        lambda: changes.document,
        lambda: difference_page(changes),
    )
