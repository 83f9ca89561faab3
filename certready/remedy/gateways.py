"""Configuration of the gateways: which lines choose the certificate they present, as client and as server.

Sources: postconf(5), "smtp_tls_chain_files" and TLS_README; the Exim specification, chapters "The smtp transport" and
"Encrypted SMTP connections"; docs.seppmail.com, "SSL certificate" and "Certificate based connectors".
"""

from __future__ import annotations

from typing import Literal

from certready.exchange.powershell import quote
from certready.model.remedy import Remedy

POSTFIX_FILE = "/etc/postfix/tls/gateway.pem"
POSTFIX_CHAIN = "/etc/postfix/tls/gateway-chain.pem"
POSTFIX_KEY = "/etc/postfix/tls/gateway-key.pem"
EXIM_CHAIN = "/etc/exim4/tls/gateway-chain.pem"
EXIM_KEY = "/etc/exim4/tls/gateway-key.pem"


def postfix_client(file: str = POSTFIX_FILE) -> tuple[str, ...]:
    """Lines of main.cf that make Postfix present the certificate when it sends. The file holds key, leaf, chain."""
    return (f"smtp_tls_chain_files = {file}", "smtp_tls_security_level = may", "smtp_tls_loglevel = 1")


def postfix_server(file: str = POSTFIX_FILE) -> tuple[str, ...]:
    """Lines of main.cf that make Postfix present it when it is connected to."""
    return (f"smtpd_tls_chain_files = {file}", "smtpd_tls_security_level = may")


def postfix_old(side: Literal["smtp", "smtpd"], chain: str = POSTFIX_CHAIN, key: str = POSTFIX_KEY) -> tuple[str, ...]:
    """The certificate for Postfix before 3.4, which knows no chain files, as client (smtp) or server (smtpd)."""
    return (f"{side}_tls_cert_file = {chain}", f"{side}_tls_key_file = {key}")


def haproxy_server(file: str) -> tuple[str, ...]:
    """The end of the bind line of haproxy.cfg; the file holds leaf, chain and key (HAProxy's manual, 5.1, "crt")."""
    return (f"bind <address>:<port> ssl crt {file} ssl-min-ver TLSv1.2",)


def exim_client(chain: str = EXIM_CHAIN, key: str = EXIM_KEY) -> tuple[str, ...]:
    """Lines of the smtp transport: the main section's tls_certificate is the server's and not used for sending."""
    return (f"tls_certificate = {chain}", f"tls_privatekey = {key}")


def exim_server(chain: str = EXIM_CHAIN, key: str = EXIM_KEY) -> tuple[str, ...]:
    """Lines of the main section."""
    return ("tls_advertise_hosts = *", f"tls_certificate = {chain}", f"tls_privatekey = {key}")


def install(value: str, *, server: bool) -> tuple[Remedy, ...]:
    """The certificate into Postfix, Exim and SEPPmail, as client, and as server too where that side is judged.

    Args:
        value: what the inbound connector asks for, for SEPPmail's connectors.
        server: whether outbound connectors, which see the gateway's server side, are judged.
    """
    postfix = (*postfix_client(), *(postfix_server() if server else ()))
    older = (*postfix_old("smtp"), *(postfix_old("smtpd") if server else ()))
    exim = ("# in the smtp transport:", *exim_client())
    if server:
        exim = (*exim, "# in the main section:", *exim_server())
    return (
        Remedy(
            "Make Postfix present the certificate.",
            "postfix",
            (*postfix, "# then: postfix reload"),
            (
                f"{POSTFIX_FILE} holds the private key first, then the leaf, then each intermediate; mode 600, root.",
                f"Before Postfix 3.4, which knows no chain files: {'; '.join(older)} (leaf, then each intermediate).",
                "Write encrypt instead of may where all mail goes to Exchange Online.",
            ),
            script_only=True,
        ),
        Remedy(
            "Make Exim present the certificate.",
            "exim",
            exim,
            (
                f"{EXIM_CHAIN} holds the leaf, then each intermediate; Exim's user must be able to read both files.",
                "For sending Exim takes tls_certificate of the transport, never that of the main section.",
            ),
            script_only=True,
        ),
        seppmail(value),
    )


def seppmail(value: str) -> Remedy:
    """The appliance's steps and the two connectors of the SEPPmail365 module."""
    lines = (
        "# On the appliance: menu SSL, import certificate, key and every intermediate.",
        "# Menu Mail System, each managed domain of this tenant: the same certificate; TLS Settings to secure.",
        (
            f"New-SM365Connectors -SEPPmailFQDN {quote('<public host name of the appliance>')} "
            f"-TLSCertificateName {quote('<name in the certificate of port 25>')} -CBCcertName {quote(value)}"
        ),
    )
    notes = (
        (
            "One certificate-based connector for each tenant, not for each domain; all managed domains of one tenant "
            "carry the same certificate."
        ),
        (
            "New-SM365Connectors is of the module SEPPmail365 and runs in an Exchange Online session; "
            "SEPPmailFQDN must be a name, not an address. The module is in the PowerShell Gallery; SEPPmailConnect "
            "there is its successor, still a preview in 2026."
        ),
    )
    return Remedy("Make the SEPPmail appliance present the certificate.", "seppmail", lines, notes, script_only=True)


def modern_tls() -> tuple[Remedy, ...]:
    """TLS 1.2 and newer on the listeners."""
    return (
        Remedy(
            "Let Postfix speak TLS 1.2 and newer.", "postfix", ("smtpd_tls_protocols = >=TLSv1.2",), script_only=True
        ),
        Remedy(
            "Let Exim speak TLS 1.2 and newer.",
            "exim",
            (
                "# Exim built with GnuTLS (Debian), main section:",
                "tls_require_ciphers = NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3",
            ),
            ("Exim built with OpenSSL: openssl_options = +no_sslv2 +no_sslv3 +no_tlsv1 +no_tlsv1_1",),
            script_only=True,
        ),
    )


def stapling() -> Remedy:
    """Exim can staple; Postfix cannot."""
    note = "Postfix does not staple: have the certificate issued without the must-staple feature there."
    lines = ("tls_ocsp_file = /etc/exim4/tls/gateway-ocsp.der",)
    return Remedy(
        "Let Exim staple the OCSP answer, and renew that file before it runs out.", "exim", lines, (note,), True
    )


def chain_file() -> Remedy:
    """The file in the order in which a chain is sent."""
    lines = (
        "cat leaf.pem intermediate.pem > gateway-chain.pem",
        "cat key.pem leaf.pem intermediate.pem > gateway.pem   # what smtp_tls_chain_files of Postfix takes",
    )
    return Remedy("Put leaf and intermediates into one file, in the order of issue.", "ca", lines, script_only=True)


def key_comparison() -> Remedy:
    """Which key belongs to a certificate."""
    lines = (
        "openssl x509 -in leaf.pem -noout -pubkey | openssl sha256",
        "openssl pkey -in key.pem -pubout | openssl sha256",
    )
    title = "Find the key that belongs to the certificate: both lines must print the same."
    return Remedy(title, "ca", lines, script_only=True)
