"""Engine and oracle, which share no code, agree on whatever happens."""

import json
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings

from streamsim.model.events import (
    Checkpoint,
    Discard,
    Event,
    Expired,
    Filtered,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
)
from streamsim.trace.format.encoding import encode_event
from streamsim.trace.measures.measures import Measures, flatten
from streamsim.trace.oracle.oracle import Oracle
from streamsim.trace.oracle.violation import Kind
from tests.engine.worlds import World, lively_worlds, play_world, updated_worlds, worlds
from tests.trace.mutations import MUTATIONS

slowly = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@settings(slowly, max_examples=3000)
@given(lively_worlds)
def test_the_oracle_finds_nothing_in_a_random_run(world: World) -> None:
    oracle = Oracle(world.header)
    for event in play_world(world):
        oracle(event)
    assert oracle.finish() == []


@settings(slowly, max_examples=300)
@given(worlds)
def test_every_record_is_accounted_for_once(world: World) -> None:
    """The same promise as the oracle's, counted record by record the naive way."""
    events = play_world(world)
    finished: dict[str, list[int]] = {}
    sent = {}
    for event in events:
        match event:
            case Invoke():
                sent[event.request_id] = event.positions
            case Result(outcome="success"):  # of a batch, or of the end of a window, which has no records
                finished.setdefault(event.shard, []).extend(sent.get(event.request_id, ()))
            case Result(outcome="partial", failed_from=int(failed)):
                finished.setdefault(event.shard, []).extend(
                    position for position in sent[event.request_id] if position < failed
                )
            case Discard() | Expired() | Filtered():
                finished.setdefault(event.shard, []).extend(event.positions)
            case _:
                pass
    begun = {event.shard: event.position for event in events if isinstance(event, ShardOpen)}
    ended = {event.shard: event.arrived for event in events if isinstance(event, ShardEnd)}
    reached = {event.shard: event.position for event in events if isinstance(event, Checkpoint)}
    assert begun.keys() == ended.keys()
    for shard, start in begun.items():
        assert sorted(finished.get(shard, [])) == list(range(start, ended[shard]))
        assert reached.get(shard, start) == ended[shard]


@settings(slowly, max_examples=300)
@given(updated_worlds)
def test_no_change_of_settings_carries_a_checkpoint_past_unfinished_records(world: World) -> None:
    """Updated mappings deliver some records again and leave some unread, but none before a checkpoint."""
    finished: dict[str, set[int]] = {}
    begun: dict[str, int] = {}
    sent = {}
    for event in play_world(world):
        match event:
            case ShardOpen():
                assert event.position >= begun.setdefault(event.shard, event.position)
            case Invoke():
                sent[event.request_id] = event.positions
            case Result(outcome="success"):
                finished.setdefault(event.shard, set()).update(sent.get(event.request_id, ()))
            case Result(outcome="partial", failed_from=int(failed)):
                done = (position for position in sent[event.request_id] if position < failed)
                finished.setdefault(event.shard, set()).update(done)
            case Discard() | Expired() | Filtered():
                finished.setdefault(event.shard, set()).update(event.positions)
            case Checkpoint():
                assert finished[event.shard] >= set(range(begun[event.shard], event.position))
            case _:
                pass


@settings(slowly, max_examples=200)
@given(lively_worlds)
def test_the_same_world_plays_the_same_way(world: World) -> None:
    assert [encode_event(event) for event in play_world(world)] == [
        encode_event(event) for event in play_world(world)
    ]


@pytest.fixture(scope="module")
def runs() -> list[tuple[World, list[Event]]]:
    """Some runs to plant anomalies into, the same each time."""
    played: list[tuple[World, list[Event]]] = []

    @settings(slowly, max_examples=200, derandomize=True, database=None)
    @given(worlds)
    def collect(world: World) -> None:
        played.append((world, play_world(world)))

    collect()
    return played


@pytest.mark.parametrize("kind", sorted(MUTATIONS))
def test_the_oracle_finds_an_anomaly_planted_into_a_run(
    kind: Kind, runs: list[tuple[World, list[Event]]]
) -> None:
    planted = 0
    for world, events in runs:
        mutated = MUTATIONS[kind](world.header, events)
        if mutated is None:
            continue
        planted += 1
        oracle = Oracle(world.header)
        for event in mutated:
            oracle(event)
        assert kind in {violation.kind for violation in oracle.finish()}
    assert planted


@settings(slowly, max_examples=100)
@given(worlds)
def test_measures_are_json_and_tell_the_run_to_its_end(world: World) -> None:
    measures = Measures(world.header)
    events = play_world(world)
    for event in events:
        measures(event)
    report = json.loads(json.dumps(measures.report({})))
    assert flatten(report)["records"] == sum(event.arrived for event in events if isinstance(event, ShardEnd))
    assert asdict(world.header)["seed"] == world.seed
