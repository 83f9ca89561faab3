"""The table of docs/peers.md: ``python -m tests.situations [--sslyze PYTHON] [--write]``."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from certready import __version__
from tests.docs.pages import REPOSITORY
from tests.situations.peers import VERDICTS, Peer, Verdict, asked, certready, installed
from tests.situations.situations import SITUATIONS, Situation
from tests.situations.staging import staged

PAGE = REPOSITORY / "docs" / "peers.md"
MARKS = ("<!-- situations -->\n", "<!-- end -->\n")
RIGHT = "right"


def main() -> int:
    """Ask everybody about every situation; 1 where certready's verdict is not the right one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sslyze", type=Path, metavar="PYTHON", help="a Python that has sslyze")
    parser.add_argument("--write", action="store_true", help="write the table into docs/peers.md")
    arguments = parser.parse_args()
    peers = installed(arguments.sslyze)
    rows = []
    for situation in SITUATIONS:
        rows.append((situation, *verdicts(situation, peers)))
        print(
            situation.says, *(f"{verdict.verdict} ({verdict.code})" for verdict in rows[-1][1:]), sep=" | ", flush=True
        )
    text = table(rows, peers)
    if arguments.write:
        page = PAGE.read_text("utf-8")
        start, end = MARKS
        page = re.sub(f"{start}.*?{end}", lambda _: f"{start}{text}{end}", page, flags=re.DOTALL)
        PAGE.write_text(page, "utf-8", newline="\n")
    else:
        print(text)
    return int(any(row[1].verdict != row[0].verdict for row in rows))


def verdicts(situation: Situation, peers: list[Peer]) -> list[Verdict]:
    """What certready and each peer make of it, one after another, so that none disturbs the other's connections."""
    with tempfile.TemporaryDirectory(prefix="certready-situation-") as name:
        directory = Path(name)
        with staged(situation.stage, directory) as (stage, port):
            own = asked(certready(port, stage.addresses), directory, lambda code: VERDICTS.get(code, "error"))
            return [own, *(asked(peer.command(port), directory, peer.read) for peer in peers)]


def table(rows: list[tuple[Situation, *tuple[Verdict, ...]]], peers: list[Peer]) -> str:
    """Markdown: a row for each situation, a column for each tool; who was wrong in bold, and the sums."""
    names = [f"certready {__version__}", *(peer.name for peer in peers)]
    lines = [
        f"certready {__version__}, " + ", ".join(f"{peer.name}: {peer.version}" for peer in peers) + ".",
        "",
        f"| the gateway's certificate, or the gateway | {RIGHT} | {' | '.join(names)} |",
        "|---" * (len(names) + 2) + "|",
    ]
    for situation, *given in rows:
        cells = (_cell(verdict, situation.verdict) for verdict in given)
        lines.append(f"| {situation.says} | {situation.verdict} | {' | '.join(cells)} |")
    columns = [[row[1 + index].verdict for row in rows] for index in range(len(names))]
    rights = [situation.verdict for situation, *_ in rows]
    said = [sum(a == b for a, b in zip(column, rights, strict=True)) for column in columns]
    false = [sum(a == "ready" != b for a, b in zip(column, rights, strict=True)) for column in columns]
    lines.append(f"| **{RIGHT}, of {len(rows)}** | | {' | '.join(map(str, said))} |")
    lines.append(f"| **ready where it is not** | | {' | '.join(map(str, false))} |")
    return "\n".join(lines) + "\n"


def _cell(verdict: Verdict, right: str) -> str:
    text = f"{verdict.verdict} ({verdict.code})"
    return text if verdict.verdict == right else f"**{text}**"


if __name__ == "__main__":
    sys.exit(main())
