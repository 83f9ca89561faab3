"""fleet --init: an inventory of what a folder holds."""

from __future__ import annotations

import sys
from pathlib import Path

from certready.cli import output
from certready.errors import InputError
from certready.fleet import init


def print_inventory(folder: Path) -> int:
    """Print an inventory of a folder's certificates and exports, in YAML. Raises InputError where it is no folder, or
    an empty one."""
    inventory = init.draft(folder)
    for sentence in inventory.notes:
        output.note(sentence)
    if not inventory.targets:
        raise InputError(
            f"{folder} holds no certificate and no tenant's export.",
            hint="Name the folder with the gateways' PEM, DER, PFX or P7B files, or with tenants' exports.",
        )
    output.write(sys.stdout, init.text(inventory.targets))
    return 0
