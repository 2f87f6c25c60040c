"""From the reshards of a scenario to the plan of a stream's shards, refused where AWS would refuse the call.

And what a plan has no room for: records in shards that are never open, or not then.

Must not know text or lines, nor what else a scenario does.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from streamsim.model.names import Account
from streamsim.model.units import DAY, show_duration
from streamsim.rules.streams.hash_keys import even_ranges
from streamsim.rules.streams.lineage import (
    MOST_SHARDS,
    MOST_UPDATES,
    Call,
    Made,
    MergeShards,
    Refusal,
    ShardMap,
    SplitShard,
    UpdateShardCount,
    key_at,
    refusal,
    steps_of,
)
from streamsim.scenario.parts.dated import Dated
from streamsim.scenario.parts.events import Reshard
from streamsim.scenario.parts.fields import Complaint
from streamsim.scenario.parts.file import Stream
from streamsim.scenario.parts.producer import Producer
from streamsim.scenario.text.errors import KeyPath, listed
from streamsim.streams.records.keys import by_shard, uniform
from streamsim.streams.simulated.plan import Plan, Planning


def plan_of(name: str, stream: Stream, reshards: Iterable[Dated[Reshard]]) -> tuple[Plan, list[Complaint]]:
    """The plan of a stream that begins with even shards, up to the first reshard that is refused.

    Of one in on-demand mode it is the beginning: what becomes of it depends on what is written.
    """
    planning = Planning(even_ranges(stream.shards))
    made: list[Made] = []
    for at, path, reshard in sorted(reshards, key=lambda dated: dated.at):
        if stream.mode == "on-demand":
            return planning.plan(), [Complaint((*path, _key(reshard)), _ON_DEMAND, "remove this event")]
        call = _call(reshard, planning.map)
        refused = refusal(planning.map, call, at, made, name, Account())
        if refused is not None:
            complaint = Complaint(
                (*path, _key(reshard)), str(refused), _hint(refused, call, planning.map, made)
            )
            return planning.plan(), [complaint]
        steps = steps_of(planning.map, call)
        if not steps:
            message = f"the stream has {reshard.to} shards of equal size then: nothing would change"
            return planning.plan(), [Complaint((*path, "to"), message, "remove this event")]
        planning.change(at + reshard.takes, reshard.said, steps)
        made.append(Made(at, at + reshard.takes, call))
    return planning.plan(), []


#: assumed: the words; the API pages of the three calls name the exception, and that it is for this.
_ON_DEMAND: Final = (
    "ValidationException: a stream in on-demand mode is not resharded by calls; it scales by itself"
)


def _key(reshard: Reshard) -> str:
    return next(key for key in ("to", "split", "merge") if getattr(reshard, key) is not None)


def _call(reshard: Reshard, shards: ShardMap) -> Call:
    if reshard.to is not None:
        return UpdateShardCount(reshard.to)
    if reshard.merge is not None:
        return MergeShards(*reshard.merge)
    assert reshard.split is not None
    number, part, key = reshard.split
    shard = shards.get(number)
    if part is not None and shard is not None:
        key = key_at(shard, *part.as_integer_ratio())
    return SplitShard(number, key)


def _hint(refused: Refusal, call: Call, shards: ShardMap, made: list[Made]) -> str:
    """What could be asked for instead."""
    if refused.exception == "ResourceInUseException":
        return f"wait until the reshard before it is done: until after {show_duration(made[-1].done_at)}"
    current = len(shards.open)
    if not isinstance(call, UpdateShardCount):
        shown = listed((shard.number for shard in shards.open), 12)
        return f"open then, in the order of their hash keys: {shown}"
    least, most = -(-current // 2), min(2 * current, MOST_SHARDS)
    if least <= call.target <= most:
        return f"split or merge shards instead, or wait until {show_duration(made[-MOST_UPDATES].at + DAY)}"
    return f"there are {current} open shards then: write {least} to {most}"


def never_open(number: int, plan: Plan) -> str:
    """Why no record can ever be in a shard, in words; empty when some can."""
    shard = plan.shard(number)
    if shard is None:
        return f"there is no shard {number}; {shards_shown(len(plan.shards))}"
    return f"shard {number} closes as it opens: no record can be in it" if shard.short_lived else ""


def open_for(number: int, instant: int, plan: Plan) -> bool:
    """Whether there is such a shard, and it takes a record that arrives then."""
    shard = plan.shard(number)
    return shard is not None and shard.open_at(instant)


def keyless(plan: Plan, producer: Producer, path: KeyPath) -> Iterator[Complaint]:
    """A shard that no key hashes into cannot have a rate of its own."""
    if producer.keys is None or not any(point.per_shard for point in producer.rate):
        return
    shards = [shard for shard in plan.shards if not shard.short_lived]
    owned = by_shard(uniform(producer.keys.names), [shard.keys for shard in shards])
    without = [shard.number for shard, (names, _) in zip(shards, owned, strict=True) if not names]
    if without:
        yield Complaint(
            (*path, "keys"),
            f"no key hashes into shard {listed(without)}, so it cannot have a rate of its own",
            "give more keys, or a rate for the whole stream",
        )


def shards_shown(count: int) -> str:
    """Which numbers the shards of a stream have."""
    return f"the shards are 0 to {count - 1}" if count > 1 else "the one shard is 0"
