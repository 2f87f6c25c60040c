"""Kafka partitions as shards: what a record, a partition and a topic are to the engine.

Offsets are sequence numbers. A position in a trace is the offset as long as offsets have no gaps: a log begins at its
first offset and counts from there. Knows aiokafka's records. Whose partition it is, and what is committed, is
`streamsim.streams.kafka.group`'s business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from streamsim.engine.ports import Clock
from streamsim.model.stream_type import KINESIS, StreamType
from streamsim.model.units import DAY
from streamsim.streams.kafka.access import OPEN, Access
from streamsim.streams.live.log import LiveLog
from streamsim.streams.live.stream import LiveStream

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


def kafka_stream(logs: Mapping[str, LiveLog[Any]], clock: Clock, kind: StreamType = KINESIS) -> LiveStream:
    """The engine's `Stream` over a topic's partitions, which have no lineage; `kind` is what its events look like."""
    return LiveStream(logs, {}, clock, kind, FOR_EVER)


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
