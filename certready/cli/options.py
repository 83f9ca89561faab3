"""What the values of options mean: times, shares, host names, domains, read out of what was typed."""

from __future__ import annotations

from datetime import UTC, datetime

from certready.cli.shared import Shared
from certready.errors import UsageError
from certready.model import ExpiryWarning, Options, Role

_ENDINGS = (".pem", ".crt", ".cer", ".der", ".pfx", ".p12", ".p7b", ".json")


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


def could_be_host(place: str) -> bool:
    """Whether this can be a host rather than a file that is missing."""
    return not (set("/\\") & set(place) or place.lower().endswith(_ENDINGS))


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
