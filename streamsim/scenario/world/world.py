"""Builds the world that a scenario describes: streams, functions, mappings, one account, and what goes wrong when."""

from collections.abc import Mapping as Names
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from streamsim.destinations.kept import KeptDestination
from streamsim.engine.concurrency import Account, ScalingRate
from streamsim.engine.mapping import Change, MappingRun
from streamsim.engine.ports import Clock, Sink
from streamsim.engine.ports import Stream as SharedStream
from streamsim.engine.traffic import TrafficRun
from streamsim.functions.handler import HandlerFunction, Journal
from streamsim.functions.modelled import Duration, ModelledFunction
from streamsim.functions.poison import Poison
from streamsim.functions.window_state import StateSize
from streamsim.model.units import MINUTE, SECOND
from streamsim.rules.limits import Year
from streamsim.rules.source import Source
from streamsim.scenario import models
from streamsim.scenario.world.ailments import ailments_of, poison_of
from streamsim.scenario.world.calendar import Calendar
from streamsim.scenario.world.deployments import handler_function
from streamsim.scenario.world.item_shards import item_logs
from streamsim.scenario.world.puts import Producer, producers_of
from streamsim.scenario.world.shards import shards_of
from streamsim.scenario.world.sources import traffic_run
from streamsim.streams.records.logs import SimulatedLog
from streamsim.streams.simulated.plan import Plan
from streamsim.streams.simulated.polling import Outage, ReadLimit
from streamsim.streams.simulated.stream import SimulatedShard, SimulatedStream


@dataclass(frozen=True, slots=True)
class World:
    """What takes part in a run."""

    mappings: Sequence[MappingRun]
    traffic: Sequence[TrafficRun]
    calendar: Calendar
    producers: Sequence[Producer] = ()
    functions: Sequence[ModelledFunction | HandlerFunction] = ()
    faults: Sequence[models.Fault] = ()
    poison: Sequence[tuple[models.Poison, Poison]] = ()

    def idle_faults(self, end: int) -> list[models.Fault]:
        """Those that struck nothing in a run until `end`: their time never came, or no chosen record was ever sent."""
        met = [fault for fault, poison in self.poison if poison.met]
        return [fault for fault in self.faults if _is_idle(fault, met, end)]

    async def close(self) -> None:
        """Ends what the functions' environments hold."""
        for function in self.functions:
            if isinstance(function, HandlerFunction):
                await function.close()


def build(
    scenario: models.Scenario,
    clock: Clock,
    sink: Sink,
    on_failure: Path | None = None,
    journal: Journal | None = None,
    shared: Names[str, SharedStream] = MappingProxyType({}),
) -> World:
    """A world at time 0. Documents of discarded batches are kept under the folder `on_failure` if there is one.

    `journal` takes what handlers log. Mappings named in `shared` read these streams instead of the simulated ones.
    """
    producers = producers_of(scenario)
    plans = {
        name: producers[name].plan if name in producers else plan for name, plan in scenario.plans.items()
    }
    streams = {
        name: _stream(scenario, name, clock, plans[name], producers.get(name)) for name in scenario.streams
    }
    account = _account(scenario)
    poison = {name: poison_of(scenario, name, streams) for name in scenario.functions}
    functions = {
        name: _function(scenario, name, [one for _, one in poison[name]], clock, journal)
        for name in scenario.functions
    }
    mappings = [
        _mapping(scenario, name, streams, functions, account, clock, sink, on_failure, shared.get(name))
        for name in scenario.mappings
    ]
    traffic = [
        traffic_run(scenario, source, functions[source.function], account, clock, sink, on_failure)
        for source in scenario.traffic
    ]
    calendar = Calendar(scenario.faults, plans, account, clock, sink)
    return World(
        mappings,
        traffic,
        calendar,
        tuple(producers.values()),
        tuple(functions.values()),
        scenario.faults,
        [one for own in poison.values() for one in own],
    )


