"""Rules, their rows and what is observed of them; looking rules up; which systems refuse which PFX."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec import structs

from certready.demo.pki import Authority
from certready.model import Connector, Endpoint
from certready.model.remedy import Remedy
from certready.model.report import Severity
from certready.rules import RULES, importers, looks_like_a_rule, rule_called, rule_in
from certready.rules.model import COLUMNS, NOTHING_TO_DO, Rule, Source, columns, everywhere, relaying
from tests import pki

P, W, U, F = Severity.PASS, Severity.WARN, Severity.UNKNOWN, Severity.FAIL
SOURCES = (Source("A page", "https://a.example/"), Source("A book"))
RULE = Rule(
    "key.odd",
    "The key is odd",
    why="Because.",
    confidence="inferred",
    sources=SOURCES,
    weights=(everywhere(W), everywhere(F, "very", mode="require"), everywhere(P, "very"), everywhere(U, mode="off")),
    fix="Mend it.",
)


def test_the_cells_of_a_row() -> None:
    """Each connector has its own column; those that are not named share."""
    assert [(W, W, W, W), (P, P, U, F), (F, None, None, None)] == [
        tuple(row.cell(column) for column in COLUMNS) for row in (everywhere(W), columns(P, U, F), relaying(F))
    ]
    assert ("b", "words") == (columns(P, U, F, "b", "words").variant, columns(P, U, F, "b", "words").when)


def test_the_most_specific_row() -> None:
    """The variant in its mode, then the mode, then the variant, then any; none is unknown."""
    weights = [
        RULE.row(*wanted).inbound
        for wanted in (("very", "require"), ("very", "off"), ("very", "report"), ("", "off"), ("", "report"))
    ]
    assert [F, U, P, U, W] == weights
    bare = Rule("key.odd", "Odd", why="", confidence="inferred", sources=(), weights=(everywhere(P, "only"),))
    assert U == bare.row("other", "report").inbound


def test_the_words_of_a_rule() -> None:
    """What it says of itself, or its title; where it is written; what to do, or that nothing is."""
    assert ("key", "The key is odd.", "Mend it.") == (RULE.subject, RULE.statement, RULE.advice)
    assert "A page (https://a.example/); A book" == RULE.reference
    said = Rule("key.odd", "Odd", why="", confidence="inferred", sources=(), weights=(), what="It is met.")
    assert ("It is met.", NOTHING_TO_DO) == (said.statement, said.advice)


def test_what_is_observed() -> None:
    """A chain stands for its leaf, unless another certificate is named or only its id is given; what is of a connector
    alone has its value."""
    root = Authority.root()
    chain = pki.chain(root.issue("a.example"), root)
    leaf, above = (certificate.sha256 for certificate in chain.certificates)
    connector = Connector("in", "inbound", value="a.example")
    assert (leaf, "c1") == _about(RULE.observed("x", chain=chain))
    assert (above, "c1") == _about(RULE.observed("x", chain=chain, certificate=chain.certificates[1]))
    assert (None, "c1") == _about(RULE.observed("x", chain="c1"))
    assert ("ab", None) == _about(RULE.observed("x", certificate="ab"))
    alone = RULE.observed("x", connector=connector, evidence={"bits": 1})
    assert ("in", "inbound", {"value": "a.example", "bits": 1}) == (alone.connector, alone.direction, alone.evidence)
    both = RULE.observed("x", "very", connector=connector, chain=chain)
    assert ("very", {}) == (both.variant, both.evidence)
    endpoint = Endpoint("mx.example", "192.0.2.1", 25)
    assert endpoint.name == RULE.observed("x", endpoint=endpoint).endpoint
    bare = RULE.observed("x")
    assert (None, None, None, {}) == (bare.connector, bare.direction, bare.endpoint, bare.evidence)


def _about(observation: object) -> tuple[object, object]:
    return observation.certificate, observation.chain  # type: ignore[attr-defined]


def test_the_remedies_of_an_observation() -> None:
    """Those that the check made, under the rule's words where they have none; a sentence with its lines; the rule's
    words where there is nothing else, and nothing where it has none."""
    made = (Remedy("Renew it."), Remedy("", lines=("renew",)), Remedy("More.", script_only=True))
    observation = RULE.observed("x", fix=lambda: made)
    assert ("Renew it.", "Mend it.", "More.") == tuple(each.title for each in observation.remedies)
    assert "Renew it.\nMend it:\n  renew" == observation.fix
    assert (Remedy("Type:", lines=("one", "two")),) == RULE.observed("x", fix="Type:\n  one\n  two").remedies
    assert (Remedy("Mend it."),) == RULE.observed("x").remedies
    assert "Mend it." == RULE.observed("x").fix
    nothing = Rule("key.odd", "Odd", why="", confidence="inferred", sources=(), weights=())
    assert ((), None) == (nothing.observed("x").remedies, nothing.observed("x").fix)


def test_a_builder_that_fails_costs_its_lines_alone() -> None:
    """What was seen is still reported, with the rule's words and why there is no more."""

    def broken() -> Iterator[Remedy]:
        raise KeyError("place")
        yield

    failed = "What to type for it could not be written: KeyError: 'place'."
    assert f"Mend it. {failed}" == RULE.observed("x", fix=broken).fix
    assert failed == structs.replace(RULE, fix="").observed("x", fix=broken).fix


