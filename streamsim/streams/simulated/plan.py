"""Every shard that a simulated stream ever has, known before the run begins: when it opens, closes, and what it owns.

What somebody does to a stream, and when, stands in the scenario, so the plan is a value: logs, readers and reports look
at it instead of asking a stream that changes. A record belongs to the shard that owns its hash key when it arrives;
a shard takes records from `opened_at` until before `closed_at`. Must not know records, nor who changes the shards and why.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from streamsim.model.names import shard_id
from streamsim.rules.streams.hash_keys import even_ranges
from streamsim.rules.streams.lineage import OpenShard, ShardMap, Step, covers
from streamsim.streams.records.arrivals import NEVER

#: When shards opened that are there from the start: before any record.
ALWAYS: Final = -NEVER


@dataclass(frozen=True, slots=True)
class PlannedShard:
    """A shard's whole life. `number` counts the stream's shards in the order in which they open.

    `first_key` to `last_key` are the hash keys it owns, both included. `closed_at` is `NEVER` when it stays open.
    """

    number: int
    id: str
    first_key: int
    last_key: int
    parents: tuple[str, ...] = ()
    opened_at: int = ALWAYS
    closed_at: int = NEVER

    @property
    def keys(self) -> tuple[int, int]:
        """The hash keys it owns, both included."""
        return self.first_key, self.last_key

    @property
    def short_lived(self) -> bool:
        """Whether it closes as it opens, and no record can be in it."""
        return self.opened_at == self.closed_at

    def open_at(self, instant: int) -> bool:
        """Whether it takes a record that arrives then."""
        return self.opened_at <= instant < self.closed_at


@dataclass(frozen=True, slots=True)
class Change:
    """Shards close and open at an instant, by the call or the cause in words; `opened` may close again at once."""

    at: int
    what: str
    closed: tuple[str, ...]
    opened: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The shards in the order of their numbers, and the changes in the order of time.

    At every instant the open shards own each hash key exactly once.
    """

    shards: tuple[PlannedShard, ...]
    changes: tuple[Change, ...] = ()

    def open_at(self, instant: int) -> tuple[PlannedShard, ...]:
        """The open shards, in the order of their hash keys."""
        there = [shard for shard in self.shards if shard.open_at(instant)]
        return tuple(sorted(there, key=lambda shard: shard.first_key))

    def shard(self, number: int) -> PlannedShard | None:
        """The shard of this number; None when there is never one."""
        return self.shards[number] if 0 <= number < len(self.shards) else None


class Owners:
    """Which shard a record belongs to, for records that come in the order of their arrival."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._until = ALWAYS
        self._open: tuple[PlannedShard, ...] = ()

    def at(self, instant: int, key: int) -> PlannedShard:
        """The open shard that owns the hash key; no `instant` may be before that of an earlier question."""
        if instant >= self._until:
            self._open = self._plan.open_at(instant)
            later = (change.at for change in self._plan.changes if change.at > instant)
            self._until = next(later, NEVER)
        return self._open[bisect_right(self._open, key, key=lambda shard: shard.first_key) - 1]


class Planning:
    """Makes a plan: a stream's first shards, and then change after change in the order of time.

    `name` gives the id of a shard by its number and the instant at which it opens.
    """

    def __init__(
        self,
        ranges: Sequence[tuple[int, int]],
        name: Callable[[int, int], str] = lambda number, _: shard_id(number),
        opened_at: int = ALWAYS,
    ) -> None:
        self._name = name
        self._changes: list[Change] = []
        self._shards = [
            PlannedShard(number, name(number, opened_at), *keys, opened_at=opened_at)
            for number, keys in enumerate(ranges)
        ]
        self._map = ShardMap(tuple(_as_open(shard) for shard in self._shards), len(self._shards))

    @property
    def map(self) -> ShardMap:
        """The shards that are open now, and how many there ever were: what the next change starts from."""
        return self._map

    def change(self, at: int, what: str, steps: Iterable[Step]) -> None:
        """Closes and opens shards at `at`, not before the last change; new numbers follow those there are, ascending."""
        steps = tuple(steps)
        closed: list[str] = []
        opened: list[str] = []
        before = len(self._shards)
        for step in steps:
            parents = tuple(self._shards[number].id for number in step.closed)
            for number in step.closed:
                self._shards[number] = replace(self._shards[number], closed_at=at)
                if number < before:
                    closed.append(self._shards[number].id)
            for shard in step.opened:
                assert shard.number == len(self._shards)
                name = self._name(shard.number, at)
                self._shards.append(
                    PlannedShard(shard.number, name, shard.first_key, shard.last_key, parents, opened_at=at)
                )
                opened.append(name)
        self._map = self._map.after(steps)
        assert covers(self._map.open)
        self._changes.append(Change(at, what, tuple(closed), tuple(opened)))

    def plan(self) -> Plan:
        """The plan so far."""
        return Plan(tuple(self._shards), tuple(self._changes))


def unchanging(shards: int) -> Plan:
    """A Kinesis stream that is never resharded: equal parts of the hash space."""
    return Planning(even_ranges(shards)).plan()


def _as_open(shard: PlannedShard) -> OpenShard:
    return OpenShard(shard.number, shard.first_key, shard.last_key)
