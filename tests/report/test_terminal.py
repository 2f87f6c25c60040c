"""What a person sees after a run, at several widths, with and without colour, in UTF-8 and in ASCII."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from rich.console import Console

from streamsim.model.events import (
    Event,
    EventLost,
    Fault,
    Invoke,
    Produced,
    Request,
    Reshard,
    Response,
    Result,
    ShardOpen,
)
from streamsim.report.picture.looks import LOOKS
from streamsim.report.picture.rows import Kind
from streamsim.report.picture.timeline import Timeline
from streamsim.report.terminal import Summary, render_summary
from streamsim.trace.format.header import Header
from tests.report import runs

Golden = Callable[[str, str], None]


@dataclass(frozen=True)
class Broken:
    kind: str
    sentence: str
    evidence: tuple[tuple[int, Event], ...]


def summary(
    run: tuple[Header, list[Event]], expect: dict[str, str] | None = None, *broken: Broken
) -> Summary:
    header, events = run
    timeline = Timeline(header)
    for event in events:
        timeline(event)
    metrics = runs.metrics(header, events)
    expectations = [
        {"measure": "discarded", "test": "1", "value": metrics["discarded"], "ok": metrics["discarded"] == 1},
        {
            "measure": "IteratorAge.max",
            "test": "<= 3s",
            "value": metrics["IteratorAge"]["max"],
            "ok": metrics["IteratorAge"]["max"] <= 3000,
        },
    ]
    chosen = expectations if expect is None else []
    return render_summary(header, metrics, chosen, broken, timeline, source="scenarios/it.yaml")


def printed(shown: Any, width: int, *, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    Console(file=file, width=width, color_system=None, force_terminal=False).print(shown)
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [60, 100, 160])
@pytest.mark.parametrize("name", ["poison", "day_long", "lanes_of_a_shard", "many_shards", "quiet"])
def test_summary_looks_as_recorded(golden_text: Golden, name: str, width: int) -> None:
    golden_text(f"{name}-{width}.txt", printed(summary(getattr(runs, name)()), width))


def test_ascii_output_holds_no_other_character(golden_text: Golden) -> None:
    text = printed(summary(runs.poison()), 100, encoding="ascii")
    assert text.isascii()
    assert "?" not in text
    golden_text("poison-ascii.txt", text)


@pytest.mark.parametrize("width", [60, 73, 100, 160, 200])
@pytest.mark.parametrize("name", ["poison", "day_long", "lanes_of_a_shard", "many_shards", "quiet"])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    lines = printed(summary(getattr(runs, name)()), width).splitlines()
    assert max(map(len, lines)) <= width


def test_thousands_of_executions_are_told_with_commas() -> None:
    header = runs.header("Wide", 150, limit=9000, ParallelizationFactor=10)
    events: list[Event] = [ShardOpen(0, "default", runs.shard_id(n), (), 0, 0) for n in range(150)]
    place = ("default", runs.shard_id(0), 0)
    events.append(Invoke(1, *place, "a", 1, range(1), "1", "1", 1234, 0))
    events.append(Result(2, *place, "a", 1, "success", 1))
    text = printed(summary((header, events)), 100)
    assert "peak concurrency  1,234 of 1,500" in text
    assert "max 1,234 of 1,500" in text


def test_a_rare_error_in_a_green_column_stays_visible() -> None:
    text = printed(summary(runs.day_long()), 60)
    row = next(line for line in text.splitlines() if line.startswith(" shard 2"))
    assert LOOKS[Kind.ERROR].glyph in row
    assert LOOKS[Kind.EXPIRED].glyph in row


@pytest.mark.parametrize(("width", "beside"), [(60, 2), (80, 3), (160, 3)])
def test_numbers_stand_beside_each_other(width: int, beside: int) -> None:
    labels = ("records ", "Invocations ", "Throttles ", "IteratorAge max")
    lines = printed(summary(runs.poison()), width).splitlines()
    first = next(line for line in lines if line.startswith("  records "))
    assert sum(label in first for label in labels) == beside


@pytest.mark.parametrize("width", [60, 80])
def test_long_names_of_mappings_are_cut_before_the_picture_is(width: int) -> None:
    header, events = runs.poison()
    names = ["orders-into-the-big-warehouse-of-the-north", "orders-into-the-big-warehouse-of-the-south"]
    two = replace(header, mappings=dict.fromkeys(names, header.mappings["default"]))
    twice: list[Event] = [
        event._replace(mapping=name)
        for event in events
        for name in names
        if not isinstance(event, Fault | Reshard | Produced | Request | Response | EventLost)
    ]
    lines = printed(summary((two, twice)), width).splitlines()
    assert max(map(len, lines)) <= width
    assert any("north shard" in line and "…" in line for line in lines)


def test_violations_come_with_the_lines_that_prove_them(golden_text: Golden) -> None:
    header, events = runs.poison()
    lost = Broken(
        "lost",
        "record 137 of shard 2 was neither delivered, discarded, filtered nor expired",
        ((17, events[12]), (23, events[40])),
    )
    text = printed(summary((header, events), {}, lost), 100)
    assert text.startswith("\u2717 A guarantee is broken: 1 violation")
    golden_text("violation.txt", text)


def test_colour_is_left_out_where_the_output_is_no_terminal() -> None:
    assert "\x1b" not in printed(summary(runs.poison()), 100)
