"""Whether what was gathered is enough, and whether its dates can be relied on."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import Rule, U, everywhere

INCOMPLETE = Rule(
    "evidence.incomplete",
    "A part that a verdict needs is not there",
    why="A verdict never makes more of evidence than was gathered: what was not judged is not fine.",
    confidence="inferred",
    sources=(sources.OWN,),
    weights=(everywhere(U),),
    fix="Gather again: run the check, probe or listener itself instead of replaying what was saved.",
)
