"""matching: the table of the name rules, and what must hold for any text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.exchange.matching import (
    KINDS,
    Match,
    Value,
    a_label,
    closeness,
    covers,
    dns_names,
    is_dns_name,
    match,
    nearest,
    parse_value,
    registrable,
    satisfiable,
)
from certready.model import MatchKind

A63 = "a" * 63
MANY = tuple(f"host{number}.fabrikam.com" for number in range(99))
SOME = settings(max_examples=60, deadline=None)

# value, certificate names, kind, matched name, uncertain. Numbers are those of the facts on Exchange Online.
CERTAIN = [
    ("contoso.com", ["contoso.com"], "exact", "contoso.com"),  # 1.2.2
    ("mail.contoso.com", ["mail.contoso.com"], "exact", "mail.contoso.com"),  # 1.2.4
    ("MAIL.Contoso.COM", ["mail.contoso.com"], "exact", "mail.contoso.com"),  # 1.2.9
    ("mail.contoso.com", ["MAIL.CONTOSO.COM"], "exact", "MAIL.CONTOSO.COM"),
    ("mail.contoso.com.", ["mail.contoso.com"], "exact", "mail.contoso.com"),
    ("mail.contoso.com", ["mail.contoso.com."], "exact", "mail.contoso.com."),
    (" mail.contoso.com ", ["mail.contoso.com"], "exact", "mail.contoso.com"),
    ("*.contoso.com", ["*.contoso.com"], "exact", "*.contoso.com"),  # 1.2.6
    ("*.CONTOSO.com", ["*.contoso.COM"], "exact", "*.contoso.COM"),
    ("*.contoso.com.", ["*.contoso.com"], "exact", "*.contoso.com"),
    ("mail_gw.contoso.com", ["mail_gw.contoso.com"], "exact", "mail_gw.contoso.com"),
    ("mail.b\u00fccher.de", ["mail.xn--bcher-kva.de"], "exact", "mail.xn--bcher-kva.de"),
    ("B\u00dcCHER.de", ["xn--bcher-kva.de"], "exact", "xn--bcher-kva.de"),
    ("XN--BCHER-KVA.de", ["xn--bcher-kva.de"], "exact", "xn--bcher-kva.de"),
    ("*.b\u00fccher.de", ["*.xn--bcher-kva.de"], "exact", "*.xn--bcher-kva.de"),
    ("localhost", ["localhost"], "exact", "localhost"),
    (f"{A63}.com", [f"{A63}.com"], "exact", f"{A63}.com"),
    (
        "<I>CN=Some CA, O=CA<S>CN=mail.contoso.com, O=Contoso",
        ["mail.contoso.com"],
        "exact",
        "mail.contoso.com",
    ),  # 1.2.13
    ("<i>CN=Some CA<s>O=Contoso, CN=mail.contoso.com", ["mail.contoso.com"], "exact", "mail.contoso.com"),
    ("<S>CN=*.contoso.com", ["mail.contoso.com"], "wildcard-value", "mail.contoso.com"),
    ("*.contoso.com", ["mail.contoso.com"], "wildcard-value", "mail.contoso.com"),  # 1.2.5
    ("*.contoso.com", ["Mail.CONTOSO.com."], "wildcard-value", "Mail.CONTOSO.com."),
    ("*.b\u00fccher.de", ["mail.xn--bcher-kva.de"], "wildcard-value", "mail.xn--bcher-kva.de"),
    ("*.contoso.co.uk", ["mx1.contoso.co.uk"], "wildcard-value", "mx1.contoso.co.uk"),
    ("*.contoso.com", ["xn--mail-0qa.contoso.com"], "wildcard-value", "xn--mail-0qa.contoso.com"),
    ("*.contoso.com", ["contoso.com"], "apex", "contoso.com"),  # 1.2.7
    ("*.contoso.com", ["CONTOSO.com."], "apex", "CONTOSO.com."),
    ("*.b\u00fccher.de", ["xn--bcher-kva.de"], "apex", "xn--bcher-kva.de"),
    # the best of several names decides, whatever their order
    ("mail.contoso.com", ["*.contoso.com", "mail.contoso.com"], "exact", "mail.contoso.com"),
    ("mail.contoso.com", ["mail.contoso.com", "*.contoso.com"], "exact", "mail.contoso.com"),
    ("*.contoso.com", ["contoso.com", "mail.contoso.com"], "wildcard-value", "mail.contoso.com"),
    ("*.contoso.com", ["mail.contoso.com", "*.contoso.com"], "exact", "*.contoso.com"),
    ("*.contoso.com", ["a.b.contoso.com", "contoso.com"], "apex", "contoso.com"),
    ("*.contoso.com", ["a.b.contoso.com", "a.contoso.com"], "wildcard-value", "a.contoso.com"),
    ("mail.contoso.com", ["", "Contoso Mail Gateway", "mail.contoso.com"], "exact", "mail.contoso.com"),
    ("mail.contoso.com", [*MANY, "mail.contoso.com"], "exact", "mail.contoso.com"),
    ("za.com", ["za.com", "xa.com"], "exact", "za.com"),
    ("<S>CN=mail.contoso.com , O=Contoso", ["mail.contoso.com"], "exact", "mail.contoso.com"),
    ("*.contoso.com", [*MANY, "mail.contoso.com"], "wildcard-value", "mail.contoso.com"),
]
UNCERTAIN = [
    ("mail.contoso.com", ["*.contoso.com"], "wildcard-certificate", "*.contoso.com"),  # 1.2.4, inferred
    ("MAIL.contoso.com.", ["*.CONTOSO.com"], "wildcard-certificate", "*.CONTOSO.com"),
    ("mail.b\u00fccher.de", ["*.xn--bcher-kva.de"], "wildcard-certificate", "*.xn--bcher-kva.de"),
    ("a.b.contoso.com", ["*.b.contoso.com"], "wildcard-certificate", "*.b.contoso.com"),
    ("contoso.com", ["*.contoso.com"], "apex", "*.contoso.com"),
    ("contoso.co.uk", ["*.contoso.co.uk"], "apex", "*.contoso.co.uk"),
    ("b.contoso.com", ["*.contoso.com", "*.b.contoso.com"], "apex", "*.b.contoso.com"),
    ("*.contoso.com", ["a.b.contoso.com"], "deep", "a.b.contoso.com"),  # 1.2.8
    ("*.contoso.com", ["a.b.c.contoso.com"], "deep", "a.b.c.contoso.com"),
    ("*.contoso.com", ["*.a.contoso.com"], "deep", "*.a.contoso.com"),
    ("*.contoso.com", ["*.a.b.contoso.com"], "deep", "*.a.b.contoso.com"),
    ("*.contoso.com", ["fabrikam.com", "a.b.contoso.com"], "deep", "a.b.contoso.com"),
]
NONE = [
    ("contoso.com", ["mail.contoso.com"]),  # 1.2.3
    ("contoso.com", ["evilcontoso.com"]),
    ("*.contoso.com", ["evilcontoso.com"]),
    ("*.contoso.com", ["mail.evilcontoso.com"]),
    ("contoso.com", ["contoso.com.evil.com"]),
    ("*.contoso.com", ["contoso.com.evil.com"]),
    ("mail.contoso.com", ["contoso.com"]),
    ("mail.contoso.com", ["mail2.contoso.com"]),
    ("mail.contoso.com", ["mail.contoso.co"]),
    ("a.b.contoso.com", ["*.contoso.com"]),
    ("*.mail.contoso.com", ["*.contoso.com"]),
    ("*.mail.contoso.com", ["contoso.com"]),
    ("*.contoso.com", ["*.com"]),
    ("contoso.com", ["*.com"]),
    ("contoso.com", ["*"]),
    ("*.contoso.com", ["*"]),
    ("mail.contoso.com", ["m*.contoso.com"]),
    ("*.contoso.com", ["m*.contoso.com"]),
    ("a.b.contoso.com", ["*.*.contoso.com"]),
    ("*.contoso.com", ["*.*.contoso.com"]),
    ("mail.contoso.com", ["mail.*.com"]),
    ("mail.contoso.com", ["10.0.0.1"]),
    ("*.contoso.com", ["2001:db8::1"]),
    ("contoso.com", [""]),
    ("contoso.com", []),
    ("contoso.com", ["contoso.com\0.evil.com"]),
    ("contoso.com", [" contoso.com"]),
    ("contoso.com", ["CN=contoso.com"]),
    ("contoso.com", ["contoso..com"]),
    ("contoso.com", [".contoso.com"]),
    ("contoso.com", ["contoso.com.."]),
    ("contoso.com", ["cont\u043eso.com"]),  # a Cyrillic o
    ("b\u00fccher.de", ["bucher.de"]),
    ("b\u00fccher.de", ["buecher.de"]),
    ("stra\u00dfe.de", ["strasse.de"]),
    ("contoso.com", list(MANY)),
]
TABLE = (
    [(*row, False) for row in CERTAIN]
    + [(*row, True) for row in UNCERTAIN]
    + [(value, names, "none", None, False) for value, names in NONE]
)
MALFORMED = [
    ("", "empty"),
    ("   ", "empty"),
    ("*", "names no domain"),
    ("*.com", "whole top-level domain"),
    ("*.x", "whole top-level domain"),
    ("*.com.", "whole top-level domain"),
    ("*.", "whole left-most label"),
    ("m*com", "whole left-most label"),
    ("*..com", "whole left-most label"),
    ("m*.contoso.com", "whole left-most label"),
    ("*mail.contoso.com", "whole left-most label"),
    ("*.*.contoso.com", "whole left-most label"),
    ("domain.*.contoso.com", "whole left-most label"),
    ("**.contoso.com", "whole left-most label"),
    ("10.0.0.1", "IP address"),
    ("::1", "IP address"),
    ("[10.0.0.1]", "IP address"),
    ("info@contoso.com", "address or URL"),
    ("https://contoso.com", "address or URL"),
    ("mail contoso.com", "not a domain name"),
    ("contoso..com", "not a domain name"),
    ("-contoso.com", "not a domain name"),
    ("contoso-.com", "not a domain name"),
    (f"a{A63}.com", "not a domain name"),
    (".".join(["abcdefgh"] * 29), "not a domain name"),
    ("\u2603\0.com", "not a domain name"),
    ("<I>CN=CA<S>O=Contoso", "needs a CN"),
    ("<I>CN=CA", "needs a CN"),
    ("<S>", "needs a CN"),
    ("<contoso.com>", "needs a CN"),
    ("<contoso.com", "needs a CN"),
    ("contoso.com>", "needs a CN"),
    ("<I>CN=CA<S>CN=m*.contoso.com", "needs a CN"),
]


@pytest.mark.parametrize(("value", "names", "kind", "name", "uncertain"), TABLE)
def test_the_table_of_match_kinds(value: str, names: list[str], kind: str, name: str | None, uncertain: bool) -> None:
    """Every value meets a certificate's names by exactly this rule, naming the name as it is written."""
    assert Match(kind, name, uncertain) == match(parse_value(value), names)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "name", "kind"),
    [
        ("mail.xn--bcher-kva.de", "mail.b\u00fccher.de", "exact"),
        ("*.xn--bcher-kva.de", "mail.b\u00fccher.de", "wildcard-value"),
        ("b\u00fccher.de", "b\u00fccher.de", "exact"),
        ("mail.contoso.com", "\uff4dai\u00adl\u3002contoso\u200b.com", "exact"),
        ("contoso.com", "\uff43ontoso.com", "exact"),
    ],
)
def test_a_name_that_is_not_plain_is_never_taken_for_another(value: str, name: str, kind: MatchKind) -> None:
    """What a name would meet only if it were mapped is uncertain, loses to every plain name, and covers no host."""
    assert Match(kind, name, uncertain=True, plain=False) == match(parse_value(value), [name])
    assert Match("deep", "a.b.contoso.com", uncertain=True) == match(
        parse_value("*.contoso.com"), ["\uff4dail.contoso.com", "a.b.contoso.com"]
    )
    assert covers([name], str(parse_value(value)).removeprefix("*.")) is None
    assert () == satisfiable([name])


