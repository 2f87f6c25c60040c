"""Whatever goes wrong in a trace, the oracle says so, and by its name."""

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
