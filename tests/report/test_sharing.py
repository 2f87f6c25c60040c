"""Streams, calls and asynchronous events side by side: what is counted, how it is drawn, told and logged."""

import io
from collections.abc import Callable
from functools import cache

import pytest
from rich.console import Console

from streamsim.model.events import Event, EventLost, Invoke, Request, Response, Result
from streamsim.model.units import MILLISECOND, SECOND
from streamsim.report.picture.account import account_lines
from streamsim.report.picture.levels import FINEST, Levels
from streamsim.report.picture.sharing import Party, Sharing
from streamsim.report.picture.timeline import Timeline
from streamsim.report.story.story import story
from streamsim.report.terminal import render_summary
from streamsim.scenario.header import header_of
from streamsim.scenario.load import load_text
from streamsim.scenario.play import Played, play
from streamsim.trace.format.header import Header
from tests.report.logger import log_of

BUSY = """scenario: Calls, uploads and a stream in one small account
seed: 3
duration: 30s
stream: {shards: 3}
producer: {rate: 20/s per shard}
functions:
  orders: {model: {duration: 300ms, cold_start: 400ms}}
  checkout: {Timeout: 60, model: {duration: 300ms, jitter: 10%}}
  thumbs: {EventInvokeConfig: {MaximumRetryAttempts: 1, DestinationConfig: {OnFailure: {Destination: sqs}}}}
mapping: {function: orders}
account: {ConcurrentExecutions: 20}
traffic:
  - {name: checkout, source: api_gateway, function: checkout, rate: [{at: 0s, rate: 20/s}, {at: 10s, rate: 80/s}, {at: 20s, rate: 20/s}]}
  - {name: uploads, source: s3, function: thumbs, rate: 5/s}
  - {name: slow, source: api_gateway, function: checkout, rate: 1/s, duration: 1s, TimeoutInMillis: 900}
faults: [{error: {probability: 10%, function: thumbs}}]
"""


@cache
def played() -> tuple[Played, tuple[Event, ...]]:
    events: list[Event] = []
    return play(load_text(BUSY), sinks=[events.append]), tuple(events)


def busy() -> tuple[Header, tuple[Event, ...]]:
    run, events = played()
    return run.header, events


def shared() -> tuple[Sharing, int]:
    header, events = busy()
    timeline = Timeline(header)
    for event in events:
        timeline(event)
    timeline.finish()
    assert timeline.sharing is not None
    return timeline.sharing, timeline.end


def printed(width: int, *, plain: bool = False) -> str:
    sharing, end = shared()
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None)
    for line in account_lines(sharing, played()[0].metrics, end, width, plain=plain):
        console.print(line)
    return file.getvalue()


@pytest.mark.parametrize("width", [60, 100])
def test_the_account_looks_as_recorded(golden_text: Callable[[str, str], None], width: int) -> None:
    text = printed(width)
    assert max(map(len, text.splitlines())) <= width
    golden_text(f"account-{width}.txt", text)


def test_the_account_can_be_drawn_in_ascii() -> None:
    assert printed(100, plain=True).isascii()


def test_the_levels_are_those_of_the_events() -> None:
    sharing, end = shared()
    _, events = busy()
    assert [party.kind for party in sharing.parties] == ["stream", "api_gateway", "s3", "api_gateway"]
    assert sharing.together.most == 20
    assert levels_by_hand(events) == [party.levels.most for party in sharing.parties]
    ends = [event for event in events if isinstance(event, Response | Result)]
    spent = sum(event.duration + (event.init_duration or 0) for event in ends)
    assert sum(party.levels.average() for party in sharing.parties) * end == pytest.approx(spent)


def test_the_table_shows_the_measures_and_leaves_out_what_never_happened() -> None:
    metrics = played()[0].metrics["traffic"]["sources"]
    shown = {line.split()[0]: line.split() for line in printed(100).split("requests")[1].splitlines()[1:]}
    for name in ("checkout", "uploads", "slow"):
        own = metrics[name]
        counts = [
            own[measure]
            for measure in ("requests", "successes", "throttles", "errors", "retries", "lost", "too_late")
        ]
        assert shown[name][2:9] == [f"{count:,}" for count in counts], name
    assert metrics["slow"]["too_late"] > 10
    assert metrics["uploads"]["lost"] > 0
    quiet = load_text(
        "scenario: Quiet\nduration: 1s\nproducer: {records: [{key: a}]}\n"
        "traffic: [{name: calls, source: api_gateway, rate: 5/s}]\n"
    )
    timeline = Timeline(header_of(quiet))
    run = play(quiet, sinks=[timeline])
    timeline.finish()
    assert timeline.sharing is not None
    lines = [line.plain for line in account_lines(timeline.sharing, run.metrics, timeline.end, 100)]
    assert [line.split() for line in lines if "requests" in line] == [
        ["requests", "done", "throttled", "p50", "p99"]
    ]


