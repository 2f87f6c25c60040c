"""One lane of a shard as the contract sees it: which batch is due, and what may happen to it next.

A lane has at most one invocation in flight. What it was given and has not finished is `due`, a stack whose top must
be sent next; that makes parts run depth-first, oldest first.

    READY ──────── Invoke ───────> IN_FLIGHT
    IN_FLIGHT ──── Result ───────> READY (success, or a remainder is due), FAILED (whole batch), REFUSED (uncounted)
    FAILED ─────── Split ────────> READY (two parts are due)
    FAILED, REFUSED ── Backoff ──> WAITING
    WAITING ────── Invoke ───────> IN_FLIGHT
    all but IN_FLIGHT ── Discard, Expired ──> READY when that finishes or changes the batch, else as before

`STRANGE` is the same the other way round: an event that cannot follow, and the anomaly that it is.
Knows no rule about batches (`sending`, `ending`) and nothing beyond its lane (`oracle`).
"""

from collections.abc import Collection
from enum import IntEnum
from typing import Final

from streamsim.model.batch import Positions
from streamsim.model.events import Backoff, Discard, Expired, Invoke, Result, Split
from streamsim.trace.oracle.concurrency import Pool, Slot
from streamsim.trace.oracle.contract import Contract
from streamsim.trace.oracle.identities import Identities
from streamsim.trace.oracle.intervals import Finished
from streamsim.trace.oracle.violation import Findings, Kind, Line, in_words
from streamsim.trace.oracle.window import Windows


class State(IntEnum):
    """Where a lane is between two events."""

    READY = 0
    IN_FLIGHT = 1
    FAILED = 2
    REFUSED = 3
    WAITING = 4


STRANGE: Final[dict[State, dict[type, Kind]]] = {
    State.READY: {Result: "two-in-flight", Backoff: "out-of-place", Split: "split-uneven"},
    State.IN_FLIGHT: {
        Invoke: "two-in-flight",
        Backoff: "out-of-place",
        Split: "split-uneven",
        Discard: "out-of-place",
        Expired: "out-of-place",
    },
    State.FAILED: {Invoke: "too-early", Result: "two-in-flight"},
    State.REFUSED: {Invoke: "too-early", Result: "two-in-flight", Split: "split-uneven"},
    State.WAITING: {Result: "two-in-flight", Backoff: "out-of-place", Split: "split-uneven"},
}


class Due:
    """Records of a lane that must be sent together, and what has happened to them so far.

    `request_id` is None for a new batch. `counted` attempts used up MaximumRetryAttempts. `reached` tells whether the
    function has seen the records, in this batch or the one it was cut from. `youngest` is when the last record
    arrived, where an Invoke told. `refused` tells that the last attempt did not count. `parent` is what a remainder was cut from. `because` is the line that made it due.
    """

    __slots__ = (
        "because",
        "counted",
        "ended",
        "parent",
        "positions",
        "reached",
        "refused",
        "request_id",
        "sent",
        "until",
        "youngest",
    )

    def __init__(
        self, positions: Positions, because: Line | None = None, cut_from: "Due | None" = None
    ) -> None:
        self.positions = positions
        self.because = because
        self.request_id: str | None = None
        self.counted = 0
        self.refused = False
        self.sent: Line | None = None
        self.ended: Line | None = None
        self.until = 0
        self.parent: Positions | None = None
        self.reached = False
        self.youngest: int | None = None
        if cut_from is not None:
            self.reached = cut_from.reached
            if cut_from.positions[-1] == positions[-1]:
                self.youngest = cut_from.youngest


