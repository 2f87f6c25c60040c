"""From the faults of a scenario to what ails one of its functions, and which records are poison to it."""

from collections.abc import Mapping as Names
from collections.abc import Sequence

from streamsim.functions.modelled import Ailments, Spell
from streamsim.functions.poison import AtPositions, AtRate, OfKeys, OfLogs, Poison, Selection
from streamsim.functions.window_state import FinalFault
from streamsim.scenario import models
from streamsim.streams.simulated.plan import Plan
from streamsim.streams.simulated.stream import SimulatedStream


def poison_of(
    scenario: models.Scenario, name: str, streams: Names[str, SimulatedStream]
) -> list[tuple[models.Poison, Poison]]:
    """What is poison to the function of that name, each with the fault that says so."""
    fed = _fed(scenario, name)
    return [
        (fault, Poison(_selection(fault, streams, scenario, number, len(fed) > 1), fault.how, fault.fails))
        for number, fault in enumerate(scenario.faults)
        if isinstance(fault, models.Poison) and fault.stream in fed
    ]


def _fed(scenario: models.Scenario, name: str) -> list[str]:
    """The streams of which the function gets records, once for each mapping."""
    return [mapping.stream for mapping in scenario.mappings.values() if mapping.function == name]


def ailments_of(scenario: models.Scenario, name: str, poison: Sequence[Poison]) -> Ailments:
    """What ails the function of that name."""
    fed = _fed(scenario, name)
    plans = [scenario.plans[stream] for stream in fed]
    striking = [fault for fault in scenario.faults if getattr(fault, "function", None) in {None, name}]
    return Ailments(
        poison=poison,
        errors=[
            (Spell(fault.begin, fault.until), fault.probability)
            for fault in striking
            if isinstance(fault, models.ErrorFault)
        ],
        lost_responses=[
            (Spell(fault.begin, fault.until), fault.probability)
            for fault in striking
            if isinstance(fault, models.LostResponse)
        ],
        slow=[
            (Spell(fault.begin, fault.until, shard), fault.factor)
            for fault in striking
            if isinstance(fault, models.Slow)
            for shard in _meant(fault.shard, plans)
        ],
        no_state=[
            Spell(fault.begin, fault.until, shard)
            for fault in striking
            if isinstance(fault, models.NoState)
            for shard in _meant(fault.shard, plans)
        ],
        finals=[
            FinalFault(fault.at, shard, fault.how, fault.fails)
            for fault in striking
            if isinstance(fault, models.FinalInvoke)
            for shard in _meant(fault.shard, plans)
        ],
    )


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
