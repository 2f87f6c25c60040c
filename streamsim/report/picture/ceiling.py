"""What bounds ConcurrentExecutions: limits of functions and account, or shards and their lanes. Knows header, rows, updates."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from streamsim.report.picture.timeline import Timeline, parallelization_factor

_NEVER: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The lower of the two bounds of ConcurrentExecutions, and what it is called.

    `short_at` is the level at which batches have to wait for a slot; unreachable where lanes are the lower bound.
    """

    value: int
    short_at: float
    name: str


def ceiling(timeline: Timeline) -> Ceiling:
    """The limit of the functions, or of the account, or shards x ParallelizationFactor where that is lower."""
    header = timeline.header
    lanes = most_lanes(timeline)
    reserved = [function.get("ReservedConcurrentExecutions") for function in header.functions.values()]
    limits = [int(limit) for limit in reserved if limit is not None]
    account = header.account.get("ConcurrentExecutions")
    name = "ReservedConcurrentExecutions"
    if len(limits) < len(reserved) or not limits:
        limits, name = ([int(account)] if account is not None else []), "the account's limit"
    if limits and sum(limits) < lanes:
        return Ceiling(sum(limits), sum(limits), name)
    return Ceiling(lanes, float("inf"), "shards x ParallelizationFactor")


def most_lanes(timeline: Timeline, function: str | None = None) -> int:
    """The most lanes of shards that were there at once, of one function or of all.

    Those of a shard's children come after its own; an update that changes how many a shard has counts from then on.
    """
    factors = {name: list(_factors(timeline, name)) for name in timeline.header.mappings}
    shards = {(row.mapping, row.shard): row for row in reversed(timeline.rows.values())}
    changes: list[tuple[int, int]] = []
    together = 0
    for row in shards.values():
        if function not in {None, timeline.function_of[row.mapping]}:
            continue
        together += factors[row.mapping][0][1]
        ended_at = _NEVER if row.ended_at is None else row.ended_at
        for (since, lanes), (until, _) in pairwise([*factors[row.mapping], (_NEVER, 0)]):
            begins, ends = max(since, row.opened_at), min(until, ended_at)
            if begins < ends:
                changes += [(begins, lanes), (ends, -lanes)]
    most = now = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return most or together


def _factors(timeline: Timeline, mapping: str) -> Iterator[tuple[int, int]]:
    """Since when how many lanes each shard of a mapping has, in order of time."""
    yield 0, parallelization_factor(timeline.header, mapping)
    for update in timeline.chronicle.updates:
        if update.mapping == mapping and "ParallelizationFactor" in update.settings:
            yield update.t, int(update.settings["ParallelizationFactor"])
