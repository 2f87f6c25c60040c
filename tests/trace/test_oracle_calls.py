"""The oracle on event sources that are no streams, and on the account that all share."""

from dataclasses import replace
from typing import Any

import pytest

from streamsim.trace.format.header import Header
from streamsim.trace.oracle.violation import Kind
from tests.trace.stories import header, judged, told

#: A story, and the kinds it breaks; none when it is legal.
CALLS: dict[str, tuple[str, set[Kind]]] = {
    "a call that fails is over": (
        "0 request shop a 1\n5 response shop a 1 error\n6 request shop b 1\n7 response shop b 1 throttled",
        set(),
    ),
    "an event goes again under its id and is given up": (
        """
        0 request files a 1
        1 response files a 1 error
        60000 request files a 2
        60001 response files a 2 throttled
        61000 request files a 2
        61001 response files a 2 fault
        63000 request files a 2
        63001 response files a 2 timeout
        180000 request files a 3
        180001 response files a 3 error
        180001 event_lost files a RetriesExhausted 3
        """,
        set(),
    ),
    "an event grows too old": (
        """
        0 request files a 1
        1 response files a 1 throttled
        21600000 request files a 1
        21600000 response files a 1 throttled
        21600000 event_lost files a EventAgeExceeded 1
        """,
        set(),
    ),
    "an event that never ran counts no attempt": (
        "0 request files a 1\n0 response files a 1 throttled\n21599000 event_lost files a EventAgeExceeded 0",
        set(),
    ),
    "a lost event is told where nobody asked for it": (
        "0 request files a 1\n0 response files a 1 throttled\n21599000 event_lost files a EventAgeExceeded 0 to=sqs",
        {"undelivered-first"},
    ),
    "an event is given up when its next retry would begin too late": (
        """
        0 request files a 1
        21500000 response files a 1 error
        21500000 event_lost files a EventAgeExceeded 1
        """,
        set(),
    ),
    "an event runs when it is too old": (
        "0 request files a 1\n1 response files a 1 throttled\n21600001 request files a 1\n21600001 response files a 1 success",
        {"age"},
    ),
    "an event is given up for its youth": (
        "0 request files a 1\n1 response files a 1 error\n60001 event_lost files a EventAgeExceeded 1",
        {"age"},
    ),
    "a call goes again": (
        "0 request shop a 1\n5 response shop a 1 error\n6 request shop a 2\n7 response shop a 2 success",
        {"over-retried"},
    ),
    "a call has the id of another": (
        "0 request shop a 1\n5 response shop a 1 error\n6 request shop a 1\n7 response shop a 1 success",
        {"id-reused"},
    ),
    "an event has the id of one that is over": (
        "0 request files a 1\n5 response files a 1 success\n6 request files a 1\n7 response files a 1 success",
        {"id-reused"},
    ),
    "two sources have an id each": (
        "0 request files a 1\n5 response files a 1 success\n6 request shop a 1\n7 response shop a 1 success",
        set(),
    ),
    "a call begins with attempt 2": (
        "0 request shop a 2\n5 response shop a 2 success",
        {"attempt-misnumbered"},
    ),
    "a throttle of an event counts": (
        "0 request files a 1\n1 response files a 1 throttled\n2 request files a 2\n3 response files a 2 success",
        {"attempt-misnumbered"},
    ),
    "an event runs four times": (
        """
        0 request files a 1
        1 response files a 1 error
        2 request files a 2
        3 response files a 2 error
        4 request files a 3
        5 response files a 3 error
        6 request files a 4
        7 response files a 4 success
        """,
        {"over-retried"},
    ),
    "an event is given up too soon": (
        "0 request files a 1\n1 response files a 1 error\n1 event_lost files a RetriesExhausted 1",
        {"under-retried"},
    ),
    "a lost event is miscounted": (
        "0 request files a 1\n1 response files a 1 error\n21599999 event_lost files a EventAgeExceeded 2",
        {"under-retried"},
    ),
    "an event is given up for no reason": (
        "0 request files a 1\n1 response files a 1 error\n1 event_lost files a Bored 1",
        {"out-of-place"},
    ),
    "an event is refused by a function that may have no executions": (
        "0 event_lost files a ZeroReservedConcurrency 0 function=closed",
        set(),
    ),
    "an event is refused by a function that may have executions": (
        "0 event_lost files a ZeroReservedConcurrency 0",
        {"out-of-place"},
    ),
    "a call is refused like an event": (
        "0 event_lost shop a ZeroReservedConcurrency 0 function=closed",
        {"out-of-place"},
    ),
    "a refused event is said to have run": (
        "0 event_lost files a ZeroReservedConcurrency 1 function=closed",
        {"under-retried"},
    ),
    "a refused event is told where nobody asked for it": (
        "0 event_lost files a ZeroReservedConcurrency 0 function=closed to=sqs",
        {"undelivered-first"},
    ),
    "an event is refused twice": (
        "0 event_lost files a ZeroReservedConcurrency 0 function=closed\n1 event_lost files a ZeroReservedConcurrency 0 function=closed",
        {"id-reused"},
    ),
    "an event that was sent is refused": (
        "0 request files a 1\n0 response files a 1 throttled\n0 event_lost files a ZeroReservedConcurrency 0",
        {"out-of-place"},
    ),
    "an event is given up while it runs": (
        "0 request files a 1\n1 event_lost files a RetriesExhausted 1",
        {"out-of-place"},
    ),
    "a call is given up": (
        "0 request shop a 1\n1 response shop a 1 error\n1 event_lost shop a RetriesExhausted 1",
        {"out-of-place"},
    ),
    "an event is given up that nobody sent": ("1 event_lost files a RetriesExhausted 1", {"out-of-place"}),
    "a response without a request": ("1 response shop a 1 success", {"out-of-place"}),
    "a response comes twice": (
        "0 request files a 1\n1 response files a 1 error\n1 response files a 1 error",
        {"out-of-place"},
    ),
    "a response to another attempt": ("0 request shop a 1\n1 response shop a 2 success", {"out-of-place"}),
    "a partial response without records": (
        "0 request shop a 1\n1 response shop a 1 partial",
        {"out-of-place"},
    ),
    "an event is sent again before its response": (
        "0 request files a 1\n1 request files a 2\n2 response files a 1 error\n3 response files a 2 success",
        {"two-in-flight"},
    ),
    "a call is not over when the run is": (
        "0 open s at 0 of 0\n0 request shop a 1\n9 end s 0",
        {"lost"},
    ),
    "an event waits to go again when the run is over": (
        "0 open s at 0 of 0\n0 request files a 1\n1 response files a 1 error\n9 end s 0",
        {"lost"},
    ),
    "a call is not over when the trace breaks off": (
        "0 open s at 0 of 0\n0 request shop a 1\n0 request files b 1\n9 response files b 1 error",
        set(),
    ),
    "a call begins after the last shard has ended": (
        "0 open s at 0 of 0\n9 end s 0\n9 request shop a 1",
        set(),
    ),
    "calls run more than reservations leave of the account": (
        """
        0 request shop a 1
        0 request shop b 1
        0 request shop c 1
        5 response shop a 1 success
        5 response shop b 1 success
        5 response shop c 1 success
        """,
        {"over-limit"},
    ),
    "a throttled call counts itself": (
        "0 request shop a 1 running=1\n0 response shop a 1 throttled",
        {"over-limit"},
    ),
    "a running call leaves itself out": (
        "0 request shop a 1 running=0\n1 response shop a 1 success",
        {"over-limit"},
    ),
    "calls and batches of one function are counted together": (
        """
        0 open x at 0 of 2
        0 request shop a 1 function=plain
        0 invoke x b 1 0
        0 invoke x c 1 1 lane=1
        5 response shop a 1 success function=plain
        5 result x b 1 success
        5 result x c 1 success lane=1
        """,
        {"over-limit"},
    ),
    "functions without a reservation run more than is left to them": (
        """
        0 open s at 0 of 1
        0 invoke s a 1 0
        0 request shop b 1
        0 request shop c 1 function=third
        5 response shop b 1 success
        5 response shop c 1 success function=third
        5 result s a 1 success
        """,
        {"over-limit"},
    ),
    "a reservation is not for others": (
        """
        0 open x at 0 of 2
        0 invoke x a 1 0
        0 invoke x b 1 1 lane=1
        0 request shop c 1
        0 request shop d 1 function=third
        5 response shop c 1 success
        5 response shop d 1 success function=third
        5 result x a 1 success
        5 result x b 1 success lane=1
        """,
        set(),
    ),
}


