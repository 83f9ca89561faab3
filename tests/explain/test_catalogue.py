"""The entries themselves: every cause with its source, every command one that exists."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from certready import schemas
from certready.explain import CATALOGUE, Cause, explain
from certready.explain.document import of_text
from certready.explain.model import Seen
from certready.explain.show import explanation_lines, filled
from certready.model.plain import json_values
from certready.render.layout import plain
from tests.command_lines import parsed

VALIDATOR = Draft202012Validator(schemas.load("explain"))
CAUSES = [(entry.id, cause) for entry in CATALOGUE for cause in entry.causes]
# Who documents what is explained here: Microsoft, and the projects whose messages are explained.
OWNERS = (
    *("learn.microsoft.com", "support.microsoft.com", "techcommunity.microsoft.com", "technet.microsoft.com"),
    *("github.com/MicrosoftDocs", "www.postfix.org", "docs.openssl.org", "www.rfc-editor.org"),
)


def test_ids_are_unique_and_references_hold() -> None:
    """Every entry has an id of its own and a cause, and refines only entries that exist, never itself by way of others."""
    ids = [entry.id for entry in CATALOGUE]
    assert len(ids) == len(set(ids))
    assert [] == [entry.id for entry in CATALOGUE if not entry.causes or not set(entry.refines) <= set(ids)]
    assert [] == [entry.id for entry in CATALOGUE if entry.id in entry.refines]


@pytest.mark.parametrize(("entry", "cause"), CAUSES)
def test_a_documented_cause_has_its_quotation(entry: str, cause: Cause) -> None:
    """*documented* only with the words of the thing's owner and their address; what is inferred quotes nobody."""
    quotation = cause.quotation
    if cause.confidence == "documented":
        assert quotation is not None
        address = urlsplit(quotation.source.address)
        assert f"{address.netloc}{address.path}".startswith(OWNERS), quotation.source
    if cause.confidence == "inferred":
        assert quotation is None
    if quotation:
        assert quotation.source.address.startswith(("https://", "http://"))
        assert 2 <= len(quotation.text.split()) <= 45
        assert quotation.text.isascii()


@pytest.mark.parametrize(("entry", "cause"), CAUSES)
def test_every_certready_command_is_accepted(entry: str, cause: Cause) -> None:
    """What a cause tells to type is accepted by the real command line, filled in or with its places."""
    seen = Seen(
        "mail.contoso.com", "contoso-com.mail.protection.outlook.com", "contoso.com", "a@contoso.com", "b@x.com"
    )
    for command in (*cause.confirm, *cause.lines):
        for line in (filled(command, seen), filled(command, Seen()), filled(command, Seen(sender="<>"))):
            assert "{" not in line or not line.startswith("certready")
            if line.startswith("certready "):
                parsed(line)
    assert "certready " not in cause.text + cause.change


def test_an_unknown_text_shows_the_nearest() -> None:
    """An unknown text is said to be unknown (3) and shows what is most like it."""
    found = explain("550 5.7.999 something about an inbound connector")
    assert (3, ()) == (found.exit_code, found.entries)
    text = plain(explanation_lines(found, None))
    assert "not in the catalogue" in text
    assert "Nearest: " in text


TEXTS = st.one_of(
    st.text(max_size=400),
    st.lists(
        st.sampled_from(sorted({word for entry in CATALOGUE for mark in entry.marks for word in mark})), max_size=30
    ).map(" ".join),
    st.binary(max_size=400).map(lambda data: data.decode("latin-1")),
)


@given(TEXTS)
@example("")
@example("@.@.@ <>[]{}&#x110000; &#;")
@example("Thumbprint: Expected Subject: . Presented Subject: CN=")
@example("message=")
@settings(max_examples=150, deadline=None)
def test_no_text_raises(text: str) -> None:
    """Whatever is pasted, there is an explanation, it can be shown, and its JSON meets the schema."""
    found = explain(text)
    plain(explanation_lines(found, 60))
    document = json_values(of_text(found))
    assert [] == list(VALIDATOR.iter_errors(document))
    json.dumps(document)
    assert found.exit_code == (0 if found.entries else 3)
