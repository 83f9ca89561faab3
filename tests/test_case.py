"""What follows from evidence: which chains are judged, what they are called, whose revocation and which clocks matter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from msgspec.structs import replace

from certready.case import Bearer, Case
from certready.demo.pki import Authority, Issued
from certready.exchange.matching import NO_MATCH
from certready.model import Answer, Connector, Endpoint, Evidence, Known, Options, Planned
from certready.model.endpoint import Handshake
from tests import pki

MOMENT = datetime(2026, 11, 21, 9, tzinfo=UTC)
DAY = timedelta(days=1)
INBOUND = Connector("in", "inbound", value="mx.contoso.com")


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority.root(moment=MOMENT)


@pytest.fixture(scope="module")
def middle(root: Authority) -> Authority:
    return root.intermediate("Step", moment=MOMENT)


def given(*chains: object, root: Authority, **options: object) -> Evidence:
    return pki.evidence(*chains, roots=pki.roots(root), at=MOMENT, options=Options(**options))  # type: ignore[arg-type]


# -- chains and their leaves --------------------------------------------------------------------------------------


def test_each_leaf_of_a_file_is_a_chain(root: Authority, middle: Authority) -> None:
    """A file with several leaves is judged as so many chains, numbered behind the first; on the wire the first
    certificate is the leaf, whatever came with it."""
    first, second = middle.issue("a.example"), middle.issue("b.example")
    file, wire = pki.chain(middle, first, second), replace(pki.chain(first, second, container="tls"), id="c2")
    case = Case(given(file, wire, root=root))
    assert ["c1", "c1-2", "c2"] == [chain.id for chain in case.chains]
    leaves = [chain.leaf_certificate.parsed.names for chain in case.chains]
    assert [("a.example",), ("b.example",), ("a.example",)] == leaves
    assert wire == case.chains[2] == case.chain("c2")
    with pytest.raises(KeyError):
        case.chain("c9")


def test_keys_stay_with_their_leaf(root: Authority, middle: Authority) -> None:
    """Of several leaves those that a private key belongs to are judged, each with its own key."""
    first, second, third = (middle.issue(f"{letter}.example") for letter in "abc")
    keys = tuple(pki.certificate(each).parsed.spki_sha256 for each in (first, third))
    case = Case(given(replace(pki.chain(first, second, third), keys=keys), root=root))
    assert [("a.example",), ("c.example",)] == [chain.leaf_certificate.parsed.names for chain in case.chains]
    assert [keys[:1], keys[1:]] == [chain.keys for chain in case.chains]


def test_leaves_of_a_chain(root: Authority, middle: Authority) -> None:
    """The end-entity certificates of a file; of a host what it presented, even a CA."""
    leaf = middle.issue("a.example")
    case = Case(given(root=root))
    assert (pki.certificate(leaf),) == case.leaves(pki.chain(middle, leaf))
    assert (pki.certificate(leaf),) == case.leaves(pki.chain(leaf, middle, container="tls"))
    both = middle.issue("b.example")
    assert pki.chain(leaf, both).certificates == case.leaves(pki.chain(leaf, both, container="tls"))
    assert (pki.certificate(middle),) == case.leaves(pki.chain(middle, root, container="tls"))
    assert () == case.leaves(pki.chain(middle, root))


def test_leaves_of_one_name_are_told_apart(root: Authority, middle: Authority) -> None:
    """A leaf is called by its name, and by its serial number too where another leaf that is judged has that name."""
    one, two, three = middle.issue("a.example"), middle.issue("a.example"), middle.issue("b.example")
    case = Case(given(pki.chain(one, two, three, middle), root=root))
    labels = [case.label(pki.certificate(each)) for each in (one, two, three, middle)]
    assert ["b.example", "Step"] == labels[2:]
    assert f"{one.x509.serial_number:x}"[-4:] in labels[0].lower().replace(" ", "")
    assert len(set(labels)) == 4
    case = Case(given(pki.chain(one, two, middle), root=root))
    assert labels[:2] == [case.label(pki.certificate(each)) for each in (one, two)]
    alone = Case(given(pki.chain(one, middle), root=root))
    assert "a.example" == alone.label(pki.certificate(one))


# -- paths --------------------------------------------------------------------------------------------------------


def test_the_path_of_a_chain(root: Authority, middle: Authority) -> None:
    """The repaired path where there is one, else the path as sent; known certificates repair and are not sent."""
    leaf = middle.issue("a.example")
    sent = pki.chain(leaf)
    bare = Case(given(sent, root=root))
    assert ("incomplete", (pki.certificate(leaf),)) == (bare.judgement(sent).outcome, bare.full_path(sent))
    known = (Known(pki.certificate(middle), "intermediate-file", "more.pem"),)
    repaired = Case(replace(given(sent, root=root), known=known))
    whole = (pki.certificate(leaf), pki.certificate(middle), pki.certificate(root))
    assert ("incomplete", whole) == (repaired.judgement(sent).outcome, repaired.full_path(sent))


def test_a_chain_is_judged_once_and_as_itself(root: Authority, middle: Authority) -> None:
    """A judgement is kept, and is never another chain's."""
    leaf = middle.issue("a.example")
    case = Case(given(pki.chain(leaf), root=root))
    assert case.judgement(case.chains[0]) is case.judgement(case.chains[0])
    outcomes = [case.judgement(pki.chain(leaf, *more)).outcome for more in ((), (middle,)) * 20]
    assert ["incomplete", "trusted"] * 20 == outcomes


