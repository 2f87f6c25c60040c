"""Where a stream mapping may send discarded batches: the ARNs that Lambda takes, and the shorthand for them.

The pattern and the length are those of the Lambda API's DestinationArn; that a stream's destination is a standard SQS
queue, a standard SNS topic or an S3 bucket is the Lambda Developer Guide's ("Retaining discarded batch records").
recorded: a FIFO queue or topic is refused when the mapping is created.
"""

import re
from typing import Final

from streamsim.model.names import Account

MAXIMUM_DESTINATION: Final = 350

_ARN: Final = re.compile(
    r"arn:(?P<partition>aws[a-zA-Z0-9-]*):(?P<service>[a-zA-Z0-9-]+)"
    r":((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-[0-9])?:([0-9]{12})?:(?P<resource>.*)"
)
_SERVICES: Final = ("sqs", "sns", "s3")
_NAMES: Final = {"sqs": "on-failure-queue", "sns": "on-failure-topic", "s3": "on-failure-bucket"}


def destination_refusal(value: object, whose: str = "a stream") -> tuple[str, str | None] | None:
    """Why Lambda would not take a destination, with a hint; None when it would. `sqs`, `sns`, `s3` are shorthand.

    `whose` destination it is, in words.
    """
    if not isinstance(value, str):
        return "Destination must be text", "write sqs, sns, s3 or an ARN"
    if value in _SERVICES:
        return None
    if len(value) > MAXIMUM_DESTINATION:
        return _constraint(value[:40] + "…", f"have length less than or equal to {MAXIMUM_DESTINATION}"), None
    if value.startswith("kafka://"):
        return f"a Kafka topic is a destination of Kafka sources only, not of {whose}", "write sqs, sns or s3"
    found = _ARN.fullmatch(value)
    if found is None:
        hint = (
            f"did you mean {value.lower()}?" if value.lower() in _SERVICES else "write sqs, sns, s3 or an ARN"
        )
        return _constraint(value, f"satisfy regular expression pattern: {_ARN_SHOWN}"), hint
    return _resource_refusal(found["service"], found["resource"], whose)


def _resource_refusal(service: str, resource: str, whose: str) -> tuple[str, str | None] | None:
    if service not in _SERVICES:
        return f"{whose}'s discarded batches go to sqs, sns or s3, not to {service}", None
    if not resource:
        return "the ARN names no queue, topic or bucket", None
    if service != "s3" and resource.endswith(".fifo"):
        kind = "queue" if service == "sqs" else "topic"
        return f"a FIFO {kind} cannot be a destination of {whose}", f"use a standard {kind}"
    return None


def destination_arn(value: str, account: Account | None = None) -> str:
    """The ARN of an accepted destination: the shorthand as a queue, topic or bucket of the account."""
    if value not in _SERVICES:
        return value
    account = account or Account()
    if value == "s3":
        return f"arn:aws:s3:::{_NAMES[value]}"
    return f"arn:aws:{value}:{account.region}:{account.id}:{_NAMES[value]}"


def _constraint(value: str, rule: str) -> str:
    return (
        f"1 validation error detected: Value '{value}' at 'destinationConfig.onFailure.destination' "
        f"failed to satisfy constraint: Member must {rule}"
    )


_ARN_SHOWN: Final = (
    "arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+"
    ":((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)"
)
