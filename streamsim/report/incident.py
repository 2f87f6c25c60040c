"""One piece of trouble, as counts: what the events of a lane amount to is `streamsim.report.incidents`' business."""

from dataclasses import dataclass, field

from streamsim.model.batch import Positions


@dataclass(slots=True)
class Incident:
    """One piece of trouble in one lane.

    `positions` are those of the batch that failed first; `failing` those of the batch that failed last, in `streak`
    tries of one request id; `narrowed` tells that it became smaller than it was. `parts` are what splits left to do,
    next one last, as (first, last, depth). Counts of records: `discarded`, `expired`, `unread` for those that expired
    without ever having been in a batch, and `unsent` for those discarded behind it that the function never saw.
    `attempts` are those of the batch discarded last; 0 where its records were only ever sent in a larger one.
    `filtered` counts those of `positions` that a filter removed which an update had set meanwhile; `moved` tells that an
    update changed the lanes, so that what became of the records happened in others.
    """

    mapping: str
    shard: str
    lane: int
    began_at: int
    failed_at: int
    positions: Positions
    failing: Positions
    tries: int = 0
    streak: int = 0
    request_id: str = ""
    outcomes: dict[str, int] = field(default_factory=dict)
    error: str | None = None
    splits: int = 0
    discarded: int = 0
    discards: int = 0
    condition: str | None = None
    destination: str | None = None
    undelivered: int = 0
    attempts: int = 0
    unsent: int = 0
    expired: int = 0
    unread: int = 0
    filtered: int = 0
    moved: bool = False
    until: int = 0
    ended: bool = False
    depth: int = 0
    parts: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def held(self) -> int:
        """Microseconds from the end of the first attempt that did not succeed until the last record was finished.

        Or until the run's end. Reckoned like the measure `blocked.max`, so a throttle just before counts.
        """
        return self.until - self.failed_at

    @property
    def narrowed(self) -> bool:
        """Whether the batch that failed last is smaller than the one that failed first."""
        return len(self.failing) < len(self.positions)

    @property
    def weight(self) -> tuple[int, int, int, int]:
        """What makes one incident worse than another: lost records, unfinished ones, discards, time."""
        return (self.expired, int(not self.ended), self.discarded + self.unsent, self.held)
