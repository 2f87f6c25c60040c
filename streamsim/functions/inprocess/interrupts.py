"""Control-C while a handler runs in this process, told apart from a KeyboardInterrupt that the handler raises itself."""

import signal
import threading
from asyncio import AbstractEventLoop, Runner
from functools import partial
from types import FrameType
from typing import Any, Final

#: The module of the handler that `add_signal_handler` installs: such a loop lets what runs come to its end, then ends.
_PATIENT: Final = "asyncio.unix_events"


class ControlCError(BaseException):
    """Somebody wants all of it to end."""


class Interrupts:
    """Listens between `open` and `close`. Control-C strikes at once in code that is `running`, elsewhere as without us."""

    __slots__ = ("_before", "_open", "came", "loop", "running")

    def __init__(self) -> None:
        self.came = False
        self.running = False
        self.loop: AbstractEventLoop | None = None
        self._open = False
        self._before: Any = None

    def open(self, loop: AbstractEventLoop) -> None:
        """Takes the signal, where somebody in Python has it: in the main thread. `loop` is the one that runs."""
        self.loop = loop
        if threading.current_thread() is threading.main_thread() and callable(
            signal.getsignal(signal.SIGINT)
        ):
            self._before = signal.signal(signal.SIGINT, self._interrupted)
            self._open = True

    def close(self) -> None:
        """Gives the signal back; what belonged to a loop that is closed by now is Python's again, as loops leave it."""
        if self._open:
            signal.signal(signal.SIGINT, signal.default_int_handler if self._is_gone() else self._before)
            self._open, self.loop = False, None

    def strike(self) -> None:
        """Raises what came and was caught by the code that it struck."""
        if self.came:
            self.came = False
            raise ControlCError

    def _is_gone(self) -> bool:
        """Whether who had the signal is at its end: the task of an `asyncio.Runner`, or the loop of `add_signal_handler`."""
        before = self._before
        if isinstance(before, partial) and isinstance(getattr(before.func, "__self__", None), Runner):
            done: bool = before.keywords["main_task"].done()
            return done
        return (
            self.loop is not None and self.loop.is_closed() and getattr(before, "__module__", "") == _PATIENT
        )

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if not self.running or getattr(self._before, "__module__", "") == _PATIENT:
            self._before(number, frame)
            return
        self.came = True
        raise KeyboardInterrupt


#: There is one keyboard.
INTERRUPTS: Final = Interrupts()
