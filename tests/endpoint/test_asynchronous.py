"""An asynchronous event from its first attempt to its end, in time that nobody waits for."""

import asyncio
from pathlib import Path

import pytest

from streamsim.endpoint.asynchronous import Skipping, Tried, deliver
from streamsim.endpoint.call import Call, Called
from streamsim.functions.runtime import Answer, Deployment
from streamsim.model.asynchronous import EventInvokeConfig
from streamsim.model.names import unix
from streamsim.model.units import HOUR, MINUTE, SECOND
from streamsim.rules.documents.invocation_record import Ended

START = unix("2026-01-01T00:00:00Z")
ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
DEPLOYMENT = Deployment("orders", "app.handler", Path())
FAILED = Answer(b'{"errorMessage": "boom", "errorType": "Error"}', 1, "error", "Unhandled")
STOPPED = Answer(b'{"errorType":"Sandbox.Timedout"}', 1, "timeout", "Unhandled")
DONE = Answer(b"null", 1)


class Attempts:
    """Answers with one after another, then with the last for ever; None throttles."""

    def __init__(self, *answers: Answer | None) -> None:
        self.clock = Skipping(lambda: START)
        self.calls: list[tuple[int, str]] = []
        self.tried: list[Tried] = []
        self._answers = list(answers)

    async def __call__(self, call: Call) -> Called | None:
        self.calls.append((self.clock.now - START, call.request_id))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return None if answer is None else Called(call, DEPLOYMENT, answer, (), "stream")

    def play(self, config: EventInvokeConfig | None = None, arn: str = ARN) -> Ended:
        call = Call("id", b'{"a":1}', arn)
        config = config or EventInvokeConfig()
        return asyncio.run(deliver(call, ARN, self, config, self.clock, self.tried.append))

    @property
    def seconds(self) -> list[float]:
        return [at / SECOND for at, _ in self.calls]


ROWS: list[tuple[str, tuple[Answer | None, ...], EventInvokeConfig, list[float], str, int]] = [
    ("success ends it", (DONE,), EventInvokeConfig(), [0], "Success", 1),
    ("errors are tried again after one and two minutes", (FAILED,), EventInvokeConfig(), [0, 60, 180], "RetriesExhausted", 3),
    ("a time-out is an error", (STOPPED, DONE), EventInvokeConfig(), [0, 60], "Success", 2),
    ("without retries it ends at once", (FAILED,), EventInvokeConfig(0), [0], "RetriesExhausted", 1),
    ("an attempt that would be too late is not made", (FAILED,), EventInvokeConfig(2, 2 * MINUTE), [0, 60], "EventAgeExceeded", 2),
    ("throttles wait longer and longer and do not count", (None, None, None, FAILED), EventInvokeConfig(0), [0, 1, 3, 7], "RetriesExhausted", 1),
    ("an error begins the waits of throttles anew", (None, FAILED, None, DONE), EventInvokeConfig(), [0, 1, 61, 62], "Success", 2),
    ("an event that never ran has no attempt", (None,), EventInvokeConfig(2, 5 * SECOND), [0, 1, 3], "EventAgeExceeded", 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "config", "seconds", "condition", "attempts"),
    [row[1:] for row in ROWS],
    ids=[row[0] for row in ROWS],
)
def test_an_event_is_carried_to_its_end(
    answers: tuple[Answer | None, ...],
    config: EventInvokeConfig,
    seconds: list[float],
    condition: str,
    attempts: int,
) -> None:
    story = Attempts(*answers)
    ended = story.play(config)
    assert story.seconds == seconds
    assert (ended.condition, ended.attempts) == (condition, attempts)
    assert {request_id for _, request_id in story.calls} == {"id"}
    assert [one.delay for one in story.tried][-1] == 0
    assert (ended.last is None) == (attempts == 0)


def test_throttles_are_told_until_the_event_is_six_hours_old() -> None:
    story = Attempts(None)
    ended = story.play()
    assert ended.condition == "EventAgeExceeded"
    assert 5.9 * HOUR < ended.at - START <= 6 * HOUR
    assert all(one.called is None for one in story.tried)


def test_a_qualifier_stays_with_the_event() -> None:
    assert Attempts(DONE).play().qualifier == "$LATEST"
    assert Attempts(DONE).play(arn=f"{ARN}:live").qualifier == "live"
