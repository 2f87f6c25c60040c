"""The oracle on a run of the engine in which everything changes: it finds nothing, and every fault planted into it."""

from pathlib import Path

import pytest

from streamsim.model.events import Event, ShardStop, WindowClose
from streamsim.scenario.load import load, variants
from streamsim.scenario.play import play
from streamsim.trace.format.header import Header
from streamsim.trace.oracle.violation import Kind
from tests.trace.lively_mutations import LIVELY
from tests.trace.mutations import MUTATIONS, Mutation
from tests.trace.stories import judged

SCENARIO = Path(__file__).with_name("everything.yaml")

#: Faults that find no place in a run without other event sources, or in which no window is given up.
ABSENT = {
    name
    for name in LIVELY
    if name.startswith(("a request", "a response", "an event", "a call", "a lost window"))
    or name == "a window is closed too often"
}
FAULTS: dict[str, tuple[Kind, Mutation]] = {
    **{name: fault for name, fault in LIVELY.items() if name not in ABSENT},
    **{kind: (kind, mutation) for kind, mutation in MUTATIONS.items()},
}


@pytest.fixture(scope="module")
def run() -> tuple[Header, list[Event]]:
    events: list[Event] = []
    [(settings, scenario)] = variants(load(SCENARIO))
    played = play(scenario, settings, [events.append])
    return played.header, events


def test_nothing_is_said_of_the_run(run: tuple[Header, list[Event]]) -> None:
    header, events = run
    assert judged(events, header) == []
    assert {ShardStop, WindowClose} < {type(event) for event in events}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_planted_into_the_run_is_found(name: str, run: tuple[Header, list[Event]]) -> None:
    header, events = run
    kind, mutation = FAULTS[name]
    broken = mutation(header, events)
    assert broken is not None
    assert kind in {violation.kind for violation in judged(broken, header)}
