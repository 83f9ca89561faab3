"""Which tests a change is tried with, and in which order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from types import FunctionType
from typing import Any

from tests.mutation.changes import Mutant
from tests.mutation.placing import Source, Spot
from tests.mutation.tracing import AT_IMPORT, Traced

EARLY = 3  # tests of each line of a function that go before the others
Names = frozenset[str]


class Choice:
    """Chooses by what the traced run saw and by what has noticed other changes since."""

    def __init__(
        self, traced: Traced, sources: dict[str, Source], alive: dict[Spot, list[FunctionType]], budget: float
    ) -> None:
        self.traced, self.sources, self.alive, self.budget = traced, sources, alive, budget
        self.noticed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.unfit: set[tuple[bool, str]] = set()  # tests that fail without any change when run for one
        self.wavering: set[tuple[Mutant, str]] = set()  # those that notice a change, and when run again do not
        self._orders: dict[tuple[str, range, Names], list[str]] = {}
        self._reading: dict[Names, list[Names]] = {}

    def at_import(self, mutant: Mutant) -> bool:
        """Whether the statement runs when certready is imported: then a change of the living functions is too late."""
        return not mutant.function_lines or AT_IMPORT in self._running(mutant)

    def tests(self, mutant: Mutant, times: int = 1) -> list[str]:
        """The tests within so many budgets: those first that noticed another change of the function."""
        noticed, anew = self.noticed[_owner(mutant)], self.at_import(mutant)
        chosen, spent = [], 0.0
        for name in sorted(self._ordered(mutant), key=lambda name: -noticed[name]):
            if (anew, name) in self.unfit or (mutant, name) in self.wavering:
                continue
            spent += self.traced.seconds[name]
            if chosen and spent > times * self.budget:
                break
            chosen.append(name)
        return chosen

    def note(self, mutant: Mutant, by: str) -> None:
        """A test has noticed a change."""
        self.noticed[_owner(mutant)][by] += 1

    def _ordered(self, mutant: Mutant) -> list[str]:
        """For each line of the function, the rarest first, the fastest tests that run it, so that every way through it
        is taken early; then the fastest, a test with many parameters as if they were one that grows. Of a table those
        in the mirror of its module know each entry: they go before."""
        ways = self._ways(mutant)
        running = frozenset[str]().union(*ways) if self.at_import(mutant) else self._running(mutant)
        if self.at_import(mutant):  # perhaps read by what runs at import itself: the room's tests may notice it too
            mirror = f"tests/{mutant.module.split('.')[1]}/"
            own = {name for name in self.traced.seconds if name.startswith(mirror)}
            running |= own or (frozenset() if running else set(self.traced.seconds))
        running = frozenset(name for name in running if name in self.traced.seconds)
        key = mutant.module, mutant.function_lines, running
        if key not in self._orders:
            rare_first = sorted({way & running for way in ways}, key=lambda way: (len(way), *sorted(way)[:1]))
            sorted_ways = [self._fastest(way) for way in rare_first]
            early = [way[turn] for turn in range(EARLY) for way in sorted_ways if turn < len(way)]
            spent: defaultdict[str, float] = defaultdict(float)  # for each test with other parameters before
            rank = {}
            for name in self._fastest(running):
                spent[name.partition("[")[0]] += self.traced.seconds[name]
                rank[name] = spent[name.partition("[")[0]]
            about = self._fastest(running & self._mirror(mutant)) if self.at_import(mutant) else []
            self._orders[key] = list(dict.fromkeys((*about, *early, *sorted(rank, key=rank.__getitem__))))
        return self._orders[key]

    def _mirror(self, mutant: Mutant) -> Names:
        """The tests in the mirror of the module."""
        *rooms, module = mutant.module.split(".")[1:]
        file = "/".join(("tests", *rooms, f"test_{module}.py"))
        return frozenset(name for name in self.traced.seconds if name.partition("::")[0] == file)

    def _fastest(self, names: Iterable[str]) -> list[str]:
        return sorted(names, key=lambda name: (self.traced.seconds[name], name))

    def _running(self, mutant: Mutant) -> Names:
        """The tests that run the statement."""
        lines = self.traced.tests.get(self.sources[mutant.module].file, {})
        return frozenset[str]().union(*(lines.get(line, frozenset()) for line in mutant.lines))

    def _ways(self, mutant: Mutant) -> list[Names]:
        """The tests that run each line of the function, and where it runs at import each of those that read the
        name."""
        lines = self.traced.tests.get(self.sources[mutant.module].file, {})
        ways = [lines.get(line, frozenset()) for line in mutant.function_lines]
        if self.at_import(mutant):
            names = mutant.names or frozenset({mutant.function.rpartition(".")[2]})
            if names not in self._reading:
                self._reading[names] = list(self._readers(names))
            ways += self._reading[names]
        return ways

    def _readers(self, names: Names) -> Iterator[Names]:
        for (file, _, first_line), held in self.alive.items():
            lines = self.traced.tests.get(file)
            if lines and any(names & _read(function.__code__) for function in held):
                last_line = max(line for _, _, line in held[0].__code__.co_lines() if line)
                yield from (lines.get(line, frozenset()) for line in range(first_line, last_line + 1))


def _owner(mutant: Mutant) -> str:
    return f"{mutant.module}:{mutant.function}"


def _read(code: Any) -> set[str]:
    """Every name that a function's code reads, those of the functions inside too."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            names |= _read(constant)
    return names
