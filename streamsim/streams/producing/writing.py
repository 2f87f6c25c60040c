"""What the shards of a stream take from producers, and from when on they take no more.

Each shard takes 1,000 records and 1 MiB a second, partition keys included, whatever the stream's capacity mode (Kinesis
API, CreateStream; "Quotas and limits": "1 MB/s or 1,000 records/s for writes"); beyond that a put fails with
ProvisionedThroughputExceededException. Must not know who puts, nor whether it is tried again.
"""

from collections import deque
from typing import Final, Protocol

from streamsim.model.units import MIB, SECOND

RECORDS_PER_SECOND: Final = 1000
BYTES_PER_SECOND: Final = MIB


class WriteLimit:
    """What one shard has taken lately.

    assumed: how the second is measured. Here no span of one second takes more than the limit. A record of more than
    1 MiB, which a stream may be set to take, is let through by a shard that has been idle for a second, and then counts
    for as many seconds as it has MiB ("Handle large records": bursts beyond the limit are balanced by what follows).
    """

    __slots__ = ("_bytes", "_taken")

    def __init__(self) -> None:
        self._taken: deque[tuple[int, int]] = deque()  # until when each record counts, and its bytes
        self._bytes = 0

    def takes(self, now: int, size: int) -> bool:
        """Whether a record of `size` bytes goes in at `now`, which is not before any earlier question; if so, it is in."""
        taken = self._taken
        while taken and taken[0][0] <= now:
            self._bytes -= taken.popleft()[1]
        if taken and (len(taken) >= RECORDS_PER_SECOND or self._bytes + size > BYTES_PER_SECOND):
            return False
        self._bytes += size
        taken.append((now + max(SECOND, size * SECOND // BYTES_PER_SECOND), size))
        return True


class Shard(Protocol):
    """A shard as a producer meets it."""

    @property
    def number(self) -> int:
        """The shard's number in its stream."""


class Owners(Protocol):
    """Which shard a hash key belongs to."""

    def at(self, instant: int, key: int) -> Shard:
        """The open shard that owns the hash key; no `instant` is before that of an earlier question."""


class Side(Protocol):
    """A stream as its producers meet it. No instant is before that of an earlier question."""

    def owner(self, instant: int, key: int) -> int:
        """The number of the shard that a hash key belongs to."""

    def put(self, now: int, key: int, size: int) -> int | None:
        """The number of the shard that takes a record of `size` bytes with this hash key; None when its limit is reached."""


class WriteSide:
    """A `Side` of shards that do not depend on what is written."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners
        self._limits: dict[int, WriteLimit] = {}

    def owner(self, instant: int, key: int) -> int:
        """See `Side`."""
        return self._owners.at(instant, key).number

    def put(self, now: int, key: int, size: int) -> int | None:
        """See `Side`."""
        number = self.owner(now, key)
        limit = self._limits.get(number)
        if limit is None:
            limit = self._limits[number] = WriteLimit()
        return number if limit.takes(now, size) else None
