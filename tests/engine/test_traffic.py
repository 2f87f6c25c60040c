"""Calls and asynchronous events in virtual time: who runs, who is refused, when it comes again, what is lost."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from streamsim.destinations.kept import KeptDestination
from streamsim.engine.chance import Uuids
from streamsim.engine.concurrency import Account, ScalingRate
from streamsim.engine.deliveries import Deliveries
from streamsim.engine.loop import run, running
from streamsim.engine.traffic import Attempts, Calls, Queue, TrafficRun
from streamsim.model.asynchronous import EventInvokeConfig
from streamsim.model.events import Event, EventLost, Request, Response
from streamsim.model.outcome import Outcome
from streamsim.model.units import HOUR, MILLISECOND, MINUTE, SECOND
from streamsim.rules.events.asynchronous import AsyncSource
from tests.playing import events_of

QUEUE = "arn:aws:sqs:us-east-1:123456789012:lost"
TOPIC = "arn:aws:sns:us-east-1:123456789012:done"
BUCKET = "arn:aws:s3:::lost"
OK = Outcome("success", 300 * MILLISECOND)
ERROR = Outcome("error", 100 * MILLISECOND, error="KeyError: 'user'")


@dataclass
class Told:
    """What came of the requests of one source."""

    events: list[Event] = field(default_factory=list)
    end: int = 0

    @property
    def lines(self) -> list[str]:
        """ms, request as a letter, try, what came; and what was lost."""
        letters: dict[str, str] = {}
        told = []
        for event in self.events:
            match event:
                case Request():
                    letters.setdefault(event.request_id, chr(ord("a") + len(letters)))
                case Response():
                    letter = letters[event.request_id]
                    told.append(f"{event.t // 1000} {letter} try {event.attempt} {event.outcome}")
                case EventLost():
                    letter = letters.get(event.request_id, "?")
                    told.append(f"{event.t // 1000} {letter} {event.condition} after {event.attempts}")
        return told


def tell(
    instants: Sequence[int],
    outcomes: Sequence[Outcome] = (OK,),
    *,
    limit: int = 1000,
    config: EventInvokeConfig | None = None,
    patience: int | None = None,
    init: int = 0,
    scaling: ScalingRate | None = None,
    on_failure: str | None = None,
    on_success: str | None = None,
    dead_letter: str | None = None,
    folder: Path | None = None,
    closed: bool = False,
) -> Told:
    """Plays requests whose executions end one after the other as `outcomes` say, the last for good; a queue with `config`."""
    told = Told()

    async def main() -> None:
        clock = running().clock
        begun = iter([*outcomes[:-1]])

        async def answer(_request_id: str, _accepted_at: int, cold: bool) -> Outcome:
            outcome = next(begun, outcomes[-1])
            if cold and init:
                await clock.sleep(init)
                outcome = outcome._replace(init_duration=init)
            await clock.sleep(outcome.duration)
            return outcome

        sink = told.events.append
        concurrency = Account(limit, {"f": None}, scaling=scaling).functions["f"]
        attempts = Attempts("calls", "f", answer, concurrency, clock, sink, patience)
        deliveries = Deliveries(
            AsyncSource("calls", "s3", "f"),
            KeptDestination(on_failure, clock, folder=folder) if on_failure else None,
            KeptDestination(on_success, clock, folder=folder) if on_success else None,
            KeptDestination(dead_letter, clock, folder=folder) if dead_letter else None,
            Uuids(1, "uuid"),
            clock,
        )
        source = (
            Queue(attempts, config, deliveries, clock, sink, closed=closed)
            if config
            else Calls(attempts, clock)
        )
        await TrafficRun("calls", instants, source, Uuids(1, "request id"), clock).run()
        told.end = clock.now

    run(main())
    return told


USUAL = EventInvokeConfig()


def test_a_call_that_finds_no_slot_is_refused_and_gone() -> None:
    told = tell([0, 1000, 300 * MILLISECOND], limit=1)
    assert told.lines == ["1 b try 1 throttled", "300 a try 1 success", "600 c try 1 success"]
    assert [event.concurrency for event in told.events if isinstance(event, Request)] == [1, 1, 1]


def test_a_slot_that_gets_free_serves_the_call_of_the_same_instant() -> None:
    every = 300 * MILLISECOND
    assert tell([number * every for number in range(5)], limit=1).lines == [
        f"{300 * (number + 1)} {letter} try 1 success" for number, letter in enumerate("abcde")
    ]


def test_an_init_comes_before_the_function_and_counts_as_concurrency() -> None:
    told = tell([0, 500 * MILLISECOND, SECOND], init=400 * MILLISECOND, limit=1)
    assert told.lines == ["500 b try 1 throttled", "700 a try 1 success", "1300 c try 1 success"]
    of = {
        event.t: (event.duration, event.init_duration) for event in told.events if isinstance(event, Response)
    }
    assert of[700 * MILLISECOND] == (300 * MILLISECOND, 400 * MILLISECOND)
    assert of[1300 * MILLISECOND] == (300 * MILLISECOND, None)


def test_a_caller_stops_waiting_while_the_function_goes_on_and_holds_its_slot() -> None:
    slow = Outcome("success", 35 * SECOND)
    told = tell([0, 30 * SECOND, 35 * SECOND], [slow], patience=29 * SECOND, limit=1)
    assert told.lines == ["30000 b try 1 throttled", "35000 a try 1 success", "70000 c try 1 success"]
    late = [
        event.error for event in told.events if isinstance(event, Response) and event.outcome == "success"
    ]
    assert late == ["504: the caller stopped waiting after 29 s"] * 2


@pytest.mark.parametrize(("took", "late"), [(29 * SECOND, False), (29 * SECOND + 1, True)])
def test_a_caller_waits_for_exactly_its_time(took: int, late: bool) -> None:
    told = tell([0], [Outcome("success", took)], patience=29 * SECOND)
    response = told.events[-1]
    assert isinstance(response, Response)
    assert (response.error is not None) is late


def test_an_error_of_an_asynchronous_event_is_tried_again_after_one_minute_and_two() -> None:
    told = tell([0], [ERROR], config=USUAL)
    assert told.lines == [
        "100 a try 1 error",
        "60200 a try 2 error",
        "180300 a try 3 error",
        "180300 a RetriesExhausted after 3",
    ]
    assert len({event.request_id for event in told.events if isinstance(event, Request | Response)}) == 1


def test_a_retry_that_succeeds_ends_it() -> None:
    assert tell([0], [ERROR, OK], config=USUAL).lines == ["100 a try 1 error", "60400 a try 2 success"]


def test_throttled_events_wait_twice_as_long_each_time_and_spend_no_attempt() -> None:
    told = tell([0, 1], [Outcome("success", 20 * SECOND), ERROR, OK], limit=1, config=USUAL)
    assert told.lines == [
        "0 b try 1 throttled",
        "1000 b try 1 throttled",
        "3000 b try 1 throttled",
        "7000 b try 1 throttled",
        "15000 b try 1 throttled",
        "20000 a try 1 success",
        "31100 b try 1 error",
        "91400 b try 2 success",
    ]


def test_throttles_count_anew_after_an_attempt_that_ran() -> None:
    """The second event is throttled three times, fails, and is throttled again, as if for the first time."""
    told = tell(
        [0, 0, 60 * SECOND],
        [Outcome("success", 4 * SECOND), ERROR, Outcome("success", 9 * SECOND), OK],
        limit=1,
        config=USUAL,
    )
    assert told.lines == [
        *(f"{milliseconds} b try 1 throttled" for milliseconds in (0, 1000, 3000)),
        "4000 a try 1 success",
        "7100 b try 1 error",
        *(f"{milliseconds} b try 2 throttled" for milliseconds in (67100, 68100)),
        "69000 c try 1 success",
        "70400 b try 2 success",
    ]


def test_a_slot_that_gets_free_serves_the_event_that_asks_again_at_that_instant() -> None:
    """The second event's wait was set before the third's execution, which ends with it."""
    half = Outcome("success", 500 * MILLISECOND)
    assert tell([0, 0, 500 * MILLISECOND], [half], limit=1, config=USUAL).lines == [
        "0 b try 1 throttled",
        "500 a try 1 success",
        "1000 c try 1 success",
        "1500 b try 1 success",
    ]


def test_an_event_is_given_up_when_its_next_attempt_would_be_too_late() -> None:
    short = EventInvokeConfig(maximum_event_age=MINUTE)
    told = tell([0, 0], [Outcome("success", 10 * MINUTE)], limit=1, config=short)
    assert told.lines == [
        *(f"{milliseconds} b try 1 throttled" for milliseconds in (0, 1000, 3000, 7000, 15000, 31000)),
        "31000 b EventAgeExceeded after 0",
        "600000 a try 1 success",
    ]


def test_six_hours_of_throttles_end_an_event() -> None:
    told = tell([0], config=USUAL, limit=0)
    assert told.lines[-1].endswith("EventAgeExceeded after 0")
    assert 6 * HOUR - 5 * MINUTE < told.end <= 6 * HOUR
    gaps = [later.t - event.t for event, later in zip(told.events[::2], told.events[2::2], strict=False)]
    assert [gap // SECOND for gap in gaps[:10]] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert set(gaps[9:-1]) == {5 * MINUTE}


def test_without_any_reserved_concurrency_events_are_given_up_at_once() -> None:
    told = tell([0, SECOND], config=USUAL, closed=True, on_failure=QUEUE)
    assert told.lines == ["0 ? ZeroReservedConcurrency after 0", "1000 ? ZeroReservedConcurrency after 0"]
    assert not any(isinstance(event, Request) for event in told.events)


def documents(folder: Path) -> list[dict[str, object]]:
    return [
        json.loads(line)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for line in path.read_text().splitlines()
    ]


def test_the_document_of_a_lost_event_holds_the_event_and_the_error(tmp_path: Path) -> None:
    once = EventInvokeConfig(maximum_retry_attempts=0)
    told = tell([SECOND], [ERROR], config=once, on_failure=QUEUE, on_success=TOPIC, folder=tmp_path)
    (lost,) = [event for event in told.events if isinstance(event, EventLost)]
    assert (lost.destination, lost.delivered) == (QUEUE, True)
    (document,) = documents(tmp_path)
    assert list(document) == [
        "version", "timestamp", "requestContext", "requestPayload", "responseContext", "responsePayload",
    ]  # fmt: skip
    assert document["requestContext"] == {
        "requestId": lost.request_id,
        "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 1,
    }
    assert document["timestamp"] == "1970-01-01T00:00:01.100Z"
    assert document["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert document["responsePayload"] == {
        "errorMessage": "'user'",
        "errorType": "KeyError",
        "requestId": lost.request_id,
    }
    assert '"eventName": "ObjectCreated:Put"' in json.dumps(document["requestPayload"])


def test_the_document_of_an_event_that_was_throttled_last_holds_what_its_last_execution_came_to(
    tmp_path: Path,
) -> None:
    short = EventInvokeConfig(maximum_event_age=2 * MINUTE)
    told = tell(
        [0, MINUTE],
        [ERROR, Outcome("success", 5 * MINUTE)],
        limit=1,
        config=short,
        on_failure=QUEUE,
        folder=tmp_path,
    )
    (lost,) = [event for event in told.events if isinstance(event, EventLost)]
    assert (lost.condition, lost.attempts) == ("EventAgeExceeded", 1)
    (document,) = documents(tmp_path)
    assert document["responsePayload"] == {
        "errorMessage": "'user'",
        "errorType": "KeyError",
        "requestId": lost.request_id,
    }


DEAD = "arn:aws:sqs:us-east-1:123456789012:dead"


def test_a_dead_letter_is_the_event_as_it_came_and_why_it_is_there(tmp_path: Path) -> None:
    once = EventInvokeConfig(maximum_retry_attempts=0)
    told = tell([SECOND], [ERROR], config=once, dead_letter=DEAD, folder=tmp_path)
    (lost,) = [event for event in told.events if isinstance(event, EventLost)]
    assert (lost.destination, lost.delivered) == (DEAD, True)
    (letter,) = documents(tmp_path)
    assert json.loads(str(letter["body"]))["Records"][0]["s3"]["object"]["key"] == lost.request_id
    assert letter["messageAttributes"] == {
        "RequestID": {"stringValue": lost.request_id, "dataType": "String"},
        "ErrorCode": {"stringValue": "200", "dataType": "Number"},
        "ErrorMessage": {"stringValue": "'user'", "dataType": "String"},
    }


def test_with_a_destination_and_a_dead_letter_queue_an_event_goes_to_both(tmp_path: Path) -> None:
    told = tell([0], config=USUAL, closed=True, on_failure=QUEUE, dead_letter=TOPIC, folder=tmp_path)
    (lost,) = [event for event in told.events if isinstance(event, EventLost)]
    assert lost.destination == QUEUE
    (notification,) = [json.loads(line) for line in (tmp_path / "sns-done.ndjson").read_text().splitlines()]
    assert list(json.loads(notification["Message"])) == ["Records"]
    assert notification["MessageAttributes"]["ErrorCode"] == {"Type": "Number", "Value": "429"}
    assert len(documents(tmp_path)) == 2


def test_the_document_of_an_event_that_never_ran_has_no_response(tmp_path: Path) -> None:
    tell([0], config=USUAL, closed=True, on_failure=QUEUE, folder=tmp_path)
    (document,) = documents(tmp_path)
    assert list(document) == ["version", "timestamp", "requestContext", "requestPayload"]
    assert '"ZeroReservedConcurrency", "approximateInvokeCount": 0' in json.dumps(document["requestContext"])


def test_success_has_a_destination_too_and_failure_may_be_a_bucket(tmp_path: Path) -> None:
    once = EventInvokeConfig(maximum_retry_attempts=0)
    tell([0, SECOND], [OK, ERROR], config=once, on_failure=BUCKET, on_success=TOPIC, folder=tmp_path)
    (notification,) = [json.loads(line) for line in (tmp_path / "sns-done.ndjson").read_text().splitlines()]
    assert json.loads(notification["Message"])["requestContext"]["condition"] == "Success"
    (key,) = [str(path.relative_to(tmp_path)) for path in (tmp_path / "aws").rglob("*") if path.is_file()]
    assert key.startswith("aws/lambda/async/f/1970/01/01/1970-01-01T00.00.01-")


def test_more_new_environments_than_the_scaling_rate_allows_are_throttled_to_the_event() -> None:
    """1,500 calls in one instant, then one each millisecond: 1,000 run, and one more every 10 ms."""
    instants = [0] * 1500 + [number * MILLISECOND for number in range(1, 101)]
    told = tell(instants, [Outcome("success", MINUTE)], limit=10_000, scaling=ScalingRate())
    throttled = [
        event for event in told.events if isinstance(event, Response) and event.outcome == "throttled"
    ]
    assert sum(event.t == 0 for event in throttled) == 500
    asked = [event for event in told.events if isinstance(event, Request) and event.t > 0]
    refused = {event.t for event in throttled if event.t > 0}
    assert [event.t // MILLISECOND for event in asked if event.t not in refused] == list(range(10, 101, 10))


requests = st.lists(st.integers(0, 3 * SECOND), max_size=40).map(sorted)
endings = st.sampled_from(
    [OK, ERROR, Outcome("timeout", 3 * SECOND, error="Task timed out"), Outcome("fault", 0, error="oops")]
)


@settings(max_examples=150)
@examples(
    instants=requests,
    outcomes=st.lists(endings, min_size=1, max_size=12).map(lambda given: [*given, OK]),
    limit=st.integers(1, 5),
    init=st.sampled_from([0, 400 * MILLISECOND]),
    config=st.none() | st.builds(
        EventInvokeConfig,
        maximum_retry_attempts=st.integers(0, 2),
        maximum_event_age=st.sampled_from([MINUTE, 6 * HOUR]),
    ),
    burst=st.none() | st.integers(1, 3),
)  # fmt: skip
def test_every_request_has_one_response_and_every_event_one_end(
    instants: list[int],
    outcomes: list[Outcome],
    limit: int,
    init: int,
    config: EventInvokeConfig | None,
    burst: int | None,
) -> None:
    scaling = ScalingRate(burst) if burst else None
    told = tell(instants, outcomes, limit=limit, config=config, init=init, scaling=scaling)
    flying: dict[str, int] = {}
    ended: dict[str, str] = {}
    running_now = 0
    for event in told.events:
        assert isinstance(event, Request | Response | EventLost)
        match event:
            case Request():
                assert event.request_id not in flying
                assert event.request_id not in ended or config is not None
                flying[event.request_id] = event.attempt
                assert event.concurrency in {running_now, running_now + 1}
                assert event.concurrency <= limit
                running_now = event.concurrency
                ended.pop(event.request_id, None)
            case Response():
                assert flying.pop(event.request_id) == event.attempt
                ended[event.request_id] = event.outcome
                running_now -= event.outcome != "throttled"
            case EventLost():
                assert event.request_id not in flying
                assert ended[event.request_id] != "success"
                assert event.attempts <= (config or USUAL).maximum_retry_attempts + 1
                ended[event.request_id] = "lost"
    assert flying == {}
    assert running_now == 0
    assert len(ended) == len(instants)
    if config is not None:
        assert set(ended.values()) <= {"success", "lost"}


FORMULA = """scenario: Rate times duration
duration: 20s
producer: {records: [{key: a}]}
functions: {stream: {}, calls: {model: {duration: 300ms}}}
mapping: {function: stream}
traffic: [{name: calls, source: api_gateway, function: calls, arrivals: constant, rate: RATE/s}]
"""


@pytest.mark.parametrize("rate", [10, 100, 1000])
def test_concurrency_of_calls_is_their_rate_times_their_duration(rate: int) -> None:
    """Lambda Developer Guide of 2017: events a second times the function's duration, 10 x 3 s = 30."""
    requests = [
        event for event in events_of(FORMULA.replace("RATE", str(rate))) if isinstance(event, Request)
    ]
    assert len(requests) == 20 * rate
    assert max(event.concurrency for event in requests) == rate * 3 // 10
