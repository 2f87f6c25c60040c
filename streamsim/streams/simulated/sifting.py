"""Gathers the records of a simulated shard that match a mapping's filters.

Which records match is known only once they are read, so here every poll takes place, while `streamsim.streams.simulated.reader`
may calculate the one that completes a batch. Everything that a poll has fetched goes through the sieve at once; what
matches is kept for this batch and the next ones ("Batching behavior": the filter comes before the batch).
"""

from streamsim.engine.ports import Clock, Halt, Sieve
from streamsim.model.batch import Positions
from streamsim.rules.payload import EVENT_OVERHEAD, fitting, record_event_size, too_large
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.simulated.polling import whole_intervals
from streamsim.streams.simulated.reader import View, first_unread, nothing_more
from streamsim.streams.simulated.subscription import Feed


class SiftingReader:
    """The engine's `Reader` of a simulated shard, or of a lane of it, behind a sieve."""

    def __init__(self, view: View, poller: Feed, clock: Clock, halt: Halt, sieve: Sieve) -> None:
        self.log = poller.log
        self._view = view
        self._poller = poller
        self._clock = clock
        self._halt = halt
        self._sieve = sieve
        self._kept: list[int] = []  # read and matching, not gathered
        self._largest = record_event_size(poller.log.largest_record, poller.kind)

    async def gather(
        self, size: int, event_size: int, window: int, until: int | None = None
    ) -> Positions | None:
        """See `Reader`."""
        clock, poller = self._clock, self._poller
        deadline = clock.now + window
        while True:
            self._sift()
            now, kept, arrival = clock.now, self._kept, self._next_arrival()
            if not kept and arrival == NEVER:
                return await nothing_more(poller, clock, self._halt, until)
            fits, full = self._fitting(size, event_size)
            if now == until:
                return self._take(fits) if kept else ()
            if full or (kept and now >= deadline and not poller.finds(now, arrival)):
                return self._take(fits)
            if window and now >= deadline and not kept and arrival > now:
                deadline += whole_intervals(arrival - deadline, window)
            wake = poller.poll_for(now, arrival)
            wake = min(wake, deadline) if now < deadline else wake
            wake = wake if until is None else min(wake, until)
            if wake > now:
                await clock.sleep(wake - now)
                if self._halt.asked:
                    return None
            if poller.may_read(clock.now):
                poller.read(clock.now)

    def _sift(self) -> None:
        """Parts what has been read since into records to keep and records to drop."""
        dropped: list[int] = []
        while read := self._view.below(self._poller.fetched):
            self._view.cursor = read[-1] + 1
            for position in read:
                (self._kept if self._sieve.matches(self.log, position) else dropped).append(position)
        if dropped:
            self._sieve.drop(_closed(dropped))

    def _next_arrival(self) -> int:
        """When the first record arrives that is not read; `NEVER` when there is none."""
        first = self._view.first()
        return NEVER if first is None else self.log.arrival_at(first)

    def _fitting(self, size: int, event_size: int) -> tuple[int, bool]:
        """How many of the kept records make the next batch, and whether nothing can be added to them."""
        kept = self._kept[:size]
        if len(kept) * self._largest + EVENT_OVERHEAD <= event_size:
            return len(kept), len(kept) == size
        fits = fitting(map(self.log.size, kept), event_size, self._poller.kind)
        return fits, too_large(
            self.log.size(kept[0]), event_size, self._poller.kind
        ) or fits == size or fits < len(kept)

    def _take(self, count: int) -> Positions:
        taken = _closed(self._kept[:count])
        del self._kept[:count]
        return taken

    def caught_up(self) -> bool:
        """See `Reader`."""
        return not self._kept and self._next_arrival() > self._clock.now

    def unread(self) -> int:
        """See `Reader`."""
        if self._kept:
            return self._kept[0]
        return first_unread(self._view, self.log, self._clock.now)


def _closed(positions: list[int]) -> Positions:
    """Ascending positions as a `range` where they have no gaps."""
    if positions[-1] - positions[0] == len(positions) - 1:
        return range(positions[0], positions[-1] + 1)
    return tuple(positions)
