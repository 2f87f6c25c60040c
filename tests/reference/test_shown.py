"""The scenario that a term names exists, and sets the key, expects the measure, or brings about what is seen."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from streamsim.model.events import Discard, Event, EventLost, Response, Result, StateChange, WindowLost
from streamsim.reference.term import Term
from streamsim.reference.terms import terms
from streamsim.scenario.load import load, variants
from streamsim.scenario.play import play
from streamsim.trace.format.decoding import EVENTS
from tests.reference.written import keys_of

FOLDER = Path(__file__).parents[2] / "scenarios"

#: Those that take seconds to play; they are played once, in their own test, and have to expect what they show.
SLOW = ("api_traffic.yaml", "on_demand.yaml", "poison_pill.yaml", "shard_concurrency.yaml")

#: What a word stands for in a run, where it is not an event or an outcome by its own name.
SIGNS = {
    "record": "invoke",
    "partition key": "invoke",
    "sequence number": "checkpoint",
    "shard": "shard_open",
    "event source mapping": "invoke",
    "lane": "measure concurrency.usable",
    "request id": "backoff",
    "finished": "checkpoint",
    "discarded": "discard",
    "skipped": "measure skipped",
    "batch": "invoke",
    "retry": "backoff",
    "half": "split",
    "remainder": "partial",
    "batchItemFailures": "partial",
    "itemIdentifier": "partial",
    "filter.match": "measure InvokedEventCount",
    "filter.no_match": "filtered",
    "filter.not_json": "filtered",
    "filter.metadata": "filtered",
}

SETTINGS = [one for one in terms() if one.kind == "setting"]
SEEN = [one for one in terms() if one.scenario and one.kind != "setting"]


@pytest.mark.parametrize("one", SETTINGS, ids=lambda one: one.name)
def test_the_scenario_of_a_key_sets_it(one: Term) -> None:
    assert one.name in keys_of(FOLDER / one.scenario)


@pytest.mark.parametrize("one", SEEN, ids=lambda one: f"{one.kind} {one.name}")
def test_the_scenario_of_what_is_seen_shows_it(one: Term) -> None:
    if one.scenario in SLOW:
        assert one.name.removeprefix("traffic.") in str(
            yaml.safe_load((FOLDER / one.scenario).read_text())["expect"]
        )
        return
    sign = SIGNS.get(one.name, one.name)
    if one.kind in {"metric", "measure"}:
        sign = f"measure {one.name}"
    elif one.name.startswith(("State.", "LastProcessingResult.")):
        sign = one.name.partition(".")[2]
    assert sign in seen(one.scenario)


def test_what_no_run_shows_names_no_scenario() -> None:
    others = [one.name for one in terms() if not one.scenario and one.kind not in {"parameter", "anomaly"}]
    assert others == ["traffic.DestinationDeliveryFailures"]


@cache
def seen(name: str) -> frozenset[str]:
    """What the runs of a scenario show: names of events, outcomes, conditions and states, and measures that are not 0."""
    found: set[str] = set()
    for settings, scenario in variants(load(FOLDER / name)):
        events: list[Event] = []
        played = play(scenario, settings, [events.append])
        for event in events:
            found |= set(words(event))
        found |= {
            f"measure {measure}" for measure, value in measures(played.metrics) if value not in (None, 0)
        }
        found.add(str(played.metrics["LastProcessingResult"]))
    return frozenset(found)


def words(event: Event) -> Iterator[str]:
    yield from (name for name, make in EVENTS.items() if type(event) is make)
    match event:
        case Result() | Response():
            yield event.outcome
        case Discard() | WindowLost() | EventLost():
            yield event.condition
        case StateChange():
            yield from (event.state, event.result)


def measures(document: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from measures(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value
