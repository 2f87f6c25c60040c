"""Which records are in which shard of a stream that is resharded, and what a run of it tells."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsim.model.events import Reshard, ShardEnd, ShardOpen
from streamsim.model.names import shard_id
from streamsim.model.units import MINUTE, SECOND
from streamsim.rules.streams.hash_keys import even_ranges, hash_key
from streamsim.rules.streams.lineage import UpdateShardCount, steps_of
from streamsim.scenario.load import load_text
from streamsim.scenario.models import Scenario
from streamsim.scenario.world.shards import Pace, accrued, shards_of, since
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.records.logs import SimulatedLog
from streamsim.streams.simulated.plan import Plan, Planning
from tests.playing import events_of

EVENTS = """
events:
- {at: 20s, reshard: {to: 4}}
- {at: 30s, reshard: {split: {shard: 2, at: 25%}}}
- {at: 40s, reshard: {merge: [7, 3]}}
"""


def scenario_of(text: str) -> Scenario:
    return load_text(f"scenario: A stream that is resharded\nduration: 60s\nstream: {{shards: 2}}\n{text}")


def logs_of(text: str) -> tuple[Plan, list[SimulatedLog]]:
    scenario = scenario_of(text)
    plan = scenario.plans["default"]
    return plan, shards_of(scenario.streams["default"], plan, "default", 7, scenario.duration)


def instants(log: SimulatedLog) -> list[int]:
    return [log.arrival_at(position) for position in range(log.arrivals.until(NEVER - 1))]


@pytest.mark.parametrize("arrivals", ["poisson", "constant"])
def test_generated_records_are_in_the_shard_that_owns_their_key_when_they_arrive(arrivals: str) -> None:
    plan, logs = logs_of(f"producer: {{rate: 97/s, arrivals: {arrivals}, keys: 300, backlog: 500}}" + EVENTS)
    assert sum(len(instants(log)) for log in logs) > 5000
    for shard, log in zip(plan.shards, logs, strict=True):
        for position, arrival in enumerate(instants(log)):
            assert shard.open_at(arrival)
            assert shard.first_key <= hash_key(log.partition_key(position)) <= shard.last_key


def test_the_backlog_is_in_the_shards_that_are_there_at_the_start() -> None:
    _, logs = logs_of("producer: {rate: 10/s, backlog: 1001}" + EVENTS)
    old = [sum(arrival < 0 for arrival in instants(log)) for log in logs]
    assert old == [501, 500, 0, 0, 0, 0, 0, 0, 0]


def test_listed_records_go_where_their_hash_belongs_then_or_where_they_are_told() -> None:
    times = ("0s", "19.999999s", "20s", "59s")
    records = ", ".join(f"{{key: a, at: {at}}}" for at in times) + ", {key: a, shard: 8, at: 40s}"
    plan, logs = logs_of(f"producer: {{records: [{records}]}}" + EVENTS)
    found = {log.shard: instants(log) for log in logs if instants(log)}
    first, second, last = (
        next(shard.id for shard in plan.open_at(at) if shard.first_key <= hash_key("a") <= shard.last_key)
        for at in (0, 20 * SECOND, 59 * SECOND)
    )
    assert found == {
        first: [0, 19_999_999],
        second: [20 * SECOND] + ([59 * SECOND] if last == second else []),
        shard_id(8): [40 * SECOND],
    } | ({} if last == second else {last: [59 * SECOND]})


def test_constant_arrivals_keep_their_pace_when_shards_change_hands() -> None:
    """Without keys the load is even over the hash space: a split shard's records come as before, half in each child."""
    text = "producer: {rate: 20/s, arrivals: constant}\nevents: [{at: 20.03s, reshard: {to: 4}}]"
    _, logs = logs_of(text)
    parent, child = instants(logs[0]), instants(logs[2])
    assert parent == [100_000 * number for number in range(201)]
    assert child == [200_000 * number for number in range(101, 300)]
    assert sum(len(instants(log)) for log in logs) == 2 * 201 + 4 * 199


def test_a_rate_per_shard_is_of_every_open_shard() -> None:
    text = "producer: {rate: 10/s per shard, arrivals: constant}\nevents: [{at: 20s, reshard: {to: 4}}]"
    _, logs = logs_of(text)
    assert [len(instants(log)) for log in logs] == [200, 200, 400, 400, 400, 400]
    assert instants(logs[2])[:2] == [20 * SECOND, 20 * SECOND + 100_000]


def test_a_ramp_goes_on_in_the_children() -> None:
    """From 0 to 120/s in a minute the whole stream gets 3,600 records, 400 of them in the first 20 s."""
    text = "producer: {rate: {from: 0/s, to: 120/s, over: 60s}, arrivals: constant}\nevents: [{at: 20s, reshard: {to: 4}}]"
    _, logs = logs_of(text)
    assert [len(instants(log)) for log in logs] == [200, 200, 800, 800, 800, 800]


def test_poisson_children_have_their_share_of_the_rate_and_a_process_of_their_own() -> None:
    _, logs = logs_of("producer: {rate: 400/s}\nevents: [{at: 20s, reshard: {to: 4}}]")
    counts = [len(instants(log)) for log in logs]
    assert all(abs(count - 4000) < 4 * 64 for count in counts)
    assert len({tuple(instants(log)[:5]) for log in logs}) == 6


def test_a_reshard_after_production_changes_no_record() -> None:
    plain = logs_of("producer: {rate: 40/s}")[1]
    later = logs_of("producer: {rate: 40/s}\nevents: [{at: 70s, reshard: {to: 4}}]")[1]
    assert [instants(log) for log in later[:2]] == [instants(log) for log in plain]
    assert [instants(log) for log in later[2:]] == [[]] * 4


