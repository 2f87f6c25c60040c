"""Where each shard of a run is at the moment: a sink over events, and the only memory of the view.

Knows what is in flight and what waits; must not know how that is shown, nor any clock but the run's.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from streamsim.model.events import (
    Backoff,
    Checkpoint,
    Discard,
    Event,
    Expired,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
    ShardStop,
    Split,
    WindowClose,
    WindowLost,
)

_NUMBERS: Final = re.compile(r"(\d+)")


@dataclass(slots=True)
class InFlight:
    """The batch that a lane works on, from its first attempt until it is finished, changed or given up.

    `arrived` is when its youngest record did, None at the end of a window; `count` is 0 then. `since` is when the attempt
    began. `failed` is how the last one ended that did not succeed, None before; `until` when the next begins, None while
    one runs.
    """

    request_id: str
    attempt: int
    count: int
    since: int
    arrived: int | None
    failed: str | None = None
    until: int | None = None


@dataclass(slots=True)
class ShardState:
    """A shard that is read: what is before `position` is finished. `batches` are in flight or wait, by lane.

    `failures` are results that were no success; a throttle is none.
    """

    mapping: str
    shard: str
    position: int
    batches: dict[int, InFlight] = field(default_factory=dict)
    invocations: int = 0
    failures: int = 0
    discarded: int = 0

    @property
    def worst(self) -> InFlight | None:
        """The batch in most trouble; the oldest of those that are not. None while nothing is to do."""
        return min(self.batches.values(), key=_trouble, default=None)

    @property
    def trouble(self) -> tuple[int, int]:
        """Sorts shards, the most troubled first: failed attempts, then the age of what is in flight."""
        worst = self.worst
        return (1, 0) if worst is None else _trouble(worst)


def _trouble(batch: InFlight) -> tuple[int, int]:
    tried = 0 if batch.failed is None else batch.attempt
    return -tried, batch.since if batch.arrived is None else batch.arrived


class State:
    """A sink. `shards` are those that are read, in the order of their names."""

    def __init__(self) -> None:
        self._shards: dict[tuple[str, str], ShardState] = {}
        #: Counts of the whole run, also of shards that are read no more.
        self.finished = self.invocations = self.failures = self.discarded = self.ended = 0
        #: When the last event happened, in microseconds since the start.
        self.now = 0

    @property
    def shards(self) -> list[ShardState]:
        """Those that are read, in the natural order of their names."""
        return sorted(self._shards.values(), key=lambda one: (one.mapping, _natural(one.shard)))

    @property
    def several(self) -> bool:
        """Whether more than one mapping reads."""
        return len({mapping for mapping, _ in self._shards}) > 1

    def in_flight(self) -> int:
        """How many invocations run."""
        batches = (batch for one in self._shards.values() for batch in one.batches.values())
        return sum(batch.until is None for batch in batches)

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        self.now = event.t
        match event:
            case ShardOpen():
                opened = ShardState(event.mapping, event.shard, event.position)
                self._shards[event.mapping, event.shard] = opened
            case ShardEnd() | ShardStop():
                self._shards.pop((event.mapping, event.shard), None)
                self.ended += type(event) is ShardEnd
            case Checkpoint():
                shard = self._of(event)
                self.finished += event.position - shard.position
                shard.position = event.position
            case Invoke() | WindowClose():
                self._invoke(event)
            case Result() | Backoff() | Split():
                self._go_on(event)
            case Discard() | Expired() | WindowLost():
                self._give_up(event)
            case _:
                pass

    def _of(self, event: Checkpoint | Invoke | WindowClose | Discard | Expired | WindowLost) -> ShardState:
        return self._shards[event.mapping, event.shard]

    def _invoke(self, event: Invoke | WindowClose) -> None:
        shard = self._of(event)
        before = shard.batches.get(event.lane)
        failed = before.failed if before is not None and before.request_id == event.request_id else None
        count, arrived = 0, None
        if isinstance(event, Invoke):
            count, arrived = len(event.positions), event.t - event.iterator_age
        batch = InFlight(event.request_id, event.attempt, count, event.t, arrived, failed)
        shard.batches[event.lane] = batch
        shard.invocations += 1
        self.invocations += 1

    def _go_on(self, event: Result | Backoff | Split) -> None:
        shard = self._shards[event.mapping, event.shard]
        batch = shard.batches.get(event.lane)
        if batch is None or batch.request_id != event.request_id:
            return
        match event:
            case Result(outcome="success") | Split():
                del shard.batches[event.lane]
            case Backoff():
                batch.until = event.until
            case Result():
                batch.failed, batch.until = event.outcome, event.t
                failed = event.outcome != "throttled"
                shard.failures += failed
                self.failures += failed

    def _give_up(self, event: Discard | Expired | WindowLost) -> None:
        shard = self._of(event)
        batch = shard.batches.get(event.lane)
        if batch is not None and (isinstance(event, Expired) or batch.request_id == event.request_id):
            del shard.batches[event.lane]
        if isinstance(event, Discard):
            shard.discarded += len(event.positions)
            self.discarded += len(event.positions)


def worst_first(shards: Iterable[ShardState]) -> list[ShardState]:
    """The shards in most trouble first; the order of those in equal trouble stays."""
    return sorted(shards, key=lambda one: one.trouble)


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts `orders-2` before `orders-10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBERS.split(name)]
