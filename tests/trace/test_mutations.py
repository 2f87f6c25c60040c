"""Whatever goes wrong in a trace, the oracle says so, and by its name."""

from random import Random
from typing import get_args

import pytest

from streamsim.model.events import Event
from streamsim.trace.header import Header
from streamsim.trace.oracle import Oracle
from streamsim.trace.violation import Kind
from tests.trace.legal import legal_trace
from tests.trace.mutations import ALONE, MUTATIONS


def kinds_of(header: Header, events: list[Event]) -> set[Kind]:
    oracle = Oracle(header)
    for event in events:
        oracle(event)
    return {violation.kind for violation in oracle.finish()}


def test_every_kind_has_a_mutation() -> None:
    assert set(MUTATIONS) == set(get_args(Kind))


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


@pytest.mark.parametrize("seed", range(150))
def test_no_disorder_is_too_much(seed: int) -> None:
    """Events lost, doubled and exchanged at random are judged, not stumbled over."""
    header, events = legal_trace(seed)
    random = Random(seed)
    for _ in range(random.choice([1, 3, 30])):
        i, j = random.randrange(len(events)), random.randrange(len(events))
        events[i], events[j] = events[j], events[random.choice([i, j])]
    assert kinds_of(header, events) <= set(MUTATIONS)
    random.shuffle(events)
    assert kinds_of(header, events) <= set(MUTATIONS)
    assert len(events) < 20 or kinds_of(header, events)
