"""The records of a shard as its producer got them in: some late, some twice, some before older ones of their key."""

from array import array

import numpy as np
from numpy.typing import NDArray

from streamsim.model.batch import Positions
from streamsim.rules.streams.hash_keys import lane_of
from streamsim.streams.producing.production import Production
from streamsim.streams.records.arrivals import Arrivals, ListedArrivals, chunk_bounds
from streamsim.streams.records.logs import index_of, kinesis_numbers


class WrittenLog:
    """A shard's records by position: when each arrived, ascending, and which of what was produced it is."""

    def __init__(
        self,
        shard: str,
        arrivals: "array[int]",
        numbers: "array[int]",
        production: Production,
        seed: int,
        stream: str,
    ) -> None:
        self.shard = shard
        self.arrivals: Arrivals = ListedArrivals(arrivals)
        self.arrival_at = self.arrivals.at
        self._numbers = numbers
        self._production = production
        self._sequence_numbers = kinesis_numbers(seed, stream, shard)
        self.sequence_number = self._sequence_numbers.at
        self.largest_record = production.largest
        self.even = production.even

    def index_of(self, sequence_number: object, positions: Positions) -> int | None:
        """See `Log`."""
        return index_of(self._sequence_numbers, sequence_number, positions)

    def partition_key(self, position: int) -> str:
        """See `Log`."""
        return self._production.partition_key(self._numbers[position])

    def data(self, position: int) -> bytes:
        """See `Log`."""
        return self._production.data(self._numbers[position])

    def size(self, position: int) -> int:
        """See `Log`."""
        return self._production.size(self._numbers[position])

    def place(self, position: int) -> int:
        """The record's number at the producer, for records of one instant."""
        return self._numbers[position]

    def lanes(self, chunk: int, lanes: int) -> NDArray[np.int64]:
        """The lane of each record of a chunk of positions; shorter than the chunk where the records end."""
        start, stop = chunk_bounds(chunk)
        keys = map(self._production.partition_key, self._numbers[start:stop])
        return np.array([lane_of(key, lanes) for key in keys], dtype=np.int64)
