"""explain and diff: what an error line or a rule means, and what a renewal will change."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec.structs import replace

from certready import directories
from certready.cli import files, output
from certready.cli.commands import argument, command
from certready.cli.completing import offering, rules
from certready.cli.progress import waiting
from certready.cli.shared import Dane, Dns, DnsAnchor, MtaStsDomain, Shared, TextOrJson
from certready.errors import InputError, UsageError
from certready.model import Bundle, Role, Tenant

if TYPE_CHECKING:
    from certready.bundle.passwords import Passwords
    from certready.cli.judge import Prepared
    from certready.diff import Difference
    from certready.render.layout import Line

_ENDINGS = (".eml", ".txt", ".log", ".htm", ".html", ".csv")
_TRACES = (".csv", ".json", ".log")
TRACE_LIMIT = 64 * 1024 * 1024  # bytes of a trace or a log
STDIN_LIMIT = 1024 * 1024  # characters of a pasted text


@command(
    "certready explain '550 5.7.64 TenantAttribution; Relay Access Denied'",
    "certready explain chain.incomplete",
    "certready explain bounce.eml --format json",
)
def explain(
    words: Annotated[
        tuple[str, ...],
        argument(
            "TEXT|FILE|RULE",
            help="The text in quotation marks, a file, a rule's id, a fact's number, or -.",
            **offering(rules),
        ),
    ] = (),
    *,
    formats: TextOrJson = (),
) -> int:
    """What an SMTP reply, a bounce, a LED= text, an event line, a symptom or a rule id means.

    Paste it in quotation marks, name a file that holds it, or pipe it in: Get-Content bounce.eml | certready explain -
    """
    destinations = output.text_or_json(formats, "explain")
    text = _text(words)
    from certready.explain import document, show
    from certready.explain import explain as explained
    from certready.explain.facts import fact_number, numbered
    from certready.explain.show_trace import trace_lines
    from certready.explain.traces import explain_trace
    from certready.rules import looks_like_a_rule, rule_called, rule_in

    if number := fact_number(text):
        fact = numbered().get(number)
        said = partial(show.fact_lines, fact) if fact else partial(show.unknown_fact_lines, number)
        output.write_document(destinations, said, lambda: document.of_fact(fact, number))
        return 0 if fact else 3
    if trace := explain_trace(text):
        output.write_document(destinations, lambda width: trace_lines(trace, width), lambda: document.of_trace(trace))
        return trace.exit_code
    explanation = explained(text[: STDIN_LIMIT + 1])
    name = text.strip() if looks_like_a_rule(text) else None if explanation.entries else rule_in(text)
    if name is None:
        output.write_document(
            destinations,
            lambda width: show.explanation_lines(explanation, width),
            lambda: document.of_text(explanation),
        )
        return explanation.exit_code
    rule = rule_called(name)
    lines = (lambda width: show.rule_lines(rule, width)) if rule else _unknown_rule(name)
    output.write_document(destinations, lines, lambda: document.of_rule(rule, name))
    return 0 if rule else 3


def _unknown_rule(text: str) -> Callable[[int | None], Iterable[Line]]:
    from certready.explain import show

    return lambda width: show.unknown_rule_lines(text, width)


def _text(words: Sequence[str]) -> str:
    """The words joined, what the file holds that they name, or what is piped in. Raises UsageError where there is none
    of it, InputError where a file cannot be read."""
    if words and words != ("-",):
        text = " ".join(words)
        limit = TRACE_LIMIT if text.lower().endswith(_TRACES) else 4 * STDIN_LIMIT
        return _decoded(files.read(Path(text), limit)) if _names_a_file(text) else text
    if sys.stdin is None or (not words and sys.stdin.isatty()):
        raise UsageError(
            "No text was given.", hint="certready explain '550 5.7.64 TenantAttribution; Relay Access Denied'"
        )
    stream = getattr(sys.stdin, "buffer", None)
    data = stream.read(TRACE_LIMIT + 1) if stream else sys.stdin.read(STDIN_LIMIT).encode()
    if len(data) > TRACE_LIMIT:
        raise UsageError(f"More than {TRACE_LIMIT // 2**20} MiB were piped in.", hint="Save fewer days of the trace.")
    text = _decoded(data)
    if not text.strip():
        raise UsageError("The text that was piped in is empty.", hint="certready explain bounce.eml")
    return text


def _names_a_file(text: str) -> bool:
    """Whether a text is a file's name: it is there, or nothing else ends like that."""
    from certready.rules import looks_like_a_rule

    if looks_like_a_rule(text):
        return False
    return directories.holds(Path(text)) or (" " not in text and text.lower().endswith(_ENDINGS))


def _decoded(data: bytes) -> str:
    """Text of any encoding Windows pipes and files come in: a byte order mark decides, or the zero byte that every
    other byte of UTF-16 is for Latin letters; else UTF-8."""
    if data[1:2] == b"\0" and data[3:4] == b"\0":
        return data.decode("utf-16-le", "replace")
    for mark, name in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    return data.decode("utf-8", "replace")


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
    from certready.cli import promises
    from certready.cli.judge import gatherer, prepare, save, write_remedies

    if shared.replay:
        raise UsageError("diff reads two files; --replay has nothing to take the place of.")
    wanted = output.destinations(shared.formats)
    promised = promises.asked_for(dane, mta_sts, promises.Resolving(dns, dns_anchor), shared)
    secrets = files.passwords(shared.password_file, shared.password_env, shared.password_fd)
    before, after = (_side(path, secrets) for path in (old, new))
    prepared = _both_ways(prepare(shared, "both"))
    from certready.cli.judge import judged
    from certready.diff import difference

    with waiting(quiet=shared.quiet) as progress:
        gather = gatherer(prepared, progress.count)
        evidence = promised(gather(after, progress), progress)
        gone = gatherer(replace(prepared, wanted=offline(shared), tenant=Tenant(), named=True))(before, progress)
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


def offline(wanted: Shared) -> Shared:
    """The options for OLD, about which nobody is asked any more."""
    return replace(wanted, offline=True, crl=(), ocsp=())


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
