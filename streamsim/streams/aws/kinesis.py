"""Kinesis Data Streams: the calls of a reader. Nothing here writes to a stream.

(Kinesis API: ListShards, GetShardIterator, GetRecords. An iterator lives five minutes.)
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from streamsim.model.stream_type import KINESIS, StreamType
from streamsim.model.units import HOUR, SECOND
from streamsim.streams.aws.errors import GoneError, absent, answered, arn_of
from streamsim.streams.aws.shards import Answer, Described, Fetched, ListedShard, Place

_UNIX: Final = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - _UNIX) // timedelta(microseconds=1)


def moment_of(since: int) -> datetime:
    """The instant so many microseconds after 1970."""
    return _UNIX + timedelta(microseconds=since)


def time_there(answer: dict[str, Any]) -> int:
    """What time it was where the answer comes from: microseconds since 1970, in whole seconds."""
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if said is None:
        return microseconds(datetime.now(UTC)) // SECOND * SECOND
    return microseconds(parsedate_to_datetime(said))


class KinesisShards:
    """A stream, by its name. `client` is aiobotocore's of `kinesis`, `at` says in words where that is."""

    kind: StreamType = KINESIS

    def __init__(self, client: Any, at: str, stream: str) -> None:
        self._client = client
        self._at = at
        self.stream = stream
        self.url = f"kinesis://{stream}"

    async def describe(self) -> Described:
        """See `Shards`."""
        asked = self._client.describe_stream_summary(StreamName=self.stream)
        try:
            answer = await answered(asked, self._at, "StreamDescriptionSummary", starting=True)
        except GoneError as error:
            listing = self._client.list_streams(Limit=8)
            raise await absent(
                "stream", self.stream, self._at, listing, ("StreamNames", "HasMoreStreams")
            ) from error
        summary = answer["StreamDescriptionSummary"]
        arn = arn_of(summary, "StreamARN", self._at)
        return Described(arn, summary.get("RetentionPeriodHours", 24) * HOUR, time_there(answer))

    async def shards(self) -> Sequence[ListedShard]:
        """See `Shards`."""
        listed: list[dict[str, Any]] = []
        which: dict[str, Any] = {"StreamName": self.stream}
        while True:
            answer = await answered(self._client.list_shards(**which), self._at, "Shards")
            listed += answer["Shards"]
            token = answer.get("NextToken")
            if not token:
                break
            which = {"NextToken": token}
        return [
            ListedShard(
                one["ShardId"],
                tuple(one[name] for name in ("ParentShardId", "AdjacentParentShardId") if one.get(name)),
                "EndingSequenceNumber" in one["SequenceNumberRange"],
            )
            for one in sorted(listed, key=lambda one: str(one["ShardId"]))
        ]

    async def iterator(self, shard: str, place: Place) -> str:
        """See `Shards`."""
        more: dict[str, Any] = {}
        if place.type == "AFTER_SEQUENCE_NUMBER":
            more["StartingSequenceNumber"] = place.number
        elif place.type == "AT_TIMESTAMP":
            more["Timestamp"] = moment_of(place.since)
        asked = self._client.get_shard_iterator(
            StreamName=self.stream, ShardId=shard, ShardIteratorType=place.type, **more
        )
        iterator: str = (await answered(asked, self._at, "ShardIterator"))["ShardIterator"]
        return iterator

    async def read(self, iterator: str) -> Answer:
        """See `Shards`."""
        answer = await answered(self._client.get_records(ShardIterator=iterator), self._at, "Records")
        records = [kinesis_record(one) for one in answer["Records"]]
        return Answer(
            records, answer.get("NextShardIterator") or None, bool(answer.get("MillisBehindLatest"))
        )


def kinesis_record(record: dict[str, Any]) -> Fetched:
    """A record as botocore hands it over."""
    arrived = microseconds(record["ApproximateArrivalTimestamp"])
    return Fetched(record["SequenceNumber"], record["PartitionKey"], record["Data"], arrived)