class Lane:
    """The state of one lane.

    `next` is above every record it was given, -1 before the first. `delivered` is the highest record the function has
    seen, `delivered_by` the Invoke that brought it. `family` holds the ids of the unfinished batch and its ancestors.
    `overtaken` are requests that had no end when the lane sent another, with their slots. `windows` is None without
    tumbling windows.
    `flying` is None while the batch in flight is a fresh one of which nothing is to be said yet.
    """

    __slots__ = (
        "contract",
        "delivered",
        "delivered_by",
        "due",
        "ended",
        "family",
        "findings",
        "finished",
        "flying",
        "ids",
        "mapping",
        "next",
        "number",
        "overtaken",
        "pool",
        "sent",
        "shard",
        "slot",
        "state",
        "windows",
    )

    def __init__(
        self,
        mapping: str,
        shard: str,
        number: int,
        contract: Contract,
        finished: Finished,
        ids: Identities,
        pool: Pool,
        findings: Findings,
    ) -> None:
        self.mapping = mapping
        self.shard = shard
        self.number = number
        self.contract = contract
        self.finished = finished
        self.ids = ids
        self.pool = pool
        self.findings = findings
        self.state = State.READY
        self.slot = Slot.GRANTED
        self.next = -1
        self.delivered = -1
        self.delivered_by: Line | None = None
        self.sent: tuple[int, Invoke] | None = None
        self.ended: Line | None = None
        self.flying: Due | None = None
        self.due: list[Due] = []
        self.family: dict[str, Line] = {}
        self.overtaken: list[tuple[tuple[int, Invoke], Slot]] = []
        self.windows = None if contract.window is None else Windows()

    @property
    def busy(self) -> bool:
        """Whether something is in flight or due."""
        closing = self.windows is not None and self.windows.closing is not None
        return self.state is not State.READY or bool(self.due) or closing

    @property
    def in_flight(self) -> bool:
        """Whether an invocation is on its way."""
        closing = self.windows.closing if self.windows is not None else None
        return self.state is State.IN_FLIGHT or (closing is not None and closing.flying)

    @property
    def running(self) -> int:
        """How many executions the lane holds."""
        closing = self.windows.closing if self.windows is not None else None
        batch = self.state is State.IN_FLIGHT and self.slot is not Slot.DENIED
        return batch + (closing is not None and closing.flying and closing.slot is not Slot.DENIED)

    @property
    def top(self) -> Due | None:
        """What must be sent next, None when that is a fresh batch."""
        return self.due[-1] if self.due else None

    def tell(self, kind: Kind, sentence: str, *evidence: Line | None) -> None:
        """Reports a violation of this lane."""
        self.findings.add(kind, sentence, self.mapping, self.shard, *evidence)

    def follows(self, line: Line) -> bool:
        """Whether an event of this type can follow in this state."""
        return type(line[1]) not in STRANGE[self.state]

    def strange(self, line: Line, what: str) -> bool:
        """Whether an event of this type cannot follow in this state; then it has been reported."""
        kind = STRANGE[self.state].get(type(line[1]))
        if kind is None:
            return False
        self.tell(kind, f"{what} while lane {self.number} is {self.doing()}", self.sent, self.ended, line)
        return True

    def doing(self) -> str:
        """What the lane is about, in words that end a sentence."""
        closing = self.windows.closing if self.windows is not None else None
        if closing is not None and self.state is State.READY:
            return f"closing a window with request {closing.request_id}"
        return self._doing()

    def _doing(self) -> str:
        match self.state:
            case State.READY if self.due:
                return f"about to send {in_words(self.due[-1].positions)}"
            case State.READY:
                return "idle"
            case State.IN_FLIGHT:
                return f"waiting for the result of request {self.sent[1].request_id if self.sent else '?'}"
            case State.FAILED:
                return "left with a failed batch"
            case State.REFUSED:
                return "left with a batch that was not taken"
            case State.WAITING:
                return "backing off"

    def finish(self, positions: Positions) -> bool:
        """Takes the records for finished; False when some were finished before."""
        return self.finished.add(positions) == len(positions)

    def drop(self, positions: Positions, line: Line) -> None:
        """Takes records out of what is due; a batch that loses some becomes a new batch of the rest."""
        if self.windows is not None and not self.touches(positions):
            self.windows.unsent = True
        if not self.finish(positions):
            self.tell(
                "out-of-place", f"{in_words(positions)} given up after having been finished", self.ended, line
            )
        before = self.top
        self.due = [left for due in self.due if (left := _left_of(due, positions, line)) is not None]
        if self.state is not State.IN_FLIGHT and self.top is not before:
            self.ready()

    def ready(self) -> None:
        """Nothing is in flight, and what is due has not been sent."""
        self.state = State.READY
        if not self.due:
            self.family.clear()

    def touches(self, positions: Positions) -> bool:
        """Whether some of the records are in flight or due."""
        flying = (
            self.state is State.IN_FLIGHT
            and self.sent is not None
            and overlap(self.sent[1].positions, positions)
        )
        return flying or any(overlap(due.positions, positions) for due in self.due)


def _left_of(due: Due, gone: Positions, line: Line) -> Due | None:
    """The due batch without records that are gone: the same when it loses none, None when it loses all."""
    if not overlap(due.positions, gone):
        return due
    lost: Collection[int] = gone if isinstance(gone, range) else frozenset(gone)
    rest = tuple(position for position in due.positions if position not in lost)
    return Due(rest, line, cut_from=due) if rest else None


def overlap(some: Positions, others: Positions) -> bool:
    """Whether a position is in both."""
    if some[0] > others[-1] or others[0] > some[-1]:
        return False
    if isinstance(some, range) and isinstance(others, range):
        return True
    if isinstance(others, range):
        some, others = others, some
    return (
        any(position in some for position in others)
        if isinstance(some, range)
        else not set(some).isdisjoint(others)
    )


def same(some: Positions, others: Positions) -> bool:
    """Whether both hold the same positions, whichever way they are written."""
    if some == others:
        return True
    return (
        len(some) == len(others)
        and some[0] == others[0]
        and some[-1] == others[-1]
        and tuple(some) == tuple(others)
    )
