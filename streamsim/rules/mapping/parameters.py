"""Every parameter of the Lambda API's CreateEventSourceMapping, and what becomes of it here.

One table for whoever asks which parameters there are: a scenario's schema, `streamsim explain` and the page
`streamsim/docs/parameters.md` are drawn from it, and a test a row holds the simulation to what the row says. Parameters, ranges and defaults are those of the API's model
for Kinesis and DynamoDB streams. Ranges that are checked come from `streamsim.rules.mapping.settings`, which refuses what is
outside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from streamsim.rules.mapping.settings import (
    MAXIMUM_FILTERS,
    MAXIMUM_PATTERN,
    METRIC_GROUPS,
    MINIMUM_RECORD_AGE,
    NOT_FOR_STREAMS,
    REPORT_BATCH_ITEM_FAILURES,
    WHOLE_NUMBERS,
)

#: Parameters that change nothing in what a stream mapping does, or say what a scenario says otherwise, and why.
WITHOUT_EFFECT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "EventSourceArn": "the mapping's stream is named by `stream`, and a consumer of it by `consumer`",
        "FunctionName": "the mapping's function is named by `function`",
        "KMSKeyArn": "encryption changes nothing in the order of events",
        "Tags": "tags change nothing in the order of events",
    }
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter by AWS's name: what it may be for either type of stream (None: it has none of it), AWS's default.

    `effect` is what it does here, as far as a trace can tell; `refused` instead is why no scenario may have it. `unit`
    is what a number counts.
    """

    name: str
    kinesis: str | None
    dynamodb: str | None
    default: str
    effect: str = ""
    refused: str = ""
    unit: str = ""

    @property
    def range(self) -> str:
        """What it may be, for both types of stream; empty where neither has it."""
        if self.kinesis == self.dynamodb:
            return self.kinesis or ""
        return f"{self.kinesis}; dynamodb: {self.dynamodb or 'none'}"


def _whole(name: str, unit: str, effect: str, least: str = "") -> Parameter:
    limits = WHOLE_NUMBERS[name]
    values = f"{least or limits.low} to {limits.high:,}"
    return Parameter(name, values, values, str(limits.default), effect, unit=unit)


def _both(name: str, values: str, default: str, effect: str) -> Parameter:
    return Parameter(name, values, values, default, effect)


def _unused(name: str, values: str, default: str = "none") -> Parameter:
    return Parameter(name, values, values, default, refused=WITHOUT_EFFECT[name])


def _others(*names: str) -> tuple[Parameter, ...]:
    """Those that streams have not."""
    return tuple(Parameter(name, None, None, "", refused=NOT_FOR_STREAMS[name]) for name in names)


#: In the order of the API's model.
PARAMETERS: Final[tuple[Parameter, ...]] = (
    Parameter(
        "EventSourceArn",
        "ARN of a stream or of a consumer",
        "ARN of a stream",
        "required",
        refused=WITHOUT_EFFECT["EventSourceArn"],
    ),
    _unused("FunctionName", "name or ARN, with a version or an alias", "required"),
    _both(
        "Enabled",
        "true, false",
        "true",
        "Whether the mapping reads. An update to false stops it once nothing is in flight, one to true lets it go on from"
        " its checkpoints.",
    ),
    _whole(
        "BatchSize", "records", "The most records in one batch. It may hold fewer, but never more than 6 MB."
    ),
    _both(
        "FilterCriteria",
        f"up to {MAXIMUM_FILTERS} patterns of {MAXIMUM_PATTERN:,} characters",
        "no filter",
        "Which records are sent: those that one pattern at least matches, as in"
        """ {Filters: [{Pattern: '{"data": {"kind": ["order"]}}'}]}. The others are finished without being sent."""
        " `suffix`, `equals-ignore-case`, `$or` and patterns on `partitionKey` are not proven on AWS.",
    ),
    _unused("KMSKeyArn", "ARN of a key"),
    _both(
        "MetricsConfig",
        f"Metrics: [{METRIC_GROUPS[0]}]",
        "no metrics (here: all)",
        "Whether measures that count events, such as PolledEventCount, are reported: without EventCount they are null."
        " ErrorCount and KafkaMetrics are refused: they are for Kafka topics.",
    ),
    *_others("LoggingConfig", "ScalingConfig"),
    _whole(
        "MaximumBatchingWindowInSeconds",
        "seconds",
        "How long to gather a batch that is not full. 0: whatever a poll finds is sent.",
    ),
    _whole(
        "ParallelizationFactor",
        "lanes of a shard",
        "Lanes of a shard, each with a batch in flight; a key stays in its lane, so that order is kept by key. Goes with no"
        " tumbling window.",
    ),
    Parameter(
        "StartingPosition",
        "TRIM_HORIZON, LATEST, AT_TIMESTAMP",
        "TRIM_HORIZON, LATEST",
        "required (here: TRIM_HORIZON)",
        "Which of the records that are there when polling begins are read: all (TRIM_HORIZON), those that arrive from then"
        " on (LATEST), or those from a time on (AT_TIMESTAMP).",
    ),
    Parameter(
        "StartingPositionTimestamp",
        "Unix seconds (here also -10m or an ISO time), not in the future",
        None,
        "none",
        "With AT_TIMESTAMP: older records are skipped.",
    ),
    _both(
        "DestinationConfig",
        "OnFailure: a standard SQS queue, a standard SNS topic or an S3 bucket",
        "none",
        "Where the document about a discarded batch goes: {OnFailure: {Destination: sqs}}, or sns, s3, or an ARN. OnSuccess"
        " is refused: streams have none.",
    ),
    _whole(
        "MaximumRecordAgeInSeconds",
        "seconds",
        "Older records are discarded before they are sent or sent again. -1: never, until the stream's retention ends.",
        least=f"-1, {MINIMUM_RECORD_AGE}",
    ),
    _both(
        "BisectBatchOnFunctionError",
        "true, false",
        "false",
        "A failed batch of several records goes on as two halves, each a new batch, instead of being retried.",
    ),
    _whole(
        "MaximumRetryAttempts",
        "retries",
        "How often an unchanged batch is sent again before it is discarded. -1: until its records leave the stream."
        " Throttles and faults of Lambda itself do not count.",
    ),
    _unused("Tags", "a map"),
    _whole(
        "TumblingWindowInSeconds",
        "seconds",
        "Batches belong to windows of this length; at the end of each the function is called with its state and no records."
        " 0: no windows. Goes with neither several lanes nor filters.",
    ),
    *_others("Topics", "Queues", "SourceAccessConfigurations", "SelfManagedEventSource"),
    _both(
        "FunctionResponseTypes",
        f"[{REPORT_BATCH_ITEM_FAILURES}]",
        "[]",
        "With it the response may name the records that failed: what is before the first of them is finished.",
    ),
    *_others(
        "AmazonManagedKafkaEventSourceConfig",
        "SelfManagedKafkaEventSourceConfig",
        "DocumentDBEventSourceConfig",
        "ProvisionedPollerConfig",
    ),
)

#: The same by name.
BY_NAME: Final[Mapping[str, Parameter]] = MappingProxyType({one.name: one for one in PARAMETERS})
