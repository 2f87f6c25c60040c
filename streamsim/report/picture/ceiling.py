"""What bounds ConcurrentExecutions: limits of functions and account, or shards and their lanes. Knows the header and rows."""

from dataclasses import dataclass

from streamsim.report.picture.timeline import Timeline, most_lanes


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
    lanes = most_lanes(header, timeline.rows.values())
    reserved = [function.get("ReservedConcurrentExecutions") for function in header.functions.values()]
    limits = [int(limit) for limit in reserved if limit is not None]
    account = header.account.get("ConcurrentExecutions")
    name = "ReservedConcurrentExecutions"
    if len(limits) < len(reserved) or not limits:
        limits, name = ([int(account)] if account is not None else []), "the account's limit"
    if limits and sum(limits) < lanes:
        return Ceiling(sum(limits), sum(limits), name)
    return Ceiling(lanes, float("inf"), "shards x ParallelizationFactor")