def test_links(root: Authority, middle: Authority) -> None:
    """Each certificate of a path with its issuer, once."""
    leaf, other = middle.issue("a.example"), middle.issue("b.example")
    case = Case(given(pki.chain(leaf, middle), replace(pki.chain(other, middle), id="c2"), root=root))
    pairs = [(leaf, middle), (middle, root), (other, middle)]
    assert tuple((pki.certificate(one), pki.certificate(by)) for one, by in pairs) == case.links


def test_hopeful(root: Authority, middle: Authority) -> None:
    """Whatever is on a trusted path whose leaf has not ended; a leaf may still begin, and its last second counts."""
    stranger = Authority.root("Stranger", moment=MOMENT)
    good = middle.issue("a.example", not_before=MOMENT - DAY, not_after=MOMENT)
    ended = root.issue("b.example", not_before=MOMENT - 2 * DAY, not_after=MOMENT - timedelta(seconds=1))
    private = stranger.issue("c.example", not_before=MOMENT - DAY, days=90)
    chains = (
        pki.chain(good, middle),
        replace(pki.chain(ended), id="c2"),
        replace(pki.chain(private, stranger), id="c3"),
    )
    expected = {pki.certificate(each).sha256 for each in (good, middle, root)}
    assert expected == Case(given(*chains, root=root)).hopeful


@pytest.mark.parametrize("outcome", ["unreadable", "too-complex"])
def test_what_cannot_be_judged_may_pass(outcome: str, root: Authority) -> None:
    """A chain that is not understood is as hopeful as a trusted one."""
    if outcome == "unreadable":
        odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.36"), b"\x30\x03\x80\x01")
        sent: tuple[Authority | Issued, ...] = (
            root.issue("a.example", not_before=MOMENT, days=9, extra=[(odd, True)]),
        )
    else:
        mesh = pki.mesh(12)
        sent = (mesh[0].issue("a.example", not_before=MOMENT, days=9), *mesh)
    case = Case(given(pki.chain(*sent), root=root))
    assert outcome == case.judgement(case.chains[0]).outcome
    assert pki.certificate(sent[0]).sha256 in case.hopeful


