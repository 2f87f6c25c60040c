"""What `streamsim run` makes of a run's events besides its measures, and where it is written."""

import errno
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamsim.cli.files.whole_trace import CannotWriteError, whole_trace
from streamsim.cli.run.backends import Backend
from streamsim.cli.screen.viewing import live_view
from streamsim.engine.ports import Sink
from streamsim.functions.log_folder import LogFolder
from streamsim.report.picture.timeline import Timeline
from streamsim.report.progress import ProgressBar
from streamsim.report.story.story import Story
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import Played
from streamsim.trace.bundle import Bundle
from streamsim.trace.format.header import Header
from streamsim.trace.measures.content import Content

if TYPE_CHECKING:
    from streamsim.report.page.columns import Columns


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that was made. `story` has no lines, and there are no `columns` and no `content`, where nobody asks for them."""

    backend: Backend
    played: Played
    timeline: Timeline
    story: Sequence[str]
    columns: "Columns | None" = None
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """What to make of a run's events besides its measures."""

    trace: Path | None
    on_failure: Path | None
    logs: Path | None
    report: Path | None
    story: bool
    verbose: int
    compared: bool
    view: bool

    @property
    def keeps(self) -> dict[str, Path]:
        """What is written outside, by option: of one run only."""
        options = {"--trace": self.trace, "--on-failure": self.on_failure, "--logs": self.logs}
        return {option: path for option, path in options.items() if path is not None}


def record(scenario: Scenario, settings: dict[str, Any], recording: Recording, backend: Backend) -> Ran:
    """Plays a scenario. `OSError` or `CannotWriteError` when something cannot be written."""
    records: list[_Records] = []

    def recorded(header: Header) -> Sequence[Sink]:
        real = None if backend.place is None else backend.name
        records.append(_Records(header, scenario, recording, files, real))
        return records[0].sinks

    journal = None if recording.logs is None else LogFolder(recording.logs)
    try:
        with ExitStack() as files:
            played = backend.play(scenario, settings, recorded, recording.on_failure, journal)
    except OSError as error:
        raise _blamed(error, recording) from None
    of = records[0]
    return Ran(backend, played, of.timeline, of.lines, of.columns, of.content)


class _Records:
    """What is made of a run's events besides its measures; `files` are closed when the run is over."""

    def __init__(
        self, header: Header, scenario: Scenario, recording: Recording, files: ExitStack, real: str | None
    ) -> None:
        """`real` is the backend on which it is played in real time, None in virtual time."""
        self.timeline = Timeline(header)
        self.lines: list[str] = []
        self.sinks: list[Sink] = []
        patient: list[Sink] = [self.timeline]
        self.columns: Columns | None = None
        self.content: Content | None = None
        if recording.compared:
            self.content = Content()
            patient.append(self.content)
        if recording.report is not None:
            from streamsim.report.page import columns  # noqa: PLC0415  # only for who wants a page

            self.columns = columns.Columns()
            patient.append(self.columns)
        if recording.story:
            teller = Story(header, self.lines.append)
            files.callback(teller.close)
            patient.append(teller)
        if recording.trace is not None:
            writer = files.enter_context(whole_trace(recording.trace, header))
            (self.sinks if real else patient).append(writer)  # in real time a pipe may be read meanwhile
        bundle = Bundle(patient)
        files.callback(bundle.deliver)
        self.sinks.append(bundle.take)
        title = f"{scenario.scenario}, on {real}"
        view = live_view(title, crowded=recording.verbose > 0) if real and recording.view else None
        if view is not None:
            self.sinks.append(files.enter_context(view))
        if recording.verbose:
            from streamsim.cli.screen.watch import logger  # noqa: PLC0415  # structlog only for who watches
            from streamsim.report.log import EventLog  # noqa: PLC0415

            self.sinks.append(EventLog(logger(sys.stderr), header, every=recording.verbose > 1))
        elif view is None:
            self.sinks.append(files.enter_context(ProgressBar(scenario.duration)))


def _blamed(error: OSError, recording: Recording) -> Exception:
    """The error with the option whose file it is about; itself where it is about none."""
    if error.errno == errno.EPIPE:
        return error
    for option, folder in recording.keeps.items():
        if option != "--trace" and str(error.filename or "").startswith(str(folder)):
            return CannotWriteError(option, folder, error)
    return error if recording.trace is None else CannotWriteError("--trace", recording.trace, error)