def _judged(text: str, settings: Header) -> set[Kind]:
    return {violation.kind for violation in judged(told(text, settings), settings)}


@pytest.mark.parametrize("name", CALLS)
def test_calls_by_stories(name: str) -> None:
    text, kinds = CALLS[name]
    assert _judged(text, header()) == kinds


#: Where retries and ages of events may be configured.
FEWER: dict[str, dict[str, Any]] = {
    "for the source": {"traffic": {"files": {"source": "s3", "MaximumRetryAttempts": 0}}},
    "for the function": {
        "traffic": {"files": {"source": "s3"}},
        "functions": {"web": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}},
    },
}


@pytest.mark.parametrize("name", FEWER)
def test_fewer_retries_of_events(name: str) -> None:
    known = replace(header(), **FEWER[name])
    sent = "0 request files a 1\n1 response files a 1 error\n"
    assert _judged(sent + "1 event_lost files a RetriesExhausted 1", known) == set()
    assert _judged(sent + "2 request files a 2\n3 response files a 2 success", known) == {"over-retried"}


def test_a_lost_event_is_told_to_its_destination() -> None:
    configured = {"source": "s3", "DestinationConfig": {"OnFailure": {"Destination": "sqs"}}}
    known = replace(header(), traffic={"files": configured})
    text = (
        "0 request files a 1\n0 response files a 1 throttled\n21599000 event_lost files a EventAgeExceeded 0"
    )
    assert _judged(text, known) == {"undelivered-first"}
    assert _judged(text + " to=sqs", known) == set()


def test_a_violation_of_a_source_names_it() -> None:
    [violation] = judged(told("1 response shop a 1 success", header()), header())
    assert violation.sentence == "request a of shop, attempt 1, ends without having been sent"
    assert (violation.mapping, violation.shard) == ("", "")
