"""How people name a destination of discarded batches on the command line, and what each name means.

Knows forms, not servers: whether there is such a queue is found out when it is opened. What AWS would refuse for a
stream is refused here in the same words.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streamsim.rules.mapping.destinations import destination_refusal

FORMS: Final = (
    "FILE, kafka://TOPIC, kafka://HOST:PORT/TOPIC, sqs:QUEUE, s3://BUCKET or an ARN of SQS, SNS or S3"
)

_SERVICES: Final = ("kafka", "sqs", "sns", "s3")

_SCHEME: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.]+):(?P<slashes>//)?(?P<rest>.*)")
_TOPIC: Final = re.compile(r"((?P<brokers>[^/]+)/)?(?P<topic>[A-Za-z0-9._-]{1,249})")
_QUEUE: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class AddressError(ValueError):
    """A text that names no destination; `hint` says what would."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class FileAddress:
    """A file that grows by a line for each document."""

    path: Path


@dataclass(frozen=True, slots=True)
class TopicAddress:
    """A Kafka topic, of the broker that is read from where `brokers` is None."""

    topic: str
    brokers: str | None = None


@dataclass(frozen=True, slots=True)
class QueueAddress:
    """An SQS queue by its name; `region` and `account` are None where the caller's are meant."""

    queue: str
    region: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class NotificationAddress:
    """An SNS topic by its ARN."""

    arn: str

    @property
    def region(self) -> str:
        """The region that the ARN names."""
        return self.arn.split(":")[3]


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """An S3 bucket."""

    bucket: str


Address = FileAddress | TopicAddress | QueueAddress | NotificationAddress | BucketAddress


def address_of(text: str) -> Address:
    """What the text names; `AddressError` when nothing. A text of no known form is the path of a file."""
    found = _SCHEME.fullmatch(text)
    match found["scheme"].lower() if found is not None else "":
        case "arn":
            return _of_arn(text)
        case "kafka":
            return _topic(_rest(text))
        case "sqs":
            return _queue(_rest(text))
        case "sns":
            raise AddressError(
                "SNS topics are named by their ARN",
                f"write arn:aws:sns:REGION:ACCOUNT:{_rest(text) or 'TOPIC'}",
            )
        case "s3":
            return _bucket(_rest(text))
        case "file":
            return _file(text.partition(":")[2])
        case _ if found is not None and found["slashes"]:
            raise AddressError(f"{text} is no destination", f"write {FORMS}")
        case _ if text in _SERVICES:
            raise AddressError(
                f"which destination of {text}?", f"write {FORMS}; a file of this name is ./{text}"
            )
        case _:
            return _file(text)


def _rest(text: str) -> str:
    return text.partition(":")[2].removeprefix("//").rstrip("/")


def _file(path: str) -> FileAddress:
    if not path:
        raise AddressError("a file without a name", f"write {FORMS}")
    return FileAddress(Path(path))


def _topic(text: str) -> TopicAddress:
    found = _TOPIC.fullmatch(text)
    if found is None:
        raise AddressError(f"{text!r} is no topic", "write kafka://failed or kafka://localhost:9092/failed")
    return TopicAddress(found["topic"], found["brokers"])


def _queue(text: str) -> QueueAddress:
    if text.endswith(".fifo"):
        raise AddressError("a FIFO queue cannot be a destination of a stream", "use a standard queue")
    if _QUEUE.fullmatch(text) is None:
        raise AddressError(f"{text!r} is no name of a queue", "write sqs:failed, or the queue's ARN")
    return QueueAddress(text)


def _bucket(text: str) -> BucketAddress:
    if _BUCKET.fullmatch(text) is None:
        hint = (
            "keys are made as AWS makes them: write s3://BUCKET"
            if "/" in text
            else "write s3://failed-orders"
        )
        raise AddressError(f"{text!r} is no name of a bucket", hint)
    return BucketAddress(text)


def _of_arn(text: str) -> Address:
    refusal = destination_refusal(text)
    if refusal is not None:
        raise AddressError(*refusal)
    _, _, service, region, account, resource = text.split(":", 5)
    if service == "s3":
        return _bucket(resource)
    if not region or not account:
        raise AddressError(
            f"{text} names no region or no account", f"write arn:aws:{service}:REGION:ACCOUNT:NAME"
        )
    return NotificationAddress(text) if service == "sns" else QueueAddress(resource, region, account)
