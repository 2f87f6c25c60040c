"""Processes that share a Kinesis stream, in one loop: each is what a process would be, with a function of the test's."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from streamsim.destinations.kept import KeptDestination
from streamsim.engine.clock import RealClock
from streamsim.engine.concurrency import Account
from streamsim.engine.mapping import MappingRun
from streamsim.engine.ports import SourceError
from streamsim.model.batch import Batch
from streamsim.model.events import Event, Invoke
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.outcome import Outcome
from streamsim.rules.source import Source
from streamsim.streams.aws.endpoint import Endpoint, client_of
from streamsim.streams.aws.fan_out import consumer_of, take_pushed
from streamsim.streams.aws.kinesis import KinesisShards
from streamsim.streams.aws.lease_file import LeaseFile
from streamsim.streams.aws.leases import Lease, LeaseTable
from streamsim.streams.aws.polling import Pace, poll
from streamsim.streams.aws.reading import Fetch, ShardReading
from streamsim.streams.aws.stream import ShardStream
from streamsim.streams.aws.tenure import Sharing
from streamsim.streams.kafka_topics import wall_clock
from streamsim.streams.live.consuming import Beginning, Worker, consume
from tests.streams.members import PATIENCE, PLAIN, judge

#: Microseconds: Lambda's would make every test last for seconds.
QUICK = Pace(20_000, 5_000)

#: Seconds that a silent process keeps its shards.
SESSION = 1.0

HORIZON = Beginning()

Behaviour = Callable[["ShardMember", Batch], Awaitable[Outcome]]


async def succeed(_member: "ShardMember", _batch: Batch) -> Outcome:
    return Outcome("success")


@dataclass
class Stream:
    """A stream of a test; `numbers` are the records put so far, by key, in order."""

    url: str
    name: str
    client: Any
    numbers: dict[str, list[int]] = field(default_factory=dict)
    deleted: bool = False

    async def delete(self) -> None:
        if not self.deleted:
            self.deleted = True
            await self.client.delete_stream(StreamName=self.name, EnforceConsumerDeletion=True)

    async def put(self, count: int, keys: int = 8) -> None:
        """Adds records one after the other: the n-th of a key has n as its data."""
        for number in range(count):
            key = f"key-{number % keys}"
            own = self.numbers.setdefault(key, [])
            own.append(len(own))
            await self.client.put_record(StreamName=self.name, PartitionKey=key, Data=b"%d" % own[-1])

    @property
    def total(self) -> int:
        return sum(map(len, self.numbers.values()))

    async def shards(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = (await self.client.list_shards(StreamName=self.name))["Shards"]
        return listed

    async def open_shards(self) -> list[dict[str, Any]]:
        """By hash key."""
        there = [
            one for one in await self.shards() if "EndingSequenceNumber" not in one["SequenceNumberRange"]
        ]
        return sorted(there, key=lambda one: int(one["HashKeyRange"]["StartingHashKey"]))

    async def split(self, index: int) -> None:
        """The open shard of that index, in the middle."""
        shard = (await self.open_shards())[index]
        keys = shard["HashKeyRange"]
        middle = (int(keys["StartingHashKey"]) + int(keys["EndingHashKey"])) // 2
        await self.client.split_shard(
            StreamName=self.name, ShardToSplit=shard["ShardId"], NewStartingHashKey=str(middle)
        )
        await self.active()

    async def merge(self, index: int) -> None:
        """The open shard of that index with the next one."""
        one, other = (await self.open_shards())[index : index + 2]
        await self.client.merge_shards(
            StreamName=self.name, ShardToMerge=one["ShardId"], AdjacentShardToMerge=other["ShardId"]
        )
        await self.active()

    async def active(self) -> None:
        """Waits until a change of the shards is done."""
        while True:
            answer = await self.client.describe_stream_summary(StreamName=self.name)
            if answer["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE":
                return


@asynccontextmanager
async def stream_of(url: str, shards: int) -> AsyncIterator[Stream]:
    async with client_of(Endpoint(url), "kinesis") as client:
        stream = Stream(url, f"test-{uuid4().hex[:10]}", client)
        await client.create_stream(StreamName=stream.name, ShardCount=shards)
        await stream.active()
        try:
            yield stream
        finally:
            await stream.delete()


@dataclass
class ShardMember:
    """One process. It is asked to stop once it has `enough` records, if that is not 0."""

    stream: Stream
    table: Path | LeaseTable
    behaviour: Behaviour = succeed
    mapping: EventSourceMapping = PLAIN
    enough: int = 0
    beginning: Beginning = HORIZON
    url: str = ""
    consumer: str = ""
    patience: float = 5.0
    events: list[Event] = field(default_factory=list)
    records: list[tuple[str, str, int, int]] = field(default_factory=list)
    troubles: list[str | None] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    joined: asyncio.Event = field(default_factory=asyncio.Event)
    reading: ShardReading = field(init=False)
    clock: RealClock = field(init=False)

    async def invoke(self, batch: Batch, cold: bool) -> Outcome:
        """The engine's `Function`."""
        del cold
        log = batch.log
        self.records += [
            (log.shard, log.partition_key(one), int(log.data(one)), one) for one in batch.positions
        ]
        outcome = await self.behaviour(self, batch)
        if self.enough and len({(key, number) for _, key, number, _ in self.records}) >= self.enough:
            self.stop.set()
        return outcome

    async def run(self) -> None:
        """Works until it is asked to stop; the oracle has nothing against what it did."""
        endpoint = Endpoint(self.url or self.stream.url, patience=self.patience)
        async with asyncio.timeout(PATIENCE), client_of(endpoint, "kinesis") as client:
            shards = KinesisShards(client, "the endpoint", self.stream.name)
            described = await shards.describe()
            table = self.table
            if isinstance(table, Path):
                table = LeaseFile(table, described.arn, "tests")
            sharing = Sharing(table, SESSION)
            fetch: Fetch = partial(poll, shards, pace=QUICK)
            if self.consumer:
                consumer = await consumer_of(client, "the endpoint", described.arn, self.consumer)
                fetch = partial(take_pushed, consumer, shards)
            reading = self.reading = ShardReading(
                shards, described, self.beginning, sharing, self.trouble, fetch
            )
            await reading.join()
            clock, epoch = RealClock(), wall_clock()
            self.clock = clock

            def sink(event: Event) -> None:
                self.events.append(event)
                reading.hear(event)

            mapping = MappingRun(
                self.mapping,
                ShardStream(reading.logs, reading.parents, clock, shards.kind, described.retention),
                self,
                Account(1000, {"default": None}).functions["default"],
                lambda arn: KeptDestination(arn, clock),
                Source(epoch=epoch),
                epoch,
                clock,
                sink,
                shared=True,
            )
            self.joined.set()
            await consume(reading, Worker(mapping, clock, epoch), clock.failed, self.stop)
        judge(self.mapping, self.events, epoch)

    def trouble(self, _shard: str, error: SourceError | None) -> None:
        self.troubles.append(None if error is None else str(error))

    def told(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def attempts(self) -> set[int]:
        return {invoke.attempt for invoke in self.told(Invoke)}


def firsts(members: Sequence[ShardMember]) -> dict[str, list[int]]:
    """By key, the records of each in the order of their first deliveries, members one after the other."""
    by_key: dict[str, list[int]] = {}
    for member in members:
        for _, key, number, _ in member.records:
            own = by_key.setdefault(key, [])
            if number not in own:
                own.append(number)
    return by_key


async def rows(path: Path, stream: Stream) -> dict[str, Lease]:
    """What is stored of a stream whose members have ended."""
    answer = await stream.client.describe_stream_summary(StreamName=stream.name)
    table = LeaseFile(path, answer["StreamDescriptionSummary"]["StreamARN"], "tests")
    await table.open()
    try:
        return dict(await table.all())
    finally:
        await table.close()


def half(key: str) -> int:
    """Which half of the hash keys a key belongs to."""
    return int(hashlib.md5(key.encode()).hexdigest(), 16) >> 127
