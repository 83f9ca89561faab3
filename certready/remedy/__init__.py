"""What an administrator types to fix a finding: exact lines, each built in one place. Text only.

A check attaches what is built here to its observation; reports, ``--remedies`` and ``explain`` print the same. A
builder yields first what a report says, then what the script alone has room for. The modules are imported when one of
them is asked for (``remedy.connectors.enabled``): a certificate that is ready needs none.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from certready.remedy import certificates, connectors, names

__all__ = ["certificates", "connectors", "names"]


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
