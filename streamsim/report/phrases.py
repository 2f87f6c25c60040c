"""Numbers, shards, records and instants in the words every report shares.

Knows how a person reads them; must not know where they are shown: no colour, no width, no terminal.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from textwrap import wrap
from typing import Any, Final

from streamsim.model import events as happened
from streamsim.model.batch import Positions
from streamsim.model.events import Event
from streamsim.model.units import HOUR, MILLISECOND, MINUTE, SECOND, show_duration
from streamsim.trace.measures.expectations import measure_named
from streamsim.trace.measures.producing import Producing

#: Spaces at which no line breaks: `12 m 13 s`, `3 tries`, `22 records`, `shard 2`, `Record 151`.
_KEPT: Final = re.compile(
    r"(?<=\d) (?=(?:us|ms|s|m|h|d|try|tries|records?)\b)|(?<=\d [dhm]) (?=\d+ [hms]\b)"
    r"|(?<=shard) (?=\d|[0-9a-f]{8}\b)|(?<=lane) (?=\d)|(?<=[Rr]ecord) (?=\d)|(?<=[Rr]ecords) (?=\d)"
)
_SHARD: Final = re.compile(r"shardId-0*(\d+)")

#: The AWS defaults of the settings that shape delivery (CreateEventSourceMapping), and how a person says the others.
_SAID: Final[tuple[tuple[str, Any, str], ...]] = (
    ("BatchSize", 100, "BatchSize {}"),
    ("MaximumBatchingWindowInSeconds", 0, "window {} s"),
    ("ParallelizationFactor", 1, "ParallelizationFactor {}"),
    ("BisectBatchOnFunctionError", False, "bisect"),
    ("MaximumRetryAttempts", -1, "retries {}"),
    ("MaximumRecordAgeInSeconds", -1, "record age {} s"),
    ("TumblingWindowInSeconds", 0, "tumbling window {} s"),
    ("StartingPosition", "TRIM_HORIZON", "from {}"),
    ("Enabled", True, "disabled"),
)


def shard_number(shard: str) -> str:
    """`2` for `shardId-000000000002`; for other ids their last part, at most 12 characters: a table's have 8 digits."""
    match = _SHARD.fullmatch(shard)
    return match[1] if match else shard.rsplit("-", 1)[-1][-12:]


def shard_name(shard: str) -> str:
    """`shard 2` for `shardId-000000000002`."""
    return f"shard {shard_number(shard)}"


