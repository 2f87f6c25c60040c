"""What to type next after a run: a table of what was seen, the setting that would change it, and why.

Knows measures, settings and the gravest incident. A setting is only suggested where it lowers the measure that its row
names: the tests run each suggestion on the scenario that caused it. Knows no file names: `terminal` writes the command.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

from streamsim.model.mapping import INFINITE
from streamsim.model.units import MINUTE, SECOND
from streamsim.report.incident import Incident
from streamsim.report.phrases import found
from streamsim.report.picture.ceiling import most_lanes
from streamsim.report.picture.timeline import Timeline, parallelization_factor
from streamsim.scenario.models import Fault, Poison, Throttle
from streamsim.scenario.parts.function import UNRESERVED_MINIMUM

#: So many suggestions are enough; one who has followed them sees the next.
MOST: Final = 2

#: A shard held for less than this (microseconds) is no standstill, and a batch younger than this no backlog.
LONG: Final = MINUTE
OLD: Final = 10 * SECOND

#: Lanes that are busy for less than this share of the run wait for records of their keys, not for other lanes.
_BUSY: Final = 0.5

#: AWS's highest ParallelizationFactor (CreateEventSourceMapping).
_MOST_LANES: Final = 10


class Step(NamedTuple):
    """What to add to `streamsim run FILE`, why, and the measure that falls; None where it only shows more.

    `setting` is an argument of `--set`, `options` is all else, and `then` a command for afterwards.
    """

    why: str
    setting: str = ""
    options: str = ""
    then: str = ""
    lowers: str | None = None


@dataclass(frozen=True)
class Seen:
    """A run as the table looks at it. `faults` are the scenario's, empty where only a trace is known."""

    timeline: Timeline
    metrics: Mapping[str, Any]
    broken: bool
    faults: Sequence[Fault] = ()

    @cached_property
    def worst(self) -> Incident | None:
        """The gravest incident."""
        return next(iter(self.timeline.incidents.worst()), None)

    def count(self, measure: str) -> float:
        """A measure's value, 0 where it is unknown."""
        value = found(self.metrics, measure)
        return value if isinstance(value, int | float) else 0

    def settings(self, mapping: str) -> Mapping[str, Any]:
        """The settings of a mapping."""
        return self.timeline.header.mappings.get(mapping, {})

    def poison(self, mapping: str) -> list[Poison]:
        """The poison among a mapping's records that makes an attempt fail."""
        settings = self.settings(mapping)
        reports = "ReportBatchItemFailures" in (settings.get("FunctionResponseTypes") or ())
        return [
            fault
            for fault in self.faults
            if isinstance(fault, Poison)
            and fault.stream == settings.get("StreamName")
            and (reports or fault.how != "partial")
        ]

    def lanes(self, function: str | None = None) -> int:
        """The most invocations that shards and their lanes allow, of one function or of all."""
        return most_lanes(self.timeline, function)

    def throttled(self) -> str | None:
        """The function that was throttled most."""
        counts: dict[str, int] = {}
        for row in self.timeline.rows.values():
            function = self.timeline.function_of[row.mapping]
            counts[function] = counts.get(function, 0) + row.counts.get("throttled", 0)
        most = max(counts, key=lambda name: counts[name], default=None)
        return most if most is not None and counts[most] else None


def next_steps(seen: Seen) -> list[Step]:
    """One or two things to type next, the most useful first."""
    steps = [step for row in _TABLE if (step := row(seen)) is not None]
    return steps[:MOST] or [Step("tells it line by line", options="--story")]


def command(run: str, step: Step) -> str:
    """The command of a step, `run` being the command of the run it is for."""
    changed = f"--set {shlex.quote(step.setting)}" if step.setting else ""
    typed = " ".join(part for part in (run, changed, step.options) if part)
    return f"{typed}; {step.then}" if step.then else typed


def _guarantee_broken(seen: Seen) -> Step | None:
    """A broken guarantee: the trace proves it. Such a run fails, so `;` and not `&&` stands between the commands."""
    if not seen.broken:
        return None
    return Step(
        "shows the lines that prove it", options="--trace run.ndjson", then="streamsim verify run.ndjson"
    )


def _held_for_long(seen: Seen) -> Step | None:
    """A poison record is retried for ever, and its shard waits."""
    worst = seen.worst
    if worst is None or worst.held < LONG or not seen.poison(worst.mapping):
        return None
    gave_up = worst.discarded or worst.expired or not worst.ended
    if not gave_up or seen.settings(worst.mapping).get("MaximumRetryAttempts") != INFINITE:
        return None
    header = seen.timeline.header
    what = "lane" if parallelization_factor(header, worst.mapping) > 1 else "shard"
    return _set(
        header.mappings,
        "mapping",
        worst.mapping,
        "MaximumRetryAttempts",
        2,
        f"frees the {what}",
        "blocked.max",
    )