def test_what_could_be_revoked(root: Authority, middle: Authority) -> None:
    """Every certificate of every path but anchors and self-signed ends, once, with its issuer and its chains."""
    leaf, other = middle.issue("a.example"), middle.issue("b.example")
    lone = Authority.root("Lone", moment=MOMENT).issue("c.example")
    stranger = Authority.root("Stranger", moment=MOMENT)
    private = stranger.issue("d.example")
    chains = [pki.chain(leaf, middle), pki.chain(other, middle), pki.chain(lone), pki.chain(private, stranger)]
    numbered = [replace(chain, id=f"c{number}") for number, chain in enumerate(chains, start=1)]
    found = [
        (each.label, each.issuer and each.issuer.parsed.label, each.chains)
        for each in Case(given(*numbered, root=root)).revocable
    ]
    assert [
        ("a.example", "Step", ("c1",)),
        ("Step", "Test Root", ("c1", "c2")),
        ("b.example", "Step", ("c2",)),
        ("c.example", None, ("c3",)),
        ("d.example", "Stranger", ("c4",)),
    ] == found


def test_an_anchor_that_is_no_root_cannot_be_revoked(root: Authority, middle: Authority) -> None:
    """A store may hold an intermediate: nobody is asked about it."""
    leaf = middle.issue("a.example")
    evidence = pki.evidence(pki.chain(leaf), roots=pki.roots(middle), at=MOMENT)
    assert ["a.example"] == [each.label for each in Case(evidence).revocable]


def test_an_issuer_that_one_chain_knows_is_known(root: Authority, middle: Authority) -> None:
    """A certificate that ends one path and lies within another has the issuer of the other."""
    sub = middle.intermediate("Sub", moment=MOMENT)
    leaf, other = sub.issue("a.example"), sub.issue("b.example")
    store = pki.roots(Authority.root("Elsewhere", moment=MOMENT))
    chains = (pki.chain(leaf, sub), replace(pki.chain(other, sub, middle), id="c2"))
    evidence = pki.evidence(*chains, roots=store, at=MOMENT)
    for several in (chains, chains[::-1]):
        case = Case(replace(evidence, chains=several))
        found = {each.label: (each.issuer and each.issuer.parsed.label, set(each.chains)) for each in case.revocable}
        assert ("Step", {"c1", "c2"}) == found["Sub"]


def test_a_weakly_signed_root_cannot_be_revoked() -> None:
    """A self-signed end of a path is asked about nowhere, with whatever hash it signed itself."""
    stranger = Authority.root("Stranger", key="rsa", moment=MOMENT)
    leaf = stranger.issue("a.example")
    weak = pki.weakly_signed(stranger, "sha1")
    case = Case(pki.evidence(pki.chain(leaf, weak), at=MOMENT))
    assert 2 == len(case.full_path(case.chains[0]))
    assert ["a.example"] == [each.label for each in case.revocable]


def test_clocks(root: Authority, middle: Authority) -> None:
    """Only authentic answers that came over the network or in the handshake say what the time was."""
    leaf = middle.issue("a.example")
    sha256 = pki.certificate(leaf).sha256
    body = middle.crl(this_update=MOMENT + DAY, next_update=MOMENT + 3 * DAY)
    forged = Authority.root("Step", moment=MOMENT).crl(this_update=MOMENT + DAY, next_update=MOMENT + 3 * DAY)
    evidence = given(pki.chain(leaf, middle), root=root)

    def read(answer: Answer) -> list[timedelta]:
        return [each.ahead for each in Case(replace(evidence, answers=(answer,))).clocks]

    assert [DAY] == read(Answer(sha256, "crl", "network", "http://crl.example/", body))
    stapled = middle.ocsp(leaf.x509, this_update=MOMENT + DAY, next_update=MOMENT + 3 * DAY)
    assert [DAY] == read(Answer(sha256, "stapled", "handshake", None, stapled))
    assert [] == read(Answer(sha256, "crl", "network", "http://crl.example/", forged))
    assert [] == read(Answer(sha256, "crl", "file", None, body))
    assert [] == read(Answer(sha256, "crl", "cache", "http://crl.example/", body))


