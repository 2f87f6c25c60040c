"""Whatever goes wrong in a trace, the oracle says so, and by its name."""

from collections.abc import Callable
from random import Random
from typing import get_args

import pytest

from streamsim.model.events import Event
from streamsim.trace.format.header import Header
from streamsim.trace.oracle.oracle import Oracle
from streamsim.trace.oracle.violation import Kind
from tests.trace.legal import legal_trace
from tests.trace.lively import lively_trace
from tests.trace.lively_mutations import LIVELY
from tests.trace.mutations import ALONE, MUTATIONS


def kinds_of(header: Header, events: list[Event]) -> set[Kind]:
    oracle = Oracle(header)
    for event in events:
        oracle(event)
    return {violation.kind for violation in oracle.finish()}


def test_every_kind_has_a_mutation() -> None:
    assert set(MUTATIONS) | {kind for kind, _ in LIVELY.values()} == set(get_args(Kind))


@pytest.mark.parametrize("kind", MUTATIONS)
def test_a_planted_fault_is_found(kind: Kind) -> None:
    planted = 0
    for seed in range(120):
        header, events = legal_trace(seed)
        before = list(events)
        broken = MUTATIONS[kind](header, events)
        assert events == before
        if broken is None:
            continue
        planted += 1
        found = kinds_of(header, broken)
        assert kind in found, seed
        if kind in ALONE:
            assert found == {kind}, seed
    assert planted > 10


@pytest.fixture(scope="module")
def lively() -> list[tuple[Header, list[Event]]]:
    return [lively_trace(seed) for seed in range(100)]


@pytest.mark.parametrize("name", LIVELY)
def test_a_planted_fault_around_batches_is_found(name: str, lively: list[tuple[Header, list[Event]]]) -> None:
    kind, mutation = LIVELY[name]
    planted = 0
    for header, events in lively:
        before = list(events)
        broken = mutation(header, events)
        assert events == before
        if broken is None:
            continue
        planted += 1
        assert kind in kinds_of(header, broken), header.scenario
    assert planted > 5


@pytest.mark.parametrize("legal", [legal_trace, lively_trace])
@pytest.mark.parametrize("seed", range(100))
def test_no_disorder_is_too_much(legal: Callable[[int], tuple[Header, list[Event]]], seed: int) -> None:
    """Events lost, doubled and exchanged at random are judged, not stumbled over."""
    header, events = legal(seed)
    random = Random(seed)
    for _ in range(random.choice([1, 3, 30])):
        i, j = random.randrange(len(events)), random.randrange(len(events))
        events[i], events[j] = events[j], events[random.choice([i, j])]
    assert kinds_of(header, events) <= set(get_args(Kind))
    random.shuffle(events)
    assert kinds_of(header, events) <= set(get_args(Kind))
    assert len(events) < 20 or kinds_of(header, events)
