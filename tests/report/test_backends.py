"""One scenario on several backends: what is the same, what timing excuses, and what nothing does."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import pytest

from streamsim.model.events import Discard, Event, Filtered, Invoke
from streamsim.report.comparison.backends import SideBySide, render_backends
from streamsim.report.comparison.compared import Run
from streamsim.report.comparison.differences import Told, differences
from streamsim.scenario.load import load_text
from streamsim.scenario.play import Played, play
from streamsim.scenario.real.timing import reasons_of_timing
from streamsim.trace.measures.content import Content
from streamsim.trace.measures.measures import Measures
from tests.report.test_terminal import printed

Golden = Callable[[str, str], None]
Events = Sequence[Event]

SCENARIO = """\
scenario: Two poison records
duration: 5s
stream: {shards: 2}
producer: {rate: 10/s per shard, keys: 5, data: {key: "{key}"}}
mapping:
  BatchSize: 8
  MaximumBatchingWindowInSeconds: 1
  BisectBatchOnFunctionError: true
  MaximumRetryAttempts: 1
  FilterCriteria: {Filters: [{Pattern: '{"data": {"key": [{"prefix": "user-"}]}}'}]}
function: {model: {duration: 20ms}}
faults: [{poison: {shard: 0, record: 9}}, {poison: {shard: 1, record: 20}}]
expect: {discarded: 2, order.contract: holds, IteratorAge.max: <= 4s}
"""


@cache
def played(text: str) -> tuple[Played, Events]:
    events: list[Event] = []
    return play(load_text(text, "it.yaml"), sinks=[events.append]), events


def told(backend: str, events: Events, text: str = SCENARIO) -> Told:
    header, content = played(text)[0].header, Content()
    measures = Measures(header)
    for event in events:
        measures.take(event)
        content(event)
    metrics = measures.report({})
    options = "" if backend == "virtual" else f"--backend {backend} --{backend} HOST:PORT"
    age = metrics["IteratorAge"]["max"]
    expected = [
        {
            "measure": "discarded",
            "test": "= 2",
            "value": metrics["discarded"],
            "ok": metrics["discarded"] == 2,
        },
        {"measure": "IteratorAge.max", "test": "<= 4s", "value": age, "ok": age <= 4000},
    ]
    return Told(Run({"backend": backend}, metrics, expected), content, options)


def shown(*others: Events, text: str = SCENARIO) -> SideBySide:
    first, events = played(text)
    all_ = [told("virtual", events, text)]
    all_ += [told(name, own, text) for name, own in zip(("kafka", "kinesis"), others, strict=False)]
    found = differences(all_, list(reasons_of_timing(load_text(text, "it.yaml"))))
    return render_backends(first.header, all_, found, {}, source="it.yaml")


def later(events: Events) -> Iterator[Event]:
    """The same on a slower backend."""
    for event in events:
        moved: Any = event
        if isinstance(event, Invoke):
            moved = event._replace(iterator_age=3 * event.iterator_age)
        yield moved


def without_a_discard(events: Events) -> Iterator[Event]:
    lost = next(one for one in events if isinstance(one, Discard))
    return (event for event in events if event is not lost)


def another_condition(events: Events) -> Iterator[Event]:
    return (
        event._replace(condition="RecordAgeExceeded") if isinstance(event, Discard) else event
        for event in events
    )


def retried_under_a_new_id(events: Events) -> Iterator[Event]:
    again = next(one for one in events if isinstance(one, Invoke) and one.attempt == 2)
    return (again._replace(request_id="new") if event is again else event for event in events)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_what_is_the_same_and_what_timing_makes_differ(golden_text: Golden, width: int) -> None:
    events = played(SCENARIO)[1]
    text = printed(shown(list(later(events)), events), width)
    assert max(map(len, text.splitlines())) <= width
    golden_text(f"backends-{width}.txt", text)


def test_what_differs_though_it_must_not_is_loud(golden_text: Golden) -> None:
    events = played(SCENARIO)[1]
    text = printed(shown(list(without_a_discard(events)), list(retried_under_a_new_id(events))), 110)
    golden_text("backends-differ.txt", text)


def test_differences_in_ascii(golden_text: Golden) -> None:
    events = played(SCENARIO)[1]
    golden_text("backends-ascii.txt", printed(shown(list(without_a_discard(events))), 100, encoding="ascii"))


def found(change: Callable[[Events], Iterator[Event]], text: str = SCENARIO) -> dict[str, bool]:
    """The measures that differ, and whether something excuses them."""
    events = played(text)[1]
    return {one.measure: bool(one.reasons) for one in shown(list(change(events)), text=text).differences}


WHOLE = SCENARIO.replace("  BisectBatchOnFunctionError: true\n", "")


def unfiltered(events: Events) -> Iterator[Event]:
    yield from events
    yield Filtered(events[-1].t, "default", "shardId-000000000000", 0, range(3))


@pytest.mark.parametrize(
    ("change", "text", "expected"),
    [
        pytest.param(later, SCENARIO, {}, id="a slower backend does the same"),
        pytest.param(
            without_a_discard,
            SCENARIO,
            {"discarded": False},
            id="bisect gives up the bad record alone, whatever batch it came in",
        ),
        pytest.param(
            another_condition, SCENARIO, {"discarded": False}, id="a record is given up for another reason"
        ),
        pytest.param(
            retried_under_a_new_id, SCENARIO, {"their request ids": False}, id="a retry has a new id"
        ),
        pytest.param(
            without_a_discard,
            WHOLE,
            {"discarded": False},
            id="without bisect the same batches give up the same records",
        ),
        pytest.param(unfiltered, SCENARIO, {"FilteredOutEventCount": False}, id="a filter lets others pass"),
    ],
)
def test_which_differences_are_excused(
    change: Callable[[Events], Iterator[Event]], text: str, expected: dict[str, bool]
) -> None:
    differing = {
        name: excused for name, excused in found(change, text).items() if name != "delivered.at_least_once"
    }
    assert differing == expected


def test_batches_that_are_cut_elsewhere_excuse_what_comes_with_them() -> None:
    """The same scenario with smaller batches stands for a backend that had less to send each time."""
    for text, discarded_excused in ((WHOLE, True), (SCENARIO, None)):
        small = played(text.replace("BatchSize: 8", "BatchSize: 3"))[1]
        differing = {one.measure: bool(one.reasons) for one in shown(small, text=text).differences}
        assert differing.get("discarded") is discarded_excused
        assert all(differing.values())


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ([], 0),
        (["BisectBatchOnFunctionError=false"], 1),
        (["BisectBatchOnFunctionError=false", "MaximumRetryAttempts=-1"], 0),
        (["MaximumRecordAgeInSeconds=60"], 1),
        (["TumblingWindowInSeconds=10", "FilterCriteria=null"], 1),
        (["events=[{at: 1s, update: {BatchSize: 3}}]"], 1),
        (["faults=[{error: {probability: 1%}}]"], 1),
        (["faults=[{lost_response: {probability: 1%}}]"], 1),
        (["faults=[{throttle: {limit: 1, from: 1s, for: 1s}}]"], 1),
        (["faults=[{poison: {record: 1, fails: 2 times}}]"], 1),
    ],
)
def test_why_timing_may_decide(changes: Sequence[str], count: int) -> None:
    reasons = list(reasons_of_timing(load_text(SCENARIO, "it.yaml", changes)))
    assert len(reasons) == count, reasons
