"""Random legal traces in which more happens than batches: reshards, stops, updates, windows, other event sources."""

from random import Random
from typing import Any

from streamsim.model.events import (
    Ended,
    Event,
    EventLost,
    Produced,
    Request,
    Reshard,
    Response,
    ShardEnd,
    ShardOpen,
    ShardStop,
    StateChange,
    Update,
)
from streamsim.model.units import DAY, HOUR, MINUTE, SECOND
from streamsim.trace.format.header import Header
from tests.trace.legal import World, settings_of
from tests.trace.legal_lane import Shard
from tests.trace.tumbling import Steps

#: How streams change: shards at the start, and each reshard's closed and opened shards.
CHANGES: list[tuple[tuple[str, ...], list[tuple[tuple[str, ...], tuple[str, ...]]]]] = [
    (("s0",), []),
    (("s0",), [(("s0",), ("s1", "s2"))]),
    (("s0", "s1"), [(("s0", "s1"), ("s2",))]),
    (("s0",), [(("s0",), ("s1",)), (("s1",), ("s2", "s3"))]),
    (("s0",), [(("s0",), ("s1", "s2")), (("s1", "s2"), ("s3",))]),
]

TRAFFIC = {
    "checkout": {"source": "api_gateway", "FunctionName": "web"},
    "uploads": {"source": "s3", "FunctionName": "default"},
    "nightly": {"source": "schedule", "FunctionName": "web"},
}

OUTCOMES: tuple[Ended, ...] = ("success", "success", "success", "error", "error", "timeout", "fault")


def lively_trace(seed: int) -> tuple[Header, list[Event]]:
    """A header and events that break no guarantee; the same for the same seed."""
    random = Random(f"lively {seed}")
    names = ["default"] if random.random() < 0.7 else ["default", "other"]
    header = Header(
        f"lively {seed}",
        seed,
        mappings={name: {"StreamName": "stream", **_settings(random, name)} for name in names},
        functions={
            name: {"ReservedConcurrentExecutions": random.choice([None, 2])} for name in [*names, "web"]
        },
        streams={"stream": {"retention": DAY}},
        account={"ConcurrentExecutions": random.choice([7, 9, 1000])},
        traffic=TRAFFIC,
    )
    world = World(random, header)
    _change_stream(world)
    for name in names:
        world.events.append(StateChange(0, name, "Creating", "No records processed"))
        world.events.append(StateChange(0, name, "Enabled", "No records processed"))
        world.resume(_operate(world, name))
    world.events.append(Produced(0, "stream", 9, 3, 0, 0, 0, 0, 0, SECOND))
    for source in TRAFFIC:
        for _ in range(random.randrange(6)):
            world.resume(_call(world, source))
    events = world.play()
    if random.random() < 0.2:
        events = _killed(events, random.randrange(1, len(events) + 1))
    return header, events


def _killed(events: list[Event], count: int) -> list[Event]:
    """The first events; all of them when these look like a whole run, because no shard is being read."""
    reading = set()
    for event in events[:count]:
        if isinstance(event, ShardOpen):
            reading.add(event[1:3])
        elif isinstance(event, ShardEnd | ShardStop):
            reading.discard(event[1:3])
    return events[:count] if reading else events


def _settings(random: Random, function: str) -> dict[str, Any]:
    settings = settings_of(random, function)
    if random.random() < 0.4:
        del settings["FilterCriteria"]
        settings |= {"ParallelizationFactor": 1, "TumblingWindowInSeconds": random.choice([1, 3, 11])}
    return settings


def _change_stream(world: World) -> None:
    """Shards now and later. A mapping that begins late reads none of the first."""
    first, changes = world.random.choice(CHANGES)
    late = world.random.random() < 0.2 and bool(changes)
    for mapping in world.header.mappings:
        for name in () if late and mapping == "other" else first:
            world.add(mapping, name, (), world.random.choice([0, 0, 4]))
        at, begun = 0, not (late and mapping == "other")
        for closed, opened in changes:
            at += 5 * SECOND
            for name in closed:
                if (shard := world.shards.get((mapping, name))) is not None:
                    shard.closes = at
            for name in opened:
                start = 0 if begun else world.random.choice([0, 4])
                world.add(mapping, name, closed, start).born = False
            begun = True
    if changes:
        world.resume(_reshard(world, changes))