RAMP = [Pace(10, Fraction(0), ramp=True), Pace(30, Fraction(40)), Pace(40, Fraction(8))]


@pytest.mark.parametrize(
    ("begin", "first"),
    [
        pytest.param(0, RAMP[0], id="before the first"),
        pytest.param(15, Pace(15, Fraction(10), ramp=True), id="on a ramp"),
        pytest.param(30, Pace(30, Fraction(40)), id="at its end"),
        pytest.param(100, Pace(100, Fraction(8)), id="after the last"),
    ],
)
def test_the_pace_from_an_instant_on(begin: int, first: Pace) -> None:
    assert since(RAMP, begin)[0] == first


@pytest.mark.parametrize(("instant", "records"), [(5, 0), (20, 100), (30, 400), (35, 600), (50, 880)])
def test_what_a_pace_has_brought(instant: int, records: int) -> None:
    assert accrued(RAMP, instant) == Fraction(records, SECOND)


counts = st.lists(st.tuples(st.integers(1, 25), st.integers(1, 9)), min_size=1, max_size=4)


@settings(max_examples=25)
@given(counts, st.sampled_from(["poisson", "constant"]), st.sampled_from(["97/s", "3/s per shard"]))
def test_every_record_is_in_the_one_shard_that_owns_it(
    asked: list[tuple[int, int]], arrivals: str, rate: str
) -> None:
    scenario = scenario_of(f"producer: {{rate: {rate}, arrivals: {arrivals}, keys: 200, backlog: 50}}")
    planning, at, count = Planning(even_ranges(2)), 0, 2
    for gap, target in asked:
        at += gap * SECOND + 1
        count = min(max(target, -(-count // 2)), 2 * count)
        planning.change(at, "", steps_of(planning.map, UpdateShardCount(count)))
    plan = planning.plan()
    logs = shards_of(scenario.streams["default"], plan, "default", 7, scenario.duration)
    total = 0
    for shard, log in zip(plan.shards, logs, strict=True):
        for position, arrival in enumerate(instants(log)):
            assert shard.open_at(arrival)
            assert shard.first_key <= hash_key(log.partition_key(position)) <= shard.last_key
            total += arrival >= 0
    if arrivals == "constant" and rate == "97/s":
        assert abs(total - 97 * 60) < len(plan.shards)


def test_a_run_tells_each_reshard_once_and_opens_children_after_their_parents() -> None:
    two = (
        "functions: {one: {}, two: {}}\nmappings: {a: {function: one}, b: {function: two, start_up_lag: 25s}}\n"
        "producer: {rate: 20/s}" + EVENTS
    )
    events = events_of(scenario_of(two))
    told = [event for event in events if isinstance(event, Reshard)]
    assert [(event.t // SECOND, event.what, event.stream) for event in told] == [
        (20, "UpdateShardCount to 4", "default"),
        (30, "SplitShard 2 at 0.25", "default"),
        (40, "MergeShards 7 and 3", "default"),
    ]
    assert told[2].closed == (shard_id(7), shard_id(3))
    assert told[2].opened == (shard_id(8),)
    for mapping in ("a", "b"):
        ended: set[str] = set()
        for event in events:
            if isinstance(event, ShardOpen) and event.mapping == mapping:
                assert ended >= set(event.parents)
            if isinstance(event, ShardEnd) and event.mapping == mapping:
                ended.add(event.shard)
        assert len(ended) == 9


@pytest.mark.parametrize(
    ("mapping", "first"),
    [
        pytest.param("{}", {0, 1}, id="TRIM_HORIZON: the oldest that hold records"),
        pytest.param("{StartingPosition: LATEST}", {4, 5, 6, 8}, id="LATEST: the open ones"),
        pytest.param(
            "{StartingPosition: AT_TIMESTAMP, StartingPositionTimestamp: -1s}",
            {0, 1},
            id="AT_TIMESTAMP: those from then on",
        ),
    ],
)
def test_a_mapping_that_begins_after_the_reshards(mapping: str, first: set[int]) -> None:
    lag = mapping.replace("{", "{start_up_lag: 45s, ", 1)
    events = events_of(scenario_of(f"mapping: {lag}\nproducer: {{rate: 20/s}}" + EVENTS))
    opened = [event for event in events if isinstance(event, ShardOpen)]
    assert {event.shard for event in opened if event.t == 45 * SECOND} == set(map(shard_id, first))
    assert all(event.position == 0 for event in opened if event.t > 45 * SECOND)


def test_closed_shards_expire_with_their_records() -> None:
    """A day and more after the first reshard nothing of the first shards is left to begin with."""
    text = (
        "scenario: Late\nduration: 27h\nstream: {shards: 2}\nproducer: {rate: 6/h}\nmapping: {start_up_lag: 26h}\n"
        "events: [{at: 1h, reshard: {to: 4}}, {at: 20h, reshard: {merge: [2, 3]}}]"
    )
    opened = [event.shard for event in events_of(text) if isinstance(event, ShardOpen)]
    assert opened == [shard_id(number) for number in (2, 3, 4, 5, 6)]


def test_takes_is_how_long_the_old_shards_stay() -> None:
    text = "producer: {rate: 20/s}\nevents: [{at: 20s, reshard: {to: 4, takes: 1m}}]"
    plan = scenario_of(text).plans["default"]
    assert plan.changes[0].at == 20 * SECOND + MINUTE
