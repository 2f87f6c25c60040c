"""Runs side by side: what differs, who is best, what was expected of each."""

from collections.abc import Callable
from typing import Any

import pytest

from streamsim.report.compared import Run
from streamsim.report.comparison import Comparison, render_comparison
from streamsim.report.timeline import Timeline
from tests.report import runs
from tests.report.test_terminal import printed

Golden = Callable[[str, str], None]


def compared() -> Comparison:
    done = []
    for factor, header, events in runs.factors():
        timeline = Timeline(header)
        for event in events:
            timeline(event)
        metrics = runs.metrics(header, events)
        age = metrics["IteratorAge"]["max"]
        expected = [{"measure": "IteratorAge.max", "test": "<= 8s", "value": age, "ok": age <= 8000}]
        done.append(Run({"mapping.ParallelizationFactor": factor}, metrics, expected, (), timeline))
    return render_comparison(runs.factors()[0][1], done, source="scenarios/it.yaml")


@pytest.mark.parametrize("width", [60, 100, 160])
def test_comparison_looks_as_recorded(golden_text: Golden, width: int) -> None:
    text = printed(compared(), width)
    assert max(map(len, text.splitlines())) <= width
    golden_text(f"comparison-{width}.txt", text)


def test_comparison_in_ascii(golden_text: Golden) -> None:
    golden_text("comparison-ascii.txt", printed(compared(), 100, encoding="ascii"))


def without_timeline(**values: Any) -> Run:
    return Run({"BatchSize": values.pop("size")}, values)


def test_runs_that_do_not_fit_stand_below_one_another() -> None:
    many = [without_timeline(size=10**n, Errors=n, Throttles=n * 1000) for n in range(1, 12)]
    lines = printed(render_comparison(runs.header("Many"), many), 60).splitlines()
    assert max(map(len, lines)) <= 60
    assert sum(line.strip().startswith("Errors") for line in lines) > 1


def test_only_what_differs_is_in_the_table() -> None:
    pair = [without_timeline(size=1, Errors=3, records=10), without_timeline(size=2, Errors=4, records=10)]
    lines = printed(render_comparison(runs.header("Two"), pair), 100).splitlines()
    assert next(line.split() for line in lines if "★" in line) == ["Errors", "3", "★", "4"]
    assert "same in all runs  records 10" in lines
