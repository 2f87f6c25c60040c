"""A scenario played from Python, and how a notebook shows it."""

import asyncio
import doctest
import html
from html.parser import HTMLParser
from pathlib import Path

import pytest

import streamsim
from streamsim.report import notebook
from tests.report.page.pages import ROOT

TINY = """
scenario: '{title}'
stream: {{type: kinesis, shards: 1}}
producer: {{records: [{{key: a}}, {{key: b}}]}}
function: {{model: {{duration: 100ms}}}}
expect: {{discarded: {discarded}}}
"""


def tiny(title: str = "Tiny", discarded: int = 0) -> streamsim.Scenario:
    return streamsim.load_text(TINY.format(title=title, discarded=discarded))


class Frames(HTMLParser):
    """All elements, and the document in the frame."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.document = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.document = dict(attrs).get("srcdoc") or ""


def test_the_example_is_true() -> None:
    assert doctest.testmod(notebook) == doctest.TestResults(failed=0, attempted=4)


@pytest.mark.parametrize("title", ["Tiny", "</iframe><script>alert(1)</script>", '" onload="alert(1)'])
def test_a_notebook_shows_the_page_in_a_frame_and_nothing_else(title: str) -> None:
    report = streamsim.run(tiny(title))
    frames = Frames()
    frames.feed(report._repr_html_())
    assert frames.tags == ["iframe"]
    assert frames.document == report.html


def test_a_page_that_is_too_long_to_be_kept_is_named() -> None:
    report = notebook.Report("<b>Long</b>", streamsim.run(tiny()).runs, "x" * 1_000_001)
    said = report._repr_html_()
    assert "<b>" not in said
    assert "1,000,001 characters" in html.unescape(said)


def test_a_file_is_played_with_changes_and_all_that_it_compares() -> None:
    report = streamsim.run(ROOT / "scenarios" / "hot_key.yaml", ["duration=2s", "expect=null"])
    assert [one.settings["ParallelizationFactor"] for one in report.runs] == [1, 2, 10]
    assert (
        repr(report) == "<Report of 'Ten lanes cannot split one hot key': 3 runs, all hold what was expected>"
    )


def test_whether_all_holds_is_told() -> None:
    assert streamsim.run(tiny()).holds
    failing = streamsim.run(tiny(discarded=1))
    assert not failing.holds
    assert "1 run" in repr(failing)


def test_it_runs_where_an_event_loop_is_running_as_in_a_notebook() -> None:
    async def cell() -> bool:
        return streamsim.run(tiny()).holds

    assert asyncio.run(cell())


def test_what_is_loaded_takes_no_changes() -> None:
    with pytest.raises(ValueError, match="go with a file"):
        streamsim.run(tiny(), ["BatchSize=1"])


def test_the_page_is_saved_as_it_is(tmp_path: Path) -> None:
    report = streamsim.run(tiny())
    report.save(tmp_path / "it.html")
    assert (tmp_path / "it.html").read_bytes() == report.html.encode()
