"""Opens the destination of a live run's discarded batches: connects, and refuses what is not there."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from streamsim.destinations.addresses import (
    Address,
    BucketAddress,
    FileAddress,
    NotificationAddress,
    QueueAddress,
    TopicAddress,
)
from streamsim.destinations.aws import (
    PATIENCE,
    BucketDestination,
    NotificationDestination,
    QueueDestination,
)
from streamsim.destinations.live import FileDestination, TopicDestination
from streamsim.engine.ports import Destination, SourceError
from streamsim.streams.kafka_errors import partitions_of
from streamsim.streams.kafka_topics import producer_of


async def open_destination(
    address: Address,
    stack: AsyncExitStack,
    *,
    brokers: str | None = None,
    endpoint: str | None = None,
    complain: Callable[[str], None] = lambda _line: None,
    patience: float = PATIENCE,
) -> Destination:
    """The destination, closed with `stack`. `OSError` for a file that cannot be written, else `SourceError`.

    `brokers` are those of a topic that names none; `endpoint` is a URL in the place of AWS. `complain` hears why a
    document did not arrive, a line each time; `patience` is how many seconds a request may take.
    """
    match address:
        case FileAddress(path):
            file = FileDestination(path, complain)
            stack.callback(file.close)
            return file
        case TopicAddress(topic, own):
            return await _topic(topic, own or brokers, stack, complain, patience)
        case QueueAddress(queue, region, account):
            client = await _client("sqs", region, endpoint, stack)
            return await QueueDestination.open(client, queue, account, complain, patience)
        case NotificationAddress(arn):
            client = await _client("sns", address.region, endpoint, stack)
            return await NotificationDestination.open(client, arn, complain, patience)
        case BucketAddress(bucket):
            client = await _client("s3", None, endpoint, stack)
            return await BucketDestination.open(client, bucket, complain, patience)


async def _topic(
    topic: str,
    brokers: str | None,
    stack: AsyncExitStack,
    complain: Callable[[str], None],
    patience: float,
) -> TopicDestination:
    if brokers is None:
        raise SourceError(
            f"which broker has the topic {topic}?", retryable=False, hint=f"write kafka://HOST:PORT/{topic}"
        )
    await partitions_of(brokers, topic)
    producer = await producer_of(brokers, patience)
    stack.push_async_callback(producer.stop)
    return TopicDestination(producer, topic, complain, patience)


async def _client(service: str, region: str | None, endpoint: str | None, stack: AsyncExitStack) -> Any:
    """A client that sends every request once. `SourceError` without the extra, a region or credentials."""
    try:
        from aiobotocore.config import AioConfig  # noqa: PLC0415  # an extra
        from aiobotocore.session import get_session  # noqa: PLC0415
    except ModuleNotFoundError:
        raise SourceError(
            "destinations in AWS need aiobotocore", retryable=False, hint="try: pip install 'streamsim[aws]'"
        ) from None
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    config = AioConfig(
        connect_timeout=PATIENCE,
        read_timeout=PATIENCE,
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"} if endpoint else {},
    )
    session = get_session()
    try:
        if await session.get_credentials() is None:
            raise SourceError(
                "there are no AWS credentials",
                retryable=False,
                hint="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            )
        making = session.create_client(service, region_name=region, endpoint_url=endpoint, config=config)
        return await stack.enter_async_context(making)
    except (BotoCoreError, ValueError) as error:
        hint = "set AWS_REGION" if "region" in str(error).lower() else None
        raise SourceError(f"{service}: {error}", retryable=False, hint=hint) from None
