"""The tries of a lane while its incident lasts: which are told one by one, and which are counted.

Knows how an attempt reads; must not know when or where a line is written.
"""

from dataclasses import dataclass, field
from typing import Final

from streamsim.model import events as happened
from streamsim.model.units import show_duration
from streamsim.report.phrases import counted

#: So many tries of one unchanged batch are told one by one; the others are counted.
TRIES_TOLD: Final = 3

#: So many lines are told of one incident; what a bisect of thousands of bad records does after them is counted.
LINES_TOLD: Final = 60


#: A lane: its mapping, its shard, its number.
Key = tuple[str, str, int]


@dataclass(slots=True)
class Line:
    """A line that the next events of its lane may still add to. The error text, if any, comes last."""

    lane: Key
    text: str
    added: list[str] = field(default_factory=list)
    error: str | None = None

    def __str__(self) -> str:
        error = f": {self.error}" if self.error else ""
        return ", ".join([self.text, *self.added]) + error


@dataclass(slots=True)
class Tries:
    """What is held back of a lane's incident: `held` tries of one batch, and `untold` attempts beyond all lines."""

    request_id: str = ""
    tries: int = 0
    depth: int = 0
    error: str | None = None
    held: int = 0
    lines: int = 0
    untold: int = 0
    discarded: int = 0
    _only: Line | None = None
    _outcomes: dict[str, int] = field(default_factory=dict)
    _shortest: int = 0
    _longest: int = 0

    @property
    def full(self) -> bool:
        """Whether enough of the incident was told."""
        return self.lines >= LINES_TOLD

    def begin(self, request_id: str, depth: int) -> None:
        """Another batch is tried; release what is held of the one before first."""
        self.request_id, self.depth, self.tries = request_id, depth, 0

    def hold(self, line: Line, outcome: str) -> None:
        """Keeps a further try to be counted; `line` is told if no other follows."""
        self.held += 1
        self._only = line if self.held == 1 else None
        self._outcomes[outcome] = self._outcomes.get(outcome, 0) + 1

    def waits(self, wait: int) -> None:
        """The batch waits `wait` microseconds; of interest only while its tries are held back."""
        if self.held:
            self._shortest = min(self._shortest or wait, wait)
            self._longest = max(self._longest, wait)

    def release(self) -> str | Line | None:
        """The line that was held, words for several, None for none; afterwards nothing is held."""
        told: str | Line | None = self._only
        if told is None and self.held:
            told = self._more()
        self.held, self._only, self._outcomes = 0, None, {}
        self._shortest = self._longest = 0
        return told

    def _more(self) -> str:
        shortest, longest = show_duration(self._shortest), show_duration(self._longest)
        waits = shortest if shortest == longest else f"{shortest} to {longest}"
        waiting = f"{waits} between them, " if self._longest else ""
        return (
            f"{'  ' * self.depth}… {self.held:,} more tries of {self.request_id[:8]}, {waiting}same request id, "
            f"{_outcomes(self._outcomes)}"
        )

    def rest(self) -> str | None:
        """What was not told at all, at the incident's end."""
        if not self.untold:
            return None
        discarded = f", {counted(self.discarded, 'record')} discarded" if self.discarded else ""
        return f"… {counted(self.untold, 'more attempt')}{discarded}"


def ending(event: happened.Result) -> str:
    """How an attempt ended: `success after 142 ms`, `partial, failed from 263, after 331 ms`, `throttled`."""
    match event.outcome:
        case "throttled":
            return "throttled"
        case "too_large":
            return "too large to send"
        case "partial" if event.failed_from is not None:
            return f"partial, failed from {event.failed_from}, after {show_duration(event.duration)}"
        case _:
            return f"{event.outcome} after {show_duration(event.duration)}"


def _outcomes(outcomes: dict[str, int]) -> str:
    if len(outcomes) == 1:
        return f"all {next(iter(outcomes))}"
    return " and ".join(f"{count:,} {ended}" for ended, count in sorted(outcomes.items()))
