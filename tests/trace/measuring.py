"""What a list of events measures."""

from typing import Any

from streamsim.model.events import Event
from streamsim.trace.format.header import Header
from streamsim.trace.measures.measures import Measures, Value, flatten

ONE_LANE = Header("story", 0, mappings={"default": {}})
TWO_LANES = Header("story", 0, mappings={"default": {"ParallelizationFactor": 2}})


def report(events: list[Event], header: Header = ONE_LANE) -> dict[str, Any]:
    measures = Measures(header)
    for event in events:
        measures.take(event)
    return measures.report()


def flat(events: list[Event], header: Header = ONE_LANE) -> dict[str, Value]:
    return flatten(report(events, header))


def row(*events: Event | list[Event]) -> list[Event]:
    return [event for item in events for event in (item if isinstance(item, list) else [item])]
