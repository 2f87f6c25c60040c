"""What the shards of a stream can take of its producer, before anything runs.

A producer without `put` puts nothing: its records arrive when they are produced, which is true as long as no shard's
write limit is reached. A rate beyond a limit would silently be more than AWS takes, so it is refused. Only what is
exceeded on average, by the smallest a record can be, is refused; records that a scenario lists one by one are taken as
they are, since somebody may have recorded them. With `put` the limits hold, and what that costs in time and memory is
bounded here.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from streamsim.model.units import SECOND, show_duration, show_size
from streamsim.rules.hash_keys import even_ranges
from streamsim.scenario.fields import Complaint
from streamsim.scenario.file import Stream
from streamsim.scenario.producer import Producer
from streamsim.scenario.rates import RatePoint
from streamsim.scenario.shards import key_set
from streamsim.streams.keys import shares
from streamsim.streams.logs import Content
from streamsim.streams.writing import BYTES_PER_SECOND, RECORDS_PER_SECOND

#: The records of a producer with `put` are held in memory, some 40 bytes each, and put one by one.
MOST_PUT: Final = 5_000_000

Path = tuple[str | int, ...]


def over_capacity(stream: Stream, producer: Producer, duration: int, path: Path) -> Iterator[Complaint]:
    """What a producer cannot do; `path` is its place in the file."""
    if producer.put is None:
        yield from _too_fast(stream, producer, duration, (*path, "rate"))
        return
    produced = producer.backlog + sum(
        _area(point, then, at - point.at) * (stream.shards if point.per_shard else 1)
        for point, then, at in _segments(producer.rate, duration)
    )
    if produced > MOST_PUT:
        yield Complaint(
            (*path, "put"),
            f"a producer with put makes up to {MOST_PUT:,} records, and this one makes about {int(produced):,}",
            "shorten the duration or lower the rate",
            at_key=True,
        )


def _segments(points: tuple[RatePoint, ...], end: int) -> Iterator[tuple[RatePoint, Fraction, int]]:
    """Each point that is before the end with the rate to which it leads, and until when."""
    for number, point in enumerate(points):
        if point.at >= end:
            return
        following = points[number + 1] if number + 1 < len(points) else None
        if following is None:
            yield point, point.per_second, end
            continue
        until = min(following.at, end)
        then = point.per_second
        if point.ramp:
            then += (following.per_second - then) * Fraction(until - point.at, following.at - point.at)
        yield point, then, until


def _area(point: RatePoint, then: Fraction, length: int) -> Fraction:
    return (point.per_second + then) / 2 * length / SECOND


def _too_fast(stream: Stream, producer: Producer, duration: int, path: Path) -> Iterator[Complaint]:
    """The first instant at which the rate is more than a shard takes."""
    smallest = Content(producer.size, producer.data).smallest
    most = min(Fraction(RECORDS_PER_SECOND), Fraction(BYTES_PER_SECOND, max(smallest, 1)))
    steps = list(_segments(producer.rate, duration))
    if all(max(point.per_second, then) <= most for point, then, _ in steps):
        return
    load = shares(key_set(producer.keys), even_ranges(stream.shards))
    busiest = max(range(len(load)), key=lambda number: Fraction(*load[number]))
    share = Fraction(*load[busiest])
    for point, then, until in steps:
        factor = 1 if point.per_shard else share
        for rate, at in ((point.per_second * factor, point.at), (then * factor, until)):
            if rate > most:
                shard = 0 if point.per_shard else busiest
                yield Complaint(path, _said(shard, rate, smallest, at), _HINT)
                return


def _said(shard: int, rate: Fraction, size: int, at: int) -> str:
    if rate > RECORDS_PER_SECOND:
        much, limit = f"{float(rate):,.0f} records", f"{RECORDS_PER_SECOND:,}"
    else:
        much, limit = show_size(int(rate * size)), show_size(BYTES_PER_SECOND)
    return f"shard {shard} is sent {much} a second at {show_duration(at)}, and a shard takes {limit}"


_HINT: Final = "give the stream more shards, or write `put: {}` to see what becomes of calls that fail"
