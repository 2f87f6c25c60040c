"""The guarantees that people believe in, which of them AWS gives, and what shows that one does not hold.

Each is judged by the history of a run alone; `contract` is the oracle's. Sources are the Lambda Developer Guide's
pages "How Lambda processes records from stream and queue-based event sources" (at least once, in order within a shard,
a failed batch holds its shard), "Using Lambda to process records from Amazon Kinesis Data Streams" (with
ParallelizationFactor in order at the level of the partition key) and "Retaining discarded batch records". That the
others are not given follows from the same pages: a failed batch is sent again as a whole or in parts, and is given up.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from streamsim.ordering.history import History, Place


class CounterExample(NamedTuple):
    """What happened in words, and the lines of the trace that show it, ascending."""

    sentence: str
    lines: tuple[int, ...]


Judge = Callable[[History, frozenset[Place]], Iterator[CounterExample]]


@dataclass(frozen=True, slots=True)
class Guarantee:
    """`given` tells whether AWS gives it, by the number of lanes of a shard. `judge` gets the records that are bad.

    `words` are for tables, `sentence` says what is meant.
    """

    words: str
    sentence: str
    given: Callable[[int], bool]
    judge: Judge | None


def _always(_lanes: int) -> bool:
    return True


def _never(_lanes: int) -> bool:
    return False


def _order_per_shard(history: History, _bad: frozenset[Place]) -> Iterator[CounterExample]:
    """First deliveries of a shard out of its order."""
    highest: dict[str, tuple[int, int]] = {}
    seen: set[Place] = set()
    for delivery in history.deliveries:
        shard = delivery.shard
        for position in delivery.positions:
            if (shard, position) in seen:
                continue
            seen.add((shard, position))
            before, line = highest.get(shard, (-1, 0))
            if position > before:
                highest[shard] = (position, delivery.began)
            else:
                sentence = f"record {position} of {shard} is first delivered after record {before}"
                yield CounterExample(sentence, (line, delivery.began))


def _order_per_key(history: History, _bad: frozenset[Place]) -> Iterator[CounterExample]:
    """First deliveries of a key out of its order, over all shards that it ever lives in."""
    for key, batches in history.of_key.items():
        seen: set[int] = set()
        highest, line = -1, 0
        for delivery, ordinals in batches:
            for ordinal in ordinals:
                if ordinal in seen:
                    continue
                seen.add(ordinal)
                if ordinal > highest:
                    highest, line = ordinal, delivery.began
                    continue
                what = f"{_named(history, key, ordinal)} is first delivered after {_place(history, key, highest)}"
                yield CounterExample(what, (line, delivery.began))


def _order_of_redeliveries(history: History, _bad: frozenset[Place]) -> Iterator[CounterExample]:
    """A record of a key delivered when a later one of the key had been, in a batch before."""
    for key, batches in history.of_key.items():
        highest, line = -1, 0
        for delivery, ordinals in batches:
            for ordinal in ordinals:
                if ordinal < highest:
                    later = _place(history, key, highest)
                    what = f"{_named(history, key, ordinal)} is delivered again after {later}"
                    yield CounterExample(what, (line, delivery.began))
            if max(ordinals) > highest:
                highest, line = max(ordinals), delivery.began


def _one_at_a_time(history: History, _bad: frozenset[Place]) -> Iterator[CounterExample]:
    """Two batches with records of one key at once."""
    for key, batches in history.of_key.items():
        for (running, _), (delivery, ordinals) in pairwise(batches):
            if running.ended is None or running.ended > delivery.began:
                what = f"{_named(history, key, ordinals[0])} is delivered while another batch of the key runs"
                yield CounterExample(what, (running.began, delivery.began))


def _nothing_passes(history: History, _bad: frozenset[Place]) -> Iterator[CounterExample]:
    """A record delivered while an older one of its key is neither done with nor in the same batch."""
    for key, batches in history.of_key.items():
        done = [history.done(place) for place in history.records.order[key]]
        low = 0  # all before it are done with
        for delivery, ordinals in batches:
            while low < len(done) and (line := done[low]) is not None and line < delivery.began:
                low += 1
            for ordinal in range(low, max(ordinals)):
                line = done[ordinal]
                if ordinal not in ordinals and (line is None or line > delivery.began):
                    older = _place(history, key, ordinal)
                    what = f"{_named(history, key, max(ordinals))} is delivered before {older} is done with"
                    yield CounterExample(what, (delivery.began,) if line is None else (delivery.began, line))
                    break


def _at_least_once(history: History, _bad: frozenset[Place]) -> Iterator[CounterExample]:
    """Records that nobody handled and nobody was told of."""
    for shard, keys in history.records.keys.items():
        for position in range(len(keys)):
            place = (shard, position)
            if history.done(place) is None:
                yield CounterExample(f"record {position} of {shard} is lost", ())
            elif place not in history.handled and place in history.given_up:
                given = history.given_up[place]
                if not given.documented:
                    what = f"record {position} of {shard} is given up without a document"
                    yield CounterExample(what, (given.line,))


def _exactly_once(history: History, _bad: frozenset[Place]) -> Iterator[CounterExample]:
    """Records that the function saw again."""
    seen: dict[Place, int] = {}
    for delivery in history.deliveries:
        for position in delivery.positions:
            place = (delivery.shard, position)
            if place in seen:
                sentence = f"record {position} of {delivery.shard} is delivered again"
                yield CounterExample(sentence, (seen[place], delivery.began))
            else:
                seen[place] = delivery.began


def _no_gap(history: History, _bad: frozenset[Place]) -> Iterator[CounterExample]:
    """Records handled although an older one of their key was given up."""
    for key, places in history.records.order.items():
        gap: tuple[int, int] | None = None
        for ordinal, place in enumerate(places):
            if place in history.given_up and place not in history.handled:
                gap = gap or (ordinal, history.given_up[place].line)
            elif gap is not None and place in history.handled:
                what = f"{_named(history, key, ordinal)} is handled though {_place(history, key, gap[0])} was given up"
                yield CounterExample(what, tuple(sorted((gap[1], history.handled[place]))))


def _only_bad(history: History, bad: frozenset[Place]) -> Iterator[CounterExample]:
    """Records given up that the function could have handled."""
    for place, given in history.given_up.items():
        if place not in bad and place not in history.handled:
            shard, position = place
            yield CounterExample(
                f"record {position} of {shard} is given up, and nothing is wrong with it", (given.line,)
            )


#: By the names that `--json` shows, in the order of the tables.
GUARANTEES: Final[Mapping[str, Guarantee]] = {
    "order.per_shard": Guarantee(
        "in order per shard",
        "The function first sees the records of a shard in their order.",
        (1).__eq__,
        _order_per_shard,
    ),
    "order.per_key": Guarantee(
        "in order per key",
        "The function first sees the records of a key in their order, whatever happens to its shard.",
        _always,
        _order_per_key,
    ),
    "one_at_a_time": Guarantee(
        "one batch of a key at a time",
        "No two batches with records of one key run at once.",
        _always,
        _one_at_a_time,
    ),
    "nothing_passes": Guarantee(
        "nothing passes a failure",
        "A record is not sent before the older ones of its key are handled or given up, or beside it in the batch.",
        _always,
        _nothing_passes,
    ),
    "at_least_once": Guarantee(
        "at least once, or told of",
        "Every record is handled, or given up and a document of it delivered.",
        _always,
        _at_least_once,
    ),
    "contract": Guarantee(
        "all other rules of AWS",
        "Retries, request ids, back-off, splits, checkpoints and lineage: what `streamsim verify` checks.",
        _always,
        None,
    ),
    "exactly_once": Guarantee("exactly once", "The function sees every record once.", _never, _exactly_once),
    "order.redeliveries": Guarantee(
        "redeliveries in order",
        "The function never sees a record after a later one of its key, not even again.",
        _never,
        _order_of_redeliveries,
    ),
    "no_gap": Guarantee(
        "no gaps in a key",
        "When a record is given up, no later one of its key is handled.",
        _never,
        _no_gap,
    ),
    "only_bad": Guarantee(
        "only bad records given up",
        "Records that the function can handle are not given up because of others in their batch.",
        _never,
        _only_bad,
    ),
}


def _place(history: History, key: str, ordinal: int) -> str:
    shard, position = history.records.order[key][ordinal]
    return f"record {position} of {shard}"


def _named(history: History, key: str, ordinal: int) -> str:
    return f"{_place(history, key, ordinal)} (key {key})"
