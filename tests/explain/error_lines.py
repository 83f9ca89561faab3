"""Lines as administrators paste them, and what each is taken for first.

The strings are protocol: codes and sentences that Exchange Online, Exchange Server, Postfix, Exim, sendmail, OpenSSL and
gateways print, as they stand on public pages (Microsoft Learn and its Q&A, Exchange Team Blog, TechNet, issues of open
source projects, forums). Names, addresses and identifiers are replaced.
"""

from __future__ import annotations

EXO = "[AM0EUR02FT003.eop-EUR02.prod.protection.outlook.com]"
STAMP = "[CO1NAM11FT009.eop-nam11.prod.protection.outlook.com 2026-01-08T20:32:00.975Z 08DD2F9B58D61006]"
ATTEMPT = "[LastAttemptedServerName=mail.contoso.com] [LastAttemptedIP=192.0.2.128:25] [SmtpSecurity=-2;-2]"
THUMB = "Thumbprint:DF3C24F9BFD666761B268073FE06D1CC8D4F82A4"
PRIMARY = '451 4.4.0 Primary target IP address responded with: "{}" Attempted failover to alternate host, but that did '
PRIMARY += "not succeed. Either there are no alternate hosts, or delivery failed to all alternate hosts."

LINES: dict[str, tuple[str, ...]] = {
    "relay-denied": (
        f"550 5.7.64 TenantAttribution; Relay Access Denied {EXO}",
        "550 5.7.64 TenantAttribution; Relay Access Denied SMTP",
        (
            "host contoso-com.mail.protection.outlook.com[52.101.68.1] said: 550 5.7.64 TenantAttribution; Relay Access "
            "Denied [DB8EUR05FT052.eop-eur05.prod.protection.outlook.com] (in reply to RCPT TO command)"
        ),
        (
            "SMTPRecipientsRefused: {'bob@fabrikam.com': (550, b'5.7.64 TenantAttribution; Relay Access Denied "
            "[SN1PEPF000252A1.namprd05.prod.outlook.com]')}"
        ),
        "Remote Server returned '550 5.7.64 TenantAttribution: Relay Access Denied'",
        "Diagnostic-Code: smtp;550 5.7.64 TenantAttribution; Relay Access Denied [AM0PR01MB1234.eurprd01.prod.outlook.com]",
        (
            "2026-11-20T09:00:01Z,Outbound to Office 365,08D50D3D9730A8D2,32,,,<,550 5.7.64 TenantAttribution; Relay Access "
            "Denied,"
        ),
        (
            "MID 4711 DCID 815 RID [0] 5.1.0 - Unknown address error ('550', ['5.7.64 TenantAttribution; Relay Access Denied "
            "[VI1EUR04FT012.eop-eur04.prod.protection.outlook.com]'])"
        ),
    ),
    "relay-denied-attr36": (
        "550 5.7.64 Relay Access Denied ATTR36. For more details please refer to: https://support.microsoft.com/kb/3169958",
        "550 5.7.64 TenantAttribution; Relay Access Denied ATTR36",
        "stat=Service unavailable, 550 5.7.64 Relay Access Denied ATTR36 [HE1EUR01FT005.eop-EUR01.prod.protection.outlook.com]",
    ),
    "relay-denied-domain": (
        "550 5.4.1 [bob@fabrikam.com]: Relay Access Denied",
        "550 5.4.1 Relay Access Denied",
        "554 5.4.1 <bob@fabrikam.com>: Relay access denied",
        "550 5.4.1 Relay Access Denied [BY2FFO11FD031.protection.gbl]",
    ),
    "partner-lock-down": (
        (
            "550 5.7.51 TenantInboundAttribution; There is a partner connector configured that matched the message's recipient "
            "domain. The connector had either the RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set"
        ),
        (
            "{[{LED=550 5.7.51 TenantInboundAttribution; There is a partner connector configured that matched the message's "
            "recipient domain. The connector had either the RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set "
            "[CH3PEPF00000016.namprd21.prod.outlook.com 2026-01-29T19:07:30.476Z 08DD3FA5DBC8F401]};{MSG=};"
            "{FQDN=contoso-mail-onmicrosoft-com.mail.protection.outlook.com};{IP=52.101.194.15};{LRT=1/29/2026 7:07:29 PM}]}"
        ),
        (
            "Your message couldn't be delivered because there is a partner connector configured that matched the message's "
            "recipient domain."
        ),
    ),
    "direct-send": (
        "550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized sources",
        "< 550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized sources  >",
    ),
    "blocked-connector": (
        "550 5.7.711 Access denied, bad inbound connector. AS(2204)",
        "Remote Server returned '550;5.7.711 Access denied, bad inbound connector. AS(2204).'",
        (
            "dsn=5.7.711, status=bounced (host contoso-com.mail.protection.outlook.com[52.101.68.1] said: 550 5.7.711 Access "
            "denied, bad inbound connector. AS(2204) (in reply to RCPT TO command))"
        ),
    ),
    "unregistered-domains": (
        "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains",
        (
            "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains. For more information "
            "please go to https://aka.ms/EXO_5.7.750"
        ),
    ),
    "outdated-exchange": (
        (
            "450 4.7.230 Connecting Exchange server version is out-of-date; connection to Exchange Online throttled for 5 "
            "mins/hr. For more information see https://aka.ms/BlockUnsafeExchange."
        ),
        (
            "550 5.7.230 Connecting Exchange server version is out-of-date; connection to Exchange Online blocked for 10 "
            "mins/hr. For more information see https://aka.ms/BlockUnsafeExchange."
        ),
        (
            "{LRT=9/10/2026 8:11:00 AM};{LED=450 4.7.230 Connecting Exchange server version is out-of-date; connection to "
            "Exchange Online throttled for 20 mins/hr};{FQDN=contoso-com.mail.protection.outlook.com};{IP=52.101.68.2}"
        ),
    ),
    "loop-online": (
        "554 5.4.14 Hop count exceeded - possible mail loop ATTR34 [HE1EUR02FT022.eop-EUR02.prod.protection.outlook.com]",
        "5.4.14 Hop count exceeded - possible mail loop ATTR34",
        "Remote Server returned '554 5.4.14 Hop count exceeded - possible mail loop ATTR34'",
    ),
    "loop-on-premises": (
        "554 5.4.6 Hop count exceeded - possible mail loop",
        "#554 5.4.6 Hop count exceeded - possible mail loop ##",
        "EX01.contoso.com #554 5.4.6 Hop count exceeded - possible mail loop ##rfc822;bob@contoso.com",
    ),
    "wrong-region": (
        (
            "451 4.4.62 Mail sent to the wrong Office 365 region. ATTR35. For more information please go to "
            "https://go.microsoft.com/fwlink/?linkid=865268"
        ),
        "451 4.4.62 Mail sent to the wrong Office 365 region. ATTR35.",
        (
            "dsn=4.4.62, status=deferred (host contoso.mail.protection.outlook.com[104.47.1.36] said: 451 4.4.62 Mail sent to "
            "the wrong Office 365 region. ATTR35. (in reply to RCPT TO command))"
        ),
    ),
    "no-subscription": (
        (
            "451 4.4.4 Mail received as unauthenticated, incoming to a recipient domain configured in a hosted tenant which "
            "has no mail-enabled subscriptions. ATTR5 [BN1PEPF0000468D.namprd05.prod.outlook.com 2026-08-13T13:12:35.600Z "
            "08DEF8E545D8505D]"
        ),
        (
            "550 4.4.4 Mail received as unauthenticated, incoming to a recipient domain configured in a hosted tenant which "
            "has no mail-enabled subscriptions. ATTR5"
        ),
        (
            "Diagnostic-Code: smtp; 451 4.4.4 Mail received as unauthenticated, incoming to a recipient domain configured in "
            "a hosted tenant which has no mail-enabled subscriptions. ATTR5"
        ),
    ),
    "temporary-attribution": (
        "451 4.3.2 Temporary server error. Please try again later ATTR55",
        "451 4.4.3 Temporary server error. Please try again later ATTR55.1",
        "451 4.4.4 Temporary server error. Please try again later ATTR3",
        "451 4.7.0 Temporary server error. Please try again later. PRX5",
        "451 4.7.0 Temporary server error. Please try again later. PRX2",
        "smtp;451 4.7.0 Temporary server error. Please try again later. PRX4 NextHop: []",
        (
            "421 4.3.2 The maximum number of concurrent connections per resource forest has exceeded a limit, closing "
            "transmission channel. PRX8 [DB5PEPF00014B8B.eurprd02.prod.outlook.com]"
        ),
    ),
    "mixed-regions": ("452 4.5.3 Too many recipients ATTR38", "452-4.5.3 Too many recipients (ATTR38)"),
    "too-many-recipients": (
        "452 4.5.3 Too many recipients",
        "452 4.5.3 Too many recipients [DB3EUR04FT004.eop-eur04.prod.protection.outlook.com]",
    ),
    "throttled": (
        (
            "451 4.7.500 Server busy. Please try again later from [192.0.2.25]. (AS77712344) "
            "[HE1EUR04FT019.eop-eur04.prod.protection.outlook.com]"
        ),
        "451 4.7.500 Server busy. Please try again later from [192.0.2.25]. (S77719)",
        "451 5.7.500 Server busy. Please try again later from [192.0.2.25]. (AS843)",
        (
            "status=deferred (host contoso-com.mail.protection.outlook.com[104.47.2.36] said: 451 4.7.500 Server busy. Please "
            "try again later from [192.0.2.25]. (AS77713) (in reply to RCPT TO command))"
        ),
    ),
    "client-not-authenticated": (
        (
            "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM "
            "[AM0PR04CA0014.eurprd04.prod.outlook.com]"
        ),
        "530 5.7.57 Client not authenticated to send mail. [FR3P281CA0123.DEUP281.PROD.OUTLOOK.COM]",
        "535 5.7.57 Client not authenticated to send mail",
        "535 5.7.3 Authentication unsuccessful [LO4P123CA0023.GBRP123.PROD.OUTLOOK.COM]",
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit "
            "https://aka.ms/smtp_auth_disabled for more information. [AM0PR04CA0014.eurprd04.prod.outlook.com]"
        ),
    ),
    "connector-prohibited": (
        "Inbound connector for this service offering is created in a disabled state. Contact Support to enable it.",
        "For this service offering, you can't enable an inbound connector. Contact Support to enable it.",
        "Microsoft.Exchange.Management.Tasks.OrganizationInboundConnectorProhibitedException",
    ),
    "tls-channel-untrusted": (
        "454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: Access Denied",
        (
            "Send connector Outbound to Office 365: Message delivery was not successful. The message with message ID "
            "<0c5e@EX01.contoso.com> was acknowledged with SMTP response 454 4.7.0 Failed to establish appropriate TLS "
            "channel: UntrustedRoot: Access Denied."
        ),
        (
            "Event ID: 2004 Log Name: Application Source: MSExchangeTransport Task Category: SmtpSend Level: Information "
            "Computer: exchange.contoso.com Description: 454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: "
            "Access Denied."
        ),
    ),
    "tls-channel": (
        "454 4.7.0 Failed to establish appropriate TLS channel: Access Denied",
        "454 4.7.0 Failed to establish appropriate TLS channel: Access Denied (in reply to RCPT TO command)",
    ),
    "old-tls": (
        (
            "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update your client to support TLS 1.2. Visit "
            "https://aka.ms/smtp_auth_tls. [MAXPR0101CA0021.INDPRD01.PROD.OUTLOOK.COM]"
        ),
        "javax.mail.AuthenticationFailedException: 421 4.7.66 TLS 1.0 and 1.1 are not supported.",
    ),
    "starttls-first": (
        "530 5.7.0 Must issue a STARTTLS command first",
        "451 5.7.3 Must issue a STARTTLS command first",
        "530 5.7.0 Must issue a STARTTLS command first. 6si1234567wmo.1 - gsmtp",
    ),
    "certificate-name-not-found": (
        "454 4.7.5 The certificate specified in TlsCertificateName of the SendConnector could not be found.",
        (
            "{LED=454 4.7.5 The certificate specified in TlsCertificateName of the SendConnector could not be found.};{MSG=};"
            "{FQDN=contoso-com.mail.protection.outlook.com};{IP=}"
        ),
    ),
    "peer-refused-exchange": (
        "454 4.7.5 Certificate validation failure, Reason:UntrustedRoot",
        (
            "454 4.7.5 Certificate validation failure, reason:untrustedroot};{MSG=};{FQDN=contoso-mail-onmicrosoft-com.mail."
            "protection.outlook.com."
        ),
        "454 4.7.5 certificate validation failure",
        (
            "{LED=454 4.7.5 Certificate validation failure, Reason:SubjectMismatch};{MSG=};{FQDN=contoso-com.mail.protection."
            "outlook.com}"
        ),
    ),
    "no-credentials": (
        "TLS negotiation failed with error NoCredentials",
        (
            "2026-10-07T04:42:56.804Z,Outbound to Office 365,08D50D3D9730A8D2,22,192.0.2.78:28252,52.101.36.25:25,*,,TLS "
            "negotiation failed with error NoCredentials"
        ),
    ),
    "unknown-credentials": (
        "TLS negotiation failed with error UnknownCredentials.",
        (
            "2017-10-07T04:42:56.804Z,Outbound to Office 365,08D50D3D9730A8D2,21,,,*,,TLS negotiation failed with error "
            "UnknownCredentials"
        ),
        f"{PRIMARY.format('421 4.4.1 Connection timed out.')} TLS negotiation failed with error UnknownCredentials",
    ),
    "socket-error": (
        "421 4.4.2 Connection dropped due to SocketError",
        "TLS negotiation failed with error SocketError",
        f"{PRIMARY.format('421 4.4.2 Connection dropped due to SocketError.')}",
        (
            "LastError : [{LRT=1/12/2026 7:13:11 AM};{LED=421 4.4.2 Connection dropped due to SocketError};{FQDN=contoso-com."
            "mail.protection.outlook.com};{IP=104.47.18.110}]"
        ),
    ),
    "certificate-in-use": (
        (
            "A special Rpc error occurs on server EX01: These certificates are tagged with following Send Connectors : "
            "Outbound to Office 365. Removing and replacing certificates from Send Connector would break the mail flow. If you "
            "still want to proceed then replace or remove these certificates from Send Connector and then try this command."
        ),
        (
            "+ CategoryInfo : InvalidOperation: (:) [Remove-ExchangeCertificate], InvalidOperationException These "
            "certificates are tagged with following Send Connectors"
        ),
    ),
    "connection-lost": (
        PRIMARY.format("421 4.2.1 Unable to connect."),
        PRIMARY.format("421 4.4.1 Connection timed out."),
        "421 4.4.1 Connection timed out. Attempted failover to alternate host, but that did not succeed.",
        "421 4.4.2 Connection dropped due to TimedOut",
        "421 4.2.2 Connection dropped due to ConnectionReset",
        "451 4.4.0 SMTPSEND.SuspiciousRemoteServerError; remote server disconnected abruptly; retry will be delayed",
    ),
    "hybrid-requiretls": (
        "RequiredTls flag should be set to true if TlsCertificateName is specified.",
        (
            "Execution of the Set-HybridMailflow cmdlet had thrown an exception. This may indicate invalid parameters in your "
            "Hybrid Configuration settings. RequiredTls flag should be set to true if TlsCertificateName is specified. at "
            "Microsoft.Exchange.Management.Hybrid.RemotePowershellSession.RunCommand"
        ),
    ),
    "hybrid-not-bound": (
        (
            "ERROR:Updating hybrid configuration failed with error 'Subtask CheckPrereqs execution failed: Configure Mail Flow "
            "The Secure Mail Certificate on server EX01 is not bound to the SMTP Service at Microsoft.Exchange.Management."
            "Hybrid.MailFlowTask.CheckCertPrereqs"
        ),
        "The Secure Mail Certificate on server EX01 is not bound to the SMTP Service",
    ),
    "outbound-untrusted-root": (
        f"450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot] {ATTEMPT} {STAMP}",
        "550 5.4.317 Message expired, cannot connect to remote server(UntrustedRoot)",
        (
            f"Reason: [{{LED=450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot] {ATTEMPT}}};{{MSG=}};"
            "{FQDN=mail.contoso.com};{IP=192.0.2.128};{LRT=11/21/2026 9:00:00 AM}]"
        ),
        "450 4.7.320 Certificate validation failed [Message=UntrustedRoot]",
    ),
    "outbound-subject-mismatch": (
        (
            f"450 4.4.317 Cannot connect to remote server [Message=SubjectMismatch Expected Subject: *.contoso.com. Presented "
            f"Subject: CN=EX01. {THUMB}] {ATTEMPT}"
        ),
        (
            "450 4.4.317 Cannot connect to remote server [Message=SubjectMismatch Expected Subject: mail.contoso.com. "
            "Presented Subject: CN=mx.fabrikam.com, O=Fabrikam. Thumbprint:######"
        ),
        "550 5.4.317 Message expired, cannot connect to remote server(SubjectMismatch. Expected Subject: *.contoso.com)",
        "Expected Subject: mail.contoso.com. Presented Subject: CN=EX01",
    ),
    "outbound-expired": (
        (
            "450 4.4.317 Cannot connect to remote server [Message=CertificateExpired Expected Subject: mail.contoso.com. "
            f"Presented Subject: CN=mail.contoso.com. {THUMB}] {ATTEMPT}"
        ),
        (
            "450 4.4.317 Cannot connect to remote server [Message=CertificateExpired Expected Subject: *.contoso.com. "
            f"Presented Subject: CN=*.contoso.com, O=Contoso. {THUMB}]"
        ),
        (
            "550 5.4.317 Message expired, cannot connect to remote server(CertificateExpired Expected Subject: "
            "mail.contoso.com. Presented Subject: CN=mail.contoso.com.)"
        ),
        "450 4.4.317 Cannot connect to remote server [Message=CertExpired]",
        "450 4.7.320 Certificate validation failed [Message=Expired]",
        "450 4.7.320 Certificate validation failed. Certificate expired.",
    ),
    "outbound-revoked": (
        "450 4.7.320 Certificate validation failed [Message=RevocationCheckFailure]",
        "450 4.4.317 Cannot connect to remote server [Message=RevocationOffline]",
        "450 4.4.317 Cannot connect to remote server [Message=Revoked]",
    ),
    "starttls-required": (
        f"450 4.4.317 Cannot connect to remote server [Message=451 5.7.3 STARTTLS is required to send mail] {ATTEMPT}",
        (
            "Reason: [{LED=450 4.4.317 Cannot establish session with remote server [Message=451 5.7.3 STARTTLS is required to "
            "send mail]"
        ),
        "550 5.4.317 Message expired, cannot connect to remote server(451 5.7.3 STARTTLS is required to send mail)",
        (
            "12/9/2026 9:57:15 PM - Server at MN2PR13MB4005.namprd13.prod.outlook.com returned '550 5.4.317 Message expired, "
            "cannot connect to remote server(451 5.7.3 STARTTLS is required to send mail)'"
        ),
        "451 5.7.3 STARTTLS is required, 5.7.0 Must issue a STARTTLS command first",
        "451 5.7.3 STARTTLS is required to send mail",
    ),
    "outbound-handshake": (
        (
            "450 4.4.317 Cannot connect to remote server [Message=451 4.4.0 TLS negotiation failed with error "
            f"ConnectionAborted] {ATTEMPT} {STAMP}"
        ),
        f"450 4.4.317 Cannot connect to remote server [Message=451 4.4.0 Security status IllegalMessage] {ATTEMPT}",
        "450 4.4.317 Cannot connect to remote server [Message=451 4.4.0 Security status InvalidToken]",
        "550 5.4.317 Message expired, cannot connect to remote server(451 4.4.0 Security status InvalidToken)",
    ),
    "outbound-socket": (
        (
            "450 4.4.317 Cannot establish session with remote server [Message=Failed to connect. Winsock error code: 995, "
            "Win32 error code: 995] [LastAttemptedServerName=192.0.2.85] [LastAttemptedIP=192.0.2.85:25] [SmtpSecurity=-2;-2]"
        ),
        (
            "550 5.4.317 Message expired, cannot connect to remote server(Failed to connect. Winsock error code: 995, Win32 "
            "error code: 995)"
        ),
        "450 4.4.317 Cannot connect to remote server [Message=SocketError]",
        (
            "450 4.4.317 Cannot connect to remote server [Message=SocketError: TimedOut] [LastAttemptedServerName=mx.fabrikam."
            "com] [LastAttemptedIP=192.0.2.10:25]"
        ),
        (
            "450 4.4.317 Cannot establish session with remote server [Message=Failed to connect. Winsock error code: 10060, "
            "Win32 error code: 10060]"
        ),
    ),
    "outbound-validation": (
        "450 4.7.320 Certificate validation failed",
        "550 5.7.320 Certificate validation failed",
    ),
    "outbound-tls": (
        "450 4.4.317 Cannot connect to remote server",
        (
            "450 4.4.317 Cannot connect to remote server [Message=550-5.7.0 Connection refused - IB116. 192.0.2.122 Senderscore "
            "too low"
        ),
        "450 4.4.317 Cannot connect to remote server [Message=421 Service not available]",
        (
            "8/26/2026 3:27:28 AM - Server at mail.contoso.com (192.0.2.249) returned '450 4.4.317 Cannot establish session "
            "with remote server'"
        ),
        "Diagnostic-Code: smtp;550 5.4.317 Message expired, cannot connect to remote server",
    ),
    "outbound-dns": (
        "450 4.4.312 DNS query failed [Message=InfoDomainNonexistent] [LastAttemptedServerName=mail.contoso.com]",
        "550 5.4.312 Message expired, DNS query failed(ErrorRetry)",
        "550 5.4.312 Message expired, DNS query failed(ServerFailure)",
    ),
    "outbound-timeout": (
        "450 4.4.315 Connection timed out [Message=Socket error code 10060] [LastAttemptedServerName=mail.contoso.com]",
        "550 5.4.315 Message expired, connection timed out(Socket error code 10060)",
    ),
    "outbound-refused": (
        "450 4.4.316 Connection refused [Message=Socket error code 10061] [LastAttemptedServerName=mail.contoso.com]",
        "550 5.4.316 Message expired, connection refused(Socket error code 10061)",
    ),
    "outbound-closed": (
        "450 4.4.318 Connection was closed abruptly (SuspiciousRemoteServerError)",
        "550 5.4.318 Message expired, connection was closed abruptly(SuspiciousRemoteServerError)",
        "450 4.4.318 Connection was closed abruptly [Message=451 4.4.0 SMTPSEND.SuspiciousRemoteServerError]",
    ),
    "dane-starttls-not-supported": (
        "450 4.7.321 starttls-not-supported: Destination mail server must support TLS to receive mail.",
        "550 5.7.321 starttls-not-supported: Destination mail server must support TLS to receive mail.",
    ),
    "dane-certificate-expired": ("450 4.7.322 certificate-expired: Destination mail server's certificate is expired.",),
    "dane-tlsa-invalid": (
        "450 4.7.323 tlsa-invalid: The domain failed DANE validation.",
        "550 5.7.323 tlsa-invalid: The domain failed DANE validation",
    ),
    "dane-dnssec-invalid": ("450 4.7.324 dnssec-invalid: Destination domain returned invalid DNSSEC records",),
    "dane-certificate-host-mismatch": (
        (
            "550 5.7.325 certificate-host-mismatch: Remote certificate MUST have a common name or subject alternative name "
            "matching the hostname (DANE)"
        ),
    ),
    "mta-sts": (
        "450 4.4.8 MX hosts of 'contoso.com' failed MTA-STS validation",
        "550 5.4.8 MX hosts of contoso.com failed MTA-STS validation",
        "451 4.7.5 Remote certificate failed MTA-STS validation. Reason: CertificateExpired",
        "550 5.7.5 Remote certificate failed MTA-STS validation. Reason: UntrustedRoot",
    ),
    "not-permitted-to-relay": (
        "550 5.7.367 Remote server returned not permitted to relay -> 554 5.7.1 Relaying denied",
        "550 5.7.367 Remote server returned not permitted to relay -> 550 5.7.1 Unable to relay",
    ),
    "remote-cannot-tls": ("Cannot establish a TLS connection to the remote mail server",),
    "message-expired": (
        "#550 4.4.7 QUEUE.Expired; message expired ##",
        "550 5.4.300 Message expired -> 421 4.3.2 Service not available",
        "550 4.4.7 QUEUE.Expired; message expired",
    ),
    "no-usable-certificate": (
        "Log Name: Application Source: MSExchangeFrontEndTransport Event ID: 12014 Task Category: TransportService",
        (
            "Microsoft Exchange could not find a certificate that contains the domain name mail.contoso.com in the personal "
            "store on the local computer. Therefore, it is unable to support the STARTTLS SMTP verb for the connector Default "
            "Frontend EX01 with a FQDN parameter of mail.contoso.com."
        ),
        (
            "450 4.4.101 Proxy session setup failed on Frontend with '451 4.4.0 Primary target IP address responded with "
            '"451 5.7.3 STARTTLS is required to send mail." Attempted failover to alternate host, but that did not succeed.'
        ),
        "MSExchangeTransport 12014 TransportService",
    ),
    "proxy-setup": ("450 4.4.101 Proxy session setup failed on Frontend with '421 4.3.2 Service not active'",),
    "event-certificate-expired": (
        (
            "There is no valid SMTP Transport Layer Security (TLS) certificate for the FQDN of mail.contoso.com. The existing "
            "certificate for that FQDN has expired. The continued use of that FQDN will cause mail flow problems. A new "
            "certificate that contains the FQDN of mail.contoso.com should be installed on this server as soon as possible."
        ),
        "MSExchangeTransport 12016",
    ),
    "event-certificate-expires": (
        (
            "The STARTTLS certificate will expire soon: subject: mail.contoso.com, thumbprint: "
            "0123456789ABCDEF0123456789ABCDEF01234567, hours remaining: 70. Run the New-ExchangeCertificate cmdlet to create a "
            "new certificate."
        ),
        "Source: MSExchangeTransport Event ID: 12018",
    ),
    "event-internal-certificate": (
        "An internal transport certificate expired. Thumbprint:0123456789ABCDEF0123456789ABCDEF01234567",
        (
            "An internal transport certificate will expire soon. Thumbprint:0123456789ABCDEF0123456789ABCDEF01234567, hours "
            "remaining: 700"
        ),
        "MSExchangeTransport 12015",
    ),
    "event-domain-capabilities": (
        (
            "Failed to confirm domain capabilities 'mail.protection.outlook.com:AcceptOorgProtocol' on connector 'Inbound from "
            "Office 365' because validation of the Transport Layer Security (TLS) certificate failed with status "
            "'RevocationOffline'. Contact the administrator of 'mail.protection.outlook.com' to resolve the problem, or remove "
            "the domain from the TlsDomainCapabilities list of the Receive connector."
        ),
        "Event 11022 MSExchangeTransport",
    ),
    "many-names-ignored": ("MSExchangeTransport event 11024",),
    "chain-not-trusted-capi2": (
        (
            '<Result value="800B0109">A certificate chain processed, but terminated in a root certificate which is not trusted '
            "by the trust provider.</Result>"
        ),
        (
            "A certificate chain processed, but terminated in a root certificate which is not trusted by the trust provider. "
            "0x800b0109 (-2146762487 CERT_E_UNTRUSTEDROOT)"
        ),
    ),
    "validation-not-configured": ("The domain of the recipient is not configured as part of connector.",),
    "gateway-distrusts-peer": (
        (
            "postfix/smtp[5297]: certificate verification failed for contoso-com.mail.protection.outlook.com[52.101.73.0]:25: "
            "untrusted issuer /C=US/O=DigiCert Inc/OU=www.digicert.com/CN=DigiCert Global Root CA"
        ),
        "postfix/smtp[138]: 3C1D8C1D28: Server certificate not trusted",
        (
            "sm-mta[10180]: STARTTLS=client, relay=contoso-com.mail.protection.outlook.com., version=TLSv1.3, verify=FAIL, "
            "cipher=TLS_AES_256_GCM_SHA384, bits=256/256"
        ),
        "verify error:num=20:unable to get local issuer certificate",
        (
            "[52.101.73.0] SSL verify error: depth=2 error=unable to get local issuer certificate cert=/C=US/O=DigiCert "
            "Inc/OU=www.digicert.com/CN=DigiCert Global Root G2"
        ),
    ),
    "gateway-verifies-name": (
        "postfix/smtp[5297]: CB3EC208B2: Server certificate not verified",
        "(delivery temporarily suspended: Server certificate not verified)",
    ),
    "tls-not-offered": (
        (
            "7356ABD12E: to=<bob@fabrikam.com>, relay=fabrikam-com.mail.protection.outlook.com[104.47.2.33]:25, delay=21537, "
            "dsn=4.7.4, status=deferred (TLS is required, but was not offered by host fabrikam-com.mail.protection.outlook.com"
            "[104.47.2.33])"
        ),
        "Diagnostic-Code: X-Postfix; TLS is required, but was not offered by host mail.contoso.com[192.0.2.18]",
        (
            "H=contoso-com.mail.protection.outlook.com [52.101.68.21]: a TLS session is required, but the server did not offer "
            "TLS support"
        ),
    ),
    "closed-after-ehlo": (
        (
            "2026-04-02 12:33:56 1rrbSl-000000001Qq-0kPx == bob@fabrikam.com R=dnslookup T=remote_smtp defer (-18) H=fabrikam-"
            "com.mail.protection.outlook.com [52.101.68.21]: Remote host closed connection in response to EHLO gw.contoso.com"
        ),
        "lost connection with contoso-com.mail.protection.outlook.com[52.101.68.21] while performing the EHLO handshake",
    ),
    "handshake-failed": (
        (
            "sendmail[32283]: ruleset=tls_server, arg1=SOFTWARE, relay=contoso-com.mail.protection.outlook.com, reject=403 4.7.0 "
            "TLS handshake failed."
        ),
        "stat=Deferred: 403 4.7.0 TLS handshake failed.",
        "dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)",
        "TLS session: (gnutls_handshake): A TLS fatal alert has been received.",
        (
            "postfix/smtp[815]: SSL_connect error to contoso-com.mail.protection.outlook.com[52.101.68.1]:25: Connection "
            "reset by peer"
        ),
        "SSL_connect error to contoso-com.mail.protection.outlook.com[52.101.68.1]:25: -1",
        "SSL_connect error to contoso-com.mail.protection.outlook.com[52.101.68.1]:25: lost connection",
    ),
    "no-shared-cipher": (
        "warning: TLS library problem: error:0A0000C1:SSL routines::no shared cipher:ssl/statem/statem_srvr.c:2220:",
        "error:0A000102:SSL routines::unsupported protocol:ssl/statem/statem_clnt.c:1536:",
        "error:14094410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure",
    ),
    "certificate-has-expired": (
        "certificate verify failed (certificate has expired)",
        "postfix/smtp[815]: certificate verification failed for mail.contoso.com[192.0.2.7]:25: certificate has expired",
        "warn: certificate has expired",
        (
            "TLS error on connection to contoso-com.mail.protection.outlook.com [52.101.68.1] (gnutls_handshake): A TLS fatal "
            "alert has been received: Certificate is expired"
        ),
    ),
    "peer-certificate-error": (
        "421 4.7.0 SSL certificate error",
        "SSL_accept: error:0A000418:SSL routines::tlsv1 alert unknown ca",
        (
            "warning: TLS library problem: error:0A000412:SSL routines::sslv3 alert bad certificate:"
            "../ssl/record/rec_layer_s3.c:1586:SSL alert number 42:"
        ),
        (
            "TLS error on connection from mail-db5eur02on2041.outbound.protection.outlook.com [40.107.12.41] "
            "(gnutls_handshake): A TLS fatal alert has been received: Certificate is bad"
        ),
    ),
    "plain-text-greeting": ("250-XXXXXXXA", "250-EX01.contoso.com Hello [192.0.2.1] 250-SIZE 250-XXXXXXXA 250 OK"),
    "client-certificate-missing": (
        "Client certificate chain validation status: 'EmptyCertificate'",
        "TlsDomainCapabilities='None'; Status='NoRemoteCertificate'",
    ),
    "tls-negotiation": ("TLS negotiation failed with error AlgorithmMismatch",),
    "port-25-blocked": (
        ("status=deferred (connect to contoso-com.mail.protection.outlook.com[52.101.68.1]:25: Connection timed out)"),
        "connect to contoso-com.mail.protection.outlook.com[2a01:111:f403:c931::1]:25: Network is unreachable",
        (
            "status=deferred (conversation with contoso-com.mail.protection.outlook.com[52.101.68.1] timed out while receiving "
            "the initial server greeting)"
        ),
        (
            "lost connection with contoso-com.mail.protection.outlook.com[52.101.68.1] while receiving the initial server "
            "greeting"
        ),
        (
            "== bob@contoso.com R=dnslookup T=remote_smtp defer (110): Connection timed out "
            "H=contoso-com.mail.protection.office365.us [23.103.191.1]"
        ),
    ),
    "accept-failed": (
        (
            "postfix/smtpd[815]: SSL_accept error from mail-db5eur02on2041.outbound.protection.outlook.com[40.107.12.41]: "
            "Connection timed out"
        ),
        "SSL_accept error from mail-am6eur05on2084.outbound.protection.outlook.com[40.107.22.84]: -1",
    ),
    "event-tls-required": (
        (
            "Send connector Outbound to Office 365 couldn't connect to remote domain contoso.mail.onmicrosoft.com. The send "
            "connector requires Transport Layer Security (TLS) authentication, but is unable to establish TLS with the "
            "receiving server for the remote domain. Check this connector's authentication setting and the EHLO response from "
            "the remote server contoso-mail-onmicrosoft-com.mail.protection.outlook.com."
        ),
        "Log Name: Application Source: MSExchangeTransport Event ID: 2015 Task Category: SmtpSend Level: Error",
    ),
    "smart-host-not-resolved": (
        "451 4.4.0 DNS query failed. The error was: SMTPSEND.DNS.NonExistentDomain; nonexistent domain",
        "451 4.4.0 DNS query failed. The error was: DNS query failed with error ErrorRetry",
        "451 4.4.0 DNS query failed",
    ),
    "relay-refused-on-premises": (
        "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
        "Remote Server returned '550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain'",
        "550 5.7.1 Unable to relay",
    ),
    "certificate-not-for-smtp": (
        "The given certificate is not enabled for SMTP protocol. Only SMTP certificate can be set on the connectors.",
    ),
    "schannel-unknown-ca": (
        (
            "Event ID: 36887 A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is "
            "48."
        ),
        "The following fatal alert was received: 48.",
    ),
    "schannel-expired": (
        "A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is 45.",
    ),
    "schannel-certificate": (
        "A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is 46.",
        "Log Name: System Source: Schannel Event ID: 36887 The following fatal alert was received: 42.",
    ),
    "schannel-handshake": (
        (
            "An TLS 1.2 connection request was received from a remote client application, but none of the cipher suites "
            "supported by the client application are supported by the server. The TLS connection request has failed."
        ),
        "A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is 70.",
        "Source: Schannel Event ID: 36874 Level: Error",
    ),
}

