"""What Exchange Online answers to a gateway about routes, regions and limits."""

from __future__ import annotations

from certready.explain import sources as s
from certready.explain.causes import (
    NO_MATCH,
)
from certready.explain.model import Cause, Entry
from certready.explain.sources import quote
from certready.remedy import commands as c

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "outdated-exchange",
        "450 4.7.230 or 550 5.7.230 Connecting Exchange server version is out-of-date",
        "inbound",
        "Exchange Online throttles, and later blocks, mail that an outdated Exchange Server sends over an OnPremises "
        "connector; it starts with a few minutes in each hour.",
        s.OUTDATED,
        (("4.7.230",), ("5.7.230",), ("connecting exchange server version is out of date",)),
        (
            Cause(
                "The Exchange Server that hands the mail over is older than the build Exchange Online requires.",
                "documented",
                "Update Exchange Server. Enforcement can be paused for up to 90 days a year.",
                ("Get-OnPremServerReportInfo",),
                quote(
                    s.OUTDATED,
                    "messages sent from out-of-date on-premises Exchange servers over an inbound connector of type "
                    "OnPremises would soon be subject to throttling and blocking",
                ),
                (
                    "Get-OnPremServerReportInfo",
                    "New-TenantExemptionInfo -BlockingScenario UnpatchedOnPremServer -NumberOfDays 30",
                ),
            ),
        ),
    ),
    Entry(
        "loop-online",
        "554 5.4.14 Hop count exceeded (ATTR34)",
        "inbound",
        "The message went back and forth between Exchange Online and the gateway until Exchange Online stopped it.",
        s.LOOP,
        (("5.4.14",), ("attr34",)),
        (
            Cause(
                "Mail for an accepted domain of type InternalRelay, whose recipients exist on neither side, is sent "
                "back and forth.",
                "documented",
                "Make the domain Authoritative, or exempt what comes from the gateway in the mail flow rule.",
                (c.ROUTE, c.LINT),
                quote(s.LOOP, "This failure is likely caused by accepted domain configuration issues."),
            ),
            Cause(
                "The gateway's mail is attributed to a different tenant from the one it came from, and that tenant "
                "sends it back; typical of one gateway with one certificate for several tenants.",
                "reported",
                "Use one certificate and one send connector for each tenant.",
                (c.ATTRIBUTE, c.LINT),
                quote(s.MC1226222, "your on-premises Exchange environment must use a unique client certificate"),
            ),
        ),
        refines=("loop-on-premises",),
    ),
    Entry(
        "loop-on-premises",
        "554 5.4.6 Hop count exceeded - possible mail loop",
        "outbound",
        "The message went in circles until an on-premises Exchange Server stopped it.",
        s.LOOP,
        (("5.4.6 hop count exceeded",), ("hop count exceeded",), ("5.4.6", "mail loop")),
        (
            Cause(
                "Exchange Server and Exchange Online each hold the other responsible for the recipient's domain.",
                "documented",
                "See which outbound connector takes the recipient, and make the domain Authoritative where its "
                "recipients are.",
                (c.ROUTE, c.LINT),
                quote(
                    s.LOOP,
                    "5.4.6 indicates a mail loop or routing problem in on-premises Exchange Server, which you would "
                    "likely encounter in a hybrid environment.",
                ),
            ),
        ),
    ),
    Entry(
        "wrong-region",
        "451 4.4.62 Mail sent to the wrong Office 365 region (ATTR35)",
        "inbound",
        "The smart host belongs to another region than the tenant the mail was attributed to.",
        s.REGION,
        (("4.4.62",), ("wrong office 365 region",), ("attr35",)),
        (
            Cause(
                "The gateway's smart host is wrong: guessed from the domain, or outdated (frontbridge, "
                "mail.messaging.microsoft.com, a bare address).",
                "documented",
                "Look up the domain's MX record and use that name as the smart host.",
                (c.MX,),
                quote(
                    s.REGION,
                    "used an MX record or smart host that contained an incorrect destination value for Microsoft 365",
                ),
            ),
            Cause(
                "No inbound connector matched, so the recipient's tenant decided where the mail belongs.",
                "documented",
                "Correct the connector or the certificate: a matching certificate attributes the mail to your own "
                "tenant.",
                (c.CHECK, c.ATTRIBUTE),
                quote(
                    s.REGION,
                    "make sure that your Inbound connectors in Microsoft 365 contain the correct sending certificate "
                    "name or SAN that is in use by that server or device",
                ),
            ),
        ),
    ),
    Entry(
        "no-subscription",
        "451 or 550 4.4.4 Mail received as unauthenticated ... no mail-enabled subscriptions (ATTR5)",
        "inbound",
        "The recipient's tenant has no subscription that includes mail; retrying does not help.",
        s.REGIONS,
        (("attr5",), ("no mail enabled subscriptions",), ("4.4.4 mail received as unauthenticated",)),
        (
            Cause(
                "The recipient's domain is registered in a tenant without a valid subscription: theirs has lapsed, or "
                "the domain sits in a forgotten trial tenant.",
                "documented",
                "Tell the recipient; if the domain is your own, renew the subscription or move the domain.",
                (c.MX,),
                quote(s.REGIONS, "the tenant does not have a valid subscription to receive email"),
            ),
            NO_MATCH,
        ),
    ),
    Entry(
        "temporary-attribution",
        "451 4.3.2 ATTR55, 451 4.4.3 ATTR55.1, ATTR3, PRX1 to PRX8: temporary server error",
        "inbound",
        "A temporary fault of attribution, proxying or load at Exchange Online; the gateway tries again.",
        s.REGIONS,
        (
            *(("attr3",), ("attr55",), ("attr55.1",)),
            *((f"prx{number}",) for number in range(1, 9)),
            ("maximum number of concurrent connections per resource forest",),
        ),
        (
            Cause(
                "Exchange Online is busy, or the tenant is being moved; the gateway's next attempt succeeds.",
                "documented",
                "Let the gateway retry. If it continues for an hour, check the service health page.",
                (),
                quote(s.REGIONS, "The following SMTP errors indicate a temporary system error"),
            ),
        ),
    ),
    Entry(
        "mixed-regions",
        "452 4.5.3 Too many recipients (ATTR38)",
        "inbound",
        "One session carries recipients of several regions, which must be sent separately.",
        s.REGIONS,
        (("attr38",),),
        (
            Cause(
                "The message names recipients in tenants of several regions; the gateway sends the rest again.",
                "reported",
                "Let the gateway send one message for each recipient's region, or use the right smart host.",
                (c.MX,),
            ),
        ),
        refines=("too-many-recipients",),
    ),
    Entry(
        "smart-host-not-resolved",
        "451 4.4.0 DNS query failed (in the queue of an Exchange Server)",
        "inbound",
        "Exchange Server cannot resolve the smart host, or the recipient's domain, of its send connector.",
        s.DNS_QUERY,
        (("451 4.4.0 dns query failed",), ("smtpsend.dns.nonexistentdomain",), ("smtpsend.dns",)),
        (
            Cause(
                "The DNS server that Exchange Server asks does not work, or does not know the name.",
                "documented",
                "See that the server resolves the smart host, and correct its name on the send connector.",
                (c.MX,),
                quote(s.DNS_QUERY, "the DNS server that Microsoft Exchange Server uses is not working"),
            ),
        ),
    ),
    Entry(
        "too-many-recipients",
        "452 4.5.3 Too many recipients",
        "inbound",
        "The message has more recipients than one transaction may carry.",
        s.NDR_LIST,
        (("4.5.3 too many recipients",), ("452 4.5.3",)),
        (
            Cause(
                "One transaction has more than 200 recipients in one domain.",
                "documented",
                "Let the gateway send fewer recipients per transaction; this has nothing to do with the certificate.",
                (),
                quote(s.NDR_LIST, "The message has more than 200 SMTP envelope recipients from the same domain."),
            ),
        ),
    ),
    Entry(
        "throttled",
        "451 4.7.500-699 Access denied, please try again later; Server busy (ASxxx)",
        "inbound",
        "Exchange Online throttles an address whose traffic it does not know: no connector recognised the gateway.",
        s.THROTTLED,
        (("4.7.500",), ("4.7.5", "server busy"), ("451 5.7.500",), ("server busy please try again later",)),
        (
            Cause(
                "The gateway sends more than it used to, and no connector matches it. With a matching certificate "
                "connector, its mail is the tenant's own and is not throttled.",
                "documented",
                "Make sure that the certificate connector matches; let the gateway retry in the meantime.",
                (c.CHECK, c.LISTEN),
                quote(
                    s.THROTTLED,
                    "the source email server (the connecting IP address) changed its previous email sending patterns",
                ),
            ),
        ),
    ),
    Entry(
        "client-not-authenticated",
        "530 or 535 5.7.57 Client not authenticated to send mail",
        "inbound",
        "This is the submission service, which requires a user name and a password, not the connector's endpoint.",
        s.NDR_LIST,
        (
            *(("5.7.57",), ("client not authenticated to send",), ("client was not authenticated to send",)),
            *(("535 5.7.3",), ("5.7.139",), ("smtpclientauthentication is disabled",)),
        ),
        (
            Cause(
                "The gateway sends to smtp.office365.com or to port 587, where certificates and connectors have no "
                "effect.",
                "documented",
                "Send to the host of the domain's MX record, port 25.",
                (c.MX,),
                quote(
                    s.NDR_LIST,
                    "You configured an application or device to send (relay) email messages in Microsoft 365 or Office "
                    "365 using the smtp.office365.com endpoint",
                ),
            ),
        ),
    ),
)
