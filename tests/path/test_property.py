"""Random small PKIs with random faults: what is trusted, and that the order of things never matters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.x509 import verification
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.context import ValidationContext

from certready.demo.pki import CLIENT, SERVER, Authority, now
from certready.model import Root
from certready.path import build, engines, judge
from certready.x509.certificate import Certificate
from tests import pki

AT = now()
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.7"), b"\x05\x00")
# What may be wrong with a CA, as options of the one who makes it.
FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "expired": {"days": 5},
    "to come": {"not_before": AT + timedelta(days=3)},
    "no CA": {"without": [x509.BasicConstraints]},
    "no key usage": {"without": [x509.KeyUsage]},
    "path length": {"path_length": 0},
    "clients only": {"ekus": [CLIENT]},
    "servers": {"ekus": [SERVER]},
    "critical": {"extra": [(UNKNOWN, True)]},
    "other names": {"extra": [pki.constrained(permitted=["elsewhere.example"])]},
    "names": {"extra": [pki.constrained(permitted=["shop.example"], excluded=["bad.shop.example"])]},
    "policies": {"extra": [(x509.PolicyConstraints(0, None), True)]},
    "ignored policies": {"extra": [(x509.PolicyConstraints(0, None), False)]},
}
CA_NAMES = ("Alder", "Birch", "Cedar")


@dataclass(frozen=True)
class World:
    """What a verifier is handed: a leaf, what was sent with it, and the roots."""

    leaf: Certificate
    sent: tuple[Certificate, ...]
    roots: tuple[Root, ...]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """CAs of few names, so that namesakes are frequent, each below an earlier one; some are sent, some are roots."""
    faults = st.sampled_from(("none",) * 8 + tuple(FAULTS))
    made = [
        Authority.root(draw(st.sampled_from(CA_NAMES)), **FAULTS[draw(faults)]) for _ in range(draw(st.integers(1, 2)))
    ]
    for _ in range(draw(st.integers(0, 4))):
        issuer = made[draw(st.integers(0, len(made) - 1))]
        options = FAULTS[draw(faults)]
        if draw(st.integers(0, 3)):
            made.append(issuer.intermediate(draw(st.sampled_from(CA_NAMES)), **options))
        else:  # a twin: a CA that was there before, certified by another one, or renewed
            made.append(pki.cross_signed(made[draw(st.integers(0, len(made) - 1))], issuer, **options))
    name = draw(st.sampled_from(("shop.example", "bad.shop.example", "mail.elsewhere.example")))
    leaf = made[-1].issue(name, days=draw(st.sampled_from((90, 90, 0.5))))
    changed = draw(st.sampled_from((None,) * 6 + (pki.broken_signature, pki.issued_by_leaf)))
    if changed is pki.issued_by_leaf:
        made.append(leaf)  # type: ignore[arg-type]
        leaf = pki.issued_by_leaf(leaf, "shop.example")
    der = pki.broken_signature(leaf) if changed is pki.broken_signature else leaf.der
    roots = draw(st.lists(st.sampled_from(made[:2]), min_size=1, max_size=2, unique_by=lambda one: one.der))
    sent = draw(st.lists(st.sampled_from(made), max_size=6)) if draw(st.booleans()) else made
    return World(Certificate(der), tuple(map(pki.certificate, sent)), pki.roots(*roots))


def trusted(world: World) -> bool:
    """Whether our judgement trusts the leaf now, dates included."""
    found = judge(pki.chain(world.leaf.der, *(one.der for one in world.sent)), (), world.roots, AT)
    event(found.outcome)
    return found.outcome == "trusted" and build.Path(found.path, "anchor").holds(AT.replace(microsecond=0))


def strict(world: World, at: datetime) -> bool:
    """Whether cryptography finds a path and accepts it; the usages of CAs and leaf are left to others."""
    free = verification.Criticality.AGNOSTIC
    leaves = verification.ExtensionPolicy.webpki_defaults_ee().may_be_present(x509.ExtendedKeyUsage, free, None)
    authorities = verification.ExtensionPolicy.webpki_defaults_ca().may_be_present(x509.ExtendedKeyUsage, free, None)
    builder = verification.PolicyBuilder().time(at).extension_policies(ca_policy=authorities, ee_policy=leaves)
    store = verification.Store([root.certificate.parsed.x509 for root in world.roots])
    try:
        builder.store(store).build_client_verifier().verify(
            world.leaf.parsed.x509, [one.parsed.x509 for one in world.sent]
        )
    except verification.VerificationError:
        return False
    return True


def lenient(world: World, at: datetime) -> bool:
    """Whether certvalidator finds a path and accepts it."""
    leaf, *sent = (asn1.Certificate.load(one.der) for one in (world.leaf, *world.sent))
    roots = [asn1.Certificate.load(root.certificate.der) for root in world.roots]
    context = ValidationContext(
        trust_roots=roots, moment=at, allow_fetching=False, revocation_mode="none", time_tolerance=timedelta(0)
    )
    question = CertificateValidator(leaf, sent, validation_context=context).async_validate_path()
    try:
        question.send(None)
    except StopIteration:
        return True
    except Exception:  # noqa: BLE001 - whatever it stumbles over, it has not accepted
        return False
    return False


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_never_trusted_where_both_engines_refuse(world: World) -> None:
    """What is trusted is accepted, given the same certificates and roots, by at least one of the engines."""
    at = AT.replace(microsecond=0)
    assert not trusted(world) or strict(world, at) or lenient(world, at)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), st.randoms(use_true_random=False))
def test_order_never_matters(world: World, random: Any) -> None:
    """Shuffling what was sent, or the roots, changes neither the outcome nor whether the dates hold."""
    sent, roots = list(world.sent), list(world.roots)
    random.shuffle(sent)
    random.shuffle(roots)
    chains = [pki.chain(world.leaf.der, *(one.der for one in several)) for several in (world.sent, sent)]
    first, second = (judge(*pair, AT) for pair in ((chains[0], (), world.roots), (chains[1], (), tuple(roots))))
    assert first.outcome == second.outcome
    assert [build.Path(one.path, "anchor").holds(AT) for one in (first, second)] in ([True, True], [False, False])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_the_short_way_finds_what_the_walk_finds(world: World) -> None:
    """A path that the strict engine vouched for is the only one, as the walk over verified signatures finds it."""
    pool, at = (world.leaf, *world.sent), AT.replace(microsecond=0)
    found = build.search(world.leaf, pool, world.roots, at)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "strict", lambda path, moment: ("refused", "it was not asked"))
        assert found == build.search(world.leaf, pool, world.roots, at)
