"""How enhanced fan-out brings a shard's records to a mapping: pushed, at a rate of its own, without polls.

A registered consumer has 2 MB a second of every shard to itself, and its records reach it about 70 ms after they arrive,
however many consumers there are ("Develop enhanced fan-out consumers with dedicated throughput"). A subscription ends
after five minutes and is renewed (Kinesis API, SubscribeToShard), which changes nothing here. Nothing is pushed for
real: what would have come by now is calculated when somebody looks.
"""

from collections.abc import Sequence
from typing import Final

from streamsim.model.stream_type import KINESIS, StreamType
from streamsim.model.units import MILLISECOND, SECOND
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.records.logs import SimulatedLog
from streamsim.streams.simulated.polling import Outage, Poller, answered

#: What a consumer gets of a shard in a second.
BYTES_PER_SECOND: Final = 2 * 1000 * 1000

#: From a record's arrival to its push, on average.
DELAY: Final = 70 * MILLISECOND

#: assumed: what one push carries at most, a tenth of a second's worth; AWS says only what a second carries.
PUSH_BYTES: Final = BYTES_PER_SECOND // 10

#: Between two attempts to subscribe.
_AGAIN: Final = SECOND


class Subscription:
    """One consumer's subscription to one shard: how far it was pushed. Shared by the lanes, as a `Poller` is.

    During an outage nothing is pushed; assumed: subscribing again is tried once a second.
    """

    kind: Final[StreamType] = KINESIS

    #: Looking late finds what looking often would have found.
    may_fail: Final = False

    def __init__(
        self,
        log: SimulatedLog,
        position: int,
        now: int,
        outages: Sequence[Outage] = (),
        closed_at: int = NEVER,
    ) -> None:
        self.log = log
        #: When the shard's end is there to be pushed; see `Poller`.
        self.ends_at = -NEVER if closed_at == NEVER else closed_at
        self.fetched = position
        self._free_at = now
        self._outages = outages

    def poll_for(self, now: int, arrival: int) -> int:
        """The first instant from `now` on at which a record that arrives at `arrival` may have been pushed."""
        due = self._next()
        return answered(
            self._outages, max(now, arrival + DELAY, self._free_at if due == NEVER else due), _AGAIN
        )

    def may_read(self, now: int) -> bool:
        """Always: to look costs nothing."""
        del now
        return True

    def finds(self, now: int, arrival: int) -> bool:
        """Whether a look at `now` would find a record of that arrival, the next to come."""
        return arrival + DELAY <= now and self._next() <= now

    def read(self, now: int) -> None:
        """Moves `fetched` over everything that is pushed until `now`."""
        arrivals = self.log.arrivals
        while (push := self._next()) <= now:
            self.fetched, size = self._within_push(arrivals.until(push - DELAY))
            self._free_at = push + size * SECOND // BYTES_PER_SECOND

    def _next(self) -> int:
        """When the next record is pushed; later than any run where there is none left."""
        arrival = self.log.arrival_at(self.fetched)
        return (
            NEVER
            if arrival == NEVER
            else answered(self._outages, max(self._free_at, arrival + DELAY), _AGAIN)
        )

    def _within_push(self, arrived: int) -> tuple[int, int]:
        """Up to which position one push goes, and its bytes: at least one record if there is one."""
        size, position = 0, self.fetched
        while position < arrived:
            with_this = size + self.log.size(position)
            if with_this > PUSH_BYTES and size:
                break
            size, position = with_this, position + 1
        return position, size


#: How records of a shard come to a reader.
Feed = Poller | Subscription
