"""Members of consumer groups in one loop: each is what a process would be, with a function that does what a test says.

Every topic has a group of its own, by the same name.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streamsim.destinations.kept import KeptDestination
from streamsim.engine.clock import RealClock
from streamsim.engine.concurrency import Account
from streamsim.engine.mapping import MappingRun
from streamsim.engine.wall_clock import wall_clock
from streamsim.model.batch import Batch
from streamsim.model.events import Event, Invoke, ShardEnd
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.names import timestamp
from streamsim.model.outcome import Outcome
from streamsim.rules.source import Source
from streamsim.streams.kafka.group import KafkaReading
from streamsim.streams.kafka.records import Membership, kafka_stream
from streamsim.streams.kafka.topics import create_topic, delete_topic
from streamsim.streams.live.consuming import Beginning, Worker, consume
from streamsim.trace.format.header import Header
from streamsim.trace.oracle.oracle import Oracle

#: Short, for the wheel's broker lets a first member wait for half of it.
SESSION = 1500

#: What fails after so long would hang.
PATIENCE = 45

PLAIN = EventSourceMapping(hand_over=0, batch_size=10)

Behaviour = Callable[["Member", Batch], Awaitable[Outcome]]


async def succeed(_member: "Member", _batch: Batch) -> Outcome:
    return Outcome("success")


@dataclass
class Topic:
    """A topic of a test."""

    brokers: str
    name: str
    partitions: int

    async def produce(self, records: Mapping[int, list[tuple[str, bytes]]]) -> None:
        """Adds (key, value) by partition, in order."""
        producer = AIOKafkaProducer(bootstrap_servers=self.brokers, acks="all")
        await producer.start()
        try:
            for partition, listed in records.items():
                for key, value in listed:
                    await producer.send(self.name, value, key.encode(), partition)
            await producer.flush()
        finally:
            await producer.stop()

    def shard(self, partition: int) -> str:
        return f"{self.name}-{partition}"

    async def values(self, count: int) -> list[bytes]:
        """The first values of partition 0, once there are so many."""
        return [message.value for message in await self.messages(count)]

    async def messages(self, count: int) -> list[Any]:
        """The first records of partition 0, as aiokafka has them, once there are so many."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.brokers)
        await consumer.start()
        try:
            partition = TopicPartition(self.name, 0)
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            async with asyncio.timeout(PATIENCE):
                return [await consumer.getone() for _ in range(count)]
        finally:
            await consumer.stop()

    async def committed(self) -> dict[str, int | None]:
        """The committed offset of each partition, asked for by somebody who is no member."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.brokers, group_id=self.name, enable_auto_commit=False
        )
        await consumer.start()
        try:
            consumer.assign([TopicPartition(self.name, number) for number in range(self.partitions)])
            return {
                self.shard(number): await consumer.committed(TopicPartition(self.name, number))
                for number in range(self.partitions)
            }
        finally:
            await consumer.stop()


@asynccontextmanager
async def topic_of(brokers: str, partitions: int) -> AsyncIterator[Topic]:
    topic = Topic(brokers, f"test-{uuid4().hex[:10]}", partitions)
    await create_topic(brokers, topic.name, partitions)
    try:
        yield topic
    finally:
        await delete_topic(brokers, topic.name)


def judge(mapping: EventSourceMapping, events: Sequence[Event], epoch: int) -> None:
    """The oracle has nothing against these events."""
    settings: dict[str, Any] = {
        "BatchSize": mapping.batch_size,
        "ParallelizationFactor": mapping.parallelization_factor,
        "BisectBatchOnFunctionError": mapping.bisect_batch_on_function_error,
        "MaximumRetryAttempts": mapping.maximum_retry_attempts,
        "FunctionName": "default",
        "StreamName": "default",
    }
    if mapping.on_failure is not None:
        settings["DestinationConfig"] = {"OnFailure": {"Destination": mapping.on_failure}}
    if mapping.filter_patterns:
        settings["FilterCriteria"] = {"Filters": [{"Pattern": one} for one in mapping.filter_patterns]}
    header = Header("a test", 7, "real", timestamp(epoch), mappings={"default": settings})
    oracle = Oracle(header)
    for event in events:
        oracle.take(event)
    wrong = [f"{violation.kind}: {violation.sentence}" for violation in oracle.finish()]
    assert not wrong, "\n".join(wrong)


@dataclass
class Member:
    """One process of a group. `ends` are the offsets at which its shards are over, where they ever are."""

    topic: Topic
    behaviour: Behaviour = succeed
    mapping: EventSourceMapping = PLAIN
    ends: Mapping[int, int] | None = None
    events: list[Event] = field(default_factory=list)
    batches: list[list[tuple[str, int]]] = field(default_factory=list)
    patience: float = PATIENCE
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    reading: KafkaReading = field(init=False)
    clock: RealClock = field(init=False)
    run_of_mapping: MappingRun = field(init=False)
    log: list[tuple[str, str, int, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        topic = self.topic
        ends = {topic.shard(number): end for number, end in (self.ends or {}).items()}
        membership = Membership(topic.brokers, topic.name, topic.name, session_timeout=SESSION)
        self.reading = KafkaReading(membership, Beginning(), topic.shard, ends)

    async def invoke(self, batch: Batch, cold: bool) -> Outcome:
        """The engine's `Function`."""
        del cold
        log = batch.log
        self.log += [(log.shard, log.partition_key(one), one, log.data(one)) for one in batch.positions]
        return await self.behaviour(self, batch)

    async def run(self) -> None:
        """Works until its shards are over or it is asked to stop; the oracle has nothing against what it did."""
        async with asyncio.timeout(self.patience):
            await self.reading.join()
            clock = self.clock = RealClock()
            epoch = wall_clock()
            ended = 0

            def sink(event: Event) -> None:
                nonlocal ended
                self.events.append(event)
                self.reading.hear(event)
                ended += isinstance(event, ShardEnd)
                if self.ends is not None and ended == len(self.ends):
                    self.stop.set()

            mapping = self.run_of_mapping = MappingRun(
                self.mapping,
                kafka_stream(self.reading.logs, clock),
                self,
                Account(1000, {"default": None}).functions["default"],
                lambda arn: KeptDestination(arn, clock),
                Source(epoch=epoch),
                wall_clock(),
                clock,
                sink,
                shared=True,
            )
            await consume(self.reading, Worker(mapping, clock, epoch), clock.failed, self.stop)
        judge(self.mapping, self.events, epoch)

    async def asked_to_stop(self) -> None:
        """Asks the process to stop, from within an invocation, and waits until no other one would begin."""
        self.stop.set()
        while self.run_of_mapping._working:  # noqa: ASYNC110  # no event tells it
            await asyncio.sleep(0)

    def told(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def delivered(self) -> list[tuple[str, int]]:
        """(shard, position) of every record in every invocation, in order."""
        return [(invoke.shard, one) for invoke in self.told(Invoke) for one in invoke.positions]


def numbered(partition: int, count: int, keys: int = 5) -> list[tuple[str, bytes]]:
    """Records of several keys, numbered from 0."""
    return [(f"key-{partition}-{number % keys}", b"%d" % number) for number in range(count)]


def retrying(mapping: EventSourceMapping, **settings: Any) -> EventSourceMapping:
    return replace(mapping, **settings)
