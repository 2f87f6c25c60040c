"""The tallies of mappings, and of sources that are no streams, as one: what the measures need beyond plain sums."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Final

from streamsim.trace.measures.blocking import still_blocked
from streamsim.trace.measures.deliveries import Shard
from streamsim.trace.measures.event_counts import EventCounts, together
from streamsim.trace.measures.histogram import Histogram
from streamsim.trace.measures.producing import Producing, summed
from streamsim.trace.measures.provisioned import USD_PER_MB_MILLISECOND_PROVISIONED, Kept, kept_usd
from streamsim.trace.measures.tally import Tally
from streamsim.trace.measures.traffic import InFlight, SourceTally

#: AWS Lambda pricing page, us-east-1, x86, without the free tier: a request, and a GB-second (a GB is 1,024 MB).
USD_PER_REQUEST: Final = Fraction(20, 100_000_000)
USD_PER_MB_MILLISECOND: Final = Fraction(166_667, 10_000_000_000) / 1024 / 1000


class Totals:
    """The tallies of one or several mappings as one, `end` microseconds after the start.

    `violations` is how many the oracle found; None when it was not asked. `together` is the most executions at once of
    all their functions; None when that is to be taken from the busiest, the only one. `sources` share the account's
    concurrency and its bill. `reshards` is how often the mappings' streams changed their shards. `kept` are the
    environments that their functions provision; those of one mapping alone cannot be told apart.
    """

    def __init__(
        self,
        tallies: Sequence[Tally],
        end: int,
        violations: int | None,
        together: int | None = None,
        sources: Sequence[SourceTally] = (),
        reshards: int = 0,
        producing: Sequence[Producing] = (),
        kept: Sequence[Kept] = (),
    ) -> None:
        self.tallies = tallies
        self.end = end
        self.violations = violations
        self.sources = sources
        self.reshards = reshards
        self._together = together
        self._producing = producing
        self._kept = kept

    def concurrency(self) -> int:
        """The most executions in flight at once."""
        if self._together is not None:
            return self._together
        mappings = (tally.concurrency for tally in self.tallies)
        sources = (source.concurrency for source in self.sources)
        return max((*mappings, *sources), default=0)

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
    def init_durations(self) -> Histogram:
        """Of all cold starts, in microseconds."""
        return _merged(tally.init_durations for tally in self.tallies)

    @cached_property
    def ages(self) -> Histogram:
        """Of all batches sent, in microseconds."""
        return _merged(tally.ages for tally in self.tallies)

    @cached_property
    def received_ages(self) -> Histogram:
        """Of all batches that were received, in microseconds."""
        return _merged(tally.received_ages for tally in self.tallies)

    @cached_property
    def finished_ages(self) -> Histogram:
        """Of all batches whose attempt ended, in microseconds."""
        return _merged(tally.finished_ages for tally in self.tallies)

    def events_counted(self, counted: Callable[[EventCounts], int]) -> int | None:
        """A count over the mappings that have the metrics of events; None when none has."""
        return None if self._event_counts is None else counted(self._event_counts)

    @cached_property
    def _event_counts(self) -> EventCounts | None:
        counts = [tally.event_counts() for tally in self.tallies]
        had = [one for one in counts if one is not None]
        return together(had) if had else None

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
        """The time in functions and their Init phases over the time of the whole run, to a thousandth."""
        return average(self.end, (*self.tallies, *self.sources))

    def delivered(self) -> str:
        """Whether every record was finished; a filtered one is."""
        missing = self.over_shards(lambda shard: shard.missing) + self.sum(lambda tally: tally.expired)
        if missing:
            return f"{missing} missing"
        return "all but discarded" if self.sum(lambda tally: tally.discarded) else "all"

    def deliveries(self) -> int:
        """How often the most often delivered record was."""
        return max(
            (max(tally.deliveries, min(tally.finished_ages.count, 1)) for tally in self.tallies), default=0
        )

    def blocks(self) -> list[int]:
        """How long batches, and ends of windows, have been blocked that still are."""
        return [time for tally in self.tallies for time in still_blocked(tally.shards.values(), self.end)]

    def blocked_longest(self) -> int:
        """The longest that anything was blocked."""
        return max([0, *self.blocks(), *(tally.blocking.longest for tally in self.tallies)])

    def blocked_total(self) -> int:
        """The times that things were blocked, summed."""
        return sum(self.blocks()) + self.sum(lambda tally: tally.blocking.total)

    def caught_up(self) -> int | None:
        """When the last mapping had caught up; None when one never did."""
        times = [tally.caught_up() for tally in self.tallies]
        return max((time for time in times if time is not None), default=None) if None not in times else None

    def usable(self) -> int:
        """The most lanes at once that had records to send."""
        return self.sum(lambda tally: tally.shards.at_once.most)

    def cost(self) -> float:
        """US dollars, to a billionth."""
        return _usd(_invocations((*self.tallies, *self.sources)) + kept_usd(self._kept, self.end))

    def state(self) -> str | None:
        """What GetEventSourceMapping answers; `mixed` when mappings differ."""
        return _one(tally.state for tally in self.tallies)

    def last_result(self) -> str | None:
        """The LastProcessingResult; `mixed` when mappings differ."""
        return _one(tally.last_result() for tally in self.tallies)

    def contract(self) -> str | None:
        """The oracle's judgement in words."""
        if self.violations is None:
            return None
        return f"{self.violations} violation{'s' * (self.violations > 1)}" if self.violations else "holds"


