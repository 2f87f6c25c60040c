"""Builds the world that a scenario describes: streams, functions, mappings, one account, and what goes wrong when."""

from collections.abc import Mapping as Names
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from streamsim.destinations.kept import KeptDestination
from streamsim.engine.concurrency import Account, FunctionConcurrency, ScalingRate, Slice
from streamsim.engine.mapping import Change as MappingUpdate
from streamsim.engine.mapping import MappingRun
from streamsim.engine.ports import Clock, Sink
from streamsim.engine.traffic import TrafficRun
from streamsim.functions.modelled import Ailments, Duration, ModelledFunction, Spell
from streamsim.functions.poison import AtPositions, AtRate, OfKeys, OfLogs, Poison, Selection
from streamsim.functions.window_state import FinalFault, StateSize
from streamsim.model.events import Fault, Reshard
from streamsim.model.names import exact_time
from streamsim.model.units import SECOND
from streamsim.rules.source import Source
from streamsim.scenario import models
from streamsim.scenario.item_shards import item_logs
from streamsim.scenario.puts import Producer, producers_of
from streamsim.scenario.shards import shards_of
from streamsim.scenario.sources import traffic_run, traffic_settings
from streamsim.streams.arrivals import NEVER
from streamsim.streams.logs import SimulatedLog
from streamsim.streams.plan import Change, Plan
from streamsim.streams.polling import Outage, ReadLimit
from streamsim.streams.simulated import SimulatedShard, SimulatedStream
from streamsim.trace.header import Header

FOR_GOOD: Final = NEVER


@dataclass(frozen=True, slots=True)
class World:
    """What takes part in a run."""

    mappings: Sequence[MappingRun]
    traffic: Sequence[TrafficRun]
    calendar: "Calendar"
    producers: Sequence[Producer] = ()


def header_of(scenario: models.Scenario) -> Header:
    """The first line of the scenario's trace."""
    return Header(
        scenario.scenario,
        scenario.seed,
        epoch=exact_time(scenario.epoch),
        mappings={name: mapping.settings() for name, mapping in scenario.mappings.items()},
        functions={name: _function_settings(function) for name, function in scenario.functions.items()},
        streams={
            name: {"type": stream.type, "shards": stream.shards, "retention": stream.retention}
            | _writing_settings(stream)
            | _table_settings(stream)
            for name, stream in scenario.streams.items()
        },
        account={"ConcurrentExecutions": scenario.account.ConcurrentExecutions},
        traffic={source.name: traffic_settings(scenario, source) for source in scenario.traffic},
    )


def _writing_settings(stream: models.Stream) -> dict[str, Any]:
    """What shapes the writing into a stream, where the scenario says anything of it."""
    settings: dict[str, Any] = {}
    if stream.mode == "on-demand":
        settings |= {"mode": stream.mode, "scales_within": stream.scales_within}
    if stream.producer is not None and stream.producer.put is not None:
        settings["put"] = stream.producer.put.settings()
    return settings


def _table_settings(stream: models.Stream) -> dict[str, Any]:
    if stream.table is None:
        return {}
    return {"StreamViewType": stream.view, "key_name": stream.key_name, "roll_over": stream.roll_over}


def _function_settings(function: models.Function) -> dict[str, Any]:
    settings: dict[str, Any] = {"MemorySize": function.MemorySize, "Timeout": function.Timeout}
    if function.ReservedConcurrentExecutions is not None:
        settings["ReservedConcurrentExecutions"] = function.ReservedConcurrentExecutions
    if function.ProvisionedConcurrentExecutions:
        settings["ProvisionedConcurrentExecutions"] = function.ProvisionedConcurrentExecutions
    return settings


