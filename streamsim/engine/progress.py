"""How far a mapping is through a shard: the checkpoint.

The checkpoint is the lowest position with nothing unfinished before it. With one lane that is where the lane's current
batch begins; with several it is the low-water mark over the lanes, for a record finished by one lane must not carry
the checkpoint past an older one that another still holds. Filters make it one too, for a record that is dropped is
finished before older ones that match. assumed: AWS documents one checkpoint a shard and order per
key, from which the low-water mark follows.
"""

from collections.abc import Sequence

from streamsim.engine.chance import Uuids
from streamsim.engine.ports import Clock, Reader, Sink
from streamsim.model.events import CaughtUp, Event, make_checkpoint


class Holding:
    """What one lane holds unfinished: the first position of it, or nothing between two batches.

    While it is `resting`, it has nothing in flight: it waits for records or for its next request.
    """

    __slots__ = ("_progress", "behind", "first", "lane", "reader", "request_ids", "resting")

    def __init__(self, lane: int, reader: Reader, request_ids: Uuids, progress: "Progress") -> None:
        self.lane = lane
        self.reader = reader
        self.request_ids = request_ids
        self.first: int | None = None
        self.behind = True
        self.resting = False
        self._progress = progress

    def hold(self, first: int) -> None:
        """The lane begins a batch at this position."""
        self.first = first

    def move(self, first: int) -> None:
        """Everything of the lane below `first` is finished."""
        self.first = first
        self._progress.update(first)

    def release(self, stop: int) -> None:
        """Everything of the lane below `stop` is finished, and it holds nothing."""
        self.first = None
        self._progress.update(stop)

    def pass_over(self) -> None:
        """The lane, which holds nothing, finished records without a batch."""
        self._progress.update(self._progress.position)
        if self.behind:
            self.look_ahead()

    def look_ahead(self) -> None:
        """Tells that the lane has nothing left to read, and is `behind` no more, if that is so."""
        if self.reader.caught_up():
            self.behind = False
            self._progress.tell_caught_up(self)


def _unheard(_event: Event) -> None:
    """The sink of who has nothing to tell any more."""


class Progress:
    """The checkpoint of one mapping in one shard; without `low_water` it is where its only lane is."""

    def __init__(self, mapping: str, position: int, clock: Clock, sink: Sink, *, low_water: bool) -> None:
        self._mapping = mapping
        self.position = position
        self._low_water = low_water
        self._clock = clock
        self._sink = sink
        #: Whether the shard is somebody else's by now.
        self.given_up = False
        self.lanes: Sequence[Holding] = ()

    def give_up(self) -> None:
        """Leaves the checkpoint where it is, whatever is finished yet."""
        self.given_up = True
        self._sink = _unheard

    def update(self, finished: int) -> None:
        """Moves the checkpoint as far as the lanes allow, after one of them finished everything below `finished`."""
        lanes = self.lanes
        if self._low_water:
            if any(lane.first is not None and lane.first <= self.position for lane in lanes):
                return  # the oldest record is still held: no need to ask the idle lanes what they have not read
            finished = min(lane.reader.unread() if lane.first is None else lane.first for lane in lanes)
        if finished > self.position:
            self.position = finished
            log = lanes[0].reader.log
            self._sink(
                make_checkpoint(
                    (self._clock.now, self._mapping, log.shard, finished, log.sequence_number(finished - 1))
                )
            )

    def tell_caught_up(self, holding: Holding) -> None:
        """Tells that a lane found nothing left to read."""
        self._sink(CaughtUp(self._clock.now, self._mapping, holding.reader.log.shard, holding.lane))
