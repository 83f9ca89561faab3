"""What was gathered: whether it is enough, whether its dates can be relied on, and how old an export is."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

import certready
from certready import Bundle
from certready.model import AcceptedDomain, Connector, Endpoint, Evidence, Fault, Target
from tests.weights.case import FAIL, PASS, UNKNOWN, WARN, Cases, Checked, by_audience, connectors, everywhere
from tests.weights.material import CA, ROOT, checked, file, pem, probed

CASES = Cases()


@CASES.add("evidence.incomplete", everywhere(UNKNOWN))
def no_certificate_at_all() -> Checked:
    """Where there is no certificate, nothing was judged: that is unknown."""
    return checked(Bundle(Target("bytes", ""), ()))


@CASES.add("evidence.incomplete", everywhere(UNKNOWN))
def an_address_of_which_nothing_is_known() -> Checked:
    """An address that neither failed nor showed a certificate was not judged."""
    return probed(Endpoint("gw.contoso.com", "192.0.2.1", 25, stage="done"))


@CASES.add("evidence.incomplete", everywhere(UNKNOWN))
def names_without_a_certificate() -> Checked:
    """Names that are planned fit, and are never more than unknown."""
    return checked(certready.planned("mail.contoso.com"))


@CASES.add("evidence.redacted", everywhere(WARN, counted=False))
def stand_ins() -> Checked:
    """That names and certificates are stand-ins is said, and not counted."""
    return checked(file(), seen=lambda evidence: replace(evidence, redacted=True))


@CASES.add("evidence.clock-doubtful", everywhere(UNKNOWN))
def a_banner_of_another_hour() -> Checked:
    """Where the only other clock is hours off, no date is relied on."""

    def greeted(evidence: Evidence) -> Evidence:
        then = evidence.gathered_at + timedelta(hours=5)
        banner = f"220 gw.contoso.com ESMTP {then:%d %b %Y %H:%M:%S} +0000"
        return replace(evidence, endpoints=(Endpoint("gw.contoso.com", "192.0.2.1", 25, banner=banner),))

    return checked(file(), seen=greeted)


@CASES.add("bundle.unreadable", everywhere(UNKNOWN))
def a_file_of_a_folder_that_cannot_be_read() -> Checked:
    """A file that may hold a certificate and cannot be read is unknown."""
    fault = Fault("file", "mail/gateway.pfx", "mail/gateway.pfx is encrypted, and no password was given.")
    return checked(Bundle(Target("file", "mail/gateway.pfx"), (), faults=(fault,)))


@CASES.add("bundle.no-leaf", everywhere(FAIL))
def ca_certificates_alone() -> Checked:
    """A file of CA certificates alone shows no gateway's certificate and fails."""
    return checked(pem(CA, ROOT))


def exported(days: float) -> Checked:
    """Connectors of an export that was made so many days before."""
    return checked(
        file(), seen=lambda evidence: replace(evidence, exported_at=evidence.gathered_at - timedelta(days=days))
    )


@CASES.add("connector.export-old", everywhere(WARN))
def an_export_of_last_month() -> Checked:
    """Over 30 days old is a warning."""
    return exported(31)


@CASES.add("connector.export-dated", everywhere(PASS))
def an_export_of_yesterday() -> Checked:
    """The date of one that is not old is said and passes."""
    return exported(1)


@CASES.add("connector.in-region-routing", connectors(PASS))
def a_domain_with_a_mail_flow_region() -> Checked:
    """Where an accepted domain has a MailFlowRegion, what that asks of the gateway's certificate is said."""
    gateway = Connector("Gateway", "inbound", "*.contoso.com")
    return checked(file(), beside=(gateway,), accepted_domains=(AcceptedDomain("contoso.com", region="GBR"),))


@CASES.add("connector.wrong-type", by_audience(partner=UNKNOWN))
def a_partner_without_the_accepted_domains() -> Checked:
    """Whether a Partner connector's value is the tenant's own is unknown where its domains are."""
    return checked(file(), accepted_domains=None)
