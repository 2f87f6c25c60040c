"""The sentence about a run: that it says what happened, and nothing that did not."""

from dataclasses import replace

import pytest

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.model.units import SECOND
from streamsim.report.picture.timeline import Timeline
from streamsim.report.remarks import Gravity, remarks
from streamsim.report.story.words import noted
from streamsim.report.verdict import what_happened
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


def test_records_between_those_that_bisect_gave_up_are_not_said_to_have_failed() -> None:
    timeline = seen(
        invoke(0, "aaaa", 1, range(4)),
        happened.Result(SECOND, *PLACE, "aaaa", 1, "error", SECOND),
        happened.Split(SECOND, *PLACE, "aaaa", 1),
        invoke(2 * SECOND, "bbbb", 1, range(1)),
        happened.Result(3 * SECOND, *PLACE, "bbbb", 1, "error", SECOND),
        discard(3 * SECOND, "bbbb", range(1)),
        invoke(4 * SECOND, "cccc", 1, range(1, 3)),
        happened.Result(5 * SECOND, *PLACE, "cccc", 1, "success", SECOND),
        invoke(6 * SECOND, "dddd", 1, range(3, 4)),
        happened.Result(7 * SECOND, *PLACE, "dddd", 1, "error", SECOND),
        discard(7 * SECOND, "dddd", range(3, 4)),
    )
    assert noted(timeline.incidents.worst()[0]) == (
        "2 of records 0-3 failed every time; discarded in 2 batches without a destination, 6 s later"
    )
    assert what_happened(timeline, {}) == (
        "2 records of shard 0 failed every time and were discarded in 2 batches without a destination. "
        "That held their shard for 6 s."
    )


def test_without_an_incident_discarded_records_never_reached_the_function() -> None:
    timeline = seen(discard(9 * SECOND, "aaaa", range(7)))
    assert what_happened(timeline, {}) == (
        "7 records grew too old and were discarded; the function never saw them."
    )


WELL = (
    invoke(0, "aaaa", 1, range(4)),
    happened.Result(SECOND, *PLACE, "aaaa", 1, "success", SECOND),
)
OPEN = happened.ShardOpen(0, *PLACE[:2], (), 0, 0)
STOP = happened.ShardStop(10 * SECOND, *PLACE[:2], 4)
DISABLED = happened.StateChange(10 * SECOND, "default", "Disabled", "OK")
ENABLED = happened.StateChange(40 * SECOND, "default", "Enabled", "OK")
AGAIN = happened.ShardOpen(40 * SECOND, *PLACE[:2], (), 4, 90)
BEGUN = happened.StateChange(0, "default", "Enabled", "No records processed")
END = happened.ShardEnd(60 * SECOND, *PLACE[:2], 4)


def test_a_mapping_that_stays_disabled_is_the_news_unless_it_was_through() -> None:
    assert what_happened(seen(BEGUN, OPEN, *WELL, STOP, DISABLED), {}) == (
        "The mapping was disabled for good at 10 s: what was in its shards then or came later is unread."
    )
    through = END._replace(t=9 * SECOND)
    assert what_happened(seen(BEGUN, OPEN, *WELL, through, DISABLED), {}) == "Nothing failed in 1 invocation."


def test_a_deleted_mapping_leaves_its_shards_unread() -> None:
    deleting = happened.StateChange(9 * SECOND, "default", "Deleting", "OK")
    assert what_happened(seen(BEGUN, OPEN, *WELL, deleting, STOP), {}) == (
        "The mapping was deleted at 10 s: what was in its shards then or came later is unread."
    )


def test_a_mapping_that_was_never_enabled_read_nothing() -> None:
    created = happened.StateChange(0, "default", "Disabled", "No records processed")
    assert what_happened(seen(created, END), {}) == (
        "The mapping was created disabled and never enabled: nothing was read."
    )


def test_a_mapping_that_was_disabled_and_then_deleted_tells_both_times() -> None:
    deleting = happened.StateChange(30 * SECOND, "default", "Deleting", "OK")
    assert what_happened(seen(BEGUN, OPEN, *WELL, STOP, DISABLED, deleting), {}) == (
        "The mapping was disabled at 10 s and deleted at 30 s: what was in its shards then or came later is unread."
    )
    created = happened.StateChange(0, "default", "Disabled", "No records processed")
    assert what_happened(seen(created, deleting), {}) == (
        "The mapping was created disabled and deleted at 30 s: nothing was read."
    )


