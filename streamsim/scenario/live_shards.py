"""A Kinesis stream or a table's stream as the source of a live run: how it is connected to, and where checkpoints are."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from streamsim.engine.ports import Clock, Stream
from streamsim.model.names import Account
from streamsim.model.stream_type import STREAM_TYPES, StreamType
from streamsim.rules.source import Source
from streamsim.scenario.opened import Opened
from streamsim.streams.aws.endpoint import Endpoint, client_of
from streamsim.streams.aws.errors import patiently
from streamsim.streams.aws.fan_out import consumer_of, take_pushed
from streamsim.streams.aws.kinesis import KinesisShards
from streamsim.streams.aws.lease_file import LeaseFile
from streamsim.streams.aws.lease_items import LeaseItems
from streamsim.streams.aws.leases import LeaseTable
from streamsim.streams.aws.polling import Trouble
from streamsim.streams.aws.reading import ShardReading
from streamsim.streams.aws.shards import Shards
from streamsim.streams.aws.table import TableShards
from streamsim.streams.aws.tenure import Sharing
from streamsim.streams.live.consuming import Beginning
from streamsim.streams.live.stream import LiveStream


@dataclass(frozen=True, slots=True)
class ShardSource:
    """A stream or a table by its name. Processes of one `group` share it.

    Their checkpoints are in a file, or in the DynamoDB table of that name, at `checkpoints_at`. `session_timeout` is how many
    milliseconds a silent process may keep its shards. A registered `consumer` of a stream gets its records pushed.
    """

    type: Literal["kinesis", "dynamodb"]
    name: str
    endpoint: Endpoint
    group: str
    checkpoints: Path | str
    checkpoints_at: Endpoint
    session_timeout: int
    consumer: str | None = None

    @property
    def url(self) -> str:
        """As the command line takes it."""
        return f"{self.type}://{self.name}"

    @property
    def kind(self) -> StreamType:
        """What events look like, and how shards are polled."""
        return STREAM_TYPES[self.type]


async def open_shards(
    source: ShardSource, beginning: Beginning, session_timeout: int, trouble: Trouble, stack: AsyncExitStack
) -> Opened:
    """Connects to the stream and makes its reading, which has yet to join. `SourceError` when it cannot be read."""
    endpoint = source.endpoint
    fetch, arn = None, None
    if source.type == "kinesis":
        client = await stack.enter_async_context(client_of(endpoint, "kinesis"))
        shards: Shards = KinesisShards(client, endpoint.at, source.name)
        described = await patiently(shards.describe)
        if source.consumer is not None:
            asked = partial(consumer_of, client, endpoint.at, described.arn, source.consumer)
            consumer = await patiently(asked)
            fetch, arn = partial(take_pushed, consumer, shards), consumer.arn
    else:
        tables = await stack.enter_async_context(client_of(endpoint, "dynamodb"))
        streams = await stack.enter_async_context(client_of(endpoint, "dynamodbstreams"))
        shards = TableShards(tables, streams, endpoint.at, source.name)
        described = await patiently(shards.describe)
    table = await _table(source, described.arn, stack)
    reading = ShardReading(
        shards, described, beginning, Sharing(table, session_timeout / 1000), trouble, fetch
    )
    stack.push_async_callback(reading.stop)
    region, account = described.arn.split(":")[3:5]

    def stream(clock: Clock) -> Stream:
        return LiveStream(reading.logs, reading.parents, clock, source.kind, described.retention)

    return Opened(
        reading,
        stream,
        Source(source.name, account=Account(region, account), type=source.kind, arn=arn or described.arn),
        {"type": source.type, "retention": described.retention, "stream": source.name},
        lambda: reading.known,
        "shards",
    )


async def _table(source: ShardSource, arn: str, stack: AsyncExitStack) -> LeaseTable:
    if isinstance(source.checkpoints, Path):
        return LeaseFile(source.checkpoints, arn, source.group)
    client = await stack.enter_async_context(client_of(source.checkpoints_at, "dynamodb"))
    return LeaseItems(client, source.checkpoints_at.at, source.checkpoints, arn, source.group)
