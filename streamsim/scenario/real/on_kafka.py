"""Plays a scenario in real time on a Kafka broker: a topic for each stream, a partition for each shard.

The records, the function and what goes wrong are those of virtual time; shards keep their names and positions, so the
same measures mean the same. What makes no sense on Kafka is refused. t = 0 is when every group has its partitions.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import uuid4

from streamsim.engine.ports import Clock
from streamsim.engine.wall_clock import wall_clock
from streamsim.scenario import models
from streamsim.scenario.play import Played
from streamsim.scenario.real.run import Place, Play, Shared, Stage, perform
from streamsim.scenario.world.shards import shards_of
from streamsim.streams.kafka.access import OPEN, Access
from streamsim.streams.kafka.group import KafkaReading
from streamsim.streams.kafka.records import Membership, kafka_stream
from streamsim.streams.kafka.topics import create_topic, delete_topic, producer_of
from streamsim.streams.live.consuming import Beginning
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.records.logs import SimulatedLog
from streamsim.streams.simulated.plan import Plan

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

#: How often a producer that never waits lets others run: once in so many records.
_IN_A_ROW = 200


def _unfit_shards(name: str, stream: models.Stream, plan: Plan) -> Iterator[str]:
    if stream.mode == "on-demand" or plan.changes:
        yield f"the shards of stream {name!r} split or merge, and partitions do not"


class Brokers(NamedTuple):
    """Where brokers are, `host:port`, several with commas, and how they let us in."""

    addresses: str
    access: Access = OPEN


ON_KAFKA: Final = Place("broker", "topic", _unfit_shards)


async def play_on_kafka(brokers: Brokers, play: Play, *, at_once: bool = False) -> Played:
    """Runs a scenario that is not unfit to its end, and judges it. `SourceError` when the broker does not play along.

    Records are produced at the scenario's times, or `at_once` as fast as they go.
    """
    scenario = play.scenario
    async with AsyncExitStack() as stack:
        topics = await _topics(scenario, brokers, stack)
        producing = _Producing(scenario, topics, brokers, at_once=at_once)
        await producing.start(stack)
        readings = await _join(scenario, topics, brokers, stack)

        def share(clock: Clock) -> dict[str, Shared]:
            return {name: Shared(one, kafka_stream(one.logs, clock)) for name, one in readings.items()}

        return await perform(play, Stage(ON_KAFKA, topics, share, producing.work))


async def _topics(scenario: models.Scenario, brokers: Brokers, stack: AsyncExitStack) -> dict[str, str]:
    """A new topic for each stream, which is deleted in the end."""
    mark = uuid4().hex[:8]
    topics = {}
    for name in scenario.streams:
        topic = topics[name] = f"streamsim-{name}-{mark}"
        await create_topic(brokers.addresses, topic, len(scenario.plans[name].shards), brokers.access)
        stack.push_async_callback(delete_topic, brokers.addresses, topic, brokers.access)
    return topics


async def _join(
    scenario: models.Scenario, topics: Mapping[str, str], brokers: Brokers, stack: AsyncExitStack
) -> dict[str, KafkaReading]:
    """The groups of all mappings, each with all partitions of its topic."""
    readings = {}
    for name, mapping in scenario.mappings.items():
        plan = scenario.plans[mapping.stream]
        topic = topics[mapping.stream]
        ids = [shard.id for shard in plan.shards]
        stream = scenario.streams[mapping.stream]
        logs = shards_of(stream, plan, mapping.stream, scenario.seed, scenario.duration)
        ends = {log.shard: log.arrivals.until(NEVER - 1) for log in logs}
        group = f"{topic}-{name}"
        readings[name] = KafkaReading(
            Membership(brokers.addresses, topic, group, session_timeout=6000, access=brokers.access),
            Beginning(),
            ids.__getitem__,
            ends,
        )
        stack.push_async_callback(readings[name].stop)
    await asyncio.gather(*(reading.join() for reading in readings.values()))
    return readings


class _Producing:
    """The scenario's producers."""

    def __init__(
        self, scenario: models.Scenario, topics: Mapping[str, str], brokers: Brokers, *, at_once: bool
    ) -> None:
        self._brokers = brokers
        self._at_once = at_once
        self._producer: AIOKafkaProducer | None = None
        self._logs: list[tuple[str, int, SimulatedLog]] = []
        for name, stream in scenario.streams.items():
            logs = shards_of(stream, scenario.plans[name], name, scenario.seed, scenario.duration)
            self._logs += [(topics[name], partition, log) for partition, log in enumerate(logs)]

    async def start(self, stack: AsyncExitStack) -> None:
        """Connects, and produces what is there before the run begins."""
        producer = self._producer = await producer_of(self._brokers.addresses, access=self._brokers.access)
        stack.push_async_callback(producer.stop)
        now = wall_clock()
        await asyncio.gather(*(self._before(*place, now) for place in self._logs))
        await producer.flush()

    async def work(self, clock: Clock) -> None:
        """Produces each record at its time."""
        assert self._producer is not None
        await asyncio.gather(*(self._from_now_on(*place, clock) for place in self._logs))
        await self._producer.flush()

    async def _before(self, topic: str, partition: int, log: SimulatedLog, now: int) -> None:
        for position in range(log.arrivals.until(-1)):
            at = (now + log.arrival_at(position)) // 1000
            await self._send(topic, partition, log, position, at)

    async def _from_now_on(self, topic: str, partition: int, log: SimulatedLog, clock: Clock) -> None:
        for position in range(log.arrivals.until(-1), log.arrivals.until(NEVER - 1)):
            if not self._at_once:
                wait = log.arrival_at(position) - clock.now
                if wait > 0:
                    await clock.sleep(wait)
            await self._send(topic, partition, log, position)

    async def _send(
        self, topic: str, partition: int, log: SimulatedLog, position: int, at: int | None = None
    ) -> None:
        assert self._producer is not None
        key = log.partition_key(position).encode()
        await self._producer.send(topic, log.data(position), key, partition, timestamp_ms=at)
        if position % _IN_A_ROW == 0:
            await asyncio.sleep(0)
