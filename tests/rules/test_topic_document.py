"""What a Kafka topic receives for records of Kafka that failed: the example of the Lambda Developer Guide."""

import json
from dataclasses import replace
from typing import Any

from streamsim.model.outcome import Outcome
from streamsim.model.verdict import Condition
from streamsim.rules.documents.failure import Failure
from streamsim.rules.documents.topic import topic_documents
from tests.rules.test_kafka_event import ARN, SOURCE, Message, batch_of

OLD = Message(100, b"test-key", b"test-value", 1_749_116_692_330, topic="my-topic")


def failed(*messages: Message, condition: Condition = "RetryAttemptsExhausted", **source: Any) -> list[Any]:
    last = Outcome("error") if condition == "RetryAttemptsExhausted" else None
    failure = Failure(batch_of(*messages), condition, 3, 1_573_755_365_568_000, last)
    return [(key, json.loads(text)) for key, text in topic_documents(failure, replace(SOURCE, **source))]


def test_a_message_is_that_of_the_developer_guide() -> None:
    assert failed(OLD) == [
        (
            b"test-key",
            {
                "requestContext": {
                    "requestId": "id",
                    "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST",
                    "condition": "RetriesExhausted",
                    "approximateInvokeCount": 3,
                },
                "responseContext": {
                    "statusCode": 200,
                    "executedVersion": "$LATEST",
                    "functionError": "Unhandled",
                },
                "version": "1.0",
                "timestamp": "2019-11-14T18:16:05.568Z",
                "KafkaBatchInfo": {
                    "batchSize": 1,
                    "eventSourceArn": ARN,
                    "bootstrapServers": "b-1:9092,b-2:9092",
                    "payloadSize": 18,
                    "recordInfo": {"offset": "100", "timestamp": "2025-06-05T09:44:52.330Z"},
                },
                "payload": {
                    "eventSource": "aws:kafka",
                    "eventSourceArn": ARN,
                    "bootstrapServers": "b-1:9092,b-2:9092",
                    "records": {
                        "mytopic-0": [
                            {
                                "topic": "my-topic",
                                "partition": 0,
                                "offset": 100,
                                "timestamp": 1749116692330,
                                "timestampType": "CREATE_TIME",
                                "key": "dGVzdC1rZXk=",
                                "value": "dGVzdC12YWx1ZQ==",
                                "headers": [],
                            }
                        ]
                    },
                },
            },
        )
    ]


def test_each_record_of_a_batch_has_its_own_under_its_own_key() -> None:
    messages = failed(Message(7, b"a"), Message(8, None), Message(9, b""))
    assert [key for key, _ in messages] == [b"a", None, b""]
    assert [one["KafkaBatchInfo"]["recordInfo"]["offset"] for _, one in messages] == ["7", "8", "9"]
    offsets = [[record["offset"] for record in one["payload"]["records"]["mytopic-0"]] for _, one in messages]
    assert offsets == [[7], [8], [9]]
    assert {one["requestContext"]["requestId"] for _, one in messages} == {"id"}


def test_a_cluster_of_ones_own_has_no_arn() -> None:
    ((_, document),) = failed(OLD, self_managed=True)
    assert "eventSourceArn" not in document["KafkaBatchInfo"]
    assert "eventSourceArn" not in document["payload"]
    assert document["payload"]["eventSource"] == "SelfManagedKafka"


def test_a_record_that_was_too_old_says_so_and_has_no_response() -> None:
    ((_, document),) = failed(OLD, condition="RecordAgeExceeded")
    assert document["requestContext"]["condition"] == "RecordAgeExceeded"
    assert "responseContext" not in document
