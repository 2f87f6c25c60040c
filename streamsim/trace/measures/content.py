"""What a run did with which records, whenever it did it: batches sent, batches retried, records given up.

Two runs of a scenario can be held against each other by this where times cannot. A sink over events.
"""

from typing import NamedTuple

from streamsim.model.batch import Positions
from streamsim.model.events import Discard, Event, Invoke, ShardOpen, ShardStop


class Place(NamedTuple):
    """A record: its mapping, its shard, its position there."""

    mapping: str
    shard: str
    position: int


class Sent(NamedTuple):
    """The records of a batch, in a form that is equal for equal records."""

    mapping: str
    shard: str
    positions: tuple[int, ...] | range


class Content:
    """A sink; what it holds is whole when the run is over."""

    def __init__(self) -> None:
        #: Every batch that the function was asked to take.
        self.sent: set[Sent] = set()
        #: Those that it was asked to take again unchanged, with every request id that they had.
        self.retried: dict[Sent, set[str]] = {}
        #: The records that were given up, and why.
        self.discarded: dict[Place, str] = {}
        self._last: dict[tuple[str, str], dict[int, Invoke]] = {}

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        match event:
            case Invoke():
                self._send(event)
            case Discard():
                for position in event.positions:
                    self.discarded[Place(event.mapping, event.shard, position)] = event.condition
            case ShardOpen() | ShardStop():
                # what is read again from the checkpoint are new batches
                self._last.pop((event.mapping, event.shard), None)
            case _:
                pass

    def _send(self, invoke: Invoke) -> None:
        sent = Sent(invoke.mapping, invoke.shard, _plain(invoke.positions))
        self.sent.add(sent)
        lanes = self._last.setdefault((invoke.mapping, invoke.shard), {})
        before = lanes.get(invoke.lane)
        if before is not None and _plain(before.positions) == sent.positions:
            self.retried.setdefault(sent, set()).update((before.request_id, invoke.request_id))
        lanes[invoke.lane] = invoke


def _plain(positions: Positions) -> tuple[int, ...] | range:
    if positions[-1] - positions[0] == len(positions) - 1:
        return range(positions[0], positions[-1] + 1)
    return tuple(positions)
