"""The plan of a stream's shards: who owns a hash key, and when."""

from hypothesis import given, settings
from hypothesis import strategies as st

from streamsim.model.names import shard_id
from streamsim.model.units import HOUR, MINUTE
from streamsim.rules.streams.hash_keys import SPACE, even_ranges
from streamsim.rules.streams.lineage import OpenShard, SplitShard, Step, UpdateShardCount, covers, steps_of
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.simulated.plan import ALWAYS, Change, Owners, Plan, Planning, unchanging


def planned(start: int, *changes: tuple[int, int]) -> Plan:
    planning = Planning(even_ranges(start))
    for at, target in changes:
        planning.change(at, f"UpdateShardCount to {target}", steps_of(planning.map, UpdateShardCount(target)))
    return planning.plan()


def test_a_stream_that_is_never_resharded_has_its_shards_for_good() -> None:
    plan = unchanging(2)
    assert [(shard.id, shard.parents, shard.opened_at, shard.closed_at) for shard in plan.shards] == [
        (shard_id(0), (), ALWAYS, NEVER),
        (shard_id(1), (), ALWAYS, NEVER),
    ]
    assert plan.changes == ()


def test_a_split_closes_the_parent_as_the_children_open() -> None:
    planning = Planning(even_ranges(1))
    planning.change(MINUTE, "split 0", steps_of(planning.map, SplitShard(0)))
    plan = planning.plan()
    assert [(shard.opened_at, shard.closed_at) for shard in plan.shards] == [
        (ALWAYS, MINUTE),
        (MINUTE, NEVER),
        (MINUTE, NEVER),
    ]
    assert [shard.parents for shard in plan.shards] == [(), (shard_id(0),), (shard_id(0),)]
    assert [shard.number for shard in plan.open_at(MINUTE - 1)] == [0]
    assert [shard.number for shard in plan.open_at(MINUTE)] == [1, 2]
    assert plan.changes == (Change(MINUTE, "split 0", (shard_id(0),), (shard_id(1), shard_id(2))),)


def test_an_update_names_short_lived_shards_among_those_opened_only() -> None:
    plan = planned(2, (MINUTE, 3))
    assert plan.changes[0].closed == (shard_id(0), shard_id(1))
    assert plan.changes[0].opened == tuple(map(shard_id, range(2, 7)))
    assert [shard.number for shard in plan.shards if shard.short_lived] == [3, 4]
    assert [shard.number for shard in plan.open_at(MINUTE)] == [2, 6, 5]


def test_shards_may_be_named_by_number_and_time_and_roll_over() -> None:
    planning = Planning(even_ranges(1), lambda number, at: f"shard {number} of {at // HOUR} h", opened_at=0)
    for hour in (4, 8):
        old = planning.map.open[0]
        planning.change(
            hour * HOUR, "roll-over", [Step((old.number,), (OpenShard(planning.map.ever, *old[1:]),))]
        )
    assert [(shard.id, shard.parents, shard.keys) for shard in planning.plan().shards] == [
        ("shard 0 of 0 h", (), (0, SPACE - 1)),
        ("shard 1 of 4 h", ("shard 0 of 0 h",), (0, SPACE - 1)),
        ("shard 2 of 8 h", ("shard 1 of 4 h",), (0, SPACE - 1)),
    ]


@settings(max_examples=60)
@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 12)), max_size=6),
    st.lists(st.tuples(st.integers(-2, 20), st.integers(0, SPACE - 1)), max_size=20),
)
def test_every_key_has_one_owner_at_every_instant(
    start: int, asked: list[tuple[int, int]], records: list[tuple[int, int]]
) -> None:
    changes, at, count = [], 1, start
    for gap, target in asked:
        at += gap
        count = min(max(target, -(-count // 2)), 2 * count)
        changes.append((at, count))
    plan = planned(start, *changes)
    assert [shard.id for shard in plan.shards] == [shard_id(number) for number in range(len(plan.shards))]
    for instant in range(-2, at + 3):
        assert covers([OpenShard(shard.number, *shard.keys) for shard in plan.open_at(instant)])
    owners = Owners(plan)
    for instant, key in sorted(records):
        owner = owners.at(instant, key)
        owning = [
            shard
            for shard in plan.shards
            if shard.open_at(instant) and shard.first_key <= key <= shard.last_key
        ]
        assert owning == [owner]
