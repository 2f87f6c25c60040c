"""What is left of an asynchronous invocation: the record for a destination, and the message for a dead-letter queue.

Fields and their order as recorded (LocalStack's AWS-validated snapshots of Lambda destinations; Lambda Developer Guide,
"Capturing records of Lambda asynchronous invocations" and "Adding a dead-letter queue").
"""

import json
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from streamsim.model.asynchronous import Loss
from streamsim.model.names import timestamp

#: Characters of the error message that a dead-letter queue gets: its first 1 KB.
_MESSAGE: Final = 1024


@dataclass(frozen=True, slots=True)
class Invoked:
    """The last attempt: the version that ran, its payload as JSON, X-Amz-Function-Error."""

    version: str
    payload: bytes
    function_error: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """An asynchronous event that is done with, `at` microseconds since 1970, after so many attempts.

    `function` is the function's unqualified ARN, `qualifier` what it was invoked with. `last` is None when it never ran.
    """

    request_id: str
    function: str
    qualifier: str
    event: bytes
    condition: Literal["Success"] | Loss
    attempts: int
    at: int
    last: Invoked | None


class Response(NamedTuple):
    """What the last attempt answered: the version that ran, X-Amz-Function-Error, the payload as JSON values."""

    version: str
    function_error: str | None
    payload: Any


def record(
    request_id: str,
    function_arn: str,
    condition: str,
    attempts: int,
    at: int,
    request: Any,
    response: Response | None,
) -> dict[str, Any]:
    """What a destination receives; `function_arn` with its qualifier, `at` in microseconds since 1970.

    recorded: no response of any kind, and a count of 0, where the function was never invoked.
    """
    found: dict[str, Any] = {
        "version": "1.0",
        "timestamp": timestamp(at),
        "requestContext": {
            "requestId": request_id,
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": request,
    }
    if response is None:
        return found
    context: dict[str, Any] = {"statusCode": 200, "executedVersion": response.version}
    if response.function_error is not None:
        context["functionError"] = response.function_error
    return found | {"responseContext": context, "responsePayload": response.payload}


def invocation_record(ended: Ended) -> dict[str, Any]:
    """What a destination receives of an event."""
    last = ended.last
    return record(
        ended.request_id,
        f"{ended.function}:{ended.qualifier}",
        ended.condition,
        ended.attempts,
        ended.at,
        json.loads(ended.event),
        None if last is None else Response(last.version, last.function_error, _json_or_text(last.payload)),
    )


def bus_event(ended: Ended, bus: str) -> dict[str, Any]:
    """The event that rules of an EventBridge bus get for an invocation record; `bus` is the bus's ARN.

    recorded: `source`, `detail-type` and `resources`. assumed: its id is the request's.
    """
    region, account = ended.function.split(":")[3:5]
    return {
        "version": "0",
        "id": ended.request_id,
        "detail-type": f"Lambda Function Invocation Result - {'Success' if ended.condition == 'Success' else 'Failure'}",
        "source": "lambda",
        "account": account,
        "time": f"{timestamp(ended.at)[:-5]}Z",
        "region": region,
        "resources": [bus, f"{ended.function}:{ended.qualifier}"],
        "detail": invocation_record(ended),
    }


def delivered(ended: Ended, destination: str) -> dict[str, Any]:
    """What a destination receives, in the form of its service."""
    return bus_event(ended, destination) if ":events:" in destination else invocation_record(ended)


def dead_letter(ended: Ended) -> dict[str, Any]:
    """The body and the attributes of the SQS message: the event unchanged, and why it is there."""
    answer = None if ended.last is None else _json_or_text(ended.last.payload)
    return {
        "body": ended.event.decode(),
        "messageAttributes": reasons(ended.request_id, answer, ran=ended.last is not None),
    }


def reasons(request_id: str, answer: Any, *, ran: bool) -> dict[str, dict[str, str]]:
    """The attributes of a dead letter; `answer` is what the last attempt answered, as JSON values.

    ErrorCode is the HTTP status of the last attempt, 200 for a function error and 429 when it never ran. assumed: the
    message of the latter.
    """
    message = "Rate Exceeded."
    if ran:
        message = str(answer.get("errorMessage", "")) if isinstance(answer, dict) else str(answer)
    return {
        "RequestID": {"stringValue": request_id, "dataType": "String"},
        "ErrorCode": {"stringValue": "200" if ran else "429", "dataType": "Number"},
        "ErrorMessage": {"stringValue": message[:_MESSAGE], "dataType": "String"},
    }


def _json_or_text(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")