@pytest.mark.parametrize(
    ("t", "note"),
    [
        (9, "goes on with BatchSize 7"),
        (10, "gets BatchSize 7 while it is disabled"),
        (39, "gets BatchSize 7 while it is disabled"),
        (40, "goes on with BatchSize 7"),
    ],
)
def test_a_mapping_goes_on_with_an_update_unless_it_is_disabled(t: int, note: str) -> None:
    update = happened.Update(t * SECOND, "default", {"BatchSize": 7})
    timeline = seen(BEGUN, OPEN, *WELL, STOP, DISABLED, update, ENABLED, AGAIN, END)
    assert note in [remark.note for remark in remarks(timeline, {})]


def test_what_waits_for_a_disabled_mapping_is_told_and_what_expires_is_worse() -> None:
    halted = (BEGUN, OPEN, *WELL, STOP, DISABLED, ENABLED, AGAIN)
    assert what_happened(seen(*halted, END), {}) == (
        "The mapping was disabled from 10 s to 40 s; 86 records waited for it."
    )
    expired = happened.Expired(40 * SECOND, *PLACE, range(4, 60))
    assert what_happened(seen(*halted, expired, END), {}) == (
        "The mapping was disabled from 10 s to 40 s; 56 records expired meanwhile unread."
    )


def test_what_expires_after_it_went_on_is_its_own_slowness() -> None:
    late = (
        invoke(50 * SECOND, "bbbb", 1, range(4, 8)),
        happened.Result(51 * SECOND, *PLACE, "bbbb", 1, "success", SECOND),
        happened.Expired(52 * SECOND, *PLACE, range(8, 60)),
    )
    assert what_happened(seen(BEGUN, OPEN, *WELL, STOP, DISABLED, ENABLED, AGAIN, *late), {}) == (
        "52 records expired unread: the mapping was too slow."
    )


def test_records_that_are_skipped_while_a_mapping_starts_are_told() -> None:
    begins = happened.StateChange(35 * SECOND, "default", "Enabled", "No records processed")
    opens = happened.ShardOpen(35 * SECOND, *PLACE[:2], (), 371, 371)
    later = (event._replace(t=event.t + 40 * SECOND) for event in WELL)
    assert what_happened(seen(begins, opens, *later), {}).startswith(
        "371 records were skipped: the mapping began to read 35 s after its creation, at "
    )


def test_a_lost_window_is_told_with_what_it_had_counted() -> None:
    window = (0, 10 * SECOND)
    timeline = Timeline(runs.header("Windows", 1, TumblingWindowInSeconds=10))
    for event in (
        happened.Invoke(0, *PLACE, "aaaa", 1, range(4), "1", "2", 1, 0, window),
        happened.Result(SECOND, *PLACE, "aaaa", 1, "success", SECOND),
        happened.Invoke(2 * SECOND, *PLACE, "bbbb", 1, range(4, 7), "1", "2", 1, 0, window),
        happened.Result(3 * SECOND, *PLACE, "bbbb", 1, "success", SECOND),
        happened.WindowClose(10 * SECOND, *PLACE, "cccc", 1, *window, False, 99, 1),
        happened.Result(11 * SECOND, *PLACE, "cccc", 1, "error", SECOND),
        happened.WindowLost(11 * SECOND, *PLACE, "cccc", "RetryAttemptsExhausted", *window, 1, None, False),
    ):
        timeline(event)
    assert what_happened(timeline, {}) == (
        "The state of window 0 s to 10 s of shard 0 was lost after 1 try, and with it what 7 records had added to it; "
        "there is no destination."
    )


@pytest.mark.parametrize(
    ("closed", "said"),
    [
        pytest.param(
            False,
            "The mapping stopped at 10 s with 1 window open: its state was lost, and what 4 records had added with it.",
            id="it is still open",
        ),
        pytest.param(True, "Nothing failed in 2 invocations.", id="it is closed by then"),
    ],
)
def test_a_window_that_is_open_when_its_mapping_stops_loses_its_state(closed: bool, said: str) -> None:
    window = (0, 10 * SECOND)
    header = runs.header("Windows", 1, TumblingWindowInSeconds=10)
    timeline = Timeline(header)
    closing = (
        happened.WindowClose(9 * SECOND, *PLACE, "cccc", 1, *window, False, 99, 1),
        happened.Result(10 * SECOND, *PLACE, "cccc", 1, "success", SECOND),
    )
    for event in (
        happened.Invoke(0, *PLACE, "aaaa", 1, range(4), "1", "2", 1, 0, window),
        happened.Result(SECOND, *PLACE, "aaaa", 1, "success", SECOND),
        *(closing if closed else ()),
        STOP,
    ):
        timeline(event)
    assert what_happened(timeline, {}) == said


