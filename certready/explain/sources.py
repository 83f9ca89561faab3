"""The sources that the entries quote, those of the rules among them. A quotation stands beside the cause it carries."""

from __future__ import annotations

from certready.explain.model import Quotation
from certready.rules import sources as shared
from certready.rules.model import Source

_LEARN = "https://learn.microsoft.com/en-us/exchange/troubleshoot"
_NDR = f"{_LEARN}/email-delivery/ndr"
_KB = "https://support.microsoft.com/en-us/help"
_BLOG = "https://techcommunity.microsoft.com/t5/exchange-team-blog"
_TECHNET = "https://technet.microsoft.com/en-us/library"

# What rules rest on as well.
RELAY_2023 = shared.RELAY
HYBRID_TLS = shared.HYBRID
INBOUND = shared.SET_INBOUND
OUTBOUND = shared.SET_OUTBOUND
NEW_OUTBOUND = shared.NEW_OUTBOUND
LOOP = shared.MAIL_LOOP
UNTRUSTED = shared.UNTRUSTED_ROOT
NO_CREDENTIALS = shared.NO_CREDENTIALS
EVENT_11024 = shared.TOO_MANY_NAMES
EVENT_2004 = shared.PUBLIC_CA
REMOTE_TLS = shared.REMOTE_TLS
EXIM_ISSUE = shared.EXPIRED_CLIENT
REGIONS = shared.IN_REGION_ROUTING

