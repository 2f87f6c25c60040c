"""What arrives at real destinations when the engine gives a batch up: the documents, and what is counted of them."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from streamsim.engine.chance import Uuids
from streamsim.engine.clock import RealClock
from streamsim.engine.discards import Discards
from streamsim.engine.ports import DocumentKey
from streamsim.model.batch import Batch
from streamsim.model.events import Discard, Event, Invoke, Result, ShardOpen
from streamsim.model.outcome import Outcome
from streamsim.rules.documents.failure import Failure, s3_object, sqs_body
from streamsim.rules.source import Source
from streamsim.streams.records.logs import Given, ListedLog
from streamsim.trace.format.header import Header
from streamsim.trace.measures.measures import Measures
from tests.destinations.places import Place, Servers, place
from tests.rules.test_kafka_event import SOURCE as KAFKA_SOURCE
from tests.rules.test_kafka_event import Message, batch_of

SHARD = "shardId-000000000000"
SOURCE = Source("orders", "charge", 1_767_225_600_000_000)
LOG = ListedLog(SHARD, [Given(n * 1000, "user-1", b'{"n": %d}' % n, n) for n in range(5)], 0, "orders")
BATCH = Batch(LOG, range(2, 5), "8286a188-ba32-4475-8077-530cd35c09a9")
KEY = (
    rf"aws/lambda/0000-1111/{SHARD}/2026/01/01/2026-01-01T00\.00\.\d\d-"
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}"
)


async def given_up(there: Place) -> Discard:
    """What the engine tells of it."""
    told: list[Event] = []
    discards = Discards(
        "m", SOURCE, "0000-1111", Uuids(0, "documents"), there.destination, RealClock(), told.append
    )
    await discards.send(BATCH, "RecordAgeExceeded", 3, None)
    (event,) = told
    assert isinstance(event, Discard)
    return event


def within(kind: str, servers: Servers, folder: Path, test: Callable[[Place], Awaitable[None]]) -> None:
    async def main() -> None:
        async with place(kind, servers, folder, patience=2) as there:
            await test(there)

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["file", "kafka", "sqs", "sns", "s3"])
def test_the_document_is_the_one_that_aws_would_deliver(kind: str, servers: Servers, tmp_path: Path) -> None:
    async def test(there: Place) -> None:
        event = await given_up(there)
        assert event.delivered
        assert event.destination == there.destination.name
        (document,) = await there.arrived()
        failure = Failure(BATCH, "RecordAgeExceeded", 3, 0, None)
        write = sqs_body if kind in {"sqs", "sns"} else s3_object
        instant = re.compile(r'"timestamp":"[^"]*"')
        assert instant.sub("", document) == instant.sub("", write(failure, SOURCE))

    within(kind, servers, tmp_path, test)


def test_the_object_is_named_as_aws_names_it(servers: Servers, tmp_path: Path) -> None:
    async def test(there: Place) -> None:
        await given_up(there)
        (name,) = await there.names()
        assert re.fullmatch(KEY, name)

    within("s3", servers, tmp_path, test)


@pytest.mark.parametrize("kind", ["file", "kafka", "sqs", "sns", "s3"])
def test_records_are_counted_as_dropped_where_the_destination_is_gone(
    kind: str, mortal: Servers, tmp_path: Path
) -> None:
    async def test(there: Place) -> None:
        await there.remove()
        event = await given_up(there)
        assert not event.delivered
        name = event.destination
        header = Header(
            "gone", 0, mappings={"m": {"DestinationConfig": {"OnFailure": {"Destination": name}}}}
        )
        measures = Measures(header)
        measures.take(ShardOpen(0, "m", SHARD, (), 0, 5))
        sent = Invoke(0, "m", SHARD, 0, BATCH.request_id, 3, BATCH.positions, "1", "1", 1, 0)
        measures.take(sent)
        measures.take(Result(0, "m", SHARD, 0, BATCH.request_id, 3, "error", 1))
        measures.take(event)
        metrics = measures.report()
        assert (metrics["DroppedEventCount"], metrics["DestinationDeliveryFailures"]) == (3, 1)
        assert metrics["OnFailureDestinationDeliveredEventCount"] == 0

    within(kind, mortal, tmp_path, test)


@dataclass
class Choosy:
    """A topic that takes nothing under one key."""

    refused: bytes
    name: str = "kafka://failed"
    taken: list[DocumentKey] = field(default_factory=list)

    async def send(self, _document: str, key: DocumentKey = None) -> bool:
        if key != self.refused:
            self.taken.append(key)
        return key != self.refused


@pytest.mark.parametrize(("refused", "delivered"), [(b"b", False), (b"z", True)])
def test_records_of_a_topic_have_arrived_when_each_has(refused: bytes, delivered: bool) -> None:
    there = Choosy(refused)
    told: list[Event] = []

    async def main() -> None:
        discards = Discards(
            "m", KAFKA_SOURCE, "0000-1111", Uuids(0, "documents"), there, RealClock(), told.append
        )
        batch = batch_of(*(Message(offset, key) for offset, key in enumerate((b"a", b"b", None))))
        await discards.send(batch, "RetryAttemptsExhausted", 1, Outcome("error"))

    asyncio.run(main())
    assert there.taken == [key for key in (b"a", b"b", None) if key != refused]
    assert [event.delivered for event in told if isinstance(event, Discard)] == [delivered]