def test_windows_left_open_more_than_once_are_told_together() -> None:
    window, later = (0, 10 * SECOND), (10 * SECOND, 20 * SECOND)
    timeline = Timeline(runs.header("Windows", 1, TumblingWindowInSeconds=10))
    for event in (
        happened.Invoke(0, *PLACE, "aaaa", 1, range(4), "1", "2", 1, 0, window),
        happened.Result(SECOND, *PLACE, "aaaa", 1, "success", SECOND),
        STOP,
        happened.Invoke(12 * SECOND, *PLACE, "bbbb", 1, range(4, 5), "1", "2", 1, 0, later),
        happened.Result(13 * SECOND, *PLACE, "bbbb", 1, "success", SECOND),
        STOP._replace(t=15 * SECOND),
    ):
        timeline(event)
    assert what_happened(timeline, {}) == (
        "The mapping stopped between 10 s and 15 s with 2 windows open: "
        "their states were lost, and what 5 records had added with them."
    )


def test_an_end_of_a_window_that_fails_and_then_succeeds_is_a_failure() -> None:
    window = (0, 10 * SECOND)
    timeline = seen(
        happened.WindowClose(10 * SECOND, *PLACE, "cccc", 1, *window, False, 99, 1),
        happened.Result(11 * SECOND, *PLACE, "cccc", 1, "error", SECOND),
        happened.WindowClose(12 * SECOND, *PLACE, "cccc", 2, *window, False, 99, 1),
        happened.Result(13 * SECOND, *PLACE, "cccc", 2, "success", SECOND),
    )
    assert what_happened(timeline, {}) == "1 of 2 invocations failed, none of them with records."


def produced(**counts: int) -> Event:
    zero = dict.fromkeys(("throttled", "retried", "given_up", "duplicated", "overtaken", "delay"), 0)
    return happened.Produced(5 * SECOND, "orders", **{"records": 100, "calls": 9, **zero, **counts})


def test_what_a_producer_lost_or_put_out_of_order_is_told() -> None:
    assert what_happened(seen(*WELL, produced(given_up=7, throttled=30)), {}) == (
        "7 of 100 records never got into the stream: its shards refused records 30 times."
    )
    assert what_happened(seen(*WELL, produced(overtaken=1)), {}) == (
        "1 record came into the stream behind a younger one of its key: the function sees them in that order."
    )
    assert what_happened(seen(*WELL, produced(duplicated=3)), {}) == "Nothing failed in 1 invocation."


def test_children_that_wait_for_their_parents_make_a_reshard_news() -> None:
    parent, child = runs.shard_id(0), runs.shard_id(1)
    reshard = happened.Reshard(5 * SECOND, "orders", "SplitShard 0", (parent,), (child,))

    def opened(at: int) -> Timeline:
        return seen(OPEN, *WELL, reshard, happened.ShardOpen(at, "default", child, (parent,), 0, 9))

    assert what_happened(opened(65 * SECOND), {}) == (
        "SplitShard 0 at 5 s opened 1 shard, read up to 1 m later, after what their parents held."
    )
    assert what_happened(opened(6 * SECOND), {}) == "Nothing failed in 1 invocation."
    (remark,) = remarks(opened(6 * SECOND), {})
    assert remark.note == "SplitShard 0: 0 closes, 1 opens"


def test_reshards_that_come_all_the_time_are_only_drawn() -> None:
    many = [happened.Reshard(t, "orders", "roll-over", (runs.shard_id(t),), ()) for t in range(9)]
    assert remarks(seen(*WELL, *many), {}) == []


def test_an_update_is_remarked_with_what_it_changes() -> None:
    update = happened.Update(5 * SECOND, "default", {"Enabled": True, "BatchSize": 10})
    (remark,) = remarks(seen(BEGUN, *WELL, update), {})
    assert (remark.t, remark.place, remark.note) == (5 * SECOND, "mapping", "goes on with BatchSize 10")


