"""fleet.run in Python: typed results, on any executor, however many lines."""

from __future__ import annotations

import os
import threading
import tracemalloc
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest
from msgspec import Struct, field
from msgspec.structs import replace

from certready import fleet
from certready.demo.pki import Authority, now
from certready.errors import CertreadyError
from certready.fleet import Inventory, Job, Keys, Line, Setup
from certready.fleet.plan import Place
from certready.fleet.schedule import FILES, scheduled
from certready.fleet.setup import opened
from certready.fleet.work import SMALL, check, checked
from certready.fleet.workers import Workers
from certready.gathering import Supplied
from certready.model import Ask, Options, Reply, Root, RootStore, StoreInfo
from certready.roots.stores import load as load_roots
from certready.x509.certificate import Certificate
from tests.fleet.endpoints import Material


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return Material(tmp_path_factory.mktemp("fleet"))


def setup(material: Material, **more: object) -> Setup:
    supplied = Supplied(crls=tuple(Path(material / name).read_bytes() for name in ("issuing.crl", "root.crl")))
    return replace(Setup(now(), load_roots(material / "root.pem"), supplied=supplied), **more)


def lines(material: Material, count: int) -> Inventory:
    kinds = list(material.chains)
    return Inventory(
        tuple(
            Line(number, f"gw{number}", Keys(target=material / f"{kinds[number % len(kinds)]}.pem"))
            for number in range(count)
        )
    )


def outcome(results: Iterator[fleet.Result]) -> dict[str, str | None]:
    return {result.line.name: result.verdict for result in results}


DEFAULTS = Keys(outbound=("mail.contoso.com",), role="server")


def test_results_are_typed_and_come_from_any_executor(material: Material) -> None:
    """Threads of ours and an executor of the standard library's give the same results, a report in each."""
    given, inventory = setup(material), lines(material, 12)
    own = list(fleet.run(inventory, given, defaults=DEFAULTS))
    with ThreadPoolExecutor(3) as executor:
        theirs = outcome(fleet.run(inventory, given, defaults=DEFAULTS, executor=executor))
    assert outcome(iter(own)) == theirs
    assert {"ready": 2, "not-ready": 10} == {
        word: sum(result.verdict == word for result in own) for word in ("ready", "not-ready")
    }
    assert all(result.report is not None and result.report.exit_code == result.code for result in own)


def test_lines_may_come_from_anywhere(material: Material) -> None:
    """Any lines do, a generator's too, and no more of them are taken than there is room for."""
    taken: list[int] = []

    def generated() -> Iterator[Line]:
        for number in range(2000):
            taken.append(number)
            yield Line(number, f"gw{number}", Keys(target=material / "good.pem"))

    results = fleet.run(generated(), setup(material), defaults=DEFAULTS, jobs=2)
    assert ["ready"] * 3 == [next(results).verdict for _ in range(3)]
    assert len(taken) < 200
    results.close()  # type: ignore[attr-defined]


def test_a_setup_as_it_comes_travels_to_other_processes(material: Material) -> None:
    """Worker processes of the standard library's executor give what threads give, without any option being set."""
    given, inventory = setup(material), lines(material, 6)
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        theirs = outcome(fleet.run(inventory, given, defaults=DEFAULTS, executor=executor, workers=1))
    assert outcome(fleet.run(inventory, given, defaults=DEFAULTS)) == theirs


class Travelling:
    """Root stores to compare with, none, that count how often they are packed for another process."""

    def __init__(self) -> None:
        self.packed = 0

    def __call__(self) -> tuple[RootStore, ...]:
        return ()

    def __reduce__(self) -> tuple[object, ...]:
        self.packed += 1
        return partial, (tuple,)


def test_workers_are_given_the_setup_once(material: Material) -> None:
    """The processes of --processes get what holds for every line when they begin, and their jobs alone from then on."""
    others = Travelling()
    given, inventory = setup(material, others=others), lines(material, 6 * FILES)
    with Workers(1) as workers:
        theirs = outcome(fleet.run(inventory, given, defaults=DEFAULTS, executor=workers, workers=1))
    assert 1 == others.packed
    assert outcome(fleet.run(inventory, given, defaults=DEFAULTS)) == theirs


def test_workers_do_the_work_of_one_run(material: Material) -> None:
    """Another setup than the first one's, and any other work, is refused: nothing would be there for it."""
    with Workers(1) as workers:
        given = setup(material)
        assert [] == workers.submit(check, given, ()).result()
        for function, other in ((check, setup(material)), (print, given)):
            with pytest.raises(TypeError, match="one run"):
                workers.submit(function, other, ())


class Serving:
    """A fetcher that answers with a CRL and counts."""

    def __init__(self, material: Material) -> None:
        self.bodies = {
            f"http://crl.example.test/{name}": Path(material / name).read_bytes()
            for name in ("issuing.crl", "root.crl")
        }
        self.asked: list[str] = []
        self.made = 0

    def __call__(self) -> Serving:
        self.made += 1
        return self

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        self.asked += [ask.url for ask in asks]
        return tuple(Reply(self.bodies.get(ask.url), None, 1) for ask in asks)