def _reshard(world: World, changes: list[tuple[tuple[str, ...], tuple[str, ...]]]) -> Steps:
    for closed, opened in changes:
        yield 5 * SECOND
        world.events.append(Reshard(world.now, "stream", "a reshard", closed, opened))
        for shard in world.shards.values():
            shard.born = shard.born or shard.name in opened
        world.open_ready()


def _operate(world: World, mapping: str) -> Steps:
    """Stops, updates and starts a mapping a few times."""
    random = world.random
    for _ in range(random.choice([0, 1, 3])):
        yield random.randrange(1, 12 * SECOND)
        mine = [shard for (name, _), shard in world.shards.items() if name == mapping]
        disables = random.random() < 0.4
        _tell_state(world, mapping, "Disabling" if disables else "Updating")
        yield from _stop(world, mine)
        changes = _settings(random, random.choice(list(world.settings)))
        changes = {
            name: changes.get(name, 0) for name in {*changes, *world.settings[mapping]} - {"StreamName"}
        }
        changes.pop("Enabled", None)
        if not changes.get("FilterCriteria"):
            changes["FilterCriteria"] = {}
        if disables:
            _update(world, mapping, {"Enabled": False})
            _tell_state(world, mapping, "Disabled")
            yield random.randrange(1, 30 * SECOND)
            _tell_state(world, mapping, "Enabling")
            changes |= {"Enabled": True}
        _update(world, mapping, dict(sorted(changes.items())))
        _tell_state(world, mapping, "Enabled")
        for shard in mine:
            shard.halting = False
        world.open_ready()


def _stop(world: World, shards: list[Shard]) -> Steps:
    for shard in shards:
        shard.halting = True
    while any(lane.in_flight for shard in shards for lane in shard.working):
        yield SECOND // 10
    for shard in shards:
        if shard.lanes > 0:
            world.events.append(ShardStop(world.now, shard.mapping, shard.name, shard.arrived))
            for lane in shard.working:
                lane.steps.close()
            shard.working.clear()
            shard.lanes = 0
            shard.done.clear()


def _update(world: World, mapping: str, changes: dict[str, Any]) -> None:
    world.events.append(Update(world.now, mapping, changes))
    world.settings[mapping] = world.settings[mapping] | changes


def _tell_state(world: World, mapping: str, state: str) -> None:
    world.events.append(StateChange(world.now, mapping, state, "OK"))


def _call(world: World, source: str) -> Steps:
    """One call or event of a source, to its end."""
    random, function = world.random, str(TRAFFIC[source]["FunctionName"])
    asynchronous = TRAFFIC[source]["source"] != "api_gateway"
    yield random.randrange(1, 20 * SECOND)
    request_id, counted, began = world.new_id(), 0, world.now
    while True:
        place = (source, function, request_id, counted + 1)
        denied = not world.may_run(function) or random.random() < 0.1
        if not denied:
            world.running[function] += 1
        world.events.append(Request(world.now, *place, world.running[function]))
        outcome: Ended = "throttled"
        duration = 0
        if not denied:
            duration = random.choice([0, SECOND // 10, 3 * SECOND])
            yield duration
            world.running[function] -= 1
            outcome = random.choice(OUTCOMES)
        world.events.append(Response(world.now, *place, outcome, duration))
        if outcome == "success" or not asynchronous:
            return
        counted += outcome not in {"throttled", "fault"}
        if counted == 3 and outcome not in {"throttled", "fault"}:
            world.events.append(EventLost(world.now, *place[:3], "RetriesExhausted", counted, None, False))
            return
        left = 6 * HOUR - (world.now - began)
        if left < 2 * MINUTE:
            lost = EventLost(world.now, *place[:3], "EventAgeExceeded", max(1, counted), None, False)
            world.events.append(lost)
            return
        yield min(left, random.choice([SECOND, counted * MINUTE + 1, 3 * HOUR]))
