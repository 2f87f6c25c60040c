"""Which settings Lambda accepts for a mapping of a stream, in its own words where it has them.

Ranges, enums and the destination pattern are those of the Lambda API's CreateEventSourceMapping; the form of the
validation texts is recorded (LocalStack's AWS-validated snapshots of API errors). Knows settings as an API call
carries them: a map by AWS's names. Must not know files, YAML or how problems are shown.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from streamsim.model.mapping import INFINITE
from streamsim.rules.mapping.destinations import destination_refusal
from streamsim.rules.mapping.filter_pattern import INVALID_PATTERN, PatternError, parse_pattern


class Refusal(NamedTuple):
    """A setting that Lambda refuses: where in the settings (may be empty), the message, and what to write instead."""

    path: tuple[str | int, ...]
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """A setting that is a whole number from `low` to `high`, both included."""

    low: int
    high: int
    default: int


#: CreateEventSourceMapping, for Kinesis and DynamoDB streams.
WHOLE_NUMBERS: Final[Mapping[str, Whole]] = MappingProxyType(
    {
        "BatchSize": Whole(1, 10_000, 100),
        "MaximumBatchingWindowInSeconds": Whole(0, 300, 0),
        "ParallelizationFactor": Whole(1, 10, 1),
        "MaximumRetryAttempts": Whole(INFINITE, 10_000, INFINITE),
        "MaximumRecordAgeInSeconds": Whole(INFINITE, 604_800, INFINITE),
        "TumblingWindowInSeconds": Whole(0, 900, 0),
    }
)

#: The least record age that Lambda takes besides -1; the API model says -1 only, the service refuses 0 to 59.
MINIMUM_RECORD_AGE: Final = 60

#: In the order in which the service lists them.
STARTING_POSITIONS: Final = ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON")

REPORT_BATCH_ITEM_FAILURES: Final = "ReportBatchItemFailures"

#: What MetricsConfig may ask for, in the order of the API model, and what of it streams have (Lambda Developer Guide,
#: "Types of metrics for Lambda functions": the other two groups are for Amazon MSK and self-managed Kafka).
METRIC_GROUPS: Final = ("EventCount", "ErrorCount", "KafkaMetrics")
EVENT_COUNT: Final = "EventCount"

_METRICS: Final = "write {Metrics: [EventCount]}"

#: Filters of one mapping, and characters of a pattern (Lambda Developer Guide, "Control which events Lambda sends").
MAXIMUM_FILTERS: Final = 5
MAXIMUM_PATTERN: Final = 4096

_SQS: Final = "it is for SQS queues"
_KAFKA: Final = "it is for Kafka topics"

#: Parameters of the same API call that no stream mapping takes, and why.
NOT_FOR_STREAMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ScalingConfig": f"{_SQS}; a stream's concurrency is shards x ParallelizationFactor",
        "ProvisionedPollerConfig": "it is for SQS queues and Kafka topics",
        "Queues": "it is for Amazon MQ brokers",
        "Topics": _KAFKA,
        "SourceAccessConfigurations": "it is for Kafka clusters, Amazon MQ and DocumentDB",
        "SelfManagedEventSource": _KAFKA,
        "SelfManagedKafkaEventSourceConfig": _KAFKA,
        "AmazonManagedKafkaEventSourceConfig": _KAFKA,
        "DocumentDBEventSourceConfig": "it is for DocumentDB",
        "LoggingConfig": _KAFKA,
    }
)


def refusals(settings: Mapping[str, Any]) -> list[Refusal]:
    """What Lambda would refuse, in the order of the settings, interactions last; empty when it takes them all.

    Settings it does not know are left to the caller. StartingPosition may be missing: its default is the caller's too.
    """
    found: list[Refusal] = []
    for name, value in settings.items():
        if name in WHOLE_NUMBERS:
            found += _whole_number(name, value)
        elif name in NOT_FOR_STREAMS:
            found.append(
                Refusal((name,), f"{name} is not for streams: {NOT_FOR_STREAMS[name]}", "remove this setting")
            )
        elif name in _CHECKS:
            found += _CHECKS[name](name, value)
    if not found:
        found += _interactions(settings)
    return found


def constraint(value: object, member: str, rule: str) -> str:
    """A refusal in the words of the Lambda API."""
    return f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"


def member(name: str) -> str:
    """A setting as the API's messages spell it: `BatchSize` is `batchSize`."""
    return name[:1].lower() + name[1:]


def whole(value: object) -> bool:
    """Whether a value is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def not_whole(name: str, value: object, low: int, high: int) -> Refusal:
    """Why a value is no whole number, and what to write when that can be told."""
    message = f"{name} must be a whole number, not {described(value)}"
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value.strip()):
        return Refusal((name,), message, f"write {value.strip()} without quotes")
    seconds = (
        re.fullmatch(r"([0-9]{1,9})\s*s(ec(onds?)?)?", value.strip()) if isinstance(value, str) else None
    )
    if seconds and name.endswith("InSeconds"):
        return Refusal((name,), message, f"this setting's unit is the second: write {seconds[1]}")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return Refusal((name,), message, f"write {int(value)}")
    return Refusal((name,), message, f"write a number from {low} to {high}")


def described(value: object) -> str:
    """A value in words: `the text '100'`, `true`, `a list`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {value[:60]!r}"
        case Mapping():
            return "a map"
        case list() | tuple():
            return "a list"
        case _:
            return str(value)


