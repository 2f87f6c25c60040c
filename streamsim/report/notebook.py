"""A scenario played from Python, with its page: what a notebook shows as a cell's result.

>>> from streamsim import load_text, run
>>> report = run(load_text('''
... scenario: One bad record and no retries
... stream: {type: kinesis, shards: 1}
... producer: {records: [{key: a}, {key: b}, {key: c}]}
... mapping: {MaximumRetryAttempts: 0}
... function: {model: {duration: 100ms}}
... faults: [{poison: {record: 1}}]
... '''))
>>> report
<Report of 'One bad record and no retries': 1 run, nothing was expected of this run>
>>> report.runs[0].metrics["discarded"]
3
"""

import asyncio
import html
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from streamsim.report.page.columns import Columns
from streamsim.report.page.page import page
from streamsim.report.page.played import page_runs
from streamsim.report.phrases import counted
from streamsim.report.timeline import Timeline
from streamsim.report.verdict import headline
from streamsim.scenario.header import header_of
from streamsim.scenario.load import load, variants
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import Played, play

T = TypeVar("T")

#: A notebook keeps what its cells show: a page of more characters is named there, not put there.
_MOST: Final = 1_000_000

_FRAME: Final = (
    '<iframe srcdoc="{page}" sandbox="allow-scripts" title="{title}" '
    'style="width:100%;height:820px;border:0;border-radius:12px"></iframe>'
)


@dataclass(frozen=True, slots=True)
class Report:
    """The runs of a scenario, several where it has `compare`, and `html`, the page that shows them side by side."""

    scenario: str
    runs: Sequence[Played]
    html: str = field(repr=False)

    @property
    def holds(self) -> bool:
        """Whether every expectation and every guarantee held in every run."""
        return all(one.holds for one in self.runs)

    def save(self, path: str | Path) -> None:
        """Writes the page, for any browser, offline; `OSError` where that cannot be."""
        Path(path).write_text(self.html, encoding="utf-8", newline="\n")

    def __repr__(self) -> str:
        failed = sum(not one.holds for one in self.runs)
        if len(self.runs) == 1:
            _, said = headline(self.runs[0].expectations, self.runs[0].violations)
            verdict = said[0].lower() + said[1:]
        else:
            verdict = f"{failed} fail" if failed else "all hold what was expected"
        return f"<Report of {self.scenario!r}: {counted(len(self.runs), 'run')}, {verdict}>"

    def _repr_html_(self) -> str:
        """The page in a frame that can do nothing but draw itself; a sentence where the page is too long to be kept."""
        if len(self.html) > _MOST:
            said = f"{self!r}. Its page has {len(self.html):,} characters: write it with save('report.html')."
            return f"<p>{html.escape(said)}</p>"
        return _FRAME.format(page=html.escape(self.html), title=html.escape(self.scenario))


def run(scenario: str | Path | Scenario, changes: Sequence[str] = (), seed: int | None = None) -> Report:
    """Plays a scenario file, or a scenario, and all the runs that it compares; a notebook shows the result as its page.

    `changes` are those of `streamsim run --set`, such as `BatchSize=200`. They and `seed` go with a file, for a scenario
    has its settings: else `ValueError`. `ScenarioError` says what is wrong with a file.
    """
    if isinstance(scenario, Scenario):
        if changes or seed is not None:
            raise ValueError("changes and seed go with a file: a scenario that is loaded has its settings")
        loaded, source, text = scenario, None, None
    else:
        loaded, source = load(scenario, changes, seed), f"streamsim run {scenario}"
        text = Path(scenario).read_text(encoding="utf-8", errors="replace")
    played = _alone(lambda: [_played(one, settings) for settings, one in variants(loaded)])
    content = page(page_runs(played), source=source, file=text)
    return Report(loaded.scenario, tuple(one for one, _, _ in played), content)


def _played(scenario: Scenario, settings: dict[str, object]) -> tuple[Played, Timeline, Columns]:
    timeline, columns = Timeline(header_of(scenario)), Columns()
    return play(scenario, settings, [timeline, columns]), timeline, columns


def _alone(work: Callable[[], T]) -> T:
    """The work's result; in a thread of its own where an event loop is running, as in a notebook: there is one a thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()
