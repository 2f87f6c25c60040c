"""Which events belong to one piece of trouble: from a batch's first failed attempt until its last record is finished.

Follows the lanes of shards through events alone. Knows nothing of pictures, words or why a rule says what it says.
Throttles are no incident of their own: the function never saw the batch (they wait; see `timeline`).
Memory: one entry per lane, the open incidents, and the `keep` worst closed ones.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Final

from streamsim.model import events as happened
from streamsim.model.batch import Positions
from streamsim.model.events import Event
from streamsim.report.incident import Incident


@dataclass(slots=True)
class _Lane:
    """`highest` is the highest position ever in a batch of the lane, `reached` that of one that the function saw.

    `outcome` is that of the last attempt, `seen` the request id of the last batch that the function saw.

    `throttled_at` is when the batch now waiting was first throttled, unless an incident has begun.

    `before` is the incident that ended last, until the lane invokes again: what expires meanwhile waited behind it.
    """

    invoke: happened.Invoke | None = None
    throttled_at: int | None = None
    incident: Incident | None = None
    before: Incident | None = None
    highest: int = -1
    reached: int = -1
    seen: str = ""
    outcome: str = ""


#: How an attempt ends that the function never saw.
_UNSEEN: Final = ("throttled", "too_large")


class Incidents:
    """A sink that sorts events into incidents; `of` tells the open one of a lane, `worst` the gravest of the run.

    `now` is the last instant heard of; who passes on only some events moves it. Records that went without an incident
    are counted as `stray_expired`, those of them that were never in a batch as `stray_unread`, and `stray_discarded`.
    """

    def __init__(self, keep: int = 8) -> None:
        self.now = 0
        self.count = 0
        self.open_count = 0
        self.unread = 0
        self.expired = 0
        self.stray_expired = 0
        self.stray_unread = 0
        self.stray_discarded = 0
        self._keep = keep
        self._closed: list[Incident] = []
        self._lanes: dict[tuple[str, str, int], _Lane] = {}
        #: What was open when its shard stopped, for an update or for good: by shard, with the lane it was in.
        self._stopped: dict[tuple[str, str], list[tuple[_Lane, Incident]]] = {}
        self._handlers: dict[type, Callable[..., None]] = {
            happened.Invoke: self.invoke,
            happened.Result: self.result,
            happened.Split: self.split,
            happened.Discard: self.discard,
            happened.Expired: self.expire,
            happened.ShardStop: self._stop,
            happened.Update: self._update,
            happened.Filtered: self._filter,
            happened.Checkpoint: self.checkpoint,
        }

    def __call__(self, event: Event) -> None:
        """Takes an event. Who has one of a type that matters, and moves `now`, may call what takes that type instead."""
        self.now = event.t
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def of(self, mapping: str, shard: str, lane: int) -> Incident | None:
        """The lane's open incident."""
        found = self._lanes.get((mapping, shard, lane))
        return None if found is None else found.incident

    def invoke_of(self, mapping: str, shard: str, lane: int) -> happened.Invoke | None:
        """The lane's last invocation."""
        found = self._lanes.get((mapping, shard, lane))
        return None if found is None else found.invoke

    def tried(self, event: happened.Discard) -> str:
        """How often discarded records were tried, in words; to be asked before the event is taken.

        `Discard.attempts` alone does not tell: like the document it counts at least 1, also for records never sent.
        """
        lane = self._lanes.get((event.mapping, event.shard, event.lane), _Lane())
        if lane.seen == event.request_id:
            return f"after {event.attempts:,} {'try' if event.attempts == 1 else 'tries'}"
        if event.positions[0] <= lane.reached:
            return "after tries in a larger batch"
        if lane.invoke is not None and lane.invoke.request_id == event.request_id:
            return "too large to send" if lane.outcome == "too_large" else "throttled every time"
        return "unsent"

    def worst(self) -> list[Incident]:
        """The gravest first, open ones as they stand at the last event; ties go by time, then by shard."""
        still = [lane.incident for lane in self._lanes.values() if lane.incident is not None]
        for lane, incident in chain.from_iterable(self._stopped.values()):
            if lane.incident is not incident and not incident.ended:
                still.append(incident)
        for incident in still:
            incident.until = self.now
        return _gravest([*self._closed, *still])

    def invoke(self, event: happened.Invoke) -> None:
        """A batch is sent."""
        key = (event.mapping, event.shard, event.lane)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane()
        lane.invoke = event
        lane.before = None
        last = event.positions[-1]
        if last > lane.highest:  # noqa: PLR1730  max() costs four times the comparison, once an invocation
            lane.highest = last
        incident = lane.incident
        if incident is None:
            return
        if event.positions[0] > incident.positions[-1]:
            self._close(lane, incident, event.t)
        elif event.request_id != incident.request_id:
            _take_part(incident, event.positions)

    def result(self, event: happened.Result) -> None:
        """It comes back, or the end of a window does."""
        lane = self._lanes.get((event.mapping, event.shard, event.lane))
        if lane is None or lane.invoke is None or event.request_id != lane.invoke.request_id:
            return  # the end of a tumbling window has no records, and is no incident
        positions = lane.invoke.positions
        lane.outcome = event.outcome
        if event.outcome not in _UNSEEN:
            lane.seen = event.request_id
            if positions[-1] > lane.reached:  # noqa: PLR1730  likewise
                lane.reached = positions[-1]
        incident = lane.incident
        if incident is None:
            if event.outcome == "success":
                lane.throttled_at = None
                return
            if event.outcome == "throttled":
                lane.throttled_at = event.t if lane.throttled_at is None else lane.throttled_at
                return
            incident = self._open(lane, lane.invoke, event.t)
        if event.outcome == "success":
            if positions[-1] >= incident.positions[-1]:
                self._close(lane, incident, event.t)
            return
        incident.outcomes[event.outcome] = incident.outcomes.get(event.outcome, 0) + 1
        if event.outcome == "throttled":
            return
        incident.tries += 1
        incident.streak = incident.streak + 1 if event.request_id == incident.request_id else 1
        incident.request_id = event.request_id
        incident.failing = positions
        incident.error = event.error or incident.error

    def split(self, event: happened.Split) -> None:
        """A failed batch is halved."""
        lane = self._lanes.get((event.mapping, event.shard, event.lane))
        if lane is None or lane.incident is None:
            return
        incident = lane.incident
        incident.splits += 1
        deeper = incident.depth + 1
        incident.parts.append((event.at, incident.failing[-1], deeper))
        incident.parts.append((incident.failing[0], event.at - 1, deeper))

    def discard(self, event: happened.Discard) -> None:
        """Records are given up."""
        lane = self._lanes.setdefault((event.mapping, event.shard, event.lane), _Lane())
        count = len(event.positions)
        if lane.incident is None:
            if lane.before is not None and event.positions[0] > lane.reached:
                lane.before.unsent += count
            else:
                self.stray_discarded += count
            return
        incident = lane.incident
        incident.discarded += count
        incident.discards += 1
        incident.condition = event.condition
        incident.destination = event.destination
        incident.attempts = event.attempts if lane.seen == event.request_id else 0
        if event.destination is not None and not event.delivered:
            incident.undelivered += count
        if event.positions[-1] >= incident.positions[-1]:
            self._close(lane, incident, event.t)

    def expire(self, event: happened.Expired) -> None:
        """Records leave the stream unfinished."""
        count = len(event.positions)
        self.expired += count
        lane = self._lanes.setdefault((event.mapping, event.shard, event.lane), _Lane())
        unread = count - _up_to(event.positions, lane.highest)
        self.unread += unread
        incident = lane.incident or lane.before
        if incident is None:
            self.stray_expired += count
            self.stray_unread += unread
            return
        incident.expired += count
        incident.unread += unread
        if not incident.ended and event.positions[-1] >= incident.positions[-1]:
            self._close(lane, incident, event.t)

    def _stop(self, event: happened.ShardStop) -> None:
        place = (event.mapping, event.shard)
        stopped = self._stopped.setdefault(place, [])
        known = {id(incident) for _, incident in stopped}  # it may have stopped with the same ones before
        stopped.extend(
            (lane, lane.incident)
            for key, lane in self._lanes.items()
            if key[:2] == place and lane.incident is not None and id(lane.incident) not in known
        )

    def _update(self, event: happened.Update) -> None:
        """With another number of lanes a record may be in another one, so the lane's next batch says nothing of it."""
        if "ParallelizationFactor" not in event.settings:
            return
        for (mapping, _), stopped in self._stopped.items():
            if mapping == event.mapping:
                for lane, incident in stopped:
                    lane.incident = None
                    incident.moved = True

    def _filter(self, event: happened.Filtered) -> None:
        for _, incident in self._stopped.get((event.mapping, event.shard), ()):
            incident.filtered += len(set(incident.positions).intersection(event.positions))

    def checkpoint(self, event: happened.Checkpoint) -> None:
        """What a shard has stopped with is over when the checkpoint passes it, whoever finished it."""
        if not self._stopped:
            return
        place = (event.mapping, event.shard)
        stopped = self._stopped.pop(place, [])
        for lane, incident in stopped:
            if not incident.ended and incident.positions[-1] < event.position:
                self._close(lane, incident, event.t)
        if left := [(lane, incident) for lane, incident in stopped if not incident.ended]:
            self._stopped[place] = left

    def _open(self, lane: _Lane, invoke: happened.Invoke, now: int) -> Incident:
        positions = invoke.positions
        failed_at, lane.throttled_at = lane.throttled_at, None
        lane.incident = Incident(
            invoke.mapping, invoke.shard, invoke.lane, invoke.t, now if failed_at is None else failed_at,
            positions, positions, until=now,
        )  # fmt: skip
        self.count += 1
        self.open_count += 1
        return lane.incident

    def _close(self, lane: _Lane, incident: Incident, now: int) -> None:
        if lane.incident is incident:
            lane.incident, lane.before = None, incident
        incident.until = now
        incident.ended = True
        self.open_count -= 1
        self._closed.append(incident)
        if len(self._closed) > 4 * self._keep:
            self._closed = _gravest(self._closed)[: self._keep]


def _take_part(incident: Incident, positions: Positions) -> None:
    """The depth of a new batch: that of the part it begins in; a remainder stays as deep as what it is left of."""
    first = positions[0]
    while incident.parts and incident.parts[-1][1] < first:
        incident.parts.pop()
    if incident.parts and incident.parts[-1][0] == first:
        incident.depth = incident.parts.pop()[2]


def _up_to(positions: Positions, highest: int) -> int:
    return bisect_right(positions, highest)


def _gravest(incidents: list[Incident]) -> list[Incident]:
    return sorted(
        incidents, key=lambda one: (*(-part for part in one.weight), one.began_at, one.shard, one.lane)
    )
