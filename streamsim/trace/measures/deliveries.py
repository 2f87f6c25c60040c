"""What has to be remembered of a shard and its lanes while they are read.

While a shard is read, batches are never merged: each is new, or the same as a failed one, or a part of a failed one.
So all records of a batch have been in the same attempts, and one number a batch counts their deliveries. Of a lane
only the failed batches with unfinished records are kept. When a shard is opened again at its checkpoint, a lane may
hold in one batch records of several pasts: those are counted apart (`Lane.parts`).
"""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

from streamsim.model import events
from streamsim.model.batch import Positions

#: What `Lane.ran` is instead of a number: the records of the batch have several pasts, or there are none.
MIXED: Final = -1
WINDOW: Final = -2

#: In the place of a batch where there is none.
NO_RECORDS: Final = events.Invoke(0, "", "", 0, "", 0, range(0), "", "", 0, 0)


class Lane:
    """The request in flight of one lane, and which of its records have been delivered before."""

    __slots__ = (
        "before", "blocked_to", "closing", "failed", "high", "overtaken", "parts", "ran", "read_to", "request", "stuck_at",
    )  # fmt: skip

    def __init__(self) -> None:
        self.request = NO_RECORDS  # the batch in flight, or the last one
        self.closing: events.WindowClose | None = None  # the window that the request in flight ends
        self.stuck_at: int | None = None  # since when the end of a window fails
        self.ran = 0  # how often its records ran before
        self.before = -1  # the shard's `high` when it was sent
        self.overtaken = False  # whether a later record of the shard was delivered before it
        self.high = -1  # the greatest position delivered
        self.blocked_to = -1  # the last position of the last batch that was blocked
        #: Failed batches with unfinished records, the next one last: `[last position, how often it ran]`.
        self.failed: list[list[int]] = []
        #: The batch in flight where its records have several pasts, in their order; the same pairs.
        self.parts: list[list[int]] = []
        self.read_to: int | None = None  # how far a lane that was begun again has read; None past all it knew

    def find(self, positions: Positions) -> int | None:
        """How often these records ran before, as part of a failed batch; None when they are in none."""
        failed = self.failed
        first, last = positions[0], positions[-1]
        while failed and failed[-1][0] < first:
            failed.pop()
        if not failed:
            return None
        end, ran = failed[-1]
        if last < end:
            failed.append([last, ran])
        elif last > end:
            return self._join(last)
        return ran

    def _join(self, last: int) -> int:
        """Makes parts of what is known of the records up to `last`, which goes beyond it or ends within it."""
        failed = self.failed
        self.parts = []
        while failed and failed[-1][0] <= last:
            self.parts.append(failed.pop())
        if self.parts[-1][0] < last:
            self.parts.append([last, failed[-1][1] if failed else 0])
        return MIXED

    def fail(self, last: int, *, ran: bool) -> None:
        """The batch in flight up to `last` failed and will be heard of again; `ran`: the function saw it."""
        failed = self.failed
        if self.ran == MIXED:
            failed.extend([end, before + ran] for end, before in reversed(self.parts))
            return
        if not failed or failed[-1][0] != last:
            failed.append([last, self.ran])
        failed[-1][1] = self.ran + ran

    def finish(self, positions: Positions) -> None:
        """Forgets what failed up to the end of these."""
        failed = self.failed
        while positions and failed and failed[-1][0] <= positions[-1]:
            failed.pop()

    def unread(self, positions: Positions) -> int:
        """How many of these records, some of which failed before, the lane has now read for the first time again."""
        if self.read_to is None:
            return 0
        unread = len(positions) - bisect_right(positions, self.read_to)
        self.read_to = None if positions[-1] >= self.high else max(self.read_to, positions[-1])
        return unread

    def go_on(self, former: "Lane", position: int) -> None:
        """Takes over what a lane has delivered from `position` on, where it is now read again."""
        self.high = former.high
        if former.high < position:
            return
        self.read_to = position - 1
        self.failed = [[last, ran] for last, ran in former.failed if last >= position]
        if not self.failed:
            self.failed = [[self.high, 1]]
        elif former.request.positions and former.request.positions[0] > position:
            # Lanes beside it held the checkpoint back: this one had finished more.
            self.failed.append([former.request.positions[0] - 1, 1])


