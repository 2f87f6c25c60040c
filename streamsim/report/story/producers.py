"""What producers tell of their puts, in words: the first times one by one, the rest of each together at the end.

Knows only how that reads; when it is told is the story's business.
"""

from typing import Final

from streamsim.model.events import Produced
from streamsim.report.phrases import instant, produced_said
from streamsim.trace.measures.producing import Producing

#: So many times each producer is told of at once; a producer in trouble has trouble every second.
TIMES_TOLD: Final = 5


class Producers:
    """Collects lines about producers: when, of which stream, and the words."""

    __slots__ = ("_later", "_lines", "_since", "_times")

    def __init__(self) -> None:
        self._lines: list[tuple[int, str, str]] = []
        self._times: dict[str, int] = {}
        self._since: dict[str, int] = {}
        self._later: dict[str, tuple[int, Producing]] = {}

    @property
    def told_of(self) -> bool:
        """Whether there is something to tell."""
        return bool(self._lines)

    def takes(self, event: Produced) -> None:
        """Takes what a producer tells."""
        times = self._times[event.stream] = self._times.get(event.stream, 0) + 1
        if times <= TIMES_TOLD:
            self._since[event.stream] = event.t
            self._lines.append((event.t, event.stream, produced_said(event)))
            return
        _, later = self._later.get(event.stream, (0, Producing()))
        later.take(event)
        self._later[event.stream] = event.t, later

    def told(self) -> list[tuple[int, str, str]]:
        """The lines collected, once."""
        lines, self._lines = self._lines, []
        return lines

    def rest(self) -> list[tuple[int, str, str]]:
        """What was left out, once the events have ended."""
        return [
            (t, stream, f"after {instant(self._since[stream])} {produced_said(later)}")
            for stream, (t, later) in self._later.items()
        ]
