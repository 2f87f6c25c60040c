"""What destinations and dead-letter queues get of an asynchronous event, byte for byte in the recorded shape."""

import json
from typing import Any

import pytest

from streamsim.model.names import unix
from streamsim.rules.documents.invocation_record import (
    Ended,
    Invoked,
    dead_letter,
    delivered,
    invocation_record,
)

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
AT = unix("2026-01-01T00:03:00.125Z")
FAILED = Invoked("$LATEST", b'{"errorMessage":"boom","errorType":"Error"}', "Unhandled")


def ended(condition: Any, attempts: int, last: Invoked | None, qualifier: str = "$LATEST") -> Ended:
    return Ended("the-id", ARN, qualifier, b'{"a": 1}', condition, attempts, AT, last)


RECORDS: list[tuple[str, Ended, str]] = [
    (
        "an event that failed three times",
        ended("RetriesExhausted", 3, FAILED),
        (
            '{"version":"1.0","timestamp":"2026-01-01T00:03:00.125Z","requestContext":{"requestId":"the-id",'
            f'"functionArn":"{ARN}:$LATEST","condition":"RetriesExhausted","approximateInvokeCount":3}},'
            '"requestPayload":{"a":1},"responseContext":{"statusCode":200,"executedVersion":"$LATEST",'
            '"functionError":"Unhandled"},"responsePayload":{"errorMessage":"boom","errorType":"Error"}}'
        ),
    ),
    (
        "an event that an alias has done",
        ended("Success", 1, Invoked("7", b'"done"', None), "live"),
        (
            '{"version":"1.0","timestamp":"2026-01-01T00:03:00.125Z","requestContext":{"requestId":"the-id",'
            f'"functionArn":"{ARN}:live","condition":"Success","approximateInvokeCount":1}},'
            '"requestPayload":{"a":1},"responseContext":{"statusCode":200,"executedVersion":"7"},'
            '"responsePayload":"done"}'
        ),
    ),
    (
        "an event that never ran has no response (recorded)",
        ended("ZeroReservedConcurrency", 0, None),
        (
            '{"version":"1.0","timestamp":"2026-01-01T00:03:00.125Z","requestContext":{"requestId":"the-id",'
            f'"functionArn":"{ARN}:$LATEST","condition":"ZeroReservedConcurrency","approximateInvokeCount":0}},'
            '"requestPayload":{"a":1}}'
        ),
    ),
]


@pytest.mark.parametrize(("event", "text"), [row[1:] for row in RECORDS], ids=[row[0] for row in RECORDS])
def test_a_destination_gets(event: Ended, text: str) -> None:
    assert json.dumps(invocation_record(event), separators=(",", ":")) == text


LETTERS: list[tuple[str, Ended, str, str]] = [
    ("a function error", ended("RetriesExhausted", 3, FAILED), "200", "boom"),
    ("a long message is cut at 1 KB", ended("RetriesExhausted", 3, Invoked("1", json.dumps({"errorMessage": "x" * 2000}).encode(), "Unhandled")), "200", "x" * 1024),
    ("what is no JSON is the message", ended("RetriesExhausted", 3, Invoked("1", b"\xfftext", "Unhandled")), "200", "\ufffdtext"),
    ("an event that never ran", ended("EventAgeExceeded", 0, None), "429", "Rate Exceeded."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "code", "message"), [row[1:] for row in LETTERS], ids=[row[0] for row in LETTERS]
)
def test_a_dead_letter_queue_gets(event: Ended, code: str, message: str) -> None:
    letter = dead_letter(event)
    assert letter["body"] == '{"a": 1}'
    assert letter["messageAttributes"] == {
        "RequestID": {"stringValue": "the-id", "dataType": "String"},
        "ErrorCode": {"stringValue": code, "dataType": "Number"},
        "ErrorMessage": {"stringValue": message, "dataType": "String"},
    }


def test_an_event_bus_gets_the_record_in_an_event() -> None:
    bus = "arn:aws:events:us-east-1:123456789012:event-bus/orders"
    end = ended("RetriesExhausted", 3, FAILED)
    event = delivered(end, bus)
    assert event.pop("detail") == invocation_record(end) == delivered(end, "arn:aws:sqs:us-east-1:1:q")
    assert event == {
        "version": "0",
        "id": "the-id",
        "detail-type": "Lambda Function Invocation Result - Failure",
        "source": "lambda",
        "account": "123456789012",
        "time": "2026-01-01T00:03:00Z",
        "region": "us-east-1",
        "resources": [bus, f"{ARN}:$LATEST"],
    }
