"""How the shards of a Kinesis stream follow one another: SplitShard, MergeShards and UpdateShardCount.

A shard is a number and a range of hash keys; the open ones cover the hash space without overlapping. A call closes
shards and opens others with new numbers ("Resharding a stream" and the API pages of the three calls). Must not know
records, readers, nor what a shard is called.

Where AWS's texts of refusals are known they are used: those of SplitShard and MergeShards as kinesalite and moto have
them from AWS, those of UpdateShardCount as kinesalite and the AWS CDK quote them. assumed: the others.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from streamsim.model.names import Account, shard_id
from streamsim.model.units import DAY
from streamsim.rules.streams.hash_keys import SPACE, even_ranges

#: UpdateShardCount: so many calls of one stream in any 24 hours, and so many shards at most, unless raised by AWS.
MOST_UPDATES: Final = 10
MOST_SHARDS: Final = 10_000

#: Boundaries this close are one: even ranges of different counts are rounded differently, by less than their count.
_SAME: Final = 1 << 20


class OpenShard(NamedTuple):
    """A shard that takes records: its number in the stream, and the hash keys it owns, both ends included."""

    number: int
    first_key: int
    last_key: int


class Step(NamedTuple):
    """Shards that close, and those that open in their place with the same hash keys: a split, a merge, a roll-over."""

    closed: tuple[int, ...]
    opened: tuple[OpenShard, ...]


class SplitShard(NamedTuple):
    """Splits a shard in two; the second begins at `starting_key` (NewStartingHashKey), None: in the middle."""

    shard: int
    starting_key: int | None = None


class MergeShards(NamedTuple):
    """Merges two shards whose hash keys are contiguous; in either order (assumed)."""

    shard: int
    adjacent: int


class UpdateShardCount(NamedTuple):
    """Makes `target` shards of equal size of the open ones (UNIFORM_SCALING)."""

    target: int


Call = SplitShard | MergeShards | UpdateShardCount


class Refusal(NamedTuple):
    """AWS refuses a call: its exception, and what it says."""

    exception: str
    message: str

    def __str__(self) -> str:
        return f"{self.exception}: {self.message}"


class Made(NamedTuple):
    """A call that was made at `at`, and was done at `done_at`; until then the stream is UPDATING."""

    at: int
    done_at: int
    call: Call


@dataclass(frozen=True, slots=True)
class ShardMap:
    """The open shards in the order of their hash keys, which cover the hash space, and how many shards there ever were."""

    open: tuple[OpenShard, ...]
    ever: int

    def after(self, steps: Iterable[Step]) -> "ShardMap":
        """The map when all the steps are done; a step may close what an earlier one opened."""
        there = {shard.number: shard for shard in self.open}
        ever = self.ever
        for step in steps:
            for number in step.closed:
                del there[number]
            for shard in step.opened:
                there[shard.number] = shard
                ever = max(ever, shard.number + 1)
        return ShardMap(tuple(sorted(there.values(), key=lambda shard: shard.first_key)), ever)

    def get(self, number: int) -> OpenShard | None:
        """The open shard of this number."""
        return next((shard for shard in self.open if shard.number == number), None)


def even_map(shards: int) -> ShardMap:
    """A new stream's shards: equal parts of the hash space, numbered from 0."""
    return ShardMap(
        tuple(OpenShard(number, *keys) for number, keys in enumerate(even_ranges(shards))), shards
    )


def middle(shard: OpenShard) -> int:
    """The hash key that divides a shard in two halves."""
    return shard.first_key + (shard.last_key + 1 - shard.first_key) // 2


def refusal(
    shards: ShardMap, call: Call, at: int, made: Sequence[Made], stream: str, account: Account
) -> Refusal | None:
    """Why AWS does not do what is asked at `at`, after the calls `made` before; None when it does."""
    where = f"in stream {stream} under account {account.id}"
    found: Refusal | None
    match call:
        case SplitShard():
            found = _cannot_split(shards, call, where)
        case MergeShards():
            found = _cannot_merge(shards, call, where)
        case UpdateShardCount():
            found = _cannot_update(len(shards.open), call.target, at, made)
    if found is None and any(at < earlier.done_at or at == earlier.at for earlier in made):
        return Refusal(
            "ResourceInUseException",
            f"Stream {stream} under account {account.id} not ACTIVE, instead in state UPDATING",
        )
    return found


def steps_of(shards: ShardMap, call: Call) -> tuple[Step, ...]:
    """What a call that is not refused does, in order. Children get ascending numbers, lower hash keys first.

    UpdateShardCount splits at every boundary of the even ranges and then merges what lies between two of them, so shards
    on the way close as soon as they open (its API page: "short-lived shards"). assumed: that order of splits and merges.
    """
    match call:
        case SplitShard(number, key):
            shard = _open(shards, number)
            return (_split(shard, middle(shard) if key is None else key, shards.ever),)
        case MergeShards(number, adjacent):
            return (_merge(_open(shards, number), _open(shards, adjacent), shards.ever),)
        case UpdateShardCount(target):
            return _update(shards, target)


