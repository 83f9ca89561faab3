"""The options that several commands share, written down once, in the sections in which ``--help`` shows them.

``shared`` gives a command all of them; its function receives them as one :class:`Shared` beside its own arguments.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, get_args

import click

from certready.errors import UsageError
from certready.model import ExpiryWarning, Level, Options, RevocationMode, Role

FILE = click.Path(path_type=Path)
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Shared(NamedTuple):
    """What the user asked for, as typed; nothing here has been read or checked yet."""

    tenant: tuple[Path, ...]
    connector: tuple[str, ...]
    role: Role | None
    inbound: tuple[str, ...]
    outbound: tuple[str, ...]
    tls_settings: Level
    certificate_only: bool
    accepted_domain: tuple[str, ...]
    same_certificate: bool
    hostname: str | None
    trust: str | None
    extra_root: tuple[Path, ...]
    at: str | None
    expiry_warning: str | None
    revocation: RevocationMode | None
    crl: tuple[Path, ...]
    ocsp: tuple[Path, ...]
    intermediate: tuple[Path, ...]
    password_file: Path | None
    password_env: str | None
    password_fd: int | None
    offline: bool
    no_cache: bool
    allow_private: bool
    timeout: float
    proxy: str | None
    ca_bundle: Path | None
    formats: tuple[str, ...]
    strict: bool
    verbose: bool
    save_evidence: Path | None
    remedies: Path | None
    replay: Path | None


def several(name: str, metavar: str, text: str, kind: click.Path | None = None) -> Decorator:
    """An option that may be given several times."""
    return click.option(name, metavar=metavar, multiple=True, type=kind, help=text)


def flag(name: str, text: str) -> Decorator:
    return click.option(name, is_flag=True, help=text)


SECTIONS: dict[str, tuple[Decorator, ...]] = {
    "Connector": (
        several("--tenant", "FILE", "Export of Get-InboundConnector, Get-OutboundConnector, Get-AcceptedDomain.", FILE),
        several("--connector", "NAME", "Judge exactly this connector of the tenant."),
        click.option("--role", type=click.Choice(get_args(Role)), help="As what the certificate is presented."),
        several("--inbound", "VALUE", "An inbound connector with this TlsSenderCertificateName."),
        several("--outbound", "VALUE", "An outbound connector with this TlsDomain."),
        click.option(
            "--tls-settings",
            type=click.Choice(get_args(Level)),
            default="domain-validation",
            help="The TlsSettings of --outbound.",
        ),
        flag("--certificate-only", "Judge the certificate alone, no connector."),
        several("--accepted-domain", "DOMAIN", "An accepted domain of the tenant."),
        flag("--same-certificate", "Assert that the gateway presents the probed certificate as client too."),
        click.option("--hostname", metavar="NAME", help="The gateway's public host name, to be covered too."),
    ),
    "Trust and time": (
        click.option("--trust", metavar="STORE", help="microsoft (the default), mozilla, system, or a PEM file."),
        several("--extra-root", "FILE", "A private root; the chain still counts as untrusted.", FILE),
        click.option("--at", metavar="TIME", help="Judge as of this ISO 8601 moment (UTC without an offset)."),
        click.option(
            "--expiry-warning", metavar="SHARE", help="When expiry starts to warn: 33% of the lifetime, or 30d."
        ),
    ),
    "Revocation and files at hand": (
        click.option(
            "--revocation",
            type=click.Choice(get_args(RevocationMode)),
            help="require an answer (the default), report its lack, or off.",
        ),
        several("--crl", "FILE", "A CRL at hand.", FILE),
        several("--ocsp", "FILE", "An OCSP answer at hand.", FILE),
        several("--intermediate", "FILE", "Certificates that explain and repair; they do not count as sent.", FILE),
        click.option("--password-file", metavar="FILE", type=FILE, help="The PFX password is this file's first line."),
        click.option("--password-env", metavar="NAME", help="The PFX password is in this environment variable."),
        click.option("--password-fd", metavar="N", type=int, help="The PFX password is read from this descriptor."),
    ),
    "Network": (
        flag("--offline", "Never touch the network; cached answers that still stand are used."),
        flag("--no-cache", "Neither read nor write cached answers."),
        flag("--allow-private", "Let URLs found in certificates reach private addresses."),
        click.option("--timeout", metavar="S", type=float, default=10.0, help="Seconds for each network step (10)."),
        click.option("--proxy", metavar="URL", help="HTTP proxy for revocation and issuers."),
        click.option("--ca-bundle", metavar="FILE", type=FILE, help="Roots for https URLs of revocation and issuers."),
    ),
    "Output": (
        click.option(
            "--format",
            "formats",
            metavar="NAME[=FILE]",
            multiple=True,
            help="text or json, to stdout or into a file; may be given several times.",
        ),
        flag("--strict", "Counted warnings fail."),
        click.option("--verbose", "-v", is_flag=True, help="Everything: references, evidence, all tables."),
        click.option("--save-evidence", metavar="FILE", type=FILE, help="Write what was gathered, for --replay."),
        click.option("--replay", metavar="FILE", type=FILE, help="Judge saved evidence again."),
        click.option("--remedies", metavar="FILE.ps1", type=FILE, help="Write the fixes as a script of comments."),
    ),
}


class SectionedCommand(click.Command):
    """A command whose ``--help`` lists the shared options by section, after its own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        shown = {param.name: record for param in self.get_params(ctx) if (record := param.get_help_record(ctx))}
        for title, names in _names_by_section().items():
            rows = [shown.pop(name) for name in names if name in shown]
            with formatter.section(title):
                formatter.write_dl(rows)
        with formatter.section("This command"):
            formatter.write_dl(list(shown.values()))


