"""A mapping from its creation to its end: states, disabling, updates, deletion; what survives is the checkpoint."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from streamsim.engine.mapping import Change
from streamsim.model.events import Checkpoint, Discard, Invoke, ShardOpen, ShardStop, StateChange, Update
from streamsim.model.mapping import EventSourceMapping, StartingPosition
from streamsim.model.outcome import Outcome
from streamsim.model.units import SECOND
from streamsim.rules.streams.hash_keys import lane_of
from tests.stage import QUEUE, Behaviour, Told, given, play

MAPPING = EventSourceMapping(batch_size=1, hand_over=0)
SETTING = {
    "BatchSize": "batch_size",
    "Enabled": "enabled",
    "MaximumRetryAttempts": "maximum_retry_attempts",
    "ParallelizationFactor": "parallelization_factor",
}


def changes(mapping: EventSourceMapping, asked: Mapping[int, Mapping[str, Any] | None]) -> list[Change]:
    """Changes by the second; None deletes."""
    found = []
    for second, settings in asked.items():
        if settings is None:
            found.append(Change(second * SECOND, None, {}))
        else:
            mapping = replace(mapping, **{SETTING[name]: value for name, value in settings.items()})
            found.append(Change(second * SECOND, mapping, settings))
    return found


def run_through(
    asked: Mapping[int, Mapping[str, Any] | None],
    behaviour: Behaviour = lambda _: Outcome("success", 0),
    mapping: EventSourceMapping = MAPPING,
    *arrivals: int,
    key: str = "user-1",
) -> Told:
    seconds = arrivals or (1, 5, 15, 25)
    records = {0: given(*(second * SECOND for second in seconds), key=key)}
    return play(mapping, records, behaviour, changes=changes(mapping, asked))


def states(told: Told) -> list[tuple[int, str, str]]:
    return [
        (event.t // SECOND, event.state, event.result)
        for event in told.events
        if isinstance(event, StateChange)
    ]


def sent(told: Told) -> list[tuple[int, int, int]]:
    """Second, first position and attempt of every request."""
    return [
        (event.t // SECOND, event.positions[0], event.attempt)
        for event in told.events
        if isinstance(event, Invoke)
    ]


def failing(position: int) -> Behaviour:
    return lambda batch: Outcome("error" if position in batch.positions else "success", 0)


def test_a_mapping_is_created_and_enabled() -> None:
    told = run_through({}, mapping=replace(MAPPING, start_up_lag=3 * SECOND))
    assert states(told) == [(0, "Creating", "No records processed"), (3, "Enabled", "No records processed")]


def test_one_that_is_created_disabled_answers_creating_too_and_reads_nothing() -> None:
    told = run_through({}, mapping=replace(MAPPING, enabled=False))
    assert [state for _, state, _ in states(told)] == ["Creating", "Disabled"]
    assert not sent(told)


def test_disabling_stops_it_and_enabling_goes_on_from_the_checkpoint() -> None:
    told = run_through({10: {"Enabled": False}, 20: {"Enabled": True}})
    assert sent(told) == [(1, 0, 1), (5, 1, 1), (20, 2, 1), (25, 3, 1)]
    assert states(told)[2:] == [
        (10, "Disabling", "OK"),
        (10, "Disabled", "OK"),
        (20, "Enabling", "OK"),
        (20, "Enabled", "OK"),
    ]
    assert [event.position for event in told.events if isinstance(event, ShardOpen)] == [0, 2]


def test_enabling_goes_on_from_the_checkpoint_even_if_it_began_at_latest() -> None:
    mapping = replace(MAPPING, starting_position=StartingPosition.LATEST)
    told = run_through({10: {"Enabled": False}, 20: {"Enabled": True}}, mapping=mapping)
    assert sent(told) == [(1, 0, 1), (5, 1, 1), (20, 2, 1), (25, 3, 1)]


def test_a_change_takes_effect_after_the_update_lag_and_the_pollers_go_on_meanwhile() -> None:
    mapping = replace(MAPPING, update_lag=6 * SECOND)
    told = run_through({10: {"Enabled": False}}, mapping=mapping)
    assert sent(told) == [(1, 0, 1), (5, 1, 1), (15, 2, 1)]
    assert states(told)[2:] == [(10, "Disabling", "OK"), (16, "Disabled", "OK")]


def test_an_invocation_in_flight_ends_before_the_mapping_stops() -> None:
    told = run_through({6: {"Enabled": False}}, lambda _: Outcome("success", 3 * SECOND), MAPPING, 5)
    (stopped,) = [event.t for event in told.events if isinstance(event, ShardStop)]
    (marked,) = [event for event in told.events if isinstance(event, Checkpoint)]
    assert stopped == marked.t == 8 * SECOND
    assert marked.position == 1


def test_a_batch_that_waits_for_its_retry_begins_anew() -> None:
    """assumed: a new request id, and all its attempts again."""
    told = run_through({8: {"BatchSize": 2}}, failing(0), replace(MAPPING, maximum_retry_attempts=6), 1)
    requests = [event.request_id for event in told.events if isinstance(event, Invoke)]
    attempts = [attempt for _, _, attempt in sent(told)]
    assert attempts == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 7]
    assert len(set(requests)) == 2
    assert requests[5] != requests[6]


def test_fewer_retries_free_a_shard_that_a_poison_record_holds() -> None:
    """The first aid that the developer guide gives for a blocked shard."""
    told = run_through(
        {60: {"MaximumRetryAttempts": 1}}, failing(0), replace(MAPPING, on_failure=QUEUE), 1, 2
    )
    (discard,) = [event for event in told.events if isinstance(event, Discard)]
    assert (discard.attempts, discard.t // SECOND) == (2, 60)
    assert sent(told)[-1] == (60, 1, 1)


def test_nothing_of_the_mapping_is_in_flight_when_its_settings_change() -> None:
    told = run_through({2: {"BatchSize": 10}}, lambda _: Outcome("success", 5 * SECOND), MAPPING, 1, 1, 1)
    kinds = [type(event) for event in told.events]
    stop, update = kinds.index(ShardStop), kinds.index(Update)
    assert kinds[update - 1] is ShardStop
    assert ShardOpen in kinds[update:]
    assert [event.positions for event in told.events[stop:] if isinstance(event, Invoke)] == [range(1, 3)]


def test_what_lanes_finished_ahead_of_the_checkpoint_is_delivered_again() -> None:
    """assumed: AWS keeps one checkpoint a shard, so that it must know nothing of lanes when it starts again."""
    mapping = replace(MAPPING, parallelization_factor=2)
    held, *free = sorted((f"user-{number}" for number in range(6)), key=lambda key: lane_of(key, 2))
    others = [key for key in free if lane_of(key, 2) != lane_of(held, 2)]
    records = {0: [one for key in [held, *others] for one in given(1 * SECOND, key=key)]}
    told = play(mapping, records, failing(0), changes=changes(mapping, {5: {"MaximumRetryAttempts": 0}}))
    before = {position for second, position, _ in sent(told) if second < 5}
    after = {position for second, position, _ in sent(told) if second >= 5}
    assert before == after == set(range(len(others) + 1))
    assert len(others) > 1


def test_a_deleted_mapping_is_gone_and_leaves_the_rest_unread() -> None:
    told = run_through({10: None})
    assert states(told)[-1] == (10, "Deleting", "OK")
    assert sent(told) == [(1, 0, 1), (5, 1, 1)]
    stopped = told.events[-1]
    assert isinstance(stopped, ShardStop)
    assert stopped.arrived == 2


def test_last_processing_result_tells_of_the_last_invocation() -> None:
    told = run_through(
        {3: {"BatchSize": 2}, 20: {"BatchSize": 1}}, failing(0), replace(MAPPING, maximum_retry_attempts=8), 1
    )
    assert {result for _, state, result in states(told) if state == "Updating"} == {
        "PROBLEM: Function call failed"
    }


def test_request_ids_go_on_over_a_change() -> None:
    told = run_through({10: {"BatchSize": 2}, 20: {"BatchSize": 3}})
    ids = [event.request_id for event in told.events if isinstance(event, Invoke)]
    assert len(set(ids)) == len(ids) == 4