class AtOnce:
    """How many lanes of shards that are read have records to send, and the most there ever were."""

    __slots__ = ("most", "now")

    def __init__(self) -> None:
        self.now = 0
        self.most = 0

    def begin(self) -> None:
        """Another lane sends its first batch."""
        self.now += 1
        self.most = max(self.most, self.now)

    def end(self, lanes: int) -> None:
        """A shard with so many of them is read no more."""
        self.now -= lanes


class Lanes(dict[int, Lane]):
    """The lanes of a shard; each exists as soon as it is looked at, and then goes on where the `former` one was."""

    def __init__(self, at_once: AtOnce, former: Mapping[int, Lane], position: int, blocked_to: int) -> None:
        self.at_once = at_once
        self._former = former
        self._position = position
        self._blocked_to = blocked_to

    def all(self) -> dict[int, Lane]:
        """These, and the former ones that have not been looked at yet."""
        return {**self._former, **self}

    def __missing__(self, lane: int) -> Lane:
        self[lane] = made = Lane()
        made.blocked_to = self._blocked_to
        if lane in self._former:
            made.go_on(self._former[lane], self._position)
        self.at_once.begin()
        return made


class Shard:
    """What is known of one shard: which records are owed, how many are accounted for, how old the last batch was."""

    __slots__ = (
        "age",
        "arrived",
        "blocked",
        "ended",
        "high",
        "lanes",
        "lost",
        "opened",
        "position",
        "reading",
        "settled",
        "skipped",
        "superseded",
        "width",
    )

    def __init__(self, at_once: AtOnce) -> None:
        self.lanes = Lanes(at_once, {}, 0, -1)
        self.opened = False
        self.reading = False
        self.ended = False
        self.superseded = False  # it has children
        self.width = 0  # ParallelizationFactor when it was opened
        self.skipped = 0
        self.position = 0
        self.arrived = 0
        self.settled = 0  # finished by the function, filtered, discarded or expired
        self.lost = 0  # gone before the shard was opened again
        self.high = -1  # the greatest position delivered, where there are several lanes
        self.age = -1
        #: Failed batches the checkpoint has not passed: when their first attempt ended, and their last position.
        self.blocked: list[tuple[int, int]] = []

    def open(self, position: int, arrived: int, width: int) -> None:
        """Reading begins at `position` with `width` lanes, for the first time or again."""
        if not self.opened:
            self.skipped = position
        else:
            self.leave(arrived)
            self.lost += max(position - self.position - self.settled, 0)
            blocked_to = max((last for _, last in self.blocked), default=-1)
            self.lanes = Lanes(self.lanes.at_once, self._former(width), position, blocked_to)
        self.opened = self.reading = True
        self.ended = False
        self.width = width
        self.position = position
        self.arrived = arrived
        self.settled = 0

    def _former(self, width: int) -> Mapping[int, Lane]:
        """What lanes were, by the lanes that go on. With another number of lanes the records of one are anywhere."""
        lanes = self.lanes.all()
        self.high = max([self.high, *(lane.high for lane in lanes.values())])
        if width == self.width or not lanes:
            return lanes
        furthest = max(lanes.values(), key=lambda lane: lane.high)
        if self.width > 1:
            furthest.failed.clear()  # the others are taken to have come as far, each record seen once
        return dict.fromkeys(range(width), furthest)

    def leave(self, arrived: int) -> None:
        """Reading ends, for good or for now, when `arrived` records were ever there."""
        self.arrived = arrived
        if self.reading:
            self.reading = False
            self.lanes.at_once.end(len(self.lanes))

    def overtake(self, lane: Lane) -> None:
        """Notes the lane's request in the order of the shard; only needed where a shard has several lanes."""
        positions = lane.request.positions
        lane.before = self.high
        lane.overtaken = positions[0] <= self.high
        self.high = max(self.high, positions[-1])

    @property
    def missing(self) -> int:
        """How many records from the starting position on are not accounted for."""
        return max(self.arrived - self.position - self.settled, 0) + self.lost


class Shards(dict[str, Shard]):
    """The shards of a mapping by id; each exists as soon as it is looked at."""

    def __init__(self) -> None:
        self.at_once = AtOnce()

    def __missing__(self, shard: str) -> Shard:
        self[shard] = made = Shard(self.at_once)
        return made