def test_chains_that_only_nameless_clients_see(root: Authority) -> None:
    """A chain counts as unnamed where every handshake that brought it named no server."""
    handshakes = (
        Handshake("exchange", "done", "c2"),
        Handshake("no-name-rsa", "done", "c2"),
        Handshake("no-name-ecdsa", "done", "c3"),
        Handshake("no-name", "refused", None),
        Handshake("no-name", "done", "c1"),
    )
    endpoint = Endpoint("mx.example", "192.0.2.1", 25, chain="c1", handshakes=handshakes)
    other = Endpoint("mx.example", "192.0.2.2", 25, chain="c4", handshakes=(Handshake("no-name", "done", "c5"),))
    evidence = replace(given(root=root), endpoints=(endpoint, other))
    assert {"c3", "c5"} == Case(evidence).unnamed_chains
    assert frozenset() == Case(given(root=root)).unnamed_chains


# -- names and connectors -----------------------------------------------------------------------------------------


def test_bearers(root: Authority, middle: Authority) -> None:
    """Every judged leaf bears its names, and so does what is planned."""
    leaf = middle.issue("a.example", "b.example")
    planned = (Planned(("c.example", "d.example")), Planned(("e.example",), "new.csr", "its names cannot be read"))
    case = Case(replace(given(pki.chain(leaf, middle), root=root), planned=planned))
    assert (
        Bearer(("a.example", "b.example"), "a.example", chain=case.chains[0]),
        Bearer(("c.example", "d.example"), "c.example, d.example", "the planned certificate"),
        Bearer(("e.example",), "new.csr", "the planned certificate", "its names cannot be read"),
    ) == case.bearers
    assert ("a.example", "b.example", "c.example", "d.example", "e.example") == case.names


def test_names_that_cannot_be_read_or_are_excluded(root: Authority) -> None:
    """A bearer says why its names are not all, and which CNs the chain's constraints exclude."""
    limited = root.intermediate("Limited", moment=MOMENT, extra=[pki.constrained(excluded=["a.example"])])
    leaf = limited.issue("x.example", "b.example", common_name="a.example")
    case = Case(given(pki.chain(leaf, limited), root=root))
    assert [("a.example",)] == [bearer.excluded for bearer in case.bearers]
    broken = Case(given(pki.chain(b"\x30\x00"), root=root))
    [bearer] = broken.bearers
    assert pki.certificate(b"\x30\x00").parsed.error == bearer.unread
    assert bearer.unread
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x03\x82\x05a")
    unnamed = Case(given(pki.chain(root.issue(common_name="a.example", extra=[(odd, False)])), root=root))
    [bearer] = unnamed.bearers
    assert ("a.example",) == bearer.names
    assert "the subject alternative name" in (bearer.unread or "")


def test_the_tenant(root: Authority) -> None:
    """Connectors, accepted domains and the date of the export, as they were given; unknown where they were not."""
    evidence = replace(given(root=root), connectors=(INBOUND,), exported_at=MOMENT)
    assert ((INBOUND,), None, MOMENT) == (
        Case(evidence).tenant.connectors,
        Case(evidence).tenant.accepted_domains,
        Case(evidence).tenant.exported_at,
    )
    assert Case(evidence).accepted is None
    assert Case(replace(evidence, accepted_domains=())).accepted is not None


