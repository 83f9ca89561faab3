"""DANE for SMTP: whether the TLSA records of a mail host fit what it presents as TLS server.

Exchange Online checks them on all mail that it sends, and so does every other sender that knows DANE.
"""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import F, P, Rule, U, W, everywhere
from certready.rules.sources import rfc

MATCH = Rule(
    "dane.match",
    "A TLSA record fits the certificate",
    what="Signed TLSA records stand at the mail host's name, and one that decides fits what the host sends.",
    why="Exchange Online and every other sender that checks DANE deliver.",
    confidence="documented",
    sources=(sources.HOW_DANE_WORKS, rfc(7672, "3.1")),
    weights=(
        everywhere(P),
        everywhere(W, "alone", "no second record stands for the next renewal", counted=False),
        everywhere(W, "authority", "a record of an authority alone fits (usage 2)", counted=False),
    ),
    fix="Before each renewal publish the TLSA record of the new key beside the old one, and wait for the time to live.",
)

MISMATCH = Rule(
    "dane.mismatch",
    "No TLSA record fits the certificate",
    what="Signed TLSA records stand at the mail host's name, and none that decides fits what the host sends.",
    why=(
        "Exchange Online holds the mail (4.7.323), tries for 24 hours and returns it (5.7.323), unless another MX host "
        "serves; every other sender that checks DANE holds it too."
    ),
    confidence="documented",
    sources=(sources.HOW_DANE_WORKS, rfc(7672, "2.2"), rfc(7671, "9")),
    weights=(everywhere(F), everywhere(W, "elsewhere", "another MX host carries the mail")),
    fix=(
        "Publish the record that fits beside the old one, or take the old ones away: mail flows again when their time "
        "to live is over."
    ),
)

DATES = Rule(
    "dane.dates",
    "A TLSA record fits a certificate whose dates do not hold",
    why=(
        "Microsoft lists an expired certificate among what fails DANE (4.7.322), without an exception for usage 3; one "
        "of the future fails as well (4.7.323). Senders that keep to RFC 7672 pass over the dates under usage 3."
    ),
    confidence="documented",
    sources=(sources.HOW_DANE_WORKS, rfc(7672, "3.1.1"), rfc(7671, "5.1")),
    weights=(everywhere(F),),
    fix="Install a certificate that is valid now, and publish its record first.",
)

NAME = Rule(
    "dane.name",
    "A record of an authority fits, and the certificate names another host",
    what="Usage 2 also compares names, and the certificate carries neither the MX host nor the mail domain.",
    why="Exchange Online answers 4.7.325 and holds the mail; usage 3 compares no names.",
    confidence="documented",
    sources=(sources.HOW_DANE_WORKS, rfc(7672, "3.2.2")),
    weights=(everywhere(F),),
    fix="Have the MX host's name put into the certificate, or publish a record of usage 3.",
)

NO_TLS = Rule(
    "dane.no-tls",
    "TLSA records promise TLS, and none came up with the host",
    why="Exchange Online answers 4.7.321 and holds the mail: with TLSA records there is no delivery in clear text.",
    confidence="documented",
    sources=(sources.HOW_DANE_WORKS, rfc(7672, "2.2")),
    weights=(
        everywhere(F),
        everywhere(U, "unclear", "STARTTLS is masked or refused, or the handshake failed"),
    ),
    fix="Enable STARTTLS on every address of the host, or take its TLSA records away.",
)

UNUSABLE = Rule(
    "dane.unusable",
    "None of the TLSA records can be used for SMTP",
    what="Every record has a usage, selector, matching type or digest that senders of mail pass over.",
    why="TLS is then required and nothing is authenticated; a connector that insists on DANE holds the mail.",
    confidence="documented",
    sources=(sources.HOW_DANE_WORKS, rfc(7672, "3.1.3")),
    weights=(everywhere(W), everywhere(F, "mandatory", "SmtpDaneMode is Mandatory")),
    fix="Publish a record of the form 3 1 1.",
)

UNREADABLE = Rule(
    "dane.unreadable",
    "A TLSA record or the certificate cannot be compared",
    what="A record is too short to be one, or what has to be compared cannot be read or followed here.",
    why="What a sender makes of it cannot be told.",
    confidence="inferred",
    sources=(sources.OWN,),
    weights=(everywhere(U),),
    fix="Publish a record of the form 3 1 1, and one alone where others are damaged.",
)

ABSENT = Rule(
    "dane.absent",
    "The mail host has no TLSA records",
    what="DNSSEC proves that no TLSA record stands at the host's name.",
    why="Senders then use TLS as they do without DANE; a connector that insists on DANE holds the mail.",
    confidence="documented",
    sources=(sources.HOW_DANE_WORKS, sources.DANE_MODES),
    weights=(everywhere(P), everywhere(F, "mandatory", "SmtpDaneMode is Mandatory")),
    fix="Publish a TLSA record for the mail host, or let the connector deliver without DANE.",
)

NOT_APPLIED = Rule(
    "dane.not-applied",
    "DANE does not apply",
    what="The MX record, the host's addresses or its TLSA records are provably not signed, or it is not about port 25.",
    why="Senders do not look at TLSA records to which no signed record leads.",
    confidence="documented",
    sources=(sources.HOW_DANE_WORKS, rfc(7672, "2.2.2")),
    weights=(
        everywhere(P),
        everywhere(W, "records", "though TLSA records are published"),
        everywhere(F, "mandatory", "SmtpDaneMode is Mandatory"),
    ),
    fix="Have the zones of the mail domain and of its MX hosts signed with DNSSEC, or leave the TLSA records away.",
)

BOGUS = Rule(
    "dane.bogus",
    "DNSSEC is broken on the way to the mail host",
    what="A record that has to be signed is not, or its signature is wrong or expired.",
    why="Exchange Online answers 4.7.324 or 4.4.312 and holds the mail; so does every sender whose resolver validates.",
    confidence="documented",
    sources=(sources.HOW_DANE_WORKS, rfc(7672, "2.1.2"), rfc(4035, "5")),
    weights=(everywhere(F),),
    fix="Have the zone signed anew, compare the DS record at its parent with its keys, and wait for the old TTLs.",
)

UNANSWERED = Rule(
    "dane.unanswered",
    "DNS gave no answer that DANE can rest on",
    what="A server failed, refused or was silent about a record that DANE needs, or says that there is no such host.",
    why=(
        "A TLSA query of a signed zone without an answer holds the mail (4.7.324), so that this is not the same as "
        "having no records; perhaps the server answered this machine alone with a failure."
    ),
    confidence="documented",
    sources=(sources.HOW_DANE_WORKS, rfc(7672, "2.1.2")),
    weights=(everywhere(U),),
    fix="Ask again, another server with --dns; if it stays so, have the zone's own servers looked at.",
)

UNVERIFIED = Rule(
    "dane.unverified",
    "What DNS says could not be verified here",
    what="The DNS server leaves out signatures, an algorithm or a limit stands in the way, or no certificate was seen.",
    why="Whether DANE holds cannot be told from here.",
    confidence="inferred",
    sources=(sources.OWN,),
    weights=(everywhere(U),),
    fix="Ask a DNS server that passes on signatures, with --dns SERVER.",
)
