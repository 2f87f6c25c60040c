"""Short traces of event sources that are no streams, and what they measure, worked out by hand."""

import pytest

from streamsim.model.events import Event
from streamsim.trace.format.header import Header
from streamsim.trace.measures.catalogue import names_of
from streamsim.trace.measures.measures import Measures, Value
from tests.trace.lines import (
    attempt,
    ended,
    event_lost,
    invoke,
    opened,
    request,
    response,
    result,
)
from tests.trace.measuring import flat, row

TRAFFIC = Header(
    "story",
    0,
    mappings={"default": {}},
    traffic={
        "api": {"source": "api_gateway", "FunctionName": "default", "TimeoutInMillis": 29_000},
        "files": {"source": "s3", "FunctionName": "default"},
    },
)

CALLS: dict[str, tuple[list[Event], dict[str, Value]]] = {
    "a call that succeeds and one that is throttled, which nobody repeats": (
        row(
            request(0, "a"),
            request(10, "b"),
            response(10, "b", 0, "throttled"),
            response(40, "a", 40),
            request(50, "c"),
            response(80, "c", 30, "error"),
            request(90, "c"),
        ),
        {
            "requests": 4,
            "successes": 1,
            "errors": 1,
            "throttles": 1,
            "retries": 0,
            "lost": 0,
            "latency.p50": 40,
            "latency.p99": 40,
            "latency.max": 40,
            "concurrency.max": 1,
            "api.concurrency.max": 1,
            "concurrency.avg": 0.778,
            # 2 requests of 0.2e-6 and 70 ms of 128 MB: 0.00875 GB-s of 0.0000166667.
            "cost.usd": 5.46e-7,
            "api.cost.usd": 5.46e-7,
            "files.requests": 0,
            "files.latency.max": None,
        },
    ),
    "a call that takes too long had no answer, and is no success": (
        row(
            request(0, "a"),
            request(0, "b", concurrency=2),
            response(29_000, "b", 29_000),
            response(29_001, "a", 29_001),
        ),
        {"requests": 2, "successes": 1, "too_late": 1, "errors": 0, "latency.max": 29_000},
    ),
    "an event that is retried is one request, and its latency is the whole time": (
        row(
            request(0, "a", "files"),
            response(10, "a", 10, "timeout", "files"),
            request(60_010, "a", "files"),
            response(60_010, "a", 0, "throttled", "files"),
            request(61_000, "a", "files"),
            response(61_020, "a", 10, source="files", init=10),
        ),
        {
            "requests": 1,
            "successes": 1,
            "errors": 1,
            "throttles": 1,
            "retries": 2,
            "latency.max": 61_020,
            "files.latency.max": 61_020,
            "api.requests": 0,
            "cold_starts": 1,
            "InitDuration.max": 10,
        },
    ),
    "an event that is given up is lost, and so is what cannot be delivered": (
        row(
            request(0, "a", "files"),
            response(10, "a", 10, "error", "files"),
            event_lost(10, "a", "files", "sqs"),
            request(20, "b", "files"),
            response(20, "b", 0, "throttled", "files"),
            event_lost(99, "b", "files"),
            event_lost(99, "never sent", "files"),
        ),
        {"requests": 3, "successes": 0, "lost": 3, "files.lost": 3, "DestinationDeliveryFailures": 1},
    ),
    "two sources at once are more together than each alone": (
        row(
            request(0, "a"),
            request(0, "b", "files", 2),
            response(10, "a", 10),
            response(10, "b", 10, source="files"),
        ),
        {"concurrency.max": 2, "api.concurrency.max": 1, "files.concurrency.max": 1},
    ),
    "what has not ended is in flight": (
        row(request(0, "a"), request(5, "b", concurrency=2)),
        {"concurrency.max": 2, "requests": 2, "successes": 0},
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_traffic_measures(name: str) -> None:
    events, expected = CALLS[name]
    measured = flat(events, TRAFFIC)
    assert {measure: measured[f"traffic.{measure}"] for measure in expected} == expected


def test_traffic_shares_concurrency_and_the_bill_with_streams() -> None:
    header = Header(
        "story",
        0,
        mappings={"default": {"FunctionName": "f"}},
        functions={"f": {"MemorySize": 128}, "g": {"MemorySize": 256}},
        traffic={"api": {"source": "api_gateway", "FunctionName": "g"}},
    )
    events = row(
        opened(0, arrived=1),
        invoke(0, range(1)),
        request(5, "a", function="g"),
        request(6, "b", function="g", concurrency=2),
        response(10, "a", 5, function="g"),
        result(20, 20),
        request(25, "c", function="g", concurrency=2),
        response(30, "c", 5, function="g"),
        response(46, "b", 40, function="g"),
        ended(100, 1),
    )
    measured = flat(events, header)
    assert measured["ConcurrentExecutions.max"] == 3
    assert measured["traffic.concurrency.max"] == 2
    assert measured["ConcurrentExecutions.avg"] == 0.7
    assert measured["Invocations"] == 1
    assert measured["cost.usd"] == pytest.approx(
        4 * 0.2e-6 + (20 * 128 + 50 * 256) / 1024 / 1000 * 0.0000166667, abs=1e-9
    )


@pytest.mark.parametrize(("end", "paid_until"), [(1_000, 300_000), (300_000, 300_000), (300_001, 600_000)])
def test_provisioned_environments_are_paid_for_and_executions_in_them_are_cheaper(
    end: int, paid_until: int
) -> None:
    """The first and the last of three executions find the one environment ready, the call between them does not."""
    header = Header(
        "provisioned",
        0,
        mappings={"default": {}, "other": {}},
        functions={"default": {"MemorySize": 512, "ProvisionedConcurrentExecutions": 1}},
        traffic={"api": {"source": "api_gateway"}},
    )
    events = row(
        opened(0, arrived=3),
        invoke(0, range(1)),
        request(5, "a", concurrency=2),
        result(10, 10),
        attempt(15, 0, range(1, 2), "throttled"),
        invoke(20, range(1, 3), concurrency=2),
        result(50, 30),
        response(105, "a", 100),
        ended(end, 3),
    )
    measured = flat(events, header)
    ready, provisioned, on_demand = 0.0000041667, 0.0000097222, 0.0000166667
    own = 2 * 0.2e-6 + 40 / 1000 / 2 * provisioned
    call = 0.2e-6 + 100 / 1000 / 2 * on_demand
    assert measured["default.cost.usd"] == pytest.approx(own, abs=1e-9)
    assert measured["traffic.cost.usd"] == pytest.approx(call, abs=1e-9)
    assert measured["cost.usd"] == pytest.approx(own + call + paid_until / 1000 / 2 * ready, abs=1e-9)


def test_the_concurrency_of_the_only_function_counts_what_other_sources_ask_of_it() -> None:
    events = row(opened(0, arrived=1), attempt(0, 1, range(1)), request(5, "a", concurrency=7))
    assert flat(events, TRAFFIC)["ConcurrentExecutions.max"] == 7


def test_what_is_remembered_of_traffic_is_what_has_not_ended() -> None:
    measures = Measures(TRAFFIC)
    for number in range(100):
        for event in row(
            request(number, f"call {number}"),
            response(number, f"call {number}", 0, "throttled"),
            request(number, f"event {number}", "files"),
            response(number, f"event {number}", 0, "throttled", "files"),
            request(number, f"event {number}", "files"),
            response(number, f"event {number}", 1, "success", "files"),
            request(number, f"lost {number}", "files"),
            event_lost(number, f"lost {number}", "files"),
        ):
            measures.take(event)
    assert [source.since for source in measures._sources.values()] == [{}, {}]


def test_a_report_has_every_measure_of_traffic_and_no_other() -> None:
    assert set(flat([opened(0)], TRAFFIC)) == set(names_of(["default"], TRAFFIC.traffic))
