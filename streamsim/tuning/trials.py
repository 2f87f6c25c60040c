"""Plays a scenario under other settings, as often as its budget allows, and remembers what came of it.

Knows scenarios, processes and goals. Must not know which settings are worth a try.
"""

import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from streamsim.engine.ports import Sink
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import play
from streamsim.trace.measures.amounts import apart, work
from streamsim.trace.measures.catalogue import Value
from streamsim.trace.measures.measures import flatten
from streamsim.tuning.goals import Goals

#: A place among the values of each setting.
Point = tuple[int, ...]


class Outcome(NamedTuple):
    """What a run came to, as far as another process tells: measures and expectations as `run --json` shows them."""

    metrics: Mapping[str, Any]
    expectations: Sequence[Mapping[str, Any]]
    violations: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a trial: what it came to, its measures by name, and how far it missed what was asked (see `Goals`)."""

    outcome: Outcome
    values: Mapping[str, Value]
    missed: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Trial:
    """Settings and their runs, one for each of the first seeds: the others are not played where one fails."""

    point: Point
    runs: Sequence[Run]
    objective: float

    @property
    def meets(self) -> bool:
        """Whether all runs do what was asked."""
        return not any(run.missed for run in self.runs)

    @property
    def missed(self) -> dict[int, float]:
        """How far each goal is missed in the worst run."""
        worst: dict[int, float] = {}
        for run in self.runs:
            for place, far in run.missed.items():
                worst[place] = max(far, worst.get(place, 0.0))
        return dict(sorted(worst.items()))


@dataclass(slots=True)
class Trials:
    """The trials of one search. `scenario_of` gives the scenario of a point and a seed, None where Lambda refuses it.

    `runs` is how many may be played. The first one is today's, with today's settings and the first seed: it is played
    in this process, into `sinks`, so that a handler that cannot be loaded says so; others in processes of their own.
    What is played and what comes of it does not depend on `jobs`.
    """

    scenario_of: Callable[[Point, int], Scenario | None]
    seeds: Sequence[int]
    today: Point
    goals: Goals
    runs: int
    jobs: int = 1
    done: Callable[[int], None] = lambda _runs: None
    sinks: Sequence[Sink] = ()
    played: int = 0
    refused: set[Point] = field(default_factory=set)
    other_work: set[Point] = field(default_factory=set)
    _known: dict[Point, list[Run]] = field(default_factory=dict)
    _pool: ProcessPoolExecutor | None = None

    def open(self) -> None:
        """Starts the processes and plays today's settings."""
        if self.jobs > 1:
            self._pool = ProcessPoolExecutor(self.jobs, initializer=_die_at_once)
            list(self._pool.map(abs, range(self.jobs)))  # before this process has threads
        scenario = self.scenario_of(self.today, 0)
        assert scenario is not None
        self._add(self.today, _outcome(scenario, self.sinks))
        self._play([(self.today, seed) for seed in range(1, len(self.seeds))])

    def close(self) -> None:
        """Ends the processes; what is still to be played is not."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    @property
    def left(self) -> int:
        """How many runs may still be played."""
        return max(0, self.runs - self.played)

    def try_all(self, points: Iterable[Point]) -> list[Trial]:
        """The points with at least one run, each at least under the first seed as far as the budget goes."""
        listed = list(dict.fromkeys(points))
        self._play([(point, 0) for point in listed if point not in self._known])
        return [self.trial(point) for point in listed if point in self._known]

    def confirm(self, point: Point) -> Trial | None:
        """The point under all seeds, or up to one under which it fails; None where the budget ends before."""
        if point not in self._known:
            self._play([(point, 0)])
        runs = self._known.get(point, [])
        if runs and not self.trial(point).missed:
            self._play([(point, seed) for seed in range(len(runs), len(self.seeds))])
        trial = self.trial(point) if runs else None
        return trial if trial is not None and (trial.missed or self.whole(trial)) else None

    def whole(self, trial: Trial) -> bool:
        """Whether every seed was played."""
        return len(trial.runs) == len(self.seeds)

    def __contains__(self, point: Point) -> bool:
        """Whether the point was tried."""
        return point in self._known

    def trial(self, point: Point) -> Trial:
        """What is known of a point that was tried."""
        runs = tuple(self._known[point])
        return Trial(point, runs, sum(self.goals.objective(run.values) for run in runs) / len(runs))

    def all(self) -> list[Trial]:
        """What is known of every point that was tried, in the order in which they were."""
        return [self.trial(point) for point in self._known]

    def _play(self, wanted: Sequence[tuple[Point, int]]) -> None:
        """Plays points under seeds by number, those that the budget has room for."""
        planned: list[tuple[Point, Scenario]] = []
        for point, seed in wanted:
            if point in self.refused or point in self.other_work or len(planned) >= self.left:
                continue
            scenario = self.scenario_of(point, seed)
            if scenario is None:
                self.refused.add(point)
            else:
                planned.append((point, scenario))
        scenarios = [scenario for _, scenario in planned]
        results = map(_outcome, scenarios) if self._pool is None else self._pool.map(_outcome, scenarios)
        for (point, _), outcome in zip(planned, results, strict=True):
            self._add(point, outcome)

    def _add(self, point: Point, outcome: Outcome) -> None:
        self.played += 1
        self.done(self.played)
        if point in self.other_work:
            return
        runs = self._known.setdefault(point, [])
        values = flatten(outcome.metrics)
        base = self._known[self.today]
        before = base[len(runs)].values if len(base) > len(runs) else values
        if any(apart(min(pair), max(pair)) for pair in zip(work(values), work(before), strict=True)):
            self.other_work.add(point)
            del self._known[point]
            return
        allowed = self.goals.lost(before)
        runs.append(Run(outcome, values, self.goals.missed(values, allowed, outcome.violations)))


def _outcome(scenario: Scenario, sinks: Sequence[Sink] = ()) -> Outcome:
    played = play(scenario, sinks=sinks)
    return Outcome(played.metrics, played.expectations, len(played.violations))


def _die_at_once() -> None:
    """At an interrupt from a terminal nobody waits for what is being played: only the parent has something to show."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
