"""Counts and sums are exact, percentiles near, and nothing depends on order or on how values were spread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsim.trace.measures.histogram import Histogram

VALUES = st.lists(st.one_of(st.integers(0, 300), st.integers(0, 2**50)), min_size=1, max_size=200)


def filled(values: list[int]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


def readings(histogram: Histogram) -> list[int | None]:
    percentiles = [histogram.percentile(percent) for percent in range(1, 101)]
    return [
        histogram.count,
        histogram.sum,
        histogram.thousands,
        histogram.maximum,
        histogram.average,
        *percentiles,
    ]


@given(VALUES)
def test_count_sum_and_maximum_are_exact(values: list[int]) -> None:
    histogram = filled(values)
    assert histogram.count == len(values)
    assert histogram.sum == sum(values)
    assert histogram.maximum == max(values)
    assert histogram.thousands == sum(-(-value // 1000) for value in values)


@given(VALUES, st.integers(1, 100))
def test_a_percentile_is_within_half_a_percent_of_the_value_at_its_rank(
    values: list[int], percent: int
) -> None:
    rank = -(-len(values) * percent // 100)
    exact = sorted(values)[rank - 1]
    got = filled(values).percentile(percent)
    assert got is not None
    assert abs(got - exact) <= exact * 0.005
    if exact < 512:
        assert got == exact


@given(VALUES, VALUES)
def test_merged_histograms_are_one_filled_with_all_values_in_any_order(
    left: list[int], right: list[int]
) -> None:
    merged = filled(left)
    merged.merge(filled(right))
    assert readings(merged) == readings(filled(sorted(left + right)))


def test_the_number_of_buckets_does_not_follow_the_number_of_values() -> None:
    histogram = filled([1_000_000 + 7 * value for value in range(50_000)])
    assert histogram.count == 50_000
    assert len(histogram._buckets) < 128
    assert len(histogram._waiting) <= 8192


def test_an_empty_histogram_has_no_values_to_show() -> None:
    assert readings(Histogram()) == [0, 0, 0, None, None, *[None] * 100]


@pytest.mark.parametrize(("values", "average"), [([1, 2], 2), ([1, 1, 2], 1), ([0], 0), ([2, 3, 3], 3)])
def test_the_average_is_rounded_half_up(values: list[int], average: int) -> None:
    assert filled(values).average == average


def test_a_negative_value_is_refused_when_it_is_counted() -> None:
    with pytest.raises(ValueError, match="0 or more, not -1"):
        _ = filled([5, -1]).sum


@pytest.mark.parametrize("percent", [0, 101])
def test_percentiles_go_from_1_to_100(percent: int) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        filled([1]).percentile(percent)
