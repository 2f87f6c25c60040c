"""The progress bar shows itself to a waiting person, and to nobody else."""

import io
from dataclasses import dataclass

import pytest
from rich.console import Console

from streamsim.model.events import CaughtUp
from streamsim.model.units import SECOND
from streamsim.report.progress import ProgressBar


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("why", "terminal", "seconds", "shown"),
    [
        ("a person who has waited sees it", True, 1.5, True),
        ("a short run stays quiet", True, 0.9, False),
        ("a pipe stays clean", False, 60.0, False),
    ],
)
def test_shows_itself_only_to_somebody_who_waits(
    why: str, terminal: bool, seconds: float, shown: bool
) -> None:
    out = io.StringIO()
    clock = Clock()
    console = Console(file=out, force_terminal=terminal, width=80, _environ={"TERM": "xterm"})
    with ProgressBar(60 * SECOND, console, clock=clock) as bar:
        clock.now = seconds
        bar.at(30 * SECOND)
    assert ("30 s of 1 m" in out.getvalue()) == shown, why


def test_as_a_sink_it_looks_at_the_clock_now_and_then() -> None:
    out = io.StringIO()
    clock = Clock()
    console = Console(file=out, force_terminal=True, width=80, _environ={"TERM": "xterm"})
    with ProgressBar(60 * SECOND, console, clock=clock) as bar:
        clock.now = 5.0
        event = CaughtUp(30 * SECOND, "default", "shardId-000000000000", 0)
        bar(event)
        assert not out.getvalue()
        for _ in range(5000):
            bar(event)
    assert "30 s of 1 m" in out.getvalue()


def test_a_run_longer_than_expected_keeps_a_full_bar() -> None:
    out = io.StringIO()
    clock = Clock()
    console = Console(file=out, force_terminal=True, width=80, _environ={"TERM": "xterm"})
    with ProgressBar(60 * SECOND, console, clock=clock) as bar:
        clock.now = 5.0
        bar.at(90 * SECOND)
    assert "1 m 30 s of 1 m" in out.getvalue()