def test_rules_by_name() -> None:
    """In any case and with the marks of a sentence around it; a crashed check has a rule under each subject."""
    weak = RULES["key.weak"]
    assert [weak] * 3 == [rule_called(name) for name in ("key.weak", " KEY.Weak. ", ":key.weak:")]
    crashed = rule_called("Key.check-crashed")
    assert crashed
    assert ("key.check-crashed", U) == (crashed.id, crashed.row("", "require").inbound)
    assert "report it" in crashed.fix
    assert [None, None] == [rule_called(name) for name in ("nothing.check-crashed", "key.nothing")]


def test_a_rule_in_a_text() -> None:
    """The first word that is a rule, within the part of a text that is searched."""
    assert "key.weak" == rule_in("FAIL (key.weak): chain.trusted")
    assert "key.weak" == rule_in("FAIL KEY.Weak: chain.trusted")
    assert rule_in("key weak, keys.weak") is None
    assert "key.weak" == rule_in("x " * 32_000 + "key.weak")
    assert rule_in("x " * 33_000 + "key.weak") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key.weak", True),
        (" KEY.weak\n", True),
        ("key.no-such-problem", True),
        ("key", False),
        ("nothing.weak", False),
        ("key.", False),
        ("key.weak: a finding", False),
        ("key.2048", False),
    ],
)
def test_what_looks_like_a_rule(text: str, expected: bool) -> None:
    """One word of a subject and a problem, there or not: what is meant for another rule is not taken for a bounce."""
    assert expected == looks_like_a_rule(text)


@pytest.mark.parametrize(
    ("algorithm", "systems"),
    [
        ("RC2-40", ["OpenSSL 3"]),
        ("RC4-128", ["OpenSSL 3"]),
        ("DES", ["OpenSSL 3"]),
        ("3DES", []),
        ("PBES2 AES-256", ["Windows Server 2016 or 2012 R2"]),
        ("MAC SHA-1", []),
        ("MAC SHA-256", ["Windows Server 2016 or 2012 R2", "Java before 8u301 or 11.0.12"]),
        ("MAC SHA-384", ["Windows Server 2016 or 2012 R2", "Java before 8u301 or 11.0.12"]),
        ("MAC SHA-512", ["Windows Server 2016 or 2012 R2", "Java before 8u301 or 11.0.12"]),
        ("PBMAC1 SHA-256", ["Windows Server 2016 or 2012 R2", "OpenSSL before 3.4", "Java 17"]),
    ],
)
def test_systems_that_refuse_a_pfx(algorithm: str, systems: list[str]) -> None:
    """By each algorithm alone, and by any of several."""
    assert systems == [each.system for each in importers.refusing([algorithm])]
    assert systems == [each.system for each in importers.refusing(["3DES", algorithm])]
