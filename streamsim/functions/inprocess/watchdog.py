"""Stops a handler that does not return, so that a run is not stuck for ever.

Works by an alarm signal, which Python handles between two instructions of the main thread, also in a sleep or a wait
for the network. It cannot stop a loop inside compiled code, a handler in another thread, nor anything on Windows.
"""

import signal
import threading
from types import FrameType
from typing import Any, Final

#: Seconds between further alarms, for handlers that catch the first.
_AGAIN: Final = 0.05


class ExpiredError(BaseException):
    """The handler's real time is over. No `Exception`, so that handlers do not catch it by accident."""


class Watchdog:
    """Raises `ExpiredError` in the code between `arm` and `disarm` when that takes longer in real time than allowed."""

    __slots__ = ("_armed", "_before", "_installed")

    def __init__(self) -> None:
        self._armed = False
        self._installed = False
        self._before: Any = None

    def arm(self, microseconds: int) -> None:
        """Begins to count, where it can stop anything: in the main thread."""
        if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
            return
        if not self._installed:
            self._before = signal.signal(signal.SIGALRM, self._expire)
            self._installed = True
        self._armed = True
        signal.setitimer(signal.ITIMER_REAL, max(microseconds, 1) / 1e6, _AGAIN)

    def disarm(self) -> None:
        """Ends the counting, if it has begun."""
        if self._armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._armed = False

    def close(self) -> None:
        """Gives the signal back to whom it belonged."""
        self.disarm()
        if self._installed:
            signal.signal(signal.SIGALRM, self._before)
            self._installed = False

    def _expire(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._armed:
            raise ExpiredError


#: There is one alarm a process.
WATCHDOG: Final = Watchdog()
