"""The event and the on-failure documents, byte for byte in the recorded shape."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsim.model.batch import Batch, TimeWindow
from streamsim.model.names import timestamp, unix
from streamsim.model.outcome import Outcome
from streamsim.model.stream_type import DYNAMODB
from streamsim.rules.documents.failure import (
    Failure,
    failure_document,
    s3_key,
    s3_object,
    sns_notification,
    sqs_body,
)
from streamsim.rules.events.event import event_of, event_text
from streamsim.rules.source import Source
from streamsim.rules.streams.item_writes import Change, Table, written
from tests.logs import WrittenLog

EPOCH = unix("2026-01-01T00:00:00Z")
SOURCE = Source("orders", "charge", EPOCH)
LOG = WrittenLog([1_500_000, 1_750_999], ["user-1", "user-2"], [b"hello", b'{"a":1}'])
BATCH = Batch(LOG, range(2), "11111111-2222-4333-a444-555555555555")
SQS = "arn:aws:sqs:us-east-1:123456789012:dead"


def failure(last: Outcome | None, **changes: Any) -> Failure:
    facts = {
        "batch": BATCH,
        "condition": "RetryAttemptsExhausted",
        "attempts": 3,
        "at": 12_750_999,
        "last": last,
    }
    return Failure(**{**facts, **changes})


def test_the_event_is_the_recorded_one() -> None:
    assert event_text(Batch(LOG, range(1), "id"), SOURCE) == (
        '{"Records":[{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"user-1",'
        '"sequenceNumber":"49600000000000000000000000000000000000000000000000001000",'
        '"data":"aGVsbG8=","approximateArrivalTimestamp":1767225601.5},"eventSource":"aws:kinesis","eventVersion":"1.0",'
        '"eventID":"shardId-000000000000:49600000000000000000000000000000000000000000000000001000",'
        '"eventName":"aws:kinesis:record","invokeIdentityArn":"arn:aws:iam::123456789012:role/charge-role",'
        '"awsRegion":"us-east-1","eventSourceARN":"arn:aws:kinesis:us-east-1:123456789012:stream/orders"}]}'
    )


@given(key=st.text(max_size=20), data=st.binary(max_size=50), arrival=st.integers(0, 10**13))
def test_the_text_of_an_event_is_the_json_of_its_values(key: str, data: bytes, arrival: int) -> None:
    batch = Batch(WrittenLog([arrival] * 3, ["a", key, "%s"], [b"1", data, b"%"]), range(3), "id")
    for source in (SOURCE, replace(SOURCE, stream="or%sders")):
        assert event_text(batch, source) == json.dumps(event_of(batch, source), separators=(",", ":"))


def test_sqs_gets_metadata_in_the_recorded_order() -> None:
    assert sqs_body(failure(Outcome("error", error="boom")), SOURCE) == (
        '{"requestContext":{"requestId":"11111111-2222-4333-a444-555555555555",'
        '"functionArn":"arn:aws:lambda:us-east-1:123456789012:function:charge",'
        '"condition":"RetryAttemptsExhausted","approximateInvokeCount":3},'
        '"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},'
        '"version":"1.0","timestamp":"2026-01-01T00:00:12.750Z",'
        '"KinesisBatchInfo":{"shardId":"shardId-000000000000",'
        '"startSequenceNumber":"49600000000000000000000000000000000000000000000000001000",'
        '"endSequenceNumber":"49600000000000000000000000000000000000000000000000001001",'
        '"approximateArrivalOfFirstRecord":"2026-01-01T00:00:01.500Z",'
        '"approximateArrivalOfLastRecord":"2026-01-01T00:00:01.750Z","batchSize":2,'
        '"streamArn":"arn:aws:kinesis:us-east-1:123456789012:stream/orders"}}'
    )


TABLE = Source("orders", "charge", EPOCH, type=DYNAMODB)
WRITES = (
    written(Table(), Change(None, Table().item("user-1", {"total": {"N": "5"}, "raw": {"B": "Zm9v"}}))),
    written(Table(), Change(Table().item("user-2", {}), None, by_time_to_live=True)),
)
TABLE_LOG = WrittenLog(
    [1_500_000, 1_999_999], ["user-1", "user-2"], WRITES, "shardId-00000001789649398921-b190244f"
)
TABLE_BATCH = Batch(TABLE_LOG, range(2), "11111111-2222-4333-a444-555555555555")


def test_the_event_of_a_table_is_the_recorded_one() -> None:
    """But for the order of an image's attributes."""
    assert event_text(Batch(TABLE_LOG, range(1), "id"), TABLE) == (
        '{"Records":[{"eventID":"62b5dd3d29adf622d4814175219f7ea6","eventName":"INSERT","eventVersion":"1.1",'
        '"eventSource":"aws:dynamodb","awsRegion":"us-east-1","dynamodb":{"ApproximateCreationDateTime":1767225601.0,'
        '"Keys":{"id":{"S":"user-1"}},"NewImage":{"id":{"S":"user-1"},"total":{"N":"5"},"raw":{"B":"Zm9v"}},'
        '"SequenceNumber":"49600000000000000000000000000000000000000000000000001000","SizeBytes":29,'
        '"StreamViewType":"NEW_AND_OLD_IMAGES"},'
        '"eventSourceARN":"arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2025-12-31T00:00:00.000"}]}'
    )


