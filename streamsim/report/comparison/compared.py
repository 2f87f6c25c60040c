"""The runs of a `compare:` scenario, and what differs between them.

Knows which measures are worth comparing and which way is better; computes none of them, and draws nothing.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from streamsim.report.phrases import found, measured
from streamsim.report.picture.timeline import Timeline
from streamsim.scenario.text.scalars import resolve

#: Of all of these less is better; in the order in which they matter.
LESS_IS_BETTER: Final = (
    "IteratorAge.max", "IteratorAge.p99", "IteratorAge.p50", "IteratorAge.end", "blocked.max", "caught_up", "discarded",
    "expired", "skipped", "windows.lost", "producer.given_up", "producer.overtaken", "producer.duplicated",
    "producer.delay", "delivered_again", "deliveries.max", "Errors", "Throttles", "cold_starts", "Duration.p99",
    "traffic.lost", "traffic.too_late", "traffic.throttles", "traffic.latency.p99", "cost.usd",
)  # fmt: skip
#: Text that YAML takes as it stands, if it is no number and no word of YAML's own.
_PLAIN: Final = re.compile(r"\w[\w./+-]*")

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


def failing(runs: Sequence[Run]) -> list[tuple[str, str, list[Mapping[str, Any] | None]]]:
    """Measure and test of each expectation that some run does not meet, and each run's own; None where it was not asked."""
    asked = dict.fromkeys((str(one["measure"]), str(one["test"])) for run in runs for one in run.expectations)
    found_ = []
    for measure, test in asked:
        own = [
            next(
                (one for one in run.expectations if (one["measure"], str(one["test"])) == (measure, test)),
                None,
            )
            for run in runs
        ]
        if any(one is not None and not one["ok"] for one in own):
            found_.append((measure, test, own))
    return found_


def met(run: Run) -> str:
    """`5 of 6`, of the expectations that a run meets; empty where nothing was expected."""
    if not run.expectations:
        return ""
    return f"{sum(bool(one['ok']) for one in run.expectations)} of {len(run.expectations)}"


def varied_in(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """The settings in which runs differ: what `--set` made the same for all of them is not compared."""
    first = settings[0]
    return [path for path in first if any(one[path] != first[path] for one in settings)] or list(first)


def labels(runs: Sequence[Run], width: int) -> tuple[list[str], str]:
    """What to call each run in front of its own line, and by what: settings are named once where names are long."""
    names = [run.name for run in runs]
    if max(map(len, names)) <= width // 3:
        return names, ""
    values = [", ".join(map(value_said, run.settings.values())) for run in runs]
    return values, f" by {', '.join(map(last_part, runs[0].settings))}"


def last_part(key: str) -> str:
    """The setting's own name, without the path to it."""
    return key.rsplit(".", 1)[-1]


def value_said(value: Any) -> str:
    """A setting's value as a scenario file has it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def typed(value: Any) -> str:
    """A setting's value as one types it behind `--set`: without quotes where it is read as the same text."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and resolve(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


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
