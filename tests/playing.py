"""Scenarios played from their text to the end, for tests of what comes of them."""

from pathlib import Path

from streamsim.model.events import Event
from streamsim.scenario.load import load_text
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import Played, play


def played(scenario: str | Scenario, on_failure: Path | None = None) -> tuple[Played, list[Event]]:
    """What a run comes to, and its events: they break no guarantee. A text needs no `scenario` of its own."""
    if isinstance(scenario, str):
        scenario = load_text(scenario if "scenario:" in scenario else f"scenario: A test\n{scenario}")
    events: list[Event] = []
    run = play(scenario, sinks=[events.append], on_failure=on_failure)
    assert run.violations == []
    return run, events


def events_of(scenario: str | Scenario) -> list[Event]:
    return played(scenario)[1]
