"""Kafka partitions as shards: what a record, a partition and a topic are to the engine.

Offsets are sequence numbers. A position in a trace is the offset as long as offsets have no gaps: a log begins at its
first offset and counts from there. Knows aiokafka's records. Whose partition it is, and what is committed, is
`streamsim.streams.kafka_group`'s business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from streamsim.engine.ports import Clock, Halt, Reader, Sieve
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.stream_type import KINESIS, StreamType
from streamsim.model.units import DAY
from streamsim.streams.kafka_access import OPEN, Access
from streamsim.streams.live.log import LiveLog
from streamsim.streams.live.reader import readers

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

#: A topic's retention is the broker's business: what it has deleted is not there to be sent.
FOR_EVER: Final = 36_500 * DAY


class KafkaForm:
    """How to read a record of aiokafka's consumer."""

    def sequence_number(self, record: "ConsumerRecord[Any, Any]") -> str:
        """The offset."""
        return str(record.offset)

    def partition_key(self, record: "ConsumerRecord[Any, Any]") -> str:
        """The key as text, in hexadecimal digits where it is none.

        Records without a key have no order among each other to keep: each has one of its own, its offset.
        """
        key = record.key
        if key is None:
            return str(record.offset)
        try:
            text: str = key.decode()
        except UnicodeDecodeError:
            return str(key.hex())
        return text

    def data(self, record: "ConsumerRecord[Any, Any]") -> bytes:
        """The value; nothing for a tombstone."""
        return record.value or b""


class KafkaStream:
    """The engine's `Stream`: partitions as a mapping sees them that shares them with others. They have no lineage."""

    def __init__(self, logs: Mapping[str, LiveLog[Any]], clock: Clock, kind: StreamType = KINESIS) -> None:
        """`logs` by shard: those that are handed over to the mapping, and whoever feeds them."""
        self.retention = FOR_EVER
        self._logs = logs
        self._clock = clock
        self._kind = kind

    def shards(self, _mapping: EventSourceMapping) -> tuple[str, ...]:
        """None: the group tells the mapping which to take."""
        return ()

    def parents(self, _shard: str) -> tuple[str, ...]:
        """See `Stream`."""
        return ()

    def children(self, _shard: str) -> tuple[str, ...]:
        """See `Stream`."""
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


@dataclass(frozen=True, slots=True)
class Membership:
    """A consumer group's reading of a topic. `brokers` is `host:port`, several with commas; times are milliseconds.

    `session_timeout` is how long the group waits for a member that is silent before others get its partitions.
    """

    brokers: str
    topic: str
    group: str
    session_timeout: int = 10_000
    client_id: str = "streamsim"
    access: Access = OPEN
