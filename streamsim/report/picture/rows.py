"""One shard as a row of the picture: what it did in each bin of time. Knows no glyphs, colours or words."""

from array import array
from enum import IntEnum
from typing import Final


class Kind(IntEnum):
    """What a shard can be seen doing, what matters least first."""

    FILTERED = 0
    SUCCESS = 1
    COLD = 2
    BACKOFF = 3
    THROTTLED = 4
    PARTIAL = 5
    TIMEOUT = 6
    ERROR = 7
    EXPIRED = 8
    DISCARD = 9
    WINDOW_LOST = 10


#: Those that are time, in which a lane did or waited for something; the others count records or windows.
TIMED: Final = range(Kind.SUCCESS, Kind.EXPIRED)


class Row:
    """One shard as one mapping saw it, or one lane of it where lanes are few enough to be told apart (`lane`).

    `bins[kind]` is None until something of the kind happened, else one number a bin: microseconds summed over lanes,
    or records, or windows. It was the mapping's business from `opened_at` to `ended_at` (None: to the end), but not
    between the instants of each of `stops` (None: to the end). `invocations` counts what reached the function,
    `counts` attempts by how they ended. `parents` are shards.
    """

    __slots__ = (
        "bins", "counts", "discarded", "ended_at", "expired", "invocations", "lane", "mapping", "opened_at", "parents",
        "shard", "stops", "throttled", "waited", "waiting", "windows_lost",
    )  # fmt: skip

    def __init__(self, mapping: str, shard: str, lane: int | None) -> None:
        self.mapping = mapping
        self.shard = shard
        self.lane = lane
        self.opened_at = 0
        self.parents: tuple[str, ...] = ()
        self.stops: list[tuple[int, int | None]] = []
        self.ended_at: int | None = None
        self.bins: list[array[int] | None] = [None] * len(Kind)
        self.counts: dict[str, int] = {}
        self.invocations = 0
        self.discarded = 0
        self.expired = 0
        self.windows_lost = 0
        self.waited = 0
        self.throttled: set[int] = set()
        self.waiting: dict[int, tuple[Kind, int]] = {}  # by lane: what its last wait is, and until when

    @property
    def trouble(self) -> tuple[int, int, int, int]:
        """What makes one shard more troubled than another: records gone, failures, throttles, time spent waiting."""
        return (
            self.discarded + self.expired + self.windows_lost,
            self.failed,
            self.counts.get("throttled", 0),
            self.waited,
        )

    @property
    def failed(self) -> int:
        """How many attempts failed, in whole or in part."""
        return sum(n for ended, n in self.counts.items() if ended not in {"success", "throttled"})

    @property
    def untroubled(self) -> bool:
        """Whether nothing but success was ever seen here."""
        return self.trouble == (0, 0, 0, 0)