def test_the_table_covers_every_kind_in_at_least_sixty_rows() -> None:
    """No match kind of the contract is left out of the table."""
    assert set(KINDS) == {row[2] for row in TABLE}
    assert len(TABLE) >= 60


@pytest.mark.parametrize(("text", "reason"), MALFORMED)
def test_a_malformed_value_is_refused_with_a_sentence(text: str, reason: str) -> None:
    """A value that can match nothing raises ValueError, and its one line says why."""
    with pytest.raises(ValueError) as raised:
        parse_value(text)
    assert reason in str(raised.value)
    assert str(raised.value).isascii()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "issuer"),
    [
        ("<I> CN=CA <S>CN=mail.contoso.com", "CN=CA"),
        ("<I><S>CN=mail.contoso.com", None),
        ("<I>  <S>CN=mail.contoso.com", None),
        ("<S>CN=mail.contoso.com", None),
    ],
)
def test_an_issuer_is_read_without_white_space(text: str, issuer: str | None) -> None:
    """The issuer of a value is what is written, without the white space around it; an empty one is none."""
    assert parse_value(text) == Value("mail.contoso.com", issuer=issuer)


def test_an_issuer_in_the_value_is_kept() -> None:
    """Of ``<I>issuer<S>subject`` the subject's CN is the name, the issuer stays visible as not verified."""
    assert Value("mail.contoso.com", issuer="CN=Some CA, O=CA") == parse_value(
        '<I>CN=Some CA, O=CA<S>CN="mail.contoso.com", O=Contoso'
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Contoso.COM.", "contoso.com"),
        ("b\u00fccher.de", "xn--bcher-kva.de"),
        ("_dmarc.contoso.com", "_dmarc.contoso.com"),
        ("1and1.com", "1and1.com"),
        ("3com", "3com"),
        (".", None),
        ("192.0.2.1", None),
        ("192.0.2.1.", None),
        ("a" * 64 + ".com", None),
        ("\u00fc" * 70 + ".de", None),
        ("mail.contoso.com\n", None),
        ("contoso,com", None),
        ("*.contoso.com", None),
    ],
)
def test_a_label_normalises_or_refuses(name: str, expected: str | None) -> None:
    """A domain name becomes lower-case A-labels without a trailing dot; anything else becomes None."""
    assert expected == a_label(name)


