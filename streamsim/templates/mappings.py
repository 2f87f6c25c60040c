"""The event source mappings of a template: events of types Kinesis and DynamoDB, and AWS::Lambda::EventSourceMapping.

Which settings there are is `streamsim.rules`' business, and what they may be is checked where scenarios are read.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from streamsim.model.names import unix
from streamsim.rules.api.errors import ApiError
from streamsim.rules.api.function_name import parse
from streamsim.rules.mapping.parameters import PARAMETERS
from streamsim.rules.mapping.settings import NOT_FOR_STREAMS, WHOLE_NUMBERS
from streamsim.scenario.draft import Setting
from streamsim.scenario.text.document import Node
from streamsim.scenario.text.errors import Span, did_you_mean
from streamsim.templates.gateway import target
from streamsim.templates.intrinsics import NOTHING, Unknown, text, unknown_in
from streamsim.templates.resources import FUNCTIONS, Resource
from streamsim.templates.stack import Stack
from streamsim.templates.streams import Kind, NoStream, ReadStream, read_stream

_MAPPING: Final = "AWS::Lambda::EventSourceMapping"
_EVENTS: Final[Mapping[str, Kind]] = {"Kinesis": "kinesis", "DynamoDB": "dynamodb"}

#: What names the two ends of a mapping, and what changes nothing in what it does.
_ENDS: Final = frozenset({"Stream", "EventSourceArn", "FunctionName"})
_SILENT: Final = frozenset({"KMSKeyArn", "KmsKeyArn", "Tags"})

#: In the order of the API's model.
_SETTINGS: Final = tuple(one.name for one in PARAMETERS if not one.refused)
_BOOLEANS: Final[Mapping[str, bool]] = {"BisectBatchOnFunctionError": False, "Enabled": True}


@dataclass(frozen=True, slots=True)
class ReadMapping:
    """A mapping: its name in a scenario, the logical id of its function, its stream, and its settings as they are written.

    `told` is where it stands, in words.
    """

    name: str
    function: str
    stream: ReadStream
    settings: tuple[Setting, ...]
    span: Span
    told: str

    def value(self, name: str, default: Any) -> Any:
        """One of its settings."""
        return next((one.value for one in self.settings if one.key == name), default)


def mappings(stack: Stack, functions: Container[str]) -> Iterator[ReadMapping]:
    """The mappings of these functions whose streams a scenario can have, in the order of the template.

    Of the others a note says why not.
    """
    for resource in stack.of_type(*FUNCTIONS, _MAPPING):
        if resource.type == _MAPPING:
            yield from _of_its_own(stack, resource, functions)
        elif resource.id in functions:
            yield from _of_events(stack, resource)


def events(resource: Resource) -> Iterator[tuple[str, str, Node]]:
    """The events of a function of SAM's: name, type, and the whole event."""
    written = resource.properties.get("Events") if resource.type == FUNCTIONS[0] else None
    for name, entry in (written.entries or {}).items() if written else ():
        kind = entry.node.child("Type")
        yield name, text(kind.scalar) if kind else "", entry.node


def _of_events(stack: Stack, resource: Resource) -> Iterator[ReadMapping]:
    for name, kind, event in events(resource):
        if kind not in _EVENTS:
            continue
        properties = event.child("Properties")
        written = {key: one.node for key, one in (properties.entries or {}).items()} if properties else {}
        what = f"event {name} of {resource.id}"
        yield from _mapping(
            stack, f"{resource.id}{name}", resource.id, written, _EVENTS[kind], (event.span, what)
        )


def _of_its_own(stack: Stack, resource: Resource, functions: Container[str]) -> Iterator[ReadMapping]:
    written = resource.properties
    function = function_of(stack, written.get("FunctionName"))
    if function is None:
        stack.note(resource.span, f"{resource.id} is left out: its function is not in this template")
        return
    if function not in functions:
        return
    other = next((key for key in written if key in NOT_FOR_STREAMS), None)
    kind: Kind | None = None
    if other is not None:
        stack.note(resource.span, f"{resource.id} is left out: it has {other}, which no stream's mapping has")
        return
    if "StartingPosition" in written:
        kind = (
            "dynamodb"
            if "dynamo" in text(written.get("EventSourceArn", Node(resource.span)).plain()).lower()
            else "kinesis"
        )
    yield from _mapping(stack, resource.id, function, written, kind, (resource.span, resource.id))