def build(scenario: models.Scenario, clock: Clock, sink: Sink, on_failure: Path | None = None) -> World:
    """A world at time 0. Documents of discarded batches are kept under the folder `on_failure` if there is one."""
    producers = producers_of(scenario)
    plans = {
        name: producers[name].plan if name in producers else plan for name, plan in scenario.plans.items()
    }
    streams = {
        name: _stream(scenario, name, clock, plans[name], producers.get(name)) for name in scenario.streams
    }
    account = Account(
        scenario.account.ConcurrentExecutions,
        {name: function.ReservedConcurrentExecutions for name, function in scenario.functions.items()},
        {name: function.ProvisionedConcurrentExecutions for name, function in scenario.functions.items()},
        {name: function.model.keep_warm for name, function in scenario.functions.items()},
        ScalingRate(),
    )
    functions = {name: _function(scenario, name, streams, clock) for name in scenario.functions}
    runs = []
    for name, described in scenario.mappings.items():
        mapping = described.to_mapping(name, scenario.epoch)
        stream = streams[mapping.stream]
        down = [
            (fault.begin, _end(fault.end))
            for fault in scenario.faults
            if isinstance(fault, models.DestinationDown) and fault.mapping in {None, name}
        ]
        folder = on_failure / name if on_failure and len(scenario.mappings) > 1 else on_failure
        runs.append(
            MappingRun(
                mapping,
                stream.fan_out() if described.consumer else stream,
                functions[mapping.function],
                account.functions[mapping.function],
                cache(partial(KeptDestination, clock=clock, down=down, folder=folder)),
                Source(
                    mapping.stream,
                    mapping.function,
                    scenario.epoch,
                    type=scenario.streams[mapping.stream].kind,
                    consumer=described.consumer,
                ),
                scenario.seed,
                clock,
                sink,
                [
                    MappingUpdate(
                        change.at,
                        change.settings.to_mapping(name, scenario.epoch) if change.settings else None,
                        change.said,
                    )
                    for change in scenario.changes.get(name, ())
                ],
            )
        )
    traffic = [
        traffic_run(scenario, source, functions[source.function], account, clock, sink, on_failure)
        for source in scenario.traffic
    ]
    return World(
        runs, traffic, Calendar(scenario.faults, plans, account, clock, sink), tuple(producers.values())
    )


def _stream(
    scenario: models.Scenario, name: str, clock: Clock, plan: Plan, producer: Producer | None
) -> SimulatedStream:
    """The stream; without a `producer` that puts, records arrive as they are produced."""
    described = scenario.streams[name]
    logs = _logs(scenario, name, plan) if producer is None else producer.logs
    outages = [
        (fault.shard, Outage(fault.begin, _end(fault.end)))
        for fault in scenario.faults
        if isinstance(fault, models.SourceDown) and fault.stream == name
    ]
    shards = [
        SimulatedShard(
            log,
            ReadLimit(kind=described.kind),
            outages=[outage for number, outage in outages if number in {None, shard.number}],
            parents=shard.parents,
            opened_at=shard.opened_at,
            closed_at=shard.closed_at,
        )
        for shard, log in zip(plan.shards, logs, strict=True)
    ]
    return SimulatedStream(shards, clock, described.retention)


def _logs(scenario: models.Scenario, name: str, plan: Plan) -> Sequence[SimulatedLog]:
    stream, seed, duration = scenario.streams[name], scenario.seed, scenario.duration
    if stream.table is None:
        return shards_of(stream, plan, name, seed, duration)
    return item_logs(stream, stream.table, plan, name, seed, duration, scenario.epoch)


def _function(
    scenario: models.Scenario, name: str, streams: Names[str, SimulatedStream], clock: Clock
) -> ModelledFunction:
    described = scenario.functions[name]
    model = described.model
    fed = [mapping.stream for mapping in scenario.mappings.values() if mapping.function == name]
    plans = [scenario.plans[stream] for stream in fed]
    poison = [
        Poison(_selection(fault, streams, scenario, number, len(fed) > 1), fault.how, fault.fails)
        for number, fault in enumerate(scenario.faults)
        if isinstance(fault, models.Poison) and fault.stream in fed
    ]
    ailments = Ailments(
        poison=poison,
        errors=[
            (Spell(fault.begin, _end(fault.end)), fault.probability)
            for fault in scenario.faults
            if isinstance(fault, models.ErrorFault) and fault.function in {None, name}
        ],
        lost_responses=[
            (Spell(fault.begin, _end(fault.end)), fault.probability)
            for fault in scenario.faults
            if isinstance(fault, models.LostResponse) and fault.function in {None, name}
        ],
        slow=[
            (Spell(fault.begin, _end(fault.end), shard), fault.factor)
            for fault in scenario.faults
            if isinstance(fault, models.Slow) and fault.function in {None, name}
            for shard in _meant(fault.shard, plans)
        ],
        no_state=[
            Spell(fault.begin, _end(fault.end), shard)
            for fault in scenario.faults
            if isinstance(fault, models.NoState) and fault.function in {None, name}
            for shard in _meant(fault.shard, plans)
        ],
        finals=[
            FinalFault(fault.at, shard, fault.how, fault.fails)
            for fault in scenario.faults
            if isinstance(fault, models.FinalInvoke) and fault.function in {None, name}
            for shard in _meant(fault.shard, plans)
        ],
    )
    duration = Duration(model.fixed, model.per_record, model.jitter, model.cold_start)
    state = StateSize(model.state.fixed, model.state.per_record)
    return ModelledFunction(name, duration, described.Timeout * SECOND, clock, scenario.seed, ailments, state)


