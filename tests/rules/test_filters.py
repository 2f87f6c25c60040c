"""What a record has to be for a mapping's filters to let it through: each row's name is its sentence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsim.model.stream_type import DYNAMODB, KINESIS, StreamType
from streamsim.rules.mapping.filter_pattern import PatternError
from streamsim.rules.mapping.filters import compile_filter, compile_filters, unproven

KIND = '{"data": {"kind": ["order"]}}'
KEY = '{"partitionKey": ["user-1"]}'
EITHER = '{"$or": [{"data": {"kind": ["order"]}}, {"partitionKey": ["user-1"]}]}'

BESIDE = {"partitionKey": "user-1"}

#: Patterns, the data, and whether the record of key `user-1` is let through.
ROWS: dict[str, tuple[list[str], bytes, bool]] = {
    "JSON that matches": ([KIND], b'{"kind": "order"}', True),
    "JSON that does not": ([KIND], b'{"kind": "click"}', False),
    "data that is no JSON is dropped": ([KIND], b"kind=order", False),
    "no data at all is no JSON": ([KIND], b"", False),
    "data that is no UTF-8 is no JSON": ([KIND], b'{"kind": "order", "x": "\xff"}', False),
    "NaN is no JSON": (['{"data": {"kind": [{"exists": false}]}}'], b"NaN", False),
    "UTF-16 is no JSON either": ([KIND], '{"kind": "order"}'.encode("utf-16"), False),
    "nor is JSON behind a byte order mark": ([KIND], b'\xef\xbb\xbf{"kind": "order"}', False),
    "data that is no JSON is dropped even where something must be missing": (
        ['{"data": {"kind": [{"exists": false}]}}'],
        b"kind=order",
        False,
    ),
    "JSON that is no object has no keys": (['{"data": {"kind": [{"exists": false}]}}'], b"5", True),
    "JSON that is an array matches by one of its objects": ([KIND], b'[1, {"kind": "order"}]', True),
    "without `data` any data will do": ([KEY], b"\xff", True),
    "metadata that does not match": (['{"partitionKey": ["user-2"]}'], b"{}", False),
    "data and metadata must both match": (
        ['{"partitionKey": ["user-1"], "data": {"kind": ["order"]}}'],
        b'{"kind": "order"}',
        True,
    ),
    "metadata alone is not enough then": (
        ['{"partitionKey": ["user-1"], "data": {"kind": ["order"]}}'],
        b'{"kind": "click"}',
        False,
    ),
    "metadata is a text and not the data's": (['{"data": {"partitionKey": ["user-1"]}}'], b"{}", False),
    "other metadata is not there": (['{"eventName": ["aws:kinesis:record"]}'], b"{}", False),
    "one of several filters is enough": ([KIND, '{"data": {"kind": ["refund"]}}'], b'{"kind": "refund"}', True),
    "none of several filters is not": ([KIND, '{"data": {"kind": ["refund"]}}'], b'{"kind": "click"}', False),
    "a filter on metadata takes what is no JSON for another": ([KIND, KEY], b"\xff", True),
    "a pattern that asks for data in one place drops what is no JSON": ([EITHER], b"\xff", False),
    "and otherwise takes one of the two": ([EITHER], b'{"kind": "click"}', True),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_a_record_is_let_through(name: str) -> None:
    patterns, data, expected = ROWS[name]
    assert compile_filters(patterns).matches(data, BESIDE) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        '{"data": ["order"]}',
        '{"data": [{"exists": true}]}',
        '{"$or": [{"partitionKey": ["a"]}, {"data": ["order"]}]}',
        '{"$or": [{"data": {"a": [1]}}, {"data": ["order"]}]}',
    ],
)
def test_data_is_matched_by_its_keys_only(pattern: str) -> None:
    with pytest.raises(PatternError, match='the rule of "data" must be an object'):
        compile_filter(pattern)


def test_data_further_in_is_a_key_like_another() -> None:
    assert compile_filters(['{"data": {"data": ["x"]}}']).matches(b'{"data": "x"}', BESIDE)


FILTERS = compile_filters(
    [KIND, '{"data": {"n": [{"numeric": [">", 0]}, {"prefix": "a"}, {"exists": false}]}}']
)


@settings(max_examples=2000)
@given(st.binary() | st.text('[]{}":,nul1e-. x', max_size=30).map(str.encode), st.text())
def test_no_data_is_too_strange(data: bytes, partition_key: str) -> None:
    assert FILTERS.matches(data, {"partitionKey": partition_key}) in {True, False}


@pytest.mark.parametrize(
    ("pattern", "kind", "used"),
    [
        pytest.param('{"data": {"a": ["x", {"prefix": "y"}]}}', KINESIS, (), id="nothing of the kind"),
        pytest.param('{"data": {"a": {"b": [{"suffix": "y"}]}}}', KINESIS, ("suffix",), id="a suffix"),
        pytest.param(
            '{"data": {"$or": [{"a": [1]}, {"b": [{"equals-ignore-case": "x"}]}]}}',
            KINESIS,
            ("$or", "equals-ignore-case"),
            id="$or, and what is in it",
        ),
        pytest.param('{"partitionKey": ["a"]}', KINESIS, ("partitionKey",), id="a Kinesis record's metadata"),
        pytest.param(
            '{"$or": [{"eventID": ["a"]}, {"data": {"b": [1]}}]}',
            KINESIS,
            ("$or", "eventID"),
            id="in $or too",
        ),
        pytest.param('{"eventName": ["INSERT"]}', DYNAMODB, (), id="an item write's is recorded"),
    ],
)
def test_what_is_not_proven_on_aws(pattern: str, kind: StreamType, used: tuple[str, ...]) -> None:
    assert unproven([pattern], kind) == used
