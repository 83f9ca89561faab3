"""The options that several commands share, written down once, in the sections in which ``--help`` shows them."""

from pathlib import Path
from typing import Annotated, Any, get_args

from msgspec import Struct

from certready.cli import completing
from certready.cli.commands import option, words
from certready.errors import UsageError
from certready.model import Level, RevocationMode, Role
from certready.model.patience import MOST_SECONDS, timeout
from certready.render import FORMATS

CONNECTOR, PASSWORD, OUTPUT = "Connector", "Password", "Output"
REVOCATION, TRUST, NETWORK = "Revocation", "Trust and time", "Network"


def _seconds(text: str) -> float:
    try:
        return timeout(float(text))
    except (ValueError, UsageError):
        raise UsageError(
            f"--timeout {text[:80]!a} is not a number of seconds above 0 and at most {MOST_SECONDS}.",
            hint="Give seconds for one step, such as 10 or 30; a whole probe may take several steps.",
        ) from None


def _formats(listed: str, names: tuple[str, ...]) -> Any:
    return option(
        "--format",
        help=f"{listed}: to stdout, or into a file. Repeat it for several.",
        panel=OUTPUT,
        metavar="NAME[=FILE]",
        **completing.offering(lambda _: names),
    )


def _store(text: str) -> str:  # a name in any case, or a file as it was typed
    return text.lower() if text.lower() in completing.STORES else text


PasswordFile = Annotated[
    Path | None,
    option("--password-file", help="The PFX password is this file's first line.", panel=PASSWORD, metavar="FILE"),
]
PasswordEnv = Annotated[
    str | None,
    option("--password-env", help="The PFX password is in this environment variable.", panel=PASSWORD, metavar="NAME"),
]
PasswordFd = Annotated[
    int | None,
    option("--password-fd", help="The PFX password is read from this descriptor.", panel=PASSWORD, metavar="N"),
]
Timeout = Annotated[
    float, option("--timeout", help="Seconds for each network step.", panel=NETWORK, metavar="S", parser=_seconds)
]
Formats = Annotated[tuple[str, ...], _formats(", ".join(FORMATS), tuple(FORMATS))]
TextOrJson = Annotated[tuple[str, ...], _formats("text or json", ("text", "json"))]
Readable = Annotated[tuple[str, ...], _formats("text, json or html", ("text", "json", "html"))]
Form = Annotated[str, option("--format", help="How to print the answer.", panel=OUTPUT, **words(("text", "json")))]
Verbose = Annotated[bool, option("--verbose", "-v", help="Everything: references, evidence, all tables.", panel=OUTPUT)]
Quiet = Annotated[bool, option("--quiet", "-q", help="Do not tell on the terminal what is waited for.", panel=OUTPUT)]


Protocol = Annotated[
    str,
    option(
        "--protocol",
        help="smtp, submission, smtps, lmtp, imap, imaps, pop3, pop3s, ldap or tls.",
        metavar="NAME",
        **completing.offering(completing.protocols),
    ),
]
Resolve = Annotated[
    tuple[str, ...],
    option(
        "--resolve",
        help="Connect to this address for the host, without asking DNS. Repeat it for several.",
        metavar="HOST=IP",
    ),
]
Dns = Annotated[
    str | None,
    option("--dns", help="The DNS server to ask, ADDRESS[:PORT]; the system's unless given.", metavar="SERVER"),
]
Dane = Annotated[
    tuple[str, ...],
    option(
        "--dane",
        help="Compare with the TLSA records of this mail host, by DNSSEC. Repeat it for several.",
        metavar="HOST",
    ),
]
MtaStsDomain = Annotated[
    str | None,
    option("--mta-sts", help="Compare with the MTA-STS policy of this mail domain.", metavar="DOMAIN"),
]
DnsAnchor = Annotated[
    Path | None,
    option(
        "--dns-anchor",
        help="DS or DNSKEY records to trust in a lab; the root's own keys unless given.",
        metavar="FILE",
    ),
]
Ehlo = Annotated[
    str | None, option("--ehlo", help="The name to greet with; this host's own unless given.", metavar="NAME")
]
Sni = Annotated[
    str | None, option("--sni", help="The server name to ask for; the host unless given, '' for none.", metavar="NAME")
]
IPv4 = Annotated[bool, option("-4", help="IPv4 addresses alone.")]
IPv6 = Annotated[bool, option("-6", help="IPv6 addresses alone.")]

Gentle = Annotated[bool, option("--gentle", help="One handshake for each address; what it does not show is a warning.")]


