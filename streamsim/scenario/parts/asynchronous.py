"""What a scenario says of a function's asynchronous events: how they are retried, and where they end."""

import re
from typing import Annotated, Any, Final

from pydantic import Field

from streamsim.model.asynchronous import EventInvokeConfig
from streamsim.model.units import SECOND
from streamsim.rules.mapping.destinations import destination_arn, destination_refusal
from streamsim.rules.mapping.settings import described
from streamsim.scenario.parts.fields import Complaint, reader, refused, whole_number
from streamsim.scenario.parts.maps import Strict
from streamsim.scenario.parts.told import told

INVOKE_CONFIG: Final = "documented: Lambda API Reference, PutFunctionEventInvokeConfig"
DEAD_LETTER: Final = "documented: Lambda API Reference, DeadLetterConfig"

_EVENTS: Final = "an asynchronous event"


def _destination(value: object) -> str:
    for service in ("lambda", "events"):
        if isinstance(value, str) and value.startswith(f"arn:aws:{service}:"):
            raise refused(
                f"a destination in {service} is not simulated, only sqs, sns and s3", "write sqs, sns or s3"
            )
    refusal = destination_refusal(value, _EVENTS)
    if refusal:
        raise refused(*refusal)
    return destination_arn(str(value))


def _on_success(value: object) -> str:
    arn = _destination(value)
    if arn.startswith("arn:aws:s3:"):
        raise refused("S3 takes failed events only", "write sqs or sns")
    return arn.replace(":on-failure-", ":on-success-") if value in {"sqs", "sns"} else arn


def _dead_letter(value: object) -> str:
    if value in ("sqs", "sns"):
        return destination_arn(str(value)).replace(":on-failure-", ":dead-letter-")
    if not isinstance(value, str) or not _QUEUE_OR_TOPIC.fullmatch(value):
        hint = "write sqs or sns, or use EventInvokeConfig: {DestinationConfig: …}, which takes more"
        raise refused(f"a dead-letter queue is an SQS queue or an SNS topic, not {described(value)}", hint)
    if value.endswith(".fifo"):
        raise refused("a FIFO queue or topic cannot be a dead-letter queue", "use a standard one")
    return value


_QUEUE_OR_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:(sqs|sns):[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_.-]+")


class DeadLetter(Strict, label="a DeadLetterConfig", example="{TargetArn: sqs}"):
    """Where events go that are given up, as they came."""

    TargetArn: Annotated[str, *reader(_dead_letter, type="string")] = Field(
        description="The queue or topic that takes them.",
        examples=["sqs"],
        json_schema_extra=told(
            range="sqs, sns, or the ARN of a standard queue or topic", evidence=DEAD_LETTER
        ),
    )

    def settings(self) -> dict[str, Any]:
        """The setting as the trace shows it."""
        return {"DeadLetterConfig": {"TargetArn": self.TargetArn}}


class FailureEnd(Strict, label="OnFailure", example="{Destination: sqs}"):
    """Where events go that are given up."""

    Destination: Annotated[str, *reader(_destination, type="string")] = Field(
        description="What takes the document about such an event.",
        examples=["sqs"],
        json_schema_extra=told(
            range="sqs, sns, s3, or the ARN of a standard queue, a standard topic or a bucket",
            evidence=INVOKE_CONFIG,
        ),
    )


class SuccessEnd(Strict, label="OnSuccess", example="{Destination: sqs}"):
    """Where events go that the function has handled."""

    Destination: Annotated[str, *reader(_on_success, type="string")] = Field(
        description="What takes the document about such an event; not S3.",
        examples=["sqs"],
        json_schema_extra=told(
            range="sqs, sns, or the ARN of a standard queue or topic", evidence=INVOKE_CONFIG
        ),
    )


class Destinations(Strict, label="DestinationConfig", example="{OnFailure: {Destination: sqs}}"):
    """Where asynchronous events go in the end."""

    OnFailure: FailureEnd | None = Field(default=None, json_schema_extra=told(evidence=INVOKE_CONFIG))
    OnSuccess: SuccessEnd | None = Field(default=None, json_schema_extra=told(evidence=INVOKE_CONFIG))


class AsyncSettings(Strict, label="an EventInvokeConfig", example="{MaximumRetryAttempts: 0}"):
    """Lambda's settings for asynchronous events of a function, under AWS's names."""

    MaximumRetryAttempts: Annotated[int, *whole_number(0, 2, "MaximumRetryAttempts")] = Field(
        default=2,
        description="How often an event is tried again after the function failed.",
        json_schema_extra=told(unit="retries", evidence=INVOKE_CONFIG),
    )
    MaximumEventAgeInSeconds: Annotated[int, *whole_number(60, 21_600, "MaximumEventAgeInSeconds")] = Field(
        default=21_600,
        description="How long an event may stay in Lambda's queue.",
        json_schema_extra=told(unit="seconds", evidence=INVOKE_CONFIG),
    )
    DestinationConfig: Destinations = Field(
        default=Destinations(),
        description="Where asynchronous events go in the end: {OnFailure: {Destination: sqs}, OnSuccess: {Destination: sns}}.",
        json_schema_extra=told(default="none", evidence=INVOKE_CONFIG),
    )

    @property
    def on_failure(self) -> str | None:
        """The ARN for events that are given up."""
        found = self.DestinationConfig.OnFailure
        return found.Destination if found else None

    @property
    def on_success(self) -> str | None:
        """The ARN for events that the function has handled."""
        found = self.DestinationConfig.OnSuccess
        return found.Destination if found else None

    def to_config(self) -> EventInvokeConfig:
        """The settings as the engine takes them."""
        return EventInvokeConfig(self.MaximumRetryAttempts, self.MaximumEventAgeInSeconds * SECOND)

    def settings(self) -> dict[str, Any]:
        """The settings as the trace shows them, JSON-ready."""
        ends = {"OnFailure": self.on_failure, "OnSuccess": self.on_success}
        return {
            "MaximumRetryAttempts": self.MaximumRetryAttempts,
            "MaximumEventAgeInSeconds": self.MaximumEventAgeInSeconds,
            "DestinationConfig": {end: {"Destination": arn} for end, arn in ends.items() if arn},
        }

    @classmethod
    def unknown(cls, name: str, value: object) -> Complaint:
        """See `Strict`."""
        if name == "DeadLetterConfig":
            return Complaint(
                (name,),
                "a dead-letter queue is a setting of the function itself",
                "write it beside EventInvokeConfig: `DeadLetterConfig: {TargetArn: sqs}`",
                at_key=True,
            )
        return super().unknown(name, value)
