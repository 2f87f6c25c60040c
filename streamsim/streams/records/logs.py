"""The records of a simulated shard: made when looked at, the same each time.

Logs answer the engine's `Log` port; `GeneratedLog` computes records from the scenario's seed, `ListedLog` holds those
that the scenario lists. Those of a producer that says how it puts are in `streamsim.streams.producing.written`.
"""

import json
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from streamsim.engine.chance import key
from streamsim.model.batch import Log, Positions
from streamsim.rules.streams.hash_keys import lane_of
from streamsim.streams.records.arrivals import Arrivals, ListedArrivals, chunk_bounds, chunk_number
from streamsim.streams.records.keys import ShardKeys

#: Between the sequence numbers of two records.
_GAP: Final = 163
_KEPT: Final = 4


class SequenceNumbers:
    """A shard's sequence numbers: `prefix` and so many `digits`, sparse, ascending with the position from `offset` on."""

    def __init__(self, prefix: str, digits: int, offset: int) -> None:
        self._prefix = prefix
        self._digits = digits
        self._offset = offset % _GAP

    def at(self, position: int) -> str:
        """The sequence number of a position."""
        return f"{self._prefix}{str(position * _GAP + self._offset).zfill(self._digits)}"

    def position(self, sequence_number: object) -> int | None:
        """The position that has this sequence number, None when none can have it."""
        if not isinstance(sequence_number, str) or len(sequence_number) != len(self.at(0)):
            return None
        begin = len(self._prefix)
        position = (int(sequence_number[begin:]) if sequence_number.isdecimal() else -1) // _GAP
        return position if position >= 0 and self.at(position) == sequence_number else None


def kinesis_numbers(seed: int, stream: str, shard: str) -> SequenceNumbers:
    """56 digits beginning with 496 as on Kinesis; the first 26 belong to the shard."""
    prefix = f"496{key(seed, 'sequence', stream, shard):020d}000"
    return SequenceNumbers(prefix, 30, key(seed, "sequence offset", stream, shard))


def index_of(numbers: SequenceNumbers, sequence_number: object, positions: Positions) -> int | None:
    """Where in `positions` the record with this sequence number is, None when it is not there."""
    position = numbers.position(sequence_number)
    if position is None:
        return None
    index = bisect_left(positions, position)
    return index if index < len(positions) and positions[index] == position else None


@dataclass(frozen=True, slots=True)
class Content:
    """What generated records hold: a JSON template with `{n}`, `{key}`, `{shard}`, or else `size` bytes of padding."""

    size: int = 200
    template: Any = None

    def data(self, shard_number: int, position: int, partition_key: str) -> bytes:
        """The payload of one record; `{n}` is its position in the shard."""
        if self.template is None:
            return f"{partition_key} #{position} ".encode()[: self.size].ljust(self.size, b".")
        places = {"{n}": str(position), "{key}": partition_key, "{shard}": str(shard_number)}
        return json.dumps(filled(self.template, places), separators=(",", ":"), ensure_ascii=False).encode()

    @property
    def largest(self) -> int:
        """An upper bound of the payload's bytes: every placeholder is at most a key of 256 characters of 4 bytes."""
        if self.template is None:
            return self.size
        text = json.dumps(self.template, separators=(",", ":"), ensure_ascii=False)
        places = text.count("{n}") + text.count("{key}") + text.count("{shard}")
        return len(text.encode()) + places * 1024

    @property
    def smallest(self) -> int:
        """A lower bound of the payload's bytes: every placeholder is at least a character."""
        if self.template is None:
            return self.size
        text = json.dumps(self.template, separators=(",", ":"), ensure_ascii=False)
        for place in ("{n}", "{key}", "{shard}"):
            text = text.replace(place, ".")
        return len(text.encode())


def filled(value: Any, places: dict[str, str]) -> Any:
    """A template with its places filled in, in names and texts."""
    match value:
        case str():
            for place, text in places.items():
                value = value.replace(place, text)
            return value
        case dict():
            return {filled(name, places): filled(item, places) for name, item in value.items()}
        case list() | tuple():
            return [filled(item, places) for item in value]
        case _:
            return value


class SimulatedLog(Log, Protocol):
    """What a simulated stream asks of a log beside what the engine does."""

    @property
    def arrivals(self) -> Arrivals:
        """When the records arrive."""

    @property
    def even(self) -> bool:
        """Whether every record has the size `largest_record`."""

    def place(self, position: int) -> int:
        """The record's number in the scenario's list, for records of one instant."""

    def lanes(self, chunk: int, lanes: int) -> NDArray[np.int64]:
        """The lane of each record of a chunk of positions (`chunk_bounds`); shorter where the log ends."""


