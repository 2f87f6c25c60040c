"""What may be wrong with a broker or a topic, in one line each, before anything runs and while it does.

Knows aiokafka's errors and how to ask a broker for its topics without creating one.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from streamsim.engine.ports import SourceError
from streamsim.streams.kafka.access import OPEN, Access

#: How long a broker may take to answer the first question, in seconds.
_PATIENCE: Final = 10

#: How long the end of a connection is waited for, in seconds: with TLS both sides take leave.
_PARTING: Final = 1.0


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


async def partitions_of(brokers: str, topic: str, access: Access = OPEN) -> int:
    """How many partitions a topic has. `SourceError` when nobody is there, no broker is, or the topic is not.

    Asks for all topics: asking for one may create it.
    """
    async with connected(brokers, access) as admin:
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
async def connected(brokers: str, access: Access = OPEN) -> AsyncIterator[Any]:
    """An admin client of the broker. `SourceError` when nobody listens there, no broker does, or it does not let us in."""
    await _greet(*await _listening(brokers), access)
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415  # only for who connects

    admin = AIOKafkaAdminClient(
        bootstrap_servers=brokers, request_timeout_ms=_PATIENCE * 1000, **access.options
    )
    try:
        try:
            async with asyncio.timeout(_PATIENCE):
                await admin.start()
        except Exception as error:
            raise _closing(brokers, access) from error
        yield admin
    finally:
        await admin.close()


async def _greet(host: str, port: int, access: Access) -> None:
    """Shakes hands once, to tell why where it is refused: aiokafka's clients only tell that they cannot connect."""
    from aiokafka.conn import AIOKafkaConnection  # noqa: PLC0415  # only for who connects
    from aiokafka.errors import KafkaError  # noqa: PLC0415

    at = f"{host}:{port}"
    connection = AIOKafkaConnection(host, port, request_timeout_ms=_PATIENCE * 1000, **access.options)
    wrong = None
    try:
        await connection.connect()
    except ssl.SSLCertVerificationError as error:
        hint = "trust its authority: ssl.ca.location=FILE in the file of --kafka-config"
        if "mismatch" in error.verify_message:
            hint = (
                "name the broker as its certificate does, or write ssl.endpoint.identification.algorithm=none"
            )
        message = f"the certificate of {at} does not hold: {error.verify_message}"
        raise SourceError(message, retryable=False, hint=hint) from error
    except KafkaError as error:  # it is connected by then, with TLS where that was asked for
        wrong = error
    except Exception as error:
        raise no_broker(at, access) from error
    await asyncio.wait([connection.close()], timeout=_PARTING)
    if wrong is not None:
        raise _unwelcome(wrong, at, access) from wrong


def _unwelcome(error: Exception, at: str, access: Access) -> SourceError:
    from aiokafka import errors  # noqa: PLC0415  # only for who connects

    match error:
        case errors.AuthenticationFailedError() | errors.SaslAuthenticationFailed():
            return _refused(at, access, "wrong name or password")
        case errors.UnsupportedSaslMechanismError() | errors.IllegalSaslStateError():
            return _refused(at, access, "it has no such login at this port")
        case errors.KafkaConnectionError() if access.tls is not None:
            return _closing(at, access)
        case _:
            return no_broker(at, access)


def _refused(at: str, access: Access, why: str) -> SourceError:
    assert access.login is not None
    message = f"the Kafka broker {at} does not let {access.login.username!r} in with {access.login.mechanism}: {why}"
    return SourceError(message, retryable=False, hint="see the file of --kafka-config")


def no_broker(brokers: str, access: Access = OPEN) -> SourceError:
    """Something listens there and does not speak Kafka, or not with TLS, or not without."""
    if access.tls is not None:
        return SourceError(
            f"what listens at {brokers} does not answer as a Kafka broker with TLS",
            retryable=False,
            hint="name a listener of the broker with TLS, or write security.protocol=PLAINTEXT",
        )
    return SourceError(
        f"what listens at {brokers} does not answer as a Kafka broker without TLS",
        retryable=False,
        hint="name a PLAINTEXT listener of the broker, or say how it takes TLS: --kafka-config FILE",
    )


def _closing(brokers: str, access: Access) -> SourceError:
    """It greets us and says no more: what it wants to know first has not been said."""
    wanted = "a login" if access.login is None else "another login"
    if access.tls is not None:
        wanted += " or a certificate of ours"
    return SourceError(
        f"the Kafka broker {brokers} ends the connection: it may want {wanted}",
        retryable=False,
        hint="--kafka-config FILE says so",
    )


async def _listening(brokers: str) -> tuple[str, int]:
    """The first address of the list that takes a connection; `SourceError` when none does."""
    reasons = []
    for address in brokers.split(","):
        host, _, port = address.strip().rpartition(":")
        host = host.strip("[]")
        if not host or not port.isdecimal():
            raise SourceError(
                f"{address!r} is no address of a broker", retryable=False, hint="write host:port"
            )
        try:
            async with asyncio.timeout(_PATIENCE):
                _, writer = await asyncio.open_connection(host, int(port))
        except TimeoutError:
            reasons.append(f"{address} does not answer")
        except socket.gaierror:
            reasons.append(f"there is no host {host}")
        except (OSError, OverflowError) as error:
            reasons.append(f"{address}: {getattr(error, 'strerror', None) or error}")
        else:
            writer.close()
            return host, int(port)
    raise SourceError(
        f"no Kafka broker at {brokers}: {'; '.join(reasons)}",
        retryable=False,
        hint="start one, such as: docker run -p 9092:9092 apache/kafka",
    )
