"""Random worlds: mappings x arrivals x faults, small enough to run thousands of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from hypothesis import strategies as st

from streamsim.destinations.kept import KeptDestination
from streamsim.engine.concurrency import Account
from streamsim.engine.loop import run, running
from streamsim.engine.mapping import Change, MappingRun
from streamsim.functions.modelled import Ailments, Duration, ModelledFunction, Spell
from streamsim.functions.poison import AtPositions, Poison
from streamsim.functions.window_state import FinalFault, StateSize
from streamsim.model.events import Event
from streamsim.model.mapping import INFINITE, BackOff, EventSourceMapping, StartingPosition
from streamsim.model.names import shard_id
from streamsim.model.units import MIB, MILLISECOND, MINUTE, SECOND
from streamsim.rules.source import Source
from streamsim.rules.streams.hash_keys import even_ranges, hash_key
from streamsim.rules.streams.lineage import UpdateShardCount, steps_of
from streamsim.streams.records.logs import Given, ListedLog
from streamsim.streams.simulated.plan import Owners, Plan, Planning
from streamsim.streams.simulated.polling import Outage
from streamsim.streams.simulated.stream import SimulatedShard, SimulatedStream
from streamsim.trace.format.header import Header
from tests.stage import QUEUE


class Huge(bytes):
    """Data that no report of a failing example should print."""

    def __repr__(self) -> str:
        return f"Huge({len(self)})"


HUGE = Huge(b"x" * (5 * MIB))
SMALL = [b"{}", b'{"kind": "order"}', b'{"kind": "order"}', b"kind=order"]
FILTERS = [
    ('{"data": {"kind": ["order"]}}',),
    ('{"data": {"kind": [{"exists": false}]}}', '{"partitionKey": ["user-1", "user-2"]}'),
    ('{"data": {"nothing": ["like", "this"]}}',),
]


BARE = StateSize()


def _arn(config: Mapping[str, Any]) -> str | None:
    return config["OnFailure"]["Destination"] if config else None


def _patterns(criteria: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(one["Pattern"] for one in criteria.get("Filters", ()))


#: The field of each setting that may change, and what its value is made of.
_FIELDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "BatchSize": ("batch_size", int),
    "MaximumBatchingWindowInSeconds": ("maximum_batching_window_in_seconds", int),
    "ParallelizationFactor": ("parallelization_factor", int),
    "MaximumRetryAttempts": ("maximum_retry_attempts", int),
    "MaximumRecordAgeInSeconds": ("maximum_record_age_in_seconds", int),
    "BisectBatchOnFunctionError": ("bisect_batch_on_function_error", bool),
    "FunctionResponseTypes": ("report_batch_item_failures", bool),
    "DestinationConfig": ("on_failure", _arn),
    "FilterCriteria": ("filter_patterns", _patterns),
    "TumblingWindowInSeconds": ("tumbling_window_in_seconds", int),
    "Enabled": ("enabled", bool),
}


@dataclass(frozen=True)
class World:
    """Everything a random run needs; the same world runs the same way each time."""

    mapping: EventSourceMapping
    shards: tuple[tuple[Given, ...], ...]
    duration: Duration
    timeout: int = 3 * SECOND
    errors: float = 0.0
    lost: float = 0.0
    limit: int = 1000
    retention: int = 5 * MINUTE
    outages: tuple[Outage, ...] = ()
    down: tuple[tuple[int, int], ...] = ()
    seed: int = 0
    poison: tuple[tuple[int, int, Any, int | None], ...] = field(default=())
    state: StateSize = BARE
    finals: tuple[tuple[Any, int | None], ...] = ()
    no_state: tuple[Spell, ...] = ()
    reshards: tuple[tuple[int, int], ...] = ()
    pushes: bool = False
    updates: tuple[tuple[int, Mapping[str, Any] | None], ...] = ()
    update_lag: int = 0

    @property
    def changes(self) -> list[Change]:
        """What is asked of the mapping, each so long after the one before; None deletes it. What AWS refuses is left out."""
        found: list[Change] = []
        mapping, at = self.mapping, 0
        for wait, asked in self.updates:
            at += wait
            if asked is None:
                return [*found, Change(at, None, {})]
            changed = replace(
                mapping, **{_FIELDS[name][0]: _FIELDS[name][1](value) for name, value in asked.items()}
            )
            if changed.tumbling_window_in_seconds and (
                changed.parallelization_factor > 1 or changed.filter_patterns
            ):
                continue
            mapping = changed
            found.append(Change(at, mapping, asked))
        return found

    @property
    def plan(self) -> Plan:
        """The shards there are over time: each reshard comes so long after the one before, and as near its target as may be."""
        planning, at = Planning(even_ranges(len(self.shards))), 0
        for wait, target in self.reshards:
            at += wait
            count = len(planning.map.open)
            call = UpdateShardCount(min(max(target, -(-count // 2)), 2 * count))
            planning.change(at, f"UpdateShardCount to {call.target}", steps_of(planning.map, call))
        return planning.plan()

    @property
    def records(self) -> list[list[Given]]:
        """The records of each planned shard: those of `shards`, or where reshards come, all of them by their keys' hash."""
        plan = self.plan
        if not plan.changes:
            return [list(listed) for listed in self.shards]
        owners = Owners(plan)
        listed: list[list[Given]] = [[] for _ in plan.shards]
        for record in sorted(chain(*self.shards), key=lambda record: record.arrival_at):
            listed[owners.at(record.arrival_at, hash_key(record.partition_key)).number].append(record)
        return listed

    @property
    def header(self) -> Header:
        mapping = self.mapping
        settings = {
            "StreamName": "default",
            "FunctionName": "default",
            "BatchSize": mapping.batch_size,
            "MaximumBatchingWindowInSeconds": mapping.maximum_batching_window_in_seconds,
            "ParallelizationFactor": mapping.parallelization_factor,
            "TumblingWindowInSeconds": mapping.tumbling_window_in_seconds,
            "StartingPosition": str(mapping.starting_position),
            "MaximumRetryAttempts": mapping.maximum_retry_attempts,
            "MaximumRecordAgeInSeconds": mapping.maximum_record_age_in_seconds,
            "BisectBatchOnFunctionError": mapping.bisect_batch_on_function_error,
            "FunctionResponseTypes": ["ReportBatchItemFailures"]
            if mapping.report_batch_item_failures
            else [],
            "DestinationConfig": {"OnFailure": {"Destination": mapping.on_failure}}
            if mapping.on_failure
            else {},
            "FilterCriteria": {"Filters": [{"Pattern": pattern} for pattern in mapping.filter_patterns]},
        }
        return Header(
            "a random world",
            self.seed,
            mappings={"default": settings},
            functions={"default": {"MemorySize": 128, "Timeout": self.timeout // SECOND}},
            streams={"default": {"type": "kinesis", "shards": len(self.shards), "retention": self.retention}},
            account={"ConcurrentExecutions": self.limit},
        )


def play_world(world: World) -> list[Event]:
    """Everything that happened."""
    events: list[Event] = []

    async def main() -> None:
        clock = running().clock
        shards = [
            SimulatedShard(
                ListedLog(shard.id, listed, 7, "default"),
                outages=world.outages,
                parents=shard.parents,
                opened_at=shard.opened_at,
                closed_at=shard.closed_at,
            )
            for shard, listed in zip(world.plan.shards, world.records, strict=True)
        ]
        always = Spell(0, 1 << 60)
        ailments = Ailments(
            poison=[
                Poison(AtPositions({shard_id(shard): [position]}), how, fails)
                for shard, position, how, fails in world.poison
            ],
            errors=[(always, world.errors)] if world.errors else (),
            lost_responses=[(always, world.lost)] if world.lost else (),
            no_state=world.no_state,
            finals=[FinalFault(how=how, fails=fails) for how, fails in world.finals],
        )
        function = ModelledFunction(
            "default", world.duration, world.timeout, clock, world.seed, ailments, world.state
        )
        mapping = world.mapping
        await MappingRun(
            replace(mapping, update_lag=world.update_lag),
            SimulatedStream(shards, clock, world.retention, pushes=world.pushes),
            function,
            Account(world.limit, {"default": None}).functions["default"],
            lambda arn: KeptDestination(arn, clock, world.down),
            Source(),
            world.seed,
            clock,
            events.append,
            world.changes,
        ).run()

    run(main())
    return events


mappings = st.builds(
    EventSourceMapping,
    batch_size=st.integers(1, 12),
    maximum_batching_window_in_seconds=st.sampled_from([0, 0, 1, 3]),
    parallelization_factor=st.sampled_from([1, 1, 2, 5]),
    starting_position=st.sampled_from(
        [
            StartingPosition.TRIM_HORIZON,
            StartingPosition.TRIM_HORIZON,
            StartingPosition.LATEST,
        ]
    ),
    maximum_retry_attempts=st.sampled_from([INFINITE, 0, 1, 2, 5]),
    maximum_record_age_in_seconds=st.sampled_from([INFINITE, INFINITE, 60, 90]),
    bisect_batch_on_function_error=st.booleans(),
    report_batch_item_failures=st.booleans(),
    on_failure=st.sampled_from([None, QUEUE, "arn:aws:sns:us-east-1:123456789012:dead", "arn:aws:s3:::dead"]),
    filter_patterns=st.sampled_from([(), (), (), *FILTERS]),
    start_up_lag=st.sampled_from([0, 0, 5 * SECOND, 100 * SECOND]),
    hand_over=st.sampled_from([0, 20 * MILLISECOND]),
    back_off=st.sampled_from([BackOff(), BackOff(cap=5 * SECOND)]),
)

gaps = st.sampled_from([0, 0, 1, 50 * MILLISECOND, 700 * MILLISECOND, 3 * SECOND, 40 * SECOND])
record_shapes = st.tuples(gaps, st.integers(0, 7), st.sampled_from(SMALL * 8 + [HUGE]))


@st.composite
def shards_of_records(draw: st.DrawFn) -> tuple[Given, ...]:
    """Mostly some that begin to arrive while the mapping reads: a run without an invocation shows little."""
    arrival = draw(st.sampled_from([-2 * MINUTE, -10 * SECOND, 0, SECOND, SECOND]))
    least = draw(st.sampled_from([0, 1, 3, 8]))
    records = []
    for gap, key, data in draw(st.lists(record_shapes, min_size=least, max_size=40)):
        arrival += gap
        records.append(Given(arrival, f"user-{key}", data))
    return tuple(records)


def windowed(mapping: EventSourceMapping, seconds: int) -> EventSourceMapping:
    """The mapping with tumbling windows, where AWS takes both."""
    if mapping.parallelization_factor > 1 or mapping.filter_patterns:
        return mapping
    return replace(mapping, tumbling_window_in_seconds=seconds)


any_worlds = st.builds(
    World,
    mapping=mappings,
    shards=st.lists(shards_of_records(), min_size=1, max_size=4).map(tuple),
    duration=st.builds(
        Duration,
        st.sampled_from([0, 140 * MILLISECOND, 4 * SECOND]),
        st.sampled_from([0, 10 * MILLISECOND]),
        st.sampled_from([0.0, 0.1]),
    ),
    errors=st.sampled_from([0.0, 0.0, 0.2, 0.7]),
    lost=st.sampled_from([0.0, 0.0, 0.1]),
    limit=st.sampled_from([1000, 1000, 1, 2]),
    retention=st.sampled_from([30 * MINUTE, 5 * MINUTE, 2 * MINUTE]),
    outages=st.sampled_from([(), (Outage(2 * SECOND, 9 * SECOND),)]),
    down=st.sampled_from([(), ((0, 30 * SECOND),)]),
    seed=st.integers(0, 1000),
    poison=st.lists(
        st.tuples(
            st.integers(0, 6),
            st.integers(0, 20),
            st.sampled_from(["error", "timeout", "partial", "crash"]),
            st.sampled_from([None, 1, 3]),
        ),
        max_size=3,
    ).map(tuple),
    reshards=st.one_of(
        st.just(()),
        st.lists(
            st.tuples(st.sampled_from([1, 1000, 3 * SECOND, 40 * SECOND]), st.integers(1, 6)), max_size=3
        ).map(tuple),
    ),
    pushes=st.sampled_from([False, False, False, True]),
)


def _in_windows(world: World, seconds: int, **more: Any) -> World:
    """What a function reports to a mapping that ignores it counts as failed in its state: the scenario refuses that."""
    reports = world.mapping.report_batch_item_failures
    poison = tuple(one for one in world.poison if reports or one[2] != "partial")
    return replace(world, mapping=windowed(world.mapping, seconds), poison=poison, **more)


#: Worlds with tumbling windows; in most of them some end early, are lost, or are told no state.
windowed_worlds = st.builds(
    _in_windows,
    any_worlds.filter(
        lambda world: world.mapping.parallelization_factor == 1 and not world.mapping.filter_patterns
    ),
    st.sampled_from([1, 7, 60]),
    state=st.sampled_from([StateSize(100, 1), StateSize(100, 1), StateSize(100, 300_000)]),
    finals=st.sampled_from([(), (), (("error", 2),), (("timeout", None),)]),
    no_state=st.sampled_from([(), (), (Spell(0, 30 * SECOND),)]),
)

worlds = st.one_of(any_worlds, windowed_worlds)

updates = st.one_of(
    st.fixed_dictionaries({"Enabled": st.booleans()}),
    st.fixed_dictionaries({}, optional={
        "BatchSize": st.integers(1, 12),
        "MaximumBatchingWindowInSeconds": st.sampled_from([0, 1, 3]),
        "ParallelizationFactor": st.sampled_from([1, 2, 5]),
        "MaximumRetryAttempts": st.sampled_from([INFINITE, 0, 2]),
        "MaximumRecordAgeInSeconds": st.sampled_from([INFINITE, 60]),
        "BisectBatchOnFunctionError": st.booleans(),
        "FunctionResponseTypes": st.sampled_from([[], ["ReportBatchItemFailures"]]),
        "DestinationConfig": st.sampled_from([{}, {"OnFailure": {"Destination": QUEUE}}]),
        "FilterCriteria": st.sampled_from([{}, {"Filters": [{"Pattern": FILTERS[0][0]}]}]),
        "TumblingWindowInSeconds": st.sampled_from([0, 7]),
        "Enabled": st.booleans(),
    }),
)  # fmt: skip


def _through(world: World, asked: list[tuple[int, Mapping[str, Any] | None]], lag: int) -> World:
    """What a function reports without ReportBatchItemFailures fails a window's state: the scenario refuses that."""
    poison = tuple(one for one in world.poison if one[2] != "partial")
    return replace(world, updates=tuple(asked), update_lag=lag, poison=poison, state=StateSize(100, 1))


#: Worlds whose mapping is updated, disabled, enabled and deleted while it runs.
updated_worlds = st.builds(
    _through,
    worlds,
    st.lists(
        st.tuples(
            st.sampled_from([1, 700 * MILLISECOND, 3 * SECOND, 40 * SECOND]),
            st.one_of(updates, updates, updates, st.none()),
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([0, 0, 2 * SECOND]),
)

lively_worlds = st.one_of(worlds, updated_worlds)
