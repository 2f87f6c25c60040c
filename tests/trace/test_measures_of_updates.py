"""Mappings that are stopped and go on, played and measured, against looking every record up."""

import json
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streamsim.model.events import Event, Filtered, Invoke, Result, ShardOpen, ShardStop
from streamsim.scenario.play import Played
from tests.playing import played
from tests.trace.test_measures_against_lists import attempts, ran, records

WORLD = """
scenario: A mapping that somebody changes
duration: 20s
stream: {shards: 2}
producer: {rate: 20/s, keys: 12, data: {kind: "{n}"}}
function: {model: {duration: 150ms + 10ms/record, jitter: 30%}}
"""

a_change = st.tuples(
    st.integers(1, 240),
    st.sampled_from(
        [
            {"BatchSize": 3},
            {"BatchSize": 50},
            {"MaximumBatchingWindowInSeconds": 2},
            {"Enabled": False},
            {"Enabled": True},
        ]
    ),
)


def played_of(
    world: str, mapping: dict[str, Any], changed: list[tuple[int, dict[str, Any]]]
) -> tuple[Played, list[Event]]:
    dated = [
        {"at": f"{tenths * 100}ms", "update": update}
        for tenths, update in sorted(changed, key=lambda one: one[0])
    ]
    text = f"{world}mapping: {json.dumps(mapping)}\nevents: {json.dumps(dated)}\n"
    return played(text)


def looked_up(events: list[Event]) -> dict[str, Any]:
    """Deliveries record by record, and what was read in each spell between two openings of a shard."""
    paired = attempts(events)
    delivered = Counter(record for pair in paired if ran(pair) for record in records(pair[0]))
    spell: Counter[str] = Counter()
    polled = set()
    for event in events:
        if isinstance(event, ShardOpen):
            spell[event.shard] += 1
        if isinstance(event, Invoke | Filtered):
            polled |= {(spell[event.shard], record) for record in records(event)}
    return {
        "delivered_again": sum(times > 1 for times in delivered.values()),
        "deliveries.max": max(delivered.values(), default=0),
        "PolledEventCount": len(polled),
        "InvokedEventCount": sum(len(invoke.positions) for invoke, _ in paired),
    }


def measured_of(run: Played) -> dict[str, Any]:
    metrics = run.metrics
    return {
        "delivered_again": metrics["delivered_again"],
        "deliveries.max": metrics["deliveries"]["max"],
        "PolledEventCount": metrics["PolledEventCount"],
        "InvokedEventCount": metrics["InvokedEventCount"],
    }


@settings(max_examples=40)
@given(st.lists(a_change, max_size=6), st.booleans(), st.booleans(), st.integers(0, 3))
def test_one_lane_that_goes_on_counts_exactly_what_was_delivered_before(
    changed: list[tuple[int, dict[str, Any]]], bisect: bool, fails: bool, retries: int
) -> None:
    mapping = {"BatchSize": 10, "MaximumRetryAttempts": retries, "BisectBatchOnFunctionError": bisect}
    faults = (
        "faults: [{error: {probability: 30%}}, {throttle: {limit: 1, from: 5s, for: 4s}}]\n" if fails else ""
    )
    run, events = played_of(WORLD + faults, mapping, changed)
    assert measured_of(run) == looked_up(events)


@settings(max_examples=30)
@given(st.lists(a_change, max_size=1))
def test_several_lanes_that_go_on_count_what_each_had_delivered(
    changed: list[tuple[int, dict[str, Any]]],
) -> None:
    """Without failures and a second stop: what lanes finished beyond the checkpoint is taken to have run once."""
    run, events = played_of(WORLD, {"BatchSize": 5, "ParallelizationFactor": 3}, changed)
    assert measured_of(run) == looked_up(events)


def test_the_worlds_above_stop_in_the_middle_of_retries() -> None:
    faults = "faults: [{error: {probability: 30%}}]\n"
    _, events = played_of(
        WORLD + faults, {"BatchSize": 10}, [(40, {"BatchSize": 3}), (90, {"Enabled": False})]
    )
    assert sum(isinstance(event, ShardStop) for event in events) == 4
    assert any(isinstance(event, Result) and event.outcome == "error" for event in events)
