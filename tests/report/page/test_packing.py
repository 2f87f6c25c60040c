"""Columns of integers go into a page and come out of it again."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamsim.report.page.packing import Packed, pack_ids, rounded, varints
from tests.report.page.pages import columns_of

NUMBERS = st.lists(st.integers(min_value=0, max_value=1 << 52), max_size=40)


@given(
    NUMBERS,
    st.lists(st.integers(min_value=-(1 << 50), max_value=1 << 50), max_size=40),
    st.binary(min_size=1),
)
def test_what_is_packed_is_read_again(plain: list[int], signed: list[int], raw: bytes) -> None:
    packed = Packed()
    packed.add_bytes("document", b"{}")
    packed.add("count", plain)
    packed.add("gap_before", signed, signed=True)
    packed.add_bytes("ids", raw)
    packed.add("wait", plain)
    read = columns_of({"layout": packed.layout, "data": packed.text()})
    assert read["count"] == read["wait"] == plain
    assert read["gap_before"] == signed
    assert read["ids"] == raw


def test_a_number_takes_as_many_bytes_as_it_has_groups_of_seven_bits() -> None:
    assert varints(np.array([0, 127, 128, 300, 1 << 21])) == b"\x00\x7f\x80\x01\xac\x02\x80\x80\x80\x01"
    assert varints(np.array([], dtype=np.int64)) == b""


def unrounded(code: int, bits: int) -> int:
    """As the page's script has it."""
    if code < 1 << bits:
        return code
    half = 1 << (bits - 1)
    shift = code // half - 1
    return (code - shift * half) << shift


@given(NUMBERS, st.sampled_from([5, 8]))
def test_a_rounded_number_is_off_by_less_than_its_last_bit(values: list[int], bits: int) -> None:
    codes = rounded(np.array(values, dtype=np.int64), bits)
    for value, code in zip(values, codes, strict=True):
        assert abs(unrounded(int(code), bits) - value) <= value / (1 << bits)


def test_of_many_request_ids_those_of_troubled_batches_are_kept() -> None:
    ids = [f"00000000-0000-0000-0000-{number:012x}" for number in range(5_000)]
    packed = Packed()
    numbers, names = pack_ids(packed, ids, {7, 4_000})
    assert (numbers[7], numbers[4_000], numbers[8], names) == (1, 2, 0, [])
    assert packed.layout == [["ids", -1, 32, 0]]


def test_ids_that_are_no_uuids_are_kept_as_they_are() -> None:
    numbers, names = pack_ids(Packed(), ["a", "b"], set())
    assert (list(numbers), names) == ([0, 1, 2], ["a", "b"])
