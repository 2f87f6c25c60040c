"""A child shard is read once all its parents are drained, and from its beginning."""

from itertools import takewhile

import pytest

from streamsim.model.batch import Batch
from streamsim.model.events import Invoke, ShardEnd, ShardOpen
from streamsim.model.mapping import EventSourceMapping, StartingPosition
from streamsim.model.names import shard_id
from streamsim.model.outcome import Outcome
from streamsim.model.units import HOUR, MILLISECOND, MINUTE, SECOND
from tests.stage import Behaviour, Kin, Told, given, play

#: Shard 0 splits into 1 and 2 at 10 s; 2 and 3 merge into 4 at 20 s.
LINEAGE = {
    0: Kin(closed_at=10 * SECOND),
    1: Kin((0,), 10 * SECOND),
    2: Kin((0,), 10 * SECOND, 20 * SECOND),
    3: Kin(closed_at=20 * SECOND),
    4: Kin((2, 3), 20 * SECOND),
}
RECORDS = {
    0: given(1 * SECOND, 9 * SECOND),
    1: given(11 * SECOND),
    2: given(12 * SECOND, 19 * SECOND),
    3: given(2 * SECOND),
    4: given(21 * SECOND),
}
MAPPING = EventSourceMapping(batch_size=1, hand_over=0)


def number(shard: str) -> int:
    return int(shard.removeprefix("shardId-"))


def slow_in(shard: int, duration: int) -> Behaviour:
    return lambda batch: Outcome("success", duration if batch.shard == shard_id(shard) else 0)


def poisoned(shard: int) -> Behaviour:
    def behaviour(batch: Batch) -> Outcome:
        return Outcome("error", 0) if batch.shard == shard_id(shard) else Outcome("success", 0)

    return behaviour