@functools.cache
def _names_by_section() -> dict[str, list[str]]:
    """The parameter names of each section, in order."""

    def bare() -> None:
        """Carries options and does nothing."""

    found = {}
    for title, options in SECTIONS.items():
        command = click.command()(_decorated(bare, options))
        found[title] = [str(param.name) for param in command.params if param.name != "help"]
        vars(bare).pop("__click_params__", None)
    return found


def _decorated(function: Callable[..., Any], options: tuple[Decorator, ...]) -> Callable[..., Any]:
    for option in reversed(options):
        function = option(function)
    return function


def shared(command: Callable[..., int]) -> Callable[..., int]:
    """The command with every shared option; its function receives them as ``shared=``, beside its own arguments."""

    @functools.wraps(command)
    def run(**options: Any) -> int:
        values = {name: options.pop(name) for name in Shared._fields}
        return command(shared=Shared(**values), **options)

    return _decorated(run, tuple(option for options in SECTIONS.values() for option in options))


def judging_options(wanted: Shared, default_role: Role) -> Options:
    """The options that the judgement depends on. Raises UsageError for a malformed ``--at`` or ``--expiry-warning``."""
    return Options(
        at=moment(wanted.at) if wanted.at is not None else None,
        revocation=wanted.revocation or "require",
        offline=wanted.offline,
        strict=wanted.strict,
        expiry_warning=expiry_warning(wanted.expiry_warning),
        certificate_only=wanted.certificate_only,
        same_certificate=wanted.same_certificate,
        hostname=hostname(wanted.hostname),
        role=wanted.role or default_role,
    )


def present() -> datetime:
    """Now, in UTC and whole seconds, as certificates hold their dates."""
    return datetime.now(UTC).replace(microsecond=0)


def moment(text: str) -> datetime:
    """An ISO 8601 moment in UTC. Raises UsageError where it is none."""
    try:
        found = datetime.fromisoformat(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"--at {text!r} is no moment.", hint="Write an ISO 8601 moment such as 2027-03-15 or 2027-03-15T08:00:00Z."
        ) from None


def expiry_warning(text: str | None) -> ExpiryWarning:
    """``33%`` or ``30d``, or the default. Raises UsageError for anything else."""
    if text is None:
        return ExpiryWarning()
    number, unit = text.strip()[:-1], text.strip()[-1:]
    if number.isascii() and number.isdigit() and len(number) < 6:
        if unit == "%" and int(number) <= 100:
            return ExpiryWarning(fraction=int(number) / 100, days=None)
        if unit == "d":
            return ExpiryWarning(fraction=None, days=int(number))
    raise UsageError(f"--expiry-warning {text!r} is neither a share nor days.", hint="Write 33% or 30d.")


def hostname(text: str | None) -> str | None:
    """The host name as an A-label, or None. Raises UsageError where it is none."""
    if text is None:
        return None
    from certready.exchange.matching import a_label

    found = a_label(text)
    if found is None or found.startswith("*"):
        raise UsageError(
            f"--hostname {text!r} is no host name.", hint="Write the name alone, such as mail.contoso.com."
        )
    return found


def accepted_domains(texts: tuple[str, ...]) -> list[str]:
    """The accepted domains as A-labels. Raises UsageError for one that is none."""
    from certready.exchange.matching import a_label

    found = []
    for text in texts:
        label = a_label(text)
        if label is None or label.startswith("*"):
            raise UsageError(
                f"--accepted-domain {text!r} is no domain.", hint="Write the domain alone, such as contoso.com."
            )
        found.append(label)
    return found


def host_and_port(text: str) -> tuple[str, int | None]:
    """``HOST``, ``HOST:PORT``, ``[IPv6]:PORT`` or a bare IPv6 address. Raises UsageError for a port that is none."""
    text = text.strip()
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
        wrong = bool(rest) and not rest.startswith(":")
    elif text.count(":") > 1:
        return text, None
    else:
        host, separator, port = text.partition(":")
        wrong = bool(separator) and not port
    if wrong or not host or (port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536)):
        raise UsageError(
            f"{text!r} is no host and port.", hint="Write mail.contoso.com, mail.contoso.com:25 or [::1]:25."
        )
    return host, int(port) if port else None
