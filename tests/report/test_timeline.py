"""The timeline keeps what matters in a fixed number of bins, however long the run."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.model.units import DAY, MILLISECOND, SECOND
from streamsim.report.incidents import Incidents
from streamsim.report.picture.ceiling import ceiling
from streamsim.report.picture.families import troubled_first
from streamsim.report.picture.picture import Picture
from streamsim.report.picture.rows import Kind
from streamsim.report.picture.timeline import Timeline
from streamsim.trace.format.header import Header
from streamsim.trace.measures.measures import Measures
from tests.engine.worlds import World, lively_worlds, play_world, worlds
from tests.report import runs


def played(run: tuple[Header, list[Event]]) -> Timeline:
    header, events = run
    timeline = Timeline(header)
    for event in events:
        timeline(event)
    return timeline


@pytest.mark.parametrize("end", [MILLISECOND, SECOND, 47 * SECOND, DAY, 7 * DAY])
def test_a_run_of_any_length_fits_its_bins(end: int) -> None:
    timeline = Timeline(runs.header("It"))
    shard = runs.shard_id(0)
    timeline(happened.Result(end // 2, "default", shard, 0, "a", 1, "error", 0))
    timeline(happened.Result(end, "default", shard, 0, "a", 2, "success", end // 2))
    (row,) = timeline.rows.values()
    failed, ran = row.bins[Kind.ERROR], row.bins[Kind.SUCCESS]
    assert failed is not None
    assert ran is not None
    assert len(ran) == timeline.columns
    assert sum(ran) == end // 2
    assert [at for at, count in enumerate(failed) if count] == [end // 2 // timeline.width]


def test_bins_hold_exactly_the_time_that_was_spent() -> None:
    header, events = runs.poison()
    timeline = played((header, events))
    spent = sum(sum(row.bins[Kind.SUCCESS] or []) for row in timeline.rows.values())
    assert spent == sum(
        event.duration
        for event in events
        if isinstance(event, happened.Result) and event.outcome == "success"
    )


def test_executions_in_flight_are_seen_between_events() -> None:
    timeline = Timeline(runs.header("It", 1))
    shard = runs.shard_id(0)
    timeline(happened.Invoke(0, "default", shard, 0, "a", 1, range(3), "1", "3", 5, 0))
    timeline(happened.Result(SECOND, "default", shard, 0, "a", 1, "success", SECOND))
    assert set(timeline.concurrency[: timeline.used()]) == {5}


def test_few_lanes_have_rows_of_their_own() -> None:
    assert [row.lane for row in played(runs.lanes_of_a_shard()).rows.values()] == [0, 1, 2, 3] * 2


def test_of_many_shards_the_troubled_ones_are_shown_in_order() -> None:
    shown = troubled_first(played(runs.many_shards()).rows.values())
    assert len(shown) <= 12
    assert [row.shard for row in shown] == sorted(row.shard for row in shown)
    assert sum(row.untroubled for row in shown) == 3


@pytest.mark.parametrize(
    ("limit", "factor", "value", "name"),
    [
        (3, 1, 3, "ReservedConcurrentExecutions"),
        (1000, 1, 4, "shards x ParallelizationFactor"),
        (1000, 2, 8, "shards x ParallelizationFactor"),
        (6, 2, 6, "ReservedConcurrentExecutions"),
    ],
)
def test_the_lower_ceiling_counts(limit: int, factor: int, value: int, name: str) -> None:
    timeline = Timeline(runs.header("It", limit=limit, ParallelizationFactor=factor))
    for n in range(4):
        timeline(happened.ShardOpen(0, "default", runs.shard_id(n), (), 0, 0))
    assert (ceiling(timeline).value, ceiling(timeline).name) == (value, name)


@pytest.mark.parametrize(
    ("account", "value", "name"), [(1000, 4, "shards x ParallelizationFactor"), (3, 3, "the account's limit")]
)
def test_what_one_function_reserves_bounds_no_other(account: int, value: int, name: str) -> None:
    header = replace(
        runs.header("It"),
        functions={"fn": {}, "other": {"ReservedConcurrentExecutions": 1}},
        account={"ConcurrentExecutions": account},
    )
    timeline = Timeline(header)
    for n in range(4):
        timeline(happened.ShardOpen(0, "default", runs.shard_id(n), (), 0, 0))
    assert (ceiling(timeline).value, ceiling(timeline).name) == (value, name)


def test_what_expires_behind_a_blocked_record_counts_as_unread() -> None:
    incidents = Incidents()
    shard = runs.shard_id(2)
    incidents(happened.Invoke(0, "default", shard, 0, "a", 1, range(20, 21), "1", "1", 1, 0))
    incidents(happened.Result(10, "default", shard, 0, "a", 1, "error", 10))
    incidents(happened.Expired(DAY, "default", shard, 0, range(20, 21)))
    incidents(happened.Expired(DAY, "default", shard, 0, range(21, 8661)))
    (incident,) = incidents.worst()
    assert (incident.expired, incident.unread, incident.held) == (8641, 8640, DAY - 10)


@settings(max_examples=30)
@given(worlds)
def test_any_world_is_counted_in_full(world: World) -> None:
    events = play_world(world)
    timeline = played((world.header, events))
    rows = timeline.rows.values()
    for kind, count in (
        (happened.Discard, sum(row.discarded for row in rows)),
        (happened.Expired, sum(row.expired for row in rows)),
    ):
        assert count == sum(len(event.positions) for event in events if isinstance(event, kind))
    assert sum(sum(row.counts.values()) for row in rows) == sum(
        isinstance(e, happened.Result) for e in events
    )


def test_an_incident_lasts_as_long_as_the_measure_of_blocked_shards_says() -> None:
    header, events = runs.poison()
    longest = max(incident.held for incident in played((header, events)).incidents.worst())
    assert longest / MILLISECOND == runs.metrics(header, events)["blocked"]["max"]


def test_a_shard_is_drawn_only_while_it_is_there() -> None:
    timeline = Timeline(runs.header("It", 2))
    parent, child = runs.shard_id(0), runs.shard_id(1)
    for event in (
        happened.ShardOpen(0, "default", parent, (), 0, 0),
        happened.ShardEnd(10 * SECOND, "default", parent, 0),
        happened.ShardOpen(10 * SECOND, "default", child, (parent,), 0, 0),
        happened.ShardEnd(20 * SECOND, "default", child, 0),
    ):
        timeline(event)
    first, second = (line.plain[14:].rstrip() for line in Picture(timeline, 60).lines()[:2])
    assert first == "·" * len(first)
    assert second.lstrip() == "·" * len(second.lstrip())
    assert len(first) + len(second.lstrip()) - len(second) in {0, 1}


def test_silence_at_the_end_is_part_of_the_picture() -> None:
    timeline = Timeline(runs.header("It", 1))
    timeline(happened.Result(SECOND, "default", runs.shard_id(0), 0, "a", 1, "success", SECOND))
    timeline(happened.CaughtUp(DAY, "default", runs.shard_id(0), 0))
    timeline.finish()
    assert DAY // timeline.width == timeline.used() - 1


def resharded() -> Timeline:
    """Two shards of which the first is split at 5 s; the children come when it ends, at 6 s."""
    timeline = Timeline(runs.header("Split", 2, limit=100))
    for number in (0, 1):
        timeline(happened.ShardOpen(0, "default", runs.shard_id(number), (), 0, 0))
    timeline(happened.Reshard(5 * SECOND, "orders", "SplitShard 0", (runs.shard_id(0),), ()))
    timeline(happened.ShardEnd(6 * SECOND, "default", runs.shard_id(0), 0))
    for number in (2, 3):
        timeline(happened.ShardOpen(6 * SECOND, "default", runs.shard_id(number), (runs.shard_id(0),), 0, 0))
    for number in (1, 2, 3):
        timeline(happened.ShardEnd(10 * SECOND, "default", runs.shard_id(number), 0))
    return timeline


def test_the_ceiling_counts_shards_that_were_there_together() -> None:
    assert ceiling(resharded()).value == 3


@pytest.mark.parametrize(
    ("ended_at", "factor", "most"),
    [
        (10, 5, 10),  # two shards with five lanes each from the update on
        (10, 1, 4),
        (2, 5, 5),  # one of them had ended by then
    ],
)
def test_the_ceiling_counts_lanes_from_the_update_on_that_makes_them(
    ended_at: int, factor: int, most: int
) -> None:
    timeline = Timeline(runs.header("Update", 2, ParallelizationFactor=2))
    for number in (0, 1):
        timeline(happened.ShardOpen(0, "default", runs.shard_id(number), (), 0, 0))
    if ended_at == 2:
        timeline(happened.ShardEnd(2 * SECOND, "default", runs.shard_id(0), 0))
    timeline(happened.Update(5 * SECOND, "default", {"BatchSize": 7}))
    timeline(happened.Update(5 * SECOND, "default", {"ParallelizationFactor": factor}))
    assert ceiling(timeline).value == most


def test_a_picture_marks_reshards() -> None:
    lines = [line.plain for line in Picture(resharded(), 80).lines()]
    (marks,) = [line for line in lines if line.startswith(" reshard")]
    axis = next(line for line in lines if "╵5 s" in line)
    assert marks.count("▾") == 1
    assert abs(marks.index("▾") - axis.index("╵5 s")) <= 1


def test_children_stand_under_their_parents() -> None:
    names = [line.plain[:9].rstrip() for line in Picture(resharded(), 80).lines()]
    assert names[:4] == [" shard 0", " └ 2", " └ 3", " shard 1"]
    plain = [line.plain[:5].rstrip() for line in Picture(resharded(), 80, plain=True).lines()]
    assert plain[1] == " + 2"


def test_a_merged_shard_stands_under_the_last_of_its_parents_a_step_to_the_right() -> None:
    timeline = resharded()
    timeline(
        happened.ShardOpen(
            11 * SECOND, "default", runs.shard_id(4), (runs.shard_id(2), runs.shard_id(3)), 0, 0
        )
    )
    names = [line.plain[:9].rstrip() for line in Picture(timeline, 80).lines()]
    assert names[:5] == [" shard 0", " └ 2", " └ 3", "  └ 4", " shard 1"]


PLACE = ("default", runs.shard_id(0), 0)
OPEN = happened.ShardOpen(0, *PLACE[:2], (), 0, 0)


def row_of(*events: Event, width: int = 80, plain: bool = False) -> tuple[str, list[str]]:
    """The row of the only shard, and the lines below the pictures."""
    timeline = Timeline(runs.header("It", 1))
    for event in (OPEN, *events):
        timeline(event)
    lines = [line.plain for line in Picture(timeline, width, plain=plain).lines()]
    return lines[0][14:], lines[1:]


def attempt(t: int, outcome: str = "success", init: int | None = None) -> tuple[Event, Event]:
    request_id = f"id-{t}"
    return (
        happened.Invoke(t, *PLACE, request_id, 1, range(1), "1", "1", 1, 0),
        happened.Result(t + SECOND, *PLACE, request_id, 1, outcome, SECOND, init_duration=init),  # type: ignore[arg-type]
    )


STOP = happened.ShardStop(10 * SECOND, *PLACE[:2], 4)
AGAIN = happened.ShardOpen(20 * SECOND, *PLACE[:2], (), 1, 1)
END = happened.ShardEnd(40 * SECOND, *PLACE[:2], 1)


@pytest.mark.parametrize("plain", [False, True])
def test_time_in_which_nobody_reads_a_shard_is_no_idle_time(plain: bool) -> None:
    row, below = row_of(*attempt(SECOND), STOP, AGAIN, *attempt(39 * SECOND), END, plain=plain)
    sign = "~" if plain else "╌"
    quarter = len(row.rstrip()) // 4
    assert abs(row.count(sign) - quarter) <= 2
    assert abs(row.index(sign) - quarter) <= 1
    assert sign in below[-1]


def test_a_mapping_that_goes_on_at_once_leaves_no_gap() -> None:
    row, below = row_of(*attempt(SECOND), STOP, AGAIN._replace(t=10 * SECOND), END)
    assert "╌" not in row + "".join(below)


def test_a_wait_ends_where_the_mapping_stops() -> None:
    failed = attempt(SECOND, "error")
    wait = happened.Backoff(2 * SECOND, *PLACE, "id", 38 * SECOND)
    row, _ = row_of(*failed, wait, STOP, AGAIN._replace(t=10 * SECOND), *attempt(39 * SECOND), END)
    assert abs(row.count("░") - 8 * len(row.rstrip()) // 40) <= 1


def test_filtered_records_are_seen_where_nothing_else_happened() -> None:
    row, below = row_of(happened.Filtered(SECOND, *PLACE, range(9)), *attempt(30 * SECOND), END)
    assert row.count("▿") == 1
    assert "▿ filtered out" in below[-1]


def test_a_long_cold_start_is_seen_and_a_short_one_is_not() -> None:
    assert "▤" in row_of(*attempt(9 * SECOND, init=5 * SECOND), END)[0]
    assert "▤" not in row_of(*attempt(9 * SECOND, init=MILLISECOND), END)[0]


CLOSE = happened.WindowClose(12 * SECOND, *PLACE, "w", 1, 0, 10 * SECOND, False, 9, 1)
LOST = happened.WindowLost(13 * SECOND, *PLACE, "w", "RetryAttemptsExhausted", 0, 10 * SECOND, 1, None, False)


def test_windows_that_end_are_marked_and_lost_ones_stand_in_their_row() -> None:
    row, below = row_of(*attempt(SECOND), CLOSE, LOST, END)
    (marks,) = [line for line in below if line.startswith(" windows end")]
    assert marks.count("▴") == 1
    assert row.count("◈") == 1
    assert row.endswith("1 window lost")
    assert row_of(*attempt(SECOND), END)[1][0].lstrip().startswith("╵0 s")


def test_windows_that_end_everywhere_are_not_marked() -> None:
    ends = [CLOSE._replace(t=t * SECOND) for t in range(40)]
    assert not any(line.startswith(" windows end") for line in row_of(*ends, END)[1])


def test_a_picture_in_which_nothing_happened_has_no_legend() -> None:
    _, below = row_of(END)
    assert below == [line for line in below if line.strip()]


def test_the_other_shards_are_drawn_as_one() -> None:
    timeline = played(runs.many_shards())
    (others,) = [line.plain for line in Picture(timeline, 100).lines() if " others " in line.plain]
    assert others.startswith(f" {500 - len(Picture(timeline, 100).shown)} others ")
    assert "▁" in others


def test_trouble_over_two_stops_is_one_incident() -> None:
    incidents, shard = Incidents(), runs.shard_id(0)
    incidents(happened.Invoke(0, "default", shard, 0, "a", 1, range(3), "1", "3", 1, 0))
    incidents(happened.Result(1, "default", shard, 0, "a", 1, "error", 1))
    for disabled_at in (2, 5):
        incidents(happened.ShardStop(disabled_at, "default", shard, 3))
    incidents(happened.Update(6, "default", {"ParallelizationFactor": 2}))
    incidents(happened.Filtered(7, "default", shard, 1, (0,)))
    (incident,) = incidents.worst()
    assert (incident.filtered, incident.moved, incident.ended) == (1, True, False)


def in_one_lane(world: World) -> bool:
    """Whether nothing but failed batches ever holds a shard, and each of them its whole shard."""
    ever = [world.mapping, *(change.settings for change in world.changes if change.settings)]
    one_lane = all(one.parallelization_factor == 1 for one in ever)
    return one_lane and world.limit == 1000 and not any(one.tumbling_window_in_seconds for one in ever)


@settings(max_examples=100)
@given(lively_worlds.filter(in_one_lane))
def test_incidents_last_as_long_as_shards_are_blocked_over_every_update(world: World) -> None:
    incidents, measures = Incidents(keep=10_000), Measures(world.header)
    for event in play_world(world):
        incidents(event)
        measures(event)
    longest = max((incident.held for incident in incidents.worst()), default=0)
    assert longest / MILLISECOND == measures.report({})["blocked"]["max"]


@settings(max_examples=100)
@given(lively_worlds)
def test_what_the_checkpoint_has_passed_fails_no_more(world: World) -> None:
    incidents = Incidents(keep=10_000)
    reached: dict[str, int] = {}
    for event in play_world(world):
        incidents(event)
        if isinstance(event, happened.Checkpoint):
            reached[event.shard] = event.position
    for incident in incidents.worst():
        assert incident.ended or incident.positions[-1] >= reached.get(incident.shard, 0)
