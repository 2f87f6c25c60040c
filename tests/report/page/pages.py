"""Pages for the tests, and what a reader of their data sees: the other side of the packing, in Python."""

import base64
import json
import re
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from streamsim.model.events import Event
from streamsim.report.page.columns import Columns
from streamsim.report.page.document import PageRun
from streamsim.report.page.page import page
from streamsim.report.page.traces import run_of
from streamsim.report.picture.timeline import Timeline
from streamsim.scenario.header import header_of
from streamsim.scenario.load import load, load_text, variants
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import play
from streamsim.trace.format.header import Header

ROOT = Path(__file__).parents[3]


def runs_of(scenario: Scenario) -> list[PageRun]:
    """All runs of a scenario, played."""
    made = []
    for settings, variant in variants(scenario):
        timeline, columns = Timeline(header_of(variant)), Columns()
        played = play(variant, settings, [timeline, columns])
        made.append(
            PageRun(
                played.header,
                played.metrics,
                played.expectations,
                played.violations,
                timeline,
                columns,
                settings,
            )
        )
    return made


def page_of(name: str, changes: Sequence[str] = ()) -> str:
    """The page of a scenario that ships, with settings changed."""
    path = ROOT / "scenarios" / f"{name}.yaml"
    return page(
        runs_of(load(path, changes)),
        source=f"streamsim run {name}.yaml",
        file=path.read_text(encoding="utf-8"),
    )


def page_of_text(text: str) -> str:
    """The page of a scenario written here."""
    return page(runs_of(load_text(text)))


def page_of_events(header: Header, events: Iterable[Event], file: str | None = None) -> str:
    """The page of a trace, and of a scenario file."""
    return page([run_of(header, events)], file=file)


def content_of(text: str) -> dict[str, Any]:
    """What the page's script starts from."""
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    content: dict[str, Any] = json.loads(found[1])
    return content


def columns_of(run: dict[str, Any]) -> dict[str, Any]:
    """A run's columns as lists, and its document, as the page's script reads them."""
    content = zlib.decompress(base64.b64decode(run["data"]), -15)
    columns: dict[str, Any] = {}
    at = 0
    for name, size, length, _ in run["layout"]:
        if size < 0:
            columns[name] = content[at : at + length]
            at += length
            continue
        values = []
        for _ in range(size):
            value = shift = 0
            while content[at] > 127:
                value |= (content[at] & 127) << shift
                shift += 7
                at += 1
            values.append(value | content[at] << shift)
            at += 1
        columns[name] = (
            [-(value + 1) // 2 if value % 2 else value // 2 for value in values]
            if name in {"gap_before", "first"}
            else values
        )
    assert at == len(content)
    columns["document"] = json.loads(columns["document"])
    return columns