def test_what_a_time_to_live_removes_names_the_service() -> None:
    (record,) = event_of(Batch(TABLE_LOG, range(1, 2), "id"), TABLE)["Records"]
    assert list(record) == [
        "eventID",
        "eventName",
        "eventVersion",
        "eventSource",
        "awsRegion",
        "dynamodb",
        "userIdentity",
        "eventSourceARN",
    ]
    assert record["eventName"] == "REMOVE"
    assert record["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def test_a_table_s_document_has_whole_seconds_in_the_recorded_order() -> None:
    assert sqs_body(failure(Outcome("error", error="boom"), batch=TABLE_BATCH), TABLE) == (
        '{"requestContext":{"requestId":"11111111-2222-4333-a444-555555555555",'
        '"functionArn":"arn:aws:lambda:us-east-1:123456789012:function:charge",'
        '"condition":"RetryAttemptsExhausted","approximateInvokeCount":3},'
        '"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},'
        '"version":"1.0","timestamp":"2026-01-01T00:00:12.750Z",'
        '"DDBStreamBatchInfo":{"shardId":"shardId-00000001789649398921-b190244f",'
        '"startSequenceNumber":"49600000000000000000000000000000000000000000000000001000",'
        '"endSequenceNumber":"49600000000000000000000000000000000000000000000000001001",'
        '"approximateArrivalOfFirstRecord":"2026-01-01T00:00:01Z",'
        '"approximateArrivalOfLastRecord":"2026-01-01T00:00:01Z","batchSize":2,'
        '"streamArn":"arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2025-12-31T00:00:00.000"}}'
    )


def test_s3_gets_the_event_of_a_table() -> None:
    body = json.loads(s3_object(failure(Outcome("error"), batch=TABLE_BATCH), TABLE))
    assert json.loads(body["payload"]) == event_of(TABLE_BATCH, TABLE)


ABSENT = object()


@pytest.mark.parametrize(
    ("last", "changes", "function_error", "count"),
    [
        pytest.param(Outcome("error"), {}, "Unhandled", 3, id="an exception is Unhandled"),
        pytest.param(Outcome("timeout"), {}, "Unhandled", 3, id="a timeout is Unhandled"),
        pytest.param(
            Outcome("success", response={}), {}, None, 3, id="a reported failure is no function error"
        ),
        pytest.param(
            Outcome("too_large"), {"attempts": 1}, ABSENT, 1, id="too large: the handler was not the cause"
        ),
        pytest.param(
            None, {"condition": "RecordAgeExceeded", "attempts": 0}, ABSENT, 1, id="expired unsent counts 1"
        ),
        pytest.param(
            None, {"condition": "RecordAgeExceeded", "attempts": 8}, ABSENT, 8, id="expired after 8 attempts"
        ),
    ],
)
def test_response_context(
    last: Outcome | None, changes: dict[str, Any], function_error: Any, count: int
) -> None:
    document = failure_document(failure(last, **changes), SOURCE)
    assert document["requestContext"]["approximateInvokeCount"] == count
    assert document.get("responseContext", {"functionError": ABSENT})["functionError"] is function_error


def test_sns_carries_the_document_as_a_string() -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:dead"
    notification = json.loads(sns_notification(failure(Outcome("error")), SOURCE, topic, "an-id"))
    assert list(notification) == ["Type", "MessageId", "TopicArn", "Message", "Timestamp"]
    assert notification["Message"] == sqs_body(failure(Outcome("error")), SOURCE)


def test_s3_carries_the_event_as_a_string_under_a_dated_key() -> None:
    body = json.loads(s3_object(failure(Outcome("error")), SOURCE))
    assert list(body) == [
        "requestContext",
        "responseContext",
        "version",
        "payload",
        "timestamp",
        "KinesisBatchInfo",
    ]
    assert body.pop("payload") == event_text(BATCH, SOURCE)
    assert body == failure_document(failure(Outcome("error")), SOURCE)
    assert s3_key(failure(None), SOURCE, "mapping-uuid", "object-uuid") == (
        "aws/lambda/mapping-uuid/shardId-000000000000/2026/01/01/2026-01-01T00.00.12-object-uuid"
    )


WINDOW = TimeWindow(0, 10_000_000, {"count": 2, "last_ordinal": 2}, final=True)
CLOSING = Batch(LOG, (), "11111111-2222-4333-a444-555555555555", window=WINDOW)


def test_the_event_of_a_window_says_which_and_with_what_state() -> None:
    batch = Batch(LOG, range(1), "id", window=TimeWindow(-10_000_000, 0, {}))
    without = event_text(Batch(LOG, range(1), "id"), SOURCE)
    assert event_text(batch, SOURCE) == without[:-1] + (
        ',"shardId":"shardId-000000000000","eventSourceARN":"arn:aws:kinesis:us-east-1:123456789012:stream/orders",'
        '"window":{"start":"2025-12-31T23:59:50Z","end":"2026-01-01T00:00:00Z"},"state":{},'
        '"isFinalInvokeForWindow":false,"isWindowTerminatedEarly":false}'
    )


def test_a_failed_final_invocation_is_the_recorded_one() -> None:
    """recorded on DynamoDB Streams, field by field; only the batch info's name and the ids are Kinesis's."""
    gone = failure(Outcome("error", error="boom"), batch=CLOSING, attempts=1)
    assert s3_object(gone, SOURCE) == (
        '{"requestContext":{"requestId":"11111111-2222-4333-a444-555555555555",'
        '"functionArn":"arn:aws:lambda:us-east-1:123456789012:function:charge",'
        '"condition":"RetryAttemptsExhausted","approximateInvokeCount":1},'
        '"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},'
        '"version":"1.0","payload":"{\\"Records\\":[],\\"shardId\\":\\"shardId-000000000000\\",'
        '\\"eventSourceARN\\":\\"arn:aws:kinesis:us-east-1:123456789012:stream/orders\\",'
        '\\"window\\":{\\"start\\":\\"2026-01-01T00:00:00Z\\",\\"end\\":\\"2026-01-01T00:00:10Z\\"},'
        '\\"state\\":{\\"count\\":2,\\"last_ordinal\\":2},\\"isFinalInvokeForWindow\\":true,'
        '\\"isWindowTerminatedEarly\\":false}","timestamp":"2026-01-01T00:00:12.750Z",'
        '"KinesisBatchInfo":{"shardId":"shardId-000000000000",'
        '"streamArn":"arn:aws:kinesis:us-east-1:123456789012:stream/orders"},'
        '"timeWindowInfo":{"window":{"start":"2026-01-01T00:00:00Z","end":"2026-01-01T00:00:10Z"},'
        '"isFinalInvokeForWindow":true,"isWindowTerminatedEarly":false}}'
    )


def test_the_document_of_records_tells_their_window_too() -> None:
    batch = Batch(LOG, range(2), "id", window=TimeWindow(0, 10_000_000, {}))
    document = failure_document(failure(Outcome("error"), batch=batch), SOURCE)
    assert document["KinesisBatchInfo"]["batchSize"] == 2
    assert document["timeWindowInfo"] == {
        "window": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:00:10Z"},
        "isFinalInvokeForWindow": False,
        "isWindowTerminatedEarly": False,
    }


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (EPOCH, "2026-01-01T00:00:00.000Z"),
        (EPOCH + 999_999, "2026-01-01T00:00:00.999Z"),
        (EPOCH - 1, "2025-12-31T23:59:59.999Z"),
    ],
)
def test_timestamps_are_cut_to_milliseconds(instant: int, text: str) -> None:
    assert timestamp(instant) == text


def test_with_enhanced_fan_out_events_and_documents_name_the_consumer() -> None:
    """recorded: eventSourceARN of every record and streamArn are the consumer's."""
    source = Source("orders", "charge", EPOCH, consumer="fast")
    arn = "arn:aws:kinesis:us-east-1:123456789012:stream/orders/consumer/fast:1767225600"
    event = json.loads(event_text(BATCH, source))
    assert [record["eventSourceARN"] for record in event["Records"]] == [arn, arn]
    assert failure_document(failure(None), source)["KinesisBatchInfo"]["streamArn"] == arn
