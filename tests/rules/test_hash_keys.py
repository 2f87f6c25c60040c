"""Hash keys and ranges against values worked out by hand and the examples of the Kinesis API."""

import itertools
from collections import Counter

import pytest

from streamsim.rules.streams.hash_keys import SPACE, even_ranges, hash_key, lane_of, owner


def test_a_key_hashes_to_its_md5_as_an_integer() -> None:
    assert hash_key("") == 0xD41D8CD98F00B204E9800998ECF8427E
    assert hash_key("grüße") == hash_key("gr\u00fc\u00dfe") != hash_key("gruesse")


@pytest.mark.parametrize("shards", [1, 2, 3, 7, 100, 1023])
def test_ranges_cover_the_space_without_gap_or_overlap(shards: int) -> None:
    ranges = even_ranges(shards)
    assert len(ranges) == shards
    assert ranges[0][0] == 0
    assert ranges[-1][1] == SPACE - 1 == 340282366920938463463374607431768211455
    assert all(end + 1 == start for (_, end), (start, _) in itertools.pairwise(ranges))


@pytest.mark.parametrize(
    ("value", "index"),
    [(0, 0), (SPACE // 4 - 1, 0), (SPACE // 4, 1), (SPACE // 2, 2), (SPACE - 1, 3)],
)
def test_a_hash_key_belongs_to_the_range_that_holds_it(value: int, index: int) -> None:
    assert owner(even_ranges(4), value) == index


def test_lanes_take_keys_evenly_and_always_the_same() -> None:
    taken = Counter(lane_of(f"user-{number}", 10) for number in range(10_000))
    assert set(taken) == set(range(10))
    assert all(900 < count < 1100 for count in taken.values())
    assert lane_of("user-7", 10) == lane_of("user-7", 10)
