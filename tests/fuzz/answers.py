"""What servers answer about certificates and mail domains: CRLs, OCSP, trust lists, DNS, policies, HTTP, the cache."""

from __future__ import annotations

import contextlib
import io
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import dns.message
from cabarchive import CabArchive, CabFile
from cryptography import x509
from cryptography.x509 import ocsp
from msgspec.structs import replace

from certready import mta_sts
from certready.cache import entries, lasting
from certready.cache.entries import Entry, key_of
from certready.cli import main
from certready.cli.promises import ANCHOR_LIMIT
from certready.dane import survey
from certready.demo.pki import Authority, now
from certready.dnssec import anchors
from certready.dnssec import answer as dnssec_answer
from certready.model import Answer, Dane, MtaSts, Options
from certready.model.budget import Budget
from certready.net import dns as live_dns
from certready.net.dns import Nameserver, ResolveError
from certready.net.dnssec import Recorder
from certready.net.http.guard import Run
from certready.net.http.request import Request, Route, exchange
from certready.reading import bounded
from certready.revocation import Method, crl, relevant
from certready.roots import facts, trustlist
from certready.x509.certificate import Certificate
from tests import pki, stl
from tests.dnssec.zones import Dns, Zone, asked_about
from tests.fuzz.mutation import armoured, lines, octets, tree, values
from tests.fuzz.parser import SEPARATOR, Parser, judged

MOMENT = now()
URL = "http://pki.example/ca.crl"
ROOT = Authority.root("Fuzz Root", crl_url="http://pki.example/root.crl")
CA = ROOT.intermediate("Fuzz CA", crl_url=URL, ocsp_url="http://pki.example/ocsp")
LEAF = CA.issue("mail.contoso.com")
REVOKED_LIST = CA.crl([(LEAF.x509.serial_number, LEAF.x509.not_valid_before_utc, None)])
CLEAN_LIST = CA.crl()
GOOD_ANSWER = CA.ocsp(LEAF.x509)
WAIT = 0.05  # seconds for servers on loopback whose answers may be passed over, as forged ones are


# -- revocation -------------------------------------------------------------------------------------------------------


def verdict(method: Method, data: bytes) -> str:
    """That on the chain which a revocation answer is about; about its CA there is an honest one."""
    leaf, issuer = Certificate(LEAF.der), Certificate(CA.der)
    relevant(method, data, leaf, issuer)
    lasting.expires(data)
    lasting.keep_until(data, MOMENT)
    given = pki.evidence(pki.chain(LEAF, CA), roots=pki.roots(ROOT), options=Options(certificate_only=True))
    above = Answer(issuer.sha256, "crl", "network", "http://pki.example/root.crl", ROOT.crl())
    return judged(replace(given, answers=(Answer(leaf.sha256, method, "network", URL, data), above)))


def read_list(data: bytes) -> None:
    """A CRL. It is good only where what was signed is whole."""
    if verdict("crl", data) == "ready":
        signed = x509.load_der_x509_crl(CLEAN_LIST).tbs_certlist_bytes
        assert any(signed in one for one in crl.lists(data)), "good by a list that nobody signed"


def read_answer(data: bytes) -> None:
    """An OCSP answer, likewise."""
    if verdict("ocsp", data) == "ready":
        signed = ocsp.load_der_ocsp_response(GOOD_ANSWER).tbs_response_bytes
        assert signed in data, "good by an answer that nobody signed"


@cache
def publisher() -> tuple[bytes, tuple[Certificate, ...], frozenset[str]]:
    """A signed list, the root it is signed under, and that root's digest."""
    listed = [stl.entry(LEAF.der, {})]
    signer = stl.signer_of(ROOT)
    data = stl.sign(stl.content(listed, LEAF.x509.not_valid_before_utc), signer, [signer.der])
    root = Certificate(ROOT.der)
    return data, (root,), frozenset({root.sha256})


def read_trust_list(data: bytes) -> None:
    """Only what was signed is read out of it."""
    honest, roots, pinned = publisher()
    read = trustlist.read(data, roots, pinned=pinned)
    assert read.entries == trustlist.read(honest, roots, pinned=pinned).entries, "entries that nobody signed"


def read_facts(data: bytes) -> None:
    """What is kept of a list."""
    facts.load(data).entries()


def _facts() -> list[bytes]:
    honest, roots, pinned = publisher()
    return [facts.dump(trustlist.read(honest, roots, pinned=pinned))]


