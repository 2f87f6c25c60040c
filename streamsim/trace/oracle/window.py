"""The tumbling window of a lane: which one is open, and the invocation that closes it. Knows no rules."""

from streamsim.model.events import Result, WindowClose
from streamsim.model.units import show_duration
from streamsim.trace.oracle.concurrency import Slot
from streamsim.trace.oracle.violation import Line

Span = tuple[int, int]


class Closing:
    """An invocation without records on its way: `sent` last, in flight while `flying`.

    `counted` attempts used up MaximumRetryAttempts; `refused` tells that the last one did not count. `until` is None
    while there was no back-off since.
    """

    __slots__ = (
        "because",
        "content",
        "counted",
        "ended",
        "flying",
        "refused",
        "request_id",
        "sent",
        "slot",
        "until",
    )

    def __init__(self, event: WindowClose, line: Line) -> None:
        self.content = content_of(event)
        self.request_id = event.request_id
        self.sent = line
        self.slot = Slot.GRANTED
        self.flying = True
        self.counted = 0
        self.refused = False
        self.until: int | None = None
        self.ended: Line | None = None
        self.because: Line | None = None

    def awaits(self, result: Result) -> bool:
        """Whether this is the end of its attempt in flight."""
        return self.flying and self.sent[1][4:6] == (result.request_id, result.attempt)

    def doing(self) -> str:
        """What it is about, in words that end a sentence."""
        if self.flying:
            return "in flight"
        return "failed" if self.until is None else "backing off"


class Windows:
    """The windows of a lane: `open` is the last one a batch belonged to, `by` that batch.

    `owed` tells that it has a state which somebody must close. `closed` is where that happened. `unsent` tells that
    records were given up before they were sent, in a window nobody knows.
    """

    __slots__ = ("by", "closed", "closing", "open", "owed", "unsent")

    def __init__(self) -> None:
        self.open: Span | None = None
        self.by: Line | None = None
        self.owed = False
        self.closed: Line | None = None
        self.closing: Closing | None = None
        self.unsent = False

    def begin(self, span: Span, line: Line) -> None:
        """A batch is the first of a window."""
        self.open, self.by = span, line
        self.owed = self.unsent = False
        self.closed = self.closing = None

    def end(self, line: Line, *, early: bool) -> None:
        """The state has been handed over, or is lost."""
        self.closing = None
        self.owed = False
        if not early:
            self.closed = line
            self.unsent = False


def content_of(event: WindowClose) -> tuple[int, int, bool, int]:
    """What must stay the same when the request goes again."""
    return event.start, event.end, event.terminated_early, event.state_size


def in_words(span: Span) -> str:
    """`window 10 s to 20 s`."""
    return f"window {show_duration(span[0])} to {show_duration(span[1])}"
