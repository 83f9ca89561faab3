"""Writes the table of licences in docs/supply-chain.md: ``python docs/licences.py``."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "supply-chain.md"
START, END = "<!-- licences -->\n", "<!-- end -->"


def direct() -> list[str]:
    """The names of the packages that pyproject.toml asks for, without extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [canonicalize_name(Requirement(text).name) for text in project["dependencies"]]


def licences() -> dict[str, str]:
    """Every package that comes with certready, by name, with its licence as its own metadata says it.

    Raises ``PackageNotFoundError`` where a direct dependency is not installed.
    """
    asked = direct()
    known: dict[str, str] = {}
    waiting = list(asked)
    while waiting:
        name = waiting.pop()
        if name in known:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:
            if name in asked:
                raise
            continue
        known[name] = _licence(package.metadata)
        wanted = (Requirement(text) for text in package.requires or ())
        waiting += [
            canonicalize_name(each.name)
            for each in wanted
            if each.marker is None or each.marker.evaluate({"extra": ""})
        ]
    return dict(sorted(known.items()))


def _licence(metadata: object) -> str:
    """The SPDX expression, else the classifier, else the first line of the free text."""
    get_all = getattr(metadata, "get_all")  # noqa: B009  (PackageMetadata's protocol has no such method before 3.12)
    for expression in get_all("License-Expression") or ():
        return str(expression)
    classifiers = [text for text in get_all("Classifier") or () if text.startswith("License ::")]
    if classifiers:
        return ", ".join(text.rpartition(" :: ")[2] for text in classifiers)
    free = (get_all("License") or ["not said"])[0]
    return str(re.split(r"[\n.]", free.strip())[0])


def table() -> str:
    """The rows of the page."""
    asked = set(direct())
    rows = [f"| {name} | {'direct' if name in asked else 'by another'} | {text} |" for name, text in licences().items()]
    return "\n".join(["| package | asked for | licence |", "|---|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    before, _, rest = PAGE.read_text("utf-8").partition(START)
    PAGE.write_text(before + START + table() + END + rest.partition(END)[2], "utf-8", newline="\n")
