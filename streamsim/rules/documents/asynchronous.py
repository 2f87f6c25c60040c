"""What a destination receives for an asynchronous event, to the byte.

Fields and their order as recorded (LocalStack's AWS-validated snapshots of Lambda destinations). Unlike a stream's
document it holds the event itself and what the function answered.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from streamsim.model.asynchronous import Loss
from streamsim.model.names import timestamp
from streamsim.model.outcome import Outcome
from streamsim.rules.documents.invocation_record import Response, reasons, record
from streamsim.rules.events.asynchronous import AsyncSource, async_event


@dataclass(frozen=True, slots=True)
class Ended:
    """An event that needs nothing any more: when it was accepted, why it ended, after how many executions, when.

    `last` is what its last execution came to, None when there was none.
    """

    request_id: str
    accepted_at: int
    condition: Loss | Literal["Success"]
    executions: int
    at: int
    last: Outcome | None


def async_document(ended: Ended, source: AsyncSource) -> dict[str, Any]:
    """The invocation record, as SQS receives it in its body and SNS in `Message`."""
    last = ended.last
    response = None
    if last is not None:
        error = None if last.ending == "success" else "Unhandled"
        response = Response("$LATEST", error, _payload(ended, last))
    return record(
        ended.request_id,
        f"{source.account.function(source.function)}:$LATEST",
        ended.condition,
        ended.executions,
        source.epoch + ended.at,
        async_event(source, ended.request_id, ended.accepted_at),
        response,
    )


def _payload(ended: Ended, last: Outcome) -> Any:
    """The function's answer, or the error that Lambda reports in its place."""
    if last.ending == "success":
        return last.response
    error = last.error or ""
    if last.ending == "timeout":
        message = f"RequestId: {ended.request_id} Error: {error}"
        return {"errorType": "Sandbox.Timedout", "errorMessage": message}
    kind, _, message = error.partition(": ")
    return {"errorMessage": message or error, "errorType": kind, "requestId": ended.request_id}


def sent_as(
    service: str, ended: Ended, source: AsyncSource, destination: str, uuid: str
) -> tuple[str, str | None]:
    """The text that the service receives, and the key of the object where it is S3, else None.

    The key is the guide's ("Capturing records of Lambda asynchronous invocations"):
    `aws/lambda/async/<function>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<uuid>`, UTC.
    """
    document = _json(async_document(ended, source))
    at = timestamp(source.epoch + ended.at)
    match service:
        case "sns":
            notification = {
                "Type": "Notification",
                "MessageId": uuid,
                "TopicArn": destination,
                "Message": document,
                "Timestamp": at,
            }
            return _json(notification), None
        case "s3":
            day, time = at[:10], at[11:19].replace(":", ".")
            return document, f"{_PREFIX}/{source.function}/{day.replace('-', '/')}/{day}T{time}-{uuid}"
        case _:
            return document, None


_PREFIX: Final = "aws/lambda/async"

#: What an event that has ended is sent as: for a service, from a source, to a destination, with a message's id.
Form = Callable[[str, Ended, AsyncSource, str, str], tuple[str, str | None]]


def dead_letter_as(
    service: str, ended: Ended, source: AsyncSource, destination: str, uuid: str
) -> tuple[str, str | None]:
    """The event as it came, with attributes that say why it is there, as a queue or a topic receives it; no key."""
    event = _json(async_event(source, ended.request_id, ended.accepted_at))
    answer = None if ended.last is None else _payload(ended, ended.last)
    attributes = reasons(ended.request_id, answer, ran=ended.last is not None)
    if service != "sns":
        return _json({"body": event, "messageAttributes": attributes}), None
    notification = {
        "Type": "Notification",
        "MessageId": uuid,
        "TopicArn": destination,
        "Message": event,
        "Timestamp": timestamp(source.epoch + ended.at),
        "MessageAttributes": {
            name: {"Type": one["dataType"], "Value": one["stringValue"]} for name, one in attributes.items()
        },
    }
    return _json(notification), None


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))