def _whole_number(name: str, value: object) -> Iterator[Refusal]:
    low, high = WHOLE_NUMBERS[name].low, WHOLE_NUMBERS[name].high
    aged = name == "MaximumRecordAgeInSeconds"
    hint = f"write {INFINITE}, or {MINIMUM_RECORD_AGE} to {high}" if aged else f"write {low} to {high}"
    if not isinstance(value, int) or isinstance(value, bool):
        yield not_whole(name, value, low, high)
    elif value > high:
        yield Refusal(
            (name,), constraint(value, member(name), f"have value less than or equal to {high}"), hint
        )
    elif value < low:
        yield Refusal(
            (name,), constraint(value, member(name), f"have value greater than or equal to {low}"), hint
        )
    elif aged and INFINITE < value < MINIMUM_RECORD_AGE:
        yield Refusal(
            (name,),
            f"{name} must be -1 (no limit of its own) or {MINIMUM_RECORD_AGE} to {high} seconds, not {value}",
            f"write {MINIMUM_RECORD_AGE}, the shortest age that Lambda takes",
        )


def _boolean(name: str, value: object) -> Iterator[Refusal]:
    if isinstance(value, bool):
        return
    hint = "write true or false"
    if isinstance(value, str) and value.lower() in {"true", "yes", "on", "false", "no", "off"}:
        hint = "write true" if value.lower() in {"true", "yes", "on"} else "write false"
        hint += ", without quotes" if value.lower() in {"true", "false"} else ""
    yield Refusal((name,), f"{name} must be true or false, not {described(value)}", hint)


def _starting_position(name: str, value: object) -> Iterator[Refusal]:
    if value is None:
        yield Refusal(
            (name,),
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
            "Member must not be null.",
            f"write one of {', '.join(STARTING_POSITIONS)}",
        )
    elif value not in STARTING_POSITIONS:
        enum = f"satisfy enum value set: [{', '.join(STARTING_POSITIONS)}]"
        upper = str(value).upper().replace("-", "_").replace(" ", "_")
        hint = f"did you mean {upper}?" if upper in STARTING_POSITIONS else None
        yield Refusal((name,), constraint(_shown(value), member(name), enum), hint)


def _response_types(name: str, value: object) -> Iterator[Refusal]:
    if not isinstance(value, list):
        yield Refusal(
            (name,), f"{name} must be a list, not {described(value)}", f"write [{REPORT_BATCH_ITEM_FAILURES}]"
        )
        return
    if len(value) > 1:
        shown = f"[{', '.join(_shown(item) for item in value)}]"
        yield Refusal((name,), constraint(shown, member(name), "have length less than or equal to 1"))
    for index, item in enumerate(value):
        if item != REPORT_BATCH_ITEM_FAILURES:
            shown = f"[{_shown(item)}]"
            rule = f"satisfy constraint: [Member must satisfy enum value set: [{REPORT_BATCH_ITEM_FAILURES}]]"
            yield Refusal(
                (name, index), constraint(shown, member(name), rule), f"write {REPORT_BATCH_ITEM_FAILURES}"
            )


def _metrics_config(name: str, value: object) -> Iterator[Refusal]:
    if not isinstance(value, Mapping):
        yield Refusal((name,), f"{name} must be a map, not {described(value)}", _METRICS)
        return
    for key in value:
        if key != "Metrics":
            yield Refusal((name, key), f"{name} has no setting {key!r}", "its one setting is Metrics")
    metrics = value.get("Metrics", [])
    path = (name, "Metrics")
    if not isinstance(metrics, list):
        yield Refusal(path, f"Metrics must be a list, not {described(metrics)}", _METRICS)
        return
    if len(metrics) > len(METRIC_GROUPS):
        shown = f"[{', '.join(_shown(item) for item in metrics)}]"
        rule = f"have length less than or equal to {len(METRIC_GROUPS)}"
        yield Refusal(path, constraint(shown, "metricsConfig.metrics", rule))
    for index, item in enumerate(metrics):
        if item not in METRIC_GROUPS:
            rule = f"satisfy constraint: [Member must satisfy enum value set: [{', '.join(METRIC_GROUPS)}]]"
            yield Refusal(
                (*path, index), constraint(f"[{_shown(item)}]", "metricsConfig.metrics", rule), _METRICS
            )
        elif item != EVENT_COUNT:
            yield Refusal(
                (*path, index), f"{item} is not for streams: {_KAFKA}", "write EventCount, or remove it"
            )