def read_cabinet(data: bytes) -> None:
    """What ``trust update --cab`` is given, in which no list but Microsoft's counts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "authrootstl.cab"
        path.write_bytes(data)
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = main(["trust", "update", "--cab", str(path)])
    assert (code, said.getvalue().count("Traceback")) == (2, 0), said.getvalue()


def _cabinet() -> list[bytes]:
    cabinet = CabArchive()
    cabinet["authroot.stl"] = CabFile(publisher()[0])
    return [cabinet.save(compress=compress) for compress in (False, True)]


# -- DNS --------------------------------------------------------------------------------------------------------------


@cache
def zones() -> tuple[Dns, Dane]:
    """A mail domain with DANE, all signed, and everything that was asked about it."""
    records = {"@": {"MX": ["10 mx.contoso.test."]}, "mx": {"A": ["192.0.2.1"]}}
    own = Zone("contoso.test", records | {"_25._tcp.mx": {"TLSA": ["3 1 1 " + "ab" * 32]}}, MOMENT)
    there = Dns(Zone(".", {}, MOMENT), Zone("test", {}, MOMENT), own).delegate()
    return there, asked_about(there, MOMENT, domain="contoso.test")


def read_dns(data: bytes) -> None:
    """Answers in the order of the questions: each read, and what they prove together. Nothing is proved that is not
    in the zones."""
    dane = zones()[1]
    wires = data.split(SEPARATOR * 4)[: len(dane.answers)]  # a question has one answer, however often it is repeated
    for wire in wires:
        with suppress(dnssec_answer.MessageError):
            dnssec_answer.read(wire)
    given = tuple(replace(asked, wire=wire) for asked, wire in zip(dane.answers, wires, strict=False))
    honest = {record for promise in survey.promises(dane, MOMENT, MOMENT) for record in promise.records}
    for promise in survey.promises(replace(dane, answers=given), MOMENT, MOMENT):
        assert promise.state != "records" or honest.issuperset(promise.records), "records that nobody signed"


def _wires() -> list[bytes]:
    return [(SEPARATOR * 4).join(answer.wire or b"" for answer in zones()[1].answers)]


def ask_nameserver(data: bytes) -> None:
    """The same bytes as the answer to every question over the network, under the number that was asked for."""
    with datagrams(data) as port:
        server = Nameserver("127.0.0.1", port)
        for ask in (live_dns.exchangers, live_dns.texts):
            with suppress(ResolveError):
                ask("contoso.test", server, timeout=WAIT)
        Recorder([("127.0.0.1", port)], WAIT)("contoso.test", "MX")


def _replies() -> list[bytes]:
    there, _ = zones()
    queries = [dns.message.make_query("contoso.test.", kind) for kind in ("MX", "TXT", "A")]
    return [reply.to_wire() for query in queries if (reply := there.reply(query)) is not None]


@contextmanager
def datagrams(data: bytes) -> Iterator[int]:
    """A server that answers every datagram with these bytes, its first two those of the question; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = int(server.getsockname()[1])

        def serve() -> None:
            while True:
                asked, client = server.recvfrom(4096)
                if not asked:
                    return
                server.sendto(asked[:2] + data[2:60_000], client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", port))
        thread.join()


def read_anchors(data: bytes) -> None:
    """A file of ``--dns-anchor``."""
    data = bounded("anchors.txt", data, ANCHOR_LIMIT)
    anchors.parse(anchors.read(data.decode("utf-8", "replace"), "anchors.txt"))


# -- MTA-STS ----------------------------------------------------------------------------------------------------------

POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx.contoso.test\r\nmx: *.contoso.test\r\nmax_age: 604800\r\n"
RECORD = b"v=STSv1; id=20260101T000000;"
LARGEST_ANSWER = 65_535  # bytes that DNS has room for


def read_policy(data: bytes) -> None:
    """As the policy, and as its record; and judged with a chain."""
    texts = tuple(text for text in data[:LARGEST_ANSWER].decode("latin-1").splitlines() if text)[:50]
    mta_sts.read_record(texts)
    policy = mta_sts.read_policy(data, "text/plain; charset=utf-8")
    if isinstance(policy, str):
        assert policy.isprintable()
    else:
        mta_sts.covered("mx.contoso.test", policy.patterns)
    asked = {"domain": "contoso.test", "hosts": ("mx.contoso.test",), "texts": texts or (RECORD.decode(),)}
    given = pki.evidence(
        pki.chain(LEAF, CA), roots=pki.roots(ROOT), options=Options(role="server", certificate_only=True)
    )
    judged(replace(given, mta_sts=MtaSts(**asked, body=data, media_type="text/plain", status=200)))  # type: ignore[arg-type]


# -- HTTP, and what is kept of it ------------------------------------------------------------------------------------


def ask_server(data: bytes) -> None:
    """The same bytes as the answer to every request, asked for directly and through a proxy, to which redirects lead
    as well: wherever they point, nothing is asked of anybody else."""
    with answering(data) as port:
        run = Run(True, 2.0, time.monotonic() + 5, time.monotonic)
        through = Route(f"http://127.0.0.1:{port}")
        direct = exchange(Request(f"http://127.0.0.1:{port}/a.crl", follow=False, limit=65536), Route(), run, Budget())
        followed = exchange(Request("http://pki.example.test/a.crl", b"x", limit=65536), through, run, Budget())
        run.abandon()
    for result in (direct, followed):
        assert (result.body is None) != (result.error is None)
        assert result.error is None or (result.error.isprintable() and result.error.endswith((".", ")")))


@contextmanager
def answering(data: bytes) -> Iterator[int]:
    """A server that answers whatever comes with these bytes, and closes; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client, suppress(OSError):
                        client.recv(65536)
                        client.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


HTTP = [
    b'HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 09:00:00 GMT\r\nContent-Length: 4\r\nETag: "x"\r\nAge: 3\r\n\r\nbody',
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://other.example.test/b.crl\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 503 Unavailable\r\nRetry-After: Sat, 21 Nov 2026 09:00:01 GMT\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.0 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n\r\n",
]

KEY = key_of(URL, None)


def read_cache(data: bytes) -> None:
    """A file of the cache."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{KEY}{entries.SUFFIX}").write_bytes(data)
        entry = entries.read(Path(folder), KEY, 1 << 20)
    assert entry is None or (entry.key == KEY and (entry.body is None) != (entry.error is None))


