"""What a run did with every record of every key: read from its events and the keys of its records, and nothing else.

Lines are those of the trace: the header is line 1. Shares no code with the engine, the measures or the oracle, except
for what an attempt that ran is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from streamsim.model.batch import Positions
from streamsim.model.events import Discard, Event, Expired, Filtered, Invoke, Result
from streamsim.trace.measures.attempts import has_run

#: A record by the id of its shard and its position there.
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Records:
    """Every record that a stream ever has: `keys` goes by shard, `order` is each key's places, oldest first."""

    keys: Mapping[str, Sequence[str]]
    order: Mapping[str, Sequence[Place]]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self.keys.values()))


@dataclass(slots=True)
class Delivery:
    """A batch that the function saw: from line `began` until line `ended`; None while it runs.

    `handled` is how many of its records, the first ones, are done with by its end.
    """

    began: int
    shard: str
    positions: Positions
    attempt: int
    ended: int | None = None
    handled: int = 0


class GivenUp(NamedTuple):
    """A discarded record: the line that says so, and whether a document of it arrived."""

    line: int
    documented: bool


@dataclass(slots=True)
class History:
    """`deliveries` stand in the order in which they began. Of each record: the lines by which it was done with.

    `handled` by the function, `given_up` with or without a document, `gone` because it was filtered or expired.
    `of_key` has each key's deliveries with the numbers of its records in them, 0 for its oldest. `last_handled_at` is in
    microseconds.
    """

    records: Records
    deliveries: list[Delivery] = field(default_factory=list)
    of_key: dict[str, list[tuple[Delivery, list[int]]]] = field(default_factory=dict)
    handled: dict[Place, int] = field(default_factory=dict)
    given_up: dict[Place, GivenUp] = field(default_factory=dict)
    gone: dict[Place, int] = field(default_factory=dict)
    last_handled_at: int = 0

    def done(self, place: Place) -> int | None:
        """The line by which the record is done with, one way or the other; None when it never is."""
        if (line := self.handled.get(place)) is not None:
            return line
        if (given := self.given_up.get(place)) is not None:
            return given.line
        return self.gone.get(place)


def history_of(events: Iterable[Event], records: Records) -> History:
    """The history of one mapping's run."""
    history = History(records)
    sent: dict[tuple[str, int], tuple[int, Invoke]] = {}
    for line, event in enumerate(events, start=2):
        match event:
            case Invoke():
                sent[event.shard, event.lane] = (line, event)
            case Result():
                _end(history, line, event, *sent.pop((event.shard, event.lane)))
            case Discard():
                given = GivenUp(line, documented=event.delivered)
                history.given_up |= dict.fromkeys(_places(event), given)
            case Expired() | Filtered():
                history.gone |= dict.fromkeys(_places(event), line)
            case _:
                pass
    for line, event in sent.values():
        history.deliveries.append(Delivery(line, event.shard, event.positions, event.attempt))
    history.deliveries.sort(key=lambda delivery: delivery.began)
    _sort_by_key(history)
    return history


def _sort_by_key(history: History) -> None:
    number = {
        place: (key, ordinal)
        for key, places in history.records.order.items()
        for ordinal, place in enumerate(places)
    }
    for delivery in history.deliveries:
        own: dict[str, list[int]] = {}
        for position in delivery.positions:
            key, ordinal = number[delivery.shard, position]
            own.setdefault(key, []).append(ordinal)
        for key, ordinals in own.items():
            history.of_key.setdefault(key, []).append((delivery, ordinals))


def _end(history: History, line: int, result: Result, began: int, invoke: Invoke) -> None:
    if not has_run(result):
        return
    positions, handled = invoke.positions, 0
    if result.outcome == "success":
        handled = len(positions)
    elif result.outcome == "partial" and result.failed_from is not None:
        handled = sum(position < result.failed_from for position in positions)
    for position in positions[:handled]:
        history.handled.setdefault((invoke.shard, position), line)
    if handled:
        history.last_handled_at = result.t
    history.deliveries.append(Delivery(began, invoke.shard, positions, invoke.attempt, line, handled))


def _places(event: Discard | Expired | Filtered) -> list[Place]:
    return [(event.shard, position) for position in event.positions]