class TrafficTotals:
    """The tallies of one or several sources that are no streams, `end` microseconds after the start."""

    def __init__(self, sources: Sequence[SourceTally], end: int, in_flight: InFlight) -> None:
        """`in_flight` are the executions of all of them."""
        self.sources = sources
        self.end = end
        self.concurrency = max(in_flight.most, in_flight.now)

    def sum(self, counted: Callable[[SourceTally], int]) -> int:
        """A count over all sources."""
        return sum(map(counted, self.sources))

    @cached_property
    def latencies(self) -> Histogram:
        """Of all that succeeded, in microseconds."""
        return _merged(source.latencies for source in self.sources)

    @cached_property
    def init_durations(self) -> Histogram:
        """Of all cold starts, in microseconds."""
        return _merged(source.init_durations for source in self.sources)

    def average_concurrency(self) -> int | float:
        """As in `Totals`."""
        return average(self.end, self.sources)

    def cost(self) -> float:
        """US dollars, to a billionth."""
        return _usd(_invocations(self.sources))


def average(end: int, tallies: Iterable[Tally | SourceTally]) -> int | float:
    """The time in functions and their Init phases over the time of the whole run, to a thousandth."""
    busy = sum(tally.durations.sum + tally.init_durations.sum for tally in tallies)
    return thousandths((2000 * busy + end) // (2 * end)) if end else 0


def _invocations(tallies: Iterable[Tally | SourceTally]) -> Fraction:
    """US dollars for requests and GB-seconds."""
    usd = Fraction(0)
    for tally in tallies:
        milliseconds = tally.durations.thousands + tally.billed_inits - tally.billed_provisioned
        usd += tally.durations.count * USD_PER_REQUEST
        usd += milliseconds * tally.memory * USD_PER_MB_MILLISECOND
        usd += tally.billed_provisioned * tally.memory * USD_PER_MB_MILLISECOND_PROVISIONED
    return usd


def _usd(usd: Fraction) -> float:
    """To a billionth."""
    return round(float(usd), 9)


def _one(words: Iterable[str | None]) -> str | None:
    """The word that all agree on; `mixed` when they do not."""
    different = dict.fromkeys(words)
    return "mixed" if len(different) > 1 else next(iter(different), None)


def thousandths(count: int) -> int | float:
    """A whole number of thousandths, such as microseconds as milliseconds: an int where it is whole."""
    return count // 1000 if count % 1000 == 0 else count / 1000


def _merged(histograms: Iterable[Histogram]) -> Histogram:
    merged = Histogram()
    for histogram in histograms:
        merged.merge(histogram)
    return merged
