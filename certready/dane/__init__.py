"""DANE for SMTP: whether TLSA records fit the certificates that a mail host sends. Pure."""

from certready.dane.answers import FACTS, UNLESS, consequence
from certready.dane.matching import Fit, fit
from certready.dane.promise import Promise, compare, presented
from certready.dane.renewal import Outlook, outlook
from certready.dane.tlsa import Tlsa, listed, owner, record_of, usable, zone_line

__all__ = [
    "FACTS",
    "UNLESS",
    "Fit",
    "Outlook",
    "Promise",
    "Tlsa",
    "compare",
    "consequence",
    "fit",
    "listed",
    "outlook",
    "owner",
    "presented",
    "record_of",
    "usable",
    "zone_line",
]
