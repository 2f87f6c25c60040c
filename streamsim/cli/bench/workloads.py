"""The workloads of `streamsim bench engine`, and how the engine plays one. Knows nothing of what it is compared with.

The engine runs with everything on: polling, read limits, all rules of the mapping, the measures and the oracle.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from streamsim.destinations.kept import KeptDestination
from streamsim.engine.concurrency import Account
from streamsim.engine.loop import run, running
from streamsim.engine.mapping import MappingRun
from streamsim.functions.modelled import Ailments, Duration, ModelledFunction
from streamsim.functions.poison import AtRate, Poison
from streamsim.model.mapping import BackOff, EventSourceMapping
from streamsim.model.names import shard_id
from streamsim.model.units import HOUR, MILLISECOND, MINUTE, SECOND
from streamsim.rules.source import Source
from streamsim.streams.records.arrivals import GeneratedArrivals, Schedule, Segment
from streamsim.streams.records.logs import Content, GeneratedLog
from streamsim.streams.simulated.stream import SimulatedShard, SimulatedStream
from streamsim.trace.bundle import Bundle
from streamsim.trace.format.header import Header
from streamsim.trace.measures.measures import Measures
from streamsim.trace.oracle.oracle import Oracle

#: Invocations take 50 ms, plus or minus 10 %: a shard that is read without pause runs 20 batches a second.
DURATION: Final = 50 * MILLISECOND
JITTER: Final = 0.1
BATCH_SIZE: Final = 100
RETRIES: Final = 2
RECORD_SIZE: Final = 200


@dataclass(frozen=True, slots=True)
class Workload:
    """What is to be played: `backlog` records a shard at time 0, then `rate` records a second and shard for `length` us.

    `limit` is the function's concurrency. Records are poison with probability `poison`: they fail `fails` times, or
    always (None), and then a batch is bisected and a record given up after two retries. `target` is the ratio of CPU
    times, ours to SimPy's, that is aimed at.
    """

    title: str
    target: float
    shards: int
    backlog: int = 0
    rate: int = 0
    length: int = 0
    limit: int = 1_000_000
    poison: float = 0.0
    fails: int | None = None

    @property
    def bisects(self) -> bool:
        """Whether failed batches are halved rather than sent again."""
        return bool(self.poison) and self.fails is None

    def scaled(self, scale: float) -> "Workload":
        """The same with a part of its records: whole batches of backlog, or a part of its time."""
        batches = self.backlog // BATCH_SIZE
        return Workload(
            self.title,
            self.target,
            self.shards,
            max(round(batches * scale), 1) * BATCH_SIZE if batches else 0,
            self.rate,
            round(self.length * scale),
            self.limit,
            self.poison,
            self.fails,
        )

    def logs(self) -> list[GeneratedLog]:
        """The records of each shard, computed when they are looked at; new ones for each run, so that all pay alike."""
        schedule = Schedule((Segment(0, self.rate / SECOND),), self.length)
        process: Literal["poisson", "constant"] = "poisson" if self.rate else "constant"
        logs = []
        for number in range(self.shards):
            shard = shard_id(number)
            arrivals = GeneratedArrivals(schedule, process, (0, "bench", shard), self.backlog, MILLISECOND)
            logs.append(GeneratedLog(shard, number, arrivals, None, Content(RECORD_SIZE), 0, "bench"))
        return logs

    def poisoned(self) -> Poison | None:
        """The records that fail; the same ones on each call."""
        return Poison(AtRate(self.poison, 0, "bench"), "error", self.fails) if self.poison else None


WORKLOADS: Final = MappingProxyType(
    {
        "W1": Workload(
            "100 shards x 200 batches, 1 % fail once, concurrency for 70 %",
            1.0,
            100,
            backlog=200 * BATCH_SIZE,
            limit=70,
            poison=1e-4,
            fails=1,
        ),
        "W2": Workload("10,000 shards x 4 batches", 0.5, 10_000, backlog=4 * BATCH_SIZE),
        "W3": Workload("10 min x 100 shards x 1,000/s", 0.7, 100, rate=1000, length=10 * MINUTE),
        "W4": Workload(
            "W3 with 1e-4 poison, bisect, concurrency 60",
            0.7,
            100,
            rate=1000,
            length=10 * MINUTE,
            limit=60,
            poison=1e-4,
        ),
        "W5": Workload(
            "1 min x 100 shards x 1,000/s with 1e-2 poison, bisect",
            1.0,
            100,
            rate=1000,
            length=MINUTE,
            poison=1e-2,
        ),
        "W6": Workload("24 h x 10 shards x 200/s", 0.7, 10, rate=200, length=24 * HOUR),
    }
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run did: records finished, attempts that the function saw, records given up; simulated microseconds.

    Two models of one workload agree on all but the time.
    """

    records: int
    invocations: int
    discarded: int
    simulated: int


def play(workload: Workload) -> Counts:
    """Plays the workload on the engine. AssertionError when the oracle objects."""
    mapping = EventSourceMapping(
        batch_size=BATCH_SIZE,
        maximum_batching_window_in_seconds=1 if workload.rate else 0,
        maximum_retry_attempts=RETRIES,
        bisect_batch_on_function_error=workload.bisects,
        hand_over=0,
        back_off=BackOff(throttle_cap=MINUTE),
    )
    settings = {
        "BatchSize": BATCH_SIZE,
        "MaximumBatchingWindowInSeconds": mapping.maximum_batching_window_in_seconds,
        "MaximumRetryAttempts": RETRIES,
        "BisectBatchOnFunctionError": workload.bisects,
        "FunctionName": "default",
        "StreamName": "default",
    }
    header = Header(
        workload.title,
        0,
        mappings={"default": settings},
        functions={"default": {}},
        account={"ConcurrentExecutions": workload.limit},
    )
    measures, oracle = Measures(header), Oracle(header)
    bundle = Bundle((measures.take, oracle.take))

    async def main() -> None:
        clock = running().clock
        stream = SimulatedStream([SimulatedShard(log) for log in workload.logs()], clock)
        poison = workload.poisoned()
        function = ModelledFunction(
            "default",
            Duration(DURATION, 0, JITTER),
            MINUTE,
            clock,
            ailments=Ailments([poison] if poison else ()),
        )
        concurrency = Account(workload.limit, {"default": None}).functions["default"]
        source = Source("default", "default", 0)
        mapped = MappingRun(
            mapping,
            stream,
            function,
            concurrency,
            lambda arn: KeptDestination(arn, clock),
            source,
            0,
            clock,
            bundle.take,
        )
        await clock.start(mapped.run(), "mapping")

    run(main())
    bundle.deliver()
    violations = oracle.finish()
    assert not violations, violations[0]
    report = measures.report()
    assert report["delivered"]["at_least_once"] in {"all", "all but discarded"}
    return Counts(report["PolledEventCount"], report["Invocations"], report["discarded"], measures.end)
