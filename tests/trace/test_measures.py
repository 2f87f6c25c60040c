"""Short traces and what they measure, worked out by hand. `lines` writes the events; its times are milliseconds."""

from typing import Any

import pytest

from streamsim.model.events import Event, Fault
from streamsim.trace.header import Header
from streamsim.trace.measures import MEASURES, Measures, Value, flatten
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
    result,
    split,
)

ONE_LANE = Header("story", 0, mappings={"default": {}})
TWO_LANES = Header("story", 0, mappings={"default": {"ParallelizationFactor": 2}})


def report(events: list[Event], header: Header = ONE_LANE) -> dict[str, Any]:
    measures = Measures(header)
    for event in events:
        measures.take(event)
    return measures.report()


def flat(events: list[Event], header: Header = ONE_LANE) -> dict[str, Value]:
    return flatten(report(events, header))


def row(*events: Event | list[Event]) -> list[Event]:
    return [event for item in events for event in (item if isinstance(item, list) else [item])]


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
            "concurrency.usable": 3,
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


LANES: dict[str, tuple[list[Event], dict[str, Value]]] = {
    "two lanes keep keys in order, not the shard": (
        row(
            opened(0, arrived=4),
            invoke(0, (0, 3), lane=0),
            invoke(0, (1, 2), lane=1),
            result(10, 10, lane=1),
            result(20, 20, lane=0),
            checkpoint(20, 4),
            caught_up(10, lane=1),
            caught_up(20, lane=0),
            ended(20, 4),
        ),
        {
            "order.per_key": "preserved",
            "order.per_shard": "broken",
            "concurrency.usable": 2,
            "ConcurrentExecutions.avg": 1.5,
            "caught_up": 0,
        },
    ),
    "attempts that start in order keep the shard's order, however they end": (
        row(
            opened(0, arrived=4),
            invoke(0, range(2), lane=0),
            invoke(0, range(2, 4), lane=1),
            result(10, 10, lane=1),
            result(20, 20, lane=0),
            ended(20, 4),
        ),
        {"order.per_key": "preserved", "order.per_shard": "preserved"},
    ),
    "a throttled lane is overtaken": (
        row(
            opened(0, arrived=4),
            attempt(0, 0, range(2), "throttled", lane=0),
            invoke(0, range(2, 4), lane=1),
            invoke(5, range(2), lane=0),
            result(10, 10, lane=1),
            result(15, 10, lane=0),
            ended(20, 4),
        ),
        {"order.per_key": "preserved", "order.per_shard": "broken"},
    ),
    "a throttled lane overtakes nobody": (
        row(
            opened(0, arrived=4),
            attempt(0, 0, range(2, 4), "throttled", lane=1),
            attempt(5, 1, range(2), lane=0),
            attempt(10, 1, range(2, 4), lane=1),
            ended(20, 4),
        ),
        {"order.per_key": "preserved", "order.per_shard": "preserved"},
    ),
    "a failed lane retries its own records while the other goes on": (
        row(
            opened(0, arrived=6),
            invoke(0, (0, 2), lane=0),
            invoke(0, (1, 3), lane=1),
            result(10, 10, "error", lane=0),
            result(10, 10, lane=1),
            attempt(10, 10, (4, 5), lane=1),
            attempt(210, 10, (0, 2), lane=0),
            checkpoint(220, 6),
            ended(220, 6),
        ),
        {
            "delivered_again": 2,
            "deliveries.max": 2,
            "order.per_key": "preserved",
            "blocked.total": 210,
            "delivered.at_least_once": "all",
        },
    ),
    "a lane is behind until its last late batch is sent": (
        row(
            opened(0, arrived=3),
            attempt(100, 10, range(1), lane=1, age=2_001),
            attempt(300, 10, range(1, 2), lane=1, age=2_000),
            attempt(400, 10, range(2, 3), lane=0, age=0),
            ended(420, 3),
        ),
        {"caught_up": 100, "concurrency.usable": 2},
    ),
    "a mapping that still reads has not caught up": (
        row(opened(0, arrived=1), attempt(0, 10, range(1), lane=1)),
        {"caught_up": None, "concurrency.usable": 1},
    ),
}


@pytest.mark.parametrize("name", LANES)
def test_a_story_of_two_lanes_measures(name: str) -> None:
    events, expected = LANES[name]
    measured = flat(events, TWO_LANES)
    assert {measure: measured[measure] for measure in expected} == expected


def test_several_mappings_are_measured_together_and_alone() -> None:
    header = Header(
        "story",
        0,
        mappings={"big": {"FunctionName": "f"}, "small": {"FunctionName": "g"}},
        functions={"f": {"MemorySize": 1024}, "g": {"MemorySize": 128}},
    )
    events = row(
        opened(0, arrived=2, mapping="big"),
        opened(0, arrived=2, mapping="small"),
        attempt(0, 1000, range(2), mapping="big"),
        attempt(0, 500, range(2), mapping="small"),
        ended(1000, 2, mapping="big"),
        ended(1000, 2, mapping="small"),
    )
    measured = flat(events, header)
    assert {
        name: measured[name] for name in ("Invocations", "records", "Duration.avg", "shards", "caught_up")
    } == {
        "Invocations": 2,
        "records": 4,
        "Duration.avg": 750,
        "shards": 2,
        "caught_up": 0,
    }
    assert measured["big.Duration.avg"] == 1000
    assert measured["small.Duration.avg"] == 500
    assert measured["ConcurrentExecutions.avg"] == 1.5
    assert measured["big.ConcurrentExecutions.avg"] == 1
    # A GB-second and half an eighth of one, each with its request.
    assert measured["big.cost.usd"] == 0.000016867
    assert measured["cost.usd"] == 0.000018108


def test_executions_of_several_functions_are_counted_together() -> None:
    header = Header("story", 0, mappings={"a": {"FunctionName": "f"}, "b": {"FunctionName": "g"}})
    events = row(
        opened(0, arrived=2, mapping="a"),
        opened(0, arrived=2, mapping="b"),
        [invoke(0, range(1), mapping="a"), invoke(5, range(1), mapping="b")],
        [result(10, 10, mapping="a"), result(15, 10, mapping="b")],
        attempt(20, 5, range(1, 2), mapping="b"),
        attempt(30, 5, range(1, 2), mapping="a"),
    )
    measured = flat(events, header)
    assert [measured[f"{of}ConcurrentExecutions.max"] for of in ("", "a.", "b.")] == [2, 1, 1]


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
