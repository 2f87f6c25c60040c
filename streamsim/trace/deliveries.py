"""What has to be remembered of a shard and its lanes while they are read.

Batches are never merged: each is new, or the same as a failed one, or a part of a failed one. So all records of a
batch have been in the same attempts, and one number a batch counts their deliveries. Of a lane only the failed
batches with unfinished records are kept.
"""

from streamsim.model import events
from streamsim.model.batch import Positions


class Lane:
    """The batch in flight of one lane, and which of its records have been delivered before."""

    __slots__ = ("before", "blocked_to", "caught_up", "failed", "high", "overtaken", "ran", "request")

    def __init__(self) -> None:
        self.request: events.Invoke  # the batch in flight
        self.ran = 0  # how often its records ran before
        self.before = -1  # the shard's `high` when it was sent
        self.overtaken = False  # whether a later record of the shard was delivered before it
        self.high = -1  # the greatest position delivered
        self.blocked_to = -1  # the last position of the last batch that was blocked
        self.caught_up = False
        #: Failed batches with unfinished records, the next one last: `[last position, how often it ran]`.
        self.failed: list[list[int]] = []

    def find(self, positions: Positions) -> int | None:
        """How often these records ran as part of a failed batch; None when they are in none."""
        failed = self.failed
        first, last = positions[0], positions[-1]
        while failed and failed[-1][0] < first:
            failed.pop()
        if not failed:
            return None
        ran = failed[-1][1]
        if last < failed[-1][0]:
            failed.append([last, ran])
        return ran

    def finish(self, last: int) -> None:
        """Forgets what failed up to a position."""
        failed = self.failed
        while failed and failed[-1][0] <= last:
            failed.pop()


class Lanes(dict[int, Lane]):
    """The lanes of a shard; each exists as soon as it is looked at."""

    def __missing__(self, lane: int) -> Lane:
        self[lane] = made = Lane()
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
        "opened",
        "position",
        "settled",
        "skipped",
        "superseded",
    )

    def __init__(self) -> None:
        self.lanes = Lanes()
        self.opened = False
        self.ended = False
        self.superseded = False  # it has children
        self.skipped = 0
        self.position = 0
        self.arrived = 0
        self.settled = 0  # finished by the function, filtered, discarded or expired
        self.high = -1  # the greatest position delivered, where there are several lanes
        self.age = -1
        #: Failed batches the checkpoint has not passed: when their first attempt ended, and their last position.
        self.blocked: list[tuple[int, int]] = []

    def overtake(self, lane: Lane) -> None:
        """Notes the lane's request in the order of the shard; only needed where a shard has several lanes."""
        positions = lane.request.positions
        lane.before = self.high
        lane.overtaken = positions[0] <= self.high
        self.high = max(self.high, positions[-1])

    @property
    def missing(self) -> int:
        """How many records from the starting position on are not accounted for."""
        return max(self.arrived - self.position - self.settled, 0)


class Shards(dict[str, Shard]):
    """The shards of a mapping by id; each exists as soon as it is looked at."""

    def __missing__(self, shard: str) -> Shard:
        self[shard] = made = Shard()
        return made
