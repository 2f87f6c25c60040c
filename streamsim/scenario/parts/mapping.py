"""The settings of a mapping as a scenario file gives them: AWS's names, checked by AWS's rules.

What Lambda accepts is decided in `streamsim.rules.mapping.settings`; here is only what the file format adds: our
own settings, and how the engine and a trace take all of them.
"""

from collections.abc import Iterable
from collections.abc import Mapping as Names
from typing import Annotated, Any, Final, Literal

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema

from streamsim.model.mapping import EventSourceMapping, StartingPosition
from streamsim.model.names import exact_time
from streamsim.model.units import MILLISECOND, MINUTE
from streamsim.rules.mapping.destinations import destination_arn
from streamsim.rules.mapping.parameters import BY_NAME, WITHOUT_EFFECT
from streamsim.rules.mapping.settings import (
    NOT_FOR_STREAMS,
    REPORT_BATCH_ITEM_FAILURES,
    WHOLE_NUMBERS,
    refusals,
)
from streamsim.scenario.parts.back_off import BackOffSettings
from streamsim.scenario.parts.checked import DESTINATION, FILTERS, METRICS, accepted, accepted_whole
from streamsim.scenario.parts.fields import Complaint, Duration, Reference, reader
from streamsim.scenario.parts.maps import Strict
from streamsim.scenario.parts.timestamps import starting_timestamp
from streamsim.scenario.parts.told import CREATE_MAPPING, ONLY, told

_KINESIS: Final = "Lambda Developer Guide, Using Lambda to process records from Amazon Kinesis Data Streams"


def _aws(name: str, **default: Any) -> Any:
    """The field of a parameter of the Lambda API, told as the table of parameters does; whole numbers have its default."""
    one = BY_NAME[name]
    return Field(
        **(default or {"default": WHOLE_NUMBERS[name].default}),
        description=one.effect,
        json_schema_extra=told(unit=one.unit, range=one.range, default=one.default, evidence=CREATE_MAPPING),
    )


class Mapping(Strict, label="a mapping", example="{BatchSize: 100}"):
    """An event source mapping: AWS's settings under AWS's names, and a few of our own in lower case."""

    BatchSize: Annotated[int, *accepted_whole("BatchSize")] = _aws("BatchSize")
    MaximumBatchingWindowInSeconds: Annotated[int, *accepted_whole("MaximumBatchingWindowInSeconds")] = _aws(
        "MaximumBatchingWindowInSeconds"
    )
    ParallelizationFactor: Annotated[int, *accepted_whole("ParallelizationFactor")] = _aws(
        "ParallelizationFactor"
    )
    MaximumRetryAttempts: Annotated[int, *accepted_whole("MaximumRetryAttempts")] = _aws(
        "MaximumRetryAttempts"
    )
    MaximumRecordAgeInSeconds: Annotated[int, *accepted_whole("MaximumRecordAgeInSeconds")] = _aws(
        "MaximumRecordAgeInSeconds"
    )
    BisectBatchOnFunctionError: Annotated[bool, *accepted(type="boolean")] = _aws(
        "BisectBatchOnFunctionError", default=False
    )
    FunctionResponseTypes: Annotated[
        tuple[str, ...],
        *reader(tuple, type="array", maxItems=1, items={"enum": [REPORT_BATCH_ITEM_FAILURES]}),
    ] = _aws("FunctionResponseTypes", default=())
    DestinationConfig: Annotated[Names[str, Any], *accepted(**DESTINATION)] = _aws(
        "DestinationConfig", default_factory=dict
    )
    StartingPosition: Annotated[
        Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"],
        *accepted(enum=["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]),
    ] = _aws("StartingPosition", default="TRIM_HORIZON")
    StartingPositionTimestamp: Annotated[
        int | None,
        PlainValidator(starting_timestamp),
        WithJsonSchema({"type": ["number", "string"]}),
    ] = _aws("StartingPositionTimestamp", default=None)
    TumblingWindowInSeconds: Annotated[int, *accepted_whole("TumblingWindowInSeconds")] = _aws(
        "TumblingWindowInSeconds"
    )
    FilterCriteria: Annotated[Names[str, Any], *accepted(**FILTERS)] = _aws(
        "FilterCriteria", default_factory=dict
    )
    MetricsConfig: Annotated[Names[str, Any] | None, *accepted(**METRICS)] = _aws(
        "MetricsConfig", default=None
    )
    Enabled: Annotated[bool, *accepted(type="boolean")] = _aws("Enabled", default=True)
    stream: Reference = Field(
        default="default",
        description="The name of the stream that the mapping reads.",
        json_schema_extra=told(default=ONLY),
    )
    function: Reference = Field(
        default="default",
        description="The name of the function that the mapping feeds.",
        json_schema_extra=told(default=ONLY),
    )
    consumer: Reference | None = Field(
        default=None,
        description="The name of the enhanced fan-out consumer that the mapping reads its stream through, instead of"
        " polling: 2 MB/s of each shard for itself, records after 70 ms.",
        json_schema_extra=told(
            evidence="documented: Kinesis Data Streams Developer Guide, Develop enhanced fan-out consumers"
        ),
    )
    start_up_lag: Duration = Field(
        default=0,
        description="How long it takes after the mapping is made until polling begins.",
        json_schema_extra=told(
            evidence="recorded: 20 to 110 s from creation to the first delivery (LocalStack's AWS-validated snapshots);"
            f" documented: minutes, by the {_KINESIS}"
        ),
    )
    update_lag: Duration = Field(
        default=0,
        description="How long a change of the mapping's settings takes to reach the pollers.",
        json_schema_extra=told(evidence=f"documented: up to 90 s, by the {_KINESIS}"),
    )
    hand_over: Duration = Field(
        default=20 * MILLISECOND,
        description="What the poller needs before each request to the function.",
        json_schema_extra=told(
            evidence="recorded: 13 to 52 ms from the end of an invocation to the beginning of the next (stackd's captures)"
        ),
    )
    window_idle: Duration = Field(
        default=2 * MINUTE,
        description="How long after its end a tumbling window is closed when no later record closes it.",
        json_schema_extra=told(evidence="assumed; recorded: not within 111 s (stackd's captures)"),
    )
    back_off: BackOffSettings = BackOffSettings()

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