class Shared(Struct, frozen=True):
    """What the user asked for, as typed; nothing here has been read or checked yet. The order is that of the help."""

    tenant: Annotated[
        tuple[Path, ...],
        option(
            "--tenant",
            help="Export of Get-InboundConnector, Get-OutboundConnector, Get-AcceptedDomain. Repeat it for several.",
            panel=CONNECTOR,
            metavar="FILE",
        ),
    ] = ()
    connector: Annotated[
        tuple[str, ...],
        option(
            "--connector",
            help="Judge exactly this connector of the tenant. Repeat it for several.",
            panel=CONNECTOR,
            metavar="NAME",
            **completing.offering(completing.connectors),
        ),
    ] = ()
    role: Annotated[
        Role | None,
        option(
            "--role",
            help="With a tenant: as what the certificate is presented.",
            panel=CONNECTOR,
            **words(get_args(Role)),
        ),
    ] = None
    inbound: Annotated[
        tuple[str, ...],
        option(
            "--inbound",
            help="An inbound connector with this TlsSenderCertificateName. Repeat it for several.",
            panel=CONNECTOR,
            metavar="VALUE",
        ),
    ] = ()
    outbound: Annotated[
        tuple[str, ...],
        option(
            "--outbound",
            help="An outbound connector with this TlsDomain. Repeat it for several.",
            panel=CONNECTOR,
            metavar="VALUE",
        ),
    ] = ()
    tls_settings: Annotated[
        Level,
        option(
            "--tls-settings",
            help="The TlsSettings of --outbound.",
            panel=CONNECTOR,
            **words(get_args(Level)),
        ),
    ] = "domain-validation"
    certificate_only: Annotated[
        bool, option("--certificate-only", help="Judge the certificate alone, no connector.", panel=CONNECTOR)
    ] = False
    accepted_domain: Annotated[
        tuple[str, ...],
        option(
            "--accepted-domain",
            help="An accepted domain of the tenant. Repeat it for several.",
            panel=CONNECTOR,
            metavar="DOMAIN",
        ),
    ] = ()
    same_certificate: Annotated[
        bool,
        option(
            "--same-certificate",
            help="Assert that the gateway presents the probed certificate as client too.",
            panel=CONNECTOR,
        ),
    ] = False
    hostname: Annotated[
        str | None,
        option(
            "--hostname", help="The gateway's public host name, to be covered too.", panel=CONNECTOR, metavar="NAME"
        ),
    ] = None
    password_file: PasswordFile = None
    password_env: PasswordEnv = None
    password_fd: PasswordFd = None
    formats: Formats = ()
    strict: Annotated[bool, option("--strict", help="Counted warnings fail.", panel=OUTPUT)] = False
    verbose: Verbose = False
    quiet: Quiet = False
    save_evidence: Annotated[
        Path | None,
        option("--save-evidence", help="Write what was gathered, for --replay.", panel=OUTPUT, metavar="FILE"),
    ] = None
    redact: Annotated[
        bool,
        option("--redact", help="With --save-evidence: names and addresses are replaced, consistently.", panel=OUTPUT),
    ] = False
    replay: Annotated[
        Path | None, option("--replay", help="Judge saved evidence again.", panel=OUTPUT, metavar="FILE")
    ] = None
    remedies: Annotated[
        Path | None,
        option("--remedies", help="Write the fixes as a script of comments.", panel=OUTPUT, metavar="FILE.ps1"),
    ] = None
    revocation: Annotated[
        RevocationMode | None,
        option(
            "--revocation",
            help="require an answer (the default), report its lack, or off.",
            panel=REVOCATION,
            **words(get_args(RevocationMode)),
        ),
    ] = None
    crl: Annotated[
        tuple[Path, ...],
        option("--crl", help="A CRL at hand. Repeat it for several.", panel=REVOCATION, metavar="FILE"),
    ] = ()
    ocsp: Annotated[
        tuple[Path, ...],
        option("--ocsp", help="An OCSP answer at hand. Repeat it for several.", panel=REVOCATION, metavar="FILE"),
    ] = ()
    intermediate: Annotated[
        tuple[Path, ...],
        option(
            "--intermediate",
            help="Certificates that explain and repair; they do not count as sent. Repeat it for several files.",
            panel=REVOCATION,
            metavar="FILE",
        ),
    ] = ()
    trust: Annotated[
        str | None,
        option(
            "--trust",
            help="microsoft (the default), mozilla, system, or a PEM file.",
            panel=TRUST,
            metavar="STORE",
            parser=_store,
            **completing.offering(completing.stores),
        ),
    ] = None
    extra_root: Annotated[
        tuple[Path, ...],
        option(
            "--extra-root",
            help="A private root; the chain still counts as untrusted. Repeat it for several files.",
            panel=TRUST,
            metavar="FILE",
        ),
    ] = ()
    at: Annotated[
        str | None,
        option("--at", help="Judge as of this ISO 8601 time (UTC without an offset).", panel=TRUST, metavar="TIME"),
    ] = None
    expiry_warning: Annotated[
        str | None,
        option(
            "--expiry-warning",
            help="When expiry starts to warn: 33% of the lifetime, or 30d.",
            panel=TRUST,
            metavar="SHARE",
        ),
    ] = None
    offline: Annotated[
        bool,
        option("--offline", help="Never touch the network; cached answers that are fresh are used.", panel=NETWORK),
    ] = False
    no_cache: Annotated[bool, option("--no-cache", help="Neither read nor write cached answers.", panel=NETWORK)] = (
        False
    )
    allow_private: Annotated[
        bool, option("--allow-private", help="Let URLs found in certificates reach private addresses.", panel=NETWORK)
    ] = False
    timeout: Timeout = 10.0
    proxy: Annotated[
        str | None,
        option(
            "--proxy",
            help="HTTP proxy for revocation and issuers; with a password: CERTREADY_PROXY.",
            panel=NETWORK,
            metavar="URL",
        ),
    ] = None
    ca_bundle: Annotated[
        Path | None,
        option("--ca-bundle", help="Roots for https URLs of revocation and issuers.", panel=NETWORK, metavar="FILE"),
    ] = None
