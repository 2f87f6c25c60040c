"""DynamoDB Streams: the calls of a reader of a table's stream. Nothing here writes to the table.

(DynamoDB Streams API: DescribeStream, GetShardIterator, GetRecords. An iterator lives 15 minutes, records 24 hours.)
"""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from streamsim.model.stream_type import DYNAMODB, StreamType
from streamsim.model.units import DAY
from streamsim.streams.aws.errors import GoneError, absent, answered, arn_of
from streamsim.streams.aws.kinesis import microseconds, time_there
from streamsim.streams.aws.shards import Answer, Described, Fetched, ListedShard, Place


class TableShards:
    """The latest stream of a table. The clients are aiobotocore's of `dynamodb` and `dynamodbstreams`."""

    kind: StreamType = DYNAMODB

    def __init__(self, tables: Any, streams: Any, at: str, table: str) -> None:
        self._tables = tables
        self._streams = streams
        self._at = at
        self.table = table
        self._arn = ""
        self.url = f"dynamodb://{table}"

    async def describe(self) -> Described:
        """See `Shards`."""
        try:
            asked = self._tables.describe_table(TableName=self.table)
            answer = await answered(asked, self._at, "Table", starting=True)
        except GoneError as error:
            listing, names = self._tables.list_tables(Limit=8), ("TableNames", "LastEvaluatedTableName")
            raise await absent("table", self.table, self._at, listing, names) from error
        table = answer["Table"]
        if not table.get("LatestStreamArn") or not table.get("StreamSpecification", {}).get("StreamEnabled"):
            raise GoneError(
                f"the table {self.table!r} at {self._at} has no stream",
                f"aws dynamodb update-table --table-name {self.table} --stream-specification "
                "StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES",
            )
        self._arn = arn_of(table, "LatestStreamArn", self._at)
        return Described(self._arn, DAY, time_there(answer))

    async def shards(self) -> Sequence[ListedShard]:
        """See `Shards`."""
        listed: list[dict[str, Any]] = []
        which = {"StreamArn": self._arn}
        while True:
            answer = await answered(self._streams.describe_stream(**which), self._at, "StreamDescription")
            described = answer["StreamDescription"]
            listed += described.get("Shards", ())
            last = described.get("LastEvaluatedShardId")
            if not last:
                break
            which = {"StreamArn": self._arn, "ExclusiveStartShardId": last}
        return [
            ListedShard(
                one["ShardId"],
                (one["ParentShardId"],) if one.get("ParentShardId") else (),
                "EndingSequenceNumber" in one.get("SequenceNumberRange", {}),
            )
            for one in sorted(listed, key=lambda one: str(one["ShardId"]))
        ]

    async def iterator(self, shard: str, place: Place) -> str:
        """See `Shards`. There are none from an instant on: what came before is read, and left out by who asks."""
        kind = "TRIM_HORIZON" if place.type == "AT_TIMESTAMP" else place.type
        more = {"SequenceNumber": place.number} if place.type == "AFTER_SEQUENCE_NUMBER" else {}
        asked = self._streams.get_shard_iterator(
            StreamArn=self._arn, ShardId=shard, ShardIteratorType=kind, **more
        )
        iterator: str = (await answered(asked, self._at, "ShardIterator"))["ShardIterator"]
        return iterator

    async def read(self, iterator: str) -> Answer:
        """See `Shards`. Nothing tells how far behind a read is: there may be more where there was something."""
        answer = await answered(self._streams.get_records(ShardIterator=iterator), self._at, "Records")
        records = [table_record(one) for one in answer["Records"]]
        return Answer(records, answer.get("NextShardIterator") or None, bool(records))


def table_record(record: dict[str, Any]) -> Fetched:
    """A record as botocore hands it over; its data is the JSON that `rules.dynamodb_event` takes."""
    change = dict(record["dynamodb"])
    created: datetime = change.pop("ApproximateCreationDateTime")
    number: str = change.pop("SequenceNumber")
    written = {"eventName": record["eventName"], "eventID": record.get("eventID"), "dynamodb": change}
    if record.get("userIdentity"):
        identity = record["userIdentity"]
        names = {"PrincipalId": "principalId", "Type": "type"}
        written["userIdentity"] = {names.get(name, name): value for name, value in identity.items()}
    data = json.dumps(written, default=_base64, separators=(",", ":")).encode()
    key = json.dumps(change["Keys"], default=_base64, separators=(",", ":"), sort_keys=True)
    return Fetched(number, key, data, microseconds(created))


def _base64(value: object) -> str:
    """Binary attributes, as events write them."""
    assert isinstance(value, bytes)
    return base64.b64encode(value).decode("ascii")
