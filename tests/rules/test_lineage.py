"""What SplitShard, MergeShards and UpdateShardCount do to shards, and when AWS refuses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsim.model.names import Account
from streamsim.model.units import DAY, HOUR, MINUTE, SECOND
from streamsim.rules.streams.hash_keys import SPACE, even_ranges
from streamsim.rules.streams.lineage import (
    Call,
    Made,
    MergeShards,
    OpenShard,
    ShardMap,
    SplitShard,
    UpdateShardCount,
    covers,
    even_map,
    key_at,
    middle,
    refusal,
    steps_of,
)


def refused(shards: ShardMap, call: Call, at: int = MINUTE, made: tuple[Made, ...] = ()) -> str | None:
    found = refusal(shards, call, at, made, "orders", Account())
    return None if found is None else str(found)


def after(shards: ShardMap, *calls: Call) -> ShardMap:
    for call in calls:
        assert refused(shards, call) is None
        shards = shards.after(steps_of(shards, call))
    return shards


def numbers(shards: ShardMap) -> list[int]:
    return [shard.number for shard in shards.open]


@pytest.mark.parametrize(
    ("start", "calls", "numbered", "ever"),
    [
        pytest.param(1, [SplitShard(0)], [1, 2], 3, id="the lower half of a split gets the lower number"),
        pytest.param(3, [SplitShard(1)], [0, 3, 4, 2], 5, id="a split leaves the other shards alone"),
        pytest.param(2, [MergeShards(0, 1)], [2], 3, id="two merge into one with a new number"),
        pytest.param(2, [MergeShards(1, 0)], [2], 3, id="two may be named in either order"),
        pytest.param(1, [SplitShard(0), MergeShards(1, 2)], [3], 4, id="what was split can be merged again"),
        pytest.param(2, [UpdateShardCount(4)], [2, 3, 4, 5], 6, id="doubling splits each shard once"),
        pytest.param(4, [UpdateShardCount(2)], [4, 5], 6, id="halving merges neighbours"),
        pytest.param(
            2, [UpdateShardCount(3)], [2, 6, 5], 7, id="3 of 2: both are split and the inner parts merge"
        ),
        pytest.param(
            4,
            [UpdateShardCount(5)],
            [4, 12, 13, 14, 11],
            15,
            id="5 of 4: eight parts, three merges, 15 in all",
        ),
        pytest.param(4, [UpdateShardCount(4)], [0, 1, 2, 3], 4, id="even shards of the same count stay"),
        pytest.param(
            4, [MergeShards(0, 1), UpdateShardCount(3)], [5, 9, 10], 11, id="uneven shards become even ones"
        ),
    ],
)
def test_calls(start: int, calls: list[Call], numbered: list[int], ever: int) -> None:
    shards = after(even_map(start), *calls)
    assert covers(shards.open)
    assert numbers(shards) == numbered
    assert shards.ever == ever


@pytest.mark.parametrize(
    ("start", "target"), [(3, 6), (6, 3), (7, 10), (10, 7), (5, 9), (100, 137), (137, 100)]
)
def test_updated_shards_are_even_but_for_rounding(start: int, target: int) -> None:
    shards = after(even_map(start), UpdateShardCount(target))
    assert covers(shards.open)
    assert len(shards.open) == target
    for shard, (first, last) in zip(shards.open, even_ranges(target), strict=True):
        assert abs(shard.first_key - first) < 1 << 20
        assert abs(shard.last_key - last) < 1 << 20


def test_doubling_three_shards_merges_nothing_for_a_rounded_key() -> None:
    """The thirds of the space and every second sixth of it differ by one key: they are the same boundary."""
    assert len(steps_of(even_map(3), UpdateShardCount(6))) == 3


def test_a_split_is_where_it_is_asked_for() -> None:
    shard = even_map(4).open[1]
    key = key_at(shard, 1, 4)
    low, high = after(even_map(4), SplitShard(1, key)).open[1:3]
    assert (low.first_key, low.last_key, high.first_key, high.last_key) == (
        shard.first_key,
        key - 1,
        key,
        shard.last_key,
    )
    assert key == SPACE // 4 + SPACE // 16
    assert middle(shard) == key_at(shard, 1, 2)


FEW = ShardMap((OpenShard(0, 0, 99), OpenShard(1, 100, 199), OpenShard(2, 200, SPACE - 1)), 4)
EIGHT = even_map(8)


def updates(*instants: int) -> tuple[Made, ...]:
    return tuple(Made(at, at, UpdateShardCount(8)) for at in instants)


@pytest.mark.parametrize(
    ("shards", "call", "said"),
    [
        pytest.param(
            FEW,
            SplitShard(1, 101),
            "InvalidArgumentException: NewStartingHashKey 101 used in SplitShard() on shard shardId-000000000001 in stream "
            "orders under account 123456789012 is not both greater than one plus the shard's StartingHashKey 100 and less "
            "than the shard's EndingHashKey 199.",
            id="a part of one key cannot be split off",
        ),
        pytest.param(FEW, SplitShard(1, 102), None, id="a part of two keys can"),
        pytest.param(FEW, SplitShard(1, 198), None, id="and at the upper end"),
        pytest.param(FEW, SplitShard(1, 199), "is not both greater", id="but not the last key alone"),
        pytest.param(FEW, SplitShard(1, 250), "is not both greater", id="nor a key of another shard"),
        pytest.param(
            FEW,
            SplitShard(4),
            "ResourceNotFoundException: Could not find shard shardId-000000000004 in stream orders under account "
            "123456789012.",
            id="a shard that never was cannot be split",
        ),
        pytest.param(
            FEW,
            SplitShard(3),
            "InvalidArgumentException: Shard shardId-000000000003 in stream orders under account 123456789012 has already "
            "been merged or split, and thus is not eligible for merging or splitting.",
            id="a closed shard cannot be split",
        ),
        pytest.param(FEW, MergeShards(1, 3), "has already been merged or split", id="nor merged"),
        pytest.param(
            FEW,
            MergeShards(0, 2),
            "InvalidArgumentException: Shards shardId-000000000000 and shardId-000000000002 in stream orders under account "
            "123456789012 are not an adjacent pair of shards eligible for merging",
            id="shards apart cannot be merged",
        ),
        pytest.param(FEW, MergeShards(1, 1), "are not an adjacent pair", id="nor one with itself"),
        pytest.param(
            FEW,
            UpdateShardCount(7),
            "LimitExceededException: UpdateShardCount cannot scale up over double your current open shard count. Current "
            "open shard count: 3, Target shard count: 7",
            id="7 is more than double of 3",
        ),
        pytest.param(FEW, UpdateShardCount(6), None, id="6 is not"),
        pytest.param(
            FEW,
            UpdateShardCount(1),
            "LimitExceededException: UpdateShardCount cannot scale down below half your current open shard count. Current "
            "open shard count: 3, Target shard count: 1",
            id="1 is less than half of 3",
        ),
        pytest.param(FEW, UpdateShardCount(2), None, id="2 is not"),
        pytest.param(
            even_map(6000),
            UpdateShardCount(10_001),
            "cannot be greater than 10000",
            id="10,001 shards are too many",
        ),
    ],
)
def test_refusals(shards: ShardMap, call: Call, said: str | None) -> None:
    found = refused(shards, call)
    if said is None:
        assert found is None
    else:
        assert found is not None
        assert said in found
        assert said == found or ":" not in said


@pytest.mark.parametrize(
    ("at", "made", "said"),
    [
        pytest.param(MINUTE, (Made(30 * SECOND, 90 * SECOND, SplitShard(0)),), "UPDATING", id="still at it"),
        pytest.param(90 * SECOND, (Made(30 * SECOND, 90 * SECOND, SplitShard(0)),), None, id="done by then"),
        pytest.param(MINUTE, (Made(MINUTE, MINUTE, SplitShard(0)),), "UPDATING", id="two at once"),
        pytest.param(
            10 * HOUR, updates(*range(10)), "10 times per rolling 24-hour", id="the eleventh in a day"
        ),
        pytest.param(10 * HOUR, updates(*range(9)), None, id="the tenth"),
        pytest.param(DAY, updates(*range(10)), None, id="the eleventh, when the first is a day old"),
        pytest.param(
            10 * HOUR,
            tuple(Made(at, at, SplitShard(0)) for at in range(12)),
            None,
            id="splits are not counted",
        ),
    ],
)
def test_refusals_for_earlier_calls(at: int, made: tuple[Made, ...], said: str | None) -> None:
    found = refused(EIGHT, UpdateShardCount(8), at, made)
    assert said is None if found is None else said is not None and said in found


@st.composite
def calls(draw: st.DrawFn, shards: ShardMap) -> Call:
    """A call that is not refused."""
    count = len(shards.open)
    split = SplitShard(draw(st.sampled_from(shards.open)).number)
    match draw(st.sampled_from(["split", "merge", "update"])):
        case "merge" if count > 1:
            at = draw(st.integers(0, count - 2))
            return MergeShards(shards.open[at].number, shards.open[at + 1].number)
        case "update":
            return UpdateShardCount(draw(st.integers(-(-count // 2), min(2 * count, 40))))
        case "split" if count < 40:
            shard = shards.open[draw(st.integers(0, count - 1))]
            key = key_at(shard, draw(st.integers(1, 15)), 16)
            return split if refused(shards, SplitShard(shard.number, key)) else SplitShard(shard.number, key)
    return split


@settings(max_examples=60)
@given(st.data(), st.integers(1, 8))
def test_any_calls_leave_every_hash_key_one_owner(data: st.DataObject, start: int) -> None:
    shards = even_map(start)
    for _ in range(data.draw(st.integers(1, 8))):
        call = data.draw(calls(shards))
        if refused(shards, call):
            continue
        ever = shards.ever
        new = [shard.number for step in steps_of(shards, call) for shard in step.opened]
        assert new == list(range(ever, ever + len(new)))
        for step in steps_of(shards, call):
            shards = shards.after([step])
            assert covers(shards.open)
        if isinstance(call, UpdateShardCount):
            assert len(shards.open) == call.target
