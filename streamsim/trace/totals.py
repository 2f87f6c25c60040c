"""The tallies of one or several mappings as one: what the measures need beyond plain sums."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Final

from streamsim.trace.deliveries import Shard
from streamsim.trace.histogram import Histogram
from streamsim.trace.producing import Producing, summed
from streamsim.trace.tally import Tally

#: AWS Lambda pricing page, us-east-1, x86, without the free tier: a request, and a GB-second (a GB is 1,024 MB).
USD_PER_REQUEST: Final = Fraction(20, 100_000_000)
USD_PER_MB_MILLISECOND: Final = Fraction(166_667, 10_000_000_000) / 1024 / 1000


class Totals:
    """The tallies of one or several mappings as one, `end` microseconds after the start.

    `violations` is how many the oracle found; None when it was not asked. `together` is the most executions at once of
    all their functions; None when that is to be taken from the busiest, the only one.
    """

    def __init__(
        self,
        tallies: Sequence[Tally],
        end: int,
        violations: int | None,
        together: int | None = None,
        producing: Sequence[Producing] = (),
    ) -> None:
        self.tallies = tallies
        self.end = end
        self.violations = violations
        self._together = together
        self._producing = producing

    def concurrency(self) -> int:
        """The most executions in flight at once."""
        if self._together is not None:
            return self._together
        return max((tally.concurrency for tally in self.tallies), default=0)

    def sum(self, counted: Callable[[Tally], int]) -> int:
        """A count over all mappings."""
        return sum(map(counted, self.tallies))

    def over_shards(self, counted: Callable[[Shard], int]) -> int:
        """A count over all shards of all mappings: a shard that two mappings read counts twice."""
        return sum(counted(shard) for tally in self.tallies for shard in tally.shards.values())

    @cached_property
    def producing(self) -> Producing | None:
        """What the producers did; None when none says how it puts."""
        return summed(self._producing)

    def produced(self, counted: Callable[[Producing], int]) -> int | None:
        """A count over all producers; None when none says how it puts."""
        return None if self.producing is None else counted(self.producing)

    @cached_property
    def durations(self) -> Histogram:
        """Of all attempts that ran, in microseconds."""
        return _merged(tally.durations for tally in self.tallies)

    @cached_property
    def ages(self) -> Histogram:
        """Of all batches sent, in microseconds."""
        return _merged(tally.ages for tally in self.tallies)

    def age_at_end(self) -> int | None:
        """The greatest age among the last batches of the shards that have no children."""
        ages = (
            shard.age
            for tally in self.tallies
            for shard in tally.shards.values()
            if not shard.superseded and shard.age >= 0
        )
        return max(ages, default=None)

    def average_concurrency(self) -> int | float:
        """The time in functions over the time of the whole run, to a thousandth."""
        if not self.end:
            return 0
        return thousandths((2000 * self.durations.sum + self.end) // (2 * self.end))

    def delivered(self) -> str:
        """Whether every record was finished; a filtered one is."""
        missing = self.over_shards(lambda shard: shard.missing) + self.sum(lambda tally: tally.expired)
        if missing:
            return f"{missing} missing"
        return "all but discarded" if self.sum(lambda tally: tally.discarded) else "all"

    def deliveries(self) -> int:
        """How often the most often delivered record was."""
        return max(
            (max(tally.deliveries, min(tally.durations.count, 1)) for tally in self.tallies), default=0
        )

    def blocks(self) -> list[int]:
        """How long batches have been blocked that still are."""
        return [
            self.end - since
            for tally in self.tallies
            for shard in tally.shards.values()
            for since, _ in shard.blocked
        ]

    def blocked_longest(self) -> int:
        """The longest a batch was blocked."""
        return max([0, *self.blocks(), *(tally.blocked_longest for tally in self.tallies)])

    def blocked_total(self) -> int:
        """The times that batches were blocked, summed."""
        return sum(self.blocks()) + self.sum(lambda tally: tally.blocked_total)

    def caught_up(self) -> int | None:
        """When the last mapping had caught up; None when one never did."""
        times = [tally.caught_up() for tally in self.tallies]
        return max((time for time in times if time is not None), default=None) if None not in times else None

    def usable(self) -> int:
        """Lanes that ever ran a batch."""
        return self.over_shards(lambda shard: sum(lane.high >= 0 for lane in shard.lanes.values()))

    def cost(self) -> float:
        """US dollars, to a billionth."""
        usd = self.durations.count * USD_PER_REQUEST
        for tally in self.tallies:
            usd += tally.durations.thousands * tally.memory * USD_PER_MB_MILLISECOND
        return round(float(usd), 9)

    def contract(self) -> str | None:
        """The oracle's judgement in words."""
        if self.violations is None:
            return None
        return f"{self.violations} violation{'s' * (self.violations > 1)}" if self.violations else "holds"


def thousandths(count: int) -> int | float:
    """A whole number of thousandths, such as microseconds as milliseconds: an int where it is whole."""
    return count // 1000 if count % 1000 == 0 else count / 1000


def _merged(histograms: Iterable[Histogram]) -> Histogram:
    merged = Histogram()
    for histogram in histograms:
        merged.merge(histogram)
    return merged