def _meant(number: int | None, plans: Sequence[Plan]) -> Sequence[str | None]:
    """The ids of the shards of that number, each once: Kinesis streams share theirs. None for all shards."""
    if number is None:
        return [None]
    found = [shard.id for plan in plans if (shard := plan.shard(number)) is not None]
    return list(dict.fromkeys(found))


def _selection(
    fault: models.Poison,
    streams: Names[str, SimulatedStream],
    scenario: models.Scenario,
    number: int,
    several: bool,
) -> Selection:
    """The poison records; `several` streams feed the function, so that a shard's id does not say whose it is."""
    stream = streams[fault.stream]
    chosen = _chosen(fault, stream, scenario.plans[fault.stream], scenario.seed, number)
    return OfLogs(chosen, stream.logs()) if several else chosen


def _chosen(fault: models.Poison, stream: SimulatedStream, plan: Plan, seed: int, number: int) -> Selection:
    if fault.key is not None:
        return OfKeys([fault.key])
    if fault.rate is not None:
        return AtRate(fault.rate, seed, f"{fault.stream} {number}")
    if fault.shard is None:
        assert fault.record is not None
        found = stream.nth_arrival(fault.record)
        return AtPositions({found[0]: [found[1]]} if found else {})
    shard = plan.shards[fault.shard].id
    position = fault.record if fault.record is not None else stream.first_from(shard, fault.at or 0)
    return AtPositions({shard: [position]})


def _end(end: int | None) -> int:
    return FOR_GOOD if end is None else end


class Calendar:
    """What happens at certain times and is not a component's own business: throttles.

    Also tells when faults begin, and when shards of a stream close and open.
    """

    def __init__(
        self,
        faults: Sequence[models.Fault],
        plans: Names[str, Plan],
        account: Account,
        clock: Clock,
        sink: Sink,
    ) -> None:
        self._account = account
        self._clock = clock
        self._sink = sink
        self._faults = faults
        self._plans = plans
        self._in_force: list[models.Throttle] = []
        self._own_limits: dict[Slice | FunctionConcurrency, int] = {}

    def start(self) -> None:
        """Begins to keep the dates; they never hold up the end of a run."""
        for fault in self._faults:
            self._clock.start(self._keep(fault), f"fault {fault.said}")
        for stream, plan in self._plans.items():
            for change in plan.changes:
                self._clock.start(self._reshard(stream, change), f"reshard {change.what}")

    async def _reshard(self, stream: str, change: Change) -> None:
        await self._clock.sleep(change.at)
        self._sink(Reshard(self._clock.now, stream, change.what, change.closed, change.opened))

    async def _keep(self, fault: models.Fault) -> None:
        begin, end = (
            (0, None) if isinstance(fault, models.Poison | models.FinalInvoke) else (fault.begin, fault.end)
        )
        if begin > 0:
            await self._clock.sleep(begin)
        self._sink(Fault(self._clock.now, fault.said, end))
        if not isinstance(fault, models.Throttle):
            return
        self._in_force.append(fault)
        self._limit(fault)
        if end is not None:
            await self._clock.sleep(end - begin)
            self._in_force.remove(fault)
            self._limit(fault)

    def _limit(self, changed: models.Throttle) -> None:
        """Gives what a throttle is about the lowest limit of those in force, or its own again."""
        for place in self._throttled(changed):
            own = self._own_limits.setdefault(place, FOR_GOOD if place.limit is None else place.limit)
            limits = [fault.limit for fault in self._in_force if place in self._throttled(fault)]
            place.limit = min([own, *limits])

    def _throttled(self, fault: models.Throttle) -> Sequence["Slice | FunctionConcurrency"]:
        account = self._account
        return (
            [account.functions[fault.function]] if fault.function else [account.unreserved, *account.reserved]
        )
