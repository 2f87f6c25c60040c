"""What a filter lets through of a table's stream: recorded on real streams, and the rest of the rules."""

import json
from typing import Any

import pytest

from streamsim.model.names import unix
from streamsim.model.stream_type import DYNAMODB
from streamsim.rules.events.event import seen_by_filters
from streamsim.rules.mapping.filter_pattern import PatternError
from streamsim.rules.mapping.filters import compile_filter, compile_filters
from streamsim.rules.source import Source
from streamsim.rules.streams.attributes import attributes
from streamsim.rules.streams.item_writes import Change, Table, change, written
from tests.logs import WrittenLog

SOURCE = Source("orders", "charge", unix("2026-01-01T00:00:00Z"), type=DYNAMODB)
TABLE = Table()


def passes(pattern: str, made: Change | None) -> bool:
    assert made is not None
    log = WrittenLog([1_500_000], ["a"], [written(TABLE, made)], "shardId-00000001789649398921-b190244f")
    return compile_filters([pattern], DYNAMODB).matches(*seen_by_filters(log, 0, SOURCE))


def put(key: str, before: Any = None, **others: Any) -> Change | None:
    old = None if before is None else TABLE.item(key, attributes(before))
    return change(old, "put", TABLE.item(key, attributes(others)))


TYPED = '{"dynamodb": {"NewImage": {"presentKey": {"S": ["presentValue"]}}}}'
NUMERIC = '{"dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">", 100]}, {"anything-but": "101"}]}}}}'
PREFIX = '{"dynamodb": {"NewImage": {"prefix": {"S": [{"prefix": "us-1"}]}}}}'

#: Patterns, a write, and whether its record was sent.
RECORDED: dict[str, tuple[str, Change | None, bool]] = {
    "metadata: an insert": ('{"eventName": ["INSERT"]}', put("a", id2="x"), True),
    "metadata: one of two kinds": ('{"eventName": ["INSERT", "MODIFY"]}', put("a", {}, id2="x"), True),
    "a value with its type": (TYPED, put("a", presentKey="presentValue"), True),
    "a value that is not there": (TYPED, put("b"), False),
    "a value without its type": (
        '{"dynamodb": {"NewImage": {"presentKey": ["presentValue"]}}}', put("a", presentKey="presentValue"), False),
    "a leaf that exists": (
        '{"dynamodb": {"NewImage": {"presentKey": {"S": [{"exists": true}]}}}}', put("a", presentKey="x"), True),
    "one that does not": (
        '{"dynamodb": {"NewImage": {"presentKey": {"S": [{"exists": true}]}}}}', put("b"), False),
    "an attribute without its type is no leaf, so none exists": (
        '{"dynamodb": {"NewImage": {"presentKey": [{"exists": true}]}}}', put("a", presentKey="x"), False),
    "and it matches as missing, there or not": (
        '{"dynamodb": {"NewImage": {"presentKey": [{"exists": false}]}}}', put("a", presentKey="x"), True),
    "as it does when it is missing": (
        '{"dynamodb": {"NewImage": {"presentKey": [{"exists": false}]}}}', put("b"), True),
    "a number is a text": (NUMERIC, put("a", n=42), True),
    "so that it is never numeric": (NUMERIC, put("b", n=101), False),
    "a prefix": (PREFIX, put("a", prefix="us-1-other-suffix"), True),
    "another prefix": (PREFIX, put("a", prefix="other-suffix"), False),
    "the creation is a number": (
        '{"dynamodb": {"ApproximateCreationDateTime": [{"numeric": [">", 0]}]}}', put("a"), True),
}  # fmt: skip

#: assumed, or what follows from the record's form.
ROWS: dict[str, tuple[str, Change | None, bool]] = {
    "metadata: another kind": ('{"eventName": ["INSERT"]}', put("a", {}, id2="x"), False),
    "metadata and body must both match": (
        '{"eventName": ["INSERT"], "dynamodb": {"Keys": {"id": {"S": ["b"]}}}}', put("a"), False),
    "the key": ('{"dynamodb": {"Keys": {"id": {"S": ["a"]}}}}', put("a"), True),
    "what was there before": ('{"dynamodb": {"OldImage": {"n": {"N": ["1"]}}}}', put("a", {"n": 1}, n=2), True),
    "which an insert has not": ('{"dynamodb": {"OldImage": {"n": {"N": ["1"]}}}}', put("a", n=1), False),
    "the creation is in whole seconds": (
        '{"dynamodb": {"ApproximateCreationDateTime": [{"numeric": ["=", 1767225601]}]}}', put("a"), True),
    "true is no text": ('{"dynamodb": {"NewImage": {"b": {"BOOL": [true]}}}}', put("a", b=True), True),
    "a list matches by one of its elements": (
        '{"dynamodb": {"NewImage": {"l": {"L": {"S": ["y"]}}}}}', put("a", l=["x", "y"]), True),
    "a set matches by one of its texts": (
        '{"dynamodb": {"NewImage": {"s": {"SS": ["y"]}}}}', put("a", s={"SS": ["x", "y"]}), True),
    "the end of a time to live": (
        '{"userIdentity": {"principalId": ["dynamodb.amazonaws.com"]}}',
        Change(TABLE.item("a", {}), None, by_time_to_live=True), True),
    "which a delete is not": (
        '{"userIdentity": {"principalId": ["dynamodb.amazonaws.com"]}}', Change(TABLE.item("a", {}), None), False),
    "the size": ('{"dynamodb": {"SizeBytes": [{"numeric": ["<", 7]}]}}', put("a"), True),
    "data is a key of Kinesis": ('{"data": {"id": ["a"]}}', put("a"), False),
}  # fmt: skip


@pytest.mark.parametrize("name", [*RECORDED, *ROWS])
def test_a_record_is_let_through(name: str) -> None:
    pattern, made, expected = (RECORDED | ROWS)[name]
    assert passes(pattern, made) is expected


def test_the_body_is_matched_by_its_keys_only() -> None:
    with pytest.raises(PatternError, match='the rule of "dynamodb" must be an object'):
        compile_filter('{"dynamodb": ["x"]}', DYNAMODB)
    compile_filter('{"data": ["x"]}', DYNAMODB)
    compile_filter('{"dynamodb": ["x"]}')


def test_filters_see_the_event_s_record() -> None:
    made = put("a", {"n": 1}, n=2)
    assert made is not None
    log = WrittenLog([1_500_000], ["a"], [written(TABLE, made)])
    body, beside = seen_by_filters(log, 0, SOURCE)
    assert list(json.loads(body)) == [
        "ApproximateCreationDateTime", "Keys", "NewImage", "OldImage", "SequenceNumber", "SizeBytes", "StreamViewType",
    ]  # fmt: skip
    assert list(beside) == [
        "eventID",
        "eventName",
        "eventVersion",
        "eventSource",
        "awsRegion",
        "eventSourceARN",
    ]
