"""Short traces of two lanes and what they measure, worked out by hand."""

import pytest

from streamsim.model.events import Event
from streamsim.trace.measures.measures import Value
from tests.trace.lines import (
    attempt,
    caught_up,
    checkpoint,
    ended,
    invoke,
    opened,
    result,
    stopped,
    updated,
)
from tests.trace.measuring import TWO_LANES, flat, row

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
    "lanes that are read again know apart what each delivered beyond the checkpoint": (
        row(
            opened(0, arrived=8),
            attempt(0, 10, (0, 2), "error", lane=0),
            attempt(0, 10, (1, 3), lane=1),
            attempt(10, 10, (5, 7), "error", lane=1),
            stopped(20, 8),
            opened(50, arrived=8),
            attempt(50, 10, (0, 2, 4, 6), lane=0),
            attempt(50, 10, (1, 3, 5, 7), lane=1),
            checkpoint(60, 8),
            ended(60, 8),
        ),
        {
            "delivered_again": 2 + 4,
            "deliveries.max": 2,
            "order.per_key": "preserved",
            "concurrency.usable": 2,
            "delivered.at_least_once": "all",
            "blocked.total": 50 + 40,
        },
    ),
    "more lanes than before go on where the furthest was": (
        row(
            opened(0, arrived=6),
            attempt(0, 10, (0, 2), "error", lane=0),
            attempt(0, 10, (1, 3), lane=1),
            stopped(20, 6),
            updated(20, ParallelizationFactor=3),
            opened(50, arrived=9),
            attempt(50, 10, (0, 3, 6), lane=0),
            attempt(50, 10, (1, 4, 7), lane=1),
            attempt(50, 10, (2, 5, 8), lane=2),
            checkpoint(60, 9),
            ended(60, 9),
        ),
        {
            "delivered_again": 4,
            "deliveries.max": 2,
            "order.per_key": "preserved",
            "concurrency.usable": 3,
            "blocked.max": 50,
        },
    ),
    "one lane after two does not retry what only the other had": (
        row(
            opened(0, arrived=4),
            attempt(0, 10, (0, 2), lane=0),
            attempt(0, 10, (1, 3), lane=1),
            checkpoint(10, 4),
            stopped(20, 4),
            updated(20, ParallelizationFactor=1),
            opened(50, arrived=6, position=4),
            attempt(50, 10, range(4, 6)),
            checkpoint(60, 6),
            ended(60, 6),
        ),
        {"delivered_again": 0, "order.per_key": "preserved", "concurrency.usable": 2},
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
