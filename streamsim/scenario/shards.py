"""From a producer's description to the logs of a stream's shards."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from streamsim.model.names import shard_id
from streamsim.model.units import SECOND
from streamsim.rules.hash_keys import even_ranges, hash_key, owner
from streamsim.scenario import models
from streamsim.streams.arrivals import GeneratedArrivals, Schedule, Segment
from streamsim.streams.keys import KeySet, ShardKeys, by_shard, shares, uniform, zipf
from streamsim.streams.logs import Content, GeneratedLog, Given, ListedLog, SimulatedLog


def shards_of(stream: models.Stream, name: str, seed: int, duration: int) -> list[SimulatedLog]:
    """One log for each shard, in the order of their hash-key ranges."""
    producer = stream.producer
    if producer is None or producer.records:
        return list(_listed(stream, producer.records if producer else (), name, seed))
    return list(generated(stream.shards, producer, name, seed, duration))


def _listed(stream: models.Stream, records: Sequence[models.Record], name: str, seed: int) -> list[ListedLog]:
    ranges = even_ranges(stream.shards)
    listed: list[list[Given]] = [[] for _ in ranges]
    for place, record in sorted(enumerate(records), key=lambda numbered: numbered[1].at):
        explicit = hash_key(record.key) if record.explicit_hash_key is None else record.explicit_hash_key
        number = owner(ranges, explicit) if record.shard is None else record.shard
        listed[number].append(Given(record.at, record.key, record.data, place))
    return [ListedLog(shard_id(number), own, seed, name) for number, own in enumerate(listed)]


def generated(
    shards: int, producer: models.Producer, name: str, seed: int, duration: int
) -> list[GeneratedLog]:
    """The records that each shard is sent by a producer with a rate."""
    ranges = even_ranges(shards)
    keys = key_set(producer.keys)
    load = [Fraction(part, whole) for part, whole in shares(keys, ranges)]
    own_keys = (
        [ShardKeys(*own) if own[0] else None for own in by_shard(keys, ranges)] if keys else [None] * shards
    )
    backlogs = apportioned(producer.backlog, load)
    content = Content(producer.size, producer.data)
    logs = []
    for number in range(shards):
        shard = shard_id(number)
        points = [(point.at, _per_shard(point, load[number]), point.ramp) for point in producer.rate]
        first = points[0][1] if points else Fraction(0)
        arrivals = GeneratedArrivals(
            Schedule(segments_of(points), duration),
            producer.arrivals,
            (seed, f"arrivals {name}", shard),
            backlogs[number],
            int(SECOND / first) if first else 0,
        )
        logs.append(GeneratedLog(shard, number, arrivals, own_keys[number], content, seed, name))
    return logs


def _per_shard(point: models.RatePoint, share: Fraction) -> Fraction:
    return point.per_second if point.per_shard else point.per_second * share


def segments_of(points: Sequence[tuple[int, Fraction, bool]]) -> tuple[Segment, ...]:
    """Rates a second from certain instants on, each constant or (True) a ramp to the next, in records a microsecond."""
    segments = []
    for (at, rate, ramp), (until, then, _) in pairwise([*points, (0, Fraction(0), False)]):
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