def test_the_selection_is_that_of_every_leaf(root: Authority, middle: Authority) -> None:
    """A connector is judged where any leaf's names choose it, in the tenant's order; without a leaf those that are
    named."""
    connectors = tuple(
        Connector(name, "inbound", value=value)
        for name, value in (("b", "b.example"), ("c", "c.example"), ("a", "a.example"))
    )
    leaves = (middle.issue("a.example"), middle.issue("b.example"))
    evidence = given(pki.chain(*leaves, middle), root=root)
    case = Case(replace(evidence, connectors=connectors, named=False))
    assert ["b", "a"] == [each.name for each in case.selection.judged]
    assert ["c"] == [each.name for each in case.selection.not_applicable]
    [first, _] = case.bearers
    assert ["a"] == [each.name for each in case.selection_for(first).judged]
    assert case.selection_for(first) is case.selection_for(first)
    named = Case(replace(given(root=root), connectors=connectors, named=True))
    assert connectors == named.selection.judged
    nobody = Case(replace(given(root=root), connectors=connectors, named=False))
    assert () == nobody.selection.judged
    outbound = (Connector("o", "outbound", level="encryption-only"),)
    server = Case(replace(given(root=root, role="server"), connectors=outbound, named=False))
    assert outbound == server.selection.judged


def test_the_match_of_a_connector_is_its_worst(root: Authority, middle: Authority) -> None:
    """The leaf that fits a connector least well decides; nothing matches where there is no leaf, or no value."""
    leaves = (middle.issue("mx.contoso.com"), middle.issue("*.contoso.com"))
    case = Case(given(pki.chain(*leaves, middle), root=root))
    match = case.match(INBOUND)
    assert match
    assert "*.contoso.com" == match.name
    assert NO_MATCH == Case(given(root=root)).match(INBOUND)
    assert case.match(replace(INBOUND, value=None)) is None


# -- the case of other evidence -------------------------------------------------------------------------------------


KEPT = ("chains", "_labels", "bearers", "names", "links", "hopeful", "revocable")


def test_what_other_answers_do_not_change_is_kept(root: Authority, middle: Authority) -> None:
    """Where only answers came in, what rests on chains, roots and the moment is not derived again; the same evidence is
    the same case."""
    case = Case(given(pki.chain(middle.issue("a.example", not_before=MOMENT, days=9), middle), root=root))
    assert case is case.over(case.evidence)
    before = [getattr(case, name) for name in KEPT]
    later = case.over(replace(case.evidence, answers=(Answer("0" * 64, "crl", "file", body=b""),)))
    assert (later is case, len(later.evidence.answers)) == (False, 1)
    assert all(getattr(later, name) is value for name, value in zip(KEPT, before, strict=True))
    assert later.judgement(later.chains[0]) is case.judgement(case.chains[0])


@pytest.mark.parametrize("field", ["chains", "known", "roots", "planned", "options"])
def test_what_rests_on_it_is_derived_again(root: Authority, middle: Authority, field: str) -> None:
    """Other chains, known certificates, roots or planned names, or another moment, leave nothing of what was derived."""
    other = Authority.root("Other", moment=MOMENT)
    leaf = middle.issue("a.example", not_before=MOMENT, days=9)
    changed = {
        "chains": (pki.chain(middle.issue("b.example", not_before=MOMENT, days=9), middle),),
        "known": (Known(pki.certificate(middle), "aia", "http://ca.example/ca.cer"),),
        "roots": pki.roots(other),
        "planned": (Planned("request.csr", ("c.example",)),),
        "options": Options(at=MOMENT + 20 * DAY),
    }
    renewed = pki.cross_signed(middle, root, not_before=MOMENT + 10 * DAY, not_after=MOMENT + 30 * DAY)
    sent = (leaf, middle, renewed) if field == "options" else (leaf,) if field == "known" else (leaf, middle)
    case = Case(given(pki.chain(*sent), root=root))
    _ = [getattr(case, name) for name in KEPT], case.judgement(case.chains[0])
    evidence = replace(case.evidence, **{field: changed[field]})
    over, fresh = case.over(evidence), Case(evidence)
    assert fresh.judgement(fresh.chains[0]) == over.judgement(over.chains[0])
    assert [getattr(fresh, name) for name in KEPT] == [getattr(over, name) for name in KEPT]
    assert [getattr(fresh, name) for name in KEPT] != [getattr(case, name) for name in KEPT]
