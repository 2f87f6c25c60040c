"""Traffic that calls real handlers: events of the right shape, retries with one id, answers that an API understands."""

import json
from pathlib import Path
from typing import Any

import pytest

from streamsim.model.events import EventLost, Response
from streamsim.scenario.load import load_text
from streamsim.scenario.play import play

HANDLER = """
import json
told = []

def handler(event, context):
    told.append(context.aws_request_id)
    with open(context.function_name + ".ndjson", "a") as file:
        file.write(json.dumps({"event": event, "id": context.aws_request_id}) + "\\n")
    if "httpMethod" in event:
        return {"statusCode": 200} if event["path"] == "/good" else {"status": 200}
    if event.get("source") != "aws.events" and len(told) < 3:
        raise KeyError("not yet")
"""
FILE = """
scenario: Traffic to a handler
seed: 3
duration: 150s
stream: {{type: kinesis}}
producer: {{records: [{{key: a}}]}}
functions:
  stream: {{}}
  f: {{handler: app:handler, model: {{duration: 10ms}}{settings}}}
mapping: {{function: stream}}
traffic: [{traffic}]
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(HANDLER)


def events_of(traffic: str, settings: str = "") -> tuple[list[Any], list[dict[str, Any]]]:
    """The trace's events, and what the handler was handed."""
    events: list[Any] = []
    play(load_text(FILE.format(traffic=traffic, settings=settings), "scenario.yaml"), sinks=[events.append])
    return events, [json.loads(line) for line in Path("f.ndjson").read_text().splitlines()]


def test_an_event_that_fails_comes_again_unchanged_with_its_id() -> None:
    events, told = events_of(
        "{name: pictures, source: s3, function: f, rate: 1/s, arrivals: constant, for: 1s}"
    )
    responses = [event for event in events if isinstance(event, Response)]
    assert [event.attempt for event in responses] == [1, 2, 3]
    assert [event.error for event in responses][:2] == ["KeyError: 'not yet'"] * 2
    assert len({one["id"] for one in told}) == len({json.dumps(one["event"]) for one in told}) == 1
    assert told[0]["event"]["Records"][0]["s3"]["object"]["key"] == told[0]["id"] == responses[0].request_id
    assert not [event for event in events if isinstance(event, EventLost)]


def test_an_event_is_lost_with_what_the_handler_raised() -> None:
    settings = (
        ", EventInvokeConfig: {MaximumRetryAttempts: 0, DestinationConfig: {OnFailure: {Destination: sqs}}}"
    )
    events, told = events_of(
        "{name: pictures, source: s3, function: f, rate: 1/s, arrivals: constant, for: 1s}", settings
    )
    (lost,) = [event for event in events if isinstance(event, EventLost)]
    assert (lost.condition, len(told)) == ("RetriesExhausted", 1)


def test_a_dead_letter_queue_takes_an_event_that_is_given_up(tmp_path: Path) -> None:
    settings = ", EventInvokeConfig: {MaximumRetryAttempts: 0}, DeadLetterConfig: {TargetArn: sqs}"
    text = FILE.format(
        traffic="{name: pictures, source: s3, function: f, rate: 1/s, arrivals: constant, for: 1s}",
        settings=settings,
    )
    events: list[Any] = []
    played = play(load_text(text, "scenario.yaml"), sinks=[events.append], on_failure=tmp_path / "kept")
    (lost,) = [event for event in events if isinstance(event, EventLost)]
    assert lost.destination == "arn:aws:sqs:us-east-1:123456789012:dead-letter-queue"
    assert lost.delivered
    assert not played.violations
    (path,) = (tmp_path / "kept" / "pictures").iterdir()
    letter = json.loads(path.read_text())
    assert json.loads(letter["body"]) == json.loads(Path("f.ndjson").read_text())["event"]
    assert letter["messageAttributes"]["ErrorMessage"]["stringValue"] == "'not yet'"


def test_a_schedule_fires_with_its_time() -> None:
    _, told = events_of("{name: report, source: schedule, function: f, every: 1m}")
    assert [one["event"]["time"] for one in told] == ["2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"]
    assert told[0]["event"]["resources"] == ["arn:aws:events:us-east-1:123456789012:rule/report"]


@pytest.mark.parametrize(
    ("path", "error"), [("/good", None), ("/bad", "502: the answer is no response for an API")]
)
def test_a_call_gets_what_an_api_makes_of_the_answer(path: str, error: str | None) -> None:
    traffic = "{name: shop, source: api_gateway, function: f, rate: 1/s, arrivals: constant, for: 2s, request: {path: %s}}"
    events, told = events_of(traffic % path)
    responses = [event for event in events if isinstance(event, Response)]
    assert responses
    assert {(event.outcome, event.duration, event.error) for event in responses} == {
        ("success", 10_000, error)
    }
    assert [one["id"] for one in told] == [event.request_id for event in responses]
    assert {one["event"]["path"] for one in told} == {path}


def test_a_measured_handler_takes_its_own_time() -> None:
    file = FILE.replace("duration: 10ms", "duration: measured")
    traffic = "{name: report, source: schedule, function: f, every: 1m}"
    events: list[Any] = []
    play(load_text(file.format(traffic=traffic, settings=""), "scenario.yaml"), sinks=[events.append])
    durations = [event.duration for event in events if isinstance(event, Response)]
    assert len(durations) == 2
    assert all(0 < duration < 1_000_000 and duration != 10_000 for duration in durations)
