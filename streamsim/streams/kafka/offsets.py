"""The offsets of a consumer group: from which on a partition is read, and which are committed.

A committed offset is that of the next record to read; checkpoints name the last record that is finished. Knows aiokafka,
and not whose a partition is.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from streamsim.model.mapping import StartingPosition
from streamsim.streams.kafka.errors import source_error
from streamsim.streams.live.checkpoints import NotOwnedError
from streamsim.streams.live.consuming import Beginning

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, TopicPartition


class KafkaOffsets:
    """See `Checkpoints`. `consumer` is a member of the group, there once it joins."""

    def __init__(self, brokers: str, beginning: Beginning) -> None:
        """`beginning` is where partitions are begun of which nothing is committed."""
        self.consumer: AIOKafkaConsumer | None = None
        self._brokers = brokers
        self._beginning = beginning
        self._known: dict[str, TopicPartition] = {}

    def know(self, shard: str, topic_partition: "TopicPartition") -> None:
        """From now on checkpoints of the shard are that partition's."""
        self._known[shard] = topic_partition

    async def first(self, topic_partition: "TopicPartition") -> int:
        """The first offset that is not finished. `SourceError`."""
        try:
            return await self._first(topic_partition)
        except Exception as error:
            raise source_error(error, self._brokers) from error

    async def load(self, shard: str) -> str | None:
        """What is committed of a partition that is or was ours."""
        committed = await self._connected.committed(self._known[shard])
        return str(committed - 1) if committed else None

    async def save(self, finished: Mapping[str, str]) -> None:
        """Commits. `NotOwnedError`, `SourceError`."""
        from aiokafka import OffsetAndMetadata  # noqa: PLC0415  # only for who connects
        from aiokafka.errors import CommitFailedError, IllegalStateError  # noqa: PLC0415

        offsets = {
            self._known[shard]: OffsetAndMetadata(int(number) + 1, "") for shard, number in finished.items()
        }
        try:
            await self._connected.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            raise NotOwnedError(str(error)) from error
        except Exception as error:
            raise source_error(error, self._brokers) from error

    @property
    def _connected(self) -> "AIOKafkaConsumer":
        assert self.consumer is not None
        return self.consumer

    async def _first(self, topic_partition: "TopicPartition") -> int:
        consumer, position = self._connected, self._beginning.position
        committed: int | None = await consumer.committed(topic_partition)
        if committed is not None:
            return committed
        if position is StartingPosition.TRIM_HORIZON:
            first: int = (await consumer.beginning_offsets([topic_partition]))[topic_partition]
            return first
        if position is StartingPosition.AT_TIMESTAMP:
            since = {topic_partition: self._beginning.since // 1000}
            found = (await consumer.offsets_for_times(since))[topic_partition]
            if found is not None:
                offset: int = found.offset
                return offset
        last: int = (await consumer.end_offsets([topic_partition]))[topic_partition]
        return last
