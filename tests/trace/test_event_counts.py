"""The metrics that count events, while a mapping has them: by hand, and as they were recorded."""

from typing import Any

import pytest

from streamsim.model.events import Event
from streamsim.trace.format.header import Header
from streamsim.trace.measures.measures import Value
from tests.trace.lines import (
    attempt,
    discard,
    opened,
    updated,
)
from tests.trace.measuring import flat, row


def test_mappings_without_event_count_have_no_such_metrics() -> None:
    off: dict[str, Any] = {"MetricsConfig": {"Metrics": []}}
    on = {"MetricsConfig": {"Metrics": ["EventCount"]}}
    header = Header("story", 0, mappings={"on": on, "off": off})
    events = row(
        opened(0, arrived=2, mapping="on"),
        opened(0, arrived=2, mapping="off"),
        attempt(0, 10, range(2), mapping="on"),
        attempt(0, 10, range(2), mapping="off"),
    )
    measured = flat(events, header)
    assert [measured[f"{of}InvokedEventCount"] for of in ("", "on.", "off.")] == [2, 2, None]
    assert measured["Invocations"] == 2
    assert flat(events[:1], Header("story", 0, mappings={"on": off}))["PolledEventCount"] is None


def test_events_are_counted_while_the_mapping_asks_for_it() -> None:
    off: dict[str, Any] = {"MetricsConfig": {"Metrics": []}}
    events = row(
        opened(0, arrived=9),
        attempt(0, 10, range(1)),
        updated(20, MetricsConfig={"Metrics": ["EventCount"]}),
        attempt(30, 10, range(1, 3)),
        updated(50, BatchSize=10),
        attempt(60, 10, range(3, 4), "error"),
        updated(80, MetricsConfig={"Metrics": []}),
        attempt(90, 10, range(4, 9)),
        updated(110, MetricsConfig={"Metrics": ["EventCount"]}),
        attempt(120, 10, range(9, 10)),
    )
    measured = flat(events, Header("story", 0, mappings={"default": off}))
    assert (measured["InvokedEventCount"], measured["FailedInvokeEventCount"]) == (2 + 1 + 1, 1)


#: recorded: three items in one batch, MaximumRetryAttempts 0, the handler raises (stackd's captures, `dynamodb_metrics`).
#: Whoever has no data point there has a 0 here.
RECORDED: dict[str, tuple[list[Event], dict[str, Value]]] = {
    "the document is delivered": (
        row(attempt(0, 10, range(3), "error"), discard(10, range(3), "sqs", delivered=True)),
        {
            "DroppedEventCount": 0,
            "OnFailureDestinationDeliveredEventCount": 3,
            "DestinationDeliveryFailures": 0,
        },
    ),
    "there is no destination": (
        row(attempt(0, 10, range(3), "error"), discard(10, range(3))),
        {
            "DroppedEventCount": 0,
            "OnFailureDestinationDeliveredEventCount": 0,
            "DestinationDeliveryFailures": 0,
        },
    ),
    "the destination is denied": (
        row(attempt(0, 10, range(3), "error"), discard(10, range(3), "sqs")),
        {
            "DroppedEventCount": 3,
            "OnFailureDestinationDeliveredEventCount": 0,
            "DestinationDeliveryFailures": 1,
        },
    ),
    "the destination is denied, and allowed for a fourth item": (
        row(
            attempt(0, 10, range(3), "error"),
            discard(10, range(3), "sqs"),
            attempt(120_000, 10, range(3, 4), "error"),
            discard(120_010, range(3, 4), "sqs", delivered=True),
        ),
        {
            "PolledEventCount": 4,
            "InvokedEventCount": 4,
            "FailedInvokeEventCount": 4,
            "Invocations": 2,
            "Errors": 2,
            "DroppedEventCount": 3,
            "OnFailureDestinationDeliveredEventCount": 1,
            "DestinationDeliveryFailures": 1,
        },
    ),
}


@pytest.mark.parametrize("name", RECORDED)
def test_event_counts_are_as_recorded(name: str) -> None:
    events, expected = RECORDED[name]
    always = {
        "PolledEventCount": 3,
        "FilteredOutEventCount": 0,
        "InvokedEventCount": 3,
        "FailedInvokeEventCount": 3,
        "Invocations": 1,
        "Errors": 1,
        "Throttles": 0,
    }
    measured = flat([opened(0, arrived=3), *events])
    assert {measure: measured[measure] for measure in always | expected} == always | expected