def test_cold_starts_are_remarked_where_they_take_much_of_the_time() -> None:
    cold = {"cold_starts": 2, "Invocations": 100, "InitDuration": {"avg": 4000}, "Duration": {"avg": 100}}
    (remark,) = remarks(seen(*WELL), cold)
    assert remark.sentence == "2 of 100 invocations began cold, which took 44% of the function's time."
    assert remarks(seen(*WELL), cold | {"InitDuration": {"avg": 40}}) == []


def traffic(name: str, source: str, **counts: int) -> str:
    header = replace(runs.header("Calls", 1), traffic={name: {"source": source, "FunctionName": "fn"}})
    timeline = Timeline(header)
    for event in WELL:
        timeline(event)
    return what_happened(timeline, {"traffic": {"sources": {name: counts}}})


def test_calls_that_get_no_answer_are_told() -> None:
    assert traffic("checkout", "api_gateway", requests=900, throttles=30, too_late=2) == (
        "Of 900 calls to checkout 30 got 429 and 2 got 504."
    )
    assert (
        traffic("uploads", "s3", requests=900, throttles=30, lost=1) == "1 of 900 events of uploads was lost."
    )
    assert traffic("uploads", "s3", requests=900, throttles=30, lost=0) == "Nothing failed in 1 invocation."


def test_the_gravest_of_several_things_is_the_headline() -> None:
    gone = seen(*FAILED, produced(given_up=7))
    assert [remark.gravity for remark in remarks(gone, {})] == [Gravity.GONE, Gravity.REFUSED]
    assert what_happened(gone, {}).startswith("7 of 100 records never got into the stream")


def test_a_run_without_an_invocation_says_why() -> None:
    timeline = seen(happened.Filtered(0, *PLACE, range(3)))
    assert what_happened(timeline, {}) == "The function was never invoked."
    assert what_happened(timeline, {"FilteredOutEventCount": 0}) == "The function was never invoked."
    assert what_happened(timeline, {"FilteredOutEventCount": 3}) == (
        "The function was never invoked: filters removed 3 records."
    )


def test_requests_of_other_sources_that_all_went_well_are_told_too() -> None:
    def told(timeline: Timeline, requests: int, successes: int) -> str:
        return what_happened(timeline, {"traffic": {"requests": requests, "successes": successes}})

    assert told(seen(*WELL), 900, 900) == (
        "Nothing failed in 1 invocation. All 900 requests of other sources succeeded."
    )
    assert told(seen(*WELL), 1, 1).endswith(" The one request of other sources succeeded.")
    assert told(seen(*WELL), 900, 899) == "Nothing failed in 1 invocation."
    assert told(seen(), 900, 900) == "No batch was sent. All 900 requests of other sources succeeded."
    assert told(seen(), 900, 899) == "No batch was sent."


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


def failing(lane: int = 0, shard: int = 0) -> tuple[Event, ...]:
    """Two tries of two records that fail, and then the shard stops for an update."""
    place = ("default", runs.shard_id(shard), lane)
    positions = range(2)
    return (
        happened.Invoke(SECOND, *place, "aaaa", 1, positions, "1", "2", 1, 0),
        happened.Result(2 * SECOND, *place, "aaaa", 1, "error", SECOND),
        happened.Invoke(3 * SECOND, *place, "aaaa", 2, positions, "1", "2", 1, 0),
        happened.Result(4 * SECOND, *place, "aaaa", 2, "error", SECOND),
        happened.ShardStop(10 * SECOND, *place[:2], 4),
    )


def updated(**settings: object) -> Event:
    return happened.Update(10 * SECOND, "default", settings)


def checkpoint(t: int, position: int) -> Event:
    return happened.Checkpoint(t, *PLACE[:2], position, "1")


SENT = (
    invoke(11 * SECOND, "bbbb", 1, range(1, 2)),
    happened.Result(12 * SECOND, *PLACE, "bbbb", 1, "success", SECOND),
)


def test_a_bad_record_that_a_new_filter_removes_did_not_go_through() -> None:
    filtered = happened.Filtered(10 * SECOND, *PLACE, range(2))
    timeline = seen(*failing(), updated(FilterCriteria={}), filtered, checkpoint(10 * SECOND, 2))
    (incident,) = timeline.incidents.worst()
    assert (incident.ended, incident.held) == (True, 8 * SECOND)
    assert what_happened(timeline, {}) == (
        "Records 0-1 (2) of shard 0 failed 2 times in a row and held their shard for 8 s, until a new filter removed them."
    )
    assert noted(incident) == "Records 0-1 failed 2 times in a row; a new filter removed them, 8 s later"