@pytest.mark.parametrize(
    ("names", "host", "expected"),
    [
        (["mail.contoso.com"], "MAIL.contoso.com.", "mail.contoso.com"),
        (["*.contoso.com"], "mail.contoso.com", "*.contoso.com"),
        (["*.contoso.com", "mail.contoso.com"], "mail.contoso.com", "mail.contoso.com"),
        (["*.contoso.com"], "contoso.com", None),
        (["*.contoso.com"], "a.b.contoso.com", None),
        (["*.com"], "contoso.com", None),
        (["m*.contoso.com"], "mail.contoso.com", None),
        (["*.0.0.1"], "10.0.0.1", None),
        (["*.contoso.com"], "10.0.0.1", None),
        (["*.contoso.com"], "not a host", None),
        (["contoso.com"], "mail.contoso.com", None),
        (["*.contoso.com", "*.CONTOSO.com"], "mail.contoso.com", "*.contoso.com"),
        (["10.0.0.1"], "10.0.0.1", None),
        (["*.b\u00fccher.de"], "mail.xn--bcher-kva.de", None),
        ([], "mail.contoso.com", None),
        (["evilcontoso.com"], "contoso.com", None),
    ],
)
def test_covers_follows_rfc_9525(names: list[str], host: str, expected: str | None) -> None:
    """A wildcard is the whole left-most label and stands for exactly one, and an IP address is never covered."""
    assert expected == covers(names, host)


