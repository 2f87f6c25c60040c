"""The event and the failure document of Kafka records."""

import json
from dataclasses import dataclass, replace
from typing import Any

from streamsim.model.batch import Batch
from streamsim.model.outcome import Outcome
from streamsim.model.stream_type import KAFKA
from streamsim.rules.documents.failure import Failure, failure_document, s3_object
from streamsim.rules.events.event import event_of, event_text, seen_by_filters
from streamsim.rules.mapping.filters import compile_filters
from streamsim.rules.payload import record_event_size
from streamsim.rules.source import Source
from streamsim.streams.kafka.records import KafkaForm
from streamsim.streams.live.log import LiveLog

SOURCE = Source("orders", "f", 0, type=KAFKA, brokers="b-1:9092,b-2:9092")
ARN = "arn:aws:kafka:us-east-1:123456789012:cluster/orders/00000000-0000-0000-0000-000000000000-1"


@dataclass(frozen=True)
class Message:
    offset: int
    key: bytes | None = b"k"
    value: bytes | None = b"v"
    timestamp: int = 1_545_084_650_987
    timestamp_type: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()
    topic: str = "mytopic"
    partition: int = 0


def batch_of(*messages: Message) -> Batch:
    log: LiveLog[Any] = LiveLog("mytopic-0", KafkaForm(), messages[0].offset)
    log.append(messages, [0] * len(messages), [len(message.value or b"") for message in messages])
    return Batch(log, range(messages[0].offset, messages[0].offset + len(messages)), "id")


def test_the_event_is_that_of_the_developer_guide() -> None:
    message = Message(
        15, b"key", b"Hello, this is a test.", headers=(("headerKey", b"headerValue"), ("n", b"\xff"))
    )
    assert event_of(batch_of(message), SOURCE) == {
        "eventSource": "aws:kafka",
        "eventSourceArn": ARN,
        "bootstrapServers": "b-1:9092,b-2:9092",
        "records": {
            "mytopic-0": [
                {
                    "topic": "mytopic",
                    "partition": 0,
                    "offset": 15,
                    "timestamp": 1545084650987,
                    "timestampType": "CREATE_TIME",
                    "key": "a2V5",
                    "value": "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
                    "headers": [
                        {"headerKey": [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101]},
                        {"n": [-1]},
                    ],
                }
            ]
        },
    }


def test_a_record_without_a_key_or_a_value_has_no_such_field() -> None:
    (record,) = event_of(batch_of(Message(3, None, None, timestamp_type=1)), SOURCE)["records"]["mytopic-0"]
    assert record.keys().isdisjoint({"key", "value"})
    assert record["timestampType"] == "LOG_APPEND_TIME"


def test_the_size_of_an_event_is_reckoned_as_it_is() -> None:
    one = len(event_text(batch_of(Message(100_000, b"user-1", b"x" * 300)), SOURCE))
    two = len(event_text(batch_of(*[Message(100_000 + n, b"user-1", b"x" * 300) for n in range(2)]), SOURCE))
    assert two - one <= record_event_size(300, KAFKA) <= two - one + 10


def test_a_failure_document_tells_where_the_records_are_and_how_large_they_were() -> None:
    batch = batch_of(Message(7), Message(8, None, b"value"))
    failure = Failure(batch, "RetryAttemptsExhausted", 3, 0, Outcome("error", error="no"))
    document = failure_document(failure, SOURCE)
    assert document["KafkaBatchInfo"] == {
        "batchSize": 2,
        "eventSourceArn": ARN,
        "bootstrapServers": "b-1:9092,b-2:9092",
        "payloadSize": 7,
        "recordsInfo": {
            "mytopic-0": {
                "firstRecordOffset": "7",
                "lastRecordOffset": "8",
                "firstRecordTimestamp": "2018-12-17T22:10:50.987Z",
                "lastRecordTimestamp": "2018-12-17T22:10:50.987Z",
            }
        },
    }
    payload = json.loads(json.loads(s3_object(failure, SOURCE))["payload"])
    assert [record["offset"] for record in payload["records"]["mytopic-0"]] == [7, 8]


def test_filters_see_the_value() -> None:
    filters = compile_filters(('{"value": {"kind": ["order"]}}',), KAFKA)
    log = batch_of(Message(0, value=b'{"kind": "order"}'), Message(1, value=b'{"kind": "other"}')).log
    assert [filters.matches(*seen_by_filters(log, position, SOURCE)) for position in (0, 1)] == [True, False]


def test_the_event_and_the_document_of_a_cluster_of_ones_own_have_no_arn() -> None:
    batch, source = batch_of(Message(15)), replace(SOURCE, self_managed=True)
    event = event_of(batch, source)
    assert list(event) == ["eventSource", "bootstrapServers", "records"]
    assert event["eventSource"] == "SelfManagedKafka"
    assert event["records"] == event_of(batch, SOURCE)["records"]
    failure = Failure(batch, "RetryAttemptsExhausted", 1, 0, Outcome("error"))
    info = failure_document(failure, source)["KafkaBatchInfo"]
    assert "eventSourceArn" not in info
    assert info["bootstrapServers"] == "b-1:9092,b-2:9092"