def _mapping(
    stack: Stack,
    name: str,
    function: str,
    written: Mapping[str, Node],
    kind: Kind | None,
    told: tuple[Span, str],
) -> Iterator[ReadMapping]:
    span, what = told
    found = read_stream(stack, written.get("Stream") or written.get("EventSourceArn"), kind)
    if isinstance(found, NoStream):
        stack.note(span, f"{what} is left out: {found.reason}")
        return
    stream, consumer = found
    for key, node in written.items():
        if key not in {*_SETTINGS, *_ENDS, *_SILENT}:
            hint = did_you_mean(key, _SETTINGS)
            why = NOT_FOR_STREAMS.get(
                key, f"a stream's mapping has no such setting{f'; {hint}' if hint else ''}"
            )
            stack.note(node.span, f"{key} of {what} is left out: {why}")
    settings = [setting for key in _SETTINGS if (setting := _setting(stack, key, written.get(key), what))]
    if "StartingPosition" not in written:
        why = "the template says nothing, and AWS requires it"
        settings.append(Setting("StartingPosition", "TRIM_HORIZON", assumed=why))
    if consumer is not None:
        settings.append(Setting("consumer", consumer, span=span))
    yield ReadMapping(name[:64], function, stream, tuple(settings), span, what)


def _setting(stack: Stack, name: str, node: Node | None, what: str) -> Setting | None:
    """One setting as a scenario says it; None where the template says nothing, or nothing that is known."""
    value = stack.scope.value(node)
    if node is None or value is NOTHING:
        return None
    if name == "DestinationConfig":
        return _destination(value, node.span)
    if unknown := unknown_in(value):
        default = _default(name)
        if default is None:
            stack.note(node.span, f"{name} of {what} is left out: {unknown.reason}")
            return None
        return Setting(name, default, assumed=unknown.reason, span=node.span)
    return Setting(name, _read(name, value), span=node.span)


def _default(name: str) -> Any:
    if name in WHOLE_NUMBERS:
        return WHOLE_NUMBERS[name].default
    return "TRIM_HORIZON" if name == "StartingPosition" else _BOOLEANS.get(name)


def _read(name: str, value: Any) -> Any:
    """The value as the API gets it: parameters are texts, and CloudFormation makes numbers and booleans of them."""
    if name in WHOLE_NUMBERS and isinstance(value, str):
        digits = value.strip()
        return int(digits) if digits.removeprefix("-").isdecimal() and len(digits) < 12 else value
    if name in _BOOLEANS and isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if name == "FunctionResponseTypes" and isinstance(value, str):
        return [value]
    if name == "StartingPositionTimestamp" and isinstance(value, str):
        return _seconds(value)
    return value


def _seconds(value: str) -> Any:
    """Unix seconds of a number in quotes or an ISO time."""
    if value.strip().isdecimal() and len(value.strip()) < 12:
        return int(value.strip())
    try:
        return unix(value.strip()) // 1_000_000
    except (ValueError, OverflowError):
        return value


def _destination(value: Any, span: Span) -> Setting | None:
    """OnFailure with an ARN, or as `sqs`, `sns` or `s3` where only a deployment knows the ARN."""
    failure = value.get("OnFailure") if isinstance(value, dict) else value
    if not isinstance(failure, dict | Unknown) or (isinstance(value, dict) and set(value) - {"OnFailure"}):
        return (
            Setting("DestinationConfig", value if not unknown_in(value) else {}, span=span) if value else None
        )
    place = (
        failure if isinstance(failure, Unknown) else failure.get("Destination", Unknown("it names no ARN"))
    )
    if not isinstance(place, Unknown):
        return Setting("DestinationConfig", {"OnFailure": {"Destination": place}}, span=span)
    said = "" if isinstance(failure, Unknown) else text(failure.get("Type", "")).lower()
    service = said if said in {"sqs", "sns", "s3"} else "sqs"
    config = {"OnFailure": {"Destination": service}}
    return Setting("DestinationConfig", config, assumed=place.reason, span=span)


def function_of(stack: Stack, node: Node | None) -> str | None:
    """The logical id of the template's function that a name, an ARN, a version or an alias means; None: it is elsewhere."""
    for _ in range(3):
        resource = stack.resources.get(target(node))
        if resource is None:
            break
        if resource.type in FUNCTIONS:
            return resource.id
        node = resource.properties.get("FunctionName")
    value = stack.scope.value(node)
    found = parse(value) if isinstance(value, str) else None
    if found is None or isinstance(found, ApiError):
        return None
    return next((one.id for one in stack.of_type(*FUNCTIONS) if stack.named(one) == found.name), None)
