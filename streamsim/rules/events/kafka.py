"""The event of Kafka records as Lambda hands them to a function, and what a failure document says of them.

The event is that of the Lambda Developer Guide, "Using Lambda with Amazon MSK", "Example event": records by topic and
partition, keys and values in base64, headers as lists of bytes; or that of "Using Lambda with self-managed Apache Kafka",
which has no ARN (recorded: logs of functions in public repositories show `SelfManagedKafka`, as the guide does now; it once
had `aws:SelfManagedKafka`). The document is that of "Capturing discarded batches for
Amazon MSK and self-managed Apache Kafka event sources". assumed: a record without a key, or a value, has no such field;
bytes of headers are those of Java, from -128 to 127; the document of a self-managed source has no ARN either.
"""

import base64
from collections.abc import Iterable
from typing import Any, Final, Protocol, cast

from streamsim.model.batch import Batch, Log
from streamsim.model.names import timestamp
from streamsim.model.units import MILLISECOND
from streamsim.rules.source import Source

#: How Kafka tells whether a record's time is the producer's or the broker's.
_TIMESTAMP_TYPES: Final = {0: "CREATE_TIME", 1: "LOG_APPEND_TIME"}


class Message(Protocol):
    """A record as Kafka's clients hand it over; `timestamp` is milliseconds since 1970."""

    @property
    def topic(self) -> str:
        """The topic."""

    @property
    def partition(self) -> int:
        """The partition."""

    @property
    def offset(self) -> int:
        """The offset."""

    @property
    def timestamp(self) -> int:
        """When it was made or taken."""

    @property
    def timestamp_type(self) -> int:
        """0 for made, 1 for taken."""

    @property
    def key(self) -> bytes | None:
        """The key."""

    @property
    def value(self) -> bytes | None:
        """The value; None for a tombstone."""

    @property
    def headers(self) -> Iterable[tuple[str, bytes]]:
        """The headers, in order."""


class _Messages(Protocol):
    def record(self, position: int) -> Message:
        """The record as its source hands it over."""


def kafka_event(batch: Batch, source: Source) -> dict[str, Any]:
    """The whole event; a batch holds one partition."""
    return {
        "eventSource": "SelfManagedKafka" if source.self_managed else "aws:kafka",
        **_named(source),
        "records": {batch.shard: [_record(message) for message in messages_of(batch)]},
    }


def _named(source: Source) -> dict[str, Any]:
    """What both call the cluster."""
    arn = {} if source.self_managed else {"eventSourceArn": source.stream_arn}
    return {**arn, "bootstrapServers": source.brokers}


def seen_of_kafka(log: Log, position: int, _source: Source) -> tuple[bytes, dict[str, Any]]:
    """What filter patterns see of a record: what should be JSON at `value`."""
    return log.data(position), {}


def kafka_batch_info(batch: Batch, source: Source) -> dict[str, Any]:
    """`KafkaBatchInfo` of a failure document; `payloadSize` counts the bytes of keys and values."""
    messages = messages_of(batch)
    info: dict[str, Any] = {
        "batchSize": len(messages),
        **_named(source),
        "payloadSize": sum(len(message.value or b"") + len(message.key or b"") for message in messages),
    }
    if messages:
        first, last = messages[0], messages[-1]
        info["recordsInfo"] = {
            batch.shard: {
                "firstRecordOffset": str(first.offset),
                "lastRecordOffset": str(last.offset),
                "firstRecordTimestamp": timestamp(first.timestamp * MILLISECOND),
                "lastRecordTimestamp": timestamp(last.timestamp * MILLISECOND),
            }
        }
    return info


def messages_of(batch: Batch) -> list[Message]:
    """The records of a batch as their source hands them over, oldest first."""
    log = cast("_Messages", batch.log)
    return [log.record(position) for position in batch.positions]


def _record(message: Message) -> dict[str, Any]:
    record: dict[str, Any] = {
        "topic": message.topic,
        "partition": message.partition,
        "offset": message.offset,
        "timestamp": message.timestamp,
        "timestampType": _TIMESTAMP_TYPES.get(message.timestamp_type, "NO_TIMESTAMP_TYPE"),
    }
    if message.key is not None:
        record["key"] = base64.b64encode(message.key).decode("ascii")
    if message.value is not None:
        record["value"] = base64.b64encode(message.value).decode("ascii")
    record["headers"] = [
        {name: [byte - 256 if byte > 127 else byte for byte in value or b""]}
        for name, value in message.headers
    ]
    return record
