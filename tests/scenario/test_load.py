"""What a good scenario becomes: exact values, defaults, names, records from every kind of file."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from streamsim.model.mapping import BackOff, EventSourceMapping, StartingPosition
from streamsim.scenario.load import load, load_text
from streamsim.scenario.models import (
    DestinationDown,
    ErrorFault,
    Poison,
    Producer,
    RatePoint,
    Record,
    Scenario,
    Slow,
    SourceDown,
    Throttle,
)
from streamsim.scenario.text.errors import ScenarioError

SCENARIOS = Path(__file__).parents[2] / "scenarios"
TOP = "scenario: A good one\nduration: 60s\nproducer: {rate: 12/s}\n"
S = 1_000_000


def producer(text: str, stream: str = "") -> Producer:
    found = load_text(f"scenario: x\nduration: 60s\n{stream}\nproducer: {text}\n").streams["default"].producer
    assert found is not None
    return found


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_scenarios_of_the_repository_load(path: Path) -> None:
    assert load(path).expect


def test_the_shortest_scenario_has_every_default() -> None:
    scenario = load_text("scenario: x\nproducer: {backlog: 10}\n")
    assert (scenario.seed, scenario.duration, scenario.epoch) == (0, 0, 1_767_225_600 * S)
    assert scenario.mappings["default"].to_mapping("default", scenario.epoch) == EventSourceMapping()
    stream, function = scenario.streams["default"], scenario.functions["default"]
    assert (stream.type, stream.shards, stream.retention) == ("kinesis", 1, 86_400 * S)
    assert (function.MemorySize, function.Timeout, function.ReservedConcurrentExecutions) == (128, 3, None)
    assert (function.model.fixed, function.model.per_record, function.model.jitter) == (100_000, 0, 0.0)
    assert scenario.account.ConcurrentExecutions == 1000
    assert (scenario.faults, scenario.expect, scenario.runs) == ((), (), ())


def test_a_mapping_becomes_the_engine_s() -> None:
    scenario = load_text(
        "scenario: x\nduration: 60s\nepoch: 2026-02-01T00:00:00+01:00\n"
        "streams: {orders: {producer: {rate: 1/s}}}\nfunctions: {ship: {}}\n"
        "mappings:\n  first:\n    BatchSize: 40\n    MaximumBatchingWindowInSeconds: 1\n    ParallelizationFactor: 3\n"
        "    BisectBatchOnFunctionError: true\n    MaximumRetryAttempts: 2\n    MaximumRecordAgeInSeconds: 60\n"
        "    FunctionResponseTypes: [ReportBatchItemFailures]\n    DestinationConfig: {OnFailure: {Destination: s3}}\n"
        "    StartingPosition: AT_TIMESTAMP\n    StartingPositionTimestamp: -10m\n    start_up_lag: 20s\n"
        "    update_lag: 90s\n    Enabled: false\n"
        '    back_off: {base: 100ms}\n    FilterCriteria: {Filters: [{Pattern: \'{"partitionKey": ["a"]}\'}]}\n'
    )
    mapping = scenario.mappings["first"]
    assert mapping.to_mapping("first", scenario.epoch) == EventSourceMapping(
        starting_position=StartingPosition.AT_TIMESTAMP,
        starting_position_timestamp=-600 * S,
        batch_size=40,
        maximum_batching_window_in_seconds=1,
        parallelization_factor=3,
        maximum_retry_attempts=2,
        maximum_record_age_in_seconds=60,
        bisect_batch_on_function_error=True,
        report_batch_item_failures=True,
        on_failure="arn:aws:s3:::on-failure-bucket",
        filter_patterns=('{"partitionKey": ["a"]}',),
        name="first",
        stream="orders",
        function="ship",
        start_up_lag=20 * S,
        update_lag=90 * S,
        enabled=False,
        back_off=BackOff(base=100_000),
    )
    assert mapping.settings() == {
        "StreamName": "orders",
        "FunctionName": "ship",
        "BatchSize": 40,
        "MaximumBatchingWindowInSeconds": 1,
        "ParallelizationFactor": 3,
        "MaximumRetryAttempts": 2,
        "MaximumRecordAgeInSeconds": 60,
        "TumblingWindowInSeconds": 0,
        "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::on-failure-bucket"}},
        "FilterCriteria": {"Filters": [{"Pattern": '{"partitionKey": ["a"]}'}]},
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": "2026-01-31T22:50:00.000Z",
        "Enabled": False,
        "update_lag": 90 * S,
        "start_up_lag": 20 * S,
        "back_off": {"base": 100_000, "cap": 60 * S, "throttle_cap": S},
        "hand_over": 20_000,
    }


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("-10m", -600 * S),
        ("0s", 0),
        ("2025-12-31T23:59:59.5Z", -S // 2),
        ("'2026-01-01'", 0),
        ("2026-01-01", 0),
        ("1767225599", -S),
        ("1767225599.25", -3 * S // 4),
    ],
)
def test_a_starting_timestamp_in_each_of_its_forms(written: str, at: int) -> None:
    scenario = load_text(
        f"{TOP}mapping: {{StartingPosition: AT_TIMESTAMP, StartingPositionTimestamp: {written}}}\n"
    )
    mapping = scenario.mappings["default"].to_mapping("default", scenario.epoch)
    assert mapping.starting_position_timestamp == at


@pytest.mark.parametrize(
    ("written", "points"),
    [
        ("12/s", [RatePoint(0, Fraction(12), False)]),
        ("12/s per shard", [RatePoint(0, Fraction(12), True)]),
        ("1000/m", [RatePoint(0, Fraction(50, 3), False)]),
        ("0.1 / h per shard", [RatePoint(0, Fraction(1, 36_000), True)]),
        (
            "{from: 200/s, to: 1200/s, over: 2m}",
            [RatePoint(0, Fraction(200), False, ramp=True), RatePoint(120 * S, Fraction(1200), False)],
        ),
        (
            "[{at: 10s, rate: 12/s}, {at: 1m, rate: 0/s per shard}]",
            [RatePoint(10 * S, Fraction(12), False), RatePoint(60 * S, Fraction(0), True)],
        ),
    ],
)
def test_rates_are_exact(written: str, points: list[RatePoint]) -> None:
    assert list(producer(f"{{rate: {written}}}").rate) == points


@pytest.mark.parametrize(
    ("written", "names", "zipf"),
    [
        ("3", ("user-0", "user-1", "user-2"), None),
        ("{count: 2, skew: zipf 1.1}", ("user-0", "user-1"), 1.1),
        ("{count: 1, skew: uniform}", ("user-0",), None),
        ("[on, '1', ünï]", ("on", "1", "ünï"), None),
    ],
)
def test_keys(written: str, names: tuple[str, ...], zipf: float | None) -> None:
    found = producer(f"{{rate: 1/s, keys: {written}}}").keys
    assert found is not None
    assert (found.names, found.zipf) == (names, zipf)


def test_data_stays_what_it_is() -> None:
    assert producer("{rate: 1/s, data: {id: '{n}', at: 12:30, on: [1, 2.5, null, true]}}").data == {
        "id": "{n}",
        "at": "12:30",
        "on": [1, 2.5, None, True],
    }


EXPECTED = (
    Record(-5 * S, "a", b'{"id":1}', shard=1),
    Record(0, "b", b"." * 200, padding=True),
    Record(0, "c", b"." * 10, explicit_hash_key=7, padding=True),
    Record(1_500, "d", b'"h\xc3\xa9"'),
)

FILES = {
    "r.jsonl": '{"key": "d", "data": "hé", "at": "1.5ms"}\n\n{"key": "b"}\n'
    '{"key": "c", "size": "10B", "explicit_hash_key": "7"}\n{"key": "a", "data": {"id": 1}, "at": "-5s", "shard": 1}\n',
    "r.json": '[{"key": "b"}, {"key": "c", "size": "10B", "explicit_hash_key": 7},\n'
    ' {"key": "a", "data": {"id": 1}, "at": "-5s", "shard": 1}, {"key": "d", "data": "hé", "at": "1.5ms"}]',
    "r.csv": "key,data,at,shard,size,explicit_hash_key\nb,,,,,\nc,,0s,,10B,7\n"
    'a,"{""id"": 1}",-5s,1,,\nd,hé,1.5ms,,,\n',
}


@pytest.mark.parametrize("name", FILES)
def test_records_of_a_file_come_in_the_order_of_their_arrival(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    (tmp_path / "x.yaml").write_text(f"scenario: x\nstream: {{shards: 2}}\nproducer: {{records: {name}}}\n")
    found = load(tmp_path / "x.yaml").streams["default"].producer
    assert found is not None
    assert as_listed(found.records) == EXPECTED


def as_listed(records: Sequence[Record]) -> tuple[Record, ...]:
    """The records without their places in the list, which must all be told."""
    assert sorted(record.number for record in records) == list(range(len(records)))
    return tuple(record._replace(number=0) for record in records)


def test_inline_records_are_the_same() -> None:
    found = producer(
        "{records: [{key: d, data: hé, at: 1.5ms}, {key: b}, {key: c, size: 10B, explicit_hash_key: 7}, "
        "{key: a, data: {id: 1}, at: -5s, shard: 1}]}",
        "stream: {shards: 2}",
    )
    assert as_listed(found.records) == EXPECTED
    assert [record.number for record in found.records] == [3, 1, 2, 0]


BAD_FILES: dict[str, tuple[str, str, str]] = {
    "broken JSON": (
        "r.jsonl",
        '{"key": "a"}\n{"key": \n',
        "r.jsonl:2:9: error: this is not JSON: Expecting value",
    ),
    "a list that is none": (
        "r.json",
        '{"key": "a"}',
        "r.json:1:1: error: the file must hold one JSON list of records",
    ),
    "a bad item of a list": (
        "r.json",
        '[{"key": "a"},\n {"key": 1}]',
        "r.json:2:3: error: a key is text, not 1",
    ),
    "a short row": (
        "r.csv",
        "key,at\na,0s\nb\n",
        "r.csv:3:1: error: this row has 1 cells, and the header has 2",
    ),
    "an unknown column": ("r.csv", "key,time\na,0s\n", "r.csv:2:1: error: a record has no 'time'"),
    "an open quote": ("r.csv", 'key\n"a\n', "error: this is not CSV"),
    "no number in JSON": ("r.jsonl", '{"key": "a", "data": NaN}', "NaN is no number in JSON"),
    "nothing": ("r.jsonl", "\n", "there are no records"),
    "deep nesting": ("r.jsonl", "[" * 100_000, "this is not JSON: it is nested too deeply"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_of_records_is_refused_at_its_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, content, expected = BAD_FILES[name]
    monkeypatch.chdir(tmp_path)
    Path(file).write_text(content)
    with pytest.raises(ScenarioError) as caught:
        load_text(f"scenario: x\nproducer: {{records: {file}}}\n", "x.yaml")
    assert expected in str(caught.value)


def faults(text: str, top: str = TOP) -> Scenario:
    return load_text(f"{top}faults:\n{text}")


def test_faults_know_their_times_and_streams() -> None:
    found = faults(
        "  - poison: {record: 3, how: timeout, fails: 2 times}\n"
        "  - error: {probability: 20%, from: 6m, for: 20s}\n"
        "  - throttle: {limit: 4, function: default}\n"
        "  - slow: {factor: 2.5, from: 1m}\n"
        "  - source_down: {shard: 0, from: 2m, for: 10s}\n"
    ).faults
    poison, error, throttle, slow, down = found
    assert isinstance(poison, Poison)
    assert (poison.record, poison.how, poison.fails, poison.stream) == (3, "timeout", 2, "default")
    assert poison.said == "poison {record: 3, how: timeout, fails: 2 times}"
    assert isinstance(error, ErrorFault)
    assert (error.probability, error.begin, error.end) == (0.2, 360 * S, 380 * S)
    assert isinstance(throttle, Throttle)
    assert (throttle.limit, throttle.function, throttle.begin, throttle.end) == (4, "default", 0, None)
    assert isinstance(slow, Slow)
    assert (slow.factor, slow.shard) == (2.5, None)
    assert isinstance(down, SourceDown)
    assert (down.stream, down.shard, down.said) == (
        "default",
        0,
        "source_down {shard: 0, from: 2m, for: 10s}",
    )


def test_a_source_down_without_a_stream_is_down_for_all() -> None:
    top = "scenario: x\nduration: 1s\nstreams: {a: {producer: {rate: 1/s}}, b: {producer: {rate: 1/s}}}\n"
    found = faults("  - source_down: {for: 10s}\n", top + "mapping: {stream: b}\n").faults
    assert [fault.stream for fault in found if isinstance(fault, SourceDown)] == ["a", "b"]


def test_a_destination_that_is_there_can_be_down() -> None:
    top = TOP + "mapping: {DestinationConfig: {OnFailure: {Destination: sqs}}}\n"
    (found,) = faults("  - destination_down: {from: 2m, for: 1m}\n", top).faults
    assert isinstance(found, DestinationDown)
    assert (found.mapping, found.begin, found.end) == (None, 120 * S, 180 * S)


@pytest.mark.parametrize(
    ("account", "reserved", "expected"),
    [
        (1000, 900, None),
        (1000, 901, "below its minimum value of [100]."),
        (100, 1, "below its minimum value of [100]."),
        (100, 0, None),
        (99, 50, None),
        (10, 10, None),
        (10, 11, "this reserves more than the account's 10 executions"),
    ],
)
def test_lambda_keeps_100_unreserved_unless_the_account_is_a_small_model(
    account: int, reserved: int, expected: str | None
) -> None:
    text = f"{TOP}account: {{ConcurrentExecutions: {account}}}\nfunction: {{ReservedConcurrentExecutions: {reserved}}}\n"
    if expected is None:
        assert load_text(text).functions["default"].ReservedConcurrentExecutions == reserved
        return
    with pytest.raises(ScenarioError) as caught:
        load_text(text)
    assert expected in str(caught.value)


YAML_11: dict[str, tuple[str, Any]] = {
    "on is text": ("on", "on"),
    "no is text": ("no", "no"),
    "a clock time is text": ("1:30", "1:30"),
    "a date is text": ("2026-01-01", "2026-01-01"),
    "an exponent without a dot is a number": ("12e3", 12000.0),
    "underscores group digits": ("1_000", 1000),
    "hexadecimal": ("0x1F", 31),
    "octal as YAML 1.2 writes it": ("0o17", 15),
    "a version is text": ("1.2.3", "1.2.3"),
    "a sign alone is text": ("-", "-"),
    "an equals sign is text": ("=", "="),
    "nothing is null": ("~", None),
}


@pytest.mark.parametrize("name", YAML_11)
def test_scalars_mean_what_people_and_json_mean(name: str) -> None:
    written, expected = YAML_11[name]
    found = producer(f"{{rate: 1/s, data: {{value: {written if written != '-' else repr(written)}}}}}").data
    assert found == {"value": expected}
    assert type(found["value"]) is type(expected)


def test_values_cannot_be_changed() -> None:
    scenario = load_text(TOP)
    with pytest.raises((AttributeError, ValueError), match="frozen"):
        scenario.mappings["default"].BatchSize = 5
    with pytest.raises(AttributeError):
        scenario.seed = 5  # type: ignore[misc]  # what must not be possible


def test_a_mapping_with_tumbling_windows() -> None:
    scenario = load_text(
        "scenario: Windows\nproducer: {records: [{at: 0s, key: a}]}\n"
        "mapping: {TumblingWindowInSeconds: 60, window_idle: 5s}\n"
        "function: {model: {duration: 1ms, state: 200B + 40B/record}}\n"
        "faults: [{final_invoke: {at: 30s, fails: 2 times, how: crash}}, {no_state: {from: 1s, for: 2s, shard: 0}}]\n"
    )
    mapping = scenario.mappings["default"]
    assert mapping.to_mapping("default", 0).tumbling_window_in_seconds == 60
    assert mapping.to_mapping("default", 0).window_idle == 5 * S
    assert mapping.settings()["TumblingWindowInSeconds"] == 60
    assert mapping.settings()["window_idle"] == 5 * S
    assert scenario.functions["default"].model.state == (200, 40)
    assert [fault.said for fault in scenario.faults] == [
        "final_invoke {at: 30s, fails: 2 times, how: crash}",
        "no_state {from: 1s, for: 2s, shard: 0}",
    ]


@pytest.mark.parametrize(
    ("written", "size"),
    [("200B", (200, 0)), ("40B/record", (0, 40)), ("1KiB + 40B / record", (1024, 40))],
)
def test_sizes_of_states(written: str, size: tuple[int, int]) -> None:
    scenario = load_text(
        "scenario: Windows\nproducer: {records: [{at: 0s, key: a}]}\nmapping: {TumblingWindowInSeconds: 60}\n"
        f"function: {{model: {{duration: 1ms, state: {written}}}}}\n"
    )
    assert scenario.functions["default"].model.state == size
