"""What the values of options mean: the options of judging, times and shares, read out of what was typed."""

from __future__ import annotations

from datetime import UTC, datetime

from certready.cli.shared import Shared
from certready.errors import UsageError
from certready.model import ExpiryWarning, Options, Role
from certready.typed import hostname


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
    """An ISO 8601 time in UTC. Raises UsageError where it is none."""
    try:
        time = datetime.fromisoformat(text.strip())
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"--at {text[:80]!a} is not a valid time.",
            hint="Write it in ISO 8601, such as 2027-03-15 or 2027-03-15T08:00:00Z.",
        ) from None


def expiry_warning(text: str | None) -> ExpiryWarning:
    """``33%`` or ``30d``, or the default. Raises UsageError for anything else."""
    if text is None:
        return ExpiryWarning()
    number, unit = text.strip()[:-1], text.strip()[-1:].lower()
    if number.isascii() and number.isdigit() and len(number) < 6:
        if unit == "%" and int(number) <= 100:
            return ExpiryWarning(fraction=int(number) / 100, days=None)
        if unit == "d":
            return ExpiryWarning(fraction=None, days=int(number))
    raise UsageError(f"--expiry-warning {text[:80]!r} is neither a share nor days.", hint="Write 33% or 30d.")
