"""What is said of a client that came to the listener, and what it weighs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from certready.exchange import from_options
from certready.judging import judge
from certready.model import Connector, Endpoint, Evidence, Options, StoreInfo, Target
from certready.model.dialogue import Exchange
from certready.model.report import Finding, Report
from certready.smtp.listen import STILL_CONNECTED

CLEAR = Endpoint("gw.contoso.test", "192.0.2.1", 1, stage="ehlo", trouble="clear-text", error="It did not use it.")
OLD = Endpoint("gw.contoso.test", "192.0.2.1", 1, tls_version="TLSv1", cipher="AES128-SHA", stage="done")
INBOUND = from_options(("*.contoso.test",), (), "domain-validation")
OUTBOUND = from_options((), ("*.contoso.test",), "domain-validation")


def report(
    endpoint: Endpoint,
    connectors: tuple[Connector, ...] = INBOUND,
    dialogue: tuple[Exchange, ...] = (),
    **options: bool,
) -> Report:
    return judge(
        Evidence(
            certready="0",
            gathered_at=datetime(2026, 11, 21, tzinfo=UTC),
            target=Target("listen", "192.0.2.1"),
            options=Options(**options),  # type: ignore[arg-type]
            store=StoreInfo("microsoft"),
            endpoints=(endpoint,),
            connectors=connectors,
            accepted_domains=(),
            dialogue=dialogue,
        )
    )


def finding(judged: Report, rule: str) -> Finding:
    (it,) = [one for one in judged.findings if one.rule == rule]
    return it


def test_clear_text_is_not_ready() -> None:
    """A gateway that sends without TLS shows no certificate: not ready, and the report says that and the way out."""
    judged = report(CLEAR)
    said = finding(judged, "tls.no-client-certificate")
    assert "not-ready" == judged.verdict
    assert "without TLS, so without a client certificate" in said.message
    assert "It did not use it." in said.message
    assert "--server-cert" in (said.fix or "")


def test_clear_text_says_nothing_else_about_tls() -> None:
    """Nothing is said about TLS versions or about the listener's certificate, which this client never saw."""
    rules = {one.rule for one in report(CLEAR).findings}
    assert set() == {rule for rule in rules if rule.startswith(("tls.", "listen."))} - {"tls.no-client-certificate"}
    assert set() == {rule for rule in rules if rule.endswith("check-crashed")}


@pytest.mark.parametrize(("connectors", "certificate_only"), [(OUTBOUND, False), ((), True), ((), False)])
def test_clear_text_is_never_ready(connectors: tuple[Connector, ...], certificate_only: bool) -> None:
    """Whatever is asked for, a session in clear text is not ready."""
    assert "ready" != report(CLEAR, connectors, certificate_only=certificate_only).verdict


def test_an_old_client_offered_its_version_itself() -> None:
    """A client that speaks TLS 1.0 is not said to have been offered something: it makes the offer."""
    said = finding(report(OLD), "tls.old-version")
    assert "as client it offers no newer version" in said.message
    assert "were offered" not in said.message


TALK = (Exchange("", "220 x"), Exchange("EHLO", "250 x"), Exchange("STARTTLS", "220 go"), Exchange("EHLO", "250 x"))
DONE = replace(CLEAR, stage="done", trouble="", error=None, tls_version="TLSv1.3")


@pytest.mark.parametrize(
    ("dialogue", "endpoint", "distrusts"),
    [
        (TALK, DONE, True),
        ((*TALK, Exchange("", "421 4.7.0 certready: lines end within 2048 bytes")), DONE, False),
        (TALK, replace(DONE, error=STILL_CONNECTED), False),
    ],
)
def test_only_a_client_that_leaves_may_distrust(
    dialogue: tuple[Exchange, ...], endpoint: Endpoint, distrusts: bool
) -> None:
    """Whoever the listener sent away, or was there when the listener ended, says nothing about the listener's
    certificate by sending no mail."""
    rules = {each.rule for each in report(endpoint, dialogue=dialogue).findings}
    assert distrusts == ("listen.distrusted" in rules)