# What only the entries quote.
RELAY = Source("Microsoft Learn, 550 5.7.64 TenantAttribution (KB 4051495)", f"{_NDR}/relay-access-denied-smtp")
CHAIN = Source(
    "Microsoft support, 550 5.7.64 through Exchange Online Protection (KB 3212877)",
    f"{_KB}/3212877",
)
ATTR36 = Source("Microsoft support, Relay Access Denied ATTR36 (KB 4019940)", f"{_KB}/4019940")
G2 = Source(
    "Exchange Team Blog, Trust DigiCert Global Root G2",
    "https://techcommunity.microsoft.com/blog/exchange/"
    "trust-digicert-global-root-g2-certificate-authority-to-avoid-exchange-online-ema/4488311",
)
OUTDATED = Source(
    "Exchange Team Blog, How to pause throttling and blocking of out-of-date servers",
    f"{_BLOG}/how-to-pause-throttling-and-blocking-of-out-of-date-on-premises/ba-p/4007169",
)
OLD_TLS = Source(
    "Exchange Team Blog, Email scenarios if TLS versions cannot be agreed",
    f"{_BLOG}/understanding-email-scenarios-if-tls-versions-cannot-be-agreed/ba-p/2065089",
)
DIRECT_SEND = Source(
    "Exchange Team Blog, Introducing more control over Direct Send",
    "https://techcommunity.microsoft.com/blog/exchange/"
    "introducing-more-control-over-direct-send-in-exchange-online/4408790",
)
MC1226222 = Source(
    "Message centre post MC1226222, as mirrored",
    "https://mwpro.co.uk/blog/2026/02/04/updated-prevent-fix-guidance-for-on-premises-connectors-configuration-mc1226222",
)
FAQ = Source(
    "Microsoft Learn, Inbound connector: FAQ",
    "https://learn.microsoft.com/en-us/exchange/mail-flow-best-practices/"
    "use-connectors-to-configure-mail-flow/inbound-connector-faq",
)
ROUTE_MAIL = Source(
    "Microsoft Learn, Set up connectors to route mail",
    "https://learn.microsoft.com/en-us/exchange/mail-flow-best-practices/"
    "use-connectors-to-configure-mail-flow/set-up-connectors-to-route-mail",
)
FILTERING = Source(
    "Microsoft Learn, Enhanced filtering for connectors",
    "https://learn.microsoft.com/en-us/exchange/mail-flow-best-practices/"
    "use-connectors-to-configure-mail-flow/enhanced-filtering-for-connectors",
)
BLOCKED = Source(
    "Microsoft Learn, Remove blocked connectors",
    "https://learn.microsoft.com/en-us/defender-office-365/connectors-remove-blocked",
)
NDR_LIST = Source(
    "Microsoft Learn, Email non-delivery reports in Exchange Online", f"{_NDR}/non-delivery-reports-in-exchange-online"
)
UNREGISTERED = Source(
    "Microsoft Learn, Error codes 5.7.700 through 5.7.750", f"{_NDR}/fix-error-code-5-7-700-through-5-7-750"
)
REGION = Source("Microsoft Learn, ATTR35 response code", f"{_LEARN}/email-delivery/wrong-office-365-region-exo")
THROTTLED = Source(
    "Microsoft Learn, Error code 451 4.7.500-699 (ASxxx)",
    f"{_NDR}/fix-error-code-451-4-7-500-699-asxxx-in-exchange-online",
)
RELAY_POOL = Source("Microsoft Learn, Error 5.7.367", f"{_NDR}/forwarded-message-rejected-5-7-367-ndr")
EXPIRED = Source("Microsoft Learn, NDR error 550 4.4.7", f"{_NDR}/fix-error-code-550-4-4-7-in-exchange-online")
MAIL_FLOW = Source(
    "Microsoft Learn, Mail flow intelligence",
    "https://learn.microsoft.com/en-us/defender-office-365/connectors-mail-flow-intelligence",
)
MTA_STS = Source(
    "Microsoft Learn, Enhancing mail flow with MTA-STS",
    "https://learn.microsoft.com/en-us/purview/enhancing-mail-flow-with-mta-sts",
)
SOCKET_ERROR = Source(
    "Microsoft Learn, Can't send or receive email when using TLS 1.1 or TLS 1.0",
    f"{_LEARN}/email-delivery/send-receive-emails-socketerror",
)
NEW_CERTIFICATE = Source(
    "Microsoft Learn, Can't receive mail after you install a new certificate (KB 2989382)",
    f"{_LEARN}/email-delivery/cannot-receive-mail-with-new-certificate",
)
UNKNOWN_CREDENTIALS = Source(
    "Microsoft support, Outbound email messages are not sent (KB 4051498)",
    f"{_KB}/4051498",
)
REMOVAL = Source(
    "Microsoft Learn, Can't remove a certificate", f"{_LEARN}/mailflow/cannot-remove-installed-certificate"
)
REQUIRE_TLS = Source("Microsoft support, RequiredTls flag (KB 3062283)", f"{_KB}/3062283")
NOT_BOUND = Source("Microsoft support, Secure Mail Certificate is not bound (KB 3058190)", f"{_KB}/3058190")
VALIDATE = Source("Microsoft support, Can't validate an outbound connector (KB 3179588)", f"{_KB}/3179588")
STARTTLS_CHOICE = Source(
    "Microsoft Learn, Selection of inbound STARTTLS certificates",
    "https://learn.microsoft.com/en-us/exchange/mail-flow/mail-routing/inbound-starttls-certificates-selection",
)
EVENT_11022 = Source("Microsoft TechNet, MSExchangeTransport 11022", f"{_TECHNET}/ff985053(v=exchg.141)")
EVENT_12013 = Source("Microsoft TechNet, MSExchangeTransport 12013", f"{_TECHNET}/ff985435(v=exchg.141)")
EVENT_12015 = Source("Microsoft TechNet, MSExchangeTransport 12015", f"{_TECHNET}/ff981561(v=exchg.141)")
EVENT_12016 = Source("Microsoft TechNet, MSExchangeTransport 12016", f"{_TECHNET}/ff983405(v=exchg.141)")
EVENT_12018 = Source("Microsoft TechNet, MSExchangeTransport 12018", f"{_TECHNET}/ff982351(v=exchg.141)")
EVENT_2015 = Source("Microsoft TechNet, MSExchangeTransport 2015", f"{_TECHNET}/ff982694(v=exchg.141)")
DNS_QUERY = Source(
    "Microsoft Learn, 451 4.4.0 DNS query failed",
    "https://learn.microsoft.com/en-us/exchange/troubleshoot/mailflow/dns-query-failed",
)
ALERTS = shared.rfc(8446, "6.2")
POSTFIX = Source(
    "postconf(5), smtp_tls_security_level", "https://www.postfix.org/postconf.5.html#smtp_tls_security_level"
)
OPENSSL = Source("OpenSSL, verification errors", "https://docs.openssl.org/1.0.2/man1/verify/")
TLSPOL_ISSUE = Source("postfix-tlspol, issue 142", "https://github.com/Zuplu/postfix-tlspol/issues/142")
SENDMAIL_REPORT = Source("Field report, 403 4.7.0", "https://newbetuts.com/667692-reason-403-470-tls-handshake-failed")
FIREWALL_REPORT = Source("Microsoft Q&A 2195248", "https://learn.microsoft.com/en-us/answers/questions/2195248")
BINDING_REPORT = Source(
    "Field report, 454 4.7.5", "http://blog.petersenit.co.uk/2017/07/office-365-454-475-certificate.html"
)
ROOTS_REPORT = Source(
    "Field report, 454 4.7.5 and old roots",
    "https://thecloudtechnologist.com/2018/12/15/"
    "how-to-fix-exchange-online-hybrid-outbound-connector-454-4-7-5-certificate-validation-failure/",
)
SEPPMAIL = Source("SEPPmail distributor article, The shift to certificate-based connectors")
PRACTICE = Source("Field reports, ranked by how often they came up")


def quote(source: Source, text: str) -> Quotation:
    """These words of this source."""
    return Quotation(text, source)
