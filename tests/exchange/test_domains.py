"""domains: names as text, normalised or refused, their parents and whose they can be."""

from __future__ import annotations

import pytest

from certready.exchange.domains import a_label, ancestors, parent, quoted, registrable, under

LABEL = "a" * 63
LONGEST = f"{LABEL}.{LABEL}.{LABEL}.{'a' * 57}.com"
FOREIGN = f"{LABEL}.{LABEL}.{LABEL}.{'a' * 44}.xn--bcher-kva.de"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A.Contoso.COM", "a.contoso.com"),
        ("contoso.com.", "contoso.com"),
        ("contoso.com..", None),
        (".contoso.com", None),
        ("a..contoso.com", None),
        ("", None),
        (".", None),
        ("x", "x"),
        ("7", None),
        ("7.a", "7.a"),
        ("a.7", None),
        ("a.7b", "a.7b"),
        ("-a.com", None),
        ("a-.com", None),
        ("a.-com", None),
        ("a.com-", None),
        ("a_b.com", "a_b.com"),
        ("a b.com", None),
        ("a.com\n", None),
        (f"{LABEL}.com", f"{LABEL}.com"),
        (f"{LABEL}a.com", None),
        (f"com.{LABEL}a", None),
        (LONGEST, LONGEST),
        (f"{LONGEST}.", LONGEST),
        (f"a{LONGEST}", None),
        (f"{LONGEST}a", None),
        ("B\u00dcCHER.de", "xn--bcher-kva.de"),
        ("b\u00fccher.de.", "xn--bcher-kva.de"),
        ("b\u00fccher\u3002de\u3002", "xn--bcher-kva.de"),
        (FOREIGN.replace("xn--bcher-kva", "b\u00fccher"), FOREIGN),
        (FOREIGN.replace("xn--bcher-kva", "ab\u00fccher"), None),
        ("\u00fc*.de", None),
        ("\u00fc" * 64 + ".de", None),
        ("\u00fc" + "\u00ad" * 3 + ".de", "xn--tda.de"),
        ("\u00fc" + "\u00ad" * 300 + ".de", None),
    ],
)
def test_a_name_becomes_lower_case_a_labels_or_is_refused(name: str, expected: str | None) -> None:
    """63 octets in a label and 253 in all are a name, one more is none, counted in A-labels; one trailing dot is left
    off, in either form; empty labels, hyphens at an end and a last label of digits make no host name."""
    assert (253, 253) == (len(LONGEST), len(FOREIGN))
    assert expected == a_label(name)


def test_a_name_is_measured_as_it_is_written() -> None:
    """What is long only by characters that a name does not keep is refused too: nobody has to look at them all."""
    ignored = "\N{SOFT HYPHEN}"
    assert "a.example" == a_label(f"a{ignored * 200}.example")
    assert a_label(f"a{ignored * 300}.example") is None


def test_what_lies_above_a_name() -> None:
    """The parent leaves one label off; the ancestors go up to the last label, the nearest first."""
    assert ["b.c", ""] == [parent("a.b.c"), parent("c")]
    assert ["b.c", "c"] == list(ancestors("a.b.c"))
    assert [] == list(ancestors("c"))
    assert [True, False, False] == [under(name, "b.c") for name in ("a.b.c", "b.c", "ab.c")]


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        *((f"{label}.uk", False) for label in ("ac", "co", "com", "edu", "go", "gov", "gv", "ltd", "ne", "net", "nom")),
        *((f"{label}.nz", False) for label in ("or", "org", "plc")),
        *((f"{label}.example", True) for label in ("co", "com", "gov", "org")),
        ("contoso.uk", True),
        ("contoso.com", True),
        ("a.contoso.com", True),
        ("contoso.co.uk", True),
        ("co.uk.example", True),
        ("uk", False),
        ("", False),
    ],
)
def test_a_name_under_which_registries_sell_is_nobodys(domain: str, expected: bool) -> None:
    """Two labels can be somebody's unless the first is a registry's under a country's own; three always can."""
    assert expected is registrable(domain)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "''"),
        ("O'Brien", '"O\'Brien"'),
        ("Z\u00fcrich\n", "'Z\\xfcrich\\n'"),
        ("x" * 80, f"'{'x' * 80}'"),
        ("x" * 81, f"'{'x' * 77}...'"),
        ("abc" * 27, f"'{('abc' * 27)[:77]}...'"),
    ],
)
def test_foreign_text_is_quoted_in_ascii_and_shortened(text: str, expected: str) -> None:
    """80 characters are shown whole, of more the first 77 with dots."""
    assert expected == quoted(text)
