"""A Kinesis stream for processes that are killed: its shards may split and merge meanwhile, its endpoint may be ill."""

import base64
import hashlib
import json
import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from streamsim.streams.aws.endpoint import Endpoint, client_of
from streamsim.streams.aws.lease_file import LeaseFile
from streamsim.streams.aws.lease_items import LeaseItems
from streamsim.streams.aws.leases import LeaseTable
from tests.streams.endpoints import Illness, Proxy, proxy_to, refusal
from tests.streams.killing import MOST, Place
from tests.streams.shard_members import Stream, registered, stream_of

SHARDS = 4
KEYS = 28
GROUP = "killed"

#: So many records one call puts at most (Kinesis API, PutRecords).
_CALL = 500

READS = {"GetRecords", "GetShardIterator", "SubscribeToShard"}

#: After so many pushes a subscription is cut off.
_PUSHES = 5


class StreamCourse:
    """See `Course`. A key's records go to the shard that owns its hash, whatever becomes of that shard."""

    def __init__(
        self, stream: Stream, proxy: Proxy, table: LeaseTable, options: list[str], each: int
    ) -> None:
        """`proxy` is where processes find it. While one works `each` records come, and shards change if that is not 0."""
        self.everything: set[Place] = set()
        self.parents: dict[str, tuple[str, ...]] = {}
        self._stream = stream
        self._proxy = proxy
        self._table = table
        self._options = options
        self._each = each
        self._counts: Counter[str] = Counter()
        self._turns: Counter[str] = Counter()
        self._lasts: dict[str, str] = {}
        self._chance = random.Random(7)
        self._splits = True

    def source(self) -> list[str]:
        return [
            f"kinesis://{self._stream.name}",
            "--endpoint-url",
            self._proxy.url,
            "--group",
            GROUP,
            *self._options,
        ]

    async def put(self, count: int) -> None:
        """Adds records of any keys, and makes sure that they are where and in the order that they should be."""
        shards = await self._stream.open_shards()
        for begin in range(0, count, _CALL):
            listed, homes = [], []
            for _ in range(min(_CALL, count - begin)):
                key = f"key-{self._chance.randrange(KEYS)}"
                home = _home(shards, key)
                place = (home, self._counts[home])
                data = f"{place[1]} {self._turns[key]}".encode()
                listed.append({"PartitionKey": key, "Data": data})
                homes.append(home)
                self.everything.add(place)
                self._counts[home] += 1
                self._turns[key] += 1
            answer = await self._stream.client.put_records(StreamName=self._stream.name, Records=listed)
            assert [one["ShardId"] for one in answer["Records"]] == homes
            numbers = [(one["ShardId"], int(one["SequenceNumber"])) for one in answer["Records"]]
            assert sorted(numbers) == sorted(numbers, key=lambda one: one[0])  # ascending within a shard
            self._lasts |= {shard: str(number) for shard, number in numbers}

    async def meanwhile(self) -> None:
        """Splits and merges in turns, between records."""
        if not self._each:
            return
        await self.put(self._each // 2)
        if self._splits:
            await self._stream.split(self._chance.randrange(SHARDS))
        else:
            await self._stream.merge(self._chance.randrange(SHARDS))
        self._splits = not self._splits
        await self.put(self._each // 2)
        names = ("ParentShardId", "AdjacentParentShardId")
        for one in await self._stream.shards():
            if parents := tuple(one[name] for name in names if one.get(name)):
                self.parents[one["ShardId"]] = parents
                for parent in parents:
                    self._proxy.close(parent, self._lasts.get(parent))

    async def committed(self) -> dict[str, int]:
        return {shard: lease.position for shard, lease in (await self._table.all()).items()}

    def discarded(self, document: Mapping[str, Any]) -> set[Place]:
        records = json.loads(document["payload"])["Records"]
        return {
            (one["eventID"].partition(":")[0], int(base64.b64decode(one["kinesis"]["data"]).split()[0]))
            for one in records
        }


def _home(shards: list[dict[str, Any]], key: str) -> str:
    hashed = int(hashlib.md5(key.encode()).hexdigest(), 16)
    (home,) = [one["ShardId"] for one in shards if hashed <= int(one["HashKeyRange"]["EndingHashKey"])][:1]
    return str(home)


@asynccontextmanager
async def course_of(
    url: str, moments: int, *, leases: str | None, reshards: bool, ill: bool, pushed: bool
) -> AsyncIterator[StreamCourse]:
    """A stream with enough records for so many moments. Leases are in a file, or in a table at that endpoint.

    Records are `pushed` over enhanced fan-out, or polled.
    """
    async with AsyncExitStack() as stack:
        stream = await stack.enter_async_context(stream_of(url, SHARDS))
        arn = (await stream.client.describe_stream_summary(StreamName=stream.name))[
            "StreamDescriptionSummary"
        ]["StreamARN"]
        if leases is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            path = Path(folder) / "checkpoints.sqlite"
            table: LeaseTable = LeaseFile(path, arn, GROUP)
            options = ["--checkpoints", str(path)]
        else:
            client = await stack.enter_async_context(client_of(Endpoint(leases), "dynamodb"))
            name = f"leases-{uuid4().hex[:10]}"
            table = LeaseItems(client, leases, name, arn, GROUP)
            options = ["--checkpoints", f"dynamodb://{name}", "--checkpoints-endpoint-url", leases]
        await table.open()
        stack.push_async_callback(table.close)
        proxy = await stack.enter_async_context(proxy_to(url))
        if ill:
            proxy.misbehaves = _illness
        if pushed:
            proxy.pushes = _PUSHES
            options += ["--consumer", await registered(stream)]
        course = StreamCourse(stream, proxy, table, options, MOST if reshards else 0)
        await course.put(MOST if reshards else moments * MOST + 500)
        yield course


def _illness(call: str, chance: random.Random = random.Random(7)) -> Illness:  # noqa: B008  # one for all calls
    """One read in ten goes wrong."""
    kind = chance.random()
    if call not in READS or kind > 0.1:
        return None
    if kind > 0.06:
        return refusal("InternalFailure", 500)
    if kind > 0.02:
        return refusal("ProvisionedThroughputExceededException")
    return "hangs"
