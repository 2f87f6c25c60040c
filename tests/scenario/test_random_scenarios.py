"""Random scenario files from text to reports: nothing breaks, and whoever looks at a run sees the same run."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, get_args

import pytest
from rich.console import Console

from streamsim.model.events import BEYOND_MAPPINGS, Event
from streamsim.report.log import EventLog
from streamsim.report.picture.timeline import Timeline
from streamsim.report.story.story import story
from streamsim.report.terminal import render_summary
from streamsim.scenario.header import header_of
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import Played, play
from streamsim.trace.format.encoding import encode_event, encode_header
from streamsim.trace.format.ndjson import read_trace
from streamsim.trace.measures.measures import Measures, flatten
from streamsim.trace.oracle.oracle import Oracle
from tests.scenario.plain_counts import check_books, counts, counts_of_source
from tests.scenario.random_scenarios import random_scenario

ROOT = Path(__file__).parent.parent.parent
SEEDS = range(200)

#: A run of more events is left to whoever plays thousands by hand.
MOST = 6000


@dataclass(frozen=True)
class Run:
    scenario: Scenario
    played: Played
    events: list[Event]


class TooLongError(Exception):
    pass


def run_of(seed: int) -> Run | None:
    """The run of a seed's scenario; None where that is refused, or more is told than anybody looks at here."""
    found = random_scenario(seed)
    if found is None:
        return None
    events: list[Event] = []

    def take(event: Event) -> None:
        if len(events) == MOST:
            raise TooLongError
        events.append(event)

    try:
        return Run(found[1], play(found[1], sinks=[take]), events)
    except TooLongError:
        return None


@pytest.fixture(scope="module")
def runs() -> dict[int, Run]:
    return {seed: run for seed in SEEDS if (run := run_of(seed)) is not None}


def test_the_scenarios_reach_everything(runs: dict[int, Run]) -> None:
    assert len(runs) > len(SEEDS) * 0.8
    told = Counter(kind for run in runs.values() for kind in {type(event) for event in run.events})
    assert set(get_args(Event)) == told.keys()
    assert {*BEYOND_MAPPINGS} <= told.keys()
    ended = {getattr(event, "outcome", None) for run in runs.values() for event in run.events}
    assert {"success", "partial", "error", "timeout", "throttled", "too_large", "fault"} < ended


def test_the_oracle_finds_nothing(runs: dict[int, Run]) -> None:
    assert {seed: run.played.violations for seed, run in runs.items() if run.played.violations} == {}


def test_every_record_is_finished_once_between_two_openings(runs: dict[int, Run]) -> None:
    for run in runs.values():
        check_books(run.events)


def test_measures_are_what_plain_counting_comes_to(runs: dict[int, Run]) -> None:
    differing = {seed: wrong for seed, run in runs.items() if (wrong := miscounted(run))}
    assert differing == {}


def miscounted(run: Run) -> dict[str, Any]:
    """Measures that are not what was counted, with both values."""
    measured, scenario = flatten(run.played.metrics), run.scenario
    wrong = {}
    for name in scenario.mappings:
        prefix = f"{name}." if len(scenario.mappings) > 1 else ""
        for measure, count in {**counts(run.events, name)}.items():
            if measure not in guessed(scenario, name) and measured[prefix + measure] != count:
                wrong[prefix + measure] = (measured[prefix + measure], count)
    for source in scenario.traffic:
        for measure, count in counts_of_source(run.events, source.name).items():
            if measured[f"traffic.{source.name}.{measure}"] != count:
                wrong[f"traffic.{source.name}.{measure}"] = (
                    measured[f"traffic.{source.name}.{measure}"],
                    count,
                )
    return wrong


def guessed(scenario: Scenario, name: str) -> set[str]:
    """Measures that are not asked for, or that look back no further than the checkpoint when a mapping goes on."""
    changes = scenario.changes[name]
    settings = [scenario.mappings[name], *(change.settings for change in changes if change.settings)]
    found = set()
    if any(one.MetricsConfig is not None for one in settings):
        found |= {"InvokedEventCount", "FilteredOutEventCount"}
    if changes and any(one.ParallelizationFactor > 1 or one.filter_patterns for one in settings):
        found |= {"delivered_again", "deliveries.max", "delivered.at_least_once"}
    return found


def test_a_trace_that_is_read_back_tells_the_same(runs: dict[int, Run]) -> None:
    for run in runs.values():
        text = "".join(f"{line}\n" for line in trace_of(run))
        header, events = read_trace(BytesIO(text.encode()))
        oracle, measures = Oracle(header), Measures(header)
        again = []
        for event in events:
            oracle.take(event)
            measures.take(event)
            again.append(event)
        assert [encode_event(event) for event in again] == trace_of(run)[1:]
        assert (oracle.finish(), oracle.reading, oracle.unanswered) == ([], 0, 0)
        assert measures.report({}) == run.played.metrics


def trace_of(run: Run) -> list[str]:
    return [encode_header(run.played.header), *map(encode_event, run.events)]


class Log:
    """A logger that only wants JSON."""

    def debug(self, event: str, **fields: Any) -> None:
        assert json.dumps([event, fields])

    info = warning = debug


@pytest.mark.parametrize("width", [60, 200])
def test_every_summary_fits_its_width(runs: dict[int, Run], width: int) -> None:
    for seed, run in runs.items():
        played = run.played
        timeline = Timeline(played.header)
        for event in run.events:
            timeline(event)
        screen = Console(file=StringIO(), width=width, force_terminal=seed % 2 == 1)
        summary = render_summary(
            played.header, played.metrics, played.expectations, played.violations, timeline,
            source="x.yaml", faults=run.scenario.faults,
        )  # fmt: skip
        lines = [line.plain.rstrip() for line in summary.lines(width)]
        assert [
            line for line in lines if len(line) > width and " " in line.strip()
        ] == []  # a word may be long
        screen.print(summary)


def test_every_story_and_log_can_be_told(runs: dict[int, Run]) -> None:
    for run in runs.values():
        assert story(run.played.header, run.events)
        log = EventLog(Log(), run.played.header, every=True)
        for event in run.events:
            log(event)


def digest(run: Run) -> str:
    metrics = json.dumps(run.played.metrics, allow_nan=False)
    return hashlib.sha256("\n".join([*trace_of(run), metrics]).encode()).hexdigest()


AGAIN = """
from tests.scenario.test_random_scenarios import SEEDS, digest, run_of
for seed in SEEDS[::6]:
    run = run_of(seed)
    print(seed, run and digest(run))
"""


def test_the_same_seeds_make_the_same_bytes_under_another_hash_seed(runs: dict[int, Run]) -> None:
    process = subprocess.run(
        [sys.executable, "-c", AGAIN],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "4242"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    told = dict(line.split() for line in process.stdout.splitlines())
    assert told == {str(seed): digest(runs[seed]) if seed in runs else "None" for seed in SEEDS[::6]}


def test_the_header_of_a_run_is_the_scenario_s(runs: dict[int, Run]) -> None:
    assert all(header_of(run.scenario) == run.played.header for run in runs.values())
