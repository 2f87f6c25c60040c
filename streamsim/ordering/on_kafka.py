"""Plays the benchmark's runs on a Kafka broker in real time, and joins their consumer groups where a fault asks for it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from streamsim.engine.ports import Sink
from streamsim.model.events import Event
from streamsim.ordering.cases import Case, trouble_of
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import Played
from streamsim.scenario.real.on_kafka import Brokers, play_on_kafka
from streamsim.scenario.real.run import Play
from streamsim.streams.kafka.errors import connected, source_error
from streamsim.trace.format.header import Header

#: How long an intruder keeps its partitions, in seconds, and how long the group waits for a silent member, in ms.
_STAY: Final = 1.0
_SESSION: Final = 6000


@dataclass(frozen=True, slots=True)
class KafkaPlayer:
    """A player on these brokers."""

    brokers: Brokers

    def check(self) -> None:
        """`SourceError` when no broker answers there."""
        asyncio.run(self._answers())

    async def _answers(self) -> None:
        async with connected(*self.brokers):
            pass

    def __call__(self, case: Case, seed: int, scenario: Scenario, sink: Callable[[Event], None]) -> Played:
        """What the run came to. `SourceError` when the broker does not play along."""
        return asyncio.run(self._play(trouble_of(case, seed).intruder, scenario, sink))

    async def _play(self, joins_at: int | None, scenario: Scenario, sink: Callable[[Event], None]) -> Played:
        intruders: list[asyncio.Task[None]] = []

        def recorded(header: Header) -> Sequence[Sink]:
            if joins_at is not None:
                topic = header.streams["default"]["topic"]
                intruding = _intrude(self.brokers, topic, f"{topic}-default", joins_at / 1e6)
                intruders.append(asyncio.get_running_loop().create_task(intruding))
            return (sink,)

        try:
            played = await play_on_kafka(self.brokers, Play(scenario, {}, recorded))
        finally:
            for intruder in intruders:
                intruder.cancel()
            ended = await asyncio.gather(*intruders, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):  # without an intruder it was another fault, or none
                raise source_error(error, self.brokers.addresses)
        return played


async def _intrude(brokers: Brokers, topic: str, group: str, wait: float) -> None:
    """Joins the group, gets partitions, handles and commits nothing, and leaves."""
    from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener  # noqa: PLC0415  # only for who connects

    assigned = asyncio.Event()

    class Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
        async def on_partitions_revoked(self, revoked: object) -> None:
            pass

        async def on_partitions_assigned(self, _partitions: object) -> None:
            assigned.set()

    await asyncio.sleep(wait)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers.addresses,
        group_id=group,
        enable_auto_commit=False,
        session_timeout_ms=_SESSION,
        heartbeat_interval_ms=_SESSION // 5,
        **brokers.access.options,
    )
    try:
        await consumer.start()
        consumer.subscribe([topic], listener=Listener())
        await assigned.wait()
        await asyncio.sleep(_STAY)
    finally:
        await consumer.stop()
