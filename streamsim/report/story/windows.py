"""The ends of tumbling windows in words: which request is one, and what it carries.

Knows one request a lane. Must not know where its lines go.
"""

from streamsim.model.events import Backoff, Result, WindowClose, WindowLost
from streamsim.model.units import show_duration, show_size


class Closings:
    """A sink of `WindowClose`; `of` tells which of them an event of the same request belongs to."""

    __slots__ = ("_lanes",)

    def __init__(self) -> None:
        self._lanes: dict[tuple[str, str, int], WindowClose] = {}

    def __call__(self, event: WindowClose) -> None:
        """Takes a request at the end of a window."""
        self._lanes[event.mapping, event.shard, event.lane] = event

    def of(self, event: Result | Backoff) -> WindowClose | None:
        """The end of a window that the event is about; None when it is about records."""
        if not self._lanes:
            return None
        found = self._lanes.get((event.mapping, event.shard, event.lane))
        return found if found is not None and found.request_id == event.request_id else None


def window(event: WindowClose | WindowLost) -> str:
    """`window 1 m to 2 m`, since the start of the run."""
    return f"window {show_duration(event.start)} to {show_duration(event.end)}"


def closing(event: WindowClose) -> str:
    """`window 1 m to 2 m, state 8.2 KiB`, and whether it ends early."""
    early = " ends early" if event.terminated_early else ""
    return f"{window(event)}{early}, state {show_size(event.state_size)}"
