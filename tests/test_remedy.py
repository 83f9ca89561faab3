"""Remedies: exact lines, quoted, that do nothing until somebody edits them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from certready import bundle as bundles
from certready.demo.pki import Authority, Issued
from certready.exchange.clouds import CLOUDS
from certready.exchange.powershell import quote, set_value
from certready.gathering import gather
from certready.judging import judge, remedies
from certready.model import AcceptedDomain, Connector, Evidence, Options
from certready.model.remedy import SCRIPT, Remedy
from certready.model.report import Report, Severity
from certready.remedy.connectors import asking_for, new_inbound
from certready.remedy.dotnet import distinguished_name, tls_certificate_name
from certready.remedy.exchange import bind_certificate, new_send_connector, send_to_smart_host
from certready.remedy.names import registered
from certready.remedy.request import request, wanted_names
from certready.render.script import script
from certready.roots.plain import with_extra
from certready.rules import RULES
from certready.rules.connector import DISABLED
from certready.x509.certificate import Certificate
from tests.weights.case import PASS, Checked
from tests.weights.cases import CASES

SINGLE = "'\u2018\u2019\u201a\u201b"
DOUBLE = '"\u201c\u201d\u201e'
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


# -- a small parser of PowerShell ---------------------------------------------------------------------------------


def literals(line: str) -> list[str]:
    """The words of one PowerShell command line, single-quoted strings taken literally.

    Any of the four single quotation marks opens a string and any closes it; two of them in a row stand for the second
    (about_Quoting_Rules; CharTraits.IsSingleQuote). Whatever would expand, end the command or begin a comment outside
    of a string is refused, so that a value that breaks out of its quotation marks cannot go unnoticed.
    """
    words: list[str] = []
    current: str | None = None
    at = 0
    while at < len(line):
        char = line[at]
        if char in SINGLE:
            text, at = _string(line, at + 1)
            current = (current or "") + text
            continue
        assert char not in DOUBLE + ";|&`#", f"{char!r} outside of a string in {line!r}"
        if char.isspace():
            if current is not None:
                words.append(current)
            current = None
        else:
            current = (current or "") + char
        at += 1
    return words if current is None else [*words, current]


def _string(line: str, at: int) -> tuple[str, int]:
    text = ""
    while True:
        assert at < len(line), f"a string does not end in {line!r}"
        if line[at] not in SINGLE:
            text += line[at]
            at += 1
        elif line[at + 1 : at + 2] and line[at + 1] in SINGLE:
            text += line[at + 1]
            at += 2
        else:
            return text, at + 1


NAMES = st.text(
    st.one_of(st.sampled_from(SINGLE + DOUBLE + "[]$`;|&(){}#<>,*? -"), st.characters(categories=["L", "N", "P", "S"])),
    min_size=1,
    max_size=40,
).filter(lambda text: bool(text.strip()))


@given(NAMES)
@example("[SEPPmail] Appliance -> ExchangeOnline")
@example("O\u2019Brien's \u201cgateway\u201d $(Remove-Item x); #")
@settings(max_examples=200, deadline=None)
def test_a_connector_name_stays_one_literal(name: str) -> None:
    """Whatever a connector is called, it reaches the cmdlet as one literal argument, and nothing else gets out."""
    connector = Connector(name, "inbound", "mail.contoso.com", source="tenant")
    expected = ["Set-InboundConnector", "-Identity", name, "-TlsSenderCertificateName", "*.contoso.com"]
    assert expected == literals(set_value(connector, "*.contoso.com"))


@pytest.mark.skipif(shutil.which("pwsh") is None, reason="PowerShell is not on this machine (optional)")
@given(NAMES)
@settings(max_examples=10, deadline=None)
def test_powershell_reads_the_literal_alike(name: str) -> None:
    """Where PowerShell is at hand it reads the very same text."""
    code = f"[Console]::OutputEncoding = [Text.Encoding]::UTF8; [Console]::Out.Write({quote(name)})"
    ran = subprocess.run(["pwsh", "-NoProfile", "-Command", code], capture_output=True, check=True)
    assert name == ran.stdout.decode()


# -- names as .NET writes them ------------------------------------------------------------------------------------


def name(*parts: tuple[ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value, _validate=False) for oid, value in parts])


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        (
            name(
                (NameOID.COUNTRY_NAME, "US"),
                (NameOID.STATE_OR_PROVINCE_NAME, "Washington"),
                (NameOID.LOCALITY_NAME, "Redmond"),
                (NameOID.ORGANIZATION_NAME, "Contoso, Inc."),
                (NameOID.ORGANIZATIONAL_UNIT_NAME, "IT"),
                (NameOID.COMMON_NAME, "mail.contoso.com"),
            ),
            'CN=mail.contoso.com, OU=IT, O="Contoso, Inc.", L=Redmond, S=Washington, C=US',
        ),
        (name((NameOID.ORGANIZATION_NAME, 'The "Best" CA')), 'O="The ""Best"" CA"'),
        (name((NameOID.ORGANIZATION_NAME, " padded ")), 'O=" padded "'),
        (name((NameOID.COMMON_NAME, "a=b+c<d>e#f;g")), 'CN="a=b+c<d>e#f;g"'),
        (name((NameOID.COMMON_NAME, "back\\slash/and.dots")), "CN=back\\slash/and.dots"),
        (
            name((NameOID.EMAIL_ADDRESS, "ca@contoso.com"), (NameOID.DOMAIN_COMPONENT, "com")),
            "DC=com, E=ca@contoso.com",
        ),
        (name((NameOID.BUSINESS_CATEGORY, "Private Organization")), "OID.2.5.4.15=Private Organization"),
        (name((NameOID.JURISDICTION_COUNTRY_NAME, "DE")), "OID.1.3.6.1.4.1.311.60.2.1.3=DE"),
        (name(), ""),
    ],
)
def test_distinguished_names_are_dotnet_strings(given_name: x509.Name, expected: str) -> None:
    """A name is written as X509Certificate2.Subject: last part first, S for the state, quoted as CertNameToStr does."""
    assert expected == distinguished_name(given_name)


def test_several_attributes_of_one_part_are_joined_by_plus() -> None:
    """A relative name of two attributes is joined by a plus sign, in its own order."""
    part = x509.RelativeDistinguishedName(
        [x509.NameAttribute(NameOID.COMMON_NAME, "a"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "b")]
    )
    country = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COUNTRY_NAME, "US")])
    assert {"CN=a + O=b, C=US", "O=b + CN=a, C=US"} & {distinguished_name(x509.Name([country, part]))}


@pytest.fixture(scope="module")
def issuing() -> Authority:
    return Authority.root(crl_url="http://crl.example.test/root.crl").intermediate(
        "Contoso Issuing",
        crl_url="http://crl.example.test/issuing.crl",
        subject_name=name(
            (NameOID.COUNTRY_NAME, "US"),
            (NameOID.ORGANIZATION_NAME, "O\u2019Brien & Co, Ltd"),
            (NameOID.COMMON_NAME, "CA 1"),
        ),
    )


def test_the_exchange_value_survives_powershell(issuing: Authority) -> None:
    """Issuer with a comma and a typographic apostrophe: PowerShell hands Exchange the very <I>issuer<S>subject."""
    leaf = Certificate(issuing.issue("mail.contoso.com").der)
    value = tls_certificate_name(leaf)
    assert '<I>CN=CA 1, O="O\u2019Brien & Co, Ltd", C=US<S>CN=mail.contoso.com, O=Example Test' == value
    line = next(line for line in bind_certificate(leaf).lines if line.startswith("$name"))
    assert ["$name", "=", value] == literals(line)


def test_an_empty_subject_is_said(issuing: Authority) -> None:
    """Without a subject nothing follows <S>, and the remedy says that Exchange cannot tell such certificates apart."""
    leaf = Certificate(issuing.issue("mail.contoso.com", subject_name=x509.Name([])).der)
    assert (tls_certificate_name(leaf) or "").endswith("<S>")
    assert any("subject of this certificate is empty" in note for note in bind_certificate(leaf).notes)


def test_commands_bind_send_and_receive_connectors(issuing: Authority) -> None:
    """The remedy for Exchange Server enables the certificate by thumbprint and binds both kinds of connector."""
    issued = issuing.issue("mail.contoso.com")
    lines = bind_certificate(Certificate(issued.der)).lines
    from cryptography.hazmat.primitives import hashes

    mark = issued.x509.fingerprint(hashes.SHA1()).hex().upper()
    assert f"Enable-ExchangeCertificate -Thumbprint '{mark}' -Services SMTP" in lines
    verbs = [line.split()[0] for line in lines]
    assert [
        "Import-ExchangeCertificate",
        "Enable-ExchangeCertificate",
        "$name",
        "Set-SendConnector",
        "Set-ReceiveConnector",
    ] == verbs


def test_new_connectors_are_of_the_right_type() -> None:
    """New-InboundConnector makes an OnPremises connector that requires TLS; New-SendConnector asks for a smart host."""
    words = literals(new_inbound("*.contoso.com").lines[0])
    assert "OnPremises" == words[words.index("-ConnectorType") + 1]
    assert "*.contoso.com" == words[words.index("-TlsSenderCertificateName") + 1]
    assert "-SmartHosts '<smart host>'" in new_send_connector("mail.contoso.com").lines[0]


def test_a_domain_is_registered_without_new_accepteddomain() -> None:
    """Exchange Online has no New-AcceptedDomain: no line of the remedy calls it, and the remedy says so."""
    words, remedy = registered("contoso.com")
    assert "no New-AcceptedDomain" in words.title
    assert [] == [line for line in remedy.lines if "New-AcceptedDomain" in line]
    assert any("no New-AcceptedDomain" in note for note in remedy.notes)
    assert "Set-AcceptedDomain -Identity 'contoso.com'" in remedy.lines[-1]


def test_the_cloud_decides_what_the_send_connector_compares(issuing: Authority) -> None:
    """In another cloud Exchange Online presents another name, and its admin center has another address."""
    government = next(cloud for cloud in CLOUDS if cloud.name == "GCC High")
    lines = bind_certificate(Certificate(issuing.issue("mail.contoso.com").der), government).lines
    assert any("-TlsDomain 'mail.protection.office365.us'" in line for line in lines)
    assert "portal.office365.us" in next(registered("contoso.com", government)).title


def test_a_smart_host_comes_with_routing_by_dns_off() -> None:
    """Set-SendConnector refuses smart hosts while DNSRoutingEnabled is $true, its default."""
    assert "-DNSRoutingEnabled $false -SmartHosts" in send_to_smart_host().lines[0]


def test_the_wizard_goes_before_the_hand() -> None:
    """Before a connector of the Hybrid Configuration Wizard is changed, the remedy says to run it."""
    connector = Connector("Inbound from 1a2b", "inbound", "x.com", source="tenant", made_by_hybrid_wizard=True)
    assert any("Wizard" in note for note in next(asking_for(connector, "*.contoso.com")).notes)
    assert not any("Wizard" in note for note in next(asking_for(INBOUND, "*.contoso.com")).notes)


def test_a_partners_name_is_neither_nearest_nor_asked_for(at_now: Authority) -> None:
    """Where nothing matches, the partner's connector is not the one that was meant, and its name goes into no request."""
    partner = Connector("Partner", "inbound", "mail.contoso.org", kind="Partner", source="tenant")
    _, found = judged(evidence(at_now.issue("mail.contoso.com", key="rsa"), (partner, INBOUND)))
    lines = lines_for(found, "names.connector-mismatch")
    assert [] == [line for line in lines if "contoso.org" in line or "'Partner'" in line]


