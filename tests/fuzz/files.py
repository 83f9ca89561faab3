"""What users and earlier runs write: exports, inventories, settings, evidence, results to go on with, pasted text."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

import certready
from certready.cli import defaults
from certready.cli.options import expiry_warning, moment
from certready.cli.output import destinations
from certready.errors import CertreadyError
from certready.exchange.attribution import Message
from certready.exchange.clouds import recognise
from certready.exchange.matching import match, parse_value
from certready.explain import document, explain, show
from certready.explain.show_trace import trace_lines
from certready.explain.traces import explain_trace
from certready.fleet import Inventory, Keys, Line, Problem, Result, lines
from certready.fleet.restored import reports
from certready.fleet.serve import state
from certready.model import Options, StoreInfo, Tenant
from certready.net.dns import nameserver
from certready.net.names import host_name, server_name
from certready.render import FORMATS, format_called, renderer
from certready.smtp.rehearse import check_address
from certready.smtp.starttls import check_ehlo, protocol
from certready.tenant.answer import ask, certificate_notes
from certready.tenant.lint import lint
from certready.typed import accepting, bind_address, duration, host_and_port, hostname, names_a_host, word
from tests import pki
from tests.bundle.test_bundle import ISSUER, LEAF, ROOT
from tests.exchange.test_tenant import SHAPES
from tests.explain.test_traces import EXTENDED, ROWS, TRACKING
from tests.fuzz.mutation import lines as by_lines
from tests.fuzz.mutation import octets, values
from tests.fuzz.parser import Parser, judged, refused_well

LONGEST_ARGUMENT = 128 * 1024  # bytes that Linux passes on
LEAVES = frozenset({pki.certificate(LEAF.der).sha256})


def read_tenant(data: bytes) -> None:
    """An export: linted, asked about each kind of mail, and made into an inventory."""
    tenant = certready.load_tenant(data)
    lint(tenant)
    ask(tenant, ("mail.contoso.com",), None, "192.0.2.1")
    ask(tenant, (), Message(sender="a@contoso.com", recipient="b@example.org"), None)
    certificate_notes(tenant, ("mail.contoso.com",))
    for connector in tenant.connectors:
        if connector.value:
            with contextlib.suppress(ValueError):
                match(parse_value(connector.value), ("mail.contoso.com", "*.contoso.com"))


LARGE = 200_000  # bytes


def read_inventory(data: bytes) -> None:
    """Lines in whichever form the content tells, and in each form by name; a large one in these by its beginning."""
    for name in ("", "x.csv", "x.json", "x.yaml", "x.toml"):
        with contextlib.suppress(CertreadyError):
            for line in Inventory.loads(data[:LARGE], name).lines:
                line.keys.over(Keys(role="server", inbound=("mail.contoso.com",)))
    Inventory.loads(data)


def read_settings(data: bytes) -> None:
    """``certready.toml`` of the working folder."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path(defaults.FILE).write_bytes(data)
        with contextlib.redirect_stderr(io.StringIO()):
            defaults.defaults(("check", "x.pem"))


def read_evidence(data: bytes) -> None:
    """Saved evidence, judged, saved again, and redacted. What was changed may be judged otherwise, but a leaf that
    nobody signed is never ready."""
    evidence = certready.load_evidence(data)
    if judged(evidence) == "ready":
        leaves = {chain.leaf_certificate.sha256 for chain in evidence.chains}
        assert leaves <= LEAVES, "a changed certificate is ready"
    certready.judge(certready.load_evidence(certready.dump_evidence(evidence)))
    certready.redact_evidence(evidence)


def _evidence() -> list[bytes]:
    chain, roots = pki.chain(LEAF, ISSUER), pki.roots(ROOT)
    alone, own = Options(certificate_only=True, revocation="off"), StoreInfo("roots.pem", None, 1)
    ready = pki.evidence(chain, roots=roots, options=alone, store=own)
    return [certready.dump_evidence(ready), certready.dump_evidence(pki.evidence(chain, roots=roots))]


