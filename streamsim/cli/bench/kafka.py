"""`streamsim bench kafka`: the engine on a topic against a bare aiokafka loop over the same topic, in the same process.

The bare loop takes what `getmany` gives and commits it, which is the least that a consumer can do. The engine does the
same through its workers: every batch is an invocation, every checkpoint is committed, the trace goes to a sink. Runs
alternate, so that a busy machine is unfair to both alike; the median of each is compared.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final, NamedTuple
from uuid import uuid4

import click

from streamsim.cli.kafka_option import access_of, kafka_config_option
from streamsim.cli.outside import SourceFailedError, mute_aiokafka
from streamsim.destinations.kept import KeptDestination
from streamsim.engine.clock import RealClock
from streamsim.engine.concurrency import Account
from streamsim.engine.mapping import MappingRun
from streamsim.engine.ports import SourceError
from streamsim.engine.wall_clock import wall_clock
from streamsim.model.batch import Batch
from streamsim.model.events import Event, ShardEnd, ShardOpen
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.outcome import Outcome
from streamsim.rules.source import Source
from streamsim.streams.kafka.access import Access
from streamsim.streams.kafka.group import KafkaReading
from streamsim.streams.kafka.records import Membership, kafka_stream
from streamsim.streams.kafka.topics import create_topic, delete_topic, producer_of
from streamsim.streams.live.consuming import Beginning, Worker, consume

#: What the engine should reach of the bare loop's throughput.
TARGET: Final = 0.8

_SESSION: Final = 6000


class Load(NamedTuple):
    """The records of a topic, and how the engine takes them."""

    brokers: str
    access: Access
    topic: str
    partitions: int
    records: int
    batch_size: int

    @property
    def ends(self) -> dict[int, int]:
        """Behind the last record of each partition."""
        return dict.fromkeys(range(self.partitions), self.records // self.partitions)


class Measured(NamedTuple):
    """One run: records a second from the first to the last, and how often it committed."""

    throughput: float
    commits: int


class _Nothing:
    """A function that does nothing, yet lets others go first, as every real one does."""

    async def invoke(self, _batch: Batch, _cold: bool) -> Outcome:
        """See `Function`."""
        await asyncio.sleep(0)
        return _DONE


_DONE: Final = Outcome("success")


@click.command("kafka", help="Measure the engine on Kafka against a bare aiokafka loop.")
@click.option("--kafka", "brokers", metavar="HOST:PORT", default="localhost:9092", show_default=True)
@kafka_config_option()
@click.option("--partitions", type=click.IntRange(1, 1000), default=8, show_default=True)
@click.option("--records", type=click.IntRange(1000), default=400_000, show_default=True)
@click.option(
    "--size", type=click.IntRange(1, 1_000_000), default=200, show_default=True, help="Bytes a record."
)
@click.option("--batch-size", type=click.IntRange(1, 10_000), default=1000, show_default=True)
@click.option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True)
def command(
    brokers: str,
    kafka_config: Path | None,
    partitions: int,
    records: int,
    size: int,
    batch_size: int,
    rounds: int,
) -> None:
    mute_aiokafka()
    topic = f"streamsim-bench-{uuid4().hex[:8]}"
    load = Load(brokers, access_of(kafka_config), topic, partitions, records, batch_size)
    try:
        bare, engine = asyncio.run(_compare(load, size, rounds))
    except SourceError as error:
        raise SourceFailedError(error) from error
    click.echo(
        f"{records:,} records of {size} B in {partitions} partitions, {rounds} rounds, BatchSize {batch_size}"
    )
    for name, runs in (("bare aiokafka loop", bare), ("streamsim", engine)):
        rate, commits = median(run.throughput for run in runs), median(run.commits for run in runs)
        click.echo(f"  {name:20}{rate:12,.0f} records/s {commits:8,.0f} commits")
    ratio = median(run.throughput for run in engine) / median(run.throughput for run in bare)
    click.echo(f"  {'✓' if ratio >= TARGET else '✗'} {ratio:.2f} of the bare loop (target {TARGET})")


async def _compare(load: Load, size: int, rounds: int) -> tuple[list[Measured], list[Measured]]:
    await create_topic(load.brokers, load.topic, load.partitions, load.access)
    try:
        await _produce(load, size)
        bare, engine = [], []
        for _ in range(rounds):
            bare.append(await _bare(load))
            engine.append(await _engine(load))
    finally:
        await delete_topic(load.brokers, load.topic, load.access)
    return bare, engine


async def _produce(load: Load, size: int) -> None:
    producer = await producer_of(load.brokers, access=load.access)
    try:
        for partition, count in load.ends.items():
            for number in range(count):
                key = b"key-%d" % (number % 100)
                await producer.send(load.topic, b"x" * size, key, partition)
        await producer.flush()
    finally:
        await producer.stop()


async def _bare(load: Load) -> Measured:
    from aiokafka import AIOKafkaConsumer  # noqa: PLC0415  # only for who measures

    consumer = AIOKafkaConsumer(
        load.topic,
        bootstrap_servers=load.brokers,
        group_id=f"{load.topic}-{uuid4().hex[:8]}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=_SESSION,
        **load.access.options,
    )
    await consumer.start()
    try:
        got, commits, began = 0, 0, 0.0
        total = sum(load.ends.values())
        while got < total:
            fetched: Mapping[Any, Any] = await consumer.getmany(timeout_ms=1000)
            if not fetched:
                continue
            began = began or perf_counter()
            got += sum(map(len, fetched.values()))
            await consumer.commit({place: records[-1].offset + 1 for place, records in fetched.items()})
            commits += 1
        return Measured(total / (perf_counter() - began), commits)
    finally:
        await consumer.stop()


async def _engine(load: Load) -> Measured:
    ends = {f"{load.topic}-{number}": end for number, end in load.ends.items()}
    group = f"{load.topic}-{uuid4().hex[:8]}"
    reading = KafkaReading(
        Membership(load.brokers, load.topic, group, _SESSION, access=load.access),
        Beginning(),
        lambda number: f"{load.topic}-{number}",
        ends,
    )
    await reading.join()
    clock, epoch, over = RealClock(), wall_clock(), asyncio.Event()
    left, began = set(ends), 0.0

    def sink(event: Event) -> None:
        nonlocal began
        reading.hear(event)
        if type(event) is ShardOpen:  # told when the first records are there
            began = began or perf_counter()
        elif type(event) is ShardEnd:
            left.discard(event.shard)  # one that is lost and taken again ends twice
            if not left:
                over.set()

    mapping = MappingRun(
        EventSourceMapping(batch_size=load.batch_size, hand_over=0),
        kafka_stream(reading.logs, clock),
        _Nothing(),
        Account(1000, {"default": None}).functions["default"],
        lambda arn: KeptDestination(arn, clock),
        Source(epoch=epoch),
        0,
        clock,
        sink,
        shared=True,
    )
    ended = 0.0

    async def watch() -> None:
        nonlocal ended
        await over.wait()
        await reading.flush()
        ended = perf_counter()

    watching = asyncio.create_task(watch())
    await consume(reading, Worker(mapping, clock, epoch), clock.failed, over)
    await watching
    return Measured(sum(ends.values()) / (ended - began), reading.commits)
