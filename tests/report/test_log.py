"""What is logged of a run: which events, how grave, and with which fields."""

from typing import Any

import pytest

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.model.units import SECOND
from streamsim.trace.format.header import Header
from tests.report import runs
from tests.report.logger import log_of

PLACE = ("default", runs.shard_id(0), 0)


def logged(*events: Event, header: Header | None = None, every: bool = False) -> list[Any]:
    return log_of(events, header or runs.header("By hand", 1), every=every)


def attempt(t: int, outcome: Any, request_id: str = "aaaa", **more: Any) -> list[Event]:
    return [
        happened.Invoke(t, *PLACE, request_id, 1, range(5), "1", "2", 1, 0),
        happened.Result(t, *PLACE, request_id, 1, outcome, 0, **more),
    ]


@pytest.mark.parametrize(
    ("why", "outcomes", "expected"),
    [
        ("of throttles in a row the first", ["throttled", "throttled", "success"], ["throttled"]),
        ("a new row begins after a success", ["throttled", "success", "throttled"], ["throttled"] * 2),
        ("and after a failure", ["throttled", "error", "throttled"], ["throttled", "error", "throttled"]),
        ("failures of all kinds", ["timeout", "partial", "fault"], ["timeout", "partial", "fault"]),
        ("nothing of what goes well", ["success"], []),
    ],
)
def test_attempts_that_are_worth_a_line(why: str, outcomes: list[str], expected: list[str]) -> None:
    events = [event for t, outcome in enumerate(outcomes) for event in attempt(t, outcome)]
    assert [(level, event) for level, event, _ in logged(*events)] == [
        ("warning", one) for one in expected
    ], why


def test_a_failure_says_of_which_records_which_try_and_why() -> None:
    assert logged(*attempt(SECOND, "error", error="KeyError: 'id'")) == [
        (
            "warning",
            "error",
            {
                "t": SECOND, "shard": runs.shard_id(0), "first": 0, "last": 4, "count": 5, "request_id": "aaaa",
                "attempt": 1, "duration": 0, "error": "KeyError: 'id'",
            },
        )
    ]  # fmt: skip


def test_a_fault_ends_when_it_ends_though_nothing_else_happens_then() -> None:
    told = logged(
        happened.Fault(0, "slow {factor: 5}", 9),
        happened.Fault(1, "throttle {limit: 4}", 4),
        happened.Fault(2, "poison {record: 1}", None),
        happened.CaughtUp(20, *PLACE),
    )
    assert [(event, fields["t"], fields["what"].split()[0]) for _, event, fields in told] == [
        ("fault begins", 0, "slow"),
        ("fault begins", 1, "throttle"),
        ("fault begins", 2, "poison"),
        ("fault ends", 4, "throttle"),
        ("fault ends", 9, "slow"),
    ]


def test_losses_say_how_often_records_were_tried() -> None:
    told = logged(
        happened.Discard(5, *PLACE, "aaaa", "RecordAgeExceeded", range(3), 1, "sqs", True),
        happened.Expired(6, *PLACE, range(3, 4)),
    )
    assert [(event, fields.get("tried"), fields["count"]) for _, event, fields in told] == [
        ("discarded", "unsent", 3),
        ("expired", None, 1),
    ]


def test_a_producer_is_worth_a_line_when_something_of_it_failed() -> None:
    well = happened.Produced(5, "orders", 10, 2, 0, 0, 0, 0, 0, 40)
    told = logged(well, well._replace(throttled=3, retried=3))
    assert [
        (level, event, fields["t"], fields["stream"], fields["retried"]) for level, event, fields in told
    ] == [("warning", "produced", 5, "orders", 3)]
    assert [level for level, _, _ in logged(well, every=True)] == ["debug"]


@pytest.mark.parametrize("name", ["poison", "lanes_of_a_shard", "quiet"])
def test_every_event_has_one_line_where_all_are_asked_for(name: str) -> None:
    header, events = getattr(runs, name)()
    told = logged(*events, header=header, every=True)
    assert [fields["t"] for _, _, fields in told] == [event.t for event in events]


def test_lanes_and_mappings_are_named_where_there_are_several() -> None:
    header, events = runs.lanes_of_a_shard()
    failed = [fields for _, event, fields in logged(*events, header=header) if event == "error"]
    assert failed
    assert all(fields["lane"] == 2 and "mapping" not in fields for fields in failed)
    two = Header("Two", 1, mappings={"default": {}, "other": {}})
    assert logged(*attempt(0, "error"), header=two)[0][2]["mapping"] == "default"


def test_a_reshard_names_its_stream_and_shards() -> None:
    shards = [runs.shard_id(number) for number in range(3)]
    told = logged(happened.Reshard(9, "orders", "SplitShard 0", (shards[0],), (shards[1], shards[2])))
    fields = {
        "t": 9, "stream": "orders", "what": "SplitShard 0", "closed": shards[:1], "opened": shards[1:],
    }  # fmt: skip
    assert told == [("info", "reshard", fields)]


def test_the_end_of_a_window_is_told_with_its_window_where_it_fails() -> None:
    events = [
        *attempt(5, "success"),
        happened.WindowClose(9, *PLACE, "bbbb", 1, 0, 8, False, 77, 1),
        happened.Result(9, *PLACE, "bbbb", 1, "error", 3, error="no database"),
        happened.WindowLost(9, *PLACE, "bbbb", "RetryAttemptsExhausted", 0, 8, 1, None, False),
    ]
    place = {"t": 9, "shard": runs.shard_id(0)}
    tried = {"request_id": "bbbb", "attempt": 1, "duration": 3, "error": "no database"}
    assert logged(*events) == [
        ("warning", "error", {**place, "start": 0, "end": 8, "state_size": 77, **tried}),
        (
            "warning",
            "window lost",
            {**place, "start": 0, "end": 8, "attempts": 1, "condition": "RetryAttemptsExhausted"},
        ),
    ]
    assert ("debug", "window closes") in [told[:2] for told in logged(*events, every=True)]
