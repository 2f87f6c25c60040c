"""A progress bar for long runs: on a terminal, on stderr, and only after a second of real time.

Knows how far the run says it is. The only module of the reports that reads the real clock: nothing it shows is a result.
"""

from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from streamsim.model.events import Event
from streamsim.model.units import show_duration

#: Nobody waits for what takes no longer (seconds of real time), and no eye follows more pictures a second.
PATIENCE: Final = 1.0
_BETWEEN: Final = 0.1

#: The clock is read once in so many events: reading it costs as much as an event does.
_EVERY: Final = 2048


class ProgressBar:
    """A context manager and a sink of events: `expected_end` (microseconds of simulated time) is a full bar.

    A run may go on after its expected end; the bar then stays full and the time goes on counting. On no terminal it
    does nothing. `clock` answers in seconds.
    """

    def __init__(
        self,
        expected_end: int,
        console: Console | None = None,
        *,
        title: str = "simulating",
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._end = max(1, expected_end)
        self._console = console if console is not None else Console(stderr=True)
        self._title = title
        self._clock = clock
        self._began = clock()
        self._shown_at = self._began
        self._until_look = _EVERY
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        self._began = self._shown_at = self._clock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __call__(self, event: Event) -> None:
        """Takes an event; looks at the clock now and then."""
        self._until_look -= 1
        if not self._until_look:
            self._until_look = _EVERY
            self.at(event.t)

    def at(self, now: int) -> None:
        """The run has come to `now`, microseconds of simulated time; for callers that poll."""
        if not self._console.is_terminal:
            return
        real = self._clock()
        if real - self._began < PATIENCE or real - self._shown_at < _BETWEEN:
            return
        self._shown_at = real
        if self._bar is None:
            self._bar = self._begin()
        self._bar.update(self._task, completed=min(now, self._end), at=show_duration(now), refresh=True)

    def stop(self) -> None:
        """Wipes the bar off the screen."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _begin(self) -> Progress:
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[at]} of " + show_duration(self._end)),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            auto_refresh=False,
        )
        bar.start()
        self._task = bar.add_task(self._title, total=self._end, at=show_duration(0))
        return bar
