"""How many of many runs are made: a bar for commands that make them in several processes."""

from time import monotonic
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn


class RunsProgress:
    """A bar on stderr, if it is a terminal and the runs take longer than a second."""

    def __init__(self, runs: int) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), "runs", TimeRemainingColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=runs)
        self._patience = monotonic() + 1
        self._shown = not self._bar.console.is_terminal

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failed: object) -> None:
        if self._bar.live.is_started:
            self._bar.stop()

    def come(self, before: int, runs: int) -> None:
        """So many runs are made, after those `before`."""
        self._bar.update(self._task, completed=before + runs)
        if not self._shown and monotonic() > self._patience:
            self._shown = True
            self._bar.start()
