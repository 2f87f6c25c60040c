"""What a shard takes in a second, and what not."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsim.model.units import MIB, MILLISECOND, SECOND
from streamsim.streams.producing.writing import BYTES_PER_SECOND, RECORDS_PER_SECOND, WriteLimit, WriteSide
from streamsim.streams.simulated.plan import Owners, unchanging


def answers(*asked: tuple[int, int]) -> list[bool]:
    """Whether a shard takes records of (when in ms, bytes)."""
    limit = WriteLimit()
    return [limit.takes(at * MILLISECOND, size) for at, size in asked]


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        pytest.param([(0, 100)] * 1001, [True] * 1000 + [False], id="a shard takes 1,000 records at once"),
        pytest.param(
            [(0, 100)] * 1000 + [(999, 100), (1000, 100)],
            [True] * 1000 + [False, True],
            id="and the next a second later",
        ),
        pytest.param(
            [(0, 100)] * 600 + [(500, 100)] * 500 + [(1000, 100)] * 601,
            [True] * 600 + [True] * 400 + [False] * 100 + [True] * 600 + [False],
            id="the second is any second, not one of the clock",
        ),
        pytest.param([(0, MIB), (0, 1), (1000, 1)], [True, False, True], id="a shard takes a MiB at once"),
        pytest.param(
            [(0, MIB - 10), (0, 11), (0, 10), (0, 1)],
            [True, False, True, False],
            id="a small record goes where a large one does not",
        ),
        pytest.param(
            [(0, 3 * MIB), (2999, 1), (3000, 1)],
            [True, False, True],
            id="3 MiB in one record keep a shard busy for three seconds",
        ),
        pytest.param(
            [(0, 1), (999, 3 * MIB), (1000, 3 * MIB)],
            [True, False, True],
            id="and need one that has been idle for a second",
        ),
    ],
)
def test_a_shard(asked: list[tuple[int, int]], taken: list[bool]) -> None:
    assert answers(*asked) == taken


@given(
    st.lists(
        st.tuples(st.integers(0, 400 * MILLISECOND), st.integers(1, MIB), st.integers(1, 400)), max_size=40
    )
)
def test_no_second_takes_more_than_the_limits_and_nothing_is_refused_that_fits(
    bursts: list[tuple[int, int, int]],
) -> None:
    limit = WriteLimit()
    taken: list[tuple[int, int]] = []
    for at, (_, size, count) in zip(accumulate(gap for gap, _, _ in bursts), bursts, strict=True):
        for _ in range(count):
            lately = [bytes_ for when, bytes_ in taken if when > at - SECOND]
            fits = len(lately) < RECORDS_PER_SECOND and sum(lately) + size <= BYTES_PER_SECOND
            assert limit.takes(at, size) == fits
            if not fits:
                break
            taken.append((at, size))


def test_each_shard_has_a_limit_of_its_own() -> None:
    side = WriteSide(Owners(unchanging(2)))
    low, high = 0, 1 << 127
    assert [side.put(0, key, MIB) for key in (low, high, low, high)] == [0, 1, None, None]
