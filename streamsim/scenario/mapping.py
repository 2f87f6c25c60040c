"""The settings of a mapping as a scenario file gives them: AWS's names, checked by AWS's rules.

What Lambda accepts is decided in `streamsim.rules.settings`; here is only what the file format adds: our own
settings and time stamps relative to the start.
"""

import re
from collections.abc import Iterable
from collections.abc import Mapping as Names
from fractions import Fraction
from typing import Annotated, Any, Final, Literal

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema

from streamsim.model.mapping import BackOff, EventSourceMapping, StartingPosition
from streamsim.model.names import exact_time, unix
from streamsim.model.units import MILLISECOND, MINUTE, SECOND
from streamsim.rules.destinations import MAXIMUM_DESTINATION, destination_arn
from streamsim.rules.parameters import WITHOUT_EFFECT
from streamsim.rules.settings import (
    EVENT_COUNT,
    MAXIMUM_FILTERS,
    MAXIMUM_PATTERN,
    METRIC_GROUPS,
    MINIMUM_RECORD_AGE,
    NOT_FOR_STREAMS,
    REPORT_BATCH_ITEM_FAILURES,
    WHOLE_NUMBERS,
    described,
    refusals,
)
from streamsim.scenario.fields import (
    DURATION_PATTERN,
    Complaint,
    Duration,
    Reference,
    microseconds,
    positive_duration,
    reader,
    refused,
)
from streamsim.scenario.maps import Strict

#: t = 0 as an ISO time when the scenario gives no `epoch`.
DEFAULT_EPOCH: Final = "2026-01-01T00:00:00Z"


def _wait(value: object) -> int:
    """A wait between two requests; shorter ones would make a blocked shard try millions of times a minute."""
    result = positive_duration(value)
    if result < MILLISECOND:
        raise refused(f"a wait is 1ms or longer, not {value}", "write 1ms or longer")
    return result


Wait = Annotated[int, *reader(_wait, type="string", pattern=DURATION_PATTERN)]


class BackOffSettings(Strict, label="back_off", example="{base: 200ms, cap: 60s}"):
    """How long an unchanged batch waits before it is sent again: `base`, doubled per attempt, never above `cap`."""

    base: Wait = Field(
        default=200 * MILLISECOND,
        description="The wait before the second attempt. Default 200ms (inferred from recorded gaps of 0.20 to 0.28 s).",
    )
    cap: Wait = Field(
        default=MINUTE, description="The longest wait. Default 60s (assumed: AWS names no number)."
    )
    throttle_cap: Wait = Field(
        default=SECOND,
        description="The longest wait after a throttle or a fault of Lambda itself. Default 1s (assumed).",
    )


def _whole(name: str) -> tuple[PlainValidator, WithJsonSchema]:
    """A field that `refusals` has checked already."""
    limits = WHOLE_NUMBERS[name]
    return reader(_checked, type="integer", minimum=limits.low, maximum=limits.high)


def _checked(value: Any) -> Any:
    return value


def _starting_timestamp(value: object, info: ValidationInfo) -> int:
    """Microseconds since 1970, not after the start of the run."""
    epoch = (info.context or {}).get("epoch", unix(DEFAULT_EPOCH))
    at = _absolute(value, epoch)
    if at < 0:
        raise refused(
            "StartingPositionTimestamp must not be before 1970", "write TRIM_HORIZON for all records"
        )
    if at > epoch:
        raise refused(
            "StartingPositionTimestamp must not be in the future: the mapping is created at the start of the run",
            "write a time before `epoch`, or `-10m` for ten minutes before the start",
        )
    return at


def _absolute(value: object, epoch: int) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(Fraction(str(value)) * SECOND)
    if isinstance(value, str) and re.match(r"\s*[0-9]{4}-", value):
        try:
            return unix(value.strip())
        except (ValueError, OverflowError):
            raise refused(
                f"{value[:60]!r} is no ISO time", "write for example 2025-12-31T23:50:00Z"
            ) from None
    if isinstance(value, str):
        return epoch + microseconds(
            value, "a time before the start", "-10m, 2025-12-31T23:50:00Z or Unix seconds"
        )
    raise refused(f"a time stamp is -10m, an ISO time or Unix seconds, not {described(value)}")


