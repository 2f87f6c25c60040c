"""A Kafka topic as the source of a live run: which group reads it, and what its events look like."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final, Literal

from streamsim.model.stream_type import KAFKA, KINESIS, StreamType
from streamsim.rules.source import Source
from streamsim.scenario.real.opened import Opened
from streamsim.streams.kafka.access import OPEN, Access
from streamsim.streams.kafka.errors import partitions_of
from streamsim.streams.kafka.group import KafkaReading
from streamsim.streams.kafka.records import Membership, kafka_stream
from streamsim.streams.live.consuming import Beginning

#: The event that a function gets: Lambda's own for Amazon MSK or for a cluster of one's own, or the one that the same
#: records would have in Kinesis.
EventShape = Literal["aws:kafka", "SelfManagedKafka", "aws:kinesis"]

_TYPES: Mapping[EventShape, StreamType] = {
    "aws:kafka": KAFKA,
    "SelfManagedKafka": KAFKA,
    "aws:kinesis": KINESIS,
}

#: How long the group waits for a silent member, in milliseconds.
_SESSION_TIMEOUT: Final = 10_000


@dataclass(frozen=True, slots=True)
class TopicSource:
    """A topic: `brokers` is `host:port`, several with commas; `session_timeout` is milliseconds, as in `Membership`."""

    brokers: str
    topic: str
    group: str
    event: EventShape
    session_timeout: int = _SESSION_TIMEOUT
    access: Access = OPEN

    @property
    def url(self) -> str:
        """As the command line takes it."""
        return f"kafka://{self.brokers}/{self.topic}"

    @property
    def kind(self) -> StreamType:
        """What events look like."""
        return _TYPES[self.event]


async def open_topic(
    source: TopicSource,
    beginning: Beginning,
    session_timeout: int,
    silent: Callable[[bool], None],
    stack: AsyncExitStack,
) -> Opened:
    """Makes the reading of the topic, which has yet to join the group. `SourceError` when there is no such topic.

    `silent` is told when the broker does not answer, and when it does again.
    """
    partitions = await partitions_of(source.brokers, source.topic, source.access)
    membership = Membership(source.brokers, source.topic, source.group, session_timeout, access=source.access)
    reading = KafkaReading(
        membership, beginning, lambda partition: f"{source.topic}-{partition}", silent=silent
    )
    stack.push_async_callback(reading.stop)
    return Opened(
        reading,
        lambda clock: kafka_stream(reading.logs, clock, source.kind),
        Source(
            source.topic,
            type=source.kind,
            brokers=source.brokers,
            self_managed=source.event == "SelfManagedKafka",
        ),
        {"type": "kafka", "shards": partitions, "topic": source.topic},
        lambda: partitions,
        "partitions",
    )
