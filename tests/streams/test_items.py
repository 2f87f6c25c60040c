"""A table's stream: its log against a table that is written to one by one, and the port's words."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsim.model.names import table_shard_id, unix
from streamsim.model.units import HOUR, SECOND
from streamsim.rules.streams.attributes import attributes
from streamsim.rules.streams.hash_keys import lane_of
from streamsim.scenario.load import load_text
from streamsim.scenario.models import Scenario
from streamsim.streams.records.arrivals import NEVER, chunk_bounds, chunk_number
from streamsim.streams.records.items import ItemLog
from tests.logs import item_logs_of

GENERATED = """
scenario: x
duration: {duration}
stream: {{type: dynamodb, shards: {shards}, roll_over: {roll_over}, view: {view}}}
producer: {{rate: {rate}, keys: {keys}, backlog: {backlog}, arrivals: {arrivals}, deletes: {deletes}, ttl: {ttl},
  data: {data}}}
"""


def generated(**changes: Any) -> Scenario:
    said = {
        "duration": "60s", "shards": 1, "roll_over": "4h", "view": "NEW_AND_OLD_IMAGES", "rate": "40/s", "keys": 5,
        "backlog": 0, "arrivals": "poisson", "deletes": "20%", "ttl": "10%", "data": '{n: {N: "{n}"}, k: "{key}"}',
    }  # fmt: skip
    return load_text(GENERATED.format(**said | changes))


def count(log: ItemLog) -> int:
    return log.arrivals.until(NEVER - 1)


def looked_at(log: ItemLog, position: int) -> tuple[Any, ...]:
    return (
        log.arrival_at(position), log.sequence_number(position), log.partition_key(position), log.data(position),
        log.size(position), log.place(position),
    )  # fmt: skip


def replay(logs: Sequence[ItemLog], shards: int) -> dict[str, int]:
    """Holds every record to a table that is written to one by one, a line of shards after another; counts the events."""
    events: dict[str, int] = {}
    for line in range(shards):
        table: dict[str, Any] = {}
        written = 0
        for log in logs[line::shards]:
            for position in range(count(log)):
                record = json.loads(log.data(position))
                key, images = log.partition_key(position), record["dynamodb"]
                assert images["Keys"] == {"id": {"S": key}}
                assert images.get("OldImage") == table.get(key)
                put = {"id": {"S": key}, "n": {"N": str(written)}, "k": {"S": key}}
                if record["eventName"] == "REMOVE":
                    assert "NewImage" not in images
                    del table[key]
                else:
                    assert record["eventName"] == ("MODIFY" if key in table else "INSERT")
                    assert images["NewImage"] == put
                    table[key] = put
                by = "ttl" if "userIdentity" in record else ""
                assert not by or record["eventName"] == "REMOVE"
                events[record["eventName"] + by] = events.get(record["eventName"] + by, 0) + 1
                written += 1
    return events


def test_a_generated_line_is_a_table_that_is_written_to() -> None:
    events = replay(item_logs_of(generated(duration="10m")), 1)
    assert set(events) == {"INSERT", "MODIFY", "REMOVE", "REMOVEttl"}
    total = sum(events.values())
    # A removal that finds nothing is a put: with 30 % removals 0.3 x 0.7 / (0.7 + 0.3 x 0.3 ...) of the records remove.
    assert 0.10 < events["REMOVE"] / total < 0.20
    assert 0.04 < events["REMOVEttl"] / total < 0.12


@settings(max_examples=60)
@given(
    shards=st.integers(1, 3),
    keys=st.integers(3, 9),
    seconds=st.integers(1, 90),
    roll_over=st.sampled_from(["7s", "20s", "4h"]),
    backlog=st.sampled_from([0, 1, 100]),
    deletes=st.sampled_from(["0%", "20%", "60%", "100%"]),
    arrivals=st.sampled_from(["poisson", "constant"]),
)
def test_whatever_is_generated_is_a_table_that_is_written_to(
    shards: int, keys: int, seconds: int, roll_over: str, backlog: int, deletes: str, arrivals: str
) -> None:
    scenario = generated(
        shards=shards, keys=keys, duration=f"{seconds}s", roll_over=roll_over, backlog=backlog, deletes=deletes,
        ttl="0%", arrivals=arrivals,
    )  # fmt: skip
    logs = item_logs_of(scenario)
    replay(logs, shards)
    assert all(log.arrival_at(count(log)) == NEVER for log in logs)
    for log, shard in zip(logs, scenario.plans["default"].shards, strict=True):
        arrivals_ = [log.arrival_at(position) for position in range(count(log))]
        assert arrivals_ == sorted(arrivals_)
        assert all(shard.opened_at <= arrival < shard.closed_at for arrival in arrivals_)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=40))
def test_a_record_is_the_same_from_any_position_first(positions: list[int]) -> None:
    """Chunks are 64 to 16,384 positions; states are kept at few of them."""
    fresh = item_logs_of(LONG)[0]
    assert [looked_at(fresh, position) for position in positions] == [
        looked_at(KNOWN, position) for position in positions
    ]


LONG = generated(duration="20m", rate="50/s", keys=7)
KNOWN = item_logs_of(LONG)[0]


def test_looking_back_after_many_chunks_finds_the_same() -> None:
    log = item_logs_of(generated(duration="24h", rate="100/s", keys=3))[0]
    early = [looked_at(log, position) for position in range(50)]
    late = looked_at(log, 6_000_000)
    assert [looked_at(log, position) for position in range(50)] == early
    assert looked_at(log, 6_000_000) == late
    assert chunk_number(6_000_000) > 300


def test_items_go_on_when_a_shard_rolls_over() -> None:
    logs = item_logs_of(generated(duration="60s", roll_over="15s", keys=1, deletes="0%", ttl="0%"))
    kinds = [[json.loads(log.data(n))["eventName"] for n in range(count(log))] for log in logs]
    assert len(logs) == 4
    assert kinds[0][0] == "INSERT"
    assert {kind for each in (kinds[0][1:], *kinds[1:]) for kind in each} == {"MODIFY"}


def test_sequence_numbers_ascend_within_a_shard_and_from_parent_to_child() -> None:
    logs = item_logs_of(generated(roll_over="15s", shards=2))
    for line in (0, 1):
        numbers = [int(log.sequence_number(n)) for log in logs[line::2] for n in range(count(log))]
        assert numbers == sorted(set(numbers))
        assert all(21 <= len(str(number)) <= 40 for number in numbers)
    log = logs[1]
    assert log.index_of(log.sequence_number(3), range(2, 9)) == 1
    assert log.index_of(log.sequence_number(3), (2, 5)) is None
    assert log.index_of(logs[0].sequence_number(3), range(9)) is None
    assert log.index_of(None, range(9)) is None


def test_shards_have_the_ids_of_tables() -> None:
    scenario = generated(roll_over="15s", shards=2)
    ids = [shard.id for shard in scenario.plans["default"].shards]
    assert len(set(ids)) == len(ids) == 8
    assert ids == sorted(ids)
    assert all(len(shard) == len("shardId-00000001789649398921-b190244f") for shard in ids)
    assert (
        table_shard_id(unix("2026-09-17T13:29:58.921Z"), 0xB190244F)
        == "shardId-00000001789651798921-b190244f"
    )
    parents = [shard.parents for shard in scenario.plans["default"].shards]
    assert parents == [(), (), *((parent,) for parent in ids[:-2])]


@pytest.mark.parametrize("roll_over", ["4h", "7s"])
def test_lanes_are_those_of_the_items_keys(roll_over: str) -> None:
    for log in item_logs_of(generated(duration="30s", keys=9, roll_over=roll_over)):
        for chunk in range(4):
            start, stop = chunk_bounds(chunk)
            stop = min(stop, count(log))
            found = log.lanes(chunk, 4)[: max(stop - start, 0)]
            assert found.tolist() == [lane_of(log.partition_key(n), 4) for n in range(start, stop)]


@pytest.mark.parametrize("view", ["NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"])
@pytest.mark.parametrize(
    "keys", ["5", '["é", "\U0001f600\U0001f600\U0001f600", "\\"quoted\\"", "abcdefghijklmnop"]']
)
def test_no_record_is_larger_than_the_bound(view: str, keys: str) -> None:
    log = item_logs_of(
        generated(view=view, keys=keys, data='{"{key}": "{key}-{n}", n: {N: "{n}"}, s: "{shard}"}')
    )[0]
    largest = max(log.size(position) for position in range(count(log)))
    assert largest <= log.largest_record <= largest + 80
    assert all(log.size(n) == len(log.data(n)) for n in range(20))


def test_padding_makes_every_put_another_one() -> None:
    text = "scenario: x\nduration: 9s\nstream: {type: dynamodb}\nproducer: {rate: 9/s, keys: 1, size: 3B}"
    log = item_logs_of(load_text(text))[0]
    assert json.loads(log.data(1))["dynamodb"]["NewImage"] == {
        "id": {"S": "user-0"}, "n": {"N": "1"}, "data": {"S": "..."},
    }  # fmt: skip
    assert log.size(1) <= log.largest_record


def test_without_keys_every_write_is_an_insert() -> None:
    text = "scenario: x\nduration: 9s\nstream: {type: dynamodb}\nproducer: {rate: 9/s, data: {state: new}}"
    log = item_logs_of(load_text(text))[0]
    assert {json.loads(log.data(n))["eventName"] for n in range(count(log))} == {"INSERT"}


writes = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["put", "put", "put", "delete", "ttl"]),
        st.integers(0, 2),
        st.integers(0, 20),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=200)
@given(writes, st.integers(1, 3), st.sampled_from(["5s", "4h"]))
def test_listed_writes_are_the_changes_of_a_table(
    listed: list[tuple[str, str, int, int]], shards: int, roll_over: str
) -> None:
    records = [
        {"key": key, "op": op, "at": f"{at}s", **({"data": {"n": n}} if op == "put" else {})}
        for key, op, n, at in listed
    ]
    document = {
        "scenario": "x",
        "stream": {"type": "dynamodb", "shards": shards, "roll_over": roll_over},
        "producer": {"records": [{"key": "z", "data": {"n": 1}}, *records]},
    }
    logs = item_logs_of(load_text(json.dumps(document)))
    found = [
        (log.arrival_at(n), log.place(n), log.partition_key(n), json.loads(log.data(n))["eventName"], n, log)
        for log in logs
        for n in range(count(log))
    ]
    found.sort(key=lambda one: one[:2])
    table: dict[str, int] = {"z": 1}
    expected = [(0, "z", "INSERT")]
    for key, op, n, at in sorted(listed, key=lambda one: one[3]):
        if op == "put" and table.get(key) != n:
            expected.append((at * SECOND, key, "MODIFY" if key in table else "INSERT"))
            table[key] = n
        elif op != "put" and key in table:
            expected.append((at * SECOND, key, "REMOVE"))
            del table[key]
    assert [(at, key, name) for at, _, key, name, _, _ in found] == expected
    for *_, n, log in found:
        assert looked_at(log, n) == looked_at(log, n)


def test_a_listed_put_without_data_is_another_one_each_time() -> None:
    text = (
        "scenario: x\nstream: {type: dynamodb}\nproducer: {records: [{key: a}, {key: a, at: 1s, size: 2B}]}"
    )
    log = item_logs_of(load_text(text))[0]
    assert [json.loads(log.data(n))["eventName"] for n in range(count(log))] == ["INSERT", "MODIFY"]
    assert json.loads(log.data(1))["dynamodb"]["NewImage"] == {
        "id": {"S": "a"}, **attributes({"n": 1, "data": ".."})
    }  # fmt: skip


def test_shards_open_every_four_hours() -> None:
    plan = generated(duration="24h", rate="1/s").plans["default"]
    assert [shard.opened_at for shard in plan.shards[1:]] == [n * 4 * HOUR for n in range(1, 6)]
    assert [change.what for change in plan.changes] == ["roll-over"] * 5
    assert plan.shards[-1].closed_at == NEVER
