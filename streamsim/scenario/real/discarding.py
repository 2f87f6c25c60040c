"""Opens the destination of a live run's discarded batches: connects, and refuses what is not there."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Final

from streamsim.destinations.addresses import (
    Address,
    BucketAddress,
    FileAddress,
    NotificationAddress,
    QueueAddress,
    TopicAddress,
)
from streamsim.destinations.aws import PATIENCE, open_bucket, open_queue, open_topic
from streamsim.destinations.live import FileDestination, TopicDestination
from streamsim.engine.ports import Destination, SourceError
from streamsim.streams.aws.endpoint import Endpoint, client_of
from streamsim.streams.kafka.access import OPEN, Access
from streamsim.streams.kafka.errors import partitions_of
from streamsim.streams.kafka.topics import producer_of

#: Where queues, topics and buckets are unless somebody says otherwise.
AWS: Final = Endpoint()


async def open_destination(
    address: Address,
    stack: AsyncExitStack,
    *,
    brokers: str | None = None,
    endpoint: Endpoint = AWS,
    access: Access = OPEN,
    complain: Callable[[str], None] = lambda _line: None,
    patience: float = PATIENCE,
) -> Destination:
    """The destination, closed with `stack`. `OSError` for a file that cannot be written, else `SourceError`.

    `brokers` are those of a topic that names none, `access` how they let us in; `endpoint` is where SQS, SNS and S3 are.
    `complain` hears why a document did not arrive, a line each time; `patience` is how many seconds a request may take.
    """
    match address:
        case FileAddress(path):
            file = FileDestination(path, complain)
            stack.callback(file.close)
            return file
        case TopicAddress(topic, own):
            return await _topic(topic, own or brokers, access, stack, complain, patience)
        case QueueAddress(queue, region, account):
            client = await _client(replace(endpoint, region=region or endpoint.region), "sqs", stack)
            return await open_queue(client, queue, account, complain, patience)
        case NotificationAddress(arn):
            client = await _client(replace(endpoint, region=address.region), "sns", stack)
            return await open_topic(client, arn, complain, patience)
        case BucketAddress(bucket):
            client = await _client(endpoint, "s3", stack)
            return await open_bucket(client, bucket, complain, patience)


async def _topic(
    topic: str,
    brokers: str | None,
    access: Access,
    stack: AsyncExitStack,
    complain: Callable[[str], None],
    patience: float,
) -> TopicDestination:
    if brokers is None:
        raise SourceError(
            f"which broker has the topic {topic}?", retryable=False, hint=f"write kafka://HOST:PORT/{topic}"
        )
    await partitions_of(brokers, topic, access)
    producer = await producer_of(brokers, patience, access)
    stack.push_async_callback(producer.stop)
    return TopicDestination(producer, topic, complain, patience)


async def _client(endpoint: Endpoint, service: str, stack: AsyncExitStack) -> Any:
    try:
        return await stack.enter_async_context(client_of(endpoint, service))
    except SourceError as error:
        if type(error.__cause__).__name__ != "NoRegionError":
            raise
        raise SourceError(
            f"{service}: no region is configured", retryable=False, hint="set AWS_DEFAULT_REGION"
        ) from None
