"""The ports of the engine: what a worker needs from the outside, and nothing else.

The worker is written once. In virtual time the ports are `engine.clock.VirtualClock`, simulated streams and modelled
functions; on real streams they are the real clock, pollers and real functions. Conformance suites in `tests/` hold
every implementation to these words.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol

from streamsim.model.batch import Batch, Log, Positions
from streamsim.model.events import Event
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.outcome import Outcome

#: Takes each event as it happens. Must not wait.
Sink = Callable[[Event], None]


class Clock(Protocol):
    """Time and waiting. All times are integer microseconds since the start of the run."""

    @property
    def now(self) -> int:
        """Microseconds since the start; never decreases."""

    def sleep(self, microseconds: int) -> Awaitable[None]:
        """Waits. Sleepers that wake at the same instant wake in the order in which they fell asleep."""

    def start(self, coroutine: Coroutine[Any, Any, None], name: str) -> Awaitable[None]:
        """Starts a worker beside the caller; awaiting the answer waits for its end and raises what it raised."""

    def heeding(self, halt: "Halt") -> "Clock":
        """The same clock for lanes that stop at `halt`: where sleepers can be woken, they wake as soon as it is asked."""


class Halt:
    """Whether the lanes of a shard are asked to stop, because the mapping's settings change, or it or the shard goes.

    In virtual time a lane that sleeps cannot be woken: it sees on waking that nobody waits for it any more, and must
    leave no trace. In real time it is woken at once.
    """

    __slots__ = ("_wakers", "asked")

    def __init__(self) -> None:
        self.asked = False
        self._wakers: list[Callable[[], None]] = []

    def ask(self) -> None:
        """Asks, and wakes whoever waits to be woken."""
        self.asked = True
        for wake in list(self._wakers):
            wake()

    def listen(self, wake: Callable[[], None]) -> None:
        """Calls back when it is asked."""
        self._wakers.append(wake)

    def unlisten(self, wake: Callable[[], None]) -> None:
        """Does so no more."""
        self._wakers.remove(wake)


class SourceError(Exception):
    """The outside misbehaves: no such stream, no permission, no answer.

    `retryable`: reading pauses and goes on later, which spends no attempt of any batch. Otherwise the run cannot go on.
    """

    def __init__(self, message: str, *, retryable: bool, hint: str | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.hint = hint


class Sieve(Protocol):
    """What a mapping's filters make of the records that a reader has read, for one lane of one shard."""

    def matches(self, log: Log, position: int) -> bool:
        """Whether the record may be in a batch. Asked once for each record, when it is read."""

    def drop(self, positions: Positions) -> None:
        """Takes note of records that may not. The reader counts them as read by then; never empty."""


class Reader(Protocol):
    """The records of one shard, or of one lane of it, in order. Each position is gathered exactly once.

    Behind a sieve only matching records are, and only they count below as records; the others are handed to the sieve,
    each once, after the read that answered them and before a younger record is gathered.
    """

    @property
    def log(self) -> Log:
        """Where gathered positions can be looked up."""

    async def gather(
        self, size: int, event_size: int, window: int, until: int | None = None
    ) -> Positions | None:
        """The next positions, oldest first; None once the shard will never have more.

        Answers at the first of: `size` records are there; their event would exceed `event_size` bytes (at least one
        record is returned all the same); `window` microseconds after the call, if there is a record by then. A window
        that ends without a record begins anew. With a window of 0 it answers as soon as there is a record.
        At the instant `until`, which must lie ahead, it answers with what is there: only then the answer may be empty.
        A shard without more to come is waited for until then, too, unless it is closed.
        After a `Halt` it answers None, whatever is there, and reads no more.
        """

    def caught_up(self) -> bool:
        """Whether every record that has arrived by now is gathered or dropped."""

    def unread(self) -> int:
        """The first position that has arrived and is neither gathered nor dropped, or else the first that has not arrived."""


class Stream(Protocol):
    """A stream as one or more mappings see it."""

    @property
    def retention(self) -> int:
        """Microseconds that a record stays readable after its arrival."""

    def shards(self, mapping: EventSourceMapping) -> tuple[str, ...]:
        """The shards with which a mapping without checkpoints begins now, by its StartingPosition, oldest first.

        Open ones for LATEST; else those that still hold records from the position on, or are open, and have no parent
        that does: the others are their descendants.
        """

    def parents(self, shard: str) -> tuple[str, ...]:
        """The shards that this one continues: two after a merge; empty where it is one of the stream's first."""

    def children(self, shard: str) -> tuple[str, ...]:
        """The shards that continue this one, to be asked when it is drained; empty where it is still open at the end."""

    def arrived(self, shard: str) -> int:
        """How many records have ever been in the shard, trimmed ones included."""

    def start(self, shard: str, mapping: EventSourceMapping) -> int:
        """The position at which a mapping without a checkpoint begins now in one of its first `shards`.

        It begins in their descendants at 0: whoever reads a shard misses nothing of those that continue it.
        """

    def open(
        self, shard: str, position: int, lanes: int, halt: Halt, sieves: Sequence[Sieve] = ()
    ) -> Sequence[Reader]:
        """One reader for each lane, all from `position` on; `sieves` has one for each lane, or none for all records."""


class Function(Protocol):
    """Runs a batch. Never raises for what the function does: that is an `Outcome`."""

    async def invoke(self, batch: Batch, cold: bool) -> Outcome:
        """Takes the time the invocation takes, and before that the Init of its environment when `cold`.

        Only called while the caller holds a slot of the concurrency pool.
        """


#: What a document goes by at its destination.
DocumentKey = str | bytes | None


class Destination(Protocol):
    """Takes the documents of discarded batches."""

    @property
    def name(self) -> str:
        """The ARN, as the trace shows it."""

    async def send(self, document: str, key: DocumentKey = None) -> bool:
        """Whether the document arrived. `key` is None, but that of an S3 object, or of a record that has one in Kafka."""