# -- requests -----------------------------------------------------------------------------------------------------


def test_the_request_asks_for_connector_names_first() -> None:
    """The names of the request are those the connectors ask for, the host name, then the certificate's own."""
    names = wanted_names(
        ("old.contoso.com", "MAIL.contoso.com"), ("mail.contoso.com", "*", "*.fabrikam.com"), "gw.contoso.com"
    )
    assert ("mail.contoso.com", "*.fabrikam.com", "gw.contoso.com", "old.contoso.com") == names


def test_openssl_makes_the_request(tmp_path: object) -> None:
    """The line is one that openssl takes, and the request it makes carries exactly the names."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on this machine")
    names = ("mail.contoso.com", "*.fabrikam.com")
    line = request(names).lines[0].replace("rsa:3072", "rsa:2048") + " -noenc"
    subprocess.run(["sh", "-c", line], cwd=str(tmp_path), check=True, capture_output=True)
    from pathlib import Path

    made = x509.load_pem_x509_csr((Path(str(tmp_path)) / "gateway.csr").read_bytes())
    found = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == found.get_values_for_type(x509.DNSName)


# -- from a report to remedies ------------------------------------------------------------------------------------


def evidence(
    issued: Issued, connectors: tuple[Connector, ...], *, data: bytes | None = None, **options: object
) -> Evidence:
    """Evidence of this certificate under its own root, judged for these connectors, revocation not asked."""
    root = issued.issuer
    while root is not None and root.issuer is not None:
        root = root.issuer
    assert root is not None
    from certready.roots import stores

    store = with_extra(stores.load("mozilla"), (Certificate(root.der),))
    return gather(
        bundles.load(data or issued.chain_pem + issued.key_pem, name="gateway.pem"),
        connectors,
        now=NOW,
        roots=store,
        accepted_domains=[AcceptedDomain("contoso.com")],
        options=Options(revocation="off", **options),  # type: ignore[arg-type]
    )


def judged(found: Evidence) -> tuple[Report, tuple[Remedy, ...]]:
    report = judge(found)
    return report, remedies(found)


def lines_for(found: tuple[Remedy, ...], rule: str, *, online: bool = False) -> list[str]:
    """What is typed against a rule, everywhere or in Exchange Online."""
    mine = (one for one in found if rule in one.rules and (one.where == "exchange-online" or not online))
    return [line for remedy in mine for line in remedy.lines]


@pytest.fixture(scope="module")
def at_now() -> Authority:
    """A CA whose certificates are valid at the moment judged."""
    root = Authority.root(moment=NOW, crl_url="http://crl.example.test/r.crl")
    return root.intermediate(moment=NOW, crl_url="http://crl.example.test/i.crl")


INBOUND = Connector("[SEPPmail] Appliance -> ExchangeOnline", "inbound", "mail.fabrikam.com", source="tenant")
OUTBOUND = Connector("To 'gateway'", "outbound", "mx.contoso.com", level="domain-validation", source="tenant")


def test_a_mismatch_sets_the_value_or_asks_for_the_name(at_now: Authority) -> None:
    """A name mismatch gives the Set line with a value the certificate satisfies, and a request with the name asked for."""
    _, found = judged(evidence(at_now.issue("mail.contoso.com", key="rsa"), (INBOUND,)))
    words = literals(lines_for(found, "names.connector-mismatch", online=True)[0])
    assert [INBOUND.name, "*.contoso.com"] == [words[2], words[4]]
    lines = lines_for(found, "names.connector-mismatch")
    assert any("DNS:mail.fabrikam.com,DNS:mail.contoso.com" in line for line in lines)


def test_an_outbound_remedy_is_validated(at_now: Authority) -> None:
    """After an outbound connector is changed, the lines validate it."""
    _, found = judged(evidence(at_now.issue("mail.contoso.com", key="rsa"), (OUTBOUND,)))
    lines = lines_for(found, "names.connector-mismatch", online=True)
    assert ["Set-OutboundConnector", "Validate-OutboundConnector", "Set-OutboundConnector"] == [
        line.split()[0] for line in lines[:3]
    ]
    assert all(literals(line)[2] == "To 'gateway'" for line in lines[:3])


def test_an_applied_value_mends_the_mismatch(at_now: Authority) -> None:
    """With the value of the remedy in the connector, the same certificate matches and its domain is accepted."""
    issued = at_now.issue("mail.contoso.com", key="rsa")
    report, found = judged(evidence(issued, (INBOUND,)))
    assert "not-ready" == report.verdict
    value = literals(lines_for(found, "names.connector-mismatch", online=True)[0])[4]
    again, _ = judged(evidence(issued, (replace(INBOUND, value=value),)))
    assert [] == [one.rule for one in again.findings if one.severity is Severity.FAIL and one.rule.startswith("names.")]


def test_a_missing_intermediate_names_every_gateway(at_now: Authority) -> None:
    """For an incomplete chain there are lines for Exchange, Postfix, Exim, SEPPmail and a shell."""
    issued = at_now.issue("mail.contoso.com", key="rsa")
    _, found = judged(evidence(issued, (replace(INBOUND, value="*.contoso.com"),), data=issued.pem + issued.key_pem))
    places = {one.where for one in found if "chain.incomplete" in one.rules}
    assert {"exchange-server", "postfix", "exim", "seppmail", "ca"} == places
    assert "smtp_tls_chain_files = /etc/postfix/tls/gateway.pem" in lines_for(found, "chain.incomplete")


def test_a_remedy_is_said_once(at_now: Authority) -> None:
    """Two findings with the same remedy share it, and it names both."""
    issued = at_now.issue("mail.contoso.com", key="rsa", days=30, age=25)
    _, found = judged(evidence(issued, (INBOUND,), hostname="gw.contoso.com"))
    assert len(found) == len({(one.title, one.where, one.lines, one.notes) for one in found})
    shared = next(one for one in found if one.where == "postfix")
    assert {"expiry.soon", "names.hostname-mismatch"} <= set(shared.rules)


# Rules that can fail or warn and have nothing an administrator could type: what is odd lies with the run or elsewhere.
NO_LINES = frozenset(
    {
        *("bundle.ca-key", "bundle.key-unreadable", "bundle.unreadable"),
        *("chain.other-store", "chain.store-old", "chain.too-complex", "chain.trusted", "expiry.not-yet-valid"),
        *(
            "revocation.good",
            "revocation.skipped",
            "tls.unreachable",
            "tls.deferred",
            "tls.direction",
            "names.no-common-name",
        ),
    }
)


def test_every_contract_rule_that_can_fail_has_lines() -> None:
    """Every rule of the contract that can fail or warn has lines of its own, or is named as one that cannot have any."""
    bad = {
        rule.id
        for rule in RULES.values()
        for row in rule.weights
        if {row.inbound, row.validation, row.domain} & {Severity.FAIL, Severity.WARN}
    }
    typed = {rule for remedy in made_anywhere() if remedy.lines for rule in remedy.rules}
    assert set() == (bad & contract_rules()) - typed - NO_LINES
    assert set() == typed & NO_LINES


@cache
def made_anywhere() -> tuple[Remedy, ...]:
    """Every remedy of every case of the severity table, for whoever it weighs something there, and of the lint."""
    made: set[Remedy] = set()
    for case in CASES:
        heard = next((one for one, weight in case.expected.items() if weight and weight.severity is not PASS), None)
        if heard and isinstance(case.situation, Checked):
            made.update(remedies(case.situation.evidence(heard)))
    return tuple(made)


def test_a_builder_that_fails_costs_its_lines_alone() -> None:
    """What was seen, and the rule's own words, are reported whatever the builder of the remedy raises."""

    def failing() -> Iterator[Remedy]:
        yield Remedy("")
        raise ZeroDivisionError("no such line")

    seen = DISABLED.observed("It is off.", fix=failing)
    first, second = seen.remedies
    assert (DISABLED.fix, True) == (first.title, "ZeroDivisionError: no such line" in second.title)
    assert (seen.fix or "").startswith(DISABLED.fix)


