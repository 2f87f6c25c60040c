"""The records of a real shard that are fetched and not yet finished.

A source appends what it fetches; readers take it in order; what is before the checkpoint is forgotten. A position is
given when a record is fetched: they count without gaps from where the log begins, whatever the sequence numbers do.
Knows no broker: what a record looks like is a `Form`'s business.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Final, Generic, Protocol, TypeVar

from streamsim.model.batch import Positions
from streamsim.model.mapping import MAXIMUM_EVENT_SIZE
from streamsim.model.units import MIB

Record = TypeVar("Record")
Fetched_contra = TypeVar("Fetched_contra", contravariant=True)

#: What a log holds at most before its source pauses it: two of the largest batches, four of the largest events.
MOST_RECORDS: Final = 20_000
MOST_BYTES: Final = 24 * MIB

#: Forgotten records are let go in lots of so many, for each lot moves the others.
_LOT: Final = 4096


class Form(Protocol[Fetched_contra]):
    """How to read one record as its source hands it over."""

    def sequence_number(self, record: Fetched_contra) -> str:
        """Digits; greater for a later record, as integers."""

    def partition_key(self, record: Fetched_contra) -> str:
        """What keeps records in order with each other and chooses their lane."""

    def data(self, record: Fetched_contra) -> bytes:
        """What the producer wrote."""


class LiveLog(Generic[Record]):
    """The engine's `Log` of a real shard, from position `first` on."""

    #: No bound is known beforehand, so that every record is weighed.
    largest_record: Final = MAXIMUM_EVENT_SIZE

    def __init__(self, shard: str, form: Form[Record], first: int = 0) -> None:
        self.shard = shard
        self.first = first
        #: Below this every position has been fetched.
        self.fetched = first
        #: How many records the source knows of that it has not fetched yet.
        self.ahead = 0
        #: Whether nothing may be gathered for now: what is finished cannot be stored, and would come again.
        self.suspended = False
        #: Whether there will never be more than is fetched.
        self.closed = False
        #: The most bytes that a record had until now.
        self.largest = 0
        self._form = form
        self._begins = first  # the position of the first record that is held
        self._kept_from = first
        self._records: list[Record] = []
        self._arrivals: list[int] = []
        self._sizes: list[int] = []
        self._weight = 0
        self._latest = -(1 << 62)
        self._listeners: list[Callable[[], None]] = []

    def append(self, records: Sequence[Record], arrivals: Sequence[int], sizes: Sequence[int]) -> None:
        """Takes records that follow those it has: when they arrived, in microseconds since the start, and their bytes.

        An arrival before that of an older record counts as that one's: producers' clocks differ, and times of a log
        never decrease.
        """
        if not records:
            return
        if arrivals[0] < self._latest or list(arrivals) != sorted(arrivals):
            arrivals = list(accumulate([max(self._latest, arrivals[0]), *arrivals[1:]], max))
        self._latest = arrivals[-1]
        self._records += records
        self._arrivals += arrivals
        self._sizes += sizes
        self._weight += sum(sizes)
        self.largest = max(self.largest, *sizes) if len(sizes) > 1 else max(self.largest, sizes[0])
        self.fetched += len(records)
        self.tell()

    def close(self) -> None:
        """Nothing more will come: readers that have read everything are drained."""
        self.closed = True
        self.ahead = 0
        self.tell()

    def forget(self, position: int) -> None:
        """Lets go of what is before the checkpoint `position`, but for the last record, by which it is named."""
        self._kept_from = max(self._kept_from, position - 1)
        done = self._kept_from - self._begins
        if done >= _LOT or done == len(self._records) or self._weight > MOST_BYTES // 2:
            self._weight -= sum(self._sizes[:done])
            del self._records[:done], self._arrivals[:done], self._sizes[:done]
            self._begins = self._kept_from

    @property
    def crowded(self) -> bool:
        """Whether so much is held that its source should pause it."""
        return self._held > MOST_RECORDS or self._weight > MOST_BYTES

    @property
    def roomy(self) -> bool:
        """Whether so little is held that its source should go on with it."""
        return self._held <= MOST_RECORDS // 2 and self._weight <= MOST_BYTES // 2

    @property
    def _held(self) -> int:
        return self.fetched - self._kept_from

    def listen(self, listener: Callable[[], None]) -> None:
        """Calls back whenever there may be more to read, or an end."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Does so no more."""
        self._listeners.remove(listener)

    def tell(self) -> None:
        """Wakes the readers: something has changed."""
        for listener in list(self._listeners):
            listener()

    def record(self, position: int) -> Record:
        """The record as its source handed it over."""
        return self._records[position - self._begins]

    def arrival_at(self, position: int) -> int:
        """See `Log`."""
        return self._arrivals[position - self._begins]

    def sequence_number(self, position: int) -> str:
        """See `Log`."""
        return self._form.sequence_number(self._records[position - self._begins])

    def index_of(self, sequence_number: object, positions: Positions) -> int | None:
        """See `Log`."""
        if not isinstance(sequence_number, str) or not sequence_number.isdecimal():
            return None
        index = bisect_left(
            positions, int(sequence_number), key=lambda position: int(self.sequence_number(position))
        )
        found = index < len(positions) and self.sequence_number(positions[index]) == sequence_number
        return index if found else None

    def partition_key(self, position: int) -> str:
        """See `Log`."""
        return self._form.partition_key(self._records[position - self._begins])

    def data(self, position: int) -> bytes:
        """See `Log`."""
        return self._form.data(self._records[position - self._begins])

    def size(self, position: int) -> int:
        """See `Log`."""
        return self._sizes[position - self._begins]

    def keys(self, start: int, stop: int) -> Iterator[str]:
        """The partition keys of fetched positions, in order."""
        begin = start - self._begins
        return map(self._form.partition_key, self._records[begin : begin + stop - start])
