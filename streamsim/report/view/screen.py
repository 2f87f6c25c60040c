"""Shows pictures of a run in real time on a terminal, one in the place of the other, a few times a second.

Whatever else is written to the terminal meanwhile scrolls above them. Together with the progress bar the only module of the
reports that reads the real clock: nothing it shows is a result.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live

from streamsim.model.events import Event
from streamsim.report.view.frame import Moment, picture
from streamsim.report.view.state import State

#: Seconds between two pictures, and the time over which a rate is taken.
BETWEEN: Final = 0.25
_OVER: Final = 5.0


def watched(console: Console) -> bool:
    """Whether it is a terminal on which lines can be written over."""
    return console.is_terminal and not console.is_dumb_terminal


class LiveView:
    """A context manager and a sink of events, on the loop that runs when it is entered.

    `crowded`: others write to the terminal too, and half of it is left to them. `clock` answers in seconds.
    """

    def __init__(
        self,
        title: str,
        console: Console,
        *,
        parts: str = "shard",
        crowded: bool = False,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._title = title
        self._console = console
        self._parts = parts
        self._crowded = crowded
        self._clock = clock
        self._state = State()
        self._live = Live(console=console, auto_refresh=False, transient=True, vertical_overflow="crop")
        self._behind = clock()  # what the clock says at t = 0
        self._drawn_at = -BETWEEN
        self._width = console.width
        self._finished: deque[tuple[float, int]] = deque([(self._behind, 0)])
        self._next: asyncio.TimerHandle | None = None
        #: Whether nothing new is begun any more.
        self.stopping = False

    def __enter__(self) -> Self:
        self._behind = self._clock()
        self._live.start()
        self._tick()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wipes the picture off the screen, and gives the cursor back."""
        if self._next is not None:
            self._next.cancel()
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Takes an event; a handler in this process may let nobody else draw for a while."""
        self._state(event)
        now = self._clock()
        self._behind = now - event.t / 1e6
        if now - self._drawn_at >= BETWEEN:
            self._draw(now)

    def _tick(self) -> None:
        now = self._clock()
        if now - self._drawn_at >= BETWEEN / 2:
            self._draw(now)
        self._next = asyncio.get_running_loop().call_later(BETWEEN, self._tick)

    def _draw(self, now: float) -> None:
        self._drawn_at = now
        width, height = self._console.size
        if width < self._width:
            # the last picture has wrapped, nobody knows where: begin anew
            self._live.stop()
            self._console.clear()
            self._live.start()
        self._width = width
        moment = Moment(
            self._title,
            round((now - self._behind) * 1e6),
            self._rate(now),
            stopping=self.stopping,
            parts=self._parts,
            plain=self._console.options.ascii_only,
        )
        # the last column stays free: terminals differ in what a full line does
        lines = picture(self._state, moment, width - 1, height // 2 if self._crowded else height - 1)
        self._live.update(Group(*lines), refresh=True)

    def _rate(self, now: float) -> float:
        """Records finished a second, of late."""
        finished = self._finished
        finished.append((now, self._state.finished))
        while len(finished) > 2 and now - finished[1][0] >= _OVER:
            finished.popleft()
        then, before = finished[0]
        return (self._state.finished - before) / (now - then) if now > then else 0.0
