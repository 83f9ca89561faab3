"""planned: names of a certificate to be bought as a bundle."""

from __future__ import annotations

import pytest

from certready.errors import UsageError
from certready.exchange.planned import planned
from certready.model import Bundle, Planned, Target


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("mail.contoso.com",), ("mail.contoso.com",)),
        (("*.Contoso.COM.", "mx.contoso.com", "*.contoso.com"), ("*.contoso.com", "mx.contoso.com")),
        (("b\u00fccher.de",), ("xn--bcher-kva.de",)),
    ],
)
def test_planned_names_are_a_bundle_of_one_certificate(names: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """The names in A-labels, each once and in their order, stand for one certificate that does not exist yet."""
    bundle = planned(*names)
    assert Bundle(Target("planned", ", ".join(expected)), (), planned=(Planned(expected),)) == bundle


@pytest.mark.parametrize("name", ["", "contoso", "*.com", "*", "10.0.0.1", "a b.com", "<I>CN=CA<S>CN=mail.contoso.com"])
def test_what_no_certificate_carries_is_refused(name: str) -> None:
    """A single label, an address, text with an issuer in it and other than names are wrong usage, each quoted."""
    with pytest.raises(UsageError) as raised:
        planned("mail.contoso.com", name)
    assert (f"{name!r} is not a DNS name.", "Write mail.contoso.com, or *.contoso.com.") == (
        raised.value.message,
        raised.value.hint,
    )


def test_no_name_is_wrong_usage() -> None:
    """Nothing to compare is said, with what is missing."""
    with pytest.raises(UsageError) as raised:
        planned()
    assert ("No name was given.", "Name what the certificate is to be issued for.") == (
        raised.value.message,
        raised.value.hint,
    )
