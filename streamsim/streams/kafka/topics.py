"""Topics that are ours: made for a run and deleted after it. Users' topics are only read."""

from contextlib import suppress
from typing import Any

from streamsim.engine.ports import SourceError
from streamsim.streams.kafka.access import OPEN, Access
from streamsim.streams.kafka.errors import connected, source_error


async def create_topic(brokers: str, topic: str, partitions: int, access: Access = OPEN) -> None:
    """Makes a new topic. `SourceError` when that cannot be."""
    from aiokafka.admin import NewTopic  # noqa: PLC0415  # only for who connects

    async with connected(brokers, access) as admin:
        try:
            answer = await admin.create_topics([NewTopic(topic, partitions, 1)])
        except Exception as error:
            raise source_error(error, brokers) from error
        refused = [one for one in answer.topic_errors if one[1]]
        if refused:
            raise SourceError(f"cannot create the topic {topic}: {refused[0][2]}", retryable=False)


async def delete_topic(brokers: str, topic: str, access: Access = OPEN) -> None:
    """Deletes it, if the broker still answers."""
    with suppress(SourceError):
        async with connected(brokers, access) as admin:
            try:
                await admin.delete_topics([topic])
            except Exception as error:
                raise source_error(error, brokers) from error


async def producer_of(brokers: str, patience: float = 40, access: Access = OPEN) -> Any:
    """A producer of aiokafka, started; every record is acknowledged by all replicas within `patience` seconds, or lost.

    `SourceError` when it cannot be started.
    """
    from aiokafka import AIOKafkaProducer  # noqa: PLC0415  # only for who connects

    producer = AIOKafkaProducer(
        bootstrap_servers=brokers,
        acks="all",
        linger_ms=2,
        request_timeout_ms=round(patience * 1000),
        **access.options,
    )
    try:
        await producer.start()
    except Exception as error:
        raise source_error(error, brokers) from error
    return producer
