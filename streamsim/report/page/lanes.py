"""What the page draws, as columns: every invocation, and what went without one. Knows no HTML and no words.

A *family* is a batch and all that came of it: its retries, its halves, its remainders. Where a batch stands in the one
it descends from (`offset` of `whole` records) is what makes a bisect a staircase.
"""

from array import array
from bisect import bisect_left
from typing import Final

from streamsim.model.batch import Positions, as_ranges

#: How an invocation ended, as the page numbers it; `open` has no result, for the trace ends before it.
OUTCOMES: Final = ("success", "partial", "error", "timeout", "throttled", "too_large", "fault", "open")

#: What is to be known of an invocation beyond numbers, as bits. `PLACELESS`: the page does not keep which records it had.
SAME_FAMILY: Final = 1
SAME_ID: Final = 2
SPLIT: Final = 4
WINDOW_END: Final = 8
ENDED_EARLY: Final = 16
PLACELESS: Final = 32

#: Numbers of an invocation. Times are microseconds: `t` is when it was sent, `took` until its result, `init` the part
#: of that in the Init phase, `age` its IteratorAge, `wait` the back-off after it. `first` is a position in the shard,
#: `gap` how many positions between the first and the last are not in the batch, `offset` the rank of the first record
#: in the family's first batch of `whole` records, `failed` 1 + the rank in the batch of the first record that a
#: partial response names. `ranges`, `error`, `id` and `window` count from 1 in lists of their own, 0 is none. `times`
#: is how many neighbours were merged into one, `busy` what they took together, 0 where there is but one.
COLUMNS: Final = (
    "row", "t", "took", "outcome", "flags", "count", "first", "gap", "offset", "whole", "failed", "attempt", "age",
    "wait", "init", "error", "id", "ranges", "window", "times", "busy",
)  # fmt: skip

#: Error texts are cut to so many characters, and so many different ones are kept; likewise ranges and windows.
LONGEST: Final = 2_000
MOST_ERRORS: Final = 400
MOST_RANGES: Final = 40_000
MOST_WINDOWS: Final = 4_000


class Family:
    """The batch that a lane is at work on: its first positions, and the request id sent last.

    `begin` and `last` are entries, -1 for none.
    """

    __slots__ = ("begin", "last", "positions", "request_id", "row", "sent_at", "sent_in")

    def __init__(self, row: int) -> None:
        self.row = row
        self.positions: Positions | None = None
        self.request_id = ""
        self.last = -1
        self.begin = -1
        self.sent_at = 0
        self.sent_in: Positions = range(0)

    def holds(self, positions: Positions) -> bool:
        """Whether these records are among those of the family's first batch."""
        mine = self.positions
        return mine is not None and mine[0] <= positions[0] and positions[-1] <= mine[-1]

    def rank(self, position: int) -> int:
        """Where in the family's first batch a position stands."""
        mine = self.positions
        assert mine is not None
        return position - mine[0] if isinstance(mine, range) else bisect_left(mine, position)


class Texts:
    """Different texts, numbered from 1, the first `most` of them and each cut to `LONGEST` characters.

    `more` says how many times a text came that is not among them.
    """

    def __init__(self, most: int) -> None:
        self.kept: list[str] = []
        self.more = 0
        self._numbers: dict[str, int] = {}
        self._most = most

    def number(self, text: str | None) -> int:
        """The text's number; 0 for none, and for those after the last that is kept."""
        if text is None:
            return 0
        known = self._numbers.get(text)
        if known is None and len(self.kept) < self._most:
            known = self._numbers[text] = len(self.kept) + 1
            self.kept.append(cut(text))
        if known is None:
            self.more += 1
        return known or 0


def cut(text: str, longest: int = LONGEST) -> str:
    """A text of at most about `longest` characters, which says how long it was."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… ({len(text):,} characters)"


def empty_columns() -> dict[str, "array[int]"]:
    """The columns of no invocations."""
    return {name: array("q") for name in COLUMNS}


def ranges_of(positions: Positions) -> list[int]:
    """First and last positions of all ranges, one after another."""
    return [end for pair in as_ranges(positions) for end in pair]
