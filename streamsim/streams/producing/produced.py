"""What producers make: records drawn from a description, or listed by a scenario."""

from array import array
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from streamsim.rules.streams.hash_keys import hash_key, owner
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.records.logs import Content, GeneratedLog, Given


class GeneratedProduction:
    """The records that several shards would have if each took all that it is sent, made by one producer.

    `logs` are these records shard by shard, and `ranges` the hash keys of the shards. Without a key set every record has
    its number as its key.
    """

    def __init__(
        self, logs: Sequence[GeneratedLog], ranges: Sequence[tuple[int, int]], content: Content
    ) -> None:
        counts = [log.arrivals.until(NEVER - 1) for log in logs]
        made = [
            np.fromiter(map(log.arrival_at, range(count)), np.int64, count)
            for log, count in zip(logs, counts, strict=True)
        ]
        instants = np.concatenate(made)
        order = np.argsort(instants, kind="stable")
        self.made_at = array("q", instants[order].tobytes())
        self._keys: list[str] | None = None
        if any(log.keyed for log in logs):
            keys = [
                log.partition_key(position)
                for log, count in zip(logs, counts, strict=True)
                for position in range(count)
            ]
            self._keys = [keys[place] for place in order.tolist()]
        self._ranges = ranges
        self._content = content
        self.largest = content.largest
        self.even = content.template is None
        self.hash_of = lru_cache(maxsize=1 << 16)(hash_key)

    @property
    def keyed(self) -> bool:
        """See `Production`."""
        return self._keys is not None

    def partition_key(self, number: int) -> str:
        """See `Production`."""
        return str(number) if self._keys is None else self._keys[number]

    def hash_key(self, number: int) -> int:
        """See `Production`."""
        return self.hash_of(self.partition_key(number))

    def data(self, number: int) -> bytes:
        """See `Production`. `{n}` is the record's number, `{shard}` the shard that its key belongs to at the start."""
        key = self.partition_key(number)
        return self._content.data(owner(self._ranges, self.hash_of(key)), number, key)

    def size(self, number: int) -> int:
        """See `Production`."""
        return self._content.size if self.even else len(self.data(number))


class ListedProduction:
    """Records that the scenario lists, ascending by the time at which they are made, each with its hash key."""

    even = False
    keyed = True

    def __init__(self, records: Sequence[Given], hash_keys: Sequence[int]) -> None:
        self.made_at = [record.arrival_at for record in records]
        self.largest = max((len(record.data) for record in records), default=0)
        self._records = records
        self._hash_keys = hash_keys

    def partition_key(self, number: int) -> str:
        """See `Production`."""
        return self._records[number].partition_key

    def hash_key(self, number: int) -> int:
        """See `Production`."""
        return self._hash_keys[number]

    def data(self, number: int) -> bytes:
        """See `Production`."""
        return self._records[number].data

    def size(self, number: int) -> int:
        """See `Production`."""
        return len(self._records[number].data)
