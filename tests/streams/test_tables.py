"""The engine's worker on a table's stream, and leases in a table."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from streamsim.engine.ports import SourceError
from streamsim.engine.wall_clock import wall_clock
from streamsim.model.batch import Batch
from streamsim.model.events import ShardOpen
from streamsim.model.stream_type import DYNAMODB
from streamsim.model.units import SECOND
from streamsim.rules.events.event import event_of
from streamsim.rules.source import Source
from streamsim.streams.aws.endpoint import Endpoint, client_of
from streamsim.streams.aws.lease_items import LeaseItems
from streamsim.streams.aws.shards import OLDEST, FetchedForm, Place
from streamsim.streams.aws.table import TableShards, table_record
from streamsim.streams.live.log import LiveLog
from tests.streams.shard_members import ShardMember, firsts, stream_of


async def table_of(client: Any, *, stream: bool = True) -> str:
    name = f"orders-{uuid4().hex[:10]}"
    more: dict[str, Any] = {}
    if stream:
        more["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    await client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )
    return name


def test_the_records_of_a_table_make_the_event_that_lambda_makes(dynamodb: str) -> None:
    async def story() -> None:
        endpoint = Endpoint(dynamodb)
        async with (
            client_of(endpoint, "dynamodb") as tables,
            client_of(endpoint, "dynamodbstreams") as streams,
        ):
            name = await table_of(tables)
            try:
                await tables.put_item(
                    TableName=name, Item={"id": {"S": "a"}, "n": {"N": "1"}, "raw": {"B": b"\x00\xff"}}
                )
                await tables.put_item(TableName=name, Item={"id": {"S": "a"}, "n": {"N": "2"}})
                await tables.delete_item(TableName=name, Key={"id": {"S": "a"}})
                shards = TableShards(tables, streams, "the endpoint", name)
                described = await shards.describe()
                (shard,) = await shards.shards()
                assert (shard.parents, shard.closed) == ((), False)
                answer = await shards.read(await shards.iterator(shard.id, OLDEST))
                second = answer.records[1].sequence_number
                rest = await shards.read(
                    await shards.iterator(shard.id, Place("AFTER_SEQUENCE_NUMBER", second))
                )
                assert list(rest.records) == list(answer.records[2:])
                # no iterator begins at an instant: it is the oldest record's, and what came before is left out
                since = Place("AT_TIMESTAMP", since=answer.records[0].arrived + 10 * SECOND)
                there = await shards.read(await shards.iterator(shard.id, since))
                assert (list(there.records), there.since(since).records) == (list(answer.records), [])
            finally:
                await tables.delete_table(TableName=name)
        epoch = wall_clock()
        log = LiveLog(shard.id, FetchedForm())
        log.append(answer.records, [one.arrived - epoch for one in answer.records], [1, 1, 1])
        source = Source(name, epoch=epoch, type=DYNAMODB, arn=described.arn)
        records = event_of(Batch(log, range(3), "id"), source)["Records"]
        assert [one["eventName"] for one in records] == ["INSERT", "MODIFY", "REMOVE"]
        assert {one["eventSourceARN"] for one in records} == {described.arn}
        change = records[0]["dynamodb"]
        assert change["Keys"] == {"id": {"S": "a"}}
        assert change["NewImage"] == {"id": {"S": "a"}, "n": {"N": "1"}, "raw": {"B": "AP8="}}
        assert change["SequenceNumber"] == answer.records[0].sequence_number
        assert change["StreamViewType"] == "NEW_AND_OLD_IMAGES"
        assert change["ApproximateCreationDateTime"] % 1 == 0
        assert {answer.records[0].partition_key} == {one.partition_key for one in answer.records}

    asyncio.run(story())


def test_a_deletion_by_time_to_live_says_who_did_it() -> None:
    from datetime import UTC, datetime

    record = table_record(
        {
            "eventID": "f" * 32,
            "eventName": "REMOVE",
            "userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"},
            "dynamodb": {
                "ApproximateCreationDateTime": datetime(2026, 1, 1, tzinfo=UTC),
                "Keys": {"id": {"S": "a"}},
                "SequenceNumber": "100",
                "SizeBytes": 3,
                "StreamViewType": "KEYS_ONLY",
            },
        }
    )
    written = json.loads(record.data)
    assert written["userIdentity"] == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
    assert written["eventID"] == "f" * 32
    assert record.arrived == 1767225600_000_000


@pytest.mark.parametrize(
    ("stream", "said"), [(False, "has no stream"), (None, "there is no table")], ids=["no stream", "no table"]
)
def test_what_cannot_be_read_is_told_in_one_sentence(dynamodb: str, stream: bool | None, said: str) -> None:
    async def story() -> None:
        endpoint = Endpoint(dynamodb)
        async with (
            client_of(endpoint, "dynamodb") as tables,
            client_of(endpoint, "dynamodbstreams") as streams,
        ):
            name = "nowhere" if stream is None else await table_of(tables, stream=stream)
            try:
                with pytest.raises(SourceError, match=said) as raised:
                    await TableShards(tables, streams, "the endpoint", name).describe()
                assert not raised.value.retryable
                assert raised.value.hint
            finally:
                if stream is not None:
                    await tables.delete_table(TableName=name)

    asyncio.run(story())


def test_processes_share_the_shards_by_leases_in_a_table(kinesis: str, dynamodb: str) -> None:
    async def story() -> None:
        async with stream_of(kinesis, 4) as stream, client_of(Endpoint(dynamodb), "dynamodb") as client:
            await stream.put(80)
            name = f"leases-{uuid4().hex[:10]}"
            members = [
                ShardMember(stream, LeaseItems(client, "the endpoint", name, "arn", "group"), look=0.5)
                for _ in range(2)
            ]
            members[0].start()
            await stream.until(lambda: len(members[0].told(ShardOpen)) == 4)
            members[1].start()
            await stream.until(lambda: members[1].owned == 2)
            await stream.put(80)
            await stream.split(0)
            await stream.put(80)
            await stream.until(lambda: len(members[0].seen | members[1].seen) == stream.total)
            await asyncio.gather(*(member.finish() for member in members))
            assert {key: sorted(own) for key, own in firsts(members).items()} == stream.numbers
            table = LeaseItems(client, "the endpoint", name, "arn", "group")
            leases = (await table.all()).values()
            assert sum(lease.position for lease in leases) == stream.total
            assert {lease.owner for lease in leases} == {""}
            await client.delete_table(TableName=name)

    asyncio.run(story())