def test_a_report_says_the_remedy_that_the_script_holds(at_now: Authority) -> None:
    """Title and lines of the fix are those of the script."""
    report, found = judged(evidence(at_now.issue("mail.contoso.com", key="rsa"), (INBOUND, OUTBOUND)))
    fixes = [one.fix for one in report.findings if one.rule == "names.connector-mismatch"]
    typed = [line.strip() for fix in fixes for line in (fix or "").splitlines() if line.startswith("  ")]
    assert 2 == len(typed)
    assert [] == [line for line in typed if line not in lines_for(found, "names.connector-mismatch")]


def contract_rules() -> set[str]:
    """The ids that other people's scripts key on."""
    subjects = {
        "bundle": "key-present key-missing key-mismatch order root-included unrelated-certificate legacy-encryption "
        "modern-encryption several-leaves irregular-pem ca-key key-unreadable unreadable",
        "chain": "trusted incomplete untrusted-root self-signed invalid strict-clients-refuse weak-signature "
        "root-restricted other-store store-old too-complex",
        "expiry": "valid expired not-yet-valid soon issuer-first lifetime-too-long",
        "revocation": "good revoked unreachable unknown stale invalid not-checkable short-lived skipped staple-missing",
        "names": "connector-match connector-mismatch connector-match-uncertain accepted-domain domain-not-accepted "
        "domain-acceptance-uncertain accepted-domains-unknown no-connector hostname-match hostname-mismatch "
        "no-common-name common-name-only many-names",
        "usage": "server-auth server-auth-missing client-auth-missing key-usage",
        "key": "strong weak not-rsa",
        "tls": "established unreachable no-starttls deferred handshake-failed old-version nodes-differ direction",
        "connector": "disabled wrong-type no-certificate trusted-organizations wildcard-recommended tls-not-required "
        "name-without-validation no-smart-host overlap locks-down",
    }
    return {f"{subject}.{one}" for subject, problems in subjects.items() for one in problems.split()}