def _destination_config(name: str, value: object) -> Iterator[Refusal]:
    if not isinstance(value, Mapping):
        yield Refusal((name,), f"{name} must be a map, not {described(value)}", _DESTINATION)
        return
    for key, inner in value.items():
        if key == "OnSuccess":
            yield Refusal(
                (name, key), "OnSuccess is not for streams: only discarded batches are sent", "remove it"
            )
        elif key != "OnFailure":
            yield Refusal((name, key), f"{name} has no setting {key!r}", _DESTINATION)
        elif not isinstance(inner, Mapping):
            yield Refusal((name, key), f"OnFailure must be a map, not {described(inner)}", _DESTINATION)
        else:
            yield from _on_failure((name, key), inner)


def _on_failure(path: tuple[str, ...], value: Mapping[str, Any]) -> Iterator[Refusal]:
    for key, inner in value.items():
        if key != "Destination":
            yield Refusal((*path, key), f"OnFailure has no setting {key!r}", _DESTINATION)
        elif refused := destination_refusal(inner):
            yield Refusal((*path, key), *refused)


_DESTINATION: Final = "write {OnFailure: {Destination: sqs}}, or sns, s3, or an ARN"


def _filter_criteria(name: str, value: object) -> Iterator[Refusal]:
    if not isinstance(value, Mapping):
        yield Refusal(
            (name,), f"{name} must be a map, not {described(value)}", f"write {{Filters: [{_FILTER}]}}"
        )
        return
    for key in value:
        if key != "Filters":
            yield Refusal((name, key), f"{name} has no setting {key!r}", "its one setting is Filters")
    filters = value.get("Filters", [])
    if not isinstance(filters, list):
        yield Refusal((name, "Filters"), f"Filters must be a list, not {described(filters)}")
    elif len(filters) > MAXIMUM_FILTERS:
        yield Refusal(
            (name, "Filters"), f"a mapping takes up to {MAXIMUM_FILTERS} filters, not {len(filters)}"
        )
    else:
        for index, inner in enumerate(filters):
            yield from _filter((name, "Filters", index), inner)


def _filter(path: tuple[str | int, ...], value: object) -> Iterator[Refusal]:
    if not isinstance(value, Mapping):
        yield Refusal(path, f"a filter must be a map, not {described(value)}", f"write {_FILTER}")
        return
    for key in value:
        if key != "Pattern":
            yield Refusal((*path, key), f"a filter has no setting {key!r}", "its one setting is Pattern")
    if "Pattern" not in value:
        yield Refusal(path, "a filter needs a Pattern", f"write {_FILTER}")
    else:
        yield from _pattern((*path, "Pattern"), value["Pattern"])


def _pattern(path: tuple[str | int, ...], value: object) -> Iterator[Refusal]:
    if not isinstance(value, str):
        meant = f"'{json.dumps(value, default=str)[:200]}'" if isinstance(value, Mapping) else _FILTER
        yield Refusal(path, f"Pattern must be JSON as text, not {described(value)}", f"write {meant}")
    elif len(value) > MAXIMUM_PATTERN:
        number = int(path[-2]) + 1
        rule = f"have length less than or equal to {MAXIMUM_PATTERN}"
        yield Refusal(
            path,
            constraint(f"{value[:40]}…", f"filterCriteria.filters.{number}.member.pattern", rule),
            f"it has {len(value)} characters",
        )
    else:
        try:
            parse_pattern(value)
        except PatternError as error:
            yield Refusal(path, INVALID_PATTERN, str(error))


_FILTER: Final = '{Pattern: \'{"data": {"kind": ["order"]}}\'}'


def _interactions(settings: Mapping[str, Any]) -> Iterator[Refusal]:
    """recorded: tumbling windows go with neither lanes nor filters; an empty list of filters counts as none."""
    tumbling = "TumblingWindowInSeconds"
    if settings.get(tumbling, 0) > 0:
        if settings.get("ParallelizationFactor", 1) > 1:
            yield Refusal(
                (tumbling,),
                f"{tumbling} cannot be combined with ParallelizationFactor above 1",
                "remove one of the two",
            )
        if settings.get("FilterCriteria", {}).get("Filters"):
            yield Refusal(
                (tumbling,), f"{tumbling} cannot be combined with FilterCriteria", "remove one of the two"
            )
    timestamp = "StartingPositionTimestamp"
    at_timestamp = settings.get("StartingPosition") == "AT_TIMESTAMP"
    if at_timestamp and timestamp not in settings:
        yield Refusal(
            ("StartingPosition",),
            f"AT_TIMESTAMP needs a {timestamp}",
            f"add `{timestamp}: -10m`, or an ISO time",
        )
    if timestamp in settings and not at_timestamp:
        yield Refusal(
            (timestamp,),
            f"{timestamp} is only for StartingPosition AT_TIMESTAMP",
            "add `StartingPosition: AT_TIMESTAMP`, or remove the time stamp",
        )


def _shown(value: object) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)[:100]


_CHECKS: Final[Mapping[str, Callable[[str, object], Iterator[Refusal]]]] = {
    "BisectBatchOnFunctionError": _boolean,
    "Enabled": _boolean,
    "StartingPosition": _starting_position,
    "FunctionResponseTypes": _response_types,
    "DestinationConfig": _destination_config,
    "MetricsConfig": _metrics_config,
    "FilterCriteria": _filter_criteria,
}
