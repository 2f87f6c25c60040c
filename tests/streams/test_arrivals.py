"""When records arrive: the same whenever one looks, in whatever order one looks."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsim.model.units import MINUTE, SECOND
from streamsim.streams.records.arrivals import (
    NEVER,
    GeneratedArrivals,
    ListedArrivals,
    Schedule,
    Segment,
    chunk_bounds,
    chunk_number,
)


def steady(rate: float, end: int) -> Schedule:
    return Schedule((Segment(0, rate / SECOND),), end)


def poisson(rate: float = 1000, end: int = MINUTE, seed: int = 7) -> GeneratedArrivals:
    return GeneratedArrivals(steady(rate, end), "poisson", (seed, "arrivals", "shardId-000000000000"))


def constant(*segments: Segment, end: int, backlog: int = 0, gap: int = 0) -> list[int]:
    arrivals = GeneratedArrivals(Schedule(segments, end), "constant", (7, "arrivals", "x"), backlog, gap)
    return [arrivals.at(position) for position in range(arrivals.until(NEVER))]


def test_constant_arrivals_are_evenly_spaced_from_the_start() -> None:
    assert constant(Segment(0, 4 / SECOND), end=SECOND) == [0, 250_000, 500_000, 750_000]


def test_nothing_arrives_at_or_after_the_end() -> None:
    arrivals = poisson(10, SECOND)
    total = arrivals.until(NEVER)
    assert arrivals.at(total - 1) < SECOND
    assert arrivals.at(total) == arrivals.at(total + 1000) == NEVER


def test_a_rate_of_zero_is_silence() -> None:
    assert constant(Segment(0, 0.0), Segment(10 * SECOND, 1 / SECOND), end=12 * SECOND) == [
        10 * SECOND,
        11 * SECOND,
    ]


def test_a_ramp_brings_its_area() -> None:
    """From 2 to 10 records a second over 10 s: 60 records, 14.4 of that in the first 4 s."""
    arrivals = constant(Segment(0, 2e-6, 0.8e-12), Segment(10 * SECOND, 0.0), end=MINUTE)
    assert len(arrivals) == 60
    assert sum(arrival < 4 * SECOND for arrival in arrivals) == 15


def test_a_ramp_may_begin_at_nothing() -> None:
    """The n-th record comes when n have accrued: of 1/s more every second that is at the square root of 2n seconds."""
    arrivals = constant(Segment(0, 0.0, 1e-12), Segment(3 * SECOND, 3e-6), end=4 * SECOND)
    assert arrivals == [0, 1_414_214, 2_000_000, 2_449_490, 2_828_427, 3_166_667, 3_500_000, 3_833_333]


def test_a_backlog_arrived_evenly_before_the_start() -> None:
    assert constant(Segment(0, 2 / SECOND), end=SECOND, backlog=3, gap=500_000) == [
        -1_500_000,
        -1_000_000,
        -500_000,
        0,
        500_000,
    ]


def test_poisson_arrivals_have_their_rate_and_spread() -> None:
    arrivals = poisson(1000, MINUTE)
    total = arrivals.until(NEVER)
    assert abs(total - 60_000) < 4 * 245
    gaps = [
        later - earlier for earlier, later in pairwise(arrivals.at(position) for position in range(20_000))
    ]
    mean = sum(gaps) / len(gaps)
    assert abs(mean - 1000) < 30
    assert abs(sum((gap - mean) ** 2 for gap in gaps) / len(gaps) - mean**2) < 0.1 * mean**2


def test_looking_in_any_order_finds_the_same() -> None:
    forward, shuffled = poisson(), poisson()
    expected = [forward.at(position) for position in range(50_000)]
    order = list(range(50_000))
    random.Random(1).shuffle(order)
    assert all(shuffled.at(position) == expected[position] for position in order[:5_000])
    assert sorted(expected) == expected


def test_another_seed_is_another_process() -> None:
    assert poisson(seed=7).at(0) != poisson(seed=8).at(0)


@given(st.integers(0, 200_000))
def test_chunks_partition_the_positions(position: int) -> None:
    start, stop = chunk_bounds(chunk_number(position))
    assert start <= position < stop
    assert chunk_bounds(chunk_number(position) + 1)[0] == stop


@given(st.integers(-3 * SECOND, 2 * MINUTE), st.integers(0, 40))
def test_until_counts_what_at_says(instant: int, backlog: int) -> None:
    arrivals = GeneratedArrivals(steady(50, MINUTE), "poisson", (7, "arrivals", "y"), backlog, 70_000)
    count = arrivals.until(instant)
    assert count == 0 or arrivals.at(count - 1) <= instant
    assert arrivals.at(count) > instant


@pytest.mark.parametrize(("instant", "count"), [(-100, 0), (-70, 1), (0, 3), (9, 3), (10, 4), (NEVER, 4)])
def test_listed_arrivals(instant: int, count: int) -> None:
    arrivals = ListedArrivals([-70, 0, 0, 10])
    assert arrivals.until(instant) == count
    assert [arrivals.at(position) for position in (0, 3, 4)] == [-70, 10, NEVER]