def number(value: float) -> str:
    """`8,640`; fractions keep three figures: `0.25`, `2.75`."""
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 record`, `8,640 records`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def records(positions: Positions, dash: str = "-") -> str:
    """`record 20`, `records 120-148`; a tuple with gaps is told by its ends, its count tells the rest."""
    first, last = positions[0], positions[-1]
    return f"record {first}" if first == last else f"records {first}{dash}{last}"


def many(positions: Positions) -> str:
    """`record 20 (1)`, `records 120-148 (29)`."""
    return f"{records(positions)} ({len(positions):,})"


def instant(t: int) -> str:
    """`12.800 s` in the first minute, `1:02:03.400` after it: readable, and of one width in a long story."""
    if t < MINUTE:
        return f"{t // SECOND}.{t % SECOND // MILLISECOND:03d} s"
    return f"{t // HOUR}:{t % HOUR // MINUTE:02d}:{t % MINUTE // SECOND:02d}.{t % SECOND // MILLISECOND:03d}"


def produced_said(event: happened.Produced | Producing) -> str:
    """What a producer tells, without what is zero."""
    parts = [f"{counted(event.records, 'record')} in {counted(event.calls, 'call')}"]
    if event.throttled:
        parts.append(f"throttled {counted(event.throttled, 'time')}")
    if event.retried:
        parts.append(f"{event.retried:,} sent again")
    if event.given_up:
        parts.append(f"{event.given_up:,} given up")
    if event.duplicated:
        parts.append(f"{event.duplicated:,} put once more")
    if event.overtaken:
        parts.append(f"{event.overtaken:,} overtaken by a younger one of the key")
    return ", ".join([*parts, f"in the stream within {show_duration(event.delay)}"])


#: What each kind of event says as evidence.
_SAID_BY: Final[dict[type, Callable[[Any], str]]] = {
    happened.Invoke: lambda e: f"invoke {e.request_id[:8]} try {e.attempt}  {many(e.positions)}",
    happened.Result: lambda e: f"{e.outcome} of {e.request_id[:8]} try {e.attempt}",
    happened.Backoff: lambda e: f"back-off of {e.request_id[:8]} until {instant(e.until)}",
    happened.Split: lambda e: f"split of {e.request_id[:8]} at {e.at}",
    happened.Discard: lambda e: f"discard of {e.request_id[:8]}  {many(e.positions)}, {e.condition}",
    happened.Expired: lambda e: f"expired {many(e.positions)}",
    happened.Filtered: lambda e: f"filtered {many(e.positions)}",
    happened.Checkpoint: lambda e: f"checkpoint {e.position}",
    happened.CaughtUp: lambda _: "caught up",
    happened.ShardOpen: lambda e: f"open at {e.position}",
    happened.ShardEnd: lambda e: f"end after {counted(e.arrived, 'record')}",
    happened.ShardStop: lambda e: f"stop after {counted(e.arrived, 'record')}",
    happened.WindowClose: lambda e: f"window end {e.request_id[:8]} try {e.attempt}",
    happened.WindowLost: lambda e: f"window of {e.request_id[:8]} lost, {e.condition}",
    happened.Update: lambda e: f"update of {e.mapping}: " + json.dumps(e.settings, default=dict),
    happened.StateChange: lambda e: f"{e.mapping} is {e.state}, {e.result}",
    happened.Reshard: lambda e: f"{e.what} of {e.stream}: {len(e.closed)} closed, {len(e.opened)} opened",
    happened.Produced: lambda e: f"producer of {e.stream}: {produced_said(e)}",
    happened.Request: lambda e: f"{e.source} asks for {e.function}, {e.request_id[:8]} try {e.attempt}",
    happened.Response: lambda e: f"{e.outcome} of {e.request_id[:8]} try {e.attempt} for {e.source}",
    happened.EventLost: lambda e: f"event {e.request_id[:8]} of {e.source} lost, {e.condition}",
    happened.Fault: lambda e: str(e.what),
}


def event_said(event: Event) -> str:
    """An event in a line, as evidence: when, where, what, of which batch."""
    beyond = type(event) in happened.BEYOND_MAPPINGS | happened.BEYOND_SHARDS
    where = "" if beyond else f"  {shard_name(str(event[2]))}"
    return f"{instant(event.t)}{where}  {_SAID_BY[type(event)](event)}"


def wrapped(sentence: str, width: int) -> list[str]:
    """Lines of at most `width` characters; a number stays beside its unit, a longer word stays whole."""
    kept = _KEPT.sub("\0", sentence)
    lines = wrap(kept, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def shortened(name: str, width: int, *, plain: bool = False) -> str:
    """A name in at most `width` characters: its beginning and its end, which tell most names apart."""
    if len(name) <= width:
        return name
    sign = "~" if plain else "…"
    tail = max(0, (width - 1) // 2)
    return name[: width - 1 - tail] + sign + name[len(name) - tail :]


def strung(parts: Iterable[str], width: int, between: str) -> list[str]:
    """The parts with `between` between them, on lines of at most `width`; a longer part stays whole."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(between) + len(part) <= width:
            lines[-1] += between + part
        else:
            lines.append(part)
    return lines


def found(metrics: Mapping[str, Any], measure: str) -> Any:
    """The value of a dotted measure in the metrics document, None where there is none."""
    value: Any = metrics
    for part in measure.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def measured(measure: str, value: Any) -> str:
    """A measured value as a person reads it: times with their unit, money with its sign, counts with commas.

    None is what never happened; of a metric of MetricsConfig it is what nobody asked for.
    """
    if value is None:
        return "not in MetricsConfig" if measure.endswith("EventCount") else "never"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    unit = measure_named(measure).unit
    if unit == "ms":
        return show_duration(round(value * MILLISECOND))
    if unit == "USD":
        return f"${value:,.2f}" if value >= 1 else f"${value:.4f}"
    return number(value)


def settings_said(mapping: Mapping[str, Any]) -> list[str]:
    """The settings that differ from AWS's defaults: `BatchSize 40`, `bisect`, `retries 2`; `AWS defaults` for none."""
    said = [
        text.format(mapping[name])
        for name, default, text in _SAID
        if name in mapping and mapping[name] != default
    ]
    if "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ()):
        said.append("ReportBatchItemFailures")
    filters = (mapping.get("FilterCriteria") or {}).get("Filters")
    if filters:
        said.append(f"filters {len(filters)}")
    if mapping.get("consumer") is not None:
        said.append("enhanced fan-out")
    destination = on_failure(mapping)
    if destination is not None:
        said.append(f"on failure {destination_name(destination)}")
    return said or ["AWS defaults"]


def changed_settings(mapping: Mapping[str, Any]) -> list[str]:
    """The names of the settings that differ from AWS's defaults, in the order in which the mapping has them."""
    defaults = {name: default for name, default, _ in _SAID}
    return [
        name
        for name, value in mapping.items()
        if (name in defaults and value != defaults[name])
        or (name in {"FunctionResponseTypes", "FilterCriteria", "consumer"} and value)
        or (name == "DestinationConfig" and on_failure(mapping) is not None)
    ]


def on_failure(mapping: Mapping[str, Any]) -> str | None:
    """The on-failure destination of a mapping's settings, None without one."""
    config = mapping.get("DestinationConfig") or {}
    destination = (config.get("OnFailure") or {}).get("Destination")
    return None if destination is None else str(destination)


def destination_name(destination: str) -> str:
    """`sqs` for `sqs`; the service and the last part of an ARN: `sqs orders-dlq`, `s3 failed-batches`."""
    if not destination.startswith("arn:"):
        return destination
    parts = destination.split(":")
    return f"{parts[2]} {parts[-1]}"


def whereto(event: happened.Discard | happened.WindowLost | happened.EventLost) -> str:
    """What became of the document of what is given up: `sqs orders-dlq takes the document`."""
    if event.destination is None:
        return "no destination"
    takes = "takes" if event.delivered else "does not take"
    return f"{destination_name(event.destination)} {takes} the document"
