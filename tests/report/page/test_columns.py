"""What the page draws of a run's events: families of batches, losses, and neighbours that are merged."""

from typing import Any

from streamsim.model.batch import Positions
from streamsim.model.events import (
    Backoff,
    Discard,
    Event,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
    ShardStop,
    Split,
    WindowClose,
)
from streamsim.report.page.columns import Columns
from streamsim.report.page.document import packed_run
from streamsim.report.page.lanes import SAME_FAMILY, SAME_ID, SPLIT, WINDOW_END
from streamsim.report.page.left_out import left_out
from streamsim.scenario.load import load
from tests.report.page.pages import ROOT, columns_of, content_of, page_of, page_of_text, runs_of

SHARD = ("default", "shardId-000000000000")


def invoke(t: int, request_id: str, positions: Positions, attempt: int = 1) -> Invoke:
    return Invoke(t, *SHARD, 0, request_id, attempt, positions, "1", "2", 1, 5)


def result(
    t: int, request_id: str, outcome: Any, duration: int = 10, attempt: int = 1, **more: Any
) -> Result:
    return Result(t, *SHARD, 0, request_id, attempt, outcome, duration, **more)


def taken(*events: Event, most: int = 1000) -> Columns:
    columns = Columns(most)
    for event in (ShardOpen(0, *SHARD, (), 0, 0), *events):
        columns(event)
    return columns


def column(columns: Columns, name: str) -> list[int]:
    return list(columns.kept[name])


BISECT = (
    invoke(0, "a", range(10, 18)),
    result(10, "a", "error", error="no"),
    Split(10, *SHARD, 0, "a", 14),
    invoke(20, "b", range(10, 14)),
    result(30, "b", "success"),
    invoke(40, "c", range(14, 18)),
    result(50, "c", "error", error="no"),
    Backoff(50, *SHARD, 0, "c", 250),
    invoke(250, "c", range(14, 18), 2),
    result(260, "c", "error", attempt=2),
    Discard(260, *SHARD, 0, "c", "RetryAttemptsExhausted", range(14, 18), 2, "sqs", delivered=True),
    invoke(300, "d", range(18, 20)),
    result(310, "d", "success"),
    ShardEnd(310, *SHARD, 20),
)


def test_halves_and_retries_stand_where_they_stood_in_the_batch_that_failed() -> None:
    columns = taken(*BISECT)
    assert column(columns, "offset") == [0, 0, 4, 4, 0]
    assert column(columns, "count") == [8, 4, 4, 4, 2]
    assert column(columns, "whole") == [8, 8, 8, 8, 2]
    family = SAME_FAMILY
    assert column(columns, "flags") == [SPLIT, family, family, family | SAME_ID, 0]
    assert column(columns, "wait") == [0, 0, 200, 0, 0]
    assert column(columns, "error") == [1, 0, 1, 0, 0]


def test_what_is_given_up_is_kept_with_its_reason() -> None:
    gone = taken(*BISECT).gone
    assert {name: list(values) for name, values in gone.kept.items()} == {
        "t": [260], "row": [0], "first": [14], "count": [4], "why": [0], "attempts": [2], "destination": [1], "delivered": [1],
    }  # fmt: skip
    assert gone.destinations.kept == ["sqs"]


def test_a_batch_with_gaps_counts_ranks_and_keeps_its_ranges_once() -> None:
    columns = taken(
        invoke(0, "a", (1, 4, 5, 9)),
        result(10, "a", "partial", failed_from=5),
        invoke(20, "b", (5, 9)),
        result(30, "b", "error"),
        Backoff(30, *SHARD, 0, "b", 40),
        invoke(40, "b", (5, 9), 2),
        result(50, "b", "success", attempt=2),
    )
    assert column(columns, "offset") == [0, 2, 2]
    assert column(columns, "failed") == [3, 0, 0]
    assert column(columns, "gap") == [5, 3, 3]
    assert columns.ranges == [[1, 1, 4, 5, 9, 9]]
    assert column(columns, "ranges") == [1, 0, 0]


def test_what_is_read_again_after_a_stop_is_a_new_batch_and_nothing_waits_beyond_it() -> None:
    columns = taken(
        invoke(0, "a", range(4)),
        result(10, "a", "error"),
        Backoff(10, *SHARD, 0, "a", 1_000),
        ShardStop(100, *SHARD, 4),
        ShardOpen(500, *SHARD, (), 0, 4),
        invoke(510, "b", range(4)),
        result(520, "b", "success"),
    )
    assert column(columns, "flags") == [0, 0]
    assert column(columns, "wait") == [90, 0]
    assert columns.shards.kept[0].stops == [[100, 500]]


def test_the_end_of_a_window_is_an_invocation_without_records() -> None:
    columns = taken(
        WindowClose(60, *SHARD, 0, "w", 1, 0, 60, terminated_early=False, state_size=2, concurrency=1),
        result(70, "w", "error"),
        Backoff(70, *SHARD, 0, "w", 80),
        WindowClose(80, *SHARD, 0, "w", 2, 0, 60, terminated_early=False, state_size=2, concurrency=1),
        result(90, "w", "success", attempt=2),
    )
    assert column(columns, "count") == [0, 0]
    assert column(columns, "flags") == [WINDOW_END, WINDOW_END | SAME_FAMILY | SAME_ID]
    assert columns.windows == [(0, 60)]


