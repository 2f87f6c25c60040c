"""The story of a run as text: what is told, what is folded, and that every line is true."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.model.units import HOUR, KIB, MILLISECOND, SECOND
from streamsim.report.story.shards import names
from streamsim.report.story.story import Story, story
from tests.engine.worlds import World, play_world, windowed_worlds, worlds
from tests.report import runs

Golden = Callable[[str, str], None]
NUMBER = "1" * 56


@pytest.mark.parametrize("name", ["poison", "day_long", "lanes_of_a_shard", "many_shards", "quiet"])
def test_story_reads_as_recorded(golden_text: Golden, name: str) -> None:
    lines = story(*getattr(runs, name)())
    golden_text(f"{name}.story.txt", "".join(line + "\n" for line in lines))


def test_a_poison_pill_of_a_day_fits_a_page() -> None:
    assert len(story(*runs.day_long())) <= 40


def invoke(t: int, shard: int, request_id: str, attempt: int, positions: Any) -> Event:
    return happened.Invoke(
        t, "default", runs.shard_id(shard), 0, request_id, attempt, positions, NUMBER, NUMBER, 1, 0
    )


def result(t: int, shard: int, request_id: str, attempt: int, outcome: Any, **more: Any) -> Event:
    return happened.Result(
        t, "default", runs.shard_id(shard), 0, request_id, attempt, outcome, 50 * MILLISECOND, **more
    )


def told(*events: Event) -> list[str]:
    """The lines after the heading."""
    return story(runs.header("By hand", 2), events)[3:]


def test_the_only_try_held_back_is_told_in_full() -> None:
    events: list[Event] = []
    for attempt in range(1, 5):
        events.append(invoke(attempt * SECOND, 0, "aaaa", attempt, range(5)))
        events.append(result(attempt * SECOND + 50, 0, "aaaa", attempt, "error"))
    lines = told(*events)
    assert [("try 4" in line, "more tries" in line) for line in lines] == [(False, False)] * 3 + [
        (True, False)
    ]


@pytest.mark.parametrize(
    ("highest", "positions", "how"),
    [
        (4, range(5), "records 0-4 (5) leave the stream unfinished: retention ended"),
        (4, range(20), "records 0-19 (20) leave the stream unfinished, 15 of them unread: retention ended"),
        (4, range(5, 6), "record 5 (1) leaves the stream unread: retention ended"),
    ],
)
def test_expiry_tells_what_was_never_read(highest: int, positions: range, how: str) -> None:
    lines = told(
        invoke(0, 0, "aaaa", 1, range(highest + 1)),
        result(50, 0, "aaaa", 1, "error"),
        happened.Expired(24 * HOUR, "default", runs.shard_id(0), 0, positions),
    )
    assert lines[-1].endswith(how)


@pytest.mark.parametrize(
    ("destination", "delivered", "how"),
    [
        (None, False, "RetryAttemptsExhausted, no destination"),
        ("sqs", True, "RetryAttemptsExhausted, sqs takes the document"),
        ("arn:aws:sqs:us-east-1:1:dlq", False, "RetryAttemptsExhausted, sqs dlq does not take the document"),
    ],
)
def test_discards_tell_their_condition_and_destination(
    destination: str | None, delivered: bool, how: str
) -> None:
    discard = happened.Discard(
        100,
        "default",
        runs.shard_id(0),
        0,
        "aaaa",
        "RetryAttemptsExhausted",
        range(5),
        3,
        destination,
        delivered,
    )
    lines = told(invoke(0, 0, "aaaa", 1, range(5)), result(50, 0, "aaaa", 1, "error"), discard)
    assert lines[-1].endswith(f"discard records 0-4 (5) after 3 tries: {how}")


TRIED: dict[str, tuple[list[Event], str]] = {
    "after 2 tries": (
        [invoke(0, 0, "bbbb", 1, range(9)), result(1, 0, "bbbb", 1, "error"),
         invoke(2, 0, "bbbb", 2, range(9)), result(3, 0, "bbbb", 2, "error")], "bbbb",
    ),
    "unsent": ([invoke(0, 0, "aaaa", 1, range(5)), result(1, 0, "aaaa", 1, "success")], "bbbb"),
    "throttled every time": ([invoke(0, 0, "bbbb", 1, range(9)), result(1, 0, "bbbb", 1, "throttled")], "bbbb"),
    "too large to send": ([invoke(0, 0, "bbbb", 1, range(9)), result(1, 0, "bbbb", 1, "too_large")], "bbbb"),
    "after tries in a larger batch": (
        [invoke(0, 0, "aaaa", 1, range(20)), result(1, 0, "aaaa", 1, "error")], "bbbb",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", TRIED)
def test_discards_tell_how_often_they_were_tried_not_what_the_document_counts(how: str) -> None:
    before, request_id = TRIED[how]
    attempts = 2 if how == "after 2 tries" else 1
    place = ("default", runs.shard_id(0), 0)
    lines = told(
        *before,
        happened.Discard(9, *place, request_id, "RecordAgeExceeded", range(5, 9), attempts, None, False),
    )
    assert any(f"discard records 5-8 (4) {how}: RecordAgeExceeded" in line for line in lines)


def test_children_open_after_their_parents_in_one_line() -> None:
    parents = (runs.shard_id(0),)
    opened = [happened.ShardOpen(SECOND, "default", runs.shard_id(n), parents, 0, 0) for n in (2, 3)]
    assert [line.split() for line in told(*opened)] == [["1.000", "s", "shards", "2-3", "open", "after", "0"]]


def test_losses_apart_from_incidents_are_told_while_they_are_few() -> None:
    events = [happened.Expired(n, "default", runs.shard_id(0), 0, range(n, n + 1)) for n in range(30)]
    lines = told(*events)
    assert len([line for line in lines if "retention ended" in line]) == 5
    assert "25 records expired" in lines[-1]


def test_a_bisect_of_many_bad_records_is_told_up_to_a_point() -> None:
    lane = runs.Lane(
        0, 500, SECOND, lambda *_: ("error", MILLISECOND, "bad", None), size=1000, retries=0, bisect=True
    )
    lines = story(runs.header("All bad", 1), runs.merged([lane], 1))
    assert len(lines) < 70
    assert any("more attempts" in line for line in lines)


def test_lines_stream_out_before_the_run_ends() -> None:
    lines: list[str] = []
    header, events = runs.poison()
    teller = Story(header, lines.append)
    for event in events[: len(events) // 2]:
        teller(event)
    assert len(lines) > 10


COUNTED = (
    r"([\d,]+) more tries",
    r"([\d,]+) more attempts?",
    r"([\d,]+) invocations? in",
    r"([\d,]+) fails?\b",
    r"([\d,]+) windows? (?:closed|ended)",
    r"([\d,]+) throttled",
)


def attempts_told(lines: list[str]) -> int:
    """How many attempts the lines speak of, one by one or in counts."""
    total = 0
    for line in lines:
        words, arrow, _ = line.partition("  -> ")
        total += bool(arrow)
        if "more tries" in words:
            words = words.partition("more tries")[0] + "more tries"
        total += sum(int(count.replace(",", "")) for one in COUNTED for count in re.findall(one, words))
    return total


@settings(max_examples=30)
@given(st.one_of(worlds, windowed_worlds))
def test_every_attempt_of_any_world_is_told_or_counted_once(world: World) -> None:
    events = play_world(world)
    lines = story(world.header, events)[3:]
    assert attempts_told(lines) == sum(isinstance(event, happened.Result) for event in events), "\n".join(
        lines
    )


@pytest.mark.parametrize(
    ("streams", "line"),
    [
        (1, "     9.000 s  reshard   MergeShards 1 and 0: 1, 0 close, 2 opens"),
        (2, "     9.000 s  reshard   orders: MergeShards 1 and 0: 1, 0 close, 2 opens"),
    ],
)
def test_a_reshard_says_which_shards_close_and_open_and_whose_where_streams_are_several(
    streams: int, line: str
) -> None:
    head = runs.header("By hand", 2)
    head = replace(head, streams={**head.streams, **({"returns": {}} if streams == 2 else {})})
    reshard = happened.Reshard(
        9 * SECOND, "orders", "MergeShards 1 and 0", (runs.shard_id(1), runs.shard_id(0)), (runs.shard_id(2),)
    )
    assert story(head, [reshard])[3:] == [line]


def close(t: int, request_id: str, outcome: Any, attempt: int = 1, **more: Any) -> list[Event]:
    place = ("default", runs.shard_id(0), 0)
    early = more.pop("early", False)
    return [
        happened.WindowClose(t, *place, request_id, attempt, 0, 60 * SECOND, early, 5 * KIB, 1),
        happened.Result(t, *place, request_id, attempt, outcome, 140 * MILLISECOND, **more),
    ]


def test_a_window_that_closes_is_counted_and_one_that_fails_is_told_until_it_is_lost() -> None:
    place = ("default", runs.shard_id(0), 0)
    backs_off = happened.Backoff(62 * SECOND, *place, "bbbb", 62 * SECOND + 200 * MILLISECOND)
    lost = happened.WindowLost(
        63 * SECOND, *place, "bbbb", "RetryAttemptsExhausted", 0, 60 * SECOND, 2, None, False
    )
    events = [
        *close(60 * SECOND, "aaaa", "success"),
        *close(61 * SECOND, "cccc", "success", early=True),
        *close(62 * SECOND, "bbbb", "error", error="no database"),
        backs_off,
        *close(63 * SECOND, "bbbb", "error", 2, error="no database"),
        lost,
        *close(64 * SECOND, "dddd", "success"),
    ]
    lines = [" ".join(line.split()) for line in story(runs.header("By hand", 1), events)[3:]]
    assert lines == [
        "0:01:00.000 … 1 window closed, 1 window ended early, until 0:01:01.000",
        (
            "0:01:02.000 shard 0 close bbbb try 1 window 0 s to 1 m, state 5 KiB -> error after 140 ms, "
            "again in 200 ms: no database"
        ),
        "0:01:03.000 shard 0 close bbbb try 2 window 0 s to 1 m, state 5 KiB -> error after 140 ms",
        "0:01:03.000 shard 0 lose the state of window 0 s to 1 m after 2 tries: RetryAttemptsExhausted, no destination",
        "0:01:04.000 … 1 window closed, until 0:01:04.000",
    ]


def test_a_stop_ends_what_is_told_of_the_end_of_a_window() -> None:
    shard = ("default", runs.shard_id(0))
    events = [
        *close(60 * SECOND, "aaaa", "error"),
        happened.ShardStop(61 * SECOND, *shard, 9),
        happened.ShardOpen(61 * SECOND, *shard, (), 9, 9),
        *close(62 * SECOND, "bbbb", "success"),
    ]
    lines = [" ".join(line.split()) for line in story(runs.header("By hand", 1), events)[3:]]
    assert [line for line in lines if "aaaa" in line]
    assert lines[-1] == "0:01:02.000 … 1 window closed, until 0:01:02.000"


def test_a_window_that_closes_after_all_ends_what_is_told() -> None:
    events = [
        *close(60 * SECOND, "aaaa", "timeout", early=True),
        *close(61 * SECOND, "aaaa", "throttled", 2),
        *close(62 * SECOND, "aaaa", "success", 2, early=True),
        *close(63 * SECOND, "bbbb", "throttled"),
    ]
    lines = [" ".join(line.split()) for line in story(runs.header("By hand", 1), events)[3:]]
    assert [line.partition("-> ")[2] for line in lines[:3]] == [
        "timeout after 140 ms",
        "throttled",
        "success after 140 ms",
    ]
    assert "ends early" in lines[0]
    assert "1 throttled" in lines[3]


def opened(t: int, n: int, *parents: int, position: int = 0, arrived: int = 0) -> Event:
    names = tuple(runs.shard_id(parent) for parent in parents)
    return happened.ShardOpen(t, "default", runs.shard_id(n), names, position, arrived)


def ended(t: int, n: int) -> Event:
    return happened.ShardEnd(t, "default", runs.shard_id(n), 7)


def shards_told(*events: Event) -> list[str]:
    return [line.strip() for line in story(runs.header("Shards"), list(events))[3:]]


def test_a_change_over_to_many_children_takes_two_lines() -> None:
    events = [opened(0, n) for n in range(50)]
    for n in range(50):
        t = 30 * SECOND + n * MILLISECOND
        events += [ended(t, n), opened(t, 50 + 2 * n, n, arrived=1), opened(t, 51 + 2 * n, n)]
    assert shards_told(*events, ended(60 * SECOND, 50)) == [
        "0.000 s  shards    0-49 open",
        "30.049 s  shards    0-49 end by then: 350 records",
        "30.049 s  shards    50-149 open by then after 0-49, 50 records already there",
        "0:01:00.000  shards    50 ends: 7 records",
    ]


def test_children_that_open_long_after_each_other_are_told_apart() -> None:
    lines = shards_told(
        opened(0, 0),
        opened(0, 1),
        ended(SECOND, 0),
        opened(SECOND, 2, 0),
        ended(9 * SECOND, 1),
        opened(9 * SECOND, 3, 1),
    )
    assert [line.split("  ")[-1].strip() for line in lines] == [
        "0-1 open", "0 ends: 7 records", "2 opens after 0", "1 ends: 7 records", "3 opens after 1",
    ]  # fmt: skip


def test_each_generation_is_told_apart_however_fast_they_follow() -> None:
    lines = shards_told(opened(0, 0), ended(1, 0), opened(1, 1, 0), ended(2, 1), opened(2, 2, 1))
    assert [line.split("  ")[-1].strip() for line in lines] == [
        "0 opens", "0 ends: 7 records", "1 opens after 0", "1 ends: 7 records", "2 opens after 1",
    ]  # fmt: skip


def test_trouble_in_a_new_shard_is_told_after_the_shard() -> None:
    place = ("default", runs.shard_id(0), 0)
    lines = shards_told(
        opened(0, 0),
        happened.Invoke(MILLISECOND, *place, "aaaa", 1, range(1), "1", "1", 1, 0),
        happened.Result(SECOND, *place, "aaaa", 1, "error", SECOND),
    )
    assert [line.split()[2:4] for line in lines] == [["shards", "0"], ["shard", "0"]]


def test_shards_that_are_left_are_told_with_what_is_unfinished_unless_they_open_again() -> None:
    stop = happened.ShardStop(9 * SECOND, "default", runs.shard_id(0), 7)
    done = happened.Checkpoint(2 * SECOND, "default", runs.shard_id(0), 4, "1")
    update = happened.Update(9 * SECOND, "default", {"Enabled": False})
    disabled = happened.StateChange(9 * SECOND, "default", "Disabled", "OK")
    assert shards_told(opened(0, 0), done, stop, update, disabled)[1:] == [
        "9.000 s  shards    0 stops: 7 records, checkpoints at 4",
        "9.000 s  mapping   is Disabled; last result: OK",
    ]
    assert shards_told(opened(0, 0), done, stop, opened(9 * SECOND, 0, position=4, arrived=7))[1:] == [
        "9.000 s  shards    0 opens again, 3 records already there",
    ]
    assert shards_told(opened(0, 0), done, stop)[1:] == [
        "9.000 s  shards    0 stops: 7 records, checkpoints at 4"
    ]


def test_the_shards_of_a_deleted_mapping_are_told_when_it_has_left_the_last_of_them() -> None:
    """The run goes on for other mappings, whose stops wait for whether they open again."""
    header = runs.header("Shards")
    header = replace(header, mappings={"a": header.mappings["default"], "b": header.mappings["default"]})
    place = ("a", runs.shard_id(0), 0)
    told = story(
        header,
        [
            *(
                happened.ShardOpen(0, mapping, runs.shard_id(n), (), 0, 0)
                for mapping in ("a", "b")
                for n in (0, 1)
            ),
            happened.StateChange(5 * SECOND, "b", "Deleting", "OK"),
            happened.ShardStop(6 * SECOND, "b", runs.shard_id(1), 3),
            happened.ShardStop(6 * SECOND, "a", runs.shard_id(1), 3),
            happened.ShardOpen(6 * SECOND, "a", runs.shard_id(1), (), 0, 0),
            happened.ShardStop(7 * SECOND, "b", runs.shard_id(0), 4),
            happened.Invoke(8 * SECOND, *place, "aaaa", 1, range(1), "1", "1", 1, 0),
            happened.Result(9 * SECOND, *place, "aaaa", 1, "success", SECOND),
            happened.ShardEnd(9 * SECOND, "a", runs.shard_id(0), 1),
        ],
    )
    assert [line.strip() for line in told[6:]] == [
        "5.000 s  b mapping   is Deleting; last result: OK",
        "6.000 s  a shards    1 opens again",
        "7.000 s  b shards    0-1 stop by then: 7 records",
        "8.000 s  …           1 invocation in 1 shard succeeds, 1 record, until 9.000 s",
        "9.000 s  a shards    0 ends: 1 record",
    ]


def test_shards_without_numbers_are_counted_when_there_are_many() -> None:
    many = [f"shardId-00000001767225600000-a{n:07x}" for n in range(9)]
    assert names(many) == "9 shards (a0000000 … a0000008)"
    assert names(many[:2]) == "a0000000, a0000001"


@pytest.mark.parametrize(
    ("settings", "then"),
    [
        pytest.param({"ParallelizationFactor": 5}, None, id="its lane is another one then"),
        pytest.param({"FilterCriteria": {}}, range(5), id="a new filter removes it"),
    ],
)
def test_a_batch_that_an_update_ends_is_told_no_further(settings: dict[str, Any], then: range | None) -> None:
    shard = ("default", runs.shard_id(0))
    filtered = [] if then is None else [happened.Filtered(3 * SECOND, *shard, 0, then)]
    lines = told(
        invoke(SECOND, 0, "aaaa", 1, range(5)),
        result(SECOND, 0, "aaaa", 1, "error"),
        happened.ShardStop(3 * SECOND, *shard, 5),
        happened.Update(3 * SECOND, "default", settings),
        happened.StateChange(3 * SECOND, "default", "Enabled", "OK"),
        happened.ShardOpen(3 * SECOND, *shard, (), 0, 5),
        *filtered,
        happened.Checkpoint(3 * SECOND, *shard, 5, NUMBER),
        invoke(4 * SECOND, 1, "bbbb", 1, range(5)),
        result(4 * SECOND, 1, "bbbb", 1, "success"),
        happened.ShardEnd(5 * SECOND, *shard, 5),
    )
    assert not [line for line in lines if "meanwhile" in line]
    assert "aaaa try 1" in lines[0]


def test_shards_that_have_ended_are_told_before_what_somebody_does_later() -> None:
    shard = ("default", runs.shard_id(0))
    lines = told(
        invoke(SECOND, 0, "aaaa", 1, range(5)),
        result(SECOND, 0, "aaaa", 1, "success"),
        happened.ShardEnd(2 * SECOND, *shard, 5),
        happened.Update(HOUR, "default", {"BatchSize": 5}),
        happened.StateChange(HOUR, "default", "Enabled", "OK"),
    )
    assert [line[14:].split()[0] for line in lines] == ["…", "shards", "mapping"]
