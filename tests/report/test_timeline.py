"""The timeline keeps what matters in a fixed number of bins, however long the run."""

import pytest
from hypothesis import given, settings

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.model.units import DAY, MILLISECOND, SECOND
from streamsim.report.incidents import Incidents
from streamsim.report.picture import Picture, ceiling, troubled_first
from streamsim.report.timeline import Kind, Timeline
from streamsim.trace.header import Header
from tests.engine.worlds import World, play_world, worlds
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


def test_what_expires_behind_a_blocked_record_counts_as_unread() -> None:
    incidents = Incidents()
    shard = runs.shard_id(2)
    incidents(happened.Invoke(0, "default", shard, 0, "a", 1, range(20, 21), "1", "1", 1, 0))
    incidents(happened.Result(10, "default", shard, 0, "a", 1, "error", 10))
    incidents(happened.Expired(DAY, "default", shard, 0, range(20, 21)))
    incidents(happened.Expired(DAY, "default", shard, 0, range(21, 8661)))
    (incident,) = incidents.worst()
    assert (incident.expired, incident.unread, incident.held) == (8641, 8640, DAY - 10)


@settings(max_examples=30, deadline=None)
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


def test_a_picture_marks_reshards() -> None:
    lines = [line.plain for line in Picture(resharded(), 80).lines()]
    (marks,) = [line for line in lines if line.startswith(" reshard")]
    axis = next(line for line in lines if "╵5 s" in line)
    assert marks.count("▾") == 1
    assert abs(marks.index("▾") - axis.index("╵5 s")) <= 1
    assert [line.split()[1] for line in lines if line.startswith(" shard")] == ["0", "1", "2", "3"]
