"""Whether what was gathered is enough, and whether its dates can be relied on."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import Rule, U, W, everywhere
from certready.rules.sources import rfc

INCOMPLETE = Rule(
    "evidence.incomplete",
    "Something that the verdict needs is missing",
    why="What was not judged cannot be called fine.",
    confidence="inferred",
    sources=(sources.OWN,),
    weights=(everywhere(U), everywhere(U, "planned", "no certificate exists yet, and names alone were compared")),
    fix="Gather again: run the check, probe or listener itself instead of replaying what was saved.",
)

REDACTED = Rule(
    "evidence.redacted",
    "Names, keys and certificates are stand-ins",
    what="The evidence was saved with --redact.",
    why="What is judged is as good or bad as what it stands for. That its roots are those of the store named is the "
    "word of whoever saved it.",
    confidence="inferred",
    sources=(sources.OWN,),
    weights=(everywhere(W, counted=False),),
    fix="Ask for evidence that is not redacted where the certificates themselves are needed.",
)

CLOCK_DOUBTFUL = Rule(
    "evidence.clock-doubtful",
    "This machine's clock disagrees with others",
    why="Expiry and the freshness of revocation answers are judged by this clock, so those results are unknown.",
    confidence="inferred",
    sources=(rfc(9110, "6.6.1"), rfc(5280, "4.1.2.5")),
    weights=(everywhere(U),),
    fix="Set the clock of this machine and run the check again, or give the time to judge by with --at.",
)
