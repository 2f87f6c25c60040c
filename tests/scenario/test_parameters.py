"""A test for each row of the table of parameters: one that acts changes a run, the others are refused with the reason.

A row that acts has two scenarios which differ in the parameter alone, and what is seen of both runs.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from streamsim.model.events import (
    CaughtUp,
    Discard,
    Event,
    Filtered,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
    Split,
    WindowClose,
)
from streamsim.model.units import SECOND
from streamsim.rules.mapping.parameters import PARAMETERS, WITHOUT_EFFECT, Parameter
from streamsim.rules.mapping.settings import (
    MAXIMUM_PATTERN,
    METRIC_GROUPS,
    NOT_FOR_STREAMS,
    REPORT_BATCH_ITEM_FAILURES,
    STARTING_POSITIONS,
    WHOLE_NUMBERS,
)
from streamsim.scenario.load import load_text
from streamsim.scenario.parts.mapping import Mapping
from streamsim.scenario.parts.updates import UPDATABLE
from streamsim.scenario.play import Played, play
from streamsim.scenario.text.errors import ScenarioError

Seen = Callable[[list[Event], Played], Any]

#: Five records at once, each of a key of its own, in one shard.
FIVE = "producer: {records: [{key: a}, {key: b}, {key: c}, {key: d}, {key: e}]}\n"

#: A record from before the start, and one from after it.
OLD_AND_NEW = "producer: {records: [{key: a, at: -60s}, {key: b, at: 1s}]}\n"

#: The second of three records cannot be handled.
POISONED = "producer: {records: [{key: a}, {key: b}, {key: c}]}\nfaults: [{poison: {record: 1}}]\n"


def batches(events: list[Event], _: Played) -> list[list[int]]:
    """The positions of every batch that was sent."""
    return [list(event.positions) for event in events if isinstance(event, Invoke)]


def most_at_once(events: list[Event], _: Played) -> int:
    """Executions at once."""
    return max(event.concurrency for event in events if isinstance(event, Invoke))


def discards(events: list[Event], _: Played) -> list[tuple[str, int, str | None]]:
    """Why records were discarded, after how many whole minutes, and where to."""
    return [
        (event.condition, event.t // (60 * SECOND), event.destination)
        for event in events
        if isinstance(event, Discard)
    ]


def outcomes(events: list[Event], _: Played) -> list[str]:
    """How every attempt ended, and where a batch was split."""
    return [
        f"split at {event.at}" if isinstance(event, Split) else event.outcome
        for event in events
        if isinstance(event, Result | Split)
    ]


def filtered(events: list[Event], _: Played) -> list[list[int]]:
    """The positions that were filtered out."""
    return [list(event.positions) for event in events if isinstance(event, Filtered)]


def read(events: list[Event], _: Played) -> list[str]:
    """What became of the only shard."""
    kinds = (ShardOpen, Invoke, CaughtUp, ShardEnd)
    return [type(event).__name__ for event in events if isinstance(event, kinds)]


def windows(events: list[Event], _: Played) -> list[tuple[int, int]]:
    """The windows that were closed, in seconds."""
    return [(e.start // SECOND, e.end // SECOND) for e in events if isinstance(e, WindowClose)]


def polled(_: list[Event], played: Played) -> int | None:
    """PolledEventCount."""
    count: int | None = played.metrics["PolledEventCount"]
    return count


@dataclass(frozen=True)
class Acts:
    """Two values of a parameter in the same world, and what is seen of each run. `beside` are other settings.

    `by_hand`: the second value goes around the file's own checks, which refuse what makes no sense with it.
    """

    world: str
    one: Any
    other: Any
    seen: Seen
    of_one: Any
    of_other: Any
    beside: dict[str, Any] = field(default_factory=dict)
    by_hand: bool = False


#: What an update of a parameter is refused for, where that is not what its creation is refused for.
IN_AN_UPDATE = {
    "EventSourceArn": "EventSourceArn cannot be updated: a mapping keeps it (UpdateEventSourceMapping has no such parameter)",
    "FunctionName": "a mapping keeps its function in a scenario, though Lambda could give it another",
}

PATTERN = {"Filters": [{"Pattern": '{"data": {"kind": ["order"]}}'}]}
QUEUE = "arn:aws:sqs:us-east-1:123456789012:on-failure-queue"

ACTING: dict[str, Acts] = {
    "Enabled": Acts(FIVE, True, False, read, ["ShardOpen", "Invoke", "CaughtUp", "ShardEnd"], []),
    "BatchSize": Acts(FIVE, 2, 3, batches, [[0, 1], [2, 3], [4]], [[0, 1, 2], [3, 4]]),
    "FilterCriteria": Acts(
        "producer: {records: [{key: a, data: {kind: order}}, {key: b, data: {kind: visit}}]}\n",
        {"Filters": []},
        PATTERN,
        filtered,
        [],
        [[1]],
    ),
    "MetricsConfig": Acts(FIVE, {"Metrics": ["EventCount"]}, {"Metrics": []}, polled, 5, None),
    "MaximumBatchingWindowInSeconds": Acts(
        "producer: {records: [{key: a}, {key: b, at: 2.5s}]}\n", 0, 5, batches, [[0], [1]], [[0, 1]]
    ),
    "ParallelizationFactor": Acts(FIVE, 1, 2, most_at_once, 1, 2),
    "StartingPosition": Acts(OLD_AND_NEW, "TRIM_HORIZON", "LATEST", batches, [[0], [1]], [[1]]),
    "StartingPositionTimestamp": Acts(
        OLD_AND_NEW, "-90s", "-30s", batches, [[0], [1]], [[1]], {"StartingPosition": "AT_TIMESTAMP"}
    ),
    "DestinationConfig": Acts(
        POISONED,
        {},
        {"OnFailure": {"Destination": "sqs"}},
        discards,
        [("RetryAttemptsExhausted", 0, None)],
        [("RetryAttemptsExhausted", 0, QUEUE)],
        {"MaximumRetryAttempts": 0},
    ),
    "MaximumRecordAgeInSeconds": Acts(
        POISONED,
        60,
        600,
        discards,
        [("RecordAgeExceeded", 1, None)],
        [("RecordAgeExceeded", 10, None)],
    ),
    "BisectBatchOnFunctionError": Acts(
        POISONED,
        False,
        True,
        outcomes,
        ["error"],
        ["error", "split at 1", "success", "error", "split at 2", "error", "success"],
        {"MaximumRetryAttempts": 0},
    ),
    "MaximumRetryAttempts": Acts(POISONED, 0, 2, outcomes, ["error"], ["error"] * 3),
    "TumblingWindowInSeconds": Acts(
        "producer: {records: [{key: a}, {key: b, at: 65s}]}\n", 0, 60, windows, [], [(0, 60), (60, 120)]
    ),
    "FunctionResponseTypes": Acts(
        POISONED.replace("record: 1", "record: 1, how: partial"),
        ["ReportBatchItemFailures"],
        [],
        outcomes,
        ["partial", "partial"],
        ["success"],
        {"MaximumRetryAttempts": 0},
        by_hand=True,
    ),
}


def run(
    world: str, settings: dict[str, Any], by_hand: dict[str, Any] | None = None
) -> tuple[list[Event], Played]:
    """Whether the contract holds is what other tests ask."""
    text = f"scenario: A row of the table\n{world}mapping: {json.dumps(settings)}\n"
    scenario = load_text(text + "function: {model: {duration: 100ms}}\n")
    if by_hand is not None:
        given = Mapping.model_validate(by_hand)
        changed = scenario.mappings["default"].model_copy(
            update={name: getattr(given, name) for name in by_hand}
        )
        scenario = replace(scenario, mappings={"default": changed})
    events: list[Event] = []
    return events, play(scenario, sinks=[events.append])


@pytest.mark.parametrize("name", ACTING)
def test_a_parameter_acts(name: str) -> None:
    acts = ACTING[name]
    assert acts.seen(*run(acts.world, {**acts.beside, name: acts.one})) == acts.of_one
    if acts.by_hand:
        other = run(acts.world, {**acts.beside, name: acts.one}, {name: acts.other})
    else:
        other = run(acts.world, {**acts.beside, name: acts.other})
    assert acts.seen(*other) == acts.of_other
    assert acts.of_one != acts.of_other


@pytest.mark.parametrize("one", [one for one in PARAMETERS if one.refused], ids=lambda one: one.name)
def test_a_parameter_is_refused(one: Parameter) -> None:
    why = f"{one.name} is not for streams" if one.name in NOT_FOR_STREAMS else f"a scenario has no {one.name}"
    with pytest.raises(ScenarioError) as caught:
        load_text(f"scenario: A row of the table\n{FIVE}mapping: {{{one.name}: x}}\n")
    (problem,) = caught.value.problems
    assert problem.message == f"{why}: {one.refused}"


def test_every_row_is_proved_and_every_setting_has_a_row() -> None:
    by_name = {one.name: one for one in PARAMETERS}
    assert len(by_name) == len(PARAMETERS) == 28
    assert {one.name for one in PARAMETERS if not one.refused} == set(ACTING)
    assert {name for name in Mapping.model_fields if name[0].isupper()} == set(ACTING)
    assert {one.name for one in PARAMETERS if one.refused} == {*NOT_FOR_STREAMS, *WITHOUT_EFFECT}


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
def test_a_default_of_the_table_is_the_default_of_the_setting(name: str) -> None:
    (row,) = [one for one in PARAMETERS if one.name == name]
    assert row.default == str(Mapping().settings()[name])


def shapes(operation: str) -> Any:
    """The members of an operation's input, as the model has them that comes with boto3."""
    session = pytest.importorskip("botocore.session").get_session()
    return session.get_service_model("lambda").operation_model(operation).input_shape.members