def _open(shards: ShardMap, number: int) -> OpenShard:
    shard = shards.get(number)
    assert shard is not None
    return shard


def _split(shard: OpenShard, key: int, ever: int) -> Step:
    low = OpenShard(ever, shard.first_key, key - 1)
    return Step((shard.number,), (low, OpenShard(ever + 1, key, shard.last_key)))


def _merge(first: OpenShard, second: OpenShard, ever: int) -> Step:
    low, high = sorted((first, second), key=lambda shard: shard.first_key)
    return Step((first.number, second.number), (OpenShard(ever, low.first_key, high.last_key),))


def _update(shards: ShardMap, target: int) -> tuple[Step, ...]:
    cuts = list(_cuts([shard.first_key for shard in shards.open], target))
    begins = frozenset(cuts)
    steps: list[Step] = []
    ever = shards.ever
    pieces: list[OpenShard] = []
    for shard in shards.open:
        rest = shard
        for key in cuts[bisect_right(cuts, shard.first_key) : bisect_right(cuts, shard.last_key)]:
            steps.append(_split(rest, key, ever))
            ever += 2
            piece, rest = steps[-1].opened
            pieces.append(piece)
        pieces.append(rest)
    merged: OpenShard | None = None
    for piece in pieces:
        if merged is None or piece.first_key in begins:
            merged = piece
            continue
        steps.append(_merge(merged, piece, ever))
        ever += 1
        (merged,) = steps[-1].opened
    return tuple(steps)


def _cuts(starts: Sequence[int], target: int) -> Iterator[int]:
    """Where each of `target` even ranges begins: at a boundary that is there already, if it is as good."""
    for start, _ in even_ranges(target):
        at = bisect_left(starts, start)
        near = min(starts[max(at - 1, 0) : at + 1], key=lambda known: abs(known - start))
        yield near if abs(near - start) < _SAME else start


def _cannot_split(shards: ShardMap, call: SplitShard, where: str) -> Refusal | None:
    """SplitShard: the new key must be above the shard's first key plus one and below its last."""
    shard = shards.get(call.shard)
    if shard is None:
        return _not_open(shards, call.shard, where)
    key = middle(shard) if call.starting_key is None else call.starting_key
    if shard.first_key + 1 < key < shard.last_key:
        return None
    return Refusal(
        "InvalidArgumentException",
        f"NewStartingHashKey {key} used in SplitShard() on shard {shard_id(shard.number)} {where} is not both greater "
        f"than one plus the shard's StartingHashKey {shard.first_key} and less than the shard's EndingHashKey "
        f"{shard.last_key}.",
    )


def _cannot_merge(shards: ShardMap, call: MergeShards, where: str) -> Refusal | None:
    """MergeShards: the union of the two ranges must be contiguous."""
    first, second = shards.get(call.shard), shards.get(call.adjacent)
    if first is None or second is None:
        return _not_open(shards, call.shard if first is None else call.adjacent, where)
    if first.last_key + 1 == second.first_key or second.last_key + 1 == first.first_key:
        return None
    return Refusal(
        "InvalidArgumentException",
        f"Shards {shard_id(first.number)} and {shard_id(second.number)} {where} are not an adjacent pair of shards "
        "eligible for merging",
    )


def _not_open(shards: ShardMap, number: int, where: str) -> Refusal:
    if number >= shards.ever:
        return Refusal("ResourceNotFoundException", f"Could not find shard {shard_id(number)} {where}.")
    return Refusal(
        "InvalidArgumentException",
        f"Shard {shard_id(number)} {where} has already been merged or split, and thus is not eligible for merging or "
        "splitting.",
    )


def _cannot_update(current: int, target: int, at: int, made: Sequence[Made]) -> Refusal | None:
    counts = f"Current open shard count: {current}, Target shard count: {target}"
    if target > MOST_SHARDS:
        message = (
            f"Target shard count or number of open shards cannot be greater than {MOST_SHARDS}. {counts}"
        )
    elif target > 2 * current:
        message = f"UpdateShardCount cannot scale up over double your current open shard count. {counts}"
    elif 2 * target < current:
        message = f"UpdateShardCount cannot scale down below half your current open shard count. {counts}"
    elif sum(isinstance(one.call, UpdateShardCount) and at - one.at < DAY for one in made) >= MOST_UPDATES:
        message = f"UpdateShardCount cannot scale more than {MOST_UPDATES} times per rolling 24-hour period per stream."
    else:
        return None
    return Refusal("LimitExceededException", message)


def key_at(shard: OpenShard, numerator: int, denominator: int) -> int:
    """The hash key so far into a shard, as a part of its keys."""
    return shard.first_key + (shard.last_key + 1 - shard.first_key) * numerator // denominator


def covers(shards: Sequence[OpenShard]) -> bool:
    """Whether the shards, in this order, own every hash key exactly once."""
    starts = [shard.first_key for shard in shards]
    ends = [shard.last_key + 1 for shard in shards]
    return [*starts, SPACE] == [0, *ends]
