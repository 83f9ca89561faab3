"""x509-limbo and PKITS as tables in Markdown, and what the worst case of x509-limbo costs.

    python -m benchmarks.conformance > docs/conformance.md

Run from the top of the tree: the cases are read and judged by the very code of ``tests/conformance``, which also says
where the data comes from. Nothing passes or fails here.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator, Sequence

from tests.conformance import limbo, pkits

Judged = tuple[limbo.Case, tuple[str, ...], float]


def main() -> None:
    warnings.simplefilter("ignore")
    if not limbo.PRESENT:
        sys.exit(limbo.ABSENT)
    judged = [_judged(case) for case in limbo.cases()]
    print("\n".join((*_head(judged), *_table(judged), *_pkits())))


def _judged(case: limbo.Case) -> Judged:
    """A case, what stands against its certificate, and the seconds it took to say so."""
    begin = time.perf_counter()
    against = limbo.objections(case)
    return case, against, time.perf_counter() - begin


def _head(judged: Sequence[Judged]) -> Iterator[str]:
    agreed = limbo.agreed()
    ours = [row for row in judged if row[0]["id"] in agreed]
    others = [row for row in judged if row[0]["id"] not in agreed]
    yield "# Conformance"
    yield ""
    yield "Written by `python -m benchmarks.conformance`; `tests/conformance` holds what is accepted in it."
    yield ""
    yield "## x509-limbo"
    yield ""
    yield "As expected come out:"
    yield ""
    yield f"- {sum(map(_right, ours))} of the {len(ours)} cases on which cryptography, Go and OpenSSL agree."
    yield f"- {sum(map(_right, others))} of the other {len(others)}, which the table shows. Where strict clients refuse"
    yield "  a chain, certready only warns; that counts as refused here, since x509-limbo speaks of strict clients."
    slowest = max(judged, key=lambda row: row[2])
    yield ""
    yield f"The slowest case took {slowest[2] * 1000:.0f} ms ({slowest[0]['id']}). {_memory()}"
    yield ""


def _right(row: Judged) -> bool:
    return limbo.expected(row[0]) == (not row[1])


def _memory() -> str:
    """The most memory this process ever had, which is more than any one case."""
    try:
        import resource
    except ImportError:  # Windows has none
        return "Memory was not measured."
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mebibytes = peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return f"The process that judged all of them, one after another, never held more than {mebibytes:.0f} MiB."


def _table(judged: Sequence[Judged]) -> Iterator[str]:
    """Every case beyond those that all verifiers agree on."""
    yield "| case | expected | certready | said against it, or why it is accepted all the same |"
    yield "|---|---|---|---|"
    agreed = limbo.agreed()
    for case, against, _ in judged:
        if case["id"] in agreed:
            continue
        expected = "accept" if limbo.expected(case) else "refuse"
        ours = "refuse" if against else "accept"
        shown = ours if ours == expected else f"**{ours}**"
        reason = against[0] if against else (limbo.milder(case) or "") if ours != expected else ""
        yield f"| `{case['id']}` | {expected} | {shown} | {_cell(reason)} |"


def _cell(text: str) -> str:
    """The text in one table cell, cut to a readable length."""
    flat = " ".join(text.replace("|", "/").split())
    return flat if len(flat) <= 160 else f"{flat[:157]}..."


def _pkits() -> Iterator[str]:
    yield ""
    yield "## NIST PKITS"
    yield ""
    found = pkits.rows()
    if found is None:
        yield pkits.ABSENT
        return
    right = sum(pkits.accepts(row) == row["ShouldValidate"] for row in found)
    yield f"Of {len(found)} rows, paths and CRLs judged together, {right} come out as expected."
    yield ""
    yield "| row | expected | certready | why |"
    yield "|---|---|---|---|"
    for name in pkits.WITHOUT_DEMANDS:
        yield f"| {name} | refuse | **accept** | it is refused for a policy that the verifier would have to demand |"
    for name, reason in pkits.STRICTER.items():
        yield f"| {name} | accept | **refuse** | {reason} |"


if __name__ == "__main__":
    main()