def test_without_a_result_an_invocation_lasts_until_the_trace_ends() -> None:
    columns = taken(invoke(0, "a", range(4)), ShardOpen(70, "default", "shardId-000000000001", (), 0, 0))
    assert (column(columns, "outcome"), columns.end) == ([7], 70)


def test_ordinary_neighbours_are_merged_when_there_are_too_many_and_nothing_is_lost_of_them() -> None:
    events: list[Event] = []
    for number in range(500):
        t, request_id = 100 * number, str(number)
        events += [
            invoke(t, request_id, range(2 * number, 2 * number + 2)),
            result(t + 10, request_id, "success"),
        ]
    columns = taken(*events[:600], *BISECT_LATER, *events[600:], most=50)
    assert len(columns.kept["t"]) <= 100
    assert columns.invocations == 503
    assert sum(column(columns, "times")) == 503
    assert sum(column(columns, "count")) == 1_000 + 8 + 4 + 4
    busy = zip(column(columns, "times"), column(columns, "busy"), column(columns, "took"), strict=True)
    assert sum(busy_ if times > 1 else took for times, busy_, took in busy) == 5_030
    failed = [i for i, outcome in enumerate(column(columns, "outcome")) if outcome == 2]
    assert [columns.kept["times"][i] for i in failed] == [1, 1]


def test_a_page_says_what_it_leaves_out() -> None:
    columns = taken(*BISECT)
    assert left_out(columns, tick=1, placeless=0, violations=()) == []
    columns.gone.more = 1
    assert left_out(columns, tick=10_000, placeless=2, violations=()) == [
        "Times are rounded to 10 ms, ages to 3.1 %.",
        "Of 2 ordinary batches only the size is kept, not which records.",
        "Not shown, for there are so many: 1 loss.",
    ]


def test_neighbours_that_are_one_bar_are_said_to_be() -> None:
    events: list[Event] = []
    for number in range(200):
        events += [
            invoke(100 * number, str(number), range(number, number + 1)),
            result(100 * number + 10, str(number), "success"),
        ]
    columns = taken(*events, most=50)
    (sentence,) = left_out(columns, tick=1, placeless=0, violations=())
    assert sentence.startswith(f"200 invocations are drawn as {len(columns.kept['t'])} bars")


def test_times_are_as_exact_as_there_is_room() -> None:
    (run,) = runs_of(load(ROOT / "scenarios" / "bisect.yaml"))
    exact = packed_run(run, "it", 1_000_000)
    assert columns_of(exact)["document"]["tick"] == 1
    assert columns_of(packed_run(run, "it", len(exact["data"]) - 1))["document"]["tick"] == 100
    assert columns_of(packed_run(run, "it", 0))["document"]["tick"] == 10_000


BISECT_LATER = (
    invoke(29_920, "x", range(10_000, 10_008)),
    result(29_930, "x", "error"),
    Split(29_930, *SHARD, 0, "x", 10_004),
    invoke(29_940, "y", range(10_000, 10_004)),
    result(29_950, "y", "success"),
    invoke(29_960, "z", range(10_004, 10_008)),
    result(29_970, "z", "error"),
)


def test_the_packed_starts_and_ends_are_those_of_the_events() -> None:
    run = columns_of(content_of(page_of("bisect"))["runs"][0])
    document = run["document"]
    assert document["tick"] == 1
    starts, before, at = [], 0, 0
    for _, _, count in document["rows"]:
        before = 0
        for i in range(at, at + count):
            starts.append(before + run["gap_before"][i])
            before = starts[-1] + run["took"][i] + run["wait"][i]
        at += count
    assert len(starts) == document["invocations"] == 119
    assert 13_505_000 in starts
    assert document["errors"] == ["PoisonRecord: record 151 of shardId-000000000002 cannot be handled"]


def test_the_moments_of_a_bisect_are_its_beginning_its_split_and_what_it_gave_up() -> None:
    moments = columns_of(content_of(page_of("bisect"))["runs"][0])["document"]["moments"]
    assert [(one["t"], one["title"]) for one in moments] == [
        (13_505_000, "A bad record meets a full batch"),
        (13_720_000, "Bisect closes in"),
        (16_060_000, "One record is sent to sqs"),
    ]
    assert moments[0]["worst"]


def test_what_a_partial_response_leaves_is_not_said_to_come_again_unchanged() -> None:
    moments = columns_of(content_of(page_of("partial_responses"))["runs"][0])["document"]["moments"]
    assert moments[0]["sentence"] == (
        "Of records 137-158 the function finished those before 151: what the response names and all behind it, "
        "records 151-158, will be sent again as a new batch. What is behind waits."
    )


def test_a_quiet_run_has_the_moment_of_its_oldest_batch() -> None:
    page = page_of_text(
        """
        scenario: All well
        duration: 5s
        stream: {type: kinesis, shards: 1}
        producer: {rate: 5/s}
        function: {model: {duration: 100ms}}
        """
    )
    (moment,) = columns_of(content_of(page)["runs"][0])["document"]["moments"]
    assert moment["title"] == "The oldest batch"
