"""Runs for the page from scenarios that were played. Knows no HTML."""

from collections.abc import Sequence

from streamsim.report.compared import varied_in
from streamsim.report.page.columns import Columns
from streamsim.report.page.document import PageRun
from streamsim.report.timeline import Timeline
from streamsim.scenario.play import Played


def page_runs(played: Sequence[tuple[Played, Timeline, Columns]]) -> list[PageRun]:
    """The runs in their order, each told from the others by the settings in which they differ."""
    varied = varied_in([one.settings for one, _, _ in played])
    return [
        PageRun(
            one.header, one.metrics, one.expectations, one.violations, timeline, columns,
            {name: one.settings[name] for name in varied},
        )
        for one, timeline, columns in played
    ]  # fmt: skip
