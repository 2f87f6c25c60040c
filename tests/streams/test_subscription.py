"""Enhanced fan-out: when pushed records are there, and for whom."""

import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from streamsim.model.batch import Batch
from streamsim.model.events import Invoke, ShardOpen
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.outcome import Outcome
from streamsim.model.units import HOUR, MILLISECOND, SECOND
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.records.logs import Given, ListedLog
from streamsim.streams.simulated.polling import Outage
from streamsim.streams.simulated.subscription import DELAY, PUSH_BYTES, Subscription
from tests.stage import Kin, Told, given, play

MAPPING = EventSourceMapping(hand_over=0)


def ok(_: Batch) -> Outcome:
    return Outcome("success")


def sent(told: Told) -> list[tuple[int, list[int]]]:
    """When batches were sent, in ms, and which records they held."""
    return [(event.t // 1000, list(event.positions)) for event in told.events if isinstance(event, Invoke)]


def subscription(sizes: list[int], arrivals: list[int], *outages: Outage, now: int = 0) -> Subscription:
    records = [Given(arrival, "user-1", b"x" * size) for size, arrival in zip(sizes, arrivals, strict=True)]
    return Subscription(ListedLog("shardId-000000000000", records, 7, "default"), 0, now, outages)


def test_a_record_is_pushed_70_ms_after_it_arrives() -> None:
    told = play(MAPPING, {0: given(1000, 5 * SECOND, 5 * SECOND + 30_000)}, ok, pushes=True)
    assert sent(told) == [(71, [0]), (5070, [1]), (5100, [2])]


def test_polls_of_others_take_nothing_from_it() -> None:
    records = {0: given(1000)}
    assert sent(play(MAPPING, records, ok, pushes=True, busy_until=HOUR)) == [(71, [0])]
    assert sent(play(MAPPING, records, ok, busy_until=HOUR))[0][0] >= 3_600_000


def test_a_backlog_comes_at_2_mb_a_second() -> None:
    feed = subscription([1000] * 10_000, [-SECOND] * 10_000)
    pushed = []
    for instant in (0, SECOND, 2 * SECOND):
        feed.read(instant)
        pushed.append(feed.fetched)
    assert pushed == [200, 2200, 4200]


def test_a_record_larger_than_a_push_comes_alone_and_costs_its_time() -> None:
    feed = subscription([PUSH_BYTES * 5, 10, 10], [0, 0, 0])
    feed.read(DELAY)
    assert feed.fetched == 1
    feed.read(DELAY + 500 * MILLISECOND - 1)
    assert feed.fetched == 1
    feed.read(DELAY + 500 * MILLISECOND)
    assert feed.fetched == 3


def test_what_was_there_before_the_subscription_comes_at_once() -> None:
    feed = subscription([10, 10], [-HOUR, 9 * SECOND], now=10 * SECOND)
    assert feed.poll_for(10 * SECOND, -HOUR) == 10 * SECOND
    feed.read(10 * SECOND)
    assert feed.fetched == 2


def test_nothing_is_pushed_in_an_outage() -> None:
    outage = Outage(SECOND, 3_500_000)
    feed = subscription([10, 10], [1_200_000, 5 * SECOND], outage)
    feed.read(3_500_000)
    assert feed.fetched == 0
    assert feed.poll_for(SECOND, 1_200_000) == 4_270_000
    feed.read(4_270_000)
    assert feed.fetched == 1


def test_a_window_ends_though_the_next_record_is_on_its_way() -> None:
    """The second record arrives before the window closes and is pushed after: it is for the next batch."""
    window = EventSourceMapping(hand_over=0, maximum_batching_window_in_seconds=1)
    told = play(window, {0: given(0, SECOND - 1000, 10 * SECOND)}, ok, pushes=True)
    assert sent(told)[0] == (1000, [0])


def test_the_end_of_a_closed_shard_is_pushed_too() -> None:
    lineage = {0: Kin(closed_at=5 * SECOND), 1: Kin((0,), 5 * SECOND)}
    told = play(MAPPING, {0: given(0), 1: given(6 * SECOND)}, ok, lineage=lineage, pushes=True)
    opened = [event.t for event in told.events if isinstance(event, ShardOpen)]
    assert opened == [0, 5 * SECOND + DELAY]


@pytest.mark.parametrize("lanes", [1, 3])
def test_lanes_share_a_subscription(lanes: int) -> None:
    mapping = EventSourceMapping(hand_over=0, parallelization_factor=lanes)
    records = {0: [one for key in range(9) for one in given(0, key=f"user-{key}")]}
    told = play(mapping, records, ok, pushes=True)
    assert sorted(position for _, positions in sent(told) for position in positions) == list(range(9))
    assert {at for at, _ in sent(told)} == {70}


@settings(max_examples=200)
@over(
    st.lists(st.tuples(st.integers(0, 300_000), st.sampled_from([1, 5000, 150_000, 700_000])), max_size=30),
    st.lists(st.integers(0, 12 * SECOND), max_size=10),
)
def test_looking_late_finds_what_looking_often_would(
    records: list[tuple[int, int]], looks: list[int]
) -> None:
    arrivals, at = [], 0
    for gap, _ in records:
        at += gap
        arrivals.append(at)
    sizes = [size for _, size in records]
    outage = Outage(SECOND, 2 * SECOND)
    often, once = subscription(sizes, arrivals, outage), subscription(sizes, arrivals, outage)
    for look in sorted(looks):
        often.read(look)
        if often.fetched < len(records):
            due = often.poll_for(look, arrivals[often.fetched])
            assert due > look
            assert not often.finds(look, arrivals[often.fetched])
    end = max([*looks, 0])
    once.read(end)
    assert once.fetched == often.fetched
    assert often.log.arrival_at(len(records)) == NEVER