class GeneratedLog:
    """Records that exist only as (seed, shard, position)."""

    def __init__(
        self,
        shard: str,
        number: int,
        arrivals: Arrivals,
        keys: ShardKeys | None,
        content: Content,
        seed: int,
        stream: str,
    ) -> None:
        self.shard = shard
        self.arrivals = arrivals
        self.arrival_at = arrivals.at
        self._number = number
        self._keys = keys
        self._content = content
        self._name = (seed, "key", stream, shard)
        self._numbers = kinesis_numbers(seed, stream, shard)
        self.sequence_number = self._numbers.at
        self._drawn: OrderedDict[int, NDArray[np.int64]] = OrderedDict()
        self._lane_of_key: dict[int, NDArray[np.int64]] = {}

    @property
    def keyed(self) -> bool:
        """Whether the records share keys; without that each has one of its own."""
        return self._keys is not None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the shard's key set; empty when every record has its own."""
        return self._keys.names if self._keys else ()

    @property
    def largest_record(self) -> int:
        """See `Log`."""
        return self._content.largest

    @property
    def even(self) -> bool:
        """Whether every record has the size `largest_record`."""
        return self._content.template is None

    def index_of(self, sequence_number: object, positions: Positions) -> int | None:
        """See `Log`."""
        return index_of(self._numbers, sequence_number, positions)

    def partition_key(self, position: int) -> str:
        """See `Log`. Without a key set each record has its own, under an ExplicitHashKey of the shard."""
        if self._keys is None:
            return f"{self._number}-{position}"
        chunk = chunk_number(position)
        return self._keys.names[int(self.drawn_keys(chunk)[position - chunk_bounds(chunk)[0]])]

    def data(self, position: int) -> bytes:
        """See `Log`."""
        return self._content.data(self._number, position, self.partition_key(position))

    def size(self, position: int) -> int:
        """See `Log`."""
        return self._content.size if self._content.template is None else len(self.data(position))

    def place(self, _position: int) -> int:
        """Generated records of one instant have no order over several shards but that of the shards."""
        return 0

    def lanes(self, chunk: int, lanes: int) -> NDArray[np.int64]:
        """The lane of each record of a chunk of positions (`chunk_bounds`)."""
        if self._keys is None:
            start, stop = chunk_bounds(chunk)
            own = [lane_of(self.partition_key(position), lanes) for position in range(start, stop)]
            return np.array(own, dtype=np.int64)
        if lanes not in self._lane_of_key:
            self._lane_of_key[lanes] = np.array(
                [lane_of(name, lanes) for name in self._keys.names], dtype=np.int64
            )
        return self._lane_of_key[lanes][self.drawn_keys(chunk)]

    def drawn_keys(self, chunk: int) -> NDArray[np.int64]:
        """The key of each record of a chunk of positions, as its index among the shard's; not without a key set."""
        if chunk not in self._drawn:
            assert self._keys is not None
            start, stop = chunk_bounds(chunk)
            self._drawn[chunk] = self._keys.draw(stop - start, *self._name, chunk)
            if len(self._drawn) > _KEPT:
                self._drawn.popitem(last=False)
        return self._drawn[chunk]


@dataclass(frozen=True, slots=True)
class Given:
    """One record that the scenario lists; `place` is its number in the list."""

    arrival_at: int
    partition_key: str
    data: bytes
    place: int = 0


class ListedLog:
    """Records that the scenario lists, ascending in arrival."""

    def __init__(self, shard: str, records: Sequence[Given], seed: int, stream: str) -> None:
        self.shard = shard
        self.arrivals: Arrivals = ListedArrivals([record.arrival_at for record in records])
        self.arrival_at = self.arrivals.at
        self._records = records
        self._numbers = kinesis_numbers(seed, stream, shard)
        self.sequence_number = self._numbers.at
        self.largest_record = max((len(record.data) for record in records), default=0)
        self.even = False

    def index_of(self, sequence_number: object, positions: Positions) -> int | None:
        """See `Log`."""
        return index_of(self._numbers, sequence_number, positions)

    def partition_key(self, position: int) -> str:
        """See `Log`."""
        return self._records[position].partition_key

    def data(self, position: int) -> bytes:
        """See `Log`."""
        return self._records[position].data

    def size(self, position: int) -> int:
        """See `Log`."""
        return len(self._records[position].data)

    def place(self, position: int) -> int:
        """The record's number in the list, for records of one instant."""
        return self._records[position].place

    def lanes(self, chunk: int, lanes: int) -> NDArray[np.int64]:
        """The lane of each record of a chunk of positions; shorter than the chunk where the list ends."""
        start, stop = chunk_bounds(chunk)
        own = [lane_of(record.partition_key, lanes) for record in self._records[start:stop]]
        return np.array(own, dtype=np.int64)