# -- the script ---------------------------------------------------------------------------------------------------


def test_the_script_does_nothing_until_edited(at_now: Authority) -> None:
    """Every line of the script is a comment, whatever line ends hide in names, and a BOM tells PowerShell the encoding."""
    nasty = "x\r\nRemove-Item y\u2028z\x85\n# #>"
    connector = replace(INBOUND, name=nasty)
    report, found = judged(evidence(at_now.issue("mail.contoso.com", key="rsa"), (connector,)))
    data = script([((*found, Remedy("t\nRemove-Item", "ca", ("a\r\nb",), ("n\nm",), ("r\n",))), report)])
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    lines = re.split("[\r\n\x85\u2028\u2029]+", text)
    assert [] == [line for line in lines if line and not line.startswith("#")]


def test_an_uncommented_line_is_the_command(at_now: Authority) -> None:
    """Taking the comment sign away leaves exactly the command of the remedy."""
    report, found = judged(evidence(at_now.issue("mail.contoso.com", key="rsa"), (INBOUND,)))
    lines = script([(found, report)]).decode("utf-8-sig").split("\r\n")
    assert f"# {set_value(INBOUND, '*.contoso.com')}" in lines


def test_a_ready_certificate_needs_no_remedy(at_now: Authority) -> None:
    """Without findings to mend the script says so."""
    report, _ = judged(evidence(at_now.issue("mail.contoso.com", key="rsa"), (INBOUND,)))
    assert "Nothing needs to be changed." in script([((), report)]).decode("utf-8-sig")


def test_a_report_makes_nothing_that_the_script_alone_has() -> None:
    """What a builder yields behind the mark is made for --remedies only; the mark itself is no remedy."""
    made = []

    def build() -> Iterator[Remedy]:
        yield Remedy("Renew it.")
        yield SCRIPT
        made.append("lines")
        yield Remedy("Install it.", "ca", ("install",), script_only=True)

    seen = DISABLED.observed("It is disabled.", fix=build)
    assert ("Renew it.", []) == (seen.fix, made)
    assert ["Renew it.", "Install it."] == [remedy.title for remedy in seen.remedies]
    assert ["lines"] == made
