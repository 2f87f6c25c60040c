"""The settings of a mapping as a scenario file gives them: AWS's names, checked by AWS's rules.

What Lambda accepts is decided in `streamsim.rules.settings`; here is only what the file format adds: our
own settings, and how the engine and a trace take all of them.
"""

from collections.abc import Iterable
from collections.abc import Mapping as Names
from typing import Annotated, Any, Final, Literal

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema

from streamsim.model.mapping import EventSourceMapping, StartingPosition
from streamsim.model.names import exact_time
from streamsim.model.units import MILLISECOND, MINUTE
from streamsim.rules.destinations import destination_arn
from streamsim.rules.parameters import WITHOUT_EFFECT
from streamsim.rules.settings import (
    MINIMUM_RECORD_AGE,
    NOT_FOR_STREAMS,
    REPORT_BATCH_ITEM_FAILURES,
    WHOLE_NUMBERS,
    refusals,
)
from streamsim.scenario.back_off import BackOffSettings
from streamsim.scenario.checked import DESTINATION, FILTERS, METRICS, accepted, accepted_whole
from streamsim.scenario.fields import Complaint, Duration, Reference, reader
from streamsim.scenario.maps import Strict
from streamsim.scenario.timestamps import starting_timestamp

_STREAM: Final = "The stream's name, where there are several. Default: the only one, or `default`."
_FUNCTION: Final = "The function's name, where there are several. Default: the only one, or `default`."


class Mapping(Strict, label="a mapping", example="{BatchSize: 100}"):
    """An event source mapping: AWS's settings under AWS's names, and a few of our own in lower case."""

    BatchSize: Annotated[int, *accepted_whole("BatchSize")] = Field(
        default=WHOLE_NUMBERS["BatchSize"].default,
        description="The most records in one batch: 1 to 10000, default 100 (Lambda API).",
    )
    MaximumBatchingWindowInSeconds: Annotated[int, *accepted_whole("MaximumBatchingWindowInSeconds")] = Field(
        default=WHOLE_NUMBERS["MaximumBatchingWindowInSeconds"].default,
        description="How long to gather records for a batch: whole seconds, 0 to 300, default 0: as soon as there is "
        "one (Lambda API).",
    )
    ParallelizationFactor: Annotated[int, *accepted_whole("ParallelizationFactor")] = Field(
        default=WHOLE_NUMBERS["ParallelizationFactor"].default,
        description="Batches of one shard at a time, in order by partition key: 1 to 10, default 1 (Lambda API).",
    )
    MaximumRetryAttempts: Annotated[int, *accepted_whole("MaximumRetryAttempts")] = Field(
        default=WHOLE_NUMBERS["MaximumRetryAttempts"].default,
        description="Attempts after the first before a failed batch is given up: 0 to 10000, or -1 (default): until "
        "its records leave the stream (Lambda API).",
    )
    MaximumRecordAgeInSeconds: Annotated[int, *accepted_whole("MaximumRecordAgeInSeconds")] = Field(
        default=WHOLE_NUMBERS["MaximumRecordAgeInSeconds"].default,
        description=f"Age at which records are given up: {MINIMUM_RECORD_AGE} to 604800 seconds, or -1 (default): the "
        "stream's retention (Lambda API).",
    )
    BisectBatchOnFunctionError: Annotated[bool, *accepted(type="boolean")] = Field(
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
    DestinationConfig: Annotated[Names[str, Any], *accepted(**DESTINATION)] = Field(
        default_factory=dict,
        description="Where discarded batches go: {OnFailure: {Destination: sqs}}, or sns, s3, or the ARN of a standard "
        "queue, a standard topic or a bucket. Default: nowhere (Lambda API).",
    )
    StartingPosition: Annotated[
        Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"],
        *accepted(enum=["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]),
    ] = Field(
        default="TRIM_HORIZON",
        description="Where the mapping begins: TRIM_HORIZON (the oldest record), LATEST or AT_TIMESTAMP. AWS requires "
        "it; here the default is TRIM_HORIZON.",
    )
    StartingPositionTimestamp: Annotated[
        int | None,
        PlainValidator(starting_timestamp),
        WithJsonSchema({"type": ["number", "string"]}),
    ] = Field(
        default=None,
        description="With AT_TIMESTAMP: Unix seconds, an ISO time, or a time before the start such as -10m; not in the "
        "future (Lambda API).",
    )
    TumblingWindowInSeconds: Annotated[int, *accepted_whole("TumblingWindowInSeconds")] = Field(
        default=0,
        description="Length of the windows within which the function's response hands a state on: 0 to 900 seconds, "
        "default 0: off (Lambda API). Not with ParallelizationFactor above 1, nor with filters.",
    )
    FilterCriteria: Annotated[Names[str, Any], *accepted(**FILTERS)] = Field(
        default_factory=dict,
        description='{Filters: [{Pattern: \'{"data": {"kind": ["order"]}}\'}]}: up to 5 patterns, JSON as text; a record that '
        "matches none is finished without being sent. Default: every record is sent (Lambda API; the operators are those "
        "of the Lambda Developer Guide). `suffix`, `equals-ignore-case`, `$or` and patterns on `partitionKey` are not "
        "proven on AWS.",
    )
    MetricsConfig: Annotated[Names[str, Any] | None, *accepted(**METRICS)] = Field(
        default=None,
        description="{Metrics: [EventCount]}: measures that count events, such as PolledEventCount, are reported; with "
        "{Metrics: []} they are null. On AWS the default is none of them; here it is all (Lambda API).",
    )
    Enabled: Annotated[bool, *accepted(type="boolean")] = Field(
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
            back_off=self.back_off.to_back_off(),
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
            "back_off": self.back_off.settings(),
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
