"""What may be wrong with a broker or a topic, in one line each, before anything runs and while it does.

Knows aiokafka's errors and how to ask a broker for its topics without creating one.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from streamsim.engine.ports import SourceError

#: How long a broker may take to answer the first question, in seconds.
_PATIENCE: Final = 10


def source_error(error: BaseException, brokers: str) -> SourceError:
    """The error in our words; itself where it is one already."""
    from aiokafka import errors  # noqa: PLC0415  # a broker is in use already

    if isinstance(error, SourceError):
        return error
    if isinstance(error, errors.KafkaConnectionError):
        return SourceError(f"the Kafka broker {brokers} does not answer: {error}", retryable=True)
    forbidden = (
        errors.TopicAuthorizationFailedError,
        errors.GroupAuthorizationFailedError,
        errors.ClusterAuthorizationFailedError,
        errors.AuthenticationFailedError,
    )
    if isinstance(error, forbidden):
        return SourceError(f"the Kafka broker {brokers} does not let us: {error}", retryable=False)
    retryable = isinstance(error, errors.KafkaError | OSError | TimeoutError)
    what = str(error) or type(error).__name__
    return SourceError(f"the Kafka broker {brokers}: {what}", retryable=retryable)


async def partitions_of(brokers: str, topic: str) -> int:
    """How many partitions a topic has. `SourceError` when nobody is there, no broker is, or the topic is not.

    Asks for all topics: asking for one may create it.
    """
    async with connected(brokers) as admin:
        try:
            topics = await admin.list_topics()
            if topic in topics:
                described: list[dict[str, Any]] = await admin.describe_topics([topic])
                return len(described[0]["partitions"])
        except Exception as error:
            raise source_error(error, brokers) from error
    known = sorted(name for name in topics if not name.startswith("__"))
    shown = ", ".join(known[:8]) + (f" and {len(known) - 8} more" if len(known) > 8 else "")
    raise SourceError(
        f"there is no topic {topic!r} at {brokers}",
        retryable=False,
        hint=f"its topics are {shown}" if known else "it has no topics at all",
    )


@asynccontextmanager
async def connected(brokers: str) -> AsyncIterator[Any]:
    """An admin client of the broker. `SourceError` when nobody listens there, or no broker does."""
    await _listening(brokers)
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415  # only for who connects

    admin = AIOKafkaAdminClient(bootstrap_servers=brokers, request_timeout_ms=_PATIENCE * 1000)
    try:
        try:
            async with asyncio.timeout(_PATIENCE):
                await admin.start()
        except Exception as error:
            raise no_broker(brokers) from error
        yield admin
    finally:
        await admin.close()


def no_broker(brokers: str) -> SourceError:
    """Something listens there and does not speak Kafka, or not without TLS."""
    return SourceError(
        f"what listens at {brokers} does not answer as a Kafka broker without TLS",
        retryable=False,
        hint="name a PLAINTEXT listener of the broker",
    )


async def _listening(brokers: str) -> None:
    """`SourceError` when no address of the list takes a connection."""
    reasons = []
    for address in brokers.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise SourceError(
                f"{address!r} is no address of a broker", retryable=False, hint="write host:port"
            )
        try:
            async with asyncio.timeout(_PATIENCE):
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except TimeoutError:
            reasons.append(f"{address} does not answer")
        except socket.gaierror:
            reasons.append(f"there is no host {host}")
        except (OSError, OverflowError) as error:
            reasons.append(f"{address}: {getattr(error, 'strerror', None) or error}")
        else:
            writer.close()
            return
    raise SourceError(
        f"no Kafka broker at {brokers}: {'; '.join(reasons)}",
        retryable=False,
        hint="start one, such as: docker run -p 9092:9092 apache/kafka",
    )