def _cached() -> Sequence[bytes]:
    kept = []
    for body, error in ((CLEAN_LIST, None), (None, "It refused the connection.")):
        with tempfile.TemporaryDirectory() as folder:
            entries.write(Path(folder), Entry(KEY, URL, MOMENT, MOMENT, body, error))
            kept += [path.read_bytes() for path in Path(folder).glob(f"*{entries.SUFFIX}")]
    return kept


PARSERS: Mapping[str, Parser] = {
    "crl": Parser(
        read_list,
        lambda: [CLEAN_LIST, REVOKED_LIST],
        (octets, tree, armoured),
        (
            "revocation/test_crl.py::test_a_mutated_list_is_never_good",
            "revocation/test_crl.py::test_any_bytes_are_judged",
            "revocation/test_layout.py::test_any_change_outside_the_entries",
            "cache/test_lasting.py::test_damage_is_no_exception",
        ),
    ),
    "ocsp": Parser(
        read_answer,
        lambda: [GOOD_ANSWER],
        (octets, tree),
        (
            "revocation/test_ocsp.py::test_a_mutated_answer_is_never_good",
            "revocation/test_ocsp.py::test_any_bytes_are_judged",
        ),
    ),
    "trust-list": Parser(
        read_trust_list,
        lambda: [publisher()[0]],
        (octets, tree),
        ("roots/test_trustlist.py::test_damage_never_gets_through",),
    ),
    "cabinet": Parser(read_cabinet, _cabinet, (octets,)),
    "trust-facts": Parser(read_facts, _facts, (octets, values, lines)),
    "dns-proof": Parser(read_dns, _wires, (octets,)),
    "dns-reply": Parser(ask_nameserver, _replies, (octets,)),
    "dns-anchor": Parser(
        read_anchors,
        lambda: [b"\n".join(line.replace(" DS", " IN DS", 1).encode() for line in anchors.ROOT), b"$ORIGIN test.\n"],
        (octets, lines),
    ),
    "mta-sts": Parser(read_policy, lambda: [POLICY, RECORD], (octets, lines)),
    "http-answer": Parser(ask_server, lambda: HTTP, (octets, lines)),
    "cache-entry": Parser(read_cache, _cached, (octets, values), ("cache/test_entries.py::test_damaged",)),
}
