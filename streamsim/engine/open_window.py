"""The tumbling window that a lane is in, and the state that the invocations in it have left so far.

The engine's side of `streamsim.rules.windows` for one lane. Knows the records that are sent and the responses that come
back; when a window is over is `streamsim.engine.windowing`'s business.
"""

from collections.abc import Mapping
from typing import Any, Final

from streamsim.model.batch import Batch, Log, TimeWindow
from streamsim.model.mapping import MAXIMUM_EVENT_SIZE, EventSourceMapping
from streamsim.model.outcome import Outcome
from streamsim.rules.response import first_failed
from streamsim.rules.windows import (
    MAXIMUM_STATE_SIZE,
    WINDOW_OVERHEAD,
    Span,
    span_at,
    state_of,
    state_size,
)

#: What an invocation that succeeded and left no state is told to have done wrong.
NO_STATE: Final = "the response has no state"

#: What a window always leaves of an event for its records.
LEAST_ROOM: Final = MAXIMUM_EVENT_SIZE - WINDOW_OVERHEAD - MAXIMUM_STATE_SIZE

_UNSEEN: Final = ("throttled", "too_large")
_EMPTY: Final[Mapping[str, Any]] = {}
_EMPTY_SIZE: Final = state_size(_EMPTY)


class OpenWindow:
    """Holds no window at first (`span` is None).

    `size` is the bytes of the state's JSON, `seen` tells whether the function was ever invoked in the window. assumed:
    a window whose records all expired or were too large, so that the function never saw it, has no final invocation.
    """

    def __init__(self, mapping: EventSourceMapping, log: Log, epoch: int) -> None:
        self._seconds = mapping.tumbling_window_in_seconds
        self._reports = mapping.report_batch_item_failures
        self._log = log
        self._epoch = epoch
        self._state = _EMPTY
        self.span: Span | None = None
        self.size = _EMPTY_SIZE
        self.seen = False

    @property
    def room(self) -> int:
        """Bytes of an event that are left for its records. assumed: the state counts towards the 6 MB as they do."""
        return MAXIMUM_EVENT_SIZE - WINDOW_OVERHEAD - self.size

    @property
    def overfull(self) -> bool:
        """Whether the state is too large to be handed on, so that the window must end early."""
        return self.size > MAXIMUM_STATE_SIZE

    def span_of(self, position: int) -> Span:
        """The window that a record belongs to."""
        return span_at(self._log.arrival_at(position), self._seconds, self._epoch)

    def enter(self, span: Span) -> None:
        """Begins a window, unless it is in it already; the one before must have been left."""
        if self.span is None:
            self.span = span
            self.seen = False
        assert self.span == span

    def leave(self) -> None:
        """The window is closed, or has ended early: what follows, even in the same window, begins with `{}`.

        recorded: a later window does. assumed: the same one after an early end, as AWS's libraries of events say.
        """
        self.span = None
        self._state = _EMPTY
        self.size = _EMPTY_SIZE

    def current(self) -> TimeWindow:
        """The window for an invocation with records, with the state as it is now."""
        return self._window()

    def final(self) -> TimeWindow:
        """The window for its last invocation, or for the one that ends it early."""
        return self._window(final=True, early=self.overfull)

    def failed(self, batch: Batch, outcome: Outcome) -> int | None:
        """The index in the batch of the first record to send again, 0 for the whole batch; None when none is.

        Keeps the state that the response leaves. assumed: also that of a response that reports later records as
        failed, for the function has aggregated those before them. The state of a final response is discarded
        (recorded), but must be there all the same, and no record can be reported in it (assumed).
        """
        if outcome.ending not in _UNSEEN:
            self.seen = True
        if outcome.ending != "success":
            return None
        state = state_of(outcome.response)
        if state is None:
            return 0
        failed = first_failed(batch, outcome.response) if self._reports and batch.positions else None
        if failed != 0:
            self._state = state
            self.size = state_size(state)
        return failed

    def _window(self, *, final: bool = False, early: bool = False) -> TimeWindow:
        assert self.span is not None
        return TimeWindow(*self.span, self._state, final, early)


def stateless(outcome: Outcome) -> bool:
    """Whether an invocation in a window failed for nothing but the lack of a state in its response."""
    return outcome.ending == "success" and state_of(outcome.response) is None
