"""What writes put into a table's stream, held against records of real streams."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsim.rules.streams.attributes import attributes
from streamsim.rules.streams.item_writes import Change, Op, Table, View, change, written

#: Recorded records: key name, key, the attributes before and after, the view, SizeBytes.
RECORDED: dict[str, tuple[str, str, Any, Any, View, int]] = {
    "a text and binary": ("my_partition_key", "hello world", None, {"binary_key": {"B": "Zm9vYmFy"}}, "NEW_IMAGE", 70),
    "nothing beside the key": ("my_partition_key", "hello world", None, {}, "NEW_IMAGE", 54),
    "true or false": ("my_partition_key", "testId0", None, {"should_fail": False}, "NEW_IMAGE", 58),
    "two texts": ("id", "id_value", None, {"id2": "id2_value"}, "NEW_AND_OLD_IMAGES", 32),
    "both images": ("id", "id_value", {}, {"id2": "id2_new_value"}, "NEW_AND_OLD_IMAGES", 46),
    "a number": ("id", "id_value_1", None, {"numericFilter": 42}, "NEW_AND_OLD_IMAGES", 39),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_sizes_are_the_recorded_ones(name: str) -> None:
    key_name, key, before, after, view, size = RECORDED[name]
    table = Table(key_name, view)
    old = None if before is None else table.item(key, attributes(before))
    made = change(old, "put", table.item(key, attributes(after)))
    assert made is not None
    record = json.loads(written(table, made))
    assert record["dynamodb"]["SizeBytes"] == size
    assert record["eventName"] == ("INSERT" if before is None else "MODIFY")
    assert "userIdentity" not in record


TABLE = Table()
ITEM = TABLE.item("a", attributes({"n": 1}))
OTHER = TABLE.item("a", attributes({"n": 2}))


@pytest.mark.parametrize(
    ("old", "op", "item", "expected"),
    [
        pytest.param(None, "put", ITEM, Change(None, ITEM), id="a put of a new item inserts"),
        pytest.param(ITEM, "put", OTHER, Change(ITEM, OTHER), id="a put of another form modifies"),
        pytest.param(ITEM, "put", dict(ITEM), None, id="a put of the same is no record"),
        pytest.param(
            TABLE.item("a", attributes({"s": {"SS": ["x", "y"]}, "n": {"N": "1"}})),
            "put",
            TABLE.item("a", attributes({"n": {"N": "1.0"}, "s": {"SS": ["y", "x"]}})),
            None,
            id="nor is one that only looks different",
        ),
        pytest.param(ITEM, "delete", None, Change(ITEM, None), id="a delete removes"),
        pytest.param(None, "delete", None, None, id="a delete of nothing is no record"),
        pytest.param(ITEM, "ttl", None, Change(ITEM, None, by_time_to_live=True), id="time to live removes"),
        pytest.param(None, "ttl", None, None, id="where there is an item"),
    ],
)
def test_a_write_changes(old: Any, op: Op, item: Any, expected: Change | None) -> None:
    assert change(old, op, item) == expected


VIEWS: dict[View, dict[str, list[str]]] = {
    "NEW_AND_OLD_IMAGES": {
        "INSERT": ["NewImage"],
        "MODIFY": ["NewImage", "OldImage"],
        "REMOVE": ["OldImage"],
    },
    "NEW_IMAGE": {"INSERT": ["NewImage"], "MODIFY": ["NewImage"], "REMOVE": []},
    "OLD_IMAGE": {"INSERT": [], "MODIFY": ["OldImage"], "REMOVE": ["OldImage"]},
    "KEYS_ONLY": {"INSERT": [], "MODIFY": [], "REMOVE": []},
}


@pytest.mark.parametrize("view", VIEWS)
def test_the_view_says_which_images_there_are(view: View) -> None:
    shown = {}
    for made in (Change(None, ITEM), Change(ITEM, OTHER), Change(ITEM, None)):
        record = json.loads(written(Table("id", view), made))
        assert next(iter(record["dynamodb"])) == "Keys"
        assert list(record["dynamodb"])[-2:] == ["SizeBytes", "StreamViewType"]
        assert record["dynamodb"]["StreamViewType"] == view
        shown[record["eventName"]] = list(record["dynamodb"])[1:-2]
    assert shown == VIEWS[view]


def test_time_to_live_is_a_service() -> None:
    assert json.loads(written(TABLE, Change(ITEM, None, by_time_to_live=True)))["userIdentity"] == {
        "type": "Service",
        "principalId": "dynamodb.amazonaws.com",
    }


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["put", "put", "delete", "ttl"]), st.integers(0, 2))
    )
)
def test_applying_the_records_gives_the_table(writes: list[tuple[str, Op, int]]) -> None:
    """A table that only reads the stream is, after every write, the table that was written to."""
    table: dict[str, Any] = {}
    replica: dict[str, Any] = {}
    for key, op, n in writes:
        put = TABLE.item(key, attributes({"n": n}))
        before = dict(table)
        if op == "put":
            table[key] = put
        else:
            table.pop(key, None)
        made = change(before.get(key), op, put if op == "put" else None)
        assert (made is None) == (table == before)
        if made is not None:
            record = json.loads(written(TABLE, made))
            assert record["dynamodb"].get("OldImage") == replica.get(key)
            expected = "REMOVE" if key not in table else "MODIFY" if key in before else "INSERT"
            assert record["eventName"] == expected
            if expected == "REMOVE":
                del replica[key]
            else:
                replica[key] = record["dynamodb"]["NewImage"]
        assert replica == table
