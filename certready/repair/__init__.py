"""The bundle that works: leaf, then its intermediates in order, completed and without strangers; as files."""

from __future__ import annotations

from certready.repair.model import Gateway, Install, Output, PfxFor, Repaired, Sealed
from certready.repair.outputs import installation, outputs, pfx_for
from certready.repair.plan import Chosen, changes, choose, judged_leaf
from certready.repair.show import repair_lines

__all__ = [
    "Chosen",
    "Gateway",
    "Install",
    "Output",
    "PfxFor",
    "Repaired",
    "Sealed",
    "changes",
    "choose",
    "installation",
    "judged_leaf",
    "outputs",
    "pfx_for",
    "repair_lines",
]