def levels_by_hand(events: tuple[Event, ...]) -> list[int]:
    """The most executions at once of each party, from the requests that were not throttled."""
    most = {"default": 0, "checkout": 0, "uploads": 0, "slow": 0}
    level = dict.fromkeys(most, 0)
    for event, following in zip(events, [*events[1:], None], strict=True):
        match event:
            case Invoke() | Request():
                name = event[1]
                if not (isinstance(following, Response | Result) and following.outcome == "throttled"):
                    level[name] += 1
                    most[name] = max(most[name], level[name])
            case Response() | Result() if event.outcome != "throttled":
                level[event[1]] -= 1
            case _:
                pass
    assert set(level.values()) == {0}
    return list(most.values())


def test_a_run_without_traffic_shares_nothing() -> None:
    assert Timeline(Header("alone", 1, mappings={"default": {}})).sharing is None


def test_a_mapping_and_a_source_may_have_one_name() -> None:
    header = Header("twins", 1, mappings={"default": {}}, traffic={"default": {"source": "s3"}})
    sharing = Sharing(header)
    sharing(Request(0, "default", "f", "a", 1, 1))
    sharing(Response(5, "default", "f", "a", 1, "success", 5))
    sharing.finish(10)
    assert [(party.kind, party.levels.most) for party in sharing.parties] == [("stream", 0), ("s3", 1)]


def test_levels_keep_the_highest_and_the_mean_however_long_it_takes() -> None:
    levels = Levels(columns=4)
    levels.set(0, 1)
    levels.set(10, 3)
    levels.set(20, 2)
    levels.reach(100 * FINEST)
    assert (levels.most, levels.level) == (3, 2)
    assert levels.width == 32 * FINEST
    assert list(levels.bins) == [3, 2, 2, 2]
    assert levels.average() == (10 * 1 + 10 * 3 + (100 * FINEST - 20) * 2) / (100 * FINEST)


def test_a_level_that_is_never_set_is_none() -> None:
    party = Party("quiet", "s3")
    assert (party.levels.most, party.levels.average()) == (0, 0.0)


def test_the_story_tells_trouble_losses_and_totals() -> None:
    header, events = busy()
    told = [
        line[14:] for line in story(header, events) if line[14:].startswith(("checkout", "uploads", "slow"))
    ]
    throttled = sum(
        isinstance(event, Response) and event.source == "checkout" and event.outcome == "throttled"
        for event in events
    )
    checkout = [line for line in told if line.startswith("checkout")]
    assert f" {throttled:,} throttled" in checkout[-1]
    assert sum("throttles (429)" in line for line in checkout) >= 1
    assert any("answers that come too late (504)" in line for line in told if line.startswith("slow"))
    lost = [line for line in told if " lost after " in line]
    assert lost
    assert all(
        line.endswith("lost after 2 tries: RetriesExhausted, sqs on-failure-queue takes the document")
        for line in lost
    )


HEADER = Header("calls", 1, mappings={"default": {}}, traffic={"calls": {"source": "api_gateway"}})


def logged(events: list[Event], *, every: bool = False) -> list[tuple[str, str, int]]:
    return [(level, word, fields["t"]) for level, word, fields in log_of(events, HEADER, every=every)]


def refused(t: int) -> list[Event]:
    return [
        Request(t, "calls", "f", str(t), 1, 0),
        Response(t, "calls", "f", str(t), 1, "throttled", 0, "Rate Exceeded."),
    ]


def test_who_watches_hears_of_trouble_when_it_begins_and_when_it_comes_back() -> None:
    late = 2 * SECOND + 10 * SECOND
    events = [*refused(SECOND), *refused(2 * SECOND), *refused(late)]
    assert logged(events) == [("warning", "throttled", SECOND), ("warning", "throttled", late)]


def test_who_watches_hears_of_every_lost_event() -> None:
    lost: list[Event] = [EventLost(t, "calls", "f", "a", "RetriesExhausted", 3, None, False) for t in (1, 2)]
    assert logged(lost) == [("warning", "event lost", 1), ("warning", "event lost", 2)]


def test_who_wants_everything_hears_of_every_request_and_response() -> None:
    events: list[Event] = [
        Request(0, "calls", "f", "a", 1, 1),
        Response(300 * MILLISECOND, "calls", "f", "a", 1, "success", 300 * MILLISECOND),
        *refused(SECOND),
        *refused(2 * SECOND),
    ]
    assert [line[:2] for line in logged(events, every=True)] == [
        ("debug", "request"),
        ("debug", "response"),
        ("debug", "request"),
        ("warning", "throttled"),
        ("debug", "request"),
        ("debug", "throttled"),
    ]


def test_with_traffic_concurrency_is_drawn_once_for_everybody() -> None:
    run, events = played()
    timeline = Timeline(run.header)
    for event in events:
        timeline(event)
    file = io.StringIO()
    summary = render_summary(run.header, run.metrics, run.expectations, run.violations, timeline)
    Console(file=file, width=100, color_system=None).print(summary)
    assert sum(line.startswith(" concurrency") for line in file.getvalue().splitlines()) == 1
    assert "peak concurrency  20 of 20" in file.getvalue()