SYMPTOMS = {
    "SPF failures: our legitimate mails are flagged as spoofed": "spf-failures",
    "the traffic is logged in the wrong tenant": "wrong-tenant-logs",
    "our mail is misrouted": "misrouted-mail",
    "mail looping between Microsoft 365 and the appliance": "looping-mail",
    "since the certificate was renewed no mail goes out": "stopped-after-renewal",
    "out of office replies do not leave": "only-some-messages",
    "it fails only sometimes, and then the mail passes": "only-sometimes",
    "the gateway sends no client certificate": "no-client-certificate",
}

# What the first cause must speak of, for each entry.
FIRST: dict[str, str] = {
    "relay-denied": "TlsSenderCertificateName",
    "relay-denied-attr36": "not an accepted domain",
    "relay-denied-domain": "not responsible for the recipient's domain",
    "partner-lock-down": "TlsSenderCertificateName",
    "direct-send": "TlsSenderCertificateName",
    "blocked-connector": "sent spam",
    "unregistered-domains": "not registered in the tenant",
    "outdated-exchange": "older than the build",
    "loop-online": "InternalRelay",
    "loop-on-premises": "hold the other responsible",
    "wrong-region": "smart host is wrong",
    "no-subscription": "without a valid subscription",
    "temporary-attribution": "next attempt succeeds",
    "mixed-regions": "several regions",
    "too-many-recipients": "200 recipients",
    "throttled": "no connector matches",
    "client-not-authenticated": "smtp.office365.com",
    "connector-prohibited": "tenant is new",
    "tls-channel-untrusted": "self-signed",
    "tls-channel": "plain text",
    "old-tls": "TLS 1.0 or 1.1",
    "starttls-first": "TLS is off",
    "certificate-name-not-found": "was renewed",
    "peer-refused-exchange": "DigiCert Global Root CA (G1)",
    "no-credentials": "private key is missing",
    "unknown-credentials": "not enabled for SMTP",
    "socket-error": "TLS 1.0 or 1.1",
    "certificate-in-use": "issuer and subject of the old one",
    "connection-lost": "port 25",
    "hybrid-requiretls": "not in the certificate",
    "hybrid-not-bound": "not enabled for SMTP",
    "outbound-untrusted-root": "without the intermediate",
    "outbound-subject-mismatch": "a different certificate than you expect",
    "outbound-expired": "has expired",
    "outbound-revoked": "was revoked",
    "starttls-required": "receive connector's certificate",
    "outbound-handshake": "firewall",
    "outbound-socket": "firewall",
    "outbound-validation": "has expired, does not have the name",
    "outbound-tls": "answered with an error at once",
    "outbound-dns": "cannot be resolved",
    "outbound-timeout": "Nothing answers",
    "outbound-refused": "refuses connections",
    "outbound-closed": "closes the connection",
    "dane-starttls-not-supported": "no STARTTLS",
    "dane-certificate-expired": "has expired",
    "dane-tlsa-invalid": "TLSA records do not match",
    "dane-dnssec-invalid": "DNSSEC signatures",
    "dane-certificate-host-mismatch": "neither the domain nor the MX host",
    "mta-sts": "not in the policy",
    "not-permitted-to-relay": "relay pool",
    "remote-cannot-tls": "MD5",
    "message-expired": "Every attempt",
    "no-usable-certificate": "certificate that was replaced",
    "proxy-setup": "quoted reply",
    "event-certificate-expired": "has expired",
    "event-certificate-expires": "within hours or days",
    "event-internal-certificate": "internal transport certificate",
    "event-domain-capabilities": "revocation list",
    "many-names-ignored": "names of many services",
    "chain-not-trusted-capi2": "intermediate certificates are missing",
    "validation-not-configured": "saved without being turned on",
    "gateway-distrusts-peer": "lacks the root",
    "gateway-verifies-name": "name to match",
    "tls-not-offered": "firewall",
    "closed-after-ehlo": "client certificate has expired",
    "handshake-failed": "client certificate has expired",
    "no-shared-cipher": "ciphers for a different type of key",
    "certificate-has-expired": "old certificate",
    "peer-certificate-error": "not trusted",
    "plain-text-greeting": "inspects SMTP",
    "client-certificate-missing": "presents no client certificate",
    "tls-negotiation": "TLS 1.0 or 1.1",
    "port-25-blocked": "blocks port 25",
    "accept-failed": "refuses it",
    "event-tls-required": "does not offer TLS",
    "smart-host-not-resolved": "DNS server",
    "relay-refused-on-premises": "does not recognise Exchange Online",
    "certificate-not-for-smtp": "not enabled for SMTP",
    "schannel-unknown-ca": "no CA that the other side knows",
    "schannel-expired": "has expired",
    "schannel-certificate": "found fault with the certificate",
    "schannel-handshake": "TLS 1.2",
    "spf-failures": "share the gateway's addresses",
    "wrong-tenant-logs": "share the gateway's addresses",
    "misrouted-mail": "share the gateway's addresses",
    "looping-mail": "does not recognise the gateway",
    "stopped-after-renewal": "bound to the old",
    "only-some-messages": "empty or foreign",
    "only-sometimes": "old or default certificate",
    "no-client-certificate": "presents no client certificate",
}

UNKNOWN = (
    "550 5.7.999 something about an inbound connector",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient bob@fabrikam.com not found by SMTP address lookup",
    "550 5.1.1 User unknown",
    "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
    "552 5.2.2 Mailbox full",
    "550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus",
    "550 5.7.606 Access denied, banned sending IP [192.0.2.1]",
    "250 2.1.5 Recipient OK",
    "250 2.6.0 Queued mail for delivery",
    "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded",
    "554 5.7.1 Message rejected due to local policy since the certificate was renewed",
    "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup sometimes",
    "The quick brown fox jumps over the lazy dog",
    "certificate",
    "error",
    "421",
    "Message",
    "STARTTLS",
    "connect to mail.fabrikam.com[192.0.2.7]:25: Connection timed out",
    "SSL_accept error from unknown[192.0.2.7]: lost connection",
    "A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is 460.",
    "Event ID: 36888",
    "5.7.640",
    "15.7.64",
    "1.5.7.64",
    "5.7.64.1",
    "ATTR360",
    "version 5.7.51.2 installed",
    "dissatisfied attr3x",
)
