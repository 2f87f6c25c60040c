"""The records of a simulated table's stream: the item writes of a line of shards, cut into its shards.

A *line* is a first shard and those that follow it one by one when shards roll over: they own the same items, and what an
item is does not end with a shard. So the writes are those of the line, by position from 0, and a shard is the part of them that
arrives while it is open. `streamsim.streams.records.logs` supplies the line: a `GeneratedLog` for its arrivals and keys, or a
`ListedLog` whose payloads are item writes already.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streamsim.engine.chance import key
from streamsim.model.batch import Positions
from streamsim.model.units import MILLISECOND
from streamsim.rules.streams.attributes import Item
from streamsim.rules.streams.item_writes import Change, Table, written
from streamsim.streams.records.arrivals import NEVER, Arrivals, chunk_bounds, chunk_number
from streamsim.streams.records.histories import History, Past, Removals
from streamsim.streams.records.logs import GeneratedLog, ListedLog, SequenceNumbers, filled, index_of

#: The attributes of an item whose data a scenario leaves out: a number that makes every put another one, and padding.
NUMBER_ATTRIBUTE: Final = "n"
PADDING_ATTRIBUTE: Final = "data"

#: A key of fewer characters in JSON may have more bytes, so that SizeBytes may have a digit more.
_MORE_DIGITS: Final = 1

#: More records than one call answers.
_SIZES_KEPT: Final = 4096

#: A number longer than any position.
_LONG_NUMBER: Final = 10**13 - 1


def padded(number: int, size: int) -> Item:
    """The attributes of an item without data: `size` bytes of padding, and a number."""
    return {NUMBER_ATTRIBUTE: {"N": str(number)}, PADDING_ATTRIBUTE: {"S": "." * size}}


@dataclass(frozen=True, slots=True)
class ItemContent:
    """What generated items hold: `template`, attributes with `{n}`, `{key}`, `{shard}` in their texts, or else padding.

    `{n}` is the write's number in its line, `{shard}` the number of the line.
    """

    table: Table
    number: int
    size: int = 200
    template: Item | None = None

    def item(self, position: int, partition_key: str) -> Item:
        """The item that the put at a position of the line leaves."""
        if self.template is None:
            return self.table.item(partition_key, padded(position, self.size))
        places = {"{n}": str(position), "{key}": partition_key, "{shard}": str(self.number)}
        others: dict[str, Any] = filled(self.template, places)
        return self.table.item(partition_key, others)

    def largest(self, longest_key: str) -> int:
        """An upper bound of a record's payload, when no key is longer in JSON than this one."""
        old, new = self.item(_LONG_NUMBER, longest_key), self.item(_LONG_NUMBER + 1, longest_key)
        changes = (Change(None, new), Change(old, new), Change(old, None, by_time_to_live=True))
        return max(len(written(self.table, made)) for made in changes) + _MORE_DIGITS


class GeneratedItems:
    """Item writes of a line that exist only as (seed, line, position); answers what a log answers, but for its shard."""

    def __init__(
        self,
        log: GeneratedLog,
        keys: tuple[str, ...],
        content: ItemContent,
        removals: Removals,
        name: tuple[int, str, str],
    ) -> None:
        """`keys` are the line's, in the log's order; empty when every record has a key of its own."""
        self._log = log
        self.arrivals = log.arrivals
        self.partition_key = log.partition_key
        self.lanes = log.lanes
        self.place = log.place
        self._content = content
        self._history = History(log, len(keys), removals, name) if keys else None
        longest = max(keys, key=_written_length, default=log.partition_key(_LONG_NUMBER))
        self.largest_record = content.largest(longest)
        self.even = False

    def data(self, position: int) -> bytes:
        """The payload of a record."""
        op, put_at = self._history.at(position) if self._history else Past("put", None)
        partition_key, content = self._log.partition_key(position), self._content
        old = None if put_at is None else content.item(put_at, partition_key)
        new = content.item(position, partition_key) if op == "put" else None
        return written(content.table, Change(old, new, op == "ttl"))


def _written_length(partition_key: str) -> int:
    return len(json.dumps(partition_key))


Line = GeneratedItems | ListedLog


class _Part:
    """The arrivals of a line while one of its shards is open."""

    def __init__(self, arrivals: Arrivals, opened_at: int, closed_at: int) -> None:
        self._arrivals = arrivals
        self._opened_at = opened_at
        self._closed_at = closed_at
        self._first: int | None = None

    @property
    def first(self) -> int:
        """The position in the line of the shard's first record; known only once somebody asks, as it takes time."""
        if self._first is None:
            self._first = self._arrivals.until(self._opened_at - 1)
        return self._first

    def at(self, position: int) -> int:
        """See `Arrivals`."""
        instant = self._arrivals.at(self.first + position)
        return instant if instant < self._closed_at else NEVER

    def until(self, instant: int) -> int:
        """See `Arrivals`."""
        if instant < self._opened_at:
            return 0
        return self._arrivals.until(min(instant, self._closed_at - 1)) - self.first


class ItemLog:
    """A shard of a table's stream: the records of its line that arrive from `opened_at` until before `closed_at`."""

    def __init__(
        self, shard: str, line: Line, numbers: SequenceNumbers, opened_at: int, closed_at: int
    ) -> None:
        self.shard = shard
        self._line = line
        self._part = _Part(line.arrivals, opened_at, closed_at)
        self.arrivals: Arrivals = self._part
        self.arrival_at = self._part.at
        self._numbers = numbers
        self.sequence_number = numbers.at
        self.largest_record = line.largest_record
        self.even = line.even
        self._sizes: dict[int, int] = {}

    def index_of(self, sequence_number: object, positions: Positions) -> int | None:
        """See `Log`."""
        return index_of(self._numbers, sequence_number, positions)

    def partition_key(self, position: int) -> str:
        """See `Log`: the key of the item."""
        return self._line.partition_key(self._part.first + position)

    def data(self, position: int) -> bytes:
        """See `Log`: what `streamsim.rules.streams.item_writes.written` wrote."""
        return self._line.data(self._part.first + position)

    def size(self, position: int) -> int:
        """See `Log`. Whoever reads asks several times for each record of a call, and a large item takes long to write."""
        sizes = self._sizes
        if position not in sizes:
            if len(sizes) == _SIZES_KEPT:
                sizes.clear()
            sizes[position] = len(self.data(position))
        return sizes[position]

    def place(self, position: int) -> int:
        """The write's number in the scenario's list, for records of one instant."""
        return self._line.place(self._part.first + position)

    def lanes(self, chunk: int, lanes: int) -> NDArray[np.int64]:
        """The lane of each record of a chunk of the shard's positions; shorter than the chunk where the line ends."""
        first = self._part.first
        start, stop = (first + bound for bound in chunk_bounds(chunk))
        found = []
        while start < stop:
            number = chunk_number(start)
            begin, end = chunk_bounds(number)
            found.append(self._line.lanes(number, lanes)[start - begin : stop - begin])
            start = end
        return np.concatenate(found)


def table_numbers(seed: int, stream: str, shard: str, opened_at: int) -> SequenceNumbers:
    """29 digits as on DynamoDB, where there are 21 to 40; those of a shard are above its parents'.

    `opened_at` is microseconds since 1970, and the milliseconds of it are the first digits. (DynamoDB API, StreamRecord,
    for the length; assumed: the rest.)
    """
    prefix = f"{10**13 + opened_at // MILLISECOND:014d}{key(seed, 'sequence', stream, shard) % 1000:03d}"
    return SequenceNumbers(prefix, 12, key(seed, "sequence offset", stream, shard))