def test_satisfiable_names_what_a_certificate_is_good_for() -> None:
    """Each name and the wildcard over its parent, or over itself right under a public suffix; never ``*.co.uk``."""
    assert (
        "mail.contoso.com",
        "*.contoso.com",
        "contoso.co.uk",
        "*.contoso.co.uk",
        "*.fabrikam.com",
    ) == satisfiable(["mail.contoso.com", "contoso.co.uk", "*.fabrikam.com", "10.0.0.1", "localhost", "Contoso"])


def test_satisfiable_is_bounded() -> None:
    """A certificate with a hundred names suggests at most twenty values."""
    hosts = [f"mail.example{number}.com" for number in range(100)]
    assert 20 == len(satisfiable(hosts))
    assert 20 == len(satisfiable(["*.contoso.com", *hosts]))
    names = iter(hosts)
    satisfiable(names)
    assert "mail.example10.com" == next(names)  # two values a name: no more of them are read


def test_nearest_shares_most_labels_and_at_least_two() -> None:
    """The nearest name is the one with the longest common end; a common top-level domain is no nearness."""
    names = ["www.fabrikam.com", "mail2.contoso.com", "mail.eu.contoso.com"]
    assert "mail2.contoso.com" == nearest(Value("mail.contoso.com"), names)
    assert "mail.eu.contoso.com" == nearest(Value("gw.eu.contoso.com"), names)
    assert nearest(Value("mail.adatum.com"), names) is None
    assert 1 == closeness(Value("mail.adatum.com"), names)
    assert 2 == closeness(Value("mail.contoso.com"), names)
    assert 0 == closeness(Value("mail.example.org"), names)
    assert 0 == closeness(Value("mail.example.org"), [])