_DESTINATION_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "OnFailure": {
            "type": "object",
            "properties": {"Destination": {"type": "string", "maxLength": MAXIMUM_DESTINATION}},
            "additionalProperties": False,
        }
    },
    "additionalProperties": False,
}
_FILTER_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "Filters": {
            "type": "array",
            "maxItems": MAXIMUM_FILTERS,
            "items": {
                "type": "object",
                "properties": {"Pattern": {"type": "string", "maxLength": MAXIMUM_PATTERN}},
                "additionalProperties": False,
            },
        }
    },
    "additionalProperties": False,
}
_METRICS_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "Metrics": {"type": "array", "maxItems": len(METRIC_GROUPS), "items": {"enum": [EVENT_COUNT]}}
    },
    "additionalProperties": False,
}
_STREAM: Final = "The stream's name, where there are several. Default: the only one, or `default`."
_FUNCTION: Final = "The function's name, where there are several. Default: the only one, or `default`."


class Mapping(Strict, label="a mapping", example="{BatchSize: 100}"):
    """An event source mapping: AWS's settings under AWS's names, and a few of our own in lower case."""

    BatchSize: Annotated[int, *_whole("BatchSize")] = Field(
        default=WHOLE_NUMBERS["BatchSize"].default,
        description="The most records in one batch: 1 to 10000, default 100 (Lambda API).",
    )
    MaximumBatchingWindowInSeconds: Annotated[int, *_whole("MaximumBatchingWindowInSeconds")] = Field(
        default=WHOLE_NUMBERS["MaximumBatchingWindowInSeconds"].default,
        description="How long to gather records for a batch: whole seconds, 0 to 300, default 0: as soon as there is "
        "one (Lambda API).",
    )
    ParallelizationFactor: Annotated[int, *_whole("ParallelizationFactor")] = Field(
        default=WHOLE_NUMBERS["ParallelizationFactor"].default,
        description="Batches of one shard at a time, in order by partition key: 1 to 10, default 1 (Lambda API).",
    )
    MaximumRetryAttempts: Annotated[int, *_whole("MaximumRetryAttempts")] = Field(
        default=WHOLE_NUMBERS["MaximumRetryAttempts"].default,
        description="Attempts after the first before a failed batch is given up: 0 to 10000, or -1 (default): until "
        "its records leave the stream (Lambda API).",
    )
    MaximumRecordAgeInSeconds: Annotated[int, *_whole("MaximumRecordAgeInSeconds")] = Field(
        default=WHOLE_NUMBERS["MaximumRecordAgeInSeconds"].default,
        description=f"Age at which records are given up: {MINIMUM_RECORD_AGE} to 604800 seconds, or -1 (default): the "
        "stream's retention (Lambda API).",
    )
    BisectBatchOnFunctionError: Annotated[bool, *reader(_checked, type="boolean")] = Field(
        default=False,
        description="Whether a failed batch is split in two instead of being retried. Default false (Lambda API).",
    )
    FunctionResponseTypes: Annotated[
        tuple[str, ...],
        *reader(tuple, type="array", maxItems=1, items={"enum": [REPORT_BATCH_ITEM_FAILURES]}),
    ] = Field(
        default=(),
        description="[ReportBatchItemFailures]: the function's response may name the first record that failed. "
        "Default [] (Lambda API).",
    )
    DestinationConfig: Annotated[Names[str, Any], *reader(_checked, **_DESTINATION_SCHEMA)] = Field(
        default_factory=dict,
        description="Where discarded batches go: {OnFailure: {Destination: sqs}}, or sns, s3, or the ARN of a standard "
        "queue, a standard topic or a bucket. Default: nowhere (Lambda API).",
    )
    StartingPosition: Annotated[
        Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"],
        *reader(_checked, enum=["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]),
    ] = Field(
        default="TRIM_HORIZON",
        description="Where the mapping begins: TRIM_HORIZON (the oldest record), LATEST or AT_TIMESTAMP. AWS requires "
        "it; here the default is TRIM_HORIZON.",
    )
    StartingPositionTimestamp: Annotated[
        int | None,
        PlainValidator(_starting_timestamp),
        WithJsonSchema({"type": ["number", "string"]}),
    ] = Field(
        default=None,
        description="With AT_TIMESTAMP: Unix seconds, an ISO time, or a time before the start such as -10m; not in the "
        "future (Lambda API).",
    )
    TumblingWindowInSeconds: Annotated[int, *_whole("TumblingWindowInSeconds")] = Field(
        default=0,
        description="Length of the windows within which the function's response hands a state on: 0 to 900 seconds, "
        "default 0: off (Lambda API). Not with ParallelizationFactor above 1, nor with filters.",
    )
    FilterCriteria: Annotated[Names[str, Any], *reader(_checked, **_FILTER_SCHEMA)] = Field(
        default_factory=dict,
        description='{Filters: [{Pattern: \'{"data": {"kind": ["order"]}}\'}]}: up to 5 patterns, JSON as text; a record that '
        "matches none is finished without being sent. Default: every record is sent (Lambda API; the operators are those "
        "of the Lambda Developer Guide). `suffix`, `equals-ignore-case`, `$or` and patterns on `partitionKey` are not "
        "proven on AWS.",
    )
    MetricsConfig: Annotated[Names[str, Any] | None, *reader(_checked, **_METRICS_SCHEMA)] = Field(
        default=None,
        description="{Metrics: [EventCount]}: measures that count events, such as PolledEventCount, are reported; with "
        "{Metrics: []} they are null. On AWS the default is none of them; here it is all (Lambda API).",
    )
    Enabled: Annotated[bool, *reader(_checked, type="boolean")] = Field(
        default=True,
        description="Whether the mapping reads: true (default) or false, until `events` changes it (Lambda API).",
    )
    stream: Reference = Field(default="default", description=_STREAM)
    function: Reference = Field(default="default", description=_FUNCTION)
    consumer: Reference | None = Field(
        default=None,
        description="Ours: the name of the enhanced fan-out consumer that the mapping reads its stream through, instead of "
        "polling: 2 MB/s of each shard for itself, records after 70 ms. Default: none.",
    )
    start_up_lag: Duration = Field(
        default=0,
        description="Ours: how long AWS takes to begin polling. Default 0s; recorded: 20 to 110 s, and minutes by the "
        "Lambda Developer Guide.",
    )
    update_lag: Duration = Field(
        default=0,
        description="Ours: how long a change of the settings takes to reach the pollers. Default 0s; up to 90 s by the "
        "Lambda Developer Guide.",
    )
    hand_over: Duration = Field(
        default=20 * MILLISECOND,
        description="Ours: what the poller needs before each request to the function. Default 20ms; recorded: 13 to "
        "52 ms from the end of an invocation to the beginning of the next.",
    )
    window_idle: Duration = Field(
        default=2 * MINUTE,
        description="Ours: how long after its end a tumbling window is closed when no later record closes it. Default 2m "
        "(assumed; recorded: not within 111 s).",
    )
    back_off: BackOffSettings = Field(
        default=BackOffSettings(),
        description="Ours: how long an unchanged batch waits before it is sent again.",
    )

    @property
    def destination(self) -> str | None:
        """The ARN that discarded batches go to; None without OnFailure."""
        destination = (self.DestinationConfig.get("OnFailure") or {}).get("Destination")
        return None if destination is None else destination_arn(destination)

    @property
    def filter_patterns(self) -> tuple[str, ...]:
        """The patterns of the filters; empty when every record is sent."""
        return tuple(given["Pattern"] for given in self.FilterCriteria.get("Filters", ()))

    @property
    def reports_batch_item_failures(self) -> bool:
        """Whether the function's response may name failed records."""
        return REPORT_BATCH_ITEM_FAILURES in self.FunctionResponseTypes

    def to_mapping(self, name: str, epoch: int) -> EventSourceMapping:
        """The mapping as the engine takes it, under its name in the scenario; `epoch` is t = 0 in microseconds since 1970."""
        at = self.StartingPositionTimestamp
        return EventSourceMapping(
            starting_position=StartingPosition(self.StartingPosition),
            starting_position_timestamp=None if at is None else at - epoch,
            batch_size=self.BatchSize,
            maximum_batching_window_in_seconds=self.MaximumBatchingWindowInSeconds,
            parallelization_factor=self.ParallelizationFactor,
            maximum_retry_attempts=self.MaximumRetryAttempts,
            maximum_record_age_in_seconds=self.MaximumRecordAgeInSeconds,
            bisect_batch_on_function_error=self.BisectBatchOnFunctionError,
            report_batch_item_failures=self.reports_batch_item_failures,
            on_failure=self.destination,
            filter_patterns=self.filter_patterns,
            tumbling_window_in_seconds=self.TumblingWindowInSeconds,
            name=name,
            stream=self.stream,
            function=self.function,
            enabled=self.Enabled,
            start_up_lag=self.start_up_lag,
            update_lag=self.update_lag,
            hand_over=self.hand_over,
            window_idle=self.window_idle,
            back_off=BackOff(self.back_off.base, self.back_off.cap, self.back_off.throttle_cap),
        )

    def settings(self) -> dict[str, Any]:
        """Every setting that shapes a run, defaults included, under AWS's names; JSON-ready, as a trace's header has them."""
        settings: dict[str, Any] = {
            "StreamName": self.stream,
            "FunctionName": self.function,
        }
        settings |= {name: getattr(self, name) for name in WHOLE_NUMBERS}
        settings |= {
            "BisectBatchOnFunctionError": self.BisectBatchOnFunctionError,
            "FunctionResponseTypes": list(self.FunctionResponseTypes),
            "DestinationConfig": {"OnFailure": {"Destination": self.destination} if self.destination else {}},
            "StartingPosition": self.StartingPosition,
        }
        if self.filter_patterns:  # an empty list is accepted and then left out (recorded)
            filters = [{"Pattern": pattern} for pattern in self.filter_patterns]
            settings["FilterCriteria"] = {"Filters": filters}
        if self.MetricsConfig is not None:
            settings["MetricsConfig"] = {"Metrics": list(self.MetricsConfig.get("Metrics", ()))}
        if self.StartingPositionTimestamp is not None:
            settings["StartingPositionTimestamp"] = exact_time(self.StartingPositionTimestamp)
        if not self.Enabled:
            settings["Enabled"] = False
        if self.TumblingWindowInSeconds:
            settings["window_idle"] = self.window_idle
        if self.consumer is not None:
            settings["consumer"] = self.consumer
        return settings | {
            "start_up_lag": self.start_up_lag,
            "update_lag": self.update_lag,
            "hand_over": self.hand_over,
            "back_off": {
                "base": self.back_off.base,
                "cap": self.back_off.cap,
                "throttle_cap": self.back_off.throttle_cap,
            },
        }

    @classmethod
    def unknown(cls, name: str, value: object) -> Complaint:
        """See `Strict`."""
        if name in NOT_FOR_STREAMS:
            return Complaint(
                (name,), f"{name} is not for streams: {NOT_FOR_STREAMS[name]}", "remove it", at_key=True
            )
        if name in WITHOUT_EFFECT:
            return Complaint(
                (name,), f"a scenario has no {name}: {WITHOUT_EFFECT[name]}", "remove it", at_key=True
            )
        return super().unknown(name, value)

    @classmethod
    def before(cls, settings: Names[str, Any], info: ValidationInfo) -> Iterable[Complaint]:
        """See `Strict`: what Lambda refuses."""
        del info
        return [Complaint(refusal.path, refusal.message, refusal.hint) for refusal in refusals(settings)]
