"""What becomes of records that match no filter, as stories: each row's name is its sentence."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given as examples
from hypothesis import settings

from streamsim.model.batch import Batch
from streamsim.model.events import CaughtUp, Checkpoint, Discard, Filtered, Invoke
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.names import shard_id
from streamsim.model.outcome import Outcome
from streamsim.model.units import HOUR, MIB, MILLISECOND, MINUTE
from streamsim.rules.mapping.filters import compile_filters
from streamsim.rules.streams.hash_keys import lane_of
from streamsim.streams.records.logs import Given
from streamsim.trace.format.encoding import encode_event
from tests.engine.test_random_runs import slowly
from tests.engine.worlds import HUGE, World, play_world, worlds
from tests.stage import QUEUE, Behaviour, lines, play

ORDERS = ('{"data": {"kind": ["order"]}}',)
ORDER, CLICK = b'{"kind": "order"}', b'{"kind": "click"}'
PLAIN = EventSourceMapping(batch_size=2, hand_over=0, filter_patterns=ORDERS)
LANES = replace(PLAIN, parallelization_factor=2)


def takes(milliseconds: int, *bad: int, response: bool = False) -> Behaviour:
    """Succeeds after some milliseconds unless a record of these numbers, from 1, is in the batch."""

    def behave(batch: Batch) -> Outcome:
        failing = [number for number in bad if number - 1 in batch.positions]
        if failing and response:
            identifier = {"itemIdentifier": batch.log.sequence_number(failing[0] - 1)}
            return Outcome("success", milliseconds * MILLISECOND, {"batchItemFailures": [identifier]})
        return Outcome("error" if failing else "success", milliseconds * MILLISECOND)

    return behave


def records(kinds: str, *arrivals: int, key: str = "user-1") -> list[Given]:
    """`o` is an order, `c` a click and `?` no JSON; all at 0 unless their arrivals are given in milliseconds."""
    data = {"o": ORDER, "c": CLICK, "?": b"\xff", "O": ORDER[:-1] + b" " * (3 * MIB) + b"}"}
    return [
        Given(arrival * MILLISECOND, key, data[kind])
        for kind, arrival in zip(kinds, arrivals or [0] * len(kinds), strict=True)
    ]


QUICK = takes(50)


@dataclass(frozen=True)
class Story:
    """What a mapping makes of records: the lines, and (ms, position) of each checkpoint."""

    given: list[Given]
    lines: list[str]
    checkpoints: list[tuple[int, int]]
    mapping: EventSourceMapping = PLAIN
    behaviour: Behaviour = QUICK
    retention: int = 24 * HOUR


STORIES: dict[str, Story] = {
    "records that match none are finished when they are read": Story(
        records("cocco"),
        ["0 filtered [1,3,4]", "0 [2,5] (a) try 1 -> success"],
        [(0, 1), (50, 5)],
    ),
    "data that is no JSON is filtered": Story(
        records("?o"), ["0 filtered [1]", "0 [2] (a) try 1 -> success"], [(0, 1), (50, 2)]
    ),
    "a batch carries the checkpoint past what was filtered behind it": Story(
        records("occ"), ["0 filtered [2,3]", "0 [1] (a) try 1 -> success"], [(50, 3)]
    ),
    "a poll of nothing but filtered records invokes nothing and moves the checkpoint": Story(
        records("ccc?", 0, 0, 2500, 2500),
        ["0 filtered [1,2]", "3000 filtered [3,4]"],
        [(0, 2), (3000, 4)],
    ),
    "records behind a batch in flight are filtered when they are read": Story(
        records("oocc", 0, 0, 100, 100),
        ["0 [1,2] (a) try 1 -> success", "5000 filtered [3,4]"],
        [(5000, 2), (5000, 4)],
        behaviour=takes(5000),
    ),
    "within a window a batch is gathered across records that match none": Story(
        records("occcocc", *range(0, 7000, 1000)),
        [
            "1000 filtered [2]",
            "2000 filtered [3]",
            "3000 filtered [4]",
            "4000 [1,5] (a) try 1 -> success",
            "5000 filtered [6]",
            "6000 filtered [7]",
        ],
        [(4050, 5), (5000, 6), (6000, 7)],
        replace(PLAIN, maximum_batching_window_in_seconds=60),
    ),
    "a window ends with what matched, and without a match begins anew": Story(
        records("cocococ", 0, 1000, 2000, 7000, 8000, 10_000, 10_000),
        [
            "0 filtered [1]",
            "2000 filtered [3]",
            "3000 [2] (a) try 1 -> success",
            "8050 filtered [5]",
            "9050 [4] (b) try 1 -> success",
            "10050 filtered [7]",
            "12100 [6] (c) try 1 -> success",
        ],
        [(0, 1), (3050, 3), (9100, 5), (12_150, 7)],
        replace(PLAIN, batch_size=5, maximum_batching_window_in_seconds=3),
    ),
    "records of 3 MB fill an event by themselves, whatever lies between": Story(
        records("OcOcO"),
        [
            "0 filtered [2,4]",
            "0 [1] (a) try 1 -> success",
            "50 [3] (b) try 1 -> success",
            "100 [5] (c) try 1 -> success",
        ],
        [(50, 2), (100, 4), (150, 5)],
        replace(PLAIN, batch_size=4),
    ),
    "a bad record that is filtered never blocks": Story(
        records("ocoo"),
        ["0 filtered [2]", "0 [1,3] (a) try 1 -> success", "50 [4] (b) try 1 -> success"],
        [(50, 3), (100, 4)],
        behaviour=takes(50, 2),
    ),
    "a batch with gaps is retried as it was": Story(
        records("cococo"),
        [
            "0 filtered [1,3,5]",
            "0 [2,4,6] (a) try 1 -> error",
            "250 [2,4,6] (a) try 2 -> error",
            "300 discard [2,4,6] RetryAttemptsExhausted count 2",
        ],
        [(0, 1), (300, 6)],
        replace(PLAIN, batch_size=3, maximum_retry_attempts=1, on_failure=QUEUE),
        takes(50, 4),
    ),
    "a batch with gaps is bisected by its records": Story(
        records("ococoo"),
        [
            "0 filtered [2,4]",
            "0 [1,3,5] (a) try 1 -> error",
            "50 [1] (b) try 1 -> success",
            "100 [3,5] (c) try 1 -> error",
            "150 [3] (d) try 1 -> success",
            "200 [5] (e) try 1 -> error",
            "250 discard [5] RetryAttemptsExhausted count 1",
            "250 [6] (f) try 1 -> success",
        ],
        [(100, 2), (200, 4), (250, 5), (300, 6)],
        replace(
            PLAIN,
            batch_size=3,
            maximum_retry_attempts=0,
            bisect_batch_on_function_error=True,
            on_failure=QUEUE,
        ),
        takes(50, 5),
    ),
    "a batch with gaps is cut at the record that is reported": Story(
        records("ococo"),
        [
            "0 filtered [2,4]",
            "0 [1,3,5] (a) try 1 -> partial from 3",
            "50 [3,5] (b) try 1 -> partial from 3",
            "100 discard [3,5] RetryAttemptsExhausted count 1",
        ],
        [(50, 2), (100, 5)],
        replace(
            PLAIN,
            batch_size=4,
            maximum_retry_attempts=0,
            report_batch_item_failures=True,
            on_failure=QUEUE,
        ),
        takes(50, 3, response=True),
    ),
    "a filtered record is not discarded for its age": Story(
        records("oco", -120_000, -120_000, 0),
        [
            "0 filtered [2]",
            "0 discard [1] RecordAgeExceeded count 1",
            "0 [3] (a) try 1 -> success",
        ],
        [(0, 2), (50, 3)],
        replace(PLAIN, maximum_record_age_in_seconds=60, on_failure=QUEUE),
    ),
    "what the stream has dropped is expired, whether it matches or not": Story(
        records("oocoo", 0, 0, 1000, 1000, 50_000),
        [
            "0 [1,2] (a) try 1 -> success",
            "90000 expired [3,4]",
            "90000 [5] (b) try 1 -> success",
        ],
        [(90_000, 2), (90_000, 4), (180_000, 5)],
        behaviour=takes(90_000),
        retention=MINUTE,
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_filtered_records(name: str) -> None:
    told = STORIES[name]
    events = play(told.mapping, {0: told.given}, told.behaviour, retention=told.retention).events
    assert lines(events) == told.lines
    assert [(event.t // 1000, event.position) for event in events if isinstance(event, Checkpoint)] == (
        told.checkpoints
    )


def test_each_lane_filters_its_own_and_holds_the_checkpoint_back() -> None:
    """Keys 1 and 2 go to different lanes; the lane of key 2 is through at once, the other takes 50 ms."""
    kinds = [("user-1", ORDER), ("user-2", CLICK), ("user-1", CLICK), ("user-2", CLICK), ("user-1", ORDER)]
    assert lane_of("user-1", 2) != lane_of("user-2", 2)
    told = play(LANES, {0: [Given(0, key, data) for key, data in kinds]}, takes(50))
    filtered = {event.lane: event.positions for event in told.events if isinstance(event, Filtered)}
    assert filtered == {lane_of("user-1", 2): range(2, 3), lane_of("user-2", 2): (1, 3)}
    assert [tuple(batch.positions) for batch in told.calls] == [(0, 4)]
    assert [event.position for event in told.events if isinstance(event, Checkpoint)] == [5]


def test_a_lane_that_filters_to_the_end_has_caught_up_then() -> None:
    told = play(PLAIN, {0: records("cc", 0, 100)}, takes(50))
    assert [event.t // 1000 for event in told.events if isinstance(event, CaughtUp)] == [0]
    told = play(PLAIN, {0: records("oocc", 0, 0, 100, 100)}, takes(5000))
    assert [event.t // 1000 for event in told.events if isinstance(event, CaughtUp)] == [5000]


def test_filters_of_another_mapping_are_its_own_business() -> None:
    everything = replace(PLAIN, filter_patterns=())
    told = play(everything, {0: records("oc?")}, takes(50))
    assert [tuple(batch.positions) for batch in told.calls] == [(0, 1), (2,)]
    assert not any(isinstance(event, Filtered) for event in told.events)


@settings(slowly, max_examples=300)
@examples(worlds)
def test_exactly_what_matches_is_sent_or_discarded(world: World) -> None:
    """Whatever else happens; what the stream dropped unread is neither."""
    patterns = world.mapping.filter_patterns or ORDERS
    world = replace(world, mapping=replace(world.mapping, filter_patterns=patterns))
    filters = compile_filters(patterns)
    matching = {
        shard_id(number): [
            filters.matches(given.data, {"partitionKey": given.partition_key}) for given in listed
        ]
        for number, listed in enumerate(world.records)
    }
    for event in play_world(world):
        if isinstance(event, Filtered):
            assert not any(matching[event.shard][position] for position in event.positions)
        elif isinstance(event, Invoke | Discard):
            assert all(matching[event.shard][position] for position in event.positions)


@settings(slowly, max_examples=200)
@examples(worlds)
def test_a_filter_that_lets_all_through_changes_nothing_without_a_window(world: World) -> None:
    """Without huge records, that is: what does not fit into a batch is read when it is due, but sifted when it can be."""
    world = replace(
        world, shards=tuple(tuple(one for one in own if one.data is not HUGE) for own in world.shards)
    )
    mapping = replace(world.mapping, maximum_batching_window_in_seconds=0, filter_patterns=())
    all_pass = replace(
        mapping, filter_patterns=('{"data": {"a": ["b"]}}', '{"partitionKey": [{"prefix": ""}]}')
    )
    filtered, unfiltered = (
        play_world(replace(world, mapping=all_pass)),
        play_world(replace(world, mapping=mapping)),
    )
    assert list(map(encode_event, filtered)) == list(map(encode_event, unfiltered))