def test_the_table_is_that_of_the_api_model() -> None:
    known, model = [one.name for one in PARAMETERS], list(shapes("CreateEventSourceMapping"))
    assert known == [name for name in model if name in known]
    if new := [name for name in model if name not in known]:
        pytest.skip(f"the API has parameters that the table does not know: {', '.join(new)}")


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
def test_a_range_is_that_of_the_api_model(name: str) -> None:
    """Record ages from 0 to 59 are in the model, and the service refuses them."""
    limits = shapes("CreateEventSourceMapping")[name].metadata
    assert (WHOLE_NUMBERS[name].low, WHOLE_NUMBERS[name].high) == (limits["min"], limits["max"])


def test_nested_parameters_and_words_are_those_of_the_api_model() -> None:
    model = shapes("CreateEventSourceMapping")
    assert list(model["DestinationConfig"].members) == ["OnSuccess", "OnFailure"]
    assert model["DestinationConfig"].members["OnFailure"].members["Destination"].metadata["max"] == 350
    assert list(model["FilterCriteria"].members) == ["Filters"]
    pattern = model["FilterCriteria"].members["Filters"].member
    assert list(pattern.members) == ["Pattern"]
    assert pattern.members["Pattern"].metadata["max"] == MAXIMUM_PATTERN
    assert list(model["MetricsConfig"].members) == ["Metrics"]
    assert tuple(model["MetricsConfig"].members["Metrics"].member.enum) == METRIC_GROUPS
    assert model["MetricsConfig"].members["Metrics"].metadata["max"] == len(METRIC_GROUPS)
    assert list(model["FunctionResponseTypes"].member.enum) == [REPORT_BATCH_ITEM_FAILURES]
    assert set(model["StartingPosition"].enum) == set(STARTING_POSITIONS)


def test_what_can_be_updated_is_what_the_api_model_can_update() -> None:
    model = set(shapes("UpdateEventSourceMapping"))
    assert set(UPDATABLE) == model - {"UUID", *NOT_FOR_STREAMS, *WITHOUT_EFFECT}


@pytest.mark.parametrize("one", [one for one in PARAMETERS if one.refused], ids=lambda one: one.name)
def test_a_parameter_is_refused_in_an_update_too(one: Parameter) -> None:
    text = f"scenario: A row of the table\n{FIVE}events: [{{at: 1s, update: {{{one.name}: x}}}}]\n"
    with pytest.raises(ScenarioError) as caught:
        load_text(text)
    (problem,) = caught.value.problems
    if one.name in IN_AN_UPDATE:
        assert problem.message == IN_AN_UPDATE[one.name]
    else:
        assert problem.message.endswith(f" {one.name}: {one.refused}") or problem.message == (
            f"{one.name} is not for streams: {one.refused}"
        )