def test_a_new_filter_may_remove_a_part_of_a_failed_batch() -> None:
    filtered = happened.Filtered(10 * SECOND, *PLACE, (0, 2, 3))
    timeline = seen(*failing(), updated(FilterCriteria={}), filtered, *SENT, checkpoint(12 * SECOND, 4))
    assert what_happened(timeline, {}) == (
        "Records 0-1 (2) of shard 0 went through after 2 failed tries and held their shard for 10 s; "
        "a new filter removed 1 of them."
    )


def test_a_batch_whose_lane_an_update_takes_away_is_over_when_the_checkpoint_has_passed_it() -> None:
    update = updated(ParallelizationFactor=1)
    timeline = seen(*failing(7), update, *SENT, checkpoint(12 * SECOND, 2))
    (incident,) = timeline.incidents.worst()
    assert (incident.ended, incident.held) == (True, 10 * SECOND)
    assert what_happened(timeline, {}) == (
        "Records 0-1 (2) of shard 0 failed 2 times in a row before an update changed the lanes, "
        "and held the checkpoint for 10 s in all."
    )
    assert noted(incident) == (
        "Records 0-1 failed 2 times in a row before an update changed the lanes; finished 10 s later"
    )


def test_until_then_it_goes_on_whatever_its_old_lane_sends() -> None:
    later = (
        invoke(11 * SECOND, "bbbb", 1, range(6, 7)),
        happened.Result(12 * SECOND, *PLACE, "bbbb", 1, "success", SECOND),
        checkpoint(12 * SECOND, 1),
    )
    timeline = seen(*failing(), updated(ParallelizationFactor=5), *later)
    (incident,) = timeline.incidents.worst()
    assert (incident.ended, timeline.incidents.open_count) == (False, 1)


def test_what_fails_in_a_lane_after_an_update_is_trouble_of_its_own() -> None:
    later = (
        invoke(11 * SECOND, "bbbb", 1, range(6, 7)),
        happened.Result(12 * SECOND, *PLACE, "bbbb", 1, "error", SECOND),
        checkpoint(13 * SECOND, 2),
    )
    timeline = seen(*failing(), updated(ParallelizationFactor=5), *later)
    assert [(one.positions, one.ended) for one in timeline.incidents.worst()] == [
        (range(6, 7), False),
        (range(2), True),
    ]
    new = timeline.incidents.of(*PLACE)
    assert new is not None
    assert new.positions == range(6, 7)


def test_an_update_concerns_no_other_mapping_and_a_stop_no_other_shard() -> None:
    elsewhere = failing(shard=1)[:-1]
    further = happened.Update(10 * SECOND, "further", {"ParallelizationFactor": 5})
    timeline = seen(*elsewhere, *failing(), further, checkpoint(12 * SECOND, 9))
    here, there = sorted(timeline.incidents.worst(), key=lambda incident: incident.shard)
    assert (here.ended, here.moved, there.ended) == (True, False, False)


def test_in_the_same_lane_it_goes_on_as_before() -> None:
    again = (
        invoke(11 * SECOND, "bbbb", 1, range(2)),
        happened.Result(12 * SECOND, *PLACE, "bbbb", 1, "success", SECOND),
    )
    timeline = seen(*failing(), updated(BatchSize=5), *again)
    assert what_happened(timeline, {}) == (
        "Records 0-1 (2) of shard 0 went through after 2 failed tries and held their shard for 10 s."
    )


def noted_of(criteria: object, kind: str = "kinesis") -> list[str]:
    header = runs.header("Filters", 1, FilterCriteria=criteria)
    timeline = Timeline(replace(header, streams={"orders": {"type": kind, "shards": 1}}))
    return [remark.note for remark in remarks(timeline, {})]


def test_filters_that_are_not_proven_on_aws_are_remarked() -> None:
    suffix = {"Filters": [{"Pattern": '{"data": {"a": [{"suffix": "x"}]}}'}]}
    assert noted_of(suffix) == ["FilterCriteria uses suffix, which is not proven on AWS"]
    assert noted_of({"Filters": [{"Pattern": '{"data": {"a": ["x"]}}'}]}) == []


@pytest.mark.parametrize(
    "criteria", [None, {}, [], {"Filters": [5]}, {"Filters": [{}]}, {"Filters": [{"Pattern": "x"}]}]
)
def test_filters_that_are_not_understood_are_not_remarked(criteria: object) -> None:
    assert noted_of(criteria) == []
    assert noted_of(criteria, "pigeon") == []