def read_results(data: bytes) -> None:
    """An earlier run's jsonl, as ``--resume``, ``--since`` and ``--serve`` read it, and as every format shows it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        path.write_bytes(data)
        lines.read(path)
        state.read(path)
        documents = [line for line, _, _ in lines.records(path) if line is not None]
    given = _report()
    restored = [
        each
        for line in documents[:3]
        for each in reports(line, strict=True, certready=given.certready, trust=given.trust)
    ]
    for name in FORMATS if restored else ():
        renderer(name).render_many(restored, "cannot-tell")


def _report() -> certready.Report:
    return certready.judge(pki.evidence(pki.chain(LEAF, ISSUER), roots=pki.roots(ROOT)))


def _results() -> list[bytes]:
    report = _report()
    results = [
        Result(Line(1, "gw", Keys(target="gw.pem")), "0" * 64, report.evaluated_at, report),
        Result(Line(2, "x", Keys(target="x.pem")), "1" * 64, report.evaluated_at, None, Problem("There is no file.")),
    ]
    return [b"".join(lines.encoded(lines.document(result), (("x_owner", "Ann"),)) for result in results)]


def read_pasted(data: bytes) -> None:
    """A bounce, a log, a trace or anything else that is pasted, explained as text and as JSON."""
    text = data.decode("utf-8", "replace")
    trace = explain_trace(text)
    if trace:
        tuple(trace_lines(trace, 80))
        document.of_trace(trace)
    explanation = explain(text)
    tuple(show.explanation_lines(explanation, 80))
    document.of_text(explanation)


def _pasted() -> list[bytes]:
    texts = [
        "550 5.7.64 TenantAttribution; Relay Access Denied [X.prod.protection.outlook.com]",
        "[{LED=450 4.4.317 Cannot connect to remote server [Message=SubjectMismatch Expected Subject: a.b]};{IP=::1}]",
        "\r\n".join([EXTENDED, *ROWS]),
        "\r\n".join([TRACKING, *ROWS]),
        json.dumps([{"Recipient": "a@b.c", "Status": "Failed", "LastError": "550 5.7.64 x", "Date": "/Date(0)/"}]),
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nNTUwIDUuNy42NA==\r\n",
        "<html><body><p>550&nbsp;5.7.64 TenantAttribution&#59;</p></body></html>",
    ]
    return [text.encode() for text in texts]


def read_typed(data: bytes) -> None:
    """One argument of the command line, in every place where text is read."""
    text = data[:LONGEST_ARGUMENT].decode("utf-8", "replace")
    readers = (
        *(hostname, host_and_port, names_a_host, nameserver, check_ehlo, check_address, protocol, host_name),
        *(server_name, moment, expiry_warning, recognise, format_called, destination),
        *(lambda text: word(text, ("ready", "server")), lambda text: duration(text, "--every")),
        *(
            lambda text: accepting(Tenant(), [text]),
            lambda text: bind_address(text, "--bind"),
            lambda text: match(parse_value(text), ("mail.contoso.com",)),
        ),
    )
    for read in readers:
        try:
            read(text)
        except CertreadyError as error:
            if wrong := refused_well(error):
                raise AssertionError(wrong) from error
        except ValueError:
            if read is not readers[-1]:  # of which the command line makes a sentence
                raise


def destination(text: str) -> None:
    """The argument of ``--format``."""
    destinations([text])


PARSERS: Mapping[str, Parser] = {
    "tenant": Parser(
        read_tenant,
        lambda: [shape if isinstance(shape, bytes) else shape[0][1] for shape in SHAPES.values()],
        (octets, values, by_lines),
        (
            "exchange/test_tenant.py::test_any_json_loads_or_is_refused",
            "exchange/test_tenant.py::test_any_bytes_load_or_are_refused",
            "tenant/test_lint.py::test_whatever_loads_can_be_asked",
        ),
    ),
    "inventory": Parser(
        read_inventory,
        lambda: [text.encode() for text in _INVENTORIES],
        (octets, values, by_lines),
        (
            "fleet/test_inventory.py::test_any_bytes_are_lines_or_a_sentence",
            "fleet/test_inventory.py::test_any_text_in_any_form_is_lines_or_a_sentence",
        ),
    ),
    "settings": Parser(read_settings, lambda: [_SETTINGS.encode()], (octets, by_lines)),
    "evidence": Parser(
        read_evidence,
        _evidence,
        (octets, values),
        (
            "test_serial.py::test_mutated_json_never_surprises",
            "test_serial.py::test_mutated_bytes_never_surprise",
            "schemas/test_hostile_evidence.py::test_changed_evidence_is_judged_or_refused_with_its_place",
        ),
    ),
    "results": Parser(read_results, _results, (octets, values, by_lines)),
    "pasted": Parser(
        read_pasted,
        _pasted,
        (octets, by_lines),
        (
            "explain/test_catalogue.py::test_no_text_raises",
            "explain/test_traces.py::test_any_rows_are_read",
            "explain/test_lines.py::test_the_way_a_text_took_changes_nothing",
        ),
    ),
    "typed": Parser(
        read_typed,
        lambda: [text.encode() for text in ("mail.contoso.com:25", "[::1]:53", "2026-11-21T09:00:00Z", "6h", "14d,7d")],
        (octets, by_lines),
        (
            "exchange/test_matching.py::test_any_text_is_a_value_or_a_value_error",
            "exchange/test_clouds.py::test_any_text_is_answered",
        ),
    ),
}

_INVENTORIES = (
    "name;target;role;x_owner\r\na;gw.contoso.com:25;server;Ann\r\nb;b.pem;client;Bob\r\n",
    '{"defaults": {"inbound": "*.contoso.com"}, "targets": [{"target": "a.pem", "accepted_domains": ["contoso.com"]}]}',
    "- target: mx:contoso.com\n  dane: [mx.contoso.com]\n- {target: b.pem, same_certificate: yes, x_n: 1}\n",
    'defaults = {role = "server"}\n[[targets]]\ntarget = "a.pem"\ncertificate_only = true\n',
)
_SETTINGS = """\
tenant = ["tenant.json"]
accepted-domain = "contoso.com"
format = ["html=report.html", "text"]
expiry-warning = "30d"
timeout = 5
offline = true
trust = "microsoft"
"""
