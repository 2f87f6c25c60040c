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
from streamsim.scenario.parts.fields import Complaint
from streamsim.scenario.parts.file import Stream
from streamsim.scenario.parts.producer import Producer
from streamsim.scenario.parts.put import Put
from streamsim.scenario.text.errors import KeyPath
from streamsim.scenario.world.shards import Pace, accrued, key_set, per_shard, rate_at, since
from streamsim.streams.producing.writing import BYTES_PER_SECOND, RECORDS_PER_SECOND
from streamsim.streams.records.keys import shares
from streamsim.streams.records.logs import Content
from streamsim.streams.simulated.plan import Plan, PlannedShard

#: The records of a producer with `put` are held in memory, some 50 bytes each, and put one by one.
MOST_PUT: Final = 5_000_000

#: So many that the shards cannot take are sent within minutes, counted each time.
MOST_SENT: Final = 50_000_000


def over_capacity(
    stream: Stream, plan: Plan, producer: Producer, duration: int, path: KeyPath
) -> Iterator[Complaint]:
    """What a producer cannot do; `path` is its place in the file, `plan` that of its stream's shards."""
    yield from _too_full(stream, plan, producer, (*path, "backlog"))
    if stream.mode == "on-demand" and any(point.per_shard for point in producer.rate):
        yield Complaint(
            (*path, "rate"),
            "the shards of an on-demand stream come and go",
            "write a rate for the whole stream",
        )
    elif stream.mode == "on-demand" and producer.put is None:
        yield Complaint(
            path,
            "an on-demand stream grows with what is put into it, and this producer does not say how it puts",
            "add `put: {}`",
            at_key=True,
        )
    elif producer.put is not None:
        yield from _too_many(plan, producer, producer.put, duration, (*path, "put"))
    elif producer.rate and _may_exceed(producer):
        yield from _too_fast(plan, producer, _smallest(producer), duration, (*path, "rate"), _HINT)


def uncalled(producer: Producer | None, path: KeyPath) -> Iterator[Complaint]:
    """Why no call's answer can be lost, when a fault at `path` wants that of a producer."""
    if producer is not None and producer.put is None:
        yield Complaint(
            path,
            "the producer makes no calls whose answers could be lost: it has no `put`",
            "add `put: {}` to the producer",
            at_key=True,
        )


def table_capacity(
    stream: Stream, plan: Plan, producer: Producer, duration: int, path: KeyPath
) -> Iterator[Complaint]:
    """The same for the stream of a table.

    A partition takes 1,000 write units a second, one a write at least (DynamoDB Developer Guide, "Best practices for
    designing and using partition keys effectively"). assumed: a shard has the writes of one partition.
    """
    yield from _too_full(stream, plan, producer, (*path, "backlog"))
    if producer.rate and max(point.per_second for point in producer.rate) > RECORDS_PER_SECOND:
        yield from _too_fast(plan, producer, 0, duration, (*path, "rate"), "give the table more shards")


def _too_full(stream: Stream, plan: Plan, producer: Producer, path: KeyPath) -> Iterator[Complaint]:
    """A backlog of one instant that no shard can have taken within its retention."""
    most = RECORDS_PER_SECOND * stream.retention // SECOND
    if producer.rate or producer.backlog <= most:
        return
    first = plan.open_at(-1)
    load = shares(key_set(producer.keys), [shard.keys for shard in first])
    for shard, share in zip(first, load, strict=True):
        held = producer.backlog * Fraction(*share)
        if held > most:
            kept = show_duration(stream.retention)
            message = f"shard {shard.number} would hold {int(held):,} records, and takes {most:,} in the {kept} that it keeps them"
            yield Complaint(path, message, f"write up to {most:,} for each shard")
            return


def _too_many(plan: Plan, producer: Producer, put: Put, duration: int, path: KeyPath) -> Iterator[Complaint]:
    produced = Fraction(producer.backlog)
    for shard, paces in _paces(plan, producer):
        begin, end = _span(shard, duration)
        produced += accrued(paces, end) - accrued(paces, begin)
        if produced > MOST_PUT:
            yield Complaint(
                path,
                f"a producer with put makes up to {MOST_PUT:,} records, and this one makes more",
                "shorten the duration or lower the rate",
                at_key=True,
            )
            return
    if produced * put.attempts > MOST_SENT and any(
        _too_fast(plan, producer, _smallest(producer), duration, path, "")
    ):
        yield Complaint(
            (*path, "attempts"),
            f"more records than the shards take, each sent up to {put.attempts:,} times, are more than {MOST_SENT:,} to send",
            "write fewer attempts, shorten the duration or lower the rate",
        )


def _may_exceed(producer: Producer) -> bool:
    """Whether one shard would have too much if it got everything; spares the others the look at their keys."""
    most = max(point.per_second for point in producer.rate)
    return most > RECORDS_PER_SECOND or most * _smallest(producer) > BYTES_PER_SECOND


def _smallest(producer: Producer) -> int:
    return Content(producer.size, producer.data).smallest


def _too_fast(
    plan: Plan, producer: Producer, size: int, duration: int, path: KeyPath, hint: str
) -> Iterator[Complaint]:
    """The first shard that gets more records of `size` bytes than it takes, and from when on."""
    for shard, paces in _paces(plan, producer):
        begin, end = _span(shard, duration)
        steps = since(paces, begin)
        for number, pace in enumerate(steps):
            later = steps[number + 1 :]
            until = min(later[0].at, end) if later else end
            if pace.at >= end:
                break
            for at, rate in ((pace.at, pace.rate), (until, rate_at(pace, later, until))):
                if rate > RECORDS_PER_SECOND or rate * size > BYTES_PER_SECOND:
                    yield Complaint(path, _said(shard.number, rate, size, at), hint)
                    return


def _paces(plan: Plan, producer: Producer) -> Iterator[tuple[PlannedShard, list[Pace]]]:
    """What each shard gets while it is open."""
    load = shares(key_set(producer.keys), [shard.keys for shard in plan.shards])
    for shard, share in zip(plan.shards, load, strict=True):
        if not shard.short_lived:
            yield (
                shard,
                [Pace(point.at, per_shard(point, Fraction(*share)), point.ramp) for point in producer.rate],
            )


def _span(shard: PlannedShard, duration: int) -> tuple[int, int]:
    begin = min(max(shard.opened_at, 0), duration)
    return begin, min(shard.closed_at, duration)


def _said(shard: int, rate: Fraction, size: int, at: int) -> str:
    if rate > RECORDS_PER_SECOND:
        much, limit = f"{float(rate):,.0f} records", f"{RECORDS_PER_SECOND:,}"
    else:
        much, limit = show_size(int(rate * size)), show_size(BYTES_PER_SECOND)
    return f"shard {shard} is sent {much} a second at {show_duration(at)}, and a shard takes {limit}"


_HINT: Final = "give the stream more shards, or write `put: {}` to see what becomes of calls that fail"
