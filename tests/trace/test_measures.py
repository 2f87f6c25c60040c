"""Short traces of one lane and what they measure, worked out by hand. Times of `lines` are milliseconds."""

import pytest

from streamsim.model.events import Event, Fault
from streamsim.trace.format.header import Header
from streamsim.trace.measures.measures import MEASURES, Measures, Value, flatten
from tests.trace.lines import (
    attempt,
    backoff,
    caught_up,
    checkpoint,
    discard,
    ended,
    expired,
    filtered,
    invoke,
    opened,
    reshard,
    result,
    split,
    state,
    stopped,
    updated,
    window,
    window_lost,
)
from tests.trace.measuring import ONE_LANE, flat, report, row

STORIES: dict[str, tuple[list[Event], dict[str, Value]]] = {
    "a clean batch": (
        row(
            opened(0, arrived=3),
            invoke(10, range(3), concurrency=4, age=7),
            result(150, 140),
            checkpoint(150, 3),
            caught_up(160),
            ended(200, 3),
        ),
        {
            "Invocations": 1,
            "Errors": 0,
            "Throttles": 0,
            "Duration.avg": 140,
            "Duration.p50": 140,
            "Duration.p99": 140,
            "Duration.max": 140,
            "ConcurrentExecutions.max": 4,
            "ConcurrentExecutions.avg": 0.7,
            "IteratorAge.max": 7,
            "IteratorAge.p50": 7,
            "IteratorAge.p99": 7,
            "IteratorAge.end": 7,
            "IteratorAge.received.max": 7,
            "IteratorAge.received.p50": 7,
            "IteratorAge.received.p99": 7,
            "IteratorAge.finished.max": 147,
            "IteratorAge.finished.p50": 147,
            "IteratorAge.finished.p99": 147,
            "PolledEventCount": 3,
            "FilteredOutEventCount": 0,
            "InvokedEventCount": 3,
            "FailedInvokeEventCount": 0,
            "DroppedEventCount": 0,
            "OnFailureDestinationDeliveredEventCount": 0,
            "DestinationDeliveryFailures": 0,
            "records": 3,
            "delivered.at_least_once": "all",
            "delivered_again": 0,
            "deliveries.max": 1,
            "discarded": 0,
            "expired": 0,
            "skipped": 0,
            "order.per_key": "preserved",
            "order.per_shard": "preserved",
            "order.contract": None,
            "blocked.max": 0,
            "blocked.total": 0,
            "caught_up": 0,
            "concurrency.usable": 1,
            "shards": 1,
            "reshards": 0,
            "windows.closed": 0,
            "windows.terminated_early": 0,
            "windows.lost": 0,
            "cold_starts": 0,
            "InitDuration.avg": None,
            "InitDuration.max": None,
            "State": None,
            "LastProcessingResult": "OK",
            # 1 request of 0.2e-6 and 140 ms of 128 MB: 0.0175 GB-s of 0.0000166667.
            "cost.usd": 4.92e-7,
            "end": 200,
        },
    ),
    "a stream without records": (
        row(opened(0), caught_up(0), ended(100, 0)),
        {
            "Invocations": 0,
            "Duration.avg": None,
            "Duration.max": None,
            "IteratorAge.p99": None,
            "IteratorAge.end": None,
            "ConcurrentExecutions.max": 0,
            "ConcurrentExecutions.avg": 0,
            "deliveries.max": 0,
            "delivered.at_least_once": "all",
            "caught_up": 0,
            "concurrency.usable": 0,
            "shards": 1,
            "LastProcessingResult": "No records processed",
            "cost.usd": 0,
        },
    ),
    # recorded: MaximumRetryAttempts 1, bisect, record 2 of 1-4 always raises, here counted from 0.
    "one bad record, found by bisect": (
        row(
            opened(0, arrived=4),
            attempt(0, 10, range(4), "error"),
            split(10, 2),
            attempt(10, 10, range(2), "error"),
            split(20, 1),
            attempt(20, 10, range(1)),
            checkpoint(30, 1),
            attempt(30, 10, range(1, 2), "error"),
            backoff(40, 240),
            attempt(240, 10, range(1, 2), "error"),
            discard(250, range(1, 2), "sqs", delivered=True),
            checkpoint(250, 2),
            attempt(250, 10, range(2, 4)),
            checkpoint(260, 4),
            caught_up(260),
            ended(260, 4),
        ),
        {
            "Invocations": 6,
            "Errors": 4,
            "PolledEventCount": 4,
            "InvokedEventCount": 4 + 2 + 1 + 1 + 1 + 2,
            "FailedInvokeEventCount": 4 + 2 + 1 + 1,
            "OnFailureDestinationDeliveredEventCount": 1,
            "DroppedEventCount": 0,
            "discarded": 1,
            "delivered.at_least_once": "all but discarded",
            "delivered_again": 4,
            "deliveries.max": 4,
            "order.per_key": "preserved",
            "order.per_shard": "preserved",
            "blocked.max": 250,
            "blocked.total": 250,
            "ConcurrentExecutions.avg": 0.231,
        },
    ),
    "a partial response, the rest goes again at once": (
        row(
            opened(0, arrived=6),
            attempt(0, 10, range(6), "partial", failed_from=4),
            checkpoint(10, 4),
            attempt(10, 10, range(4, 6)),
            checkpoint(20, 6),
            ended(20, 6),
        ),
        {
            "Invocations": 2,
            "Errors": 0,
            "FailedInvokeEventCount": 6,
            "delivered.at_least_once": "all",
            "delivered_again": 2,
            "deliveries.max": 2,
            "blocked.max": 10,
            "caught_up": 0,
        },
    ),
    "a throttled batch was not delivered, yet it is blocked and sent": (
        row(
            opened(0, arrived=2),
            invoke(5, range(2), concurrency=9, age=1),
            result(5, 0, "throttled"),
            backoff(5, 205),
            invoke(205, range(2), concurrency=2, age=201),
            result(215, 10),
            checkpoint(215, 2),
            ended(215, 2),
        ),
        {
            "Invocations": 1,
            "Errors": 0,
            "Throttles": 1,
            "ConcurrentExecutions.max": 9,  # other executions of the function, which left no room
            "IteratorAge.p50": 1,
            "IteratorAge.max": 201,
            "PolledEventCount": 2,
            "InvokedEventCount": 4,
            "FailedInvokeEventCount": 2,
            "delivered_again": 0,
            "deliveries.max": 1,
            "blocked.max": 210,
        },
    ),
    "a record too large for the function is dropped with its document": (
        row(
            opened(0, arrived=2),
            attempt(0, 0, range(1), "too_large"),
            discard(0, range(1), "sqs", delivered=False),
            checkpoint(0, 1),
            attempt(0, 10, range(1, 2)),
            checkpoint(10, 2),
            ended(10, 2),
        ),
        {
            "Invocations": 1,
            "Errors": 0,
            "DroppedEventCount": 1,
            "DestinationDeliveryFailures": 1,
            "OnFailureDestinationDeliveredEventCount": 0,
            "deliveries.max": 1,
            "discarded": 1,
        },
    ),
    "a window that is given up without a destination": (
        row(opened(0, arrived=0), window_lost(1210), ended(1210, 0)),
        {"windows.lost": 1, "DestinationDeliveryFailures": 0},
    ),
    "records too old to be sent, without a destination": (
        row(
            opened(0, arrived=10),
            discard(0, range(4), condition="RecordAgeExceeded"),
            checkpoint(0, 4),
            attempt(0, 10, range(4, 10)),
            checkpoint(10, 10),
            ended(10, 10),
        ),
        {
            "PolledEventCount": 10,
            "DroppedEventCount": 0,
            "DestinationDeliveryFailures": 0,
            "discarded": 4,
            "delivered.at_least_once": "all but discarded",
            "deliveries.max": 1,
        },
    ),
    "a head that grows too old between two attempts": (
        row(
            opened(0, arrived=10),
            attempt(0, 10, range(10), "error"),
            discard(210, range(4), condition="RecordAgeExceeded"),
            checkpoint(210, 4),
            attempt(210, 10, range(4, 10)),
            checkpoint(220, 10),
            ended(220, 10),
        ),
        {"PolledEventCount": 10, "delivered_again": 6, "deliveries.max": 2, "blocked.max": 210},
    ),
    "a fault that took no time never reached the function": (
        row(
            opened(0, 1),
            attempt(0, 0, range(1), "fault"),
            attempt(200, 10, range(1)),
            checkpoint(210, 1),
            ended(210, 1),
        ),
        {
            "Invocations": 1,
            "Errors": 0,
            "deliveries.max": 1,
            "delivered_again": 0,
            "FailedInvokeEventCount": 1,
        },
    ),
    "a fault that took time lost the answer to work that was done": (
        row(
            opened(0, 1),
            attempt(0, 9, range(1), "fault"),
            attempt(200, 10, range(1)),
            checkpoint(210, 1),
            ended(210, 1),
        ),
        {"Invocations": 2, "Errors": 0, "deliveries.max": 2, "delivered_again": 1, "Duration.avg": 9.5},
    ),
    "a timeout is an error": (
        row(opened(0, 1), attempt(0, 3000, range(1), "timeout"), ended(3000, 1)),
        {
            "Errors": 1,
            "delivered.at_least_once": "1 missing",
            "blocked.max": 0,
            "caught_up": 0,
            "Duration.max": 3000,
        },
    ),
    "still blocked when the run ends": (
        row(
            opened(0, 1),
            attempt(0, 10, range(1), "error"),
            attempt(210, 10, range(1), "error"),
            ended(610, 1),
        ),
        {"blocked.max": 600, "blocked.total": 600, "delivered.at_least_once": "1 missing"},
    ),
    "two batches blocked one after the other": (
        row(
            opened(0, arrived=4),
            attempt(0, 10, range(2), "error"),
            attempt(110, 10, range(2)),
            checkpoint(120, 2),
            attempt(120, 10, range(2, 4), "error"),
            attempt(430, 10, range(2, 4)),
            checkpoint(440, 4),
            ended(440, 4),
        ),
        {"blocked.max": 310, "blocked.total": 110 + 310},
    ),
    "filtered records are polled and finished, and never sent": (
        row(
            opened(0, arrived=5),
            filtered(0, (0, 2)),
            attempt(0, 10, (1, 3, 4)),
            checkpoint(10, 5),
            ended(10, 5),
        ),
        {
            "PolledEventCount": 5,
            "FilteredOutEventCount": 2,
            "InvokedEventCount": 3,
            "delivered.at_least_once": "all",
            "records": 5,
        },
    ),
    "records older than LATEST are skipped, not missing": (
        row(opened(0, arrived=7, position=7), attempt(5, 10, range(7, 9)), checkpoint(15, 9), ended(15, 9)),
        {"records": 9, "skipped": 7, "PolledEventCount": 2, "delivered.at_least_once": "all"},
    ),
    "records that the stream lost are missing": (
        row(
            opened(0, arrived=5),
            expired(0, range(2)),
            attempt(0, 10, range(2, 5)),
            checkpoint(10, 5),
            ended(10, 5),
        ),
        {"expired": 2, "delivered.at_least_once": "2 missing", "PolledEventCount": 3, "caught_up": 0},
    ),
    "a later batch first breaks the order": (
        row(
            opened(0, arrived=4),
            attempt(0, 1, range(2, 4)),
            attempt(1, 1, range(2)),
            checkpoint(2, 4),
            ended(2, 4),
        ),
        {"order.per_key": "broken", "order.per_shard": "broken", "delivered.at_least_once": "all"},
    ),
    "a shard that is read again from its checkpoint delivers again": (
        row(
            opened(0, arrived=4),
            attempt(0, 10, range(4)),
            opened(50, arrived=6, position=2),
            attempt(50, 10, range(2, 4)),
            attempt(60, 10, range(4, 6)),
            checkpoint(70, 6),
            ended(70, 6),
        ),
        {
            "delivered_again": 2,
            "deliveries.max": 2,
            "delivered.at_least_once": "all",
            "order.per_key": "preserved",
            "shards": 1,
            "skipped": 0,
        },
    ),
    "a batch longer than before, read again from the checkpoint, is new only in part": (
        row(
            opened(0, arrived=4),
            attempt(0, 10, range(4), "error"),
            attempt(210, 10, range(4), "error"),
            stopped(220, 4),
            opened(300, arrived=10),
            attempt(300, 10, range(10), "error"),
            attempt(510, 10, range(10)),
            checkpoint(520, 10),
            ended(520, 10),
        ),
        {
            "PolledEventCount": 4 + 10,
            "InvokedEventCount": 4 + 4 + 10 + 10,
            # Four were seen more than once before the stop, the others when all ten were retried.
            "delivered_again": 4 + 6,
            "deliveries.max": 4,
            "order.per_key": "preserved",
            "delivered.at_least_once": "all",
            # From the first failure of record 3, whoever reads it, and of the ten.
            "blocked.max": 510,
        },
    ),
    "a batch shorter than before, read again, leaves the rest to be delivered again": (
        row(
            opened(0, arrived=4),
            attempt(0, 10, range(4), "error"),
            stopped(10, 4),
            opened(50, arrived=4),
            attempt(50, 10, range(2)),
            attempt(60, 10, range(2, 4)),
            checkpoint(70, 4),
            ended(70, 4),
        ),
        {
            "delivered_again": 4,
            "deliveries.max": 2,
            "PolledEventCount": 8,
            "InvokedEventCount": 8,
            "order.per_key": "preserved",
        },
    ),
    "a batch that was only throttled before the stop is delivered once": (
        row(
            opened(0, arrived=4),
            attempt(0, 0, range(4), "throttled"),
            stopped(10, 4),
            opened(50, arrived=4),
            attempt(50, 10, range(4)),
            ended(70, 4),
        ),
        {"delivered_again": 0, "deliveries.max": 1, "order.per_key": "preserved"},
    ),
    "what a stopped shard did not finish is missing, and it never caught up": (
        row(
            opened(0, arrived=4),
            attempt(0, 10, range(4)),
            checkpoint(10, 4),
            attempt(10, 10, range(4, 9), "error"),
            stopped(20, 9),
            state(20, "Disabled"),
        ),
        {
            "delivered.at_least_once": "5 missing",
            "caught_up": None,
            "State": "Disabled",
            "LastProcessingResult": "PROBLEM: Function call failed",
        },
    ),
    "a stopped shard that finished all that had arrived misses nothing": (
        row(opened(0, arrived=4), attempt(0, 10, range(6)), checkpoint(10, 6), stopped(20, 6)),
        {"delivered.at_least_once": "all", "caught_up": None, "records": 6},
    ),
    "what had arrived before the stop and was never sent is missing": (
        row(opened(0, arrived=4), attempt(0, 10, range(6)), checkpoint(10, 6), stopped(20, 9)),
        {"delivered.at_least_once": "3 missing", "records": 9, "PolledEventCount": 6},
    ),
    "what had arrived before the stop and was sent after it is not missing": (
        row(
            opened(0, arrived=4),
            stopped(20, 9),
            opened(30, arrived=9),
            attempt(30, 10, range(9)),
            checkpoint(40, 9),
            ended(40, 9),
        ),
        {"delivered.at_least_once": "all", "records": 9},
    ),
    "records that left the stream while the mapping was disabled are missing": (
        row(
            opened(0, arrived=4),
            attempt(0, 10, range(4)),
            checkpoint(10, 4),
            stopped(20, 4),
            opened(90, arrived=9, position=7),
            attempt(90, 10, range(7, 9)),
            checkpoint(100, 9),
            ended(100, 9),
        ),
        {"delivered.at_least_once": "3 missing", "records": 9, "skipped": 0},
    ),
    "records discarded unsent after a stop were polled again": (
        row(
            opened(0, arrived=4),
            attempt(0, 10, range(4), "error"),
            stopped(10, 4),
            opened(50, arrived=4),
            discard(50, range(4), condition="RecordAgeExceeded"),
            ended(70, 4),
        ),
        {"PolledEventCount": 8, "InvokedEventCount": 4, "discarded": 4, "deliveries.max": 1},
    ),
    "a longer batching window moves the age from which a batch is late": (
        row(
            opened(0, arrived=3),
            attempt(0, 10, range(1), age=3_000),
            stopped(20, 3),
            updated(20, MaximumBatchingWindowInSeconds=5),
            opened(20, arrived=3, position=1),
            attempt(30, 10, range(1, 2), age=7_000),
            attempt(40, 10, range(2, 3), age=6_999),
            ended(50, 3),
        ),
        {"caught_up": 0},
    ),
    "a window's end is an invocation without events, and has no iterator age": (
        row(
            opened(0, arrived=2),
            attempt(0, 10, range(2), age=5),
            checkpoint(10, 2),
            window(1000, 30),
            window(2000, 20, "error"),
            window(2220, 20, early=True),
            ended(2240, 2),
        ),
        {
            "Invocations": 4,
            "Errors": 1,
            "Duration.max": 30,
            "InvokedEventCount": 2,
            "FailedInvokeEventCount": 0,
            "IteratorAge.max": 5,
            "IteratorAge.finished.max": 15,
            "delivered_again": 0,
            "deliveries.max": 1,
            "windows.closed": 1,
            "windows.terminated_early": 1,
            "windows.lost": 0,
            "blocked.max": 220,
            "order.per_key": "preserved",
            "delivered.at_least_once": "all",
        },
    ),
    "a window's end that is throttled and then given up loses the window": (
        row(
            opened(0, arrived=1),
            attempt(0, 10, range(1)),
            window(1000, 0, "throttled"),
            window(1200, 10, "error"),
            window_lost(1210, "sqs"),
            ended(1210, 1),
        ),
        {
            "Invocations": 2,
            "Throttles": 1,
            "windows.closed": 0,
            "windows.lost": 1,
            "blocked.max": 210,
            "blocked.total": 210,
            "DestinationDeliveryFailures": 1,
            "discarded": 0,
            "DroppedEventCount": 0,
            "LastProcessingResult": "PROBLEM: Function call failed",
        },
    ),
    "a window's end that still fails when the run ends is blocked": (
        row(opened(0, arrived=1), attempt(0, 10, range(1)), window(1000, 10, "error"), ended(1500, 1)),
        {"blocked.max": 490, "blocked.total": 490, "windows.lost": 0, "windows.closed": 0},
    ),
    "a window's end that fails is nobody's once its mapping stops": (
        row(
            opened(0, arrived=1),
            attempt(0, 10, range(1)),
            window(1000, 10, "error"),
            stopped(1100, 1),
            updated(1100, BatchSize=5),
            opened(1200, arrived=1, position=1),
            ended(9000, 1),
        ),
        {"blocked.max": 90, "blocked.total": 90},
    ),
    "a window's end disturbs no batch that failed before it": (
        row(
            opened(0, arrived=2),
            attempt(0, 10, range(2), "error"),
            window(20, 5),
            attempt(210, 10, range(2)),
            checkpoint(220, 2),
            ended(220, 2),
        ),
        {"delivered_again": 2, "deliveries.max": 2, "windows.closed": 1},
    ),
    "a cold start is billed with its Init phase, and keeps an environment busy": (
        row(
            opened(0, arrived=2),
            invoke(0, range(1)),
            result(500, 100, init=400),
            attempt(500, 100, range(1, 2)),
            ended(1000, 2),
        ),
        {
            "Duration.max": 100,
            "cold_starts": 1,
            "InitDuration.avg": 400,
            "InitDuration.max": 400,
            "IteratorAge.finished.max": 500,
            "ConcurrentExecutions.avg": 0.6,
            # 2 requests of 0.2e-6 and 600 ms of 128 MB: 0.075 GB-s of 0.0000166667.
            "cost.usd": 1.65e-6,
        },
    ),
    "a stream that reshards twice": (row(opened(0), reshard(5), reshard(9)), {"reshards": 2}),
    "children of a split start after their parent and alone tell the age at the end": (
        row(
            opened(0, arrived=2),
            invoke(0, range(2), age=900),
            result(10, 10),
            checkpoint(10, 2),
            ended(10, 2),
            opened(10, arrived=1, shard="left", parents=("s",)),
            opened(10, arrived=1, shard="right", parents=("s",)),
            invoke(10, range(1), shard="left", age=40),
            invoke(10, range(1), shard="right", age=30),
            result(20, 10, shard="left"),
            result(20, 10, shard="right"),
            caught_up(20, shard="left"),
            caught_up(25, shard="right"),
            ended(30, 1, shard="left"),
            ended(30, 1, shard="right"),
        ),
        {
            "IteratorAge.end": 40,
            "IteratorAge.max": 900,
            "order.per_key": "preserved",
            "shards": 3,
            "concurrency.usable": 2,  # the parent's lane and those of its children never work together
            "caught_up": 0,
            "records": 4,
        },
    ),
    "a child before its parent's end breaks the order of keys": (
        row(
            opened(0, arrived=1),
            opened(0, shard="left", parents=("s",)),
            attempt(0, 1, range(1)),
            ended(1, 1),
        ),
        {"order.per_key": "broken", "order.per_shard": "preserved"},
    ),
    "a fault of the scenario counts for nothing": (
        row(opened(0), Fault(7_000, "destination down", None)),
        {"end": 7, "Errors": 0},
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_story_measures(name: str) -> None:
    events, expected = STORIES[name]
    measured = flat(events)
    assert {measure: measured[measure] for measure in expected} == expected


def test_a_batch_is_received_once_and_hand_over_before_it_is_sent() -> None:
    """A batch fails, its halves are sent, one of them twice; the next one has no record of theirs."""
    header = Header("story", 0, mappings={"default": {"hand_over": 20_000}})
    events = row(
        opened(0, arrived=6),
        attempt(100, 10, range(4), "error", age=120),
        attempt(300, 10, range(2), age=320),
        attempt(400, 10, range(2, 4), "error", age=420),
        attempt(500, 10, range(2, 4), age=520),
        attempt(600, 10, range(4, 6), age=50),
        ended(700, 6),
    )
    measured = flat(events, header)
    assert [measured[f"IteratorAge.received.{name}"] for name in ("max", "p99", "p50")] == [100, 100, 30]
    assert measured["IteratorAge.max"] == 520


def test_a_batch_is_not_received_before_its_last_record_was_there() -> None:
    header = Header("story", 0, mappings={"default": {"hand_over": 20_000}})
    events = row(opened(0, arrived=1), attempt(5, 10, range(1), age=5), ended(20, 1))
    assert flat(events, header)["IteratorAge.received.max"] == 0


def test_the_batching_window_that_a_mapping_begins_with_moves_the_age_from_which_a_batch_is_late() -> None:
    header = Header("story", 0, mappings={"default": {"MaximumBatchingWindowInSeconds": 5}})
    events = row(
        opened(0, arrived=3),
        attempt(100, 10, range(1), age=7_001),
        attempt(200, 10, range(1, 2), age=7_000),
        ended(300, 2),
    )
    assert flat(events, header)["caught_up"] == 100


def test_the_oracles_findings_are_put_into_words() -> None:
    measures = Measures(Header("story", 0, mappings={"a": {}, "b": {}}))
    assert flatten(measures.report({}))["order.contract"] == "holds"
    found = flatten(measures.report({"b": 1}))
    assert (found["order.contract"], found["a.order.contract"]) == ("1 violation", "holds")
    assert flatten(measures.report({"a": 2, "b": 1}))["order.contract"] == "3 violations"
    assert flatten(measures.report())["order.contract"] is None


def test_a_report_has_every_measure_and_no_other() -> None:
    assert list(flat([opened(0)])) == sorted(flat([opened(0)]), key=list(MEASURES).index)
    assert set(flat([opened(0)])) == set(MEASURES)


def test_a_report_does_not_disturb_the_count() -> None:
    events, _ = STORIES["one bad record, found by bisect"]
    measures = Measures(ONE_LANE)
    for event in events:
        measures(event)
        measures.report()
    assert measures.report() == report(events)
    assert measures.end == 260_000


def test_a_mapping_that_the_header_does_not_know_is_an_error() -> None:
    with pytest.raises(KeyError, match="elsewhere"):
        flat([opened(0, mapping="elsewhere")])
