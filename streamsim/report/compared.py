"""The runs of a `compare:` scenario: what differs between them, and which is best at it.

Knows which measures are worth comparing and which way is better; computes none of them, and draws nothing.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from streamsim.report.phrases import found, measured
from streamsim.report.timeline import Timeline

#: Measures to compare, in this order; of all of these less is better, but of the last two.
LESS_IS_BETTER: Final = (
    "IteratorAge.max", "IteratorAge.p99", "IteratorAge.p50", "IteratorAge.end", "blocked.max", "caught_up", "discarded",
    "expired", "skipped", "windows.lost", "delivered_again", "deliveries.max", "Errors", "Throttles", "cold_starts",
    "Duration.p99", "traffic.lost", "traffic.too_late", "traffic.throttles", "traffic.latency.p99", "cost.usd",
)  # fmt: skip
NEITHER: Final = (
    "Invocations",
    "ConcurrentExecutions.max",
    "records",
    "windows.closed",
    "traffic.requests",
    "order.per_key",
    "order.per_shard",
    "order.contract",
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of several, and what came of it, as in `run --json`; `settings` are what makes it different.

    `settings` go by path, the same paths in every run.
    """

    settings: Mapping[str, Any]
    metrics: Mapping[str, Any]
    expectations: Sequence[Mapping[str, Any]] = ()
    violations: Sequence[Any] = ()
    timeline: Timeline | None = None

    @property
    def name(self) -> str:
        """`ParallelizationFactor 10`, `BatchSize 10, MaximumRetryAttempts 2`: the last part of each path."""
        return self.named(self.settings)

    def named(self, paths: Iterable[str]) -> str:
        """The same of some settings only."""
        return ", ".join(f"{last_part(path)} {value_said(self.settings[path])}" for path in paths)

    @property
    def well(self) -> bool:
        """Whether every expectation holds and no guarantee is broken."""
        return all(one["ok"] for one in self.expectations) and not self.violations


def last_part(key: str) -> str:
    """The setting's own name, without the path to it."""
    return key.rsplit(".", 1)[-1]


def value_said(value: Any) -> str:
    """A setting's value as a scenario file has it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def best_and_worst(runs: Sequence[Run]) -> str | None:
    """What the settings change most plainly: the first measure that differs, at its best and its worst."""
    ranking = ranked(runs)
    if ranking is None:
        return None
    measure, best, worst = ranking
    low, high = (measured(measure, found(run.metrics, measure)) for run in (best, worst))
    apart = [path for path, value in best.settings.items() if worst.settings.get(path) != value]
    return f"{measure.replace('.', ' ')} is {low} with {best.named(apart)}, {high} with {worst.named(apart)}."


def ranked(runs: Sequence[Run]) -> tuple[str, Run, Run] | None:
    """The first measure that differs, and the runs that are best and worst at it; None when all are alike.

    Of equally good runs the one is better that lost fewer records.
    """
    for measure in differing(runs, LESS_IS_BETTER):
        known = [
            (value, run) for run in runs if isinstance(value := found(run.metrics, measure), int | float)
        ]
        if len(known) < 2:
            continue
        best = min(known, key=lambda one: (one[0], _lost(one[1])))
        worst = max(known, key=lambda one: (one[0], _lost(one[1])))
        return measure, best[1], worst[1]
    return None


def _lost(run: Run) -> int:
    return int(found(run.metrics, "discarded") or 0) + int(found(run.metrics, "expired") or 0)


def differing(runs: Sequence[Run], measures: Sequence[str]) -> list[str]:
    """The measures whose shown values are not the same in every run."""
    return [name for name in measures if len({measured(name, found(run.metrics, name)) for run in runs}) > 1]


def same_in_all(runs: Sequence[Run]) -> list[str]:
    """The measures that are the same in every run, but for zeros."""
    return [
        name
        for name in (*NEITHER, *LESS_IS_BETTER)
        if found(runs[0].metrics, name) and name not in differing(runs, (name,))
    ]
