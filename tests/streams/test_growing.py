"""Streams in on-demand mode: when which shard is split."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsim.model.units import KIB, MIB, MINUTE, SECOND
from streamsim.rules.streams.hash_keys import SPACE, even_ranges
from streamsim.rules.streams.lineage import OpenShard, covers
from streamsim.rules.streams.on_demand import MOST_SHARDS, outgrown
from streamsim.streams.simulated.growing import GrowingSide

HALF = SPACE // 2


@pytest.mark.parametrize(
    ("records", "size", "grows"),
    [
        pytest.param(30_000, 60, False, id="500 records a second are no reason"),
        pytest.param(30_001, 60, True, id="more are"),
        pytest.param(60, 60 * 500 * KIB, False, id="nor are 500 KB a second"),
        pytest.param(60, 60 * 500 * KIB + 1, True, id="but a byte more"),
    ],
)
def test_a_minute_s_traffic(records: int, size: int, grows: bool) -> None:
    assert outgrown(records, size) == grows


def fed(side: GrowingSide, until: int, *streams: tuple[int, int, int], since: int = 0) -> None:
    """Puts a record of (hash key, bytes) each so many microseconds, of every stream, from `since` on."""
    puts = sorted(
        (at, key, size) for key, size, every in streams for at in range(since + every // 2, until, every)
    )
    for at, key, size in puts:
        side.put(at, key, size)


def lives(side: GrowingSide) -> list[tuple[int, tuple[str, ...], int, int | None]]:
    """Number, parents, opening and closing in minutes."""
    return [
        (
            shard.number,
            tuple(parent[-1] for parent in shard.parents),
            max(shard.opened_at, 0) // MINUTE,
            shard.closed_at // MINUTE if shard.closed_at < 1 << 61 else None,
        )
        for shard in side.plan().shards
    ]


def test_the_shard_that_takes_too_much_is_split_and_no_other() -> None:
    side = GrowingSide(even_ranges(2), 15 * MINUTE)
    fed(side, 17 * MINUTE, (0, 600 * KIB, SECOND), (HALF, 400 * KIB, SECOND))
    assert lives(side) == [(0, (), 0, 16), (1, (), 0, None), (2, ("0",), 16, None), (3, ("0",), 16, None)]
    assert [change.what for change in side.plan().changes] == ["on-demand scaling"]


def test_a_key_that_alone_is_too_much_is_split_around_for_ever() -> None:
    """Kinesis "does not detect and isolate hash keys": the half that holds the key is split again."""
    side = GrowingSide(even_ranges(1), 5 * MINUTE)
    fed(side, 25 * MINUTE, (0, 600 * KIB, SECOND))
    assert lives(side) == [
        (0, (), 0, 6),
        (1, ("0",), 6, 12),
        (2, ("0",), 6, None),
        (3, ("1",), 12, 18),
        (4, ("1",), 12, None),
        (5, ("3",), 18, 24),
        (6, ("3",), 18, None),
        (7, ("5",), 24, None),
        (8, ("5",), 24, None),
    ]


def test_one_busy_minute_is_enough_though_it_is_quiet_by_then() -> None:
    side = GrowingSide(even_ranges(1), 15 * MINUTE)
    fed(side, 2 * MINUTE, (0, 600 * KIB, SECOND), since=MINUTE)
    fed(side, 30 * MINUTE, (0, KIB, SECOND), since=2 * MINUTE)
    assert lives(side) == [(0, (), 0, 17), (1, ("0",), 17, None), (2, ("0",), 17, None)]


def test_each_minute_is_looked_at_alone() -> None:
    side = GrowingSide(even_ranges(1), MINUTE)
    fed(side, 9 * MINUTE, (0, 400 * KIB, SECOND))
    assert lives(side) == [(0, (), 0, None)]


def test_what_is_refused_is_no_traffic() -> None:
    """A shard takes one MiB a second however often it is tried; two shards twice that."""
    side = GrowingSide(even_ranges(1), MINUTE)
    taken = [0, 0, 0]
    for at in range(0, 3 * MINUTE, SECOND // 4):
        key = HALF if at // (SECOND // 4) % 2 else 0
        taken[at // MINUTE] += side.put(at, key, MIB) is not None
    assert taken == [60, 60, 120]


def test_a_stream_is_at_its_limit_with_200_shards() -> None:
    side = GrowingSide(even_ranges(199), MINUTE)
    keys = [first for first, _ in even_ranges(199)[:5]]
    fed(side, 3 * MINUTE, *((key, 600 * KIB, SECOND) for key in keys))
    assert len(side.plan().open_at(3 * MINUTE)) == MOST_SHARDS


@settings(max_examples=40)
@given(
    st.integers(1, 5),
    st.integers(1, 20).map(lambda seconds: seconds * SECOND),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, SPACE - 1), st.integers(1, 90)), max_size=30),
)
def test_every_hash_key_has_one_owner_and_a_side_agrees_with_its_plan(
    shards: int, scales_within: int, bursts: list[tuple[int, int, int]]
) -> None:
    side = GrowingSide(even_ranges(shards), scales_within)
    at = 0
    owned = []
    for gap, key, count in bursts:
        at += gap * SECOND
        for _ in range(count):
            at += SECOND
            side.put(at, key, MIB)
            owned.append((at, key, side.owner(at, key)))
    plan = side.plan()
    for instant, key, number in owned:
        there = plan.open_at(instant)
        assert covers([OpenShard(shard.number, *shard.keys) for shard in there])
        assert [shard.number for shard in there if shard.first_key <= key <= shard.last_key] == [number]
