"""The reading of one shard with enhanced fan-out: its records are pushed to a consumer that is registered already.

(Kinesis API, SubscribeToShard: a subscription lasts five minutes, its events carry the sequence number from which to go
on, and a shard takes a new one of the same consumer only five seconds after the last.) assumed: an event without a number
to go on from is the last one of its shard, as AWS says of the one that names the child shards.

Records that the Kinesis Producer Library has aggregated are taken apart, as Lambda does for consumers with enhanced
fan-out only (Lambda developer guide, "Filtering Kinesis aggregated records"): they share a sequence number. What AWS makes
of an aggregate with a record of another shard's hash key is not modelled: here every record is handed over.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from streamsim.engine.ports import SourceError
from streamsim.rules.streams.aggregation import user_records
from streamsim.streams.aws.errors import GoneError, answered, outside, source_error
from streamsim.streams.aws.kinesis import kinesis_record, moment_of
from streamsim.streams.aws.polling import Feed, Pauses, over
from streamsim.streams.aws.shards import Answer, Fetched, Place, Shards


class Consumer:
    """A registered consumer of a stream. `client` is aiobotocore's of `kinesis`, `at` says in words where that is."""

    def __init__(self, client: Any, at: str, arn: str) -> None:
        self._client = client
        self._at = at
        self.arn = arn

    async def subscribe(self, shard: str, place: Place) -> AsyncGenerator[Answer, None]:
        """What comes from `place` on, until the subscription or the shard ends. `SourceError`."""
        position: dict[str, Any] = {"Type": place.type}
        if place.type == "AFTER_SEQUENCE_NUMBER":
            position["SequenceNumber"] = place.number
        elif place.type == "AT_TIMESTAMP":
            position["Timestamp"] = moment_of(place.since)
        asked = self._client.subscribe_to_shard(
            ConsumerARN=self.arn, ShardId=shard, StartingPosition=position
        )
        stream = (await answered(self._known(asked), self._at, "EventStream"))["EventStream"]
        try:
            async for event in stream:
                if (pushed := event.get("SubscribeToShardEvent")) is not None:
                    records = [part for one in pushed["Records"] for part in _parts(kinesis_record(one))]
                    number = pushed.get("ContinuationSequenceNumber")
                    yield Answer(records, number or None, bool(pushed.get("MillisBehindLatest")))
        except outside() as error:
            raise source_error(error, self._at) from error
        finally:
            stream.close()

    async def _known(self, asked: Any) -> dict[str, Any]:
        from botocore.parsers import ResponseParserError  # noqa: PLC0415  # a client is in use already

        try:
            answer: dict[str, Any] = await asked
        except ResponseParserError as error:
            raise SourceError(
                f"{self._at} does not push records as AWS does: {error}",
                retryable=False,
                hint="leave out --consumer: shards are polled",
            ) from error
        return answer


def _parts(record: Fetched) -> Sequence[Fetched]:
    """The records that are aggregated in one; itself where none are."""
    inside = user_records(record.data)
    if inside is None:
        return (record,)
    last = len(inside) - 1
    return [
        record._replace(partition_key=key, data=data, last=index == last)
        for index, (key, data) in enumerate(inside)
    ]


async def consumer_of(client: Any, at: str, stream: str, name: str) -> Consumer:
    """The consumer of that name of a stream, by its ARN. `SourceError` when there is none, or no enhanced fan-out."""
    asked = client.describe_stream_consumer(StreamARN=stream, ConsumerName=name)
    try:
        answer = await answered(asked, at, "ConsumerDescription", starting=True)
    except GoneError as error:
        raise GoneError(
            f"the stream has no consumer {name!r}",
            f"aws kinesis register-stream-consumer --stream-arn {stream} --consumer-name {name}",
        ) from error
    described = answer["ConsumerDescription"]
    if described["ConsumerStatus"] != "ACTIVE":
        status = described["ConsumerStatus"]
        raise SourceError(f"the consumer {name!r} is {status}, not ACTIVE", retryable=False)
    return Consumer(client, at, described["ConsumerARN"])


async def take_pushed(consumer: Consumer, shards: Shards, feed: Feed) -> None:
    """Reads until the log is closed, one subscription after the other. `SourceError` when the stream is gone."""
    pauses = Pauses(feed)
    while not feed.log.closed:
        try:
            async with aclosing(consumer.subscribe(feed.log.shard, feed.place)) as pushed:
                async for answer in pushed:
                    pauses.over()
                    feed.take(answer)
                    if answer.next is not None:
                        feed.place = Place("AFTER_SEQUENCE_NUMBER", answer.next)
                    if feed.ended() or feed.log.crowded:
                        break
        except SourceError as error:
            if await over(shards, feed, error):
                return
            await pauses.pause(error)
        await feed.room()
