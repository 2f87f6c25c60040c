"""A small world in code: listed records, a function that does as it is told, one mapping, virtual time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from streamsim.destinations.kept import KeptDestination
from streamsim.engine.clock import VirtualClock
from streamsim.engine.concurrency import Account
from streamsim.engine.loop import run, running
from streamsim.engine.mapping import Change, MappingRun
from streamsim.engine.ports import Clock
from streamsim.model.batch import Batch
from streamsim.model.events import (
    Backoff,
    Checkpoint,
    Discard,
    Event,
    Expired,
    Filtered,
    Invoke,
    Result,
    Split,
)
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.names import shard_id, unix
from streamsim.model.outcome import Outcome
from streamsim.model.units import HOUR
from streamsim.rules.source import Source
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.records.logs import Given, ListedLog
from streamsim.streams.simulated.polling import Outage, ReadLimit
from streamsim.streams.simulated.stream import SimulatedShard, SimulatedStream

QUEUE = "arn:aws:sqs:us-east-1:123456789012:dead"
EPOCH = unix("2026-01-01T00:00:00Z")

Behaviour = Callable[[Batch], Outcome]


@dataclass
class ScriptedFunction:
    """Does what the test says; remembers what it was given."""

    behaviour: Behaviour
    clock: Clock
    calls: list[Batch] = field(default_factory=list)

    async def invoke(self, batch: Batch, cold: bool) -> Outcome:
        del cold
        self.calls.append(batch)
        outcome = self.behaviour(batch)
        await self.clock.sleep(outcome.duration)
        return outcome


@dataclass(frozen=True)
class Kin:
    """A shard's place in the lineage: its parents by number, and when it is open."""

    parents: tuple[int, ...] = ()
    opened_at: int = -NEVER
    closed_at: int = NEVER


@dataclass
class Told:
    """What a run came to."""

    events: list[Event]
    calls: list[Batch]
    clock: VirtualClock


def play(
    mapping: EventSourceMapping,
    records: Mapping[int, Sequence[Given]],
    behaviour: Behaviour,
    *,
    limit: int = 1000,
    retention: int = 24 * HOUR,
    destination: KeptDestination | None = None,
    outages: Sequence[Outage] = (),
    busy_until: int = 0,
    changes: Sequence[Change] = (),
    lineage: Mapping[int, Kin] = MappingProxyType({}),
    pushes: bool = False,
) -> Told:
    """Runs one mapping over `records` by shard number until everything is finished.

    Each shard's reads fail during `outages`, and other readers take all it can give until `busy_until`.
    With `pushes` the mapping reads through a consumer with enhanced fan-out.
    """
    events: list[Event] = []

    async def main() -> Told:
        clock = running().clock
        shards = [
            SimulatedShard(
                ListedLog(shard_id(number), listed, 7, "default"),
                ReadLimit(busy_until),
                outages,
                tuple(map(shard_id, kin.parents)),
                kin.opened_at,
                kin.closed_at,
            )
            for number, listed in records.items()
            for kin in [lineage.get(number, Kin())]
        ]
        function = ScriptedFunction(behaviour, clock)
        await MappingRun(
            mapping,
            SimulatedStream(shards, clock, retention, pushes=pushes),
            function,
            Account(limit, {"default": None}).functions["default"],
            lambda arn: destination or KeptDestination(arn, clock),
            Source(epoch=EPOCH),
            7,
            clock,
            events.append,
            changes,
        ).run()
        return Told(events, function.calls, clock)

    return run(main())


def given(*arrivals: int, data: bytes = b"{}", key: str = "user-1") -> list[Given]:
    """Records of one key by their arrival times."""
    return [Given(arrival, key, data) for arrival in arrivals]


def lines(events: Sequence[Event]) -> list[str]:
    """The events a reader of AWS's recordings would see: ms, request id as a letter, try, records from 1, what came."""
    letters: dict[str, str] = {}
    open_lines: dict[str, int] = {}
    told: list[str] = []
    for event in events:
        at = f"{event.t // 1000}"
        match event:
            case Invoke():
                letter = letters.setdefault(event.request_id, chr(ord("a") + len(letters)))
                numbers = ",".join(str(position + 1) for position in event.positions)
                open_lines[letter] = len(told)
                told.append(f"{at} [{numbers}] ({letter}) try {event.attempt}")
            case Result():
                failed = "" if event.failed_from is None else f" from {event.failed_from + 1}"
                told[open_lines[letters[event.request_id]]] += f" -> {event.outcome}{failed}"
            case Discard():
                numbers = ",".join(str(position + 1) for position in event.positions)
                told.append(f"{at} discard [{numbers}] {event.condition} count {event.attempts}")
            case Expired():
                told.append(f"{at} expired [{','.join(str(position + 1) for position in event.positions)}]")
            case Filtered():
                told.append(f"{at} filtered [{','.join(str(position + 1) for position in event.positions)}]")
            case Split() | Backoff() | Checkpoint() | _:
                pass
    return told
