"""The streams that a template's event source mappings read: its own Kinesis streams and tables, and those elsewhere.

Properties are those of the CloudFormation User Guide and the AWS SAM Developer Guide. Must not know who reads them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from streamsim.scenario.draft import Setting
from streamsim.scenario.text.document import Node
from streamsim.templates.intrinsics import NOTHING, Unknown, text, unknown_in
from streamsim.templates.resources import STREAM, TABLES, Resource
from streamsim.templates.stack import Stack

Kind = Literal["kinesis", "dynamodb"]

_ARN: Final = re.compile(
    r"arn:[\w-]+:(?P<kind>kinesis|dynamodb):[^:]*:[^:]*:(stream|table)/(?P<name>[^/]+)(/consumer/(?P<consumer>[^:]+))?.*"
)
_SERVICE: Final = re.compile(r"arn:[\w-]+:(?P<service>[\w-]+):.*")


@dataclass(frozen=True, slots=True)
class ReadStream:
    """A stream that mappings read; `resource` None: it is not in the template, and `elsewhere` says what names it."""

    name: str
    kind: Kind
    resource: Resource | None = None
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class NoStream:
    """What a mapping reads instead, in words."""

    reason: str


def read_stream(
    stack: Stack, source: Node | None, kind: Kind | None
) -> tuple[ReadStream, str | None] | NoStream:
    """The stream behind an EventSourceArn, and the consumer of it that is read through.

    `kind` is what the mapping says of it; None where it says nothing.
    """
    if source is None:
        return NoStream("it names no stream")
    value = stack.scope.value(source)
    if isinstance(value, Unknown) or value is NOTHING:
        return _guessed(source, kind, value.reason if isinstance(value, Unknown) else "it is left out")
    arn = text(value)
    found, service = _ARN.fullmatch(arn), _SERVICE.fullmatch(arn)
    if found is not None:
        return _named(stack, found)
    if service is None:
        return _guessed(Node(source.span, arn), kind, f"{arn[:60]!r} is no ARN")
    return NoStream(f"it reads {service['service']}, and a scenario has streams of Kinesis and DynamoDB")


def _guessed(source: Node, kind: Kind | None, why: str) -> tuple[ReadStream, None] | NoStream:
    """A stream of which only the type is known, if even that."""
    if kind is None:
        return NoStream(f"which event source it reads is not known: {why}")
    return ReadStream(_called(source) or f"{kind}-stream", kind, None, why), None


def _named(stack: Stack, arn: re.Match[str]) -> tuple[ReadStream, str | None]:
    """The stream of an ARN: the template's own of that name, or one elsewhere."""
    kind: Kind = "kinesis" if arn["kind"] == "kinesis" else "dynamodb"
    for resource in stack.of_type(*((STREAM,) if kind == "kinesis" else TABLES)):
        if stack.named(resource) == arn["name"]:
            return ReadStream(resource.id, kind, resource), arn["consumer"]
    name = re.sub(r"[^A-Za-z0-9_-]", "-", arn["name"])[:50]
    name += "-elsewhere" * (name in stack.resources)
    return ReadStream(name, kind, None, "it is not in this template"), arn["consumer"]


def _called(node: Node) -> str:
    """The first name in what refers to a stream, as a name of a scenario's."""
    if node.items is not None:
        return next((name for item in node.items if (name := _called(item))), "")
    if node.entries is not None:
        return next((name for entry in node.entries.values() if (name := _called(entry.node))), "")
    return re.sub(r"[^A-Za-z0-9_]+", "-", text(node.scalar)).strip("-")[:64]


def stream_settings(stack: Stack, stream: ReadStream) -> tuple[Setting, ...]:
    """What a scenario says of the stream itself."""
    resource = stream.resource
    kind = Setting("type", stream.kind)
    if resource is None:
        return (kind, Setting("shards", 1, assumed=stream.elsewhere))
    found = _table(stack, resource) if stream.kind == "dynamodb" else _kinesis(stack, resource)
    return (kind, *found)


def _kinesis(stack: Stack, resource: Resource) -> Iterator[Setting]:
    details: Any = stack.value(resource, "StreamModeDetails")
    mode = details.get("StreamMode") if isinstance(details, dict) else stack.value(resource, "StreamMode")
    shards = resource.properties.get("ShardCount")
    count = NOTHING if shards is None else stack.scope.value(shards)
    if mode == "ON_DEMAND":
        yield Setting("mode", "on-demand", span=resource.span)
        if shards is not None and count is not NOTHING:
            # recorded: what CloudFormation answers (issue 18247 of aws-cdk)
            stack.problem(shards.span, "ShardCount is not expected when StreamMode=ON_DEMAND", "remove it")
    elif shards is None or count is NOTHING:
        yield Setting("shards", 1, assumed=f"{resource.id} says neither ShardCount nor StreamMode")
    else:
        known = stack.known(resource, "ShardCount", 1, int, "a whole number")
        unknown = unknown_in(count)
        yield Setting("shards", known, assumed=unknown.reason if unknown else "", span=shards.span)
    hours = stack.known(resource, "RetentionPeriodHours", 24, int, "a whole number of hours")
    if hours != 24:
        yield Setting("retention", f"{hours}h", span=resource.properties["RetentionPeriodHours"].span)
    largest = stack.known(resource, "MaxRecordSizeInKiB", 1024, int, "a whole number of KiB")
    if largest != 1024:
        yield Setting("max_record_size", f"{largest}KiB", span=resource.properties["MaxRecordSizeInKiB"].span)


def _table(stack: Stack, resource: Resource) -> Iterator[Setting]:
    yield Setting("shards", 1, assumed="only the table itself knows its partitions")
    written: Any = stack.value(resource, "StreamSpecification")
    view = written.get("StreamViewType") if isinstance(written, dict) else NOTHING
    if isinstance(view, str):
        yield Setting("view", view, span=resource.properties["StreamSpecification"].span)
    else:
        why = view.reason if isinstance(view, Unknown) else f"{resource.id} has no StreamSpecification"
        yield Setting("view", "NEW_AND_OLD_IMAGES", assumed=why)
        if not isinstance(view, Unknown):
            stack.note(resource.span, f"{resource.id} has no StreamSpecification, so on AWS it has no stream")
    name = key_name(stack, resource)
    if name != "id":
        yield Setting("key_name", name, span=resource.span)
    if sort := _key(stack, resource, "RANGE"):
        stack.note(
            resource.span,
            f"{sort} of {resource.id} is left out: items here have a partition key and no sort key, so a filter on Keys.{sort}"
            " lets none through",
        )


def key_name(stack: Stack, table: Resource) -> str:
    """The attribute that is the table's partition key; `id` where that is not known."""
    simple: Any = stack.value(table, "PrimaryKey")
    if isinstance(simple, dict) and isinstance(simple.get("Name"), str):
        return str(simple["Name"])
    return _key(stack, table, "HASH") or "id"


def _key(stack: Stack, table: Resource, kind: Literal["HASH", "RANGE"]) -> str:
    """The attribute that is a part of the table's key; empty without one."""
    schema: Any = stack.value(table, "KeySchema")
    keys = [one for one in schema if isinstance(one, dict)] if isinstance(schema, list) else []
    names = [one.get("AttributeName") for one in keys if one.get("KeyType") == kind]
    return next((name for name in names if isinstance(name, str)), "")
