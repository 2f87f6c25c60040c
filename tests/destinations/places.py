"""The destinations of the conformance suite: each can be read, taken away, and asked for one that is not there."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from streamsim.destinations.addresses import address_of
from streamsim.engine.ports import Destination
from streamsim.scenario.real.discarding import open_destination
from streamsim.streams.aws.endpoint import Endpoint
from streamsim.streams.kafka.topics import create_topic

REGION = "eu-west-1"


async def _nameless() -> list[str]:
    return []


@dataclass(frozen=True, slots=True)
class Place:
    """A destination and what the tests need to know of it.

    `wrap` makes of a document what the engine hands over, `arrived` reads the documents there, `remove` takes it away.
    `keyed` tells whether keys name what arrives; then `names` are those that are there.
    """

    destination: Destination
    complaints: list[str]
    arrived: Callable[[], Awaitable[list[str]]]
    remove: Callable[[], Awaitable[None]]
    keyed: bool = False
    names: Callable[[], Awaitable[list[str]]] = _nameless

    def wrap(self, document: str) -> str:
        if ":sns:" not in self.destination.name:
            return document
        return json.dumps({"Type": "Notification", "Message": document})


@dataclass(frozen=True, slots=True)
class Servers:
    """What runs on loopback: AWS's stand-in, and a broker; `stop_broker` only for one that nobody else uses."""

    endpoint: str
    brokers: str
    stop_broker: Callable[[], None] | None = None


async def _opened(
    text: str, servers: Servers, stack: AsyncExitStack, patience: float
) -> tuple[Destination, list[str]]:
    complaints: list[str] = []
    destination = await open_destination(
        address_of(text),
        stack,
        brokers=servers.brokers,
        endpoint=Endpoint(servers.endpoint),
        complain=complaints.append,
        patience=patience,
    )
    return destination, complaints


@asynccontextmanager
async def place(kind: str, servers: Servers, folder: Path, patience: float = 10) -> AsyncIterator[Place]:
    """A new destination of that kind, empty."""
    async with AsyncExitStack() as stack:
        match kind:
            case "file":
                yield await _file(servers, folder, stack, patience)
            case "kafka":
                yield await _kafka(servers, stack, patience)
            case "sqs":
                yield await _sqs(servers, stack, patience)
            case "sns":
                yield await _sns(servers, stack, patience)
            case "s3":
                yield await _s3(servers, stack, patience)


async def _file(servers: Servers, folder: Path, stack: AsyncExitStack, patience: float) -> Place:
    path = folder / "failed.ndjson"
    destination, complaints = await _opened(f"file:{path}", servers, stack, patience)

    async def arrived() -> list[str]:
        return path.read_text().splitlines()

    async def remove() -> None:
        full = os.open("/dev/full", os.O_WRONLY)  # a disk without room, under the file that is open
        os.dup2(full, destination._file.fileno())  # type: ignore[attr-defined]
        os.close(full)

    return Place(destination, complaints, arrived, remove)


async def _kafka(servers: Servers, stack: AsyncExitStack, patience: float) -> Place:
    topic = f"failed-{uuid4().hex[:8]}"
    await create_topic(servers.brokers, topic, 1)
    destination, complaints = await _opened(f"kafka://{topic}", servers, stack, patience)

    async def arrived() -> list[str]:
        from aiokafka import AIOKafkaConsumer, TopicPartition

        consumer = AIOKafkaConsumer(bootstrap_servers=servers.brokers, auto_offset_reset="earliest")
        await consumer.start()
        try:
            consumer.assign([TopicPartition(topic, 0)])
            found = await consumer.getmany(timeout_ms=2000)
            return [record.value.decode() for records in found.values() for record in records]
        finally:
            await consumer.stop()

    async def remove() -> None:
        assert servers.stop_broker is not None
        servers.stop_broker()

    return Place(destination, complaints, arrived, remove)


async def client(service: str, servers: Servers, stack: AsyncExitStack) -> Any:
    from aiobotocore.session import get_session

    making = get_session().create_client(service, region_name=REGION, endpoint_url=servers.endpoint)
    return await stack.enter_async_context(making)


async def _sqs(servers: Servers, stack: AsyncExitStack, patience: float) -> Place:
    sqs = await client("sqs", servers, stack)
    url = (await sqs.create_queue(QueueName=f"failed-{uuid4().hex[:8]}"))["QueueUrl"]
    destination, complaints = await _opened(f"sqs:{url.rsplit('/', 1)[1]}", servers, stack, patience)

    async def remove() -> None:
        await sqs.delete_queue(QueueUrl=url)

    return Place(destination, complaints, lambda: _messages(sqs, url), remove)


async def _messages(sqs: Any, url: str) -> list[str]:
    bodies: list[str] = []
    while True:
        found = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        messages: Sequence[Any] = found.get("Messages", ())
        if not messages:
            return bodies
        for message in messages:
            bodies.append(message["Body"])
            await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


async def _sns(servers: Servers, stack: AsyncExitStack, patience: float) -> Place:
    sns, sqs = await asyncio.gather(client("sns", servers, stack), client("sqs", servers, stack))
    name = f"failed-{uuid4().hex[:8]}"
    arn = (await sns.create_topic(Name=name))["TopicArn"]
    url = (await sqs.create_queue(QueueName=name))["QueueUrl"]
    attributes = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    await sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"])
    destination, complaints = await _opened(arn, servers, stack, patience)

    async def arrived() -> list[str]:
        return [json.loads(body)["Message"] for body in await _messages(sqs, url)]

    async def remove() -> None:
        await sns.delete_topic(TopicArn=arn)

    return Place(destination, complaints, arrived, remove)


async def _s3(servers: Servers, stack: AsyncExitStack, patience: float) -> Place:
    s3 = await client("s3", servers, stack)
    bucket = f"failed-{uuid4().hex[:8]}"
    await s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    destination, complaints = await _opened(f"s3://{bucket}", servers, stack, patience)

    async def names() -> list[str]:
        found = await s3.list_objects_v2(Bucket=bucket)
        return sorted(one["Key"] for one in found.get("Contents", ()))

    async def arrived() -> list[str]:
        texts = []
        for key in await names():
            got = await s3.get_object(Bucket=bucket, Key=key)
            assert got["ContentType"] == "application/octet-stream"
            texts.append((await got["Body"].read()).decode())
        return texts

    async def remove() -> None:
        for key in await names():
            await s3.delete_object(Bucket=bucket, Key=key)
        await s3.delete_bucket(Bucket=bucket)

    return Place(destination, complaints, arrived, remove, keyed=True, names=names)