def test_each_address_is_fetched_once_for_the_whole_run(material: Material) -> None:
    """Fifty lines under one CA fetch its list once, and one fetcher is made."""
    serving = Serving(material)
    inventory = Inventory(tuple(Line(number, str(number), Keys(target=material / "good.pem")) for number in range(50)))
    given = setup(material, supplied=Supplied(), fetcher=serving)
    assert {"ready"} == set(outcome(fleet.run(inventory, given, defaults=DEFAULTS)).values())
    assert (["http://crl.example.test/issuing.crl", "http://crl.example.test/root.crl"], 1) == (
        sorted(serving.asked),
        serving.made,
    )


def test_a_long_run_believes_what_is_signed_in_the_course_of_it(material: Material) -> None:
    """A list that its CA signed an hour after the run began, and a clock of others that says so, are as good as one
    fetched at its beginning, where the present is told by a clock; without one they lie in the future."""
    late = material.issuing.crl(this_update=now())
    began = now() - timedelta(hours=1)
    supplied = Supplied(crls=(late, Path(material / "root.crl").read_bytes()))
    inventory = Inventory((Line(1, "a", Keys(target=material / "good.pem")),))

    def verdict(given: Setup) -> str | None:
        return outcome(fleet.run(inventory, given, defaults=DEFAULTS))["a"]

    assert "ready" == verdict(setup(material, now=began, supplied=supplied, clock=now))
    assert "cannot-tell" == verdict(setup(material, now=began, supplied=supplied))
    past = Options(at=began - timedelta(hours=1))
    assert "cannot-tell" == verdict(setup(material, now=began, supplied=supplied, clock=now, options=past))


# -- how much at once ---------------------------------------------------------------------------------------------


class Watched(Executor):
    """An executor that finishes nothing by itself, so that a test sees what is under way."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[list[str]], Sequence[Job]]] = []

    def submit(self, _function: object, /, _setup: Setup, jobs: Sequence[Job]) -> Future[list[str]]:  # type: ignore[override]
        future: Future[list[str]] = Future()
        self.waiting.append((future, jobs))
        return future

    def finish(self) -> None:
        future, jobs = self.waiting.pop(0)
        future.set_result([job.line.name for job in jobs])


def watch(jobs: Sequence[Job], material: Material, **limits: int) -> tuple[list[str], int, int]:
    """The names in the order in which they were done, and how many were at most under way, in all and for one host."""
    executor, most, most_of_one = Watched(), 0, 0
    done: list[str] = []
    results = scheduled(jobs, setup(material), executor, **limits)  # type: ignore[arg-type]

    def work() -> None:
        done.extend(results)  # type: ignore[arg-type]

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while thread.is_alive():
        under_way = [job.host for _, batch in tuple(executor.waiting) for job in batch]
        if under_way:
            most = max(most, len(under_way))
            most_of_one = max(most_of_one, *(under_way.count(host) for host in under_way))
            executor.finish()
    return done, most, most_of_one


def job(number: int, host: str) -> Job:
    return Job(Line(number, str(number), Keys(target=host)), "", place=Place(host, 25))


def test_no_more_at_once_than_asked_for(material: Material) -> None:
    """Never more lines are under way than --jobs, nor for one host than --per-host, and each is done once."""
    jobs = [job(number, f"h{number % 3}") for number in range(60)]
    done, most, most_of_one = watch(jobs, material, at_once=5, per_host=2)
    assert (sorted(map(str, range(60))), True, True) == (sorted(done), most <= 5, most_of_one <= 2)


def test_a_busy_host_holds_up_nobody_else(material: Material) -> None:
    """Behind many lines for one host, a line for another is begun while they wait."""
    jobs = [*(job(number, "busy") for number in range(50)), job(50, "free")]
    done, _, most_of_one = watch(jobs, material, at_once=4, per_host=1)
    assert (1, True) == (most_of_one, done.index("50") < 10)


class Broken(Executor):
    """An executor whose worker dies."""

    def submit(self, *_: object) -> Future[object]:  # type: ignore[override]
        future: Future[object] = Future()
        future.set_exception(RuntimeError("killed"))
        return future


def test_a_lost_worker_is_said(material: Material) -> None:
    """An executor that loses a worker ends the run with one sentence that names --resume."""
    with pytest.raises(CertreadyError, match="A worker ended before its work did") as caught:
        list(fleet.run(lines(material, 3), setup(material), executor=Broken()))
    assert "--resume" in str(caught.value.hint)


class Stumbling(Struct, frozen=True):
    """A root store that fails over one certificate."""

    store: RootStore
    over: str

    @property
    def info(self) -> StoreInfo:
        return self.store.info

    def candidates(self, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:
        if any(self.over in certificate.parsed.names for certificate in certificates):
            raise RuntimeError("the store is gone")
        return self.store.candidates(certificates)

    def holds(self, certificate: Certificate) -> Root | None:
        return self.store.holds(certificate)


def test_lines_that_are_worked_on_together_fail_alone(material: Material, tmp_path: Path) -> None:
    """Each result is that of its own line, in their order, where one cannot be read, one fails inside, one holds
    several certificates and one is large, and where there are more of them than are worked on at once."""
    issuing = Authority.root().intermediate()
    (tmp_path / "odd.pem").write_bytes(issuing.issue("odd.contoso.com").chain_pem)
    (tmp_path / "several").mkdir()
    for name in ("first", "second"):
        (tmp_path / "several" / f"{name}.pem").write_bytes(issuing.issue(f"{name}.contoso.com").chain_pem)
    (tmp_path / "large.pem").write_bytes(b"-" * 2 * SMALL + Path(material / "good.pem").read_bytes())
    (tmp_path / "junk.pem").write_bytes(b"junk")
    targets = [material / "good.pem", *(str(tmp_path / name) for name in ("odd.pem", "junk.pem", "none.pem"))]
    targets += [str(tmp_path / "several"), str(tmp_path / "large.pem"), material / "good.pem"]
    given = setup(material, roots=Stumbling(load_roots(material / "root.pem"), "odd.contoso.com"))
    planner = fleet.Planner(given, DEFAULTS, Path())
    each = [planner.job(Line(number, str(number), Keys(target=target))) for number, target in enumerate(targets * 4)]
    results = check(given, each)
    assert [str(number) for number in range(28)] == [result.line.name for result in results]
    assert [0, 4, 2, 2, 1, 0, 0] * 4 == [result.code for result in results]
    assert "the store is gone" in str(results[1].problem)
    assert [1, 0, 0, 0, 2, 1, 1] * 4 == [len(result.reports) for result in results]


class Turn:
    """A turn that a thread may have several times over."""

    def __init__(self) -> None:
        self.depth = self.taken = 0

    def __enter__(self) -> None:
        self.depth += 1
        self.taken += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1


class Noting(Struct):
    """A store that notes at each question whether its thread has the turn."""

    store: RootStore
    turn: Turn
    asked: set[bool] = field(default_factory=set)

    @property
    def info(self) -> StoreInfo:
        return self.store.info

    def candidates(self, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:
        self.asked.add(self.turn.depth > 0)
        return self.store.candidates(certificates)

    def holds(self, certificate: Certificate) -> Root | None:
        return self.store.holds(certificate)


def test_each_process_has_a_world_of_its_own(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setup is opened once in a process, and again in one that was forked from it."""
    given = setup(material)
    world = opened(given)
    assert opened(given) is world
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert opened(given) is not world


