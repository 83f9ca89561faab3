"""fleet --init: an inventory of what a folder holds."""

from __future__ import annotations

import sys
from pathlib import Path

from certready.cli import output
from certready.fleet import init


def print_inventory(folder: Path) -> int:
    """Print an inventory of a folder's certificates and exports, in YAML. Raises InputError where it is no folder."""
    inventory = init.found(folder)
    output.write(sys.stdout, init.text(inventory.targets))
    for sentence in inventory.notes:
        output.write(sys.stderr, f"note: {sentence}\n")
    return 0
