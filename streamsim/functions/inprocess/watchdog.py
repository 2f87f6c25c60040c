"""Stops a handler that does not return, so that a run is not stuck for ever.

Works by an alarm signal, which Python handles between two instructions of the main thread, also in a sleep or a wait
for the network. It cannot stop a loop inside compiled code, a handler in another thread, nor anything on Windows.

Setting and clearing an alarm for each invocation would cost as much as a small handler, so an alarm is left to ring: one
that is due no later than an invocation's end serves it too. When it rings it looks whether anybody is late, and is set
anew for who is not late yet.
"""

import signal
import threading
import time
from types import FrameType
from typing import Any, Final

#: Seconds between further alarms, for handlers that catch the first.
_AGAIN: Final = 0.05


class ExpiredError(BaseException):
    """The handler's real time is over. No `Exception`, so that handlers do not catch it by accident."""


class Watchdog:
    """Raises `ExpiredError` in the code between `arm` and `disarm` when that takes longer in real time than allowed."""

    __slots__ = ("_armed", "_before", "_expire", "_installed", "_until")

    def __init__(self) -> None:
        self._armed = False
        self._installed = False
        self._before: Any = None
        self._until = 0.0
        self._expire = self._expired  # one object, to be recognised by

    def arm(self, microseconds: int) -> None:
        """Begins to count, where it can stop anything: in the main thread."""
        if not _ALARMS or threading.get_ident() != threading.main_thread().ident:
            return
        seconds = max(microseconds, 1) / 1e6
        self._until = time.perf_counter() + seconds
        self._armed = True
        if not 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= seconds:
            self._set(seconds)

    def disarm(self) -> None:
        """Ends the counting, if it has begun."""
        self._armed = False

    def close(self) -> None:
        """Gives the signal back to whom it belonged."""
        self.disarm()
        if self._installed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before)
            self._installed = False

    def _set(self, seconds: float) -> None:
        """Sets the alarm; it belongs to the whole process, and a handler may have taken it for itself."""
        before = signal.signal(signal.SIGALRM, self._expire)
        self._before = self._before if self._installed else before
        self._installed = True
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)

    def _expired(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if not self._armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
        elif (left := self._until - time.perf_counter()) > 0:
            signal.setitimer(signal.ITIMER_REAL, left, _AGAIN)
        else:
            raise ExpiredError


_ALARMS: Final = hasattr(signal, "setitimer")

#: There is one alarm a process.
WATCHDOG: Final = Watchdog()
