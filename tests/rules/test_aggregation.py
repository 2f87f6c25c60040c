"""Aggregates of the Kinesis Producer Library, and what only looks like one."""

from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsim.rules.streams.aggregation import user_records
from tests.streams.aggregates import MAGIC, aggregate, field, varint


@given(st.lists(st.tuples(st.text(min_size=1), st.binary()), min_size=1))
def test_what_was_aggregated_comes_out_in_order(records: list[tuple[str, bytes]]) -> None:
    assert list(user_records(aggregate(records)) or ()) == records


@given(st.binary())
def test_any_data_are_records_or_none(data: bytes) -> None:
    assert user_records(data) is None
    assert user_records(MAGIC + data) is None
    inside = user_records(MAGIC + data + md5(data).digest())
    assert inside is None or all(isinstance(one.partition_key, str) for one in inside)


ONE = aggregate([("k", b"1")])

NONE = {
    "nothing": b"",
    "the magic bytes alone": MAGIC,
    "other magic bytes": b"\x00" + ONE[1:],
    "a digest of something else": ONE[:-1] + bytes([ONE[-1] ^ 1]),
    "half an aggregate": ONE[: len(ONE) // 2],
    "no record in it": MAGIC + field(1, b"k") + md5(field(1, b"k")).digest(),
}


@pytest.mark.parametrize("row", NONE)
def test_what_only_looks_like_an_aggregate_is_none(row: str) -> None:
    assert user_records(NONE[row]) is None


BROKEN = {
    "a key that is not in the table": field(1, b"k") + field(3, b"\x08" + varint(7) + field(3, b"1")),
    "a record without data": field(1, b"k") + field(3, b"\x08\x00"),
    "a key that is no text": field(1, b"\xff") + field(3, b"\x08\x00" + field(3, b"1")),
    "a field that does not end": b"\x1a\x7f",
    "a number that does not end": b"\x08" + b"\xff" * 20,
    "a number that ends with the message": b"\x08\xff",
    "a kind of field that there is not": b"\x0b",
}


@pytest.mark.parametrize("row", BROKEN)
def test_an_aggregate_that_makes_no_sense_is_none(row: str) -> None:
    message = BROKEN[row]
    assert user_records(MAGIC + message + md5(message).digest()) is None


def test_fields_that_are_not_needed_are_passed_over() -> None:
    tag = field(4, field(1, b"name") + field(2, b"value"))
    record = field(3, b"\x08\x00\x10\x00" + field(3, b"1") + tag)
    message = field(1, b"k") + field(2, b"170141183460469231731687303715884105728") + record
    message += b"\x29" + b"\x00" * 8  # a number of eight bytes
    assert user_records(MAGIC + message + md5(message).digest()) == (("k", b"1"),)
