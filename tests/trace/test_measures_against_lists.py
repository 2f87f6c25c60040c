"""One pass against the obvious way: keep every event, count every record, look things up as often as it takes."""

from collections import Counter
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streamsim.model.events import (
    Checkpoint,
    Discard,
    Event,
    Expired,
    Filtered,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
)
from streamsim.trace.format.header import Header
from streamsim.trace.measures.measures import Measures, Value, flatten
from tests.trace.random_traces import play

Record = tuple[str, str, int]
Attempt = tuple[Invoke, Result]


def attempts(events: list[Event]) -> list[Attempt]:
    """Requests with their results, in the order of the requests."""
    return [
        (invoke, next(e for e in events[at:] if isinstance(e, Result) and e[1:4] == invoke[1:4]))
        for at, invoke in enumerate(events)
        if isinstance(invoke, Invoke)
    ]


def ran(attempt: Attempt) -> bool:
    outcome = attempt[1].outcome
    return outcome not in {"throttled", "too_large"} and not (outcome == "fault" and attempt[1].duration == 0)


def records(event: Any) -> list[Record]:
    return [(event.mapping, event.shard, position) for position in event.positions]


def rank(values: list[int], percent: int) -> float | None:
    return sorted(values)[-(-len(values) * percent // 100) - 1] / 1000 if values else None


def blocked(events: list[Event], paired: list[Attempt]) -> list[int]:
    """For each batch that failed at first, how long until the checkpoint passed it or the trace ended."""
    times = []
    reached: dict[tuple[str, str, int], int] = {}
    for invoke, result in sorted(paired, key=lambda pair: events.index(pair[1])):
        lane = (invoke.mapping, invoke.shard, invoke.lane)
        if result.outcome == "success" or invoke.positions[0] <= reached.get(lane, -1):
            continue
        reached[lane] = invoke.positions[-1]
        passed = (
            event.t
            for event in events[events.index(result) :]
            if isinstance(event, Checkpoint)
            and event[1:3] == invoke[1:3]
            and event.position > invoke.positions[-1]
        )
        times.append(next(passed, events[-1].t) - result.t)
    return times


def in_order(first_deliveries: list[tuple[Any, int]]) -> str:
    """Whether positions ascend within each group."""
    groups: dict[Any, list[int]] = {}
    for group, position in first_deliveries:
        groups.setdefault(group, []).append(position)
    return "preserved" if all(group == sorted(group) for group in groups.values()) else "broken"


def caught_up(events: list[Event], mapping: str) -> int | None:
    """When the mapping last sent a batch whose newest record had waited more than 2 s; None while it still reads."""
    own = [event for event in events if getattr(event, "mapping", None) == mapping]
    reading = sum(isinstance(event, ShardOpen) for event in own) - sum(
        isinstance(event, ShardEnd) for event in own
    )
    late = [event.t for event in own if isinstance(event, Invoke) and event.iterator_age > 2_000_000]
    return None if reading else max(late, default=0)


def most_lanes_at_once(events: list[Event], mapping: str) -> int:
    """Lanes that were sent a batch, of shards that are open: the most."""
    lanes: set[tuple[str, int]] = set()
    most = 0
    for event in events:
        if isinstance(event, Invoke | Discard) and event.mapping == mapping:
            lanes.add((event.shard, event.lane))
        if isinstance(event, ShardEnd) and event.mapping == mapping:
            lanes = {lane for lane in lanes if lane[0] != event.shard}
        most = max(most, len(lanes))
    return most


def first_ages(events: list[Event]) -> list[int]:
    """The ages of batches of which no record was sent before."""
    ages = []
    sent: set[Any] = set()
    for event in events:
        if isinstance(event, Invoke):
            if sent.isdisjoint(records(event)):
                ages.append(event.iterator_age)
            sent |= {*records(event)}
    return ages


def naive(events: list[Event], mappings: int) -> dict[str, Value]:
    paired = attempts(events)
    executed = [attempt for attempt in paired if ran(attempt)]
    durations = [result.duration for _, result in executed]
    ages = [event.iterator_age for event in events if isinstance(event, Invoke)]
    new = first_ages(events)
    opens = [event for event in events if isinstance(event, ShardOpen)]
    discards = [event for event in events if isinstance(event, Discard)]

    delivered = Counter(record for invoke, _ in executed for record in records(invoke))
    first_deliveries = list(
        dict.fromkeys((invoke.lane, record) for invoke, _ in executed for record in records(invoke))
    )
    finished = set()
    for invoke, result in paired:
        for record in records(invoke):
            if result.outcome == "success" or (
                result.outcome == "partial"
                and result.failed_from is not None
                and record[2] < result.failed_from
            ):
                finished.add(record)
    discarded = {record for event in discards for record in records(event)}
    expired = {record for event in events if isinstance(event, Expired) for record in records(event)}
    filtered = {record for event in events if isinstance(event, Filtered) for record in records(event)}
    sent = {record for event in events if isinstance(event, Invoke) for record in records(event)}
    arrived = {event[1:3]: event.arrived for event in events if isinstance(event, ShardEnd)}
    owed = {(*event[1:3], p) for event in opens for p in range(event.position, arrived[event[1:3]])}
    missing = len(owed - finished - discarded - filtered)
    blocks = blocked(events, paired)
    caught = [caught_up(events, f"mapping-{m}") for m in range(mappings)]
    last_ages = {event[1:3]: event.iterator_age for event in events if isinstance(event, Invoke)}
    end = events[-1].t
    words = ["all but discarded", f"{missing} missing"]
    return {
        "Invocations": len(executed),
        "Errors": sum(result.outcome in {"error", "timeout"} for _, result in paired),
        "Throttles": sum(result.outcome == "throttled" for _, result in paired),
        "Duration.max": rank(durations, 100),
        "Duration.p50": rank(durations, 50),
        "IteratorAge.max": rank(ages, 100),
        "IteratorAge.received.max": rank(new, 100),
        "IteratorAge.received.p50": rank(new, 50),
        "IteratorAge.finished.max": rank([i.iterator_age + r.t - i.t for i, r in executed], 100),
        "ConcurrentExecutions.max": max((invoke.concurrency for invoke, _ in executed), default=0),
        "ConcurrentExecutions.avg": (sum(durations) * 2000 + end) // (2 * end) / 1000 if end else 0,
        "IteratorAge.end": max(last_ages.values()) / 1000 if last_ages else None,
        "PolledEventCount": len(sent | filtered | discarded),
        "FilteredOutEventCount": len(filtered),
        "InvokedEventCount": sum(len(invoke.positions) for invoke, _ in paired),
        "FailedInvokeEventCount": sum(
            len(i.positions) for i, result in paired if result.outcome != "success"
        ),
        "DroppedEventCount": sum(len(e.positions) for e in discards if e.destination and not e.delivered),
        "OnFailureDestinationDeliveredEventCount": sum(len(e.positions) for e in discards if e.delivered),
        "DestinationDeliveryFailures": sum(e.destination is not None and not e.delivered for e in discards),
        "records": sum(arrived.values()),
        "delivered.at_least_once": words[1] if missing else words[0] if discarded else "all",
        "delivered_again": sum(times > 1 for times in delivered.values()),
        "deliveries.max": max(delivered.values(), default=0),
        "discarded": len(discarded),
        "expired": len(expired),
        "skipped": sum(event.position for event in opens),
        "order.per_key": in_order([((*record[:2], lane), record[2]) for lane, record in first_deliveries]),
        "order.per_shard": in_order([(record[:2], record[2]) for _, record in first_deliveries]),
        "blocked.max": max(blocks, default=0) / 1000,
        "blocked.total": sum(blocks) / 1000,
        "caught_up": None if None in caught else max(time for time in caught if time is not None) / 1000,
        "concurrency.usable": sum(most_lanes_at_once(events, f"mapping-{m}") for m in range(mappings)),
        "shards": len(opens),
        "end": end / 1000,
    }


@given(
    st.randoms(use_true_random=False),
    st.integers(1, 2),
    st.integers(1, 3),
    st.integers(1, 3),
    st.booleans(),
)
def test_one_pass_counts_what_looking_everything_up_counts(
    random: Random, mappings: int, shards: int, lanes: int, unfinished: bool
) -> None:
    events = play(random, mappings, shards, lanes, unfinished)
    header = Header(
        "drawn", 0, mappings={f"mapping-{m}": {"ParallelizationFactor": lanes} for m in range(mappings)}
    )
    measures = Measures(header)
    for event in events:
        measures.take(event)
    measured = flatten(measures.report())
    expected = naive(events, mappings)
    assert {name: measured[name] for name in expected} == expected


def test_what_is_remembered_of_failed_batches_is_folded_away() -> None:
    events = play(Random(5), 1, 3, 3, unfinished=False)
    measures = Measures(Header("drawn", 0, mappings={"mapping-0": {"ParallelizationFactor": 3}}))
    for event in events:
        measures.take(event)
    kept = measures._tallies["mapping-0"].shards.values()
    assert [shard.blocked for shard in kept] == [[], [], []]
    assert all(len(lane.failed) <= 1 for shard in kept for lane in shard.lanes.values())
