"""DANE for SMTP: whether TLSA records fit the certificates that a mail host sends. Pure."""

from certready.dane.matching import Fit, fit
from certready.dane.promise import Promise, compare
from certready.dane.tlsa import Tlsa, listed, owner, record_of, usable, zone_line

__all__ = ["Fit", "Promise", "Tlsa", "compare", "fit", "listed", "owner", "record_of", "usable", "zone_line"]
