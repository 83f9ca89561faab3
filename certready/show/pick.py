"""Which certificate Exchange Server takes for a connector with this FQDN, by its documented steps.

The steps are those of "Selection of inbound STARTTLS certificates" (Exchange Server 2016, 2019 and Subscription
Edition). What it leaves open (whether a wildcard satisfies an FQDN, what a valid certificate is, which of two counts
where the newest does not last longest) is said and not guessed. A send connector without TlsCertificateName takes the
best match of its FQDN too, says a Microsoft engineer; no article has its steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from certready.bundle.listing import for_smtp
from certready.exchange.matching import covers
from certready.remedy import exchange
from certready.remedy.dotnet import thumbprint, tls_certificate_name
from certready.wording import listed
from certready.x509.certificate import Certificate
from certready.x509.leaves import ca_like
from certready.x509.signature import signs_itself

if TYPE_CHECKING:
    from certready.show.contents import Shown

Confidence = Literal["documented", "reported", "inferred", "not known"]

_SELECTION = (
    "Microsoft Learn, Selection of inbound STARTTLS certificates "
    "(https://learn.microsoft.com/exchange/mail-flow/mail-routing/inbound-starttls-certificates-selection)"
)
_BLOG = "Exchange Team Blog, TLS certificates in Exchange Hybrid (https://techcommunity.microsoft.com/blog/exchange/4420592)"
_NOWHERE = ""


class Stored(Struct, frozen=True):
    """A certificate in the store of an Exchange server, as far as is known: whether its private key is there, whether
    SMTP is enabled for it, and the ``status`` that Get-ExchangeCertificate shows; None where that is not said."""

    certificate: Certificate
    has_key: bool | None = None
    smtp: bool | None = None
    status: str | None = None


class Step(Struct, frozen=True):
    """One step of the selection: a sentence, how sure it is, and where it is written ("" for nowhere)."""

    text: str
    confidence: Confidence
    source: str


class Pick(Struct, frozen=True):
    """What is taken for ``fqdn``: one certificate, several where it cannot be told which, or none.

    ``certain`` says that the documented steps alone decide. ``bind`` is the certificate to name in TlsCertificateName,
    so that nothing is left to chance: the one that is taken, or the best of those that may be; None where none is
    valid. ``rival`` says that another has the same issuer and subject, so that the value does not tell them apart.
    """

    fqdn: str
    taken: tuple[Certificate, ...]
    steps: tuple[Step, ...]
    bind: Certificate | None = None
    rival: bool = False
    certain: bool = False

    @property
    def answer(self) -> str:
        """The answer in one sentence."""
        marks = ", ".join(f"{certificate.parsed.label} {thumbprint(certificate)}" for certificate in self.taken)
        if not self.taken:
            return f"Exchange Server finds no certificate for {self.fqdn}."
        if self.certain:
            return f"Exchange Server picks {marks} for {self.fqdn}."
        if len(self.taken) > 1:
            return f"Which of these Exchange Server picks for {self.fqdn} is unknown: {marks}."
        return f"Exchange Server may pick {marks} for {self.fqdn}; what is known leaves it open."


def stored(shown: Shown) -> tuple[Stored, ...]:
    """The gateway's own certificates among those shown, with what Exchange's list says of them. A file whose private
    key came along says that the key is there; one without says nothing."""
    lists = [container for container in shown.containers if container.kind == "exchange"]
    rows = {entry.digest: entry for container in lists for entry in container.entries}
    gateways = []
    for certificate in shown.certificates:
        row = rows.get(certificate.sha256)
        if row:
            gateways.append(Stored(certificate, row.has_private_key, for_smtp(row.services), row.status or None))
        elif not ca_like(certificate):
            gateways.append(Stored(certificate, True if certificate.parsed.spki_sha256 in shown.keys else None))
    return tuple(gateways)


def pick(stored: Sequence[Stored], fqdn: str, now: datetime) -> Pick:
    """The certificate that Exchange Server takes for a connector with this FQDN and without TlsCertificateName.

    Args:
        stored: what is in the personal store of the computer.
        fqdn: a host name in lower-case A-labels.
        now: the moment by which dates are judged, aware.
    """
    steps = [
        Step(
            f"TlsCertificateName is read first; where it is not set, the connector's Fqdn, {fqdn}, is looked for.",
            "documented",
            _SELECTION,
        )
    ]
    exact = [entry for entry in stored if fqdn in {name.lower() for name in entry.certificate.parsed.names}]
    wild = [entry for entry in stored if entry not in exact and covers(entry.certificate.parsed.names, fqdn)]
    usable, why = _usable(exact)
    names = _labels(exact)
    steps.append(
        Step(
            f"Subject or alternative names hold {fqdn}: {names or 'none of the certificates'}.{why}",
            "documented",
            _SELECTION,
        )
    )
    if wild:
        steps.append(
            Step(
                f"A wildcard covers it in {_labels(wild)}; whether that satisfies an Fqdn is not documented.",
                "not known",
                _NOWHERE,
            )
        )
    steps += _unsaid(usable)
    wild = _usable(wild)[0]
    if not usable:
        steps.append(_nothing(wild))
        best = _best(wild, now)
        return Pick(fqdn, tuple(entry.certificate for entry in wild), tuple(steps), best, _has_rival(best, stored))
    ranked, step = _ranked(usable, now)
    steps.append(step)
    taken, more = _decided(ranked, now)
    steps += more
    best = _best(ranked, now)
    certain = len(taken) == 1 and not wild and all(entry.has_key and entry.smtp for entry in usable)
    return Pick(fqdn, taken, tuple(steps), best, _has_rival(best, stored), certain)


def binding(pick: Pick) -> tuple[str, ...]:
    """The lines that bind the connectors to the certificate by name, so that nothing is left to be picked."""
    if pick.bind is None:
        return ()
    _, *lines = exchange.bind_certificate(pick.bind).lines  # it is in the store: no import
    return tuple(lines)


def _usable(named: Sequence[Stored]) -> tuple[list[Stored], str]:
    """Those that may be taken, and a sentence about the others."""
    usable, out = [], []
    for entry in named:
        reason = _barred(entry)
        if reason:
            out.append(f"{_label(entry)} ({reason})")
        else:
            usable.append(entry)
    return usable, f" Not eligible: {listed(out)}." if out else ""


def _barred(entry: Stored) -> str:
    """Why a certificate is never taken by Fqdn, "" where it may be."""
    if entry.certificate.parsed.error:
        return "it cannot be read"
    if entry.certificate.parsed.version != 3:
        return "it is not of version 3"
    if entry.has_key is False:
        return "its private key is not there"
    return "SMTP is not enabled for it" if entry.smtp is False else ""


def _unsaid(usable: Sequence[Stored]) -> list[Step]:
    """What a file does not say and the store of a server does."""
    if all(entry.has_key and entry.smtp for entry in usable):
        return []
    text = (
        "Only certificates whose private key is in the store and for which SMTP is enabled are taken; whether that is "
        "so is not known of all of these. Get-ExchangeCertificate shows what the server has."
    )
    return [Step(text, "documented", _SELECTION)]


def _nothing(wild: Sequence[Stored]) -> Step:
    if wild:
        return Step(
            "By the documented steps none is eligible: STARTTLS is then missing from the EHLO answer (event 12014), "
            "unless a wildcard counts.",
            "not known",
            _SELECTION,
        )
    text = "None is eligible: STARTTLS is missing from the EHLO answer, and event 12014 is logged."
    return Step(text, "documented", _SELECTION)


def _ranked(usable: Sequence[Stored], now: datetime) -> tuple[list[Stored], Step]:
    """Those among which the choice is made, the newest first."""
    issued = [entry for entry in usable if not signs_itself(entry.certificate)]
    valid = [entry for entry in issued if _valid(entry, now)]
    newest = sorted(valid or issued or usable, key=lambda entry: entry.certificate.parsed.not_before, reverse=True)
    if valid or not issued:
        kind = "issued by an authority and valid" if valid else "self-signed, and there are no others"
        text = f"Of those that are {kind}, the one whose validity began last is taken: {_labels(newest)}, newest first."
    else:
        text = f"None that an authority issued is valid now: {_labels(newest)}."
    return newest, Step(text, "documented", _SELECTION)


def _decided(ranked: Sequence[Stored], now: datetime) -> tuple[tuple[Certificate, ...], list[Step]]:
    """What is taken of those ranked; several where the sources disagree."""
    steps: list[Step] = []
    first = ranked[0].certificate
    start = [entry.certificate for entry in ranked if entry.certificate.parsed.not_before == first.parsed.not_before]
    longest = max(ranked, key=lambda entry: entry.certificate.parsed.not_after).certificate
    taken = tuple(dict.fromkeys((*start, longest)))
    if len(taken) > 1:
        text = (
            "The article takes the certificate that began last, the Exchange Team the one that ends last. Here these "
            f"differ ({', '.join(map(_dated, taken))}): export and remove the one that must not be taken."
        )
        steps.append(Step(text, "not known", _BLOG))
    if not _valid(ranked[0], now):
        text = "It is outside its validity period: STARTTLS is offered with it all the same, and event 12016 is logged."
        steps.append(Step(text, "documented", _SELECTION))
    else:
        text = (
            "The article does not say what makes a certificate valid; STARTTLS was seen to disappear with a chain that "
            "is not trusted and with a revoked certificate."
        )
        steps.append(Step(text, "reported", _BLOG))
    return taken, steps


def _valid(entry: Stored, now: datetime) -> bool:
    parsed = entry.certificate.parsed
    return parsed.not_before <= now <= parsed.not_after and (entry.status or "Valid").casefold() == "valid"


def _best(candidates: Sequence[Stored], now: datetime) -> Certificate | None:
    """The one to bind: valid before invalid, issued before self-signed, then the one that lasts longest."""

    def rank(entry: Stored) -> tuple[bool, bool, datetime]:
        return _valid(entry, now), not signs_itself(entry.certificate), entry.certificate.parsed.not_after

    best = max(candidates, key=rank, default=None)
    return best.certificate if best and _valid(best, now) else None


def _has_rival(best: Certificate | None, stored: Sequence[Stored]) -> bool:
    name = tls_certificate_name(best) if best else None
    rivals = (entry.certificate for entry in stored if entry.certificate != best)
    return name is not None and any(
        (tls_certificate_name(certificate) or "").casefold() == name.casefold() for certificate in rivals
    )


def _label(entry: Stored) -> str:
    return f"{entry.certificate.parsed.label} {thumbprint(entry.certificate)[:8]}"


def _labels(several: Sequence[Stored]) -> str:
    return listed([_label(entry) for entry in several])


def _dated(certificate: Certificate) -> str:
    parsed = certificate.parsed
    return f"{thumbprint(certificate)[:8]} {parsed.not_before:%Y-%m-%d} to {parsed.not_after:%Y-%m-%d}"
