"""Error lines, bounces and symptoms into causes; rule ids into what they are about."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from certready import schemas
from certready.explain import CATALOGUE, explain
from certready.explain.find import MAX_TEXT
from certready.explain.show import explanation_dict, explanation_lines, filled, rule_dict, rule_lines
from certready.render.layout import plain
from certready.rules import RULES, looks_like_a_rule, rule_called, rule_in

VALIDATOR = Draft202012Validator(schemas.load("explain"))

# One row for each line of the catalogue of errors: what is pasted, what it is taken for.
LINES = {
    "550 5.7.64 TenantAttribution; Relay Access Denied [VI1EUR04FT012.eop-eur04.prod.protection.outlook.com]": (
        "relay-denied"
    ),
    "my-ms365-tenant.mail.protection.outlook.com [52.0.0.0] said: 550 5.7.64 TenantAttribution; Relay Access Denied": (
        "relay-denied"
    ),
    "550 5.7.64 TenantAttribution; Relay Access Denied SMTP": "relay-denied",
    "550 5.7.64 Relay Access Denied ATTR36. For more details please refer to KB 4019940": "relay-denied-attr36",
    "550 5.7.51 TenantInboundAttribution; There is a partner connector configured that matched the message's recipient "
    "domain. The connector had either the RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set": (
        "partner-lock-down"
    ),
    "550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized sources": (
        "direct-send"
    ),
    "550 5.7.711 Access denied, bad inbound connector. AS(2204)": "blocked-connector",
    "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains": "unregistered-domains",
    "554 5.4.14 Hop count exceeded - possible mail loop ATTR34": "mail-loop",
    "451 4.4.62 Mail sent to the wrong Office 365 region. ATTR35": "wrong-region",
    "451 4.4.4 Temporary server error. Please try again later ATTR5": "temporary-attribution",
    "451 4.4.4 ATTR3": "temporary-attribution",
    "452 4.5.3 Too many recipients (ATTR38)": "temporary-attribution",
    "451 4.3.2 Temporary ATTR55": "temporary-attribution",
    "451 4.4.3 Temporary server error. Please try again later ATTR55.1": "temporary-attribution",
    "451 4.7.0 Temporary server error. Please try again later. PRX5": "temporary-attribution",
    "454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: Access Denied": "tls-channel-untrusted",
    "454 4.7.0 Failed to establish appropriate TLS channel: Access Denied": "tls-channel",
    "530 5.7.0 Must issue a STARTTLS command first": "starttls-first",
    "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM": "client-not-authenticated",
    "535 5.7.57 Client not authenticated to send mail": "client-not-authenticated",
    "421 4.4.0 Remote server response was not RFC conformant": "connection-lost",
    "535 5.7.3 Authentication unsuccessful": "client-not-authenticated",
    "450 4.4.101 Proxy session setup failed on Frontend with '451 4.4.0 Primary target IP address responded with: "
    '"451 5.7.3 STARTTLS is required to send mail."\'': "no-usable-certificate",
    "Event ID 12014 Microsoft Exchange could not find a certificate that contains the domain name mail.contoso.com": (
        "no-usable-certificate"
    ),
    "454 4.7.5 The certificate specified in TlsCertificateName of the SendConnector could not be found": (
        "certificate-name-not-found"
    ),
    "454 4.7.5 Certificate validation failure, Reason:UntrustedRoot": "peer-refused-exchange",
    "TLS negotiation failed with error NoCredentials": "no-credentials",
    "421 4.4.1 Connection timed out. Attempted failover to alternate host, but that did not succeed": "connection-lost",
    "421 4.4.2 Connection dropped due to SocketError": "connection-lost",
    "450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot] [LastAttemptedServerName=mail.contoso.com] "
    "[LastAttemptedIP=192.0.2.1:25] [SmtpSecurity=-1;-1]": "outbound-untrusted-root",
    "450 4.4.317 Cannot connect to remote server [Message=SubjectMismatch Expected Subject: *.contoso.com. Presented "
    "Subject: CN=EX01. Thumbprint:DF3C24F9BFD666761B268073FE06D1CC8D4F82A4]": "outbound-subject-mismatch",
    "450 4.4.317 Cannot connect to remote server [Message=CertExpired]": "outbound-expired",
    "450 4.7.320 Certificate validation failed [Message=Expired]": "outbound-expired",
    "450 4.7.320 Certificate validation failed [Message=RevocationCheckFailure]": "outbound-revoked",
    "450 4.7.320 Certificate validation failed [Message=Something]": "outbound-validation",
    "Reason: [{LED=450 4.4.317 Cannot connect to remote server [Message=451 5.7.3 STARTTLS is required to send mail]};"
    "{MSG=};{FQDN=mail.contoso.com};{IP=192.0.2.1};{LRT=11/21/2026 9:00:00 AM}]": "starttls-required",
    "450 4.4.317 Cannot connect to remote server [Message=SocketError]": "outbound-socket",
    "450 4.4.317 Cannot connect to remote server [Message=x]": "outbound-tls",
    "450 4.4.312 DNS query failed": "outbound-dns",
    "450 4.4.315 Connection timed out": "outbound-timeout",
    "450 4.4.316 Connection refused": "outbound-refused",
    "450 4.4.318 Connection was closed abruptly": "outbound-closed",
    "450 4.7.321 starttls-not-supported": "dane-starttls-not-supported",
    "550 5.7.322 certificate-expired": "dane-certificate-expired",
    "550 5.7.323 tlsa-invalid: The domain failed DANE validation": "dane-tlsa-invalid",
    "450 4.7.324 dnssec-invalid": "dane-dnssec-invalid",
    "550 5.7.325 certificate-host-mismatch": "dane-certificate-host-mismatch",
    "550 5.4.8 MX hosts of contoso.com failed MTA-STS validation": "mta-sts",
    "451 4.7.5 Remote certificate failed MTA-STS validation. Reason: CertificateExpired": "mta-sts",
    "Cannot establish a TLS connection to the remote mail server": "remote-cannot-tls",
    "550 4.4.7 QUEUE.Expired; message expired": "message-expired",
    "MSExchangeTransport 11024 The certificate has too many subject alternative names": "many-names-ignored",
    "The connector was created in a disabled state. Contact Support": "connector-prohibited",
    "The RequireTLS flag should be set to true when TlsCertificateName is set": "hybrid-requiretls",
    # symptoms
    "SPF failures: our legitimate mails are flagged as spoofed": "spf-failures",
    "the traffic is logged in the wrong tenant": "wrong-tenant-logs",
    "our mail is misrouted": "misrouted-mail",
    "mail looping": "looping-mail",
    "since the certificate was renewed no mail goes out": "stopped-after-renewal",
    "out of office replies do not leave": "only-some-messages",
    "it fails only sometimes": "only-sometimes",
    "250-XXXXXXXA": "plain-text-greeting",
    "the gateway sends no client certificate": "no-client-certificate",
}


@pytest.mark.parametrize(("text", "expected"), LINES.items(), ids=list(LINES.values()))
def test_every_line_is_known(text: str, expected: str) -> None:
    """Each error line, pasted whole, is taken for itself before anything else."""
    assert expected == explain(text).entries[0].id


def test_every_entry_has_a_line() -> None:
    """No entry of the catalogue is without a line that leads to it."""
    assert {entry.id for entry in CATALOGUE} == set(LINES.values())


def test_ids_are_unique_and_causes_are_there() -> None:
    """Every entry has an id of its own, at least one cause, and beats only entries that exist."""
    ids = [entry.id for entry in CATALOGUE]
    assert len(ids) == len(set(ids))
    assert [] == [
        entry.id for entry in CATALOGUE if not entry.causes or not entry.source or not set(entry.beats) <= set(ids)
    ]


@pytest.mark.parametrize("text", [text for text, found in LINES.items() if any(char.isdigit() for char in text)])
def test_a_folded_and_surrounded_line_is_still_known(text: str) -> None:
    """Broken into lines, quoted by a reader, with a notice around it, a line is still taken for itself."""
    folded = "\r\n    ".join(text.split(" "))
    notice = f"Dear user,\nyour message to b@fabrikam.com was not delivered.\n\n{folded}\n\nRegards, the postmaster\n"
    assert LINES[text] == explain(notice).entries[0].id


def test_quoted_printable_and_html_are_undone() -> None:
    """A soft line break within a code, an entity and an invisible character do not hide a line."""
    assert "relay-denied" == explain("550 5.7.=\r\n64 Tenant\u200bAttribution&#59; Relay Access Denied").entries[0].id


def test_several_errors_in_one_text_are_all_named() -> None:
    """A log with two errors leads to both."""
    text = "550 5.7.64 TenantAttribution; Relay Access Denied\n" + "x" * 5000 + "\n450 4.4.316 Connection refused"
    assert {"relay-denied", "outbound-refused"} <= {entry.id for entry in explain(text).entries}


@pytest.mark.parametrize(
    "text",
    ["5.7.640", "15.7.64", "1.5.7.64", "5.7.64.1", "ATTR360", "version 5.7.51.2 installed", "dissatisfied attr3x"],
)
def test_codes_are_words_of_their_own(text: str) -> None:
    """A code within another number or word is not taken for it."""
    assert () == explain(text).entries


def test_words_far_apart_do_not_make_an_error() -> None:
    """Words of one line that stand far from each other in a log are not read together."""
    assert () == explain("4.4.1 " + "x " * 1000 + " 421").entries


def test_unknown_text_shows_the_nearest() -> None:
    """An unknown text is said to be unknown (3) and shows what is most like it."""
    found = explain("550 5.7.999 something about an inbound connector")
    assert (3, ()) == (found.exit_code, found.entries)
    assert found.nearest
    text = plain(explanation_lines(found, None))
    assert "not in the catalogue" in text
    assert "Nearest: " in text


def test_the_first_cause_is_the_commonest() -> None:
    """For a denied relay the name comes before rarer causes; every cause tells its confidence and what to change."""
    (entry,) = explain("550 5.7.64 TenantAttribution; Relay Access Denied").entries
    assert "TlsSenderCertificateName" in entry.causes[0].text
    assert all(cause.confidence in ("documented", "reported", "inferred") and cause.change for cause in entry.causes)


def test_the_commands_name_what_the_text_names() -> None:
    """Smart host, gateway, sender and recipient of the text stand in the commands that confirm."""
    text = (
        "contoso-com.mail.protection.outlook.com[52.101.73.1] said: 550 5.7.64 TenantAttribution; Relay Access Denied "
        "(in reply to RCPT TO command) from=<anna@contoso.com> to=<bob@fabrikam.com>"
    )
    shown = plain(explanation_lines(explain(text), None))
    assert (
        "--smart-host contoso-com.mail.protection.outlook.com --sender anna@contoso.com --recipient bob@fabrikam.com"
        in shown
    )
    led = "{LED=450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot]};{FQDN=mail.contoso.com}"
    assert "certready probe mail.contoso.com " in plain(explanation_lines(explain(led), None))


def test_every_command_can_be_filled() -> None:
    """No command of the catalogue has a place that is not filled in or shown in angle brackets."""
    seen = explain("").seen
    commands = [command for entry in CATALOGUE for cause in entry.causes for command in cause.confirm]
    assert [] == [command for command in commands if re.search(r"\{\w+\}", filled(command, seen))]


def test_every_certready_command_exists() -> None:
    """The commands that confirm are commands certready has, with options they know."""
    from certready.cli.app import COMMANDS, Lazy

    for entry in CATALOGUE:
        for command in (command for cause in entry.causes for command in cause.confirm):
            words = command.split()
            if words[0] == "certready":
                if words[1] not in COMMANDS:  # a command of the contract that a later release brings
                    assert words[1] in ("repair", "pfx"), command
                    continue
                options = {name for param in Lazy(words[1]).real().params for name in param.opts}
                assert {word for word in words if word.startswith("--")} <= options, command


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
@settings(max_examples=150, deadline=None)
def test_no_text_raises(text: str) -> None:
    """Whatever is pasted, there is an explanation, it can be shown, and its JSON meets the schema."""
    found = explain(text)
    plain(explanation_lines(found, 60))
    document = explanation_dict(found)
    assert [] == list(VALIDATOR.iter_errors(document))
    json.dumps(document)
    assert found.exit_code == (0 if found.entries else 3)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a.",
        "5.7.64 ",
        "421 4.4.1 ",
        "x@y.zz ",
        "&",
        "=\n",
        "Thumbprint: ",
        "expected subject: ",
        "-",
        "attr5",
        "\u00fc.",
    ],
)
def test_hostile_texts_cost_no_more_than_their_length(unit: str) -> None:
    """A MiB of a pattern that could make a search go back takes at most some times as long as a MiB of nothing special."""

    def cost(text: str) -> float:
        began = time.process_time()
        explain(text)
        return time.process_time() - began

    usual = max(min(cost("lorem ipsum dolor sit amet " * (MAX_TEXT // 27)) for _ in range(2)), 0.05)
    assert cost((unit * MAX_TEXT)[:MAX_TEXT]) < 30 * usual


def test_what_lies_behind_the_first_mib_is_not_read() -> None:
    """A text over the bound is cut, and the answer says so."""
    found = explain("x" * MAX_TEXT + " 550 5.7.64")
    assert (True, ()) == (found.cut, found.entries)
    assert "first MiB" in plain(explanation_lines(found, None))


# -- rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_explained(rule: str) -> None:
    """Each rule id is recognised in any case, shown, and its JSON meets the schema."""
    assert looks_like_a_rule(rule.upper())
    found = rule_called(rule.upper())
    assert found is not None
    assert rule in plain(rule_lines(found, 80))
    assert [] == list(VALIDATOR.iter_errors(rule_dict(found, rule)))


def test_a_crashed_check_is_explained_too() -> None:
    """The finding of a crashed check has an id of each subject and can be explained."""
    found = rule_called("names.check-crashed")
    assert found is not None
    assert "--save-evidence" in plain(rule_lines(found, None))
    assert rule_called("nothing.check-crashed") is None


def test_an_unknown_rule_names_those_spelt_alike() -> None:
    """A misspelt rule id is unknown and names its neighbours."""
    assert rule_called("chain.incomplet") is None
    nearest = rule_dict(None, "chain.incomplet")["nearest"]
    assert {"id": "chain.incomplete", "title": "An intermediate certificate is missing"} in nearest  # type: ignore[operator]


def test_a_rule_is_found_in_a_line_of_a_report() -> None:
    """A pasted line of a report leads to its rule."""
    assert "chain.incomplete" == rule_in("fail     chain.incomplete   The issuer of mail.contoso.com is missing.")
