"""What an on-failure destination receives for a discarded batch, to the byte.

Fields and their order as recorded for SQS and SNS (LocalStack's AWS-validated snapshots); the arrival of DynamoDB's
records is told without a fraction of a second (recorded). SQS and SNS get metadata
only: the records must be read again from the stream by their sequence numbers before its retention ends. S3 gets the
whole event as well (Lambda Developer Guide, "Retaining discarded batch records").
"""

import json
from dataclasses import dataclass
from typing import Any

from streamsim.model.batch import Batch
from streamsim.model.names import timestamp
from streamsim.model.outcome import Outcome
from streamsim.model.stream_type import KAFKA
from streamsim.model.verdict import Condition
from streamsim.rules.events.event import event_text
from streamsim.rules.events.kafka import kafka_batch_info
from streamsim.rules.source import Source
from streamsim.rules.windows import window_info


@dataclass(frozen=True, slots=True)
class Failure:
    """A discarded batch: why, after how many attempts, when, and what its last attempt came to, if it had one."""

    batch: Batch
    condition: Condition
    attempts: int
    at: int
    last: Outcome | None


def failure_document(failure: Failure, source: Source) -> dict[str, Any]:
    """The invocation record, as SQS receives it in its body and SNS in `Message`.

    `approximateInvokeCount` is at least 1, even for records that expired unsent. `responseContext` is absent when the
    handler was not the cause: expired records, however often tried, and events too large to send (recorded).
    Under a tumbling window `timeWindowInfo` tells which; the batch info of a final invocation, which has no records, is
    reduced to the shard and the stream (recorded).
    """
    batch = failure.batch
    document: dict[str, Any] = {
        "requestContext": {
            "requestId": batch.request_id,
            "functionArn": source.function_arn,
            "condition": failure.condition,
            "approximateInvokeCount": max(failure.attempts, 1),
        }
    }
    if failure.condition == "RetryAttemptsExhausted" and failure.last and failure.last.ending != "too_large":
        document["responseContext"] = {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": None if failure.last.ending == "success" else "Unhandled",
        }
    document |= {
        "version": "1.0",
        "timestamp": timestamp(source.epoch + failure.at),
        source.type.batch_info: kafka_batch_info(batch, source)
        if source.type is KAFKA
        else _batch_info(batch, source),
    }
    if batch.window is not None:
        document["timeWindowInfo"] = window_info(batch.window, source.epoch)
    return document


def _batch_info(batch: Batch, source: Source) -> dict[str, Any]:
    log, instants = batch.log, source.type.instants
    info: dict[str, Any] = {"shardId": batch.shard}
    if batch.positions:
        info |= {
            "startSequenceNumber": log.sequence_number(batch.first),
            "endSequenceNumber": log.sequence_number(batch.last),
            "approximateArrivalOfFirstRecord": timestamp(
                source.epoch + log.arrival_at(batch.first), instants
            ),
            "approximateArrivalOfLastRecord": timestamp(source.epoch + log.arrival_at(batch.last), instants),
            "batchSize": len(batch),
        }
    return info | {"streamArn": source.stream_arn}


def sqs_body(failure: Failure, source: Source) -> str:
    """The body of the SQS message."""
    return _json(failure_document(failure, source))


def sns_notification(failure: Failure, source: Source, topic_arn: str, message_id: str) -> str:
    """The standard SNS notification, whose `Message` is the document as a JSON string.

    The signature fields of a real notification are left out: only AWS can sign.
    """
    return _json(
        {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": topic_arn,
            "Message": _json(failure_document(failure, source)),
            "Timestamp": timestamp(source.epoch + failure.at),
        }
    )


def s3_object(failure: Failure, source: Source) -> str:
    """The S3 object: the document and `payload`, the event that failed as a JSON string.

    The guide describes a string and recordings of real objects agree; one test suite shows it parsed by its own reader.
    recorded: `payload` stands between `version` and `timestamp` (stackd's capture of a DynamoDB Streams mapping).
    """
    document: dict[str, Any] = {}
    for name, value in failure_document(failure, source).items():
        document[name] = value
        if name == "version":
            document["payload"] = event_text(failure.batch, source)
    return _json(document)


def s3_key(failure: Failure, source: Source, mapping_uuid: str, object_uuid: str) -> str:
    """`aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<uuid>`, UTC (the same page of the guide)."""
    at = timestamp(source.epoch + failure.at)
    day, time = at[:10], at[11:19].replace(":", ".")
    return (
        f"aws/lambda/{mapping_uuid}/{failure.batch.shard}/{day.replace('-', '/')}/{day}T{time}-{object_uuid}"
    )


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))
