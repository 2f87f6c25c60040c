"""The engine's `Stream` over shards or partitions that are shared with others: what is this process's feeds the logs."""

from collections.abc import Mapping, Sequence
from typing import Any

from streamsim.engine.ports import Clock, Halt, Reader, Sieve
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.stream_type import StreamType
from streamsim.streams.live.log import LiveLog
from streamsim.streams.live.reader import readers


class LiveStream:
    """The engine's `Stream`, as a mapping sees it that shares it with others."""

    def __init__(
        self,
        logs: Mapping[str, LiveLog[Any]],
        parents: Mapping[str, tuple[str, ...]],
        clock: Clock,
        kind: StreamType,
        retention: int,
    ) -> None:
        """`logs` are those of the shards that were handed over, `parents` those of every shard; others fill both."""
        self.retention = retention
        self._logs = logs
        self._parents = parents
        self._clock = clock
        self._kind = kind

    def shards(self, _mapping: EventSourceMapping) -> tuple[str, ...]:
        """None: whoever shares them out tells the mapping which to take, children too."""
        return ()

    def parents(self, shard: str) -> tuple[str, ...]:
        """See `Stream`."""
        return self._parents.get(shard, ())

    def children(self, _shard: str) -> tuple[str, ...]:
        """See `shards`."""
        return ()

    def arrived(self, shard: str) -> int:
        """See `Stream`, as far as is known."""
        log = self._logs[shard]
        return log.fetched + log.ahead

    def start(self, shard: str, _mapping: EventSourceMapping) -> int:
        """See `Stream`."""
        return self._logs[shard].first

    def open(
        self, shard: str, position: int, lanes: int, halt: Halt, sieves: Sequence[Sieve] = ()
    ) -> Sequence[Reader]:
        """See `Stream`."""
        return readers(self._logs[shard], position, lanes, self._kind, self._clock, halt, sieves)