@pytest.mark.parametrize("online", [False, True])
def test_threads_take_turns_in_what_waits_for_nobody(material: Material, online: bool) -> None:
    """A thread has the turn while it judges, and while it gathers where nothing may be fetched; it gives it back, also
    where a line fails."""
    turn = Turn()
    store = Noting(load_roots(material / "root.pem"), turn)
    given = setup(material, roots=store)
    world = opened(replace(given, fetcher=Serving(material)) if online else given)._replace(turn=turn)
    inventory = [*lines(material, 4).lines, Line(4, "none", Keys(target="none.pem"))]
    planner = fleet.Planner(given, DEFAULTS, Path())
    checked(world, list(planner.jobs(inventory)))
    assert {not online} == store.asked
    assert (0, 4) == (turn.depth, turn.taken)


def test_lines_that_say_the_same_share_their_tenant(material: Material) -> None:
    """Connectors are chosen and accepted domains read once for all lines with the same keys, and apart for others."""
    planner = fleet.Planner(setup(material), DEFAULTS, Path())
    first, second, other = lines(material, 3).lines
    other = replace(other, keys=replace(other.keys, accepted_domains=("fabrikam.example",)))
    jobs = list(planner.jobs([first, second, other]))
    assert jobs[0].tenant is jobs[1].tenant
    assert ("fabrikam.example",) == tuple(domain.name for domain in jobs[2].tenant.accepted_domains or ())


def test_memory_stays_flat(material: Material) -> None:
    """A run of many times as many lines needs no more memory while it goes on: jobs are planned as they are taken."""

    def peak(count: int) -> int:
        inventory = lines(material, 6)
        planned = (replace(line, number=number) for number in range(count) for line in inventory.lines[:1])
        planner = fleet.Planner(setup(material), DEFAULTS, Path())
        with ThreadPoolExecutor(2) as executor:
            tracemalloc.start()
            for _ in scheduled(planner.jobs(planned), setup(material), executor):
                pass
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return most

    peak(20)
    assert peak(200) < 1.5 * peak(30) + 2_000_000
