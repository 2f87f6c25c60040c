"""Which settings Lambda takes for a stream, as a table: each row's name is its sentence."""

from typing import Any

import pytest

from streamsim.rules.mapping.destinations import destination_arn
from streamsim.rules.mapping.settings import NOT_FOR_STREAMS, WHOLE_NUMBERS, refusals

DETECTED = "1 validation error detected: Value "
FAILED = "failed to satisfy constraint: Member must "
ARN = "arn:aws:sqs:us-east-1:123456789012:failures"

PATTERN = '{"data": {"kind": ["order"]}}'


def filters(*patterns: object) -> dict[str, Any]:
    return {"FilterCriteria": {"Filters": [{"Pattern": pattern} for pattern in patterns]}}


ACCEPTED: dict[str, dict[str, Any]] = {
    "nothing at all": {},
    "every number at its least": {name: limits.low for name, limits in WHOLE_NUMBERS.items()},
    "a large batch without a window": {"BatchSize": 10_000, "MaximumBatchingWindowInSeconds": 0},
    "the longest window": {"MaximumBatchingWindowInSeconds": 300},
    "a minute of record age": {"MaximumRecordAgeInSeconds": 60},
    "a week of record age": {"MaximumRecordAgeInSeconds": 604_800},
    "no retries": {"MaximumRetryAttempts": 0},
    "no response types": {"FunctionResponseTypes": []},
    "the response type": {"FunctionResponseTypes": ["ReportBatchItemFailures"]},
    "an empty container of filters": {"FilterCriteria": {"Filters": []}},
    "five filters": {"FilterCriteria": {"Filters": [{"Pattern": PATTERN}] * 5}},
    "a pattern of 4096 characters": filters(PATTERN + " " * (4096 - len(PATTERN))),
    "a tumbling window beside empty filters": {"TumblingWindowInSeconds": 900, "FilterCriteria": {}},
    "a destination of none": {"DestinationConfig": {"OnFailure": {}}},
    "a queue": {"DestinationConfig": {"OnFailure": {"Destination": ARN}}},
    "a bucket": {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::failures"}}},
    "a queue in China": {
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws-cn:sqs:cn-north-1:123456789012:failures"}}
    },
    "a topic in the European sovereign cloud": {
        "DestinationConfig": {
            "OnFailure": {"Destination": "arn:aws-eusc:sns:eusc-de-east-1:123456789012:failures"}
        }
    },
    "a queue in a cloud of its own": {
        "DestinationConfig": {
            "OnFailure": {"Destination": "arn:aws-iso-b:sqs:us-isob-east-1:123456789012:failures"}
        }
    },
    "a bucket whose name ends as a FIFO queue's": {
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::failures.fifo"}}
    },
    "a time stamp with its position": {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1},
    "metrics that count events": {"MetricsConfig": {"Metrics": ["EventCount"]}},
    "no metrics": {"MetricsConfig": {"Metrics": []}},
    "metrics that are not told": {"MetricsConfig": {}},
    "a setting that is the caller's business": {"start_up_lag": "5s"},
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_lambda_takes(name: str) -> None:
    assert refusals(ACCEPTED[name]) == []


def destination(value: object) -> dict[str, Any]:
    return {"DestinationConfig": {"OnFailure": {"Destination": value}}}


REFUSED: dict[str, tuple[dict[str, Any], tuple[str | int, ...], str]] = {
    "a batch of none": (
        {"BatchSize": 0},
        ("BatchSize",),
        f"{DETECTED}'0' at 'batchSize' {FAILED}have value greater than or equal to 1",
    ),
    "a batch of 10001": (
        {"BatchSize": 10_001},
        ("BatchSize",),
        f"{DETECTED}'10001' at 'batchSize' {FAILED}have value less than or equal to 10000",
    ),
    "a batch of true": ({"BatchSize": True}, ("BatchSize",), "BatchSize must be a whole number, not true"),
    "a batch of 10.5": ({"BatchSize": 10.5}, ("BatchSize",), "BatchSize must be a whole number, not 10.5"),
    "a batch of text": (
        {"BatchSize": "10"},
        ("BatchSize",),
        "BatchSize must be a whole number, not the text '10'",
    ),
    "no batch": ({"BatchSize": None}, ("BatchSize",), "BatchSize must be a whole number, not nothing"),
    "eleven lanes": (
        {"ParallelizationFactor": 11},
        ("ParallelizationFactor",),
        f"{DETECTED}'11' at 'parallelizationFactor' {FAILED}have value less than or equal to 10",
    ),
    "fewer retries than none": (
        {"MaximumRetryAttempts": -2},
        ("MaximumRetryAttempts",),
        f"{DETECTED}'-2' at 'maximumRetryAttempts' {FAILED}have value greater than or equal to -1",
    ),
    "a record age of nothing": (
        {"MaximumRecordAgeInSeconds": 0},
        ("MaximumRecordAgeInSeconds",),
        "MaximumRecordAgeInSeconds must be -1 (no limit of its own) or 60 to 604800 seconds, not 0",
    ),
    "a record age of 59 seconds": (
        {"MaximumRecordAgeInSeconds": 59},
        ("MaximumRecordAgeInSeconds",),
        "MaximumRecordAgeInSeconds must be -1 (no limit of its own) or 60 to 604800 seconds, not 59",
    ),
    "bisect by word": (
        {"BisectBatchOnFunctionError": "true"},
        ("BisectBatchOnFunctionError",),
        "BisectBatchOnFunctionError must be true or false, not the text 'true'",
    ),
    "a position of nothing": (
        {"StartingPosition": None},
        ("StartingPosition",),
        f"{DETECTED.removesuffix(' ')} null at 'startingPosition' {FAILED}not be null.",
    ),
    "a position that is none": (
        {"StartingPosition": "NEWEST"},
        ("StartingPosition",),
        (
            f"{DETECTED}'NEWEST' at 'startingPosition' {FAILED}"
            "satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"
        ),
    ),
    "a position that cannot be looked up": (
        {"StartingPosition": ["LATEST"]},
        ("StartingPosition",),
        (
            f"{DETECTED}'['LATEST']' at 'startingPosition' {FAILED}"
            "satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"
        ),
    ),
    "a time stamp without its position": (
        {"StartingPosition": "LATEST", "StartingPositionTimestamp": 1},
        ("StartingPositionTimestamp",),
        "StartingPositionTimestamp is only for StartingPosition AT_TIMESTAMP",
    ),
    "a second response type": (
        {"FunctionResponseTypes": ["ReportBatchItemFailures"] * 2},
        ("FunctionResponseTypes",),
        (
            f"{DETECTED}'[ReportBatchItemFailures, ReportBatchItemFailures]' at 'functionResponseTypes' {FAILED}"
            "have length less than or equal to 1"
        ),
    ),
    "response types that are no list": (
        {"FunctionResponseTypes": "ReportBatchItemFailures"},
        ("FunctionResponseTypes",),
        "FunctionResponseTypes must be a list, not the text 'ReportBatchItemFailures'",
    ),
    "a destination beside its place": (
        {"DestinationConfig": {"Destination": ARN}},
        ("DestinationConfig", "Destination"),
        "DestinationConfig has no setting 'Destination'",
    ),
    "a destination that is no map": (
        {"DestinationConfig": {"OnFailure": "sqs"}},
        ("DestinationConfig", "OnFailure"),
        "OnFailure must be a map, not the text 'sqs'",
    ),
    "a FIFO topic": (
        destination("arn:aws:sns:us-east-1:123456789012:failures.fifo"),
        ("DestinationConfig", "OnFailure", "Destination"),
        "a FIFO topic cannot be a destination of a stream",
    ),
    "a function as destination": (
        destination("arn:aws:lambda:us-east-1:123456789012:function:f"),
        ("DestinationConfig", "OnFailure", "Destination"),
        "a stream's discarded batches go to sqs, sns or s3, not to lambda",
    ),
    "an ARN of 351 characters": (
        destination(ARN + "x" * (351 - len(ARN))),
        ("DestinationConfig", "OnFailure", "Destination"),
        (
            f"{DETECTED}'{ARN[:40]}…' at 'destinationConfig.onFailure.destination' {FAILED}"
            "have length less than or equal to 350"
        ),
    ),
    "six filters": (
        {"FilterCriteria": {"Filters": [{"Pattern": PATTERN}] * 6}},
        ("FilterCriteria", "Filters"),
        "a mapping takes up to 5 filters, not 6",
    ),
    "filters beside their place": (
        {"FilterCriteria": {"Pattern": PATTERN}},
        ("FilterCriteria", "Pattern"),
        "FilterCriteria has no setting 'Pattern'",
    ),
    "a filter that is its pattern": (
        {"FilterCriteria": {"Filters": [PATTERN]}},
        ("FilterCriteria", "Filters", 0),
        f"a filter must be a map, not the text {PATTERN!r}",
    ),
    "a filter without a pattern": (
        {"FilterCriteria": {"Filters": [{}]}},
        ("FilterCriteria", "Filters", 0),
        "a filter needs a Pattern",
    ),
    "a filter with something else": (
        {"FilterCriteria": {"Filters": [{"Pattern": PATTERN, "Name": "orders"}]}},
        ("FilterCriteria", "Filters", 0, "Name"),
        "a filter has no setting 'Name'",
    ),
    "a pattern that is a map": (
        filters(PATTERN, {"data": {"kind": ["order"]}}),
        ("FilterCriteria", "Filters", 1, "Pattern"),
        "Pattern must be JSON as text, not a map",
    ),
    "a pattern of 4097 characters": (
        filters(PATTERN + " " * (4097 - len(PATTERN))),
        ("FilterCriteria", "Filters", 0, "Pattern"),
        (
            f"{DETECTED}'{(PATTERN + ' ' * 40)[:40]}…' at 'filterCriteria.filters.1.member.pattern' {FAILED}"
            "have length less than or equal to 4096"
        ),
    ),
    "a pattern that is none": (
        filters(PATTERN, '{"data": {"kind": "order"}}'),
        ("FilterCriteria", "Filters", 1, "Pattern"),
        "Invalid filter pattern definition.",
    ),
    "metrics that are Kafka's": (
        {"MetricsConfig": {"Metrics": ["EventCount", "ErrorCount"]}},
        ("MetricsConfig", "Metrics", 1),
        "ErrorCount is not for streams: it is for Kafka topics",
    ),
    "metrics that nobody has": (
        {"MetricsConfig": {"Metrics": ["eventcount"]}},
        ("MetricsConfig", "Metrics", 0),
        (
            f"{DETECTED}'[eventcount]' at 'metricsConfig.metrics' {FAILED}"
            "satisfy constraint: [Member must satisfy enum value set: [EventCount, ErrorCount, KafkaMetrics]]"
        ),
    ),
    "four metrics": (
        {"MetricsConfig": {"Metrics": ["EventCount"] * 4}},
        ("MetricsConfig", "Metrics"),
        (
            f"{DETECTED}'[EventCount, EventCount, EventCount, EventCount]' at 'metricsConfig.metrics' {FAILED}"
            "have length less than or equal to 3"
        ),
    ),
    "metrics that are no list": (
        {"MetricsConfig": {"Metrics": "EventCount"}},
        ("MetricsConfig", "Metrics"),
        "Metrics must be a list, not the text 'EventCount'",
    ),
    "metrics beside their place": (
        {"MetricsConfig": {"EventCount": True}},
        ("MetricsConfig", "EventCount"),
        "MetricsConfig has no setting 'EventCount'",
    ),
    "metrics that are no map": (
        {"MetricsConfig": ["EventCount"]},
        ("MetricsConfig",),
        "MetricsConfig must be a map, not a list",
    ),
    "a tumbling window with lanes": (
        {"TumblingWindowInSeconds": 60, "ParallelizationFactor": 2},
        ("TumblingWindowInSeconds",),
        "TumblingWindowInSeconds cannot be combined with ParallelizationFactor above 1",
    ),
    "a tumbling window with filters": (
        {"TumblingWindowInSeconds": 60, "FilterCriteria": {"Filters": [{"Pattern": PATTERN}]}},
        ("TumblingWindowInSeconds",),
        "TumblingWindowInSeconds cannot be combined with FilterCriteria",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_lambda_refuses(name: str) -> None:
    given, path, message = REFUSED[name]
    (refusal,) = refusals(given)
    assert (refusal.path, refusal.message) == (path, message)


def test_all_refusals_come_at_once_in_the_order_of_the_settings() -> None:
    found = refusals({"ParallelizationFactor": 0, "BatchSize": 0, "Queues": []})
    assert [refusal.path for refusal in found] == [("ParallelizationFactor",), ("BatchSize",), ("Queues",)]


@pytest.mark.parametrize("name", NOT_FOR_STREAMS)
def test_a_setting_of_other_sources_is_refused_with_its_reason(name: str) -> None:
    (refusal,) = refusals({name: {}})
    assert refusal.message == f"{name} is not for streams: {NOT_FOR_STREAMS[name]}"


@pytest.mark.parametrize(
    ("short", "arn"),
    [
        ("sqs", "arn:aws:sqs:us-east-1:123456789012:on-failure-queue"),
        ("sns", "arn:aws:sns:us-east-1:123456789012:on-failure-topic"),
        ("s3", "arn:aws:s3:::on-failure-bucket"),
        (ARN, ARN),
    ],
)
def test_shorthand_stands_for_an_arn_that_lambda_takes(short: str, arn: str) -> None:
    assert destination_arn(short) == arn
    assert refusals(destination(arn)) == []
