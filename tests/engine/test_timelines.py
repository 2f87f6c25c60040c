"""Sequences recorded on real AWS, replayed batch by batch, request id by request id, gap by gap.

The recordings are those published with LocalStack's AWS-validated snapshots and with stackd's captures of native
AWS. Where a recording shows the function's own latency, ours is zero: the gaps here are back-off alone (0.2 s and 0.4 s
where 0.28 s and 0.39 s, 0.202 s, 0.222 s and 0.238 s were measured).
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from streamsim.model.batch import Batch
from streamsim.model.events import Discard, Event, Invoke, ShardOpen
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.names import shard_id
from streamsim.model.outcome import Outcome
from streamsim.model.units import MIB, SECOND
from streamsim.report.phrases import shard_number
from streamsim.rules.streams.hash_keys import lane_of
from tests.stage import QUEUE, Kin, given, lines, play

PLAIN = EventSourceMapping(hand_over=0, on_failure=QUEUE, maximum_retry_attempts=1)
FOUR = {0: given(0, 0, 0, 0)}
OK = Outcome("success")
RAISED = Outcome("error", error="ValueError: bad record")


def raises_always(_: Batch) -> Outcome:
    return RAISED


def raises_at_2(batch: Batch) -> Outcome:
    return RAISED if 1 in batch.positions else OK


def reports_2(batch: Batch) -> Outcome:
    if 1 not in batch.positions:
        return OK
    return Outcome(
        "success", response={"batchItemFailures": [{"itemIdentifier": batch.log.sequence_number(1)}]}
    )


def test_a_a_raising_function_is_retried_with_one_request_id() -> None:
    told = play(replace(PLAIN, maximum_retry_attempts=2), FOUR, raises_always)
    assert lines(told.events) == [
        "0 [1,2,3,4] (a) try 1 -> error",
        "200 [1,2,3,4] (a) try 2 -> error",
        "600 [1,2,3,4] (a) try 3 -> error",
        "600 discard [1,2,3,4] RetryAttemptsExhausted count 3",
    ]


def test_b_bisect_goes_depth_first_left_half_first_and_retries_one_record_only() -> None:
    told = play(replace(PLAIN, bisect_batch_on_function_error=True), FOUR, raises_at_2)
    assert lines(told.events) == [
        "0 [1,2,3,4] (a) try 1 -> error",
        "0 [1,2] (b) try 1 -> error",
        "0 [1] (c) try 1 -> success",
        "0 [2] (d) try 1 -> error",
        "200 [2] (d) try 2 -> error",
        "200 discard [2] RetryAttemptsExhausted count 2",
        "200 [3,4] (e) try 1 -> success",
    ]


def test_c_a_partial_response_sends_the_remainder_at_once_and_then_retries_it() -> None:
    told = play(replace(PLAIN, report_batch_item_failures=True), FOUR, reports_2)
    assert lines(told.events) == [
        "0 [1,2,3,4] (a) try 1 -> partial from 2",
        "0 [2,3,4] (b) try 1 -> partial from 2",
        "200 [2,3,4] (b) try 2 -> partial from 2",
        "200 discard [2,3,4] RetryAttemptsExhausted count 2",
    ]


def test_d_partial_responses_and_bisect_cut_on_both_sides_of_the_record() -> None:
    both = replace(PLAIN, report_batch_item_failures=True, bisect_batch_on_function_error=True)
    told = play(both, FOUR, reports_2)
    assert lines(told.events) == [
        "0 [1,2,3,4] (a) try 1 -> partial from 2",
        "0 [2,3,4] (b) try 1 -> partial from 2",
        "0 [2] (c) try 1 -> partial from 2",
        "200 [2] (c) try 2 -> partial from 2",
        "200 discard [2] RetryAttemptsExhausted count 2",
        "200 [3,4] (d) try 1 -> success",
    ]


def test_e_failures_reported_without_the_setting_are_ignored() -> None:
    assert lines(play(PLAIN, FOUR, reports_2).events) == ["0 [1,2,3,4] (a) try 1 -> success"]


@pytest.mark.parametrize(("retries", "tries"), [(0, 1), (2, 3)])
def test_f_a_record_too_large_for_an_event_spends_attempts_unseen(retries: int, tries: int) -> None:
    records = {0: [*given(0, data=b"x" * (5 * MIB)), *given(0)]}
    told = play(replace(PLAIN, maximum_retry_attempts=retries), records, lambda _: OK)
    waits = [0, 200, 600]
    assert lines(told.events) == [
        *(f"{waits[number]} [1] (a) try {number + 1} -> too_large" for number in range(tries)),
        f"{waits[tries - 1]} discard [1] RetryAttemptsExhausted count {tries}",
        f"{waits[tries - 1]} [2] (b) try 1 -> success",
    ]
    assert [len(batch) for batch in told.calls] == [1]


def test_g_records_older_than_the_maximum_age_are_never_sent() -> None:
    late = replace(PLAIN, maximum_record_age_in_seconds=60, start_up_lag=70 * SECOND)
    told = play(late, {0: given(0)}, lambda _: OK)
    assert lines(told.events) == ["70000 discard [1] RecordAgeExceeded count 1"]
    assert not told.calls


def test_only_the_old_record_of_a_batch_leaves_it() -> None:
    """recorded: one old and five fresh records under BatchSize 10; the document says batchSize 1."""
    late = replace(PLAIN, maximum_record_age_in_seconds=60, start_up_lag=70 * SECOND)
    told = play(late, {0: given(0, *[69 * SECOND] * 5)}, lambda _: OK)
    assert lines(told.events) == [
        "70000 discard [1] RecordAgeExceeded count 1",
        "70000 [2,3,4,5,6] (a) try 1 -> success",
    ]


def test_a_batch_retried_for_ever_expires_after_eight_attempts() -> None:
    """recorded: record age 60 s, no retry limit, and at least 9 s between arrival and the first attempt."""
    patient = replace(
        PLAIN, maximum_retry_attempts=-1, maximum_record_age_in_seconds=60, start_up_lag=10 * SECOND
    )
    told = lines(play(patient, {0: given(0)}, raises_always).events)
    assert told == [
        *(
            f"{at} [1] (a) try {number} -> error"
            for number, at in enumerate([10000, 10200, 10600, 11400, 13000, 16200, 22600, 35400], 1)
        ),
        "61000 discard [1] RecordAgeExceeded count 8",
    ]


def test_progress_resets_the_count() -> None:
    """recorded: six records, BatchSize 3, three retries, the last one reported: it is seen five times, its count is 4."""

    def reports_6(batch: Batch) -> Outcome:
        if 5 not in batch.positions:
            return OK
        return Outcome(
            "success", response={"batchItemFailures": [{"itemIdentifier": batch.log.sequence_number(5)}]}
        )

    mapping = replace(PLAIN, batch_size=3, maximum_retry_attempts=3, report_batch_item_failures=True)
    told = play(mapping, {0: given(0, 0, 0, 0, 0, 0)}, reports_6)
    assert lines(told.events) == [
        "0 [1,2,3] (a) try 1 -> success",
        "0 [4,5,6] (b) try 1 -> partial from 6",
        "0 [6] (c) try 1 -> partial from 6",
        "200 [6] (c) try 2 -> partial from 6",
        "600 [6] (c) try 3 -> partial from 6",
        "1400 [6] (c) try 4 -> partial from 6",
        "1400 discard [6] RetryAttemptsExhausted count 4",
    ]
    assert sum(len(batch) for batch in told.calls) == 10


def test_h_a_reshard_while_it_runs_delivers_all_parent_records_before_any_child_record() -> None:
    """recorded: shards 0 and 1 merge into 2, which is split into 3 and 4; the merged child waits for both its parents."""
    lineage = {
        0: Kin(closed_at=4 * SECOND),
        1: Kin(closed_at=4 * SECOND),
        2: Kin((0, 1), 4 * SECOND, 8 * SECOND),
        3: Kin((2,), 8 * SECOND),
        4: Kin((2,), 8 * SECOND),
    }
    records = {
        0: given(1 * SECOND, 3 * SECOND),
        1: given(2 * SECOND, 3 * SECOND),
        2: given(5 * SECOND, 6 * SECOND),
        3: given(9 * SECOND),
        4: given(9 * SECOND),
    }

    def slow_in_1(batch: Batch) -> Outcome:
        return Outcome("success", 10 * SECOND if batch.shard == shard_id(1) else 0)

    told = play(replace(PLAIN, batch_size=1), records, slow_in_1, lineage=lineage)
    assert shards_and_lines(told.events) == [
        "0: 1000 [1]",
        "1: 2000 [1]",
        "0: 3000 [2]",
        "1: 12000 [2]",
        "2 begins at 22000",
        "2: 22000 [1]",
        "2: 22000 [2]",
        "3 begins at 22000",
        "4 begins at 22000",
        "3: 22000 [1]",
        "4: 22000 [1]",
    ]


def test_a_poison_record_holds_up_the_children_of_its_shard_alone() -> None:
    """A merge and a split in mid-flight under ten lanes: the lane of the bad record keeps a shard from being drained."""
    lineage = {
        0: Kin(closed_at=4 * SECOND),
        1: Kin(closed_at=4 * SECOND),
        2: Kin(closed_at=4 * SECOND),
        3: Kin((0, 1), 4 * SECOND),
        4: Kin((2,), 4 * SECOND),
        5: Kin((2,), 4 * SECOND),
    }
    apart = [next(key for key in map(str, range(99)) if lane_of(key, 10) == lane) for lane in (0, 1)]
    records = {
        shard: [one for at in (SECOND, 3 * SECOND) for key in apart for one in given(at, key=key)]
        for shard in (0, 1, 2)
    } | {shard: given(5 * SECOND) for shard in (3, 4, 5)}

    def raises_at_1_of_1(batch: Batch) -> Outcome:
        return RAISED if batch.shard == shard_id(1) and 0 in batch.positions else OK

    ten = replace(PLAIN, batch_size=1, parallelization_factor=10, maximum_retry_attempts=6)
    told = play(ten, records, raises_at_1_of_1, lineage=lineage)
    begins = {
        event.shard: event.t // 1000
        for event in told.events
        if isinstance(event, ShardOpen) and event.parents
    }
    given_up = 1000 + 200 * (2**6 - 1)
    assert begins == {shard_id(4): 4000, shard_id(5): 4000, shard_id(3): given_up}
    first_of_3 = next(
        event for event in told.events if isinstance(event, Invoke) and event.shard == shard_id(3)
    )
    assert first_of_3.t // 1000 == given_up
    discarded = [event for event in told.events if isinstance(event, Discard)]
    assert [(event.shard, list(event.positions), event.attempts) for event in discarded] == [
        (shard_id(1), [0], 7)
    ]


def shards_and_lines(events: Sequence[Event]) -> list[str]:
    """First sendings with their shard, and when shards begin that have parents: ms, records from 1."""
    told = []
    for event in events:
        match event:
            case Invoke(attempt=1):
                numbers = ",".join(str(position + 1) for position in event.positions)
                told.append(f"{shard_number(event.shard)}: {event.t // 1000} [{numbers}]")
            case ShardOpen() if event.parents:
                told.append(f"{shard_number(event.shard)} begins at {event.t // 1000}")
            case _:
                pass
    return told
