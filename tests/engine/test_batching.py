"""When a batch closes, what it holds, and where a mapping begins."""

from dataclasses import replace

import pytest

from streamsim.model.batch import Batch
from streamsim.model.events import CaughtUp, Checkpoint, Invoke, Result, ShardEnd, ShardOpen
from streamsim.model.mapping import EventSourceMapping, StartingPosition
from streamsim.model.outcome import Outcome
from streamsim.model.units import HOUR, KIB, MIB, MILLISECOND, MINUTE, SECOND
from streamsim.rules.streams.hash_keys import lane_of
from streamsim.streams.records.logs import Given
from streamsim.streams.simulated.polling import Outage
from tests.stage import given, lines, play

PLAIN = EventSourceMapping(hand_over=0)
TEN = replace(PLAIN, batch_size=10)


def ok(_: Batch) -> Outcome:
    return Outcome("success")


def slow(_: Batch) -> Outcome:
    return Outcome("success", 5 * SECOND)


def invoked(
    mapping: EventSourceMapping, arrivals: list[int], behaviour: object = ok
) -> list[tuple[int, int]]:
    """(ms, records) of each invocation of one shard."""
    assert callable(behaviour)
    told = play(mapping, {0: given(*arrivals)}, behaviour)
    return [(event.t // 1000, len(event.positions)) for event in told.events if isinstance(event, Invoke)]


def every(gap: int, count: int, first: int = 0) -> list[int]:
    return [first + gap * number for number in range(count)]


def test_ten_records_of_default_settings_make_one_batch() -> None:
    """recorded: BatchSize 100, window 0, ten records put together."""
    assert invoked(PLAIN, [0] * 10) == [(0, 10)]


def test_batches_follow_each_other_while_there_is_more() -> None:
    """recorded: 3 batches of 10 in put order; with a handler of 5 s the second starts 5 s after the first."""
    assert invoked(TEN, [0] * 25) == [(0, 10), (0, 10), (0, 5)]
    assert invoked(TEN, [0] * 20, slow) == [(0, 10), (5000, 10)]


def test_a_shard_is_polled_once_a_second_when_the_mapping_is_caught_up() -> None:
    assert invoked(PLAIN, [300_000, 2_000_001, 2_500_000]) == [(1000, 1), (3000, 2)]


def test_a_call_that_did_not_reach_the_end_is_followed_by_the_next_at_once() -> None:
    """Five calls a second of at most 10,000 records each."""
    told = play(replace(PLAIN, batch_size=10_000), {0: given(*[0] * 25_000)}, ok)
    sent = [
        (event.t // MILLISECOND, len(event.positions)) for event in told.events if isinstance(event, Invoke)
    ]
    assert sent == [(0, 10_000), (200, 10_000), (400, 5_000)]


def test_without_a_window_one_record_is_sent_as_soon_as_it_is_read() -> None:
    assert invoked(PLAIN, [0, 1])[0] == (0, 1)


@pytest.mark.parametrize(
    ("arrivals", "batches"),
    [
        pytest.param(every(SECOND, 6), [(5000, 6)], id="the window gathers what comes within it"),
        pytest.param([0] * 10, [(0, 10)], id="a full batch does not wait"),
        pytest.param(
            every(100 * MILLISECOND, 12), [(1000, 10), (6000, 2)], id="the rest waits for a window of its own"
        ),
        pytest.param([7 * SECOND], [(10_000, 1)], id="an empty window begins anew"),
    ],
)
def test_the_batching_window(arrivals: list[int], batches: list[tuple[int, int]]) -> None:
    assert invoked(replace(TEN, maximum_batching_window_in_seconds=5), arrivals) == batches


def test_the_next_window_begins_when_the_invocation_ends() -> None:
    mapping = replace(TEN, maximum_batching_window_in_seconds=2)
    assert invoked(mapping, [0, 2_500_000, 8_000_000], slow) == [(2000, 1), (9000, 2)]


def test_a_batch_closes_before_6_mb_of_event() -> None:
    told = play(PLAIN, {0: given(*[0] * 10, data=b"x" * (900 * KIB))}, ok)
    assert [len(batch) for batch in told.calls] == [5, 5]


@pytest.mark.parametrize(
    ("records", "batches"),
    [
        pytest.param(
            [(0, 900 * KIB)] * 5 + [(50, 900 * KIB)],
            [(50_000, 5), (110_000, 1)],
            id="a batch that is nearly full waits for the record that does not fit",
        ),
        pytest.param(
            [(0, 1), (50, 5 * MIB)],
            [(50_000, 1), (50_000, 1)],
            id="a small record does not know that a large one will come, which then waits for nothing",
        ),
    ],
)
def test_a_window_ends_when_6_mb_are_there(
    records: list[tuple[int, int]], batches: list[tuple[int, int]]
) -> None:
    mapping = replace(PLAIN, maximum_batching_window_in_seconds=60, maximum_retry_attempts=0)
    listed = [Given(at * SECOND, "user-1", b"x" * size) for at, size in records]
    told = play(mapping, {0: listed}, ok)
    sent = [(event.t // 1000, len(event.positions)) for event in told.events if isinstance(event, Invoke)]
    assert sent == batches


@pytest.mark.parametrize(
    ("outage", "batches"),
    [
        pytest.param((4, 7), [(5000, 4), (10_000, 6)], id="what was read before the outage is sent in time"),
        pytest.param((0, 7), [(7000, 8), (12_000, 2)], id="a window with nothing read ends with the outage"),
    ],
)
def test_a_window_that_ends_in_an_outage(outage: tuple[int, int], batches: list[tuple[int, int]]) -> None:
    mapping = replace(TEN, batch_size=100, maximum_batching_window_in_seconds=5)
    down = Outage(outage[0] * SECOND - 1, outage[1] * SECOND)
    told = play(mapping, {0: given(*every(SECOND, 10))}, ok, outages=[down])
    sent = [(event.t // 1000, len(event.positions)) for event in told.events if isinstance(event, Invoke)]
    assert sent == batches


def test_a_window_that_ends_while_the_shard_answers_another_mapping_does_not_begin_anew() -> None:
    mapping = replace(TEN, maximum_batching_window_in_seconds=5)
    told = play(mapping, {0: given(0)}, ok, busy_until=5_100_000)
    assert [event.t // 1000 for event in told.events if isinstance(event, Invoke)] == [5100]


def test_a_read_costs_what_it_answers() -> None:
    """10 MB a call and 2 MB a second: a call of 9.4 MB makes the next wait 4.7 s, whatever did not fit into it."""
    mapping = replace(PLAIN, maximum_retry_attempts=0)
    told = play(mapping, {0: given(0, 0, 0, data=b"x" * 9_400_000)}, ok)
    assert [event.t // 1000 for event in told.events if isinstance(event, Invoke)] == [0, 4700, 9400]


def test_a_record_larger_than_a_call_is_read_alone() -> None:
    """A record may have 10 MiB, which is more than the 10 MB of a call."""
    mapping = replace(PLAIN, maximum_retry_attempts=0)
    told = play(mapping, {0: given(0, 0, data=b"x" * (10 * MIB))}, ok)
    assert [event.t // 1000 for event in told.events if isinstance(event, Invoke)] == [0, 5242]


def test_reads_fail_from_the_beginning_of_an_outage_until_before_its_end() -> None:
    down = [Outage(SECOND, 3 * SECOND)]
    told = play(PLAIN, {0: given(SECOND // 2)}, ok, outages=down)
    assert [event.t // 1000 for event in told.events if isinstance(event, Invoke)] == [3000]


def test_a_batch_never_mixes_shards() -> None:
    told = play(PLAIN, {0: given(0, 0), 1: given(0)}, ok)
    assert sorted((batch.shard, len(batch)) for batch in told.calls) == [
        ("shardId-000000000000", 2),
        ("shardId-000000000001", 1),
    ]


@pytest.mark.parametrize(
    ("mapping", "position"),
    [
        pytest.param(PLAIN, 0, id="TRIM_HORIZON is the oldest record"),
        pytest.param(
            replace(PLAIN, starting_position=StartingPosition.LATEST), 3, id="LATEST skips what is there"
        ),
        pytest.param(
            replace(PLAIN, starting_position=StartingPosition.LATEST, start_up_lag=25 * SECOND),
            4,
            id="and what comes before polling begins",
        ),
        pytest.param(
            replace(
                PLAIN, starting_position=StartingPosition.AT_TIMESTAMP, starting_position_timestamp=-MINUTE
            ),
            1,
            id="AT_TIMESTAMP includes a record of that instant",
        ),
    ],
)
def test_starting_positions(mapping: EventSourceMapping, position: int) -> None:
    records = given(-HOUR, -MINUTE, 0, 20 * SECOND, 40 * SECOND)
    events = play(mapping, {0: records}, ok).events
    opened = next(event for event in events if isinstance(event, ShardOpen))
    assert opened.position == position
    assert next(event.positions[0] for event in events if isinstance(event, Invoke)) == position
    assert next(event for event in events if isinstance(event, ShardEnd)).arrived == 5


def test_trim_horizon_begins_behind_what_retention_has_taken() -> None:
    events = play(PLAIN, {0: given(-25 * HOUR, -24 * HOUR, 0)}, ok).events
    assert [event.position for event in events if isinstance(event, ShardOpen)] == [1]


def test_retention_takes_the_head_of_a_batch_that_never_succeeds() -> None:
    """Records that leave the stream leave no document; what remains is a changed batch and goes at once."""
    told = play(
        replace(PLAIN, maximum_batching_window_in_seconds=60),
        {0: given(0, 55 * SECOND)},
        lambda _: Outcome("error"),
        retention=2 * MINUTE,
    )
    seen = lines(told.events)
    assert seen[0] == "60000 [1,2] (a) try 1 -> error"
    assert seen[8:11] == [
        "111000 [1,2] (a) try 9 -> error",
        "162200 expired [1]",
        "162200 [2] (b) try 1 -> error",
    ]
    assert seen[-2:] == ["174800 [2] (b) try 7 -> error", "187600 expired [2]"]


def test_a_lane_takes_all_records_of_its_keys_in_order() -> None:
    keys = [f"user-{number}" for number in range(12)]
    records = [Given(0, keys[number % 12], b"{}") for number in range(240)]
    told = play(replace(PLAIN, batch_size=7, parallelization_factor=4), {0: records}, slow)
    delivered: dict[int, list[int]] = {}
    for batch in told.calls:
        delivered.setdefault(batch.lane, []).extend(batch.positions)
    assert sorted(position for positions in delivered.values() for position in positions) == list(range(240))
    for lane, positions in delivered.items():
        assert positions == [number for number in range(240) if lane_of(keys[number % 12], 4) == lane]


def test_lanes_run_side_by_side_and_the_checkpoint_is_their_low_water_mark() -> None:
    keys = {lane_of(f"user-{number}", 2): f"user-{number}" for number in range(20)}
    records = [
        Given(0, keys[0], b"{}"),
        Given(0, keys[1], b"{}"),
        Given(0, keys[0], b"{}"),
        Given(0, keys[1], b"{}"),
    ]

    def lane_0_is_slow(batch: Batch) -> Outcome:
        return Outcome("success", 3 * SECOND if batch.lane == 0 else SECOND)

    events = play(replace(PLAIN, batch_size=1, parallelization_factor=2), {0: records}, lane_0_is_slow).events
    assert [(event.t // SECOND, event.lane) for event in events if isinstance(event, Result)] == [
        (1, 1),
        (2, 1),
        (3, 0),
        (6, 0),
    ]
    assert [(event.t // SECOND, event.position) for event in events if isinstance(event, Checkpoint)] == [
        (3, 2),
        (6, 4),
    ]


def test_throttles_wait_and_spend_no_retry() -> None:
    mapping = replace(PLAIN, maximum_retry_attempts=0)
    told = play(mapping, {0: given(0), 1: given(0)}, lambda _: Outcome("success", 500_000), limit=1)
    assert lines(told.events) == [
        "0 [1] (a) try 1 -> success",
        "0 [1] (b) try 1 -> throttled",
        "200 [1] (b) try 1 -> throttled",
        "600 [1] (b) try 1 -> success",
    ]
    assert len(told.calls) == 2


def test_a_lost_response_is_sent_again_without_spending_a_retry() -> None:
    answers = iter([Outcome("fault", 100_000), Outcome("success", 100_000)])
    told = play(replace(PLAIN, maximum_retry_attempts=0), {0: given(0)}, lambda _: next(answers))
    assert lines(told.events) == ["0 [1] (a) try 1 -> fault", "300 [1] (a) try 1 -> success"]


def test_tries_that_do_not_count_back_off_from_the_beginning_after_one_that_counts() -> None:
    answers = iter(
        [Outcome("fault"), Outcome("fault"), Outcome("error"), Outcome("fault"), Outcome("success")]
    )
    told = play(PLAIN, {0: given(0)}, lambda _: next(answers))
    assert lines(told.events) == [
        "0 [1] (a) try 1 -> fault",
        "200 [1] (a) try 1 -> fault",
        "600 [1] (a) try 1 -> error",
        "800 [1] (a) try 2 -> fault",
        "1000 [1] (a) try 2 -> success",
    ]


def test_a_lane_tells_once_when_it_has_caught_up() -> None:
    events = play(TEN, {0: given(*[0] * 20, 30 * SECOND)}, slow).events
    assert [event.t // SECOND for event in events if isinstance(event, CaughtUp)] == [10]