def _is_idle(fault: models.Fault, met: Sequence[models.Fault], end: int) -> bool:
    match fault:
        case models.Poison():
            return fault not in met
        case models.FinalInvoke():
            return fault.at is not None and fault.at > end
        case _:
            return fault.begin > end


def _stream(
    scenario: models.Scenario, name: str, clock: Clock, plan: Plan, producer: Producer | None
) -> SimulatedStream:
    """The stream; without a `producer` that puts, records arrive as they are produced."""
    described = scenario.streams[name]
    logs = _logs(scenario, name, plan) if producer is None else producer.logs
    outages = [
        (fault.shard, Outage(fault.begin, fault.until))
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


#: documented: in 2017 the functions of us-east-1 got 3,000 environments at once, and 500 more each minute (Lambda Developer
#: Guide of December 2017, "Understanding Scaling Behavior"). assumed: each of them did, where the guide means all together.
_SCALING: Final[Names[Year, ScalingRate]] = {
    "current": ScalingRate(),
    "2017": ScalingRate(3000, MINUTE // 500),
}


def _account(scenario: models.Scenario) -> Account:
    functions = scenario.functions
    return Account(
        scenario.account.ConcurrentExecutions,
        {name: function.ReservedConcurrentExecutions for name, function in functions.items()},
        {name: function.ProvisionedConcurrentExecutions for name, function in functions.items()},
        {name: function.model.keep_warm for name, function in functions.items()},
        _SCALING[scenario.account.limits],
    )


def _function(
    scenario: models.Scenario,
    name: str,
    poison: Sequence[Poison],
    clock: Clock,
    journal: Journal | None,
) -> ModelledFunction | HandlerFunction:
    model = _modelled(scenario, name, poison, clock)
    if scenario.functions[name].handler is None:
        return model
    return handler_function(scenario, name, model, clock, journal)


def _modelled(
    scenario: models.Scenario, name: str, poison: Sequence[Poison], clock: Clock
) -> ModelledFunction:
    described = scenario.functions[name]
    model = described.model
    duration = Duration(model.fixed, model.per_record, model.jitter, model.cold_start)
    state = StateSize(model.state.fixed, model.state.per_record)
    ailments = ailments_of(scenario, name, poison)
    return ModelledFunction(name, duration, described.Timeout * SECOND, clock, scenario.seed, ailments, state)


def _mapping(
    scenario: models.Scenario,
    name: str,
    streams: Names[str, SimulatedStream],
    functions: Names[str, ModelledFunction | HandlerFunction],
    account: Account,
    clock: Clock,
    sink: Sink,
    on_failure: Path | None,
    shared: SharedStream | None,
) -> MappingRun:
    described = scenario.mappings[name]
    mapping = described.to_mapping(name, scenario.epoch)
    stream, kind = streams[mapping.stream], scenario.streams[mapping.stream].kind
    source = Source(mapping.stream, mapping.function, scenario.epoch, type=kind, consumer=described.consumer)
    down = [
        (fault.begin, fault.until)
        for fault in scenario.faults
        if isinstance(fault, models.DestinationDown) and fault.mapping in {None, name}
    ]
    folder = on_failure / name if on_failure and len(scenario.mappings) > 1 else on_failure
    changes = [
        Change(
            change.at,
            change.settings.to_mapping(name, scenario.epoch) if change.settings else None,
            change.said,
        )
        for change in scenario.changes.get(name, ())
    ]
    function = functions[mapping.function]
    simulated = stream.fan_out() if described.consumer else stream
    return MappingRun(
        mapping,
        simulated if shared is None else shared,
        function.fed_by(source) if isinstance(function, HandlerFunction) else function,
        account.functions[mapping.function],
        cache(partial(KeptDestination, clock=clock, down=down, folder=folder)),
        source,
        scenario.seed,
        clock,
        sink,
        changes,
        shared=shared is not None,
    )
