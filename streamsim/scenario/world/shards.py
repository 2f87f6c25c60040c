"""From a producer's description and the plan of a stream's shards to their logs."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal, NamedTuple

from streamsim.model.units import SECOND
from streamsim.rules.streams.hash_keys import hash_key
from streamsim.scenario import models
from streamsim.streams.records.arrivals import GeneratedArrivals, Schedule, Segment, Stint
from streamsim.streams.records.keys import KeySet, ShardKeys, by_shard, shares, uniform, zipf
from streamsim.streams.records.logs import Content, GeneratedLog, Given, ListedLog, SimulatedLog
from streamsim.streams.simulated.plan import Owners, Plan, PlannedShard


class Pace(NamedTuple):
    """From `at` (microseconds) on, a shard gets `rate` records a second, exactly; with `ramp` on the way to the next."""

    at: int
    rate: Fraction
    ramp: bool = False


def shards_of(stream: models.Stream, plan: Plan, name: str, seed: int, duration: int) -> list[SimulatedLog]:
    """One log for each shard of the plan, in its order: the records that arrive while the shard is open."""
    producer = stream.producer
    if producer is None or producer.records:
        return list(_listed(plan, producer.records if producer else (), name, seed))
    return list(generated(plan, producer, name, seed, duration))


def _listed(plan: Plan, records: Sequence[models.Record], name: str, seed: int) -> list[ListedLog]:
    owners = Owners(plan)
    listed: list[list[Given]] = [[] for _ in plan.shards]
    for place, record in sorted(enumerate(records), key=lambda numbered: numbered[1].at):
        explicit = hash_key(record.key) if record.explicit_hash_key is None else record.explicit_hash_key
        number = owners.at(record.at, explicit).number if record.shard is None else record.shard
        listed[number].append(Given(record.at, record.key, record.data, place))
    return [ListedLog(shard.id, own, seed, name) for shard, own in zip(plan.shards, listed, strict=True)]


def generated(
    plan: Plan, producer: models.Producer, name: str, seed: int, duration: int
) -> list[GeneratedLog]:
    """The records that a producer with a rate sends each shard of the plan while it is open."""
    ranges = [shard.keys for shard in plan.shards]
    keys = key_set(producer.keys)
    load = [Fraction(part, whole) for part, whole in shares(keys, ranges)]
    own_keys: list[ShardKeys | None] = [None] * len(ranges)
    if keys:
        own_keys = [ShardKeys(*own) if own[0] else None for own in by_shard(keys, ranges)]
    first = [shard.number for shard in plan.open_at(-1)]
    backlogs = dict(
        zip(first, apportioned(producer.backlog, [load[number] for number in first]), strict=True)
    )
    content = Content(producer.size, producer.data)
    logs = []
    for shard in plan.shards:
        paces = [Pace(point.at, per_shard(point, load[shard.number]), point.ramp) for point in producer.rate]
        backlog = backlogs.get(shard.number, 0)
        arrivals = _arrivals(shard, paces, backlog, producer.arrivals, (seed, f"arrivals {name}"), duration)
        logs.append(
            GeneratedLog(shard.id, shard.number, arrivals, own_keys[shard.number], content, seed, name)
        )
    return logs


def _arrivals(
    shard: PlannedShard,
    paces: Sequence[Pace],
    backlog: int,
    process: Literal["poisson", "constant"],
    name: tuple[int, str],
    duration: int,
) -> GeneratedArrivals:
    """The arrivals of one shard from its opening until it closes, or production ends."""
    first = paces[0].rate if paces else Fraction(0)
    gap = int(SECOND / first) if first else 0
    end, latest, stint = duration, None, None
    if shard.closed_at <= duration:
        end, latest = shard.closed_at, shard.closed_at - 1
    if process == "constant" and (latest is not None or shard.opened_at > 0):
        stint = _stint(paces, shard.opened_at, end)
        # the last record before the end is the count's business: that is exact
        end, latest = end + 1, end - 1
    schedule = Schedule(segments_of(since(paces, shard.opened_at)), end, latest)
    return GeneratedArrivals(schedule, process, (*name, shard.id), backlog, gap, stint)


def _stint(paces: Sequence[Pace], begin: int, end: int) -> Stint:
    """What a shard gets of records that come at the whole numbers of its rate's integral, counted from the start."""
    before = accrued(paces, begin)
    begun = -(-before // 1)
    return Stint(float(begun - before), max(int(-(-accrued(paces, end) // 1) - begun), 0))


def per_shard(point: models.RatePoint, share: Fraction) -> Fraction:
    """Records a second that a shard gets which carries this share of the load."""
    return point.per_second if point.per_shard else point.per_second * share


def since(paces: Sequence[Pace], begin: int) -> list[Pace]:
    """The paces from `begin` on, the first of them as fast as a ramp is by then."""
    later = [pace for pace in paces if pace.at > begin]
    if len(later) == len(paces):
        return later
    now = paces[len(paces) - len(later) - 1]
    return [Pace(begin, rate_at(now, later, begin), now.ramp), *later]


def rate_at(now: Pace, later: Sequence[Pace], instant: int) -> Fraction:
    """Records a second at an instant of a pace that is followed by others."""
    if not now.ramp or not later:
        return now.rate
    return now.rate + (later[0].rate - now.rate) * Fraction(instant - now.at, later[0].at - now.at)


def accrued(paces: Sequence[Pace], instant: int) -> Fraction:
    """How many records the paces bring until `instant`, exactly."""
    total = Fraction(0)
    for number, pace in enumerate(paces):
        later = paces[number + 1 :]
        until = min(instant, later[0].at) if later else instant
        if until > pace.at:
            total += (pace.rate + rate_at(pace, later, until)) / 2 * Fraction(until - pace.at, SECOND)
    return total


def segments_of(paces: Sequence[Pace]) -> tuple[Segment, ...]:
    """The paces in records a microsecond."""
    segments = []
    for (at, rate, ramp), (until, then, _) in pairwise([*paces, Pace(0, Fraction(0))]):
        slope = (then - rate) / SECOND / (until - at) if ramp and until > at else Fraction(0)
        segments.append(Segment(at, float(rate / SECOND), float(slope)))
    return tuple(segments) or (Segment(0, 0.0),)


def key_set(keys: models.Keys | None) -> KeySet | None:
    """The producer's keys and their weights; None when every record has its own."""
    if keys is None:
        return None
    return uniform(keys.names) if keys.zipf is None else zipf(keys.names, keys.zipf)


def apportioned(count: int, shares_: Sequence[Fraction]) -> list[int]:
    """`count` divided by shares that sum to 1, to whole numbers that sum to `count`: largest remainders first."""
    exact = [count * share for share in shares_]
    whole = [int(part) for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda number: (whole[number] - exact[number], number))
    for number in by_remainder[: count - sum(whole)]:
        whole[number] += 1
    return whole
