"""Processes that share a Kinesis stream, in one loop: each is what a process would be, with a function of the test's."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from streamsim.destinations.kept import KeptDestination
from streamsim.engine.clock import RealClock
from streamsim.engine.concurrency import Account
from streamsim.engine.mapping import MappingRun
from streamsim.engine.ports import SourceError
from streamsim.engine.wall_clock import wall_clock
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
from streamsim.streams.aws.tenure import Sharing
from streamsim.streams.live.consuming import Beginning, Worker, consume
from streamsim.streams.live.stream import LiveStream
from tests.streams.members import PLAIN, judge

#: Microseconds: Lambda's would make every test last for seconds.
QUICK = Pace(20_000, 5_000, pause=10_000)

#: Seconds that a silent process keeps its shards: none is taken for silent because the machine is busy.
SESSION = 120.0

#: Seconds between two looks at the leases.
LOOK = 0.2

#: What takes so many seconds would never be done.
PATIENCE = 180.0

HORIZON = Beginning()

Behaviour = Callable[["ShardMember", Batch], Awaitable[Outcome]]


async def succeed(_member: "ShardMember", _batch: Batch) -> Outcome:
    return Outcome("success")


@dataclass
class Stream:
    """A stream of a test, and its processes.

    `numbers` are the records put so far, by key, in order; `lasts` the sequence number of each shard's last.
    """

    url: str
    name: str
    client: Any
    numbers: dict[str, list[int]] = field(default_factory=dict)
    lasts: dict[str, str] = field(default_factory=dict)
    deleted: bool = False
    _running: list[asyncio.Task[None]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, *_: object) -> None:
        """Something has happened that somebody may wait for."""
        self._news.set()
        self._news = asyncio.Event()

    def watch(self, running: asyncio.Task[None]) -> None:
        """Who waits need not wait any more when this fails."""
        self._running.append(running)
        running.add_done_callback(self.tell)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits until it holds, which some event makes it."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                for task in self._running:
                    if task.done() and not task.cancelled():
                        task.result()
                assert not self._running or not all(task.done() for task in self._running), "all have ended"
                await self._news.wait()

    async def delete(self) -> None:
        if not self.deleted:
            self.deleted = True
            await self.client.delete_stream(StreamName=self.name, EnforceConsumerDeletion=True)

    async def put(self, count: int, keys: int = 8) -> None:
        """Adds records: the n-th of a key has n as its data. Those of one call are of different keys."""
        for begin in range(0, count, keys):
            records = []
            for number in range(min(keys, count - begin)):
                own = self.numbers.setdefault(f"key-{number}", [])
                own.append(len(own))
                records.append({"PartitionKey": f"key-{number}", "Data": b"%d" % own[-1]})
            answer = await self.client.put_records(StreamName=self.name, Records=records)
            assert not answer.get("FailedRecordCount")
            numbers = sorted((int(one["SequenceNumber"]), one["ShardId"]) for one in answer["Records"])
            self.lasts |= {shard: str(number) for number, shard in numbers}

    @property
    def total(self) -> int:
        return sum(map(len, self.numbers.values()))

    async def shards(self) -> list[dict[str, Any]]:
        answer = await self.client.list_shards(StreamName=self.name)
        listed: list[dict[str, Any]] = answer["Shards"]
        while token := answer.get("NextToken"):
            answer = await self.client.list_shards(NextToken=token)
            listed += answer["Shards"]
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
        await self._closed(shard)

    async def merge(self, index: int) -> None:
        """The open shard of that index with the next one."""
        one, other = (await self.open_shards())[index : index + 2]
        await self.client.merge_shards(
            StreamName=self.name, ShardToMerge=one["ShardId"], AdjacentShardToMerge=other["ShardId"]
        )
        await self._closed(one)

    async def _closed(self, shard: dict[str, Any]) -> None:
        """Waits until a change of the shards is done, which may not have begun yet."""
        while shard["ShardId"] in {one["ShardId"] for one in await self.open_shards()}:
            pass
        await self.active()

    async def active(self) -> None:
        """Waits until it can be read and written, and its shards changed."""
        while True:
            answer = await self.client.describe_stream_summary(StreamName=self.name)
            if answer["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE":
                return


async def registered(stream: Stream) -> str:
    """A consumer of the stream, once it is active."""
    answer = await stream.client.describe_stream_summary(StreamName=stream.name)
    arn = answer["StreamDescriptionSummary"]["StreamARN"]
    await stream.client.register_stream_consumer(StreamARN=arn, ConsumerName="fast")
    while True:
        answer = await stream.client.describe_stream_consumer(StreamARN=arn, ConsumerName="fast")
        if answer["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE":
            return "fast"


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


class Line:
    """The way of a process to its table of leases, which may be cut."""

    def __init__(self, table: LeaseTable) -> None:
        self._table = table
        self.cut = False

    def __getattr__(self, name: str) -> Any:
        async def never(*_arguments: object) -> None:
            raise SourceError("nobody is there", retryable=True)

        return never if self.cut and name != "close" else getattr(self._table, name)


@dataclass
class ShardMember:
    """One process. A call may take `patience` seconds, and one that reads `reads_within` where that is given."""

    stream: Stream
    table: Path | LeaseTable
    behaviour: Behaviour = succeed
    mapping: EventSourceMapping = PLAIN
    beginning: Beginning = HORIZON
    url: str = ""
    consumer: str = ""
    session: float = SESSION
    look: float = LOOK
    reads_within: float = PATIENCE
    events: list[Event] = field(default_factory=list)
    records: list[tuple[str, str, int, int]] = field(default_factory=list)
    seen: set[tuple[str, int]] = field(default_factory=set)
    troubles: list[str | None] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: ShardReading | None = None
    running: asyncio.Task[None] = field(init=False)
    _line: Line = field(init=False)

    @property
    def owned(self) -> int:
        """How many shards are its own."""
        return 0 if self._reading is None else len(self._reading.owned)

    @property
    def reading(self) -> ShardReading:
        assert self._reading is not None
        return self._reading

    async def invoke(self, batch: Batch, cold: bool) -> Outcome:
        """The engine's `Function`."""
        del cold
        log = batch.log
        records = [(log.shard, log.partition_key(one), int(log.data(one)), one) for one in batch.positions]
        self.records += records
        self.seen.update((key, number) for _, key, number, _ in records)
        self.stream.tell()
        return await self.behaviour(self, batch)

    def start(self) -> None:
        """Runs beside the test."""
        self.running = asyncio.create_task(self.run())
        self.stream.watch(self.running)

    async def has(self, count: int) -> None:
        """Waits until it has got so many different records."""
        await self.stream.until(lambda: len(self.seen) >= count)

    async def finish(self) -> None:
        """Asks it to stop, and waits until it has."""
        self.stop.set()
        await self.running

    async def work(self, count: int) -> None:
        """Works from its start until it has got so many different records and has stopped."""
        self.start()
        await self.has(count)
        await self.finish()

    async def run(self) -> None:
        """Works until it is asked to stop; the oracle has nothing against what it did."""
        endpoint = Endpoint(self.url or self.stream.url, patience=PATIENCE)
        hasty = replace(endpoint, patience=self.reads_within)
        async with (
            asyncio.timeout(PATIENCE),
            client_of(endpoint, "kinesis") as client,
            client_of(hasty, "kinesis") as reading_client,
        ):
            shards = KinesisShards(client, "the endpoint", self.stream.name)
            read = KinesisShards(reading_client, "the endpoint", self.stream.name)
            described = await shards.describe()
            table = self.table
            if isinstance(table, Path):
                table = LeaseFile(table, described.arn, "tests")
            self._line = Line(table)
            sharing = Sharing(self._line, self.session, renewals=round(self.session / self.look))
            fetch: Fetch = partial(poll, read, pace=QUICK)
            if self.consumer:
                consumer = await consumer_of(client, "the endpoint", described.arn, self.consumer)
                fetch = partial(take_pushed, consumer, read)
            reading = self._reading = ShardReading(
                shards, described, self.beginning, sharing, self.trouble, fetch
            )
            await reading.join()
            clock, epoch = RealClock(), wall_clock()

            def sink(event: Event) -> None:
                self.events.append(event)
                reading.hear(event)
                self.stream.tell()

            mapping = MappingRun(
                self.mapping,
                LiveStream(reading.logs, reading.parents, clock, shards.kind, described.retention),
                self,
                Account(1000, {"default": None}).functions["default"],
                lambda arn: KeptDestination(arn, clock),
                Source(epoch=epoch),
                epoch,
                clock,
                sink,
                shared=True,
            )
            await consume(reading, Worker(mapping, clock, epoch), clock.failed, self.stop)
        judge(self.mapping, self.events, epoch)

    def trouble(self, where: str, error: SourceError | None) -> None:
        if where != "checkpoints":  # which a busy machine may store late
            self.troubles.append(None if error is None else str(error))
        self.stream.tell()

    def told(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def cut(self) -> None:
        """From now on it does not reach the table of leases: for others it is dead."""
        self._line.cut = True

    @property
    def errors(self) -> list[str]:
        return [one for one in self.troubles if one is not None]

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