def test_a_name_that_is_not_plain_is_near_to_nothing() -> None:
    """What a name would be if it were mapped is neither near a value nor among the DNS names."""
    names = ["\uff4dail.contoso.com", "Contoso Mail Gateway", "gw.contoso.com"]
    assert nearest(Value("mail.contoso.com"), names) == "gw.contoso.com"
    assert nearest(Value("mail.contoso.com"), names[:2]) is None
    assert dns_names(names) == ("gw.contoso.com",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mail.contoso.com", True),
        ("*.contoso.com", True),
        ("Contoso.COM.", True),
        ("localhost", True),
        ("*.com", False),
        ("m*.contoso.com", False),
        ("Contoso Ltd", False),
        ("10.0.0.1", False),
        ("b\u00fccher.de", False),
        ("", False),
    ],
)
def test_is_dns_name(name: str, expected: bool) -> None:
    """A plain host name, or a wildcard over one of two labels, is a DNS name; nothing else is."""
    assert is_dns_name(name) is expected


@pytest.mark.parametrize(
    ("domain", "expected"),
    [("contoso.com", True), ("co.uk", False), ("com", False), ("a.co.uk", True), ("ibm.de", True)],
)
def test_registrable_knows_a_second_level_registry(domain: str, expected: bool) -> None:
    """Advice never names a wildcard over a registry's own domain."""
    assert expected == registrable(domain)


def test_dns_names_drops_what_is_no_dns_name() -> None:
    """Only DNS names and wildcards over one remain, normalised and once."""
    assert ("mail.contoso.com", "*.contoso.com") == dns_names(
        ["Mail.contoso.com", "mail.contoso.com.", "Contoso Ltd", "10.0.0.1", "*.contoso.com", "*.com"]
    )


LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
DOMAIN = st.lists(LABEL, min_size=2, max_size=4).map(".".join)


@SOME
@given(st.text(max_size=300))
def test_any_text_is_a_value_or_a_value_error(text: str) -> None:
    """No text makes the parser raise anything but ValueError, and what it accepts reads back the same."""
    try:
        value = parse_value(text)
    except ValueError as error:
        outcome = str(error)
    else:
        assert value == Value(parse_value(str(value)).domain, value.wildcard, value.issuer)
        outcome = str(value)
    assert outcome.isascii()


@SOME
@given(DOMAIN, st.lists(st.text(max_size=80), max_size=5), st.booleans())
def test_any_certificate_names_can_be_compared(domain: str, names: list[str], wildcard: bool) -> None:
    """Hostile certificate names never raise, neither in matching nor in what is derived from it."""
    value = Value(domain, wildcard)
    assert match(value, names).kind in KINDS
    assert nearest(value, names) in (None, *names)
    assert covers(names, domain) in (None, *names)
    assert all(parse_value(one) for one in satisfiable(names))


@SOME
@given(DOMAIN, LABEL, st.booleans(), st.sampled_from(["{0}", "{1}.{0}", "*.{0}", "x.{1}.{0}", "*.{1}.{0}", "x{0}"]))
def test_case_and_a_trailing_dot_change_nothing(domain: str, label: str, wildcard: bool, shape: str) -> None:
    """The kind of a match does not depend on the case of value or name, nor on a trailing dot."""
    name = shape.format(domain, label)
    value = f"*.{domain}" if wildcard else domain
    plain = match(parse_value(value), [name])
    assert plain.kind == match(parse_value(value.upper() + "."), [name]).kind
    assert plain.kind == match(parse_value(value), [name.upper() + "."]).kind


@SOME
@given(DOMAIN, LABEL)
def test_the_rules_mirror_each_other(domain: str, label: str) -> None:
    """Equal texts are exact; where a wildcard meets a plain name, a wildcard value is certain and a wildcard name is
    not; a longer name that merely ends alike matches nothing."""
    host, wild = f"{label}.{domain}", f"*.{domain}"
    for same in (domain, host, wild):
        assert Match("exact", same) == match(parse_value(same), [same])
    assert Match("wildcard-value", host) == match(parse_value(wild), [host])
    assert Match("wildcard-certificate", wild, uncertain=True) == match(parse_value(host), [wild])
    assert Match("apex", domain) == match(parse_value(wild), [domain])
    assert Match("apex", wild, uncertain=True) == match(parse_value(domain), [wild])
    assert "none" == match(parse_value(wild), [f"{label}{domain}"]).kind


@SOME
@given(DOMAIN, DOMAIN)
def test_whatever_is_satisfiable_is_satisfied_with_certainty(one: str, other: str) -> None:
    """Every value suggested for a certificate is met by its names, and none of them by an uncertain rule."""
    names = [one, f"*.{other}"]
    for text in satisfiable(names):
        found = match(parse_value(text), names)
        assert found.kind != "none"
        assert not found.uncertain
