"""Records, the log of a shard, and batches as slices of it.

A record has a *position* in its shard: 0 is the oldest, positions count without gaps and never change. Sequence
numbers are sparse strings of digits and only compared, never calculated with. A batch holds positions, not records:
a simulated log computes a record when somebody looks at it, a live log holds it, and `Batch` cannot tell which.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

#: Ascending positions in one shard: a `range` where they are contiguous, a tuple where lanes or filters leave gaps.
Positions = range | tuple[int, ...]


class Log(Protocol):
    """The records of one shard by position. Arrival times never decrease with the position."""

    @property
    def shard(self) -> str:
        """The shard's id, such as `shardId-000000000002`."""

    @property
    def largest_record(self) -> int:
        """An upper bound of `size` over all records, in bytes; lets small records skip the payload limit."""

    def arrival_at(self, position: int) -> int:
        """When the record reached the stream: microseconds since the start, negative for an earlier backlog."""

    def sequence_number(self, position: int) -> str:
        """The record's sequence number; greater for a greater position, as integers."""

    def index_of(self, sequence_number: object, positions: Positions) -> int | None:
        """Where in `positions` the record with this sequence number is; None when it is not among them."""

    def partition_key(self, position: int) -> str:
        """The record's partition key, 1 to 256 characters."""

    def data(self, position: int) -> bytes:
        """The record's payload as the producer wrote it."""

    def size(self, position: int) -> int:
        """The payload's length in bytes, without building it where that can be avoided."""


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """The tumbling window that an invocation belongs to, and the state that the invocations before it left.

    From `start` until before `end`, in microseconds since the start of the run. `state` is a JSON object, `{}` at
    first. `final`: no records, the state is handed over; with `terminated_early` because it has become too large.
    """

    start: int
    end: int
    state: Mapping[str, Any]
    final: bool = False
    terminated_early: bool = False


@dataclass(slots=True)
class Batch:
    """What one invocation gets: an ascending slice of one shard, and the request id that belongs to it.

    Empty only where `window` is a final one; `window` is None without tumbling windows.

    The retry rule: a changed batch is a new batch with a new request id and no attempts; an unchanged batch is a
    retry with the same request id and one attempt more. (Lambda Developer Guide of 2017, the context object:
    a retried invocation keeps its request id. recorded: a new id after every bisect and every partial response.)
    """

    log: Log
    positions: Positions
    request_id: str
    lane: int = 0
    window: TimeWindow | None = None

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def shard(self) -> str:
        """The id of the shard the records come from."""
        return self.log.shard

    @property
    def first(self) -> int:
        """The position of the oldest record."""
        return self.positions[0]

    @property
    def last(self) -> int:
        """The position of the newest record."""
        return self.positions[-1]


def as_ranges(positions: Positions) -> list[list[int]]:
    """Inclusive `[first, last]` pairs, ascending: `[[0, 3], [5, 5]]`; empty for no positions."""
    if isinstance(positions, range):
        return [[positions[0], positions[-1]]] if positions else []
    ranges: list[list[int]] = []
    for position in positions:
        if ranges and ranges[-1][1] == position - 1:
            ranges[-1][1] = position
        else:
            ranges.append([position, position])
    return ranges


def from_ranges(ranges: list[list[int]]) -> Positions:
    """The positions that `as_ranges` wrote down: a `range` when there is one pair, else a tuple."""
    if len(ranges) == 1:
        return range(ranges[0][0], ranges[0][1] + 1)
    return tuple(position for first, last in ranges for position in range(first, last + 1))
