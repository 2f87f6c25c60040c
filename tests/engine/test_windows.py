"""Tumbling windows in virtual time: what closes one, what state goes where, and what a failure does to it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from streamsim.destinations.kept import KeptDestination
from streamsim.engine.clock import VirtualClock
from streamsim.engine.mapping import Change
from streamsim.model.batch import Batch
from streamsim.model.events import (
    Backoff,
    Checkpoint,
    Discard,
    Event,
    Invoke,
    Result,
    WindowClose,
    WindowLost,
)
from streamsim.model.mapping import MAXIMUM_EVENT_SIZE, BackOff, EventSourceMapping
from streamsim.model.names import shard_id
from streamsim.model.outcome import Outcome
from streamsim.model.units import MIB, MINUTE, SECOND
from streamsim.rules.windows import MAXIMUM_STATE_SIZE, WINDOW_OVERHEAD
from streamsim.streams.records.logs import Given
from streamsim.streams.simulated.polling import Outage
from tests.stage import QUEUE, Kin, Told, given, play

PLAIN = EventSourceMapping(hand_over=0, on_failure=QUEUE, tumbling_window_in_seconds=10)
RAISED = Outcome("error", error="RuntimeError: owned final window failure")

Behaviour = Callable[[Batch], Outcome]


def count(batch: Batch) -> Outcome:
    """What a function does that counts the records of its window."""
    assert batch.window is not None
    seen = batch.window.state.get("count", 0) + len(batch)
    return Outcome("success", response={"state": {"count": seen}})


def unless(fails: Callable[[Batch], bool], outcome: Outcome = RAISED) -> Behaviour:
    return lambda batch: outcome if fails(batch) else count(batch)


def at_seconds(*seconds: float) -> list[Given]:
    return given(*(round(second * SECOND) for second in seconds))


def told(run: Told) -> list[str]:
    """A line for each attempt, in ms: records from 1 or the end of the window, its seconds, the count handed over."""
    letters: dict[str, str] = {}
    states = iter(run.calls)
    lines: list[str] = []
    for event in run.events:
        match event:
            case Invoke() | WindowClose():
                letter = letters.setdefault(event.request_id, chr(ord("a") + len(letters)))
                lines.append(f"{event.t // 1000} {_what(event)} ({letter}) try {event.attempt}")
            case Result():
                if event.outcome not in {"throttled", "too_large"}:
                    window = next(states).window
                    assert window is not None
                    lines[-1] += f" with {window.state.get('count', '{}')}"
                lines[-1] += f" -> {event.outcome}"
            case Discard():
                lines.append(f"{event.t // 1000} discard {_numbers(event.positions)} {event.condition}")
            case WindowLost():
                span = f"{event.start // SECOND}-{event.end // SECOND}"
                lines.append(f"{event.t // 1000} lost {span} {event.condition} count {event.attempts}")
            case _:
                pass
    return lines


def _what(event: Invoke | WindowClose) -> str:
    if isinstance(event, WindowClose):
        early = " early" if event.terminated_early else ""
        return f"end of {event.start // SECOND}-{event.end // SECOND}{early}"
    assert event.window is not None
    return f"{_numbers(event.positions)} of {event.window[0] // SECOND}-{event.window[1] // SECOND}"


def _numbers(positions: Sequence[int]) -> str:
    return f"[{','.join(str(position + 1) for position in positions)}]"


def test_a_record_of_a_later_window_closes_the_one_before() -> None:
    assert told(play(PLAIN, {0: at_seconds(1, 2, 11, 35)}, count)) == [
        "1000 [1] of 0-10 (a) try 1 with {} -> success",
        "2000 [2] of 0-10 (b) try 1 with 1 -> success",
        "11000 end of 0-10 (c) try 1 with 2 -> success",
        "11000 [3] of 10-20 (d) try 1 with {} -> success",
        "35000 end of 10-20 (e) try 1 with 1 -> success",
        "35000 [4] of 30-40 (f) try 1 with {} -> success",  # 20-30 held no record
        "160000 end of 30-40 (g) try 1 with 1 -> success",
    ]


def test_an_idle_window_closes_two_minutes_after_its_end() -> None:
    run = play(replace(PLAIN, maximum_batching_window_in_seconds=3), {0: at_seconds(1, 300)}, count)
    assert told(run) == [
        "3000 [1] of 0-10 (a) try 1 with {} -> success",
        "130000 end of 0-10 (b) try 1 with 1 -> success",
        "301000 [2] of 300-310 (c) try 1 with {} -> success",
        "430000 end of 300-310 (d) try 1 with 1 -> success",
    ]


@pytest.mark.parametrize(
    ("closed_at", "ends"),
    [
        pytest.param(5, 5000, id="before the window's end"),
        pytest.param(60, 60000, id="before it would be idle"),
        pytest.param(300, 130000, id="only when it is closed already"),
    ],
)
def test_the_end_of_the_shard_closes_the_window(closed_at: int, ends: int) -> None:
    run = play(PLAIN, {0: at_seconds(1)}, count, lineage={0: Kin(closed_at=closed_at * SECOND)})
    assert told(run)[1:] == [f"{ends} end of 0-10 (b) try 1 with 1 -> success"]
    assert type(run.events[-1]).__name__ == "ShardEnd"
    assert run.events[-1].t >= closed_at * SECOND


def test_a_backlog_goes_window_by_window_and_no_batch_mixes_them() -> None:
    assert told(play(PLAIN, {0: at_seconds(-25, -24, -11, -10, -9, -1)}, count)) == [
        "0 [1,2] of -30--20 (a) try 1 with {} -> success",
        "0 end of -30--20 (b) try 1 with 2 -> success",
        "0 [3] of -20--10 (c) try 1 with {} -> success",
        "0 end of -20--10 (d) try 1 with 1 -> success",
        "0 [4,5,6] of -10-0 (e) try 1 with {} -> success",
        "120000 end of -10-0 (f) try 1 with 3 -> success",
    ]


def test_an_old_window_with_records_yet_to_be_read_is_not_closed() -> None:
    """The stream cannot be read for ten minutes: what was to close the window by its idleness waits for a read."""
    run = play(PLAIN, {0: at_seconds(1, 5)}, count, outages=[Outage(2 * SECOND, 10 * MINUTE)])
    assert told(run) == [
        "1000 [1] of 0-10 (a) try 1 with {} -> success",
        "600000 [2] of 0-10 (b) try 1 with 1 -> success",
        "600000 end of 0-10 (c) try 1 with 2 -> success",
    ]


def test_each_shard_has_a_state_of_its_own() -> None:
    run = play(PLAIN, {0: at_seconds(1, 2), 1: at_seconds(3)}, count)
    ends = {event.shard: event for event in run.events if isinstance(event, WindowClose)}
    states = {call.shard: call.window for call in run.calls if not call.positions}
    assert [ends[shard].state_size for shard in sorted(ends)] == [len('{"count":2}'), len('{"count":1}')]
    assert [dict(window.state) for _, window in sorted(states.items()) if window] == [
        {"count": 2},
        {"count": 1},
    ]


def test_recorded_a_final_invocation_fails_once_without_retries() -> None:
    """recorded on DynamoDB Streams: window 10 s, BatchSize 1, no retries; the two windows after it are as good as new.

    Records 1 and 2 in one window, delivered late; nothing happens until a record of a later window arrives (75 s
    after the window's end there); its final invocation gets the count of 2, raises, and is given up at once.
    """
    mapping = replace(PLAIN, batch_size=1, maximum_retry_attempts=0, start_up_lag=47 * SECOND)
    fails = unless(lambda batch: not batch.positions and batch.window is not None and batch.window.start == 0)
    assert told(play(mapping, {0: at_seconds(6, 7, 121, 178)}, fails)) == [
        "47000 [1] of 0-10 (a) try 1 with {} -> success",
        "47000 [2] of 0-10 (b) try 1 with 1 -> success",
        "121000 end of 0-10 (c) try 1 with 2 -> error",
        "121000 lost 0-10 RetryAttemptsExhausted count 1",
        "121000 [3] of 120-130 (d) try 1 with {} -> success",
        "178000 end of 120-130 (e) try 1 with 1 -> success",
        "178000 [4] of 170-180 (f) try 1 with {} -> success",
        "300000 end of 170-180 (g) try 1 with 1 -> success",
    ]


def big(batch: Batch) -> Outcome:
    """recorded: a function that leaves too large a state after its first record, and drops it at the end."""
    assert batch.window is not None
    state = dict(batch.window.state)
    state.pop("oversized", None)
    state["count"] = state.get("count", 0) + len(batch)
    if 0 in batch.positions:
        state["oversized"] = "X" * (1024 * 1024 + 64)
    return Outcome("success", response={"state": state})


def test_recorded_a_state_too_large_ends_the_window_early() -> None:
    """recorded: at once, with the whole state; then nothing more of this window, and a later one begins with {}."""
    run = play(replace(PLAIN, batch_size=1), {0: at_seconds(7, 121)}, big)
    assert told(run)[:3] == [
        "7000 [1] of 0-10 (a) try 1 with {} -> success",
        "7000 end of 0-10 early (b) try 1 with 1 -> success",
        "121000 [2] of 120-130 (c) try 1 with {} -> success",
    ]
    final = run.calls[1].window
    assert final is not None
    assert (final.final, final.terminated_early) == (True, True)
    assert len(final.state["oversized"]) == 1024 * 1024 + 64
    early, usual = [event for event in run.events if isinstance(event, WindowClose)]
    assert early.state_size > MAXIMUM_STATE_SIZE
    assert not usual.terminated_early


def test_assumed_the_window_that_ended_early_goes_on_without_a_state() -> None:
    assert told(play(replace(PLAIN, batch_size=1), {0: at_seconds(1, 2, 11)}, big))[1:4] == [
        "1000 end of 0-10 early (b) try 1 with 1 -> success",
        "2000 [2] of 0-10 (c) try 1 with {} -> success",
        "11000 end of 0-10 (d) try 1 with 1 -> success",
    ]


def test_a_state_of_a_megabyte_is_handed_on_and_one_byte_more_is_not() -> None:
    def sized(size: int) -> Behaviour:
        return lambda _: Outcome("success", response={"state": {"a": "x" * (size - len('{"a":""}'))}})

    early = [
        any(
            event.terminated_early
            for event in play(PLAIN, {0: at_seconds(1)}, sized(size)).events
            if isinstance(event, WindowClose)
        )
        for size in (MAXIMUM_STATE_SIZE, MAXIMUM_STATE_SIZE + 1)
    ]
    assert early == [False, True]


def test_a_failing_final_invocation_is_retried_and_blocks_the_shard() -> None:
    left = [3]

    def fails(batch: Batch) -> bool:
        if batch.positions or not left[0]:
            return False
        left[0] -= 1
        return True

    mapping = replace(PLAIN, maximum_retry_attempts=5)
    assert told(play(mapping, {0: at_seconds(1, 11, 12)}, unless(fails)))[1:6] == [
        "11000 end of 0-10 (b) try 1 with 1 -> error",
        "11200 end of 0-10 (b) try 2 with 1 -> error",
        "11600 end of 0-10 (b) try 3 with 1 -> error",
        "12400 end of 0-10 (b) try 4 with 1 -> success",
        "12400 [2] of 10-20 (c) try 1 with {} -> success",
    ]


def test_the_age_of_a_final_invocation_runs_from_its_first_request() -> None:
    """assumed: so that an idle window, closed two minutes after its end, is not too old before it was ever tried."""
    mapping = replace(PLAIN, maximum_record_age_in_seconds=60)
    run = play(mapping, {0: at_seconds(1)}, unless(lambda batch: not batch.positions))
    assert told(run)[1:] == [
        *(
            f"{130_000 + at} end of 0-10 (b) try {number} with 1 -> error"
            for number, at in enumerate([0, 200, 600, 1400, 3000, 6200, 12600, 25400, 51000], 1)
        ),
        "232200 lost 0-10 RecordAgeExceeded count 9",
    ]


@pytest.mark.parametrize(
    ("pause", "at", "tries"),
    [
        pytest.param(20 * SECOND, 210_000, 4, id="after exactly a minute it is sent again"),
        pytest.param(20 * SECOND + 1, 190_000, 3, id="but no later"),
    ],
)
def test_a_final_invocation_grows_too_old_after_its_age(pause: int, at: int, tries: int) -> None:
    mapping = replace(PLAIN, maximum_record_age_in_seconds=60, back_off=BackOff(pause, pause))
    run = play(mapping, {0: at_seconds(1)}, unless(lambda batch: not batch.positions))
    assert told(run)[-1] == f"{at} lost 0-10 RecordAgeExceeded count {tries}"


def test_without_any_limit_the_state_is_given_up_after_the_retention_of_the_stream() -> None:
    fails = unless(lambda batch: not batch.positions)
    run = play(PLAIN, {0: at_seconds(1)}, fails, retention=5 * MINUTE)
    (lost,) = [event for event in run.events if isinstance(event, WindowLost)]
    assert lost.condition == "RecordAgeExceeded"
    assert 7 * MINUTE < lost.t < 9 * MINUTE


@pytest.mark.parametrize("response", [None, {}, {"state": None}, {"batchItemFailures": []}])
def test_a_response_without_a_state_is_a_failed_invocation(response: Any) -> None:
    mapping = replace(PLAIN, maximum_retry_attempts=1, report_batch_item_failures=True)
    silent = Outcome("success", response=response)
    run = play(mapping, {0: at_seconds(1, 11)}, unless(lambda batch: 0 in batch.positions, silent))
    assert told(run) == [
        "1000 [1] of 0-10 (a) try 1 with {} -> error",
        "1200 [1] of 0-10 (a) try 2 with {} -> error",
        "1200 discard [1] RetryAttemptsExhausted",
        "11000 end of 0-10 (b) try 1 with {} -> success",
        "11000 [2] of 10-20 (c) try 1 with {} -> success",
        "140000 end of 10-20 (d) try 1 with 1 -> success",
    ]
    result = next(event for event in run.events if isinstance(event, Result))
    assert result.error == "the response has no state"
    assert result.failed_from is None


def test_a_final_response_without_a_state_is_one_too() -> None:
    mapping = replace(PLAIN, maximum_retry_attempts=0)
    run = play(mapping, {0: at_seconds(1)}, unless(lambda batch: not batch.positions, Outcome("success")))
    assert told(run)[1:] == [
        "130000 end of 0-10 (b) try 1 with 1 -> error",
        "130000 lost 0-10 RetryAttemptsExhausted count 1",
    ]


def test_assumed_a_final_response_reports_no_records() -> None:
    """There is none that could be sent again, so that only the lack of a state makes the invocation fail."""
    mapping = replace(PLAIN, maximum_retry_attempts=0, report_batch_item_failures=True)
    reported = Outcome("success", response={"state": {}, "batchItemFailures": [{"itemIdentifier": "1"}]})
    run = play(mapping, {0: at_seconds(1)}, unless(lambda batch: not batch.positions, reported))
    assert told(run)[1:] == ["130000 end of 0-10 (b) try 1 with 1 -> success"]


def test_a_failed_batch_leaves_the_state_as_it_was_and_a_bisect_hands_it_on() -> None:
    mapping = replace(PLAIN, maximum_retry_attempts=0, bisect_batch_on_function_error=True)
    run = play(mapping, {0: at_seconds(1, 1, 1, 1)}, unless(lambda batch: 1 in batch.positions))
    assert told(run) == [
        "1000 [1,2,3,4] of 0-10 (a) try 1 with {} -> error",
        "1000 [1,2] of 0-10 (b) try 1 with {} -> error",
        "1000 [1] of 0-10 (c) try 1 with {} -> success",
        "1000 [2] of 0-10 (d) try 1 with 1 -> error",
        "1000 discard [2] RetryAttemptsExhausted",
        "1000 [3,4] of 0-10 (e) try 1 with 1 -> success",
        "130000 end of 0-10 (f) try 1 with 3 -> success",
    ]


def test_a_partial_response_leaves_a_state_unless_it_finished_nothing() -> None:
    left = [1]

    def reports_3(batch: Batch) -> Outcome:
        if 2 not in batch.positions:
            return count(batch)
        done = batch.positions.index(2)
        if done == 0 and not left[0]:
            return count(batch)
        left[0] -= done == 0
        assert batch.window is not None
        seen = batch.window.state.get("count", 0) + done + (100 if done == 0 else 0)
        failures = [{"itemIdentifier": batch.log.sequence_number(2)}]
        return Outcome("success", response={"state": {"count": seen}, "batchItemFailures": failures})

    mapping = replace(PLAIN, report_batch_item_failures=True)
    assert told(play(mapping, {0: at_seconds(1, 1, 1, 1)}, reports_3)) == [
        "1000 [1,2,3,4] of 0-10 (a) try 1 with {} -> partial",
        "1000 [3,4] of 0-10 (b) try 1 with 2 -> partial",
        "1200 [3,4] of 0-10 (b) try 2 with 2 -> success",
        "130000 end of 0-10 (c) try 1 with 4 -> success",
    ]


def test_a_response_that_finished_nothing_leaves_no_state_when_its_batch_is_given_up() -> None:
    def reports_2(batch: Batch) -> Outcome:
        counted = count(batch)
        if 1 not in batch.positions:
            return counted
        failures = [{"itemIdentifier": batch.log.sequence_number(1)}]
        return counted._replace(response={**counted.response, "batchItemFailures": failures})

    mapping = replace(PLAIN, batch_size=1, maximum_retry_attempts=0, report_batch_item_failures=True)
    assert told(play(mapping, {0: at_seconds(1, 1, 1)}, reports_2)) == [
        "1000 [1] of 0-10 (a) try 1 with {} -> success",
        "1000 [2] of 0-10 (b) try 1 with 1 -> partial",
        "1000 discard [2] RetryAttemptsExhausted",
        "1000 [3] of 0-10 (c) try 1 with 1 -> success",
        "130000 end of 0-10 (d) try 1 with 2 -> success",
    ]


def test_a_lost_response_loses_the_state_that_it_carried() -> None:
    left = [1]

    def lost_once(batch: Batch) -> Outcome:
        if left[0]:
            left[0] = 0
            return Outcome("fault", 5, error="the response was lost")
        return count(batch)

    assert told(play(PLAIN, {0: at_seconds(1)}, lost_once))[:2] == [
        "1000 [1] of 0-10 (a) try 1 with {} -> fault",
        "1200 [1] of 0-10 (a) try 1 with {} -> success",
    ]


def test_a_window_that_the_function_never_saw_has_no_final_invocation() -> None:
    mapping = replace(PLAIN, maximum_record_age_in_seconds=60)
    assert told(play(mapping, {0: at_seconds(-100, 1)}, count)) == [
        "0 discard [1] RecordAgeExceeded",
        "1000 [2] of 0-10 (a) try 1 with {} -> success",
        "130000 end of 0-10 (b) try 1 with 1 -> success",
    ]


def test_the_end_of_a_window_waits_for_concurrency_like_a_batch() -> None:
    run = play(PLAIN, {0: at_seconds(1), 1: at_seconds(1)}, lambda batch: count(batch)._replace(duration=SECOND), limit=1)  # fmt: skip
    ends = [line for line in told(run) if "end of" in line]
    assert any("throttled" in line for line in ends)
    assert [line for line in ends if "success" in line]
    waits = [event for event in run.events if isinstance(event, Backoff)]
    assert {event.request_id for event in run.events if isinstance(event, WindowClose)} & {
        event.request_id for event in waits
    }


def test_throttles_at_the_end_of_a_window_spend_no_attempt() -> None:
    """Shard 1 holds the only execution for half a second when the window of shard 0 is to be closed."""
    left = [1]

    def behaviour(batch: Batch) -> Outcome:
        if batch.shard == shard_id(1) and batch.positions:
            return count(batch)._replace(duration=SECOND // 2)
        if batch.shard == shard_id(0) and not batch.positions and left[0]:
            left[0] -= 1
            return RAISED
        return count(batch)

    mapping = replace(PLAIN, maximum_retry_attempts=1)
    run = play(mapping, {0: at_seconds(1), 1: at_seconds(130)}, behaviour, limit=1)
    tries = [
        (event.attempt, event.outcome)
        for event in run.events
        if isinstance(event, Result) and event.shard == shard_id(0)
    ]
    assert tries == [(1, "success"), (1, "throttled"), (1, "throttled"), (1, "error"), (2, "success")]


def test_the_checkpoint_passes_a_batch_before_its_window_closes() -> None:
    """assumed: a stop loses the state of the open window, not the place in the shard."""
    run = play(PLAIN, {0: at_seconds(1, 2)}, count)
    moves = [(event.t, event.position) for event in run.events if isinstance(event, Checkpoint)]
    assert moves == [(1 * SECOND, 1), (2 * SECOND, 2)]


def test_a_mapping_that_starts_again_begins_its_window_with_an_empty_state() -> None:
    slower = replace(PLAIN, batch_size=5)
    run = play(
        PLAIN, {0: at_seconds(1, 5, 11)}, count, changes=[Change(3 * SECOND, slower, {"BatchSize": 5})]
    )
    assert told(run)[:3] == [
        "1000 [1] of 0-10 (a) try 1 with {} -> success",
        "5000 [2] of 0-10 (b) try 1 with {} -> success",
        "11000 end of 0-10 (c) try 1 with 1 -> success",
    ]


def test_a_mapping_that_stops_leaves_its_window_open() -> None:
    run = play(PLAIN, {0: at_seconds(1, 50)}, count, changes=[Change(3 * SECOND, None, {})])
    assert told(run) == ["1000 [1] of 0-10 (a) try 1 with {} -> success"]


def test_the_state_counts_towards_the_six_megabytes() -> None:
    """Two records of 2.2 MB fit into an event, but not beside a state of almost a megabyte."""

    def grows(batch: Batch) -> Outcome:
        assert batch.window is not None
        return Outcome("success", response={"state": {"a": "x" * (MIB - 100)}})

    large = [
        Given(at * SECOND, "user-1", b"x" * size) for at, size in [(1, 10), (2, 2_200_000), (2, 2_200_000)]
    ]
    run = play(PLAIN, {0: large}, grows)
    sizes = [len(call.positions) for call in run.calls]
    assert sizes == [1, 1, 1, 0]
    assert 2 * 2_200_000 * 4 // 3 + WINDOW_OVERHEAD + MIB > MAXIMUM_EVENT_SIZE


def test_a_record_that_does_not_fit_beside_the_state_is_never_sent() -> None:
    """It alone would be an event of 5.6 MB."""

    def grows(batch: Batch) -> Outcome:
        del batch
        return Outcome("success", response={"state": {"a": "x" * (MIB - 100)}})

    records = [Given(SECOND, "user-1", b"x"), Given(2 * SECOND, "user-1", b"x" * 4_200_000)]
    run = play(replace(PLAIN, maximum_retry_attempts=0), {0: records}, grows)
    assert [event.outcome for event in run.events if isinstance(event, Result)] == [
        "success",
        "too_large",
        "success",
    ]
    assert [len(call.positions) for call in run.calls] == [1, 0]


@pytest.mark.parametrize(
    ("size", "limit", "first"),
    [
        pytest.param(5 * MIB, 1000, "too_large", id="its only record is too large for an event"),
        pytest.param(1, 0, "throttled", id="its only record is throttled until it is too old"),
    ],
)
def test_a_window_whose_only_request_never_ran_has_no_final_invocation(
    size: int, limit: int, first: str
) -> None:
    mapping = replace(PLAIN, maximum_retry_attempts=0, maximum_record_age_in_seconds=60)
    run = play(mapping, {0: [Given(SECOND, "user-1", b"x" * size)]}, count, limit=limit)
    assert {event.outcome for event in run.events if isinstance(event, Result)} == {first}
    assert any(isinstance(event, Discard) for event in run.events)
    assert not any(isinstance(event, WindowClose | WindowLost) for event in run.events)


def test_documents_tell_of_the_window(tmp_path: Path) -> None:
    events: list[Event] = []
    mapping = replace(PLAIN, maximum_retry_attempts=0)
    destination = KeptDestination(QUEUE, VirtualClockStub(), folder=tmp_path)
    run = play(mapping, {0: at_seconds(1, 2)}, unless(lambda batch: 1 in batch.positions or not batch.positions), destination=destination)  # fmt: skip
    events += run.events
    documents = [json.loads(line) for line in (tmp_path / "sqs-dead.ndjson").read_text().splitlines()]
    assert [list(document["KinesisBatchInfo"])[-2:] for document in documents] == [
        ["batchSize", "streamArn"],
        ["shardId", "streamArn"],
    ]
    assert [document["timeWindowInfo"]["isFinalInvokeForWindow"] for document in documents] == [False, True]
    assert [type(event).__name__ for event in events if isinstance(event, Discard | WindowLost)] == [
        "Discard",
        "WindowLost",
    ]
    lost = next(event for event in events if isinstance(event, WindowLost))
    assert (lost.destination, lost.delivered) == (QUEUE, True)


class VirtualClockStub(VirtualClock):
    """A clock for a destination that is never down."""

    def __init__(self) -> None:
        self.now = 0
