"""The sentence about a run: that it says what happened, and nothing that did not."""

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.model.units import SECOND
from streamsim.report.timeline import Timeline
from streamsim.report.verdict import noted, what_happened
from tests.report import runs

PLACE = ("default", runs.shard_id(0), 0)


def invoke(t: int, request_id: str, attempt: int, positions: range) -> Event:
    return happened.Invoke(t, *PLACE, request_id, attempt, positions, "1", "2", 1, 0)


def discard(t: int, request_id: str, positions: range, attempts: int = 1) -> Event:
    return happened.Discard(t, *PLACE, request_id, "RecordAgeExceeded", positions, attempts, None, False)


def seen(*events: Event) -> Timeline:
    timeline = Timeline(runs.header("By hand", 1))
    for event in events:
        timeline(event)
    return timeline


FAILED = (
    invoke(0, "aaaa", 1, range(1)),
    happened.Result(SECOND, *PLACE, "aaaa", 1, "error", SECOND),
    discard(3 * SECOND, "aaaa", range(1)),
)


def test_records_discarded_unsent_behind_a_bad_one_are_told_apart() -> None:
    timeline = seen(
        *FAILED, discard(3 * SECOND, "bbbb", range(1, 9)), discard(3 * SECOND, "cccc", range(9, 10))
    )
    assert what_happened(timeline, {}) == (
        "Record 0 of shard 0 failed every time; after 1 try it was discarded without a destination. "
        "That held its shard for 2 s; 9 records behind it were discarded unsent."
    )
    assert noted(timeline.incidents.worst()[0]).endswith("2 s later; 9 behind it unsent")


def test_what_is_discarded_after_later_batches_went_through_was_not_behind_it() -> None:
    timeline = seen(
        *FAILED,
        invoke(4 * SECOND, "bbbb", 1, range(1, 2)),
        happened.Result(5 * SECOND, *PLACE, "bbbb", 1, "success", SECOND),
        discard(9 * SECOND, "cccc", range(2, 9)),
    )
    assert timeline.incidents.worst()[0].unsent == 0


def test_records_that_only_a_larger_batch_held_have_no_tries_of_their_own() -> None:
    timeline = seen(
        invoke(0, "aaaa", 1, range(4)),
        happened.Result(SECOND, *PLACE, "aaaa", 1, "error", SECOND),
        happened.Split(SECOND, *PLACE, "aaaa", 2),
        discard(3 * SECOND, "bbbb", range(2)),
    )
    assert "; 2 records were discarded" in what_happened(timeline, {})


def test_without_an_incident_discarded_records_never_reached_the_function() -> None:
    timeline = seen(discard(9 * SECOND, "aaaa", range(7)))
    assert what_happened(timeline, {}) == (
        "7 records grew too old and were discarded; the function never saw them."
    )


def test_a_run_without_an_invocation_says_why() -> None:
    timeline = seen(happened.Filtered(0, *PLACE, range(3)))
    assert what_happened(timeline, {}) == "The function was never invoked."
    assert what_happened(timeline, {"FilteredOutEventCount": 0}) == "The function was never invoked."
    assert what_happened(timeline, {"FilteredOutEventCount": 3}) == (
        "The function was never invoked: filters removed 3 records."
    )


def test_a_mapping_that_fell_behind_without_failing_says_until_when() -> None:
    timeline = seen(
        invoke(SECOND, "aaaa", 1, range(1)), happened.Result(2 * SECOND, *PLACE, "aaaa", 1, "success", SECOND)
    )
    behind = {"IteratorAge": {"max": 37_800}, "caught_up": 97_000}
    assert what_happened(timeline, behind) == (
        "Nothing failed in 1 invocation, yet batches were up to 37.8 s old: the mapping was behind until 1 m 37 s."
    )
    assert what_happened(timeline, behind | {"caught_up": 0}) == (
        "Nothing failed in 1 invocation; no batch was older than 37.8 s."
    )


def test_a_function_that_never_ran_for_throttles_says_so() -> None:
    timeline = seen(
        invoke(0, "aaaa", 1, range(1)),
        happened.Result(0, *PLACE, "aaaa", 1, "throttled", 0),
        happened.Expired(SECOND, *PLACE, range(1)),
    )
    assert what_happened(timeline, {}) == (
        "Every request was throttled, so the function never ran; 1 record expired."
    )
