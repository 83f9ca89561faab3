"""From an error line, a bounce or a symptom to its causes, and from a rule id to what the rule is about. Pure."""

from __future__ import annotations

from certready.explain.catalogue import CATALOGUE
from certready.explain.find import explain
from certready.explain.model import Cause, Entry, Explanation, Quotation, Seen

__all__ = ["CATALOGUE", "Cause", "Entry", "Explanation", "Quotation", "Seen", "explain"]
