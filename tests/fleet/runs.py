"""Whole runs made of reports, for whoever shows them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from certready.fleet import Keys, Line, Problem, Result, lines, overview
from certready.fleet.across import Owners, across
from certready.fleet.summary import Run
from certready.model import Limits, Target
from certready.model.report import Report


def page(inventory: str, reports: Sequence[Report], count: int, extra: str = "Ann") -> str:
    """The overview of so many lines: these reports in turns, every seventh line a folder, and every tenth in error. Two
    tenants own them in turns, and an earlier run knew half of them."""
    entries, shown, owners = [], [], {}
    moment = reports[0].evaluated_at
    for number in range(1, count + 1):
        report = reports[number % len(reports)]
        name = f"{report.target.name} {number}"
        line = Line(number, name, Keys(target=report.target.name, extra=(("x_owner", extra),)))
        problem = Problem(f"There is no file {name}.", "Check the path.") if number % 10 == 0 else None
        others = [each for each in reports[:2] if each is not report] if number % 7 == 0 and not problem else []
        result = Result(line, "0" * 64, moment, None if problem else report, problem, other_reports=tuple(others))
        entries.append(lines.entry(lines.document(result), line.keys.extra))
        files = [("file", f"{each.target.name} of {name}") for each in (report, *others)] if others else [None]
        shown += [
            replace(each, target=Target("host", name), extra=(file,) if file else ())
            for each, file in zip((report, *others), files, strict=True)
        ]
        owners[name] = f"tenant {number % 2}"
    earlier = {one.name: replace(one, verdict="ready", findings=()) for one in entries[::2]}
    limits = Limits(cutoff=moment.replace(year=moment.year + 1))
    common = across(entries, Owners(owners, {}), lambda _sha256: limits, moment, earlier)
    return overview.render(Run(inventory, moment, tuple(entries), common, unfinished=3), shown, "microsoft")
