"""Names out of a pasted text: from the fields that carry them, never from elsewhere."""

from __future__ import annotations

import pytest

from certready.explain import explain
from certready.explain.model import Seen
from certready.explain.show import explanation_lines, filled
from certready.render.layout import plain

POSTFIX = (
    "Nov 21 09:00:00 gw postfix/smtp[815]: 4DB1C1A2: to=<bob@fabrikam.com>, "
    "relay=contoso-com.mail.protection.outlook.com[52.101.73.1]:25, delay=2, dsn=5.7.64, status=bounced (host "
    "contoso-com.mail.protection.outlook.com[52.101.73.1] said: 550 5.7.64 TenantAttribution; Relay Access Denied "
    "[DB8EUR05FT052.eop-eur05.prod.protection.outlook.com] (in reply to RCPT TO command))"
)
BOUNCE = """Return-Path: <>
From: MAILER-DAEMON@gw.contoso.com (Mail Delivery System)
To: kate@tailspintoys.com
Message-Id: <20261121080000.4DB1C1A2@gw.contoso.com>

This is the mail system at host gw.contoso.com.

<bob@fabrikam.com>: host contoso-com.mail.protection.outlook.com[52.101.73.1] said: 550 5.7.64 TenantAttribution; Relay
    Access Denied [DB8EUR05FT052.eop-eur05.prod.protection.outlook.com] (in reply to RCPT TO command)

Reporting-MTA: dns; gw.contoso.com
X-Postfix-Queue-ID: 4DB1C1A2
X-Postfix-Sender: rfc822; kate@tailspintoys.com

Final-Recipient: rfc822; bob@fabrikam.com
Original-Recipient: rfc822;alias@contoso.com
Action: failed
Status: 5.7.64
Remote-MTA: dns; contoso-com.mail.protection.outlook.com
Diagnostic-Code: smtp; 550 5.7.64 TenantAttribution; Relay Access Denied

From: Kate <kate@tailspintoys.com>
Message-ID: <CAF=wxyz@mail.gmail.com>
"""
EXCHANGE = """Delivery has failed to these recipients or groups:

bob@fabrikam.com
Your message wasn't delivered.

Diagnostic information for administrators:

Generating server: AM0PR01MB1234.eurprd01.prod.outlook.com
Receiving server: AM0PR01MB1234.eurprd01.prod.outlook.com

bob@fabrikam.com
11/21/2026 3:48:53 PM - Server at mail.fabrikam.com (192.0.2.85) returned '450 4.4.317 Cannot connect to remote server
[Message=UntrustedRoot] [LastAttemptedServerName=mail.fabrikam.com] [LastAttemptedIP=192.0.2.85:25]'

Original message headers:

From: Anna <anna@contoso.com>
To: Bob <bob@fabrikam.com>
Message-ID: <VI1PR01MB1@VI1PR01MB1.eurprd01.prod.exchangelabs.com>
"""


def names(text: str) -> dict[str, str | None]:
    seen = explain(text).seen
    return {name: getattr(seen, name) for name in ("gateway", "smart_host", "domain", "sender", "recipient")}


def test_a_line_of_postfix_names_relay_and_recipient() -> None:
    """relay= is the smart host and to= the recipient; no sender stands in the line, so none is taken."""
    assert {
        "gateway": None,
        "smart_host": "contoso-com.mail.protection.outlook.com",
        "domain": None,
        "sender": None,
        "recipient": "bob@fabrikam.com",
    } == names(POSTFIX)


def test_a_bounce_names_sender_recipient_and_reporter() -> None:
    """X-Postfix-Sender and Final-Recipient count, not the addressee of the bounce and no Message-ID."""
    assert {
        "gateway": "gw.contoso.com",
        "smart_host": "contoso-com.mail.protection.outlook.com",
        "domain": "tailspintoys.com",
        "sender": "kate@tailspintoys.com",
        "recipient": "bob@fabrikam.com",
    } == names(BOUNCE)


def test_a_report_of_exchange_online_names_the_gateway() -> None:
    """The server that was attempted is the gateway; the generating server is Microsoft's and is nobody's."""
    assert {
        "gateway": "mail.fabrikam.com",
        "smart_host": None,
        "domain": "contoso.com",
        "sender": "anna@contoso.com",
        "recipient": "bob@fabrikam.com",
    } == names(EXCHANGE)


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("LED=450 4.4.317 [Message=UntrustedRoot]};{FQDN=mail.contoso.com}", "gateway", "mail.contoso.com"),
        ("{FQDN=contoso-cn.mail.protection.partner.outlook.cn}", "smart_host", "contoso-cn.mail.protection.partner.outlook.cn"),
        ("{FQDN=contoso-com.mail.protection.office365.us}", "gateway", None),
        ("[LastAttemptedServerName=192.0.2.85]", "gateway", None),
        ("Message-ID: <x@mail.fabrikam.com>", "sender", None),
        ("Message-ID: <x@mail.fabrikam.com>", "gateway", None),
        ("from=<>, size=1", "sender", "<>"),
        ("X-Postfix-Sender: rfc822; <>", "sender", "<>"),
        ("** bob@fabrikam.com F=<anna@contoso.com> R=dnslookup T=remote_smtp", "sender", "anna@contoso.com"),
        (" == bob@fabrikam.com R=dnslookup T=remote_smtp defer (-18) H=mx.fabrikam.com [192.0.2.1]", "gateway", "mx.fabrikam.com"),
        (" == bob@fabrikam.com R=dnslookup T=remote_smtp defer", "recipient", "bob@fabrikam.com"),
        ("From: postmaster@contoso.com", "sender", None),
        ("From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.com>", "sender", None),
        ("Expected Subject: *.contoso.com. Presented Subject: CN=EX01", "expected", "*.contoso.com"),
        ("TLS is required, but was not offered by host mail.contoso.com[192.0.2.18]", "gateway", "mail.contoso.com"),
        ("Remote Server returned '550'; from=<anna@outlook.com>", "domain", None),
    ],
)  # fmt: skip
def test_a_field_carries_its_name(text: str, field: str, value: str | None) -> None:
    """Each field gives what it is for, and nothing else does."""
    assert value == getattr(explain(text).seen, field)


def test_the_commands_name_what_the_text_names() -> None:
    """Smart host, gateway, sender and recipient of the text stand in the commands that confirm."""
    shown = plain(explanation_lines(explain(BOUNCE), None))
    assert (
        "--smart-host contoso-com.mail.protection.outlook.com --sender kate@tailspintoys.com --recipient bob@fabrikam.com"
        in shown
    )
    assert "certready probe mail.fabrikam.com " in plain(explanation_lines(explain(EXCHANGE), None))


def test_a_null_sender_is_a_null_sender_in_the_commands() -> None:
    """Where the text says that the sender is empty, the command says so; where it names none, the place stays."""
    command = "certready tenant tenant.json {sender}"
    assert "certready tenant tenant.json --null-sender" == filled(command, Seen(sender="<>"))
    assert "certready tenant tenant.json --sender <sender>" == filled(command, Seen())