def _healthy_discarded(seen: Seen) -> Step | None:
    """Records are given up because they sat in the batch of a bad one."""
    worst = seen.worst
    if worst is None or worst.discarded < 2 or worst.condition != "RetryAttemptsExhausted":
        return None
    poison = seen.poison(worst.mapping)
    if not poison or seen.settings(worst.mapping).get("BisectBatchOnFunctionError"):
        return None
    header = seen.timeline.header
    one = len(poison) == 1 and poison[0].key is None and poison[0].rate is None
    why = f"gives up {'1 record' if one else 'bad records only'} instead of {worst.discarded:,}"
    return _set(
        header.mappings, "mapping", worst.mapping, "BisectBatchOnFunctionError", "true", why, "discarded"
    )


def _skipped(seen: Seen) -> Step | None:
    """Records came while the mapping was starting, and LATEST passed them over; what was there before is meant to be."""
    chronicle, header = seen.timeline.chronicle, seen.timeline.header
    skipped = {name: count for name, count in chronicle.skipped.items() if chronicle.began.get(name, 0) > 0}
    name = max(skipped, key=lambda name: skipped[name], default=None)
    if name is None or seen.settings(name).get("StartingPosition") != "LATEST":
        return None
    return _set(
        header.mappings, "mapping", name, "StartingPosition", "TRIM_HORIZON", "skips nothing", "skipped"
    )


def _throttled(seen: Seen) -> Step | None:
    """A limit is lower than what the shards ask for; not where a fault of the scenario made it so."""
    function = seen.throttled()
    if function is None or any(
        isinstance(fault, Throttle) and fault.function in {None, function} for fault in seen.faults
    ):
        return None
    header = seen.timeline.header
    lanes = seen.lanes(function)
    quota = int(header.account.get("ConcurrentExecutions", 0))
    limit = header.functions.get(function, {}).get("ReservedConcurrentExecutions")
    others = sum(
        int(settings.get("ReservedConcurrentExecutions") or 0)
        for name, settings in header.functions.items()
        if name != function
    )
    free = quota - others - (UNRESERVED_MINIMUM if quota >= UNRESERVED_MINIMUM else 0)
    if limit is None:
        if _starved(function, header.traffic) and lanes < free:
            why = "keeps every shard a slot"
            return _set(
                header.functions,
                "function",
                function,
                "ReservedConcurrentExecutions",
                lanes,
                why,
                "Throttles",
            )
        alone = len(header.functions) == 1 and quota < lanes
        why = "gives every shard a slot, if AWS raises the quota"
        return Step(why, f"account.ConcurrentExecutions={lanes}", lowers="Throttles") if alone else None
    raised = min(lanes, free)
    if raised <= int(limit):
        return None
    why = "gives every shard a slot" if raised == lanes else "is all that the account leaves it"
    return _set(
        header.functions, "function", function, "ReservedConcurrentExecutions", raised, why, "Throttles"
    )


def _starved(function: str, traffic: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether other functions' callers take the slots, and none of them would share a reservation of this one."""
    called = {source.get("FunctionName") for source in traffic.values()}
    return bool(called) and function not in called


def _backlog(seen: Seen) -> Step | None:
    """Nothing fails, and batches are older at the end than ever: too few lanes, unless keys keep lanes idle."""
    header = seen.timeline.header
    if len(header.mappings) != 1 or seen.worst is not None or seen.count("Throttles"):
        return None
    name, settings = next(iter(header.mappings.items()))
    lanes, factor = seen.lanes(), parallelization_factor(header, name)
    end = seen.count("IteratorAge.end")
    if end * 1000 < OLD or end < seen.count("IteratorAge.max") / 2 or factor >= _MOST_LANES:
        return None
    idle = seen.count("concurrency.usable") < lanes or seen.count("ConcurrentExecutions.avg") < _BUSY * lanes
    doubled = min(_MOST_LANES, 2 * factor)
    limit = header.functions.get(str(settings.get("FunctionName")), {}).get("ReservedConcurrentExecutions")
    quota = int(header.account.get("ConcurrentExecutions", 0)) if limit is None else int(limit)
    if idle or quota < lanes // factor * doubled:
        return None
    return _set(
        header.mappings,
        "mapping",
        name,
        "ParallelizationFactor",
        doubled,
        "works a shard's keys side by side",
        "IteratorAge.end",
    )


#: What was seen, gravest first.
_TABLE: Final[tuple[Callable[[Seen], Step | None], ...]] = (
    _guarantee_broken,
    _held_for_long,
    _healthy_discarded,
    _skipped,
    _throttled,
    _backlog,
)


def _set(
    section: Mapping[str, Any], singular: str, name: str, setting: str, value: object, why: str, lowers: str
) -> Step | None:
    """A setting under the path that `--set` knows it by; None for a name that no path can hold."""
    if "." in name:
        return None
    where = singular if list(section) == ["default"] else f"{singular}s.{name}"
    return Step(why, f"{where}.{setting}={value}", lowers=lowers)