def begun_and_ended(told: Told) -> dict[int, tuple[int, int]]:
    """When the reading of each shard began and ended, in whole seconds."""
    begun = {number(event.shard): event.t for event in told.events if isinstance(event, ShardOpen)}
    ended = {number(event.shard): event.t for event in told.events if isinstance(event, ShardEnd)}
    return {shard: (begun[shard] // SECOND, ended[shard] // SECOND) for shard in begun}


def sent(told: Told) -> list[tuple[int, int]]:
    """Shard and position of every record, in the order of their first sending."""
    return [
        (number(event.shard), event.positions[0])
        for event in told.events
        if isinstance(event, Invoke) and event.attempt == 1
    ]


def test_every_record_of_a_parent_comes_before_any_of_its_children() -> None:
    told = play(MAPPING, RECORDS, slow_in(3, 0), lineage=LINEAGE)
    assert sent(told) == [(0, 0), (3, 0), (0, 1), (1, 0), (2, 0), (2, 1), (4, 0)]
    assert begun_and_ended(told) == {0: (0, 10), 3: (0, 20), 1: (10, 11), 2: (10, 20), 4: (20, 21)}


def test_a_merged_child_waits_for_the_slower_of_its_parents() -> None:
    told = play(MAPPING, RECORDS, slow_in(3, 40 * SECOND), lineage=LINEAGE)
    assert sent(told)[-2:] == [(2, 1), (4, 0)]
    assert begun_and_ended(told)[4][0] == begun_and_ended(told)[3][1] == 42


def test_a_merged_child_waits_for_a_parent_that_has_not_begun() -> None:
    """Shard 3 is drained long before the parent of shard 2 is, with which it has a child."""
    told = play(MAPPING, RECORDS, slow_in(0, 40 * SECOND), lineage=LINEAGE)
    assert sent(told) == [(0, 0), (3, 0), (0, 1), (1, 0), (2, 0), (2, 1), (4, 0)]
    assert begun_and_ended(told) == {0: (0, 81), 3: (0, 20), 1: (81, 81), 2: (81, 81), 4: (81, 81)}


def test_a_poison_record_holds_the_children_of_its_shard_and_no_others() -> None:
    mapping = EventSourceMapping(batch_size=1, hand_over=0, maximum_retry_attempts=8)
    told = play(mapping, RECORDS, poisoned(3), lineage=LINEAGE)
    ends = begun_and_ended(told)
    given_up = 2 + (2**8 - 1) // 5  # 0.2 s doubled eight times
    assert ends[4][0] == ends[3][1] == given_up
    assert ends[2] == (10, 20)


def test_lanes_are_all_drained_before_a_child_is_read() -> None:
    mapping = EventSourceMapping(batch_size=1, hand_over=0, parallelization_factor=10)
    records = {
        0: [one for key in range(20) for one in given(1 * SECOND, key=f"user-{key}")],
        1: given(11 * SECOND),
    }
    lineage = {0: Kin(closed_at=10 * SECOND), 1: Kin((0,), 10 * SECOND)}

    def behaviour(batch: Batch) -> Outcome:
        last = batch.shard == shard_id(0) and batch.first == 19
        return Outcome("success", 30 * SECOND if last else 100 * MILLISECOND)

    told = play(mapping, records, behaviour, lineage=lineage)
    assert begun_and_ended(told) == {0: (0, 31), 1: (31, 31)}


def test_a_closed_shard_is_known_to_be_so_by_a_poll_after_its_end() -> None:
    told = play(
        MAPPING,
        {0: given(0), 1: []},
        slow_in(0, 0),
        lineage={0: Kin(closed_at=5_500_000), 1: Kin((0,), 5_500_000)},
    )
    (ended,) = [event.t for event in told.events if isinstance(event, ShardEnd) and number(event.shard) == 0]
    assert ended == 6 * SECOND  # the poll interval is a second


@pytest.mark.parametrize(
    ("why", "position", "lag", "first"),
    [
        ("TRIM_HORIZON begins with the oldest shards that hold records", StartingPosition.TRIM_HORIZON, 15 * SECOND, {0, 3}),
        ("also when they are closed", StartingPosition.TRIM_HORIZON, 30 * MINUTE, {0, 3}),
        ("LATEST begins with those that are open", StartingPosition.LATEST, 15 * SECOND, {1, 2, 3}),
        ("a shard that closes at this instant is closed", StartingPosition.LATEST, 10 * SECOND, {1, 2, 3}),
        ("and with none that was closed before", StartingPosition.LATEST, 25 * SECOND, {1, 4}),
        ("expired parents are passed over", StartingPosition.TRIM_HORIZON, 24 * HOUR + 15 * SECOND, {1, 2, 3}),
        ("as soon as nothing in them is left", StartingPosition.TRIM_HORIZON, 24 * HOUR + 10 * SECOND, {1, 2, 3}),
    ],
)  # fmt: skip
def test_where_a_mapping_begins(why: str, position: StartingPosition, lag: int, first: set[int]) -> None:
    mapping = EventSourceMapping(batch_size=1, hand_over=0, starting_position=position, start_up_lag=lag)
    told = play(mapping, RECORDS, slow_in(0, 0), lineage=LINEAGE)
    opening = takewhile(lambda event: isinstance(event, ShardOpen), told.events[2:])
    begun = {number(event.shard) for event in opening if isinstance(event, ShardOpen)}
    assert begun == first, why


def test_at_timestamp_begins_with_the_shards_that_were_open_then() -> None:
    mapping = EventSourceMapping(
        batch_size=1,
        hand_over=0,
        starting_position=StartingPosition.AT_TIMESTAMP,
        starting_position_timestamp=12 * SECOND,
        start_up_lag=25 * SECOND,
    )
    told = play(mapping, RECORDS, slow_in(0, 0), lineage=LINEAGE)
    assert sent(told) == [(2, 0), (2, 1), (4, 0)]


def test_latest_misses_nothing_of_the_children_of_a_shard_it_reads() -> None:
    mapping = EventSourceMapping(
        batch_size=1, hand_over=0, starting_position=StartingPosition.LATEST, start_up_lag=5 * SECOND
    )
    told = play(mapping, RECORDS, slow_in(0, 8 * SECOND), lineage=LINEAGE)
    assert sent(told) == [(0, 1), (1, 0), (2, 0), (2, 1), (4, 0)]
