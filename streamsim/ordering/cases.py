"""The matrix of the benchmark: settings, what goes wrong, and the scenario of each combination as text.

Knows what a scenario file may say. Must not know what comes of it: guarantees are judged by what happened.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from streamsim.engine.chance import Chance

Backend = Literal["virtual", "kafka", "kinesis"]

#: Half of the records wait when the run begins, so that throughput is the mapping's and not the producer's.
BACKLOG: Final = 240
RATE: Final = 120
SECONDS: Final = 2

#: How many records are bad where some are, and how often an unchanged batch may be sent again.
BAD: Final = 6
RETRIES: Final = 3

#: Bad records are among the first so many of their shard, divided by the number of shards: by then it has as many.
_EARLY: Final = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that are varied; `lanes` is ParallelizationFactor, `reports` is ReportBatchItemFailures."""

    shards: int
    lanes: int
    bisects: bool
    reports: bool

    @property
    def words(self) -> str:
        """Without the shards: `1 lane`, `4 lanes, bisect, partial`."""
        lanes = f"{self.lanes} lane{'' if self.lanes == 1 else 's'}"
        return ", ".join([lanes, *["bisect"] * self.bisects, *["partial"] * self.reports])

    def document(self) -> dict[str, Any]:
        """Under AWS's names."""
        return {
            "shards": self.shards,
            "ParallelizationFactor": self.lanes,
            "BisectBatchOnFunctionError": self.bisects,
            "FunctionResponseTypes": ["ReportBatchItemFailures"] if self.reports else [],
        }


@dataclass(frozen=True, slots=True)
class Case:
    """One combination; with a seed it is a run."""

    backend: Backend
    fault: str
    settings: Settings

    @property
    def name(self) -> str:
        """For files: `virtual-poison-4x1-bisect`."""
        settings = self.settings
        parts = [self.backend, self.fault, f"{settings.shards}x{settings.lanes}"]
        return "-".join([*parts, *["bisect"] * settings.bisects, *["partial"] * settings.reports])


#: A record by the number of its shard and its position there.
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong in a run, in a scenario's words, and the records that the function cannot handle.

    `intruder` is when another member joins the consumer group, in microseconds.
    """

    faults: Sequence[Mapping[str, Any]] = ()
    events: Sequence[Mapping[str, Any]] = ()
    bad: frozenset[Place] = frozenset()
    intruder: int | None = None


def _none(_case: Case, _seed: int) -> Trouble:
    return Trouble()


def _poison(case: Case, seed: int) -> Trouble:
    """Records that fail always; a function that may report them does."""
    bad = _places(case, seed, "poison")
    how = "partial" if case.settings.reports else "error"
    return Trouble([_bad(place, how=how) for place in bad], bad=frozenset(bad))


def _throttle(_case: Case, _seed: int) -> Trouble:
    """No execution at all for a while, then a single one for all shards."""
    limits = [{"limit": 0, "from": "600ms", "for": "400ms"}, {"limit": 1, "from": "1s", "for": "1s"}]
    return Trouble([{"throttle": limit} for limit in limits])


def _timeout(case: Case, seed: int) -> Trouble:
    """Records on which the function never returns, the first two times."""
    places = _places(case, seed, "timeout")[: BAD // 2]
    return Trouble([_bad(place, how="timeout", fails="2 times") for place in places])


def _crash(case: Case, seed: int) -> Trouble:
    """Records on which the function's process dies, the first two times."""
    return Trouble([_bad(place, how="crash", fails="2 times") for place in _places(case, seed, "crash")])


def _no_answer(_case: Case, _seed: int) -> Trouble:
    """The function did its work, and nobody heard of it."""
    return Trouble([{"lost_response": {"probability": "8%"}}])


def _reshard(case: Case, _seed: int) -> Trouble:
    """Every shard is split, one after the other, and the parts are merged again."""
    shards = range(case.settings.shards)
    split = [{"at": f"{500 + 20 * shard}ms", "reshard": {"split": shard}} for shard in shards]
    # shards are numbered as they open: the parts of shard 0 are the first after those that were there
    parts = [len(shards) + 2 * shard for shard in shards]
    merge = [
        {"at": f"{1200 + 20 * shard}ms", "reshard": {"merge": [part, part + 1]}}
        for shard, part in zip(shards, parts, strict=True)
    ]
    return Trouble(events=[*split, *merge])


