"""Whether it is the same certificate and chain in several places, and what differs where it is not."""

from __future__ import annotations

import json
from collections.abc import Sequence

from jsonschema import Draft202012Validator

from certready import schemas
from certready.compare import compare, document
from certready.compare.show import comparison_lines, comparison_page
from certready.demo.pki import Authority, Issued
from certready.model import Bundle, Chain, Container, Endpoint, Target
from certready.model.plain import json_text
from certready.render.layout import plain
from certready.x509.certificate import Certificate

ROOT = Authority.root("Root")
ISSUING = ROOT.intermediate("Issuing")
OTHER = ROOT.intermediate("Other issuing")
LEAF = ISSUING.issue("mail.contoso.com")
RENEWED = ISSUING.issue("mail.contoso.com", key=LEAF.key)
RSA = ISSUING.issue("mail.contoso.com", key="rsa")


def chain(*members: Issued, name: str = "c1", container: Container = "pem") -> Chain:
    return Chain(name, container, tuple(Certificate(one.der) for one in members))


def file(name: str, *members: Issued, container: Container = "pem") -> Bundle:
    return Bundle(Target("file", name), (chain(*members, container=container),))


def host(name: str, *nodes: Sequence[Issued]) -> Bundle:
    """A host whose addresses present these chains, in order; an empty one could not be reached."""
    chains, endpoints = [], []
    for number, members in enumerate(nodes, 1):
        if members:
            chains.append(chain(*members, name=f"c{number}", container="tls"))
            endpoints.append(Endpoint(name, f"192.0.2.{number}", 25, f"c{number}"))
        else:
            endpoints.append(Endpoint(name, f"192.0.2.{number}", 25, trouble="unreachable", error="It was refused."))
    return Bundle(Target("host", name), tuple(chains), tuple(endpoints))


def fields(*bundles: Bundle) -> list[str]:
    return [one.field for one in compare(bundles).differences]


def test_the_same_everywhere() -> None:
    """A file, a PFX in another order and with the root, and both nodes of a host hold the same."""
    found = compare(
        [
            file("a.pem", LEAF, ISSUING),
            file("b.pfx", LEAF, ROOT, ISSUING, container="pfx"),
            host("gw", (LEAF, ISSUING), (LEAF, ISSUING)),
        ]
    )
    assert ("same", 0, (), 4) == (found.verdict, found.exit_code, found.differences, len(found.items))


def test_a_renewed_certificate() -> None:
    """A renewal with the same key differs in fingerprint and serial, and not in name, issuer or key."""
    found = fields(file("old.pem", LEAF, ISSUING), file("new.pem", RENEWED, ISSUING))
    assert ["certificate (SHA-256)", "serial"] == found


def test_another_key_and_issuer() -> None:
    """Another issuer and key are named each with both values."""
    stranger = OTHER.issue("mail.fabrikam.com")
    found = compare([file("a.pem", LEAF, ISSUING), file("b.pem", stranger, OTHER)])
    by_field = {one.field: (one.first.value, one.second.value) for one in found.differences}
    assert ("mail.contoso.com", "mail.fabrikam.com") == by_field["names"]
    assert {"issuer", "serial", "public key (SHA-256)", "intermediates"} <= by_field.keys()
    assert (1, "different") == (found.exit_code, found.verdict)


def test_a_missing_intermediate() -> None:
    """The same leaf with fewer certificates beside it is a difference of the chain alone."""
    assert ["intermediates"] == fields(file("a.pem", LEAF, ISSUING), host("gw", (LEAF,)))


def test_order_counts_on_the_wire_and_not_in_a_pfx() -> None:
    """Intermediates in another order differ where the order is sent as it lies there."""
    deep = ISSUING.intermediate("Deep")
    leaf = deep.issue("mail.contoso.com")
    straight, turned = (leaf, deep, ISSUING), (leaf, ISSUING, deep)
    assert ["order"] == fields(file("a.pem", *straight), host("gw", turned))
    assert [] == fields(file("a.pfx", *straight, container="pfx"), host("gw", turned))


def test_one_host_with_differing_nodes() -> None:
    """One host is enough: its addresses are compared with each other."""
    assert ["certificate (SHA-256)", "serial"] == fields(host("gw", (LEAF, ISSUING), (RENEWED, ISSUING)))


def test_families_are_compared_with_their_own() -> None:
    """RSA is compared with RSA and ECDSA with ECDSA; a place that lacks one of them differs in that."""
    both = host("gw", (LEAF, ISSUING), (RSA, ISSUING))
    assert [] == fields(both, host("other", (RSA, ISSUING), (LEAF, ISSUING)))
    assert ["key families"] == fields(both, file("rsa.pem", RSA, ISSUING))
    assert "key" in fields(file("rsa.pem", RSA, ISSUING), both)


def test_unreachable_is_never_the_same() -> None:
    """Where one place could not be seen, the rest being alike tells nothing; a difference stays one."""
    alike = compare([file("a.pem", LEAF, ISSUING), host("gw", (LEAF, ISSUING), ())])
    unlike = compare([file("a.pem", RENEWED, ISSUING), host("gw", (LEAF, ISSUING), ())])
    assert ("cannot-tell", 3) == (alike.verdict, alike.exit_code)
    assert ["gw at 192.0.2.2:25"] == [one.name for one in alike.unreached]
    assert ("different", 1) == (unlike.verdict, unlike.exit_code)


def test_one_certificate_alone_tells_nothing() -> None:
    """A single file has nothing to be compared with."""
    assert ("cannot-tell", 3) == ((found := compare([file("a.pem", LEAF)])).verdict, found.exit_code)


def test_text_and_json_say_the_same() -> None:
    """Text, page and JSON carry verdict, places and differences; what cannot be seen in a name is an escape."""
    odd = ISSUING.issue(common_name="\u202email\x07")
    found = compare([file("a.pem", LEAF, ISSUING), file("\u00e4.pem", odd, ISSUING), host("gw", ())])
    written = json.loads(json_text(document(found)))
    Draft202012Validator(schemas.load("comparison")).validate(written)
    assert ("certready.comparison/1", "different") == (written["schema"], written["verdict"])
    assert [one.field for one in found.differences] == [one["field"] for one in written["differences"]]
    shown = plain(comparison_lines(found, None))
    assert shown.startswith("DIFFERENT  ")
    for text in (shown, comparison_page(found)):
        assert "\x07" not in text
        assert "\u202e" not in text
        assert [True] * 3 == [word in text for word in ("a.pem", "names", "It was refused.")]
