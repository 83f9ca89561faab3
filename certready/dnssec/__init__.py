"""DNSSEC by itself: what DNS says of a name, and whether signatures from a trust anchor down prove it. Pure."""

from certready.dnssec.anchors import ROOT, ROOT_AS_OF, parse, read
from certready.dnssec.chain import Validator
from certready.dnssec.model import ORDER, Found, Lookup, PendingError, Status

__all__ = ["ORDER", "ROOT", "ROOT_AS_OF", "Found", "Lookup", "PendingError", "Status", "Validator", "parse", "read"]