def _update(_case: Case, _seed: int) -> Trouble:
    """The mapping gets another BatchSize, is disabled and enabled again."""
    changes = [("400ms", {"BatchSize": 7}), ("900ms", {"Enabled": False}), ("1500ms", {"Enabled": True})]
    return Trouble(events=[{"at": at, "update": settings} for at, settings in changes])


def _rebalance(_case: Case, _seed: int) -> Trouble:
    """Another member of the consumer group takes half of the partitions, handles nothing, and leaves."""
    return Trouble(intruder=500_000)


def _all(case: Case, seed: int) -> Trouble:
    """Bad records, lost answers and throttles while shards split and merge, or partitions come and go."""
    moving = _rebalance if case.backend == "kafka" else _reshard
    parts = [made(case, seed) for made in (_poison, _throttle, _no_answer, moving)]
    return Trouble(
        [fault for part in parts for fault in part.faults],
        [event for part in parts for event in part.events],
        parts[0].bad,
        parts[-1].intruder,
    )


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A column of the tables: what makes the trouble, and where there can be such."""

    trouble: Callable[[Case, int], Trouble]
    backends: tuple[Backend, ...] = ("virtual", "kafka", "kinesis")


#: By the names that the command takes, in the order of the columns.
FAULTS: Final[Mapping[str, FaultKind]] = {
    "none": FaultKind(_none),
    "poison": FaultKind(_poison),
    "throttle": FaultKind(_throttle),
    "timeout": FaultKind(_timeout),
    "crash": FaultKind(_crash),
    "no-answer": FaultKind(_no_answer),
    "reshard": FaultKind(_reshard, ("virtual", "kinesis")),
    "update": FaultKind(_update),
    "rebalance": FaultKind(_rebalance, ("kafka",)),
    "all": FaultKind(_all),
}


def matrix(
    backend: Backend, faults: Iterable[str], shards: Sequence[int], lanes: Sequence[int]
) -> Iterator[Case]:
    """Every combination that the backend can play, faults first: the order of all tables."""
    for fault in faults:
        if backend not in FAULTS[fault].backends:
            continue
        for lane_count in lanes:
            for bisects in (False, True):
                for reports in (False, True):
                    for count in shards:
                        yield Case(backend, fault, Settings(count, lane_count, bisects, reports))


def trouble_of(case: Case, seed: int) -> Trouble:
    """What goes wrong in this run."""
    return FAULTS[case.fault].trouble(case, seed)


def scenario_text(case: Case, seed: int) -> str:
    """The run as the text of a scenario file: JSON, which is YAML."""
    settings, trouble = case.settings, trouble_of(case, seed)
    document = {
        "scenario": f"Ordering: {case.fault}, {settings.shards} shards, {settings.words}",
        "seed": seed,
        "duration": f"{SECONDS}s",
        "stream": {"type": "kinesis", "shards": settings.shards},
        "producer": {
            "rate": f"{RATE}/s",
            "backlog": BACKLOG,
            "keys": {"count": 40, "skew": "zipf 1.1"},
        },
        "mapping": {
            "BatchSize": 20,
            "ParallelizationFactor": settings.lanes,
            "BisectBatchOnFunctionError": settings.bisects,
            "FunctionResponseTypes": ["ReportBatchItemFailures"] if settings.reports else [],
            "MaximumRetryAttempts": RETRIES,
            "DestinationConfig": {"OnFailure": {"Destination": "sqs"}},
        },
        "function": {"model": {"duration": "20ms + 2ms/record", "jitter": "30%"}, "Timeout": 1},
        "faults": list(trouble.faults),
        "events": list(trouble.events),
    }
    return json.dumps({name: value for name, value in document.items() if value != []}, indent=2) + "\n"


def _places(case: Case, seed: int, what: str) -> list[Place]:
    """Places drawn for this seed, each once, in the order of shards; the same on every backend."""
    shards = case.settings.shards
    chance, early = Chance(seed, "ordering", what, shards), max(1, _EARLY // shards)
    drawn = [(chance.word() % shards, chance.word() % early) for _ in range(BAD)]
    return sorted(set(drawn))


def _bad(place: Place, **how: str) -> dict[str, Any]:
    shard, position = place
    return {"poison": {"shard": shard, "record": position, **how}}
