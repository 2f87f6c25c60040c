"""Mappings of tables' streams from the scenario to the trace."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsim.model.events import Discard, Event, Filtered, Invoke, Reshard, Result, ShardEnd, ShardOpen
from streamsim.model.units import SECOND
from streamsim.scenario.load import load_text
from streamsim.scenario.models import Scenario
from streamsim.streams.records.items import ItemLog
from tests.logs import item_logs_of
from tests.playing import played


def played_of(
    text: str, on_failure: Path | None = None
) -> tuple[Mapping[str, Any], list[Event], dict[str, ItemLog]]:
    """The metrics, the events, and the stream's logs by shard; nothing may go against the contract."""
    scenario = load_text("scenario: x\n" + text)
    run, events = played(scenario, on_failure)
    return run.metrics, events, by_shard(scenario)


def by_shard(scenario: Scenario) -> dict[str, ItemLog]:
    return {log.shard: log for log in item_logs_of(scenario)}


def of(kind: type[Any], events: Sequence[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def name_of(log: ItemLog, position: int) -> str:
    return str(json.loads(log.data(position))["eventName"])


def test_a_shard_is_polled_four_times_a_second() -> None:
    _, events, _ = played_of(
        "stream: {type: dynamodb}\nmapping: {hand_over: 0s}\n"
        "producer: {records: [{key: a, at: 0s}, {key: a, at: 10ms}, {key: a, at: 600ms}]}"
    )
    assert [invoke.t // 1000 for invoke in of(Invoke, events)] == [0, 250, 750]


def test_a_call_answers_a_thousand_records() -> None:
    _, events, _ = played_of(
        "stream: {type: dynamodb}\nmapping: {BatchSize: 10000, hand_over: 0s}\nproducer: {backlog: 2500, keys: 9}\n"
        "function: {model: {duration: 0ms}}"
    )
    assert [len(invoke.positions) for invoke in of(Invoke, events)] == [1000, 1000, 500]


def test_a_call_answers_a_megabyte() -> None:
    """Of records with one image of 50 kB 19 fit, with their keys."""
    _, events, _ = played_of(
        "stream: {type: dynamodb, view: NEW_IMAGE}\nmapping: {BatchSize: 100, hand_over: 0s}\n"
        "producer: {backlog: 40, keys: 1, size: 50kB}\nfunction: {model: {duration: 0ms}}"
    )
    assert [len(invoke.positions) for invoke in of(Invoke, events)] == [19, 19, 2]


def test_the_event_of_a_batch_stays_below_6_mb() -> None:
    _, events, logs = played_of(
        "stream: {type: dynamodb}\nproducer: {backlog: 30, keys: 1, size: 390KiB}\n"
        "mapping: {BatchSize: 100, MaximumBatchingWindowInSeconds: 5}\nfunction: {model: {duration: 0ms}}"
    )
    (log,) = logs.values()
    for invoke in of(Invoke, events):
        assert sum(log.size(position) for position in invoke.positions) < 6 * 1024 * 1024
    assert next(len(invoke.positions) for invoke in of(Invoke, events)) == 8


def test_a_response_names_failed_writes_by_their_sequence_numbers() -> None:
    _, events, logs = played_of(
        "stream: {type: dynamodb}\nproducer: {records: [{key: a}, {key: b}, {key: c}, {key: d}]}\n"
        "mapping: {FunctionResponseTypes: [ReportBatchItemFailures], MaximumRetryAttempts: 0}\n"
        "faults: [{poison: {key: c, how: partial}}]"
    )
    first, second = of(Result, events)
    assert (first.outcome, first.failed_from) == ("partial", 2)
    assert (second.outcome, second.failed_from) == ("partial", 2)
    (log,) = logs.values()
    assert of(Invoke, events)[1].first_sequence_number == log.sequence_number(2)
    (discard,) = of(Discard, events)
    assert discard.positions == range(2, 4)


def test_lanes_take_items_by_their_keys() -> None:
    metrics, events, logs = played_of(
        "duration: 20s\nstream: {type: dynamodb, roll_over: 7s}\nproducer: {rate: 40/s, keys: 8, deletes: 10%}\n"
        "mapping: {ParallelizationFactor: 4}\nfunction: {model: {duration: 300ms}}"
    )
    lanes: dict[str, set[int]] = {}
    for invoke in of(Invoke, events):
        for position in invoke.positions:
            lanes.setdefault(logs[invoke.shard].partition_key(position), set()).add(invoke.lane)
    assert len(lanes) == 8
    assert all(len(own) == 1 for own in lanes.values())
    assert len(set.union(*lanes.values())) > 1
    assert metrics["order"]["per_key"] == "preserved"


def test_filters_on_the_kind_of_a_write() -> None:
    """What was there before is looked at, too: the removal of an item whose total was large."""
    pattern = {"eventName": ["REMOVE"], "dynamodb": {"OldImage": {"state": {"S": [{"prefix": "1"}]}}}}
    criteria = json.dumps({"Filters": [{"Pattern": json.dumps(pattern)}]})
    _, events, logs = played_of(
        "duration: 60s\nstream: {type: dynamodb}\n"
        'producer: {rate: 20/s, keys: 6, deletes: 30%, data: {state: "{n}"}}\n'
        f"mapping: {{FilterCriteria: {criteria}}}"
    )
    (log,) = logs.values()

    def matches(position: int) -> bool:
        record = json.loads(log.data(position))
        return bool(
            record["eventName"] == "REMOVE" and record["dynamodb"]["OldImage"]["state"]["S"].startswith("1")
        )

    sent = [position for invoke in of(Invoke, events) for position in invoke.positions]
    dropped = [position for filtered in of(Filtered, events) for position in filtered.positions]
    assert sent == [position for position in range(log.arrivals.until(60 * SECOND)) if matches(position)]
    assert len(sent) > 20
    assert not any(matches(position) for position in dropped)


def test_a_discarded_write_s_document_is_dynamodb_s(tmp_path: Path) -> None:
    played_of(
        "stream: {type: dynamodb}\nproducer: {records: [{key: a, data: {n: 1}, at: 1.7s}]}\n"
        "mapping: {MaximumRetryAttempts: 0, DestinationConfig: {OnFailure: {Destination: s3}}}\n"
        "faults: [{poison: {record: 0}}]",
        tmp_path,
    )
    (path,) = (found for found in tmp_path.rglob("*") if found.is_file())
    document = json.loads(path.read_text())
    info = document["DDBStreamBatchInfo"]
    assert info["approximateArrivalOfFirstRecord"] == "2026-01-01T00:00:01Z"
    (record,) = json.loads(document["payload"])["Records"]
    assert record["dynamodb"]["ApproximateCreationDateTime"] == 1767225601.0
    assert record["dynamodb"]["SequenceNumber"] == info["startSequenceNumber"]
    assert record["eventSourceARN"] == info["streamArn"]
    assert f"/{info['shardId']}/" in str(path)


def test_a_child_waits_for_its_parent() -> None:
    _, events, logs = played_of(
        "duration: 20s\nstream: {type: dynamodb, roll_over: 10s}\nproducer: {rate: 5/s, keys: 3}\n"
        "mapping: {MaximumRetryAttempts: 6}\nfaults: [{poison: {shard: 0, at: 8s}}]"
    )
    parent, child = logs
    (reshard,) = of(Reshard, events)
    assert (reshard.t, reshard.closed, reshard.opened) == (10 * SECOND, (parent,), (child,))
    (_, opened), (ended, _) = of(ShardOpen, events), of(ShardEnd, events)
    assert opened.parents == (parent,)
    assert ended.t == opened.t > 15 * SECOND
    assert min(invoke.t for invoke in of(Invoke, events) if invoke.shard == child) >= ended.t


@pytest.mark.parametrize(("at", "shards"), [("9.999999s", 1), ("10s", 2), ("19.999999s", 2), ("20s", 3)])
def test_a_write_at_the_instant_of_a_roll_over_is_the_child_s(at: str, shards: int) -> None:
    _, events, logs = played_of(
        f"stream: {{type: dynamodb, roll_over: 10s}}\nproducer: {{records: [{{key: a, at: {at}}}]}}"
    )
    assert len(logs) == shards
    (invoke,) = of(Invoke, events)
    assert invoke.shard == list(logs)[-1]


def test_trim_horizon_reads_from_the_oldest_shard_and_latest_from_the_open_one() -> None:
    text = (
        "duration: 30s\nstream: {{type: dynamodb, roll_over: 10s}}\nproducer: {{rate: 5/s, keys: 3}}\n"
        "mapping: {{StartingPosition: {0}, start_up_lag: 15s}}"
    )
    for position, count in (("TRIM_HORIZON", 3), ("LATEST", 2)):
        _, events, logs = played_of(text.format(position))
        assert [opened.shard for opened in of(ShardOpen, events)] == list(logs)[-count:]


def test_two_mappings_of_a_table_each_get_every_write() -> None:
    _, events, logs = played_of(
        "duration: 20s\nstream: {type: dynamodb}\nproducer: {rate: 30/s, keys: 3}\nfunctions: {a: {}, b: {}}\n"
        "mappings: {a: {function: a}, b: {function: b}}"
    )
    (log,) = logs.values()
    for name in ("a", "b"):
        sent = [n for invoke in of(Invoke, events) if invoke.mapping == name for n in invoke.positions]
        assert sent == list(range(log.arrivals.until(20 * SECOND)))


@settings(max_examples=25)
@given(
    batch_size=st.sampled_from([1, 7, 100]),
    factor=st.sampled_from([1, 3]),
    window=st.sampled_from([0, 2]),
    bisect=st.booleans(),
    roll_over=st.sampled_from(["3s", "11s", "4h"]),
    shards=st.integers(1, 3),
    rate=st.sampled_from(["3/s", "40/s"]),
    filtered=st.booleans(),
    key=st.integers(0, 4),
    seed=st.integers(0, 99),
)
def test_the_contract_holds_however_shards_roll_over(
    batch_size: int, factor: int, window: int, bisect: bool, roll_over: str, shards: int, rate: str, filtered: bool,
    key: int, seed: int,
) -> None:  # fmt: skip
    pattern = json.dumps({"eventName": ["INSERT", "REMOVE"]})
    document = {
        "scenario": "x",
        "seed": seed,
        "duration": "25s",
        "stream": {"type": "dynamodb", "shards": shards, "roll_over": roll_over},
        "producer": {"rate": rate, "keys": 5, "deletes": "20%", "ttl": "5%"},
        "mapping": {
            "BatchSize": batch_size,
            "ParallelizationFactor": factor,
            "MaximumBatchingWindowInSeconds": window,
            "BisectBatchOnFunctionError": bisect,
            "MaximumRetryAttempts": 2,
            "FilterCriteria": {"Filters": [{"Pattern": pattern}] if filtered else []},
        },
        "function": {"model": {"duration": "80ms + 2ms/record"}},
        "faults": [{"poison": {"key": f"user-{key}", "fails": "2 times"}}],
    }
    scenario = load_text(json.dumps(document))
    run, events = played(scenario)
    assert run.metrics["order"]["per_key"] == "preserved"
    logs = by_shard(scenario)
    assert run.metrics["records"] == sum(log.arrivals.until(100 * SECOND) for log in logs.values())
    for filtered_event in of(Filtered, events):
        assert {name_of(logs[filtered_event.shard], n) for n in filtered_event.positions} == {"MODIFY"}


def test_a_table_s_stream_keeps_records_for_24_hours() -> None:
    metrics, _, _ = played_of(
        "stream: {type: dynamodb}\nproducer: {records: [{key: a, at: -25h}, {key: a, at: -23h}]}"
    )
    assert metrics["InvokedEventCount"] == 1


def test_a_file_of_writes(tmp_path: Path) -> None:
    (tmp_path / "writes.csv").write_text(
        'key,op,data,at\na,put,"{""n"": 1}",0s\na,put,"{""n"": {""N"": ""1.0""}}",1s\nb,delete,,2s\na,ttl,,3s\n'
    )
    text = "scenario: x\nstream: {type: dynamodb}\nproducer: {records: writes.csv}\n"
    (log,) = item_logs_of(load_text(text, str(tmp_path / "x.yaml")))
    assert [name_of(log, n) for n in range(2)] == ["INSERT", "REMOVE"]
    assert log.arrivals.until(9 * SECOND) == 2


@pytest.mark.parametrize("retention", ["24h", "1d", "1440m"])
def test_the_retention_may_be_said(retention: str) -> None:
    scenario = load_text(
        f"scenario: x\nduration: 1s\nstream: {{type: dynamodb, retention: {retention}}}\nproducer: {{rate: 1/s}}"
    )
    assert scenario.streams["default"].retention == 24 * 3600 * SECOND
