"""Streams, calls and asynchronous events in one pool: ceilings hold, and nobody starves by an accident of order."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from streamsim.model.events import Ended, EventLost, Invoke, Request, Response, Result
from streamsim.model.units import MILLISECOND, SECOND
from tests.playing import events_of

LOCKED = """
duration: 5s
producer: {records: [{key: a}]}
mapping: {function: orders, hand_over: HAND_OVER}
functions: {orders: {model: {duration: 100ms}}, checkout: {model: {duration: 100ms}}}
account: {ConcurrentExecutions: 1}
traffic: [{name: calls, source: api_gateway, function: checkout, rate: 10/s, arrivals: constant, duration: TAKES}]
"""


def locked(hand_over: str, takes: str) -> tuple[list[tuple[int, Ended]], list[int]]:
    """When the batch's attempts ended and how, and when calls were refused: milliseconds."""
    events = events_of(LOCKED.replace("HAND_OVER", hand_over).replace("TAKES", takes))
    batches = [(event.t // MILLISECOND, event.outcome) for event in events if isinstance(event, Result)]
    calls = [event for event in events if isinstance(event, Response)]
    return batches, [event.t // MILLISECOND for event in calls if event.outcome == "throttled"]


def test_what_ends_at_an_instant_makes_room_for_who_asks_at_it() -> None:
    """Each call comes just when the one before it ends, and so does the batch: who has waited longer goes first."""
    assert locked("0s", "100ms") == ([(0, "throttled"), (300, "success")], [200])


def test_a_pool_that_is_full_whenever_a_batch_asks_starves_it_as_long_as_that_lasts() -> None:
    batches, refused = locked("21ms", "100ms")  # it never asks just when a call ends
    assert {outcome for t, outcome in batches if t < 5000} == {"throttled"}
    assert [outcome for t, outcome in batches if t >= 5000] == ["success"]
    assert refused == []


def test_a_slot_that_is_free_for_a_moment_serves_who_asks_in_it() -> None:
    """Calls leave 30 ms of every 100; the batch asks at 20, 240, 660 and 1,480 ms."""
    assert locked("20ms", "70ms") == (
        [(20, "throttled"), (240, "throttled"), (660, "throttled"), (1580, "success")],
        [1500],
    )


PRESSED = """
duration: 60s
stream: {shards: 8}
producer: {rate: 20/s per shard}
mapping: {function: orders}
functions: {orders: {model: {duration: 200ms}}, checkout: {model: {duration: 300ms, jitter: 20%}}, thumbs: {}}
account: {ConcurrentExecutions: 20}
traffic:
- {name: calls, source: api_gateway, function: checkout, rate: RATE/s}
- {name: uploads, source: s3, function: thumbs, rate: 5/s, duration: 300ms}
"""


def test_a_pool_that_calls_overfill_starves_all_shards_alike_and_lets_some_batches_through() -> None:
    events = events_of(PRESSED.replace("RATE", "100"))
    during = [event for event in events if isinstance(event, Result) and event.t < 60 * SECOND]
    ran = Counter(event.shard for event in during if event.outcome == "success")
    assert len(ran) == 8
    assert min(ran.values()) * 2 >= max(ran.values())
    assert sum(event.outcome == "throttled" for event in during) > 100


def test_streams_that_fill_the_pool_leave_some_slots_to_calls_and_events() -> None:
    """Twenty-four shards and room for twenty: a slot is free while the poller of the shard that had it fetches its next batch."""
    events = events_of(
        PRESSED.replace("RATE", "20")
        .replace("shards: 8", "shards: 24")
        .replace("rate: 20/s per", "rate: 200/s per")
    )
    answered = Counter(
        event.source
        for event in events
        if isinstance(event, Response) and event.outcome == "success" and event.t < 60 * SECOND
    )
    refused = Counter(
        event.source for event in events if isinstance(event, Response) and event.outcome == "throttled"
    )
    assert min(answered["calls"], answered["uploads"]) > 100
    assert min(refused["calls"], refused["uploads"]) > 100


def test_a_throttled_event_gets_its_turn_once_the_peak_is_over() -> None:
    events = events_of(PRESSED.replace("rate: RATE/s", "rate: 200/s, from: 10s, for: 20s"))
    assert not any(isinstance(event, EventLost) for event in events)
    uploads = {
        event.request_id for event in events if isinstance(event, Request) and event.source == "uploads"
    }
    done = [
        event.request_id
        for event in events
        if isinstance(event, Response) and event.source == "uploads" and event.outcome == "success"
    ]
    assert sorted(done) == sorted(uploads)


worlds = st.fixed_dictionaries(
    {
        "shards": st.integers(1, 3),
        "limit": st.integers(3, 8),
        "reserved": st.none() | st.integers(1, 2),
        "provisioned": st.integers(0, 1),
        "cold": st.sampled_from([0, 400]),
        "calls": st.sampled_from([1, 10, 40]),
        "uploads": st.sampled_from([1, 5]),
        "retries": st.integers(0, 2),
        "errors": st.sampled_from([0, 30]),
        "throttle": st.booleans(),
        "seed": st.integers(0, 1000),
    }
)


@settings(max_examples=60)
@given(worlds)
def test_ceilings_hold_and_everything_comes_to_an_end(world: dict[str, int | bool | None]) -> None:
    reserved, provisioned = world["reserved"], world["provisioned"]
    own = f"ReservedConcurrentExecutions: {reserved}, " if reserved else ""
    own += f"ProvisionedConcurrentExecutions: {provisioned}, " if provisioned else ""
    events = events_of(
        f"seed: {world['seed']}\nduration: 5s\nstream: {{shards: {world['shards']}}}\n"
        "producer: {rate: 10/s per shard}\nmapping: {function: orders}\nfunctions:\n"
        f"  orders: {{{own}model: {{duration: 200ms, cold_start: {world['cold']}ms}}}}\n"
        f"  checkout: {{model: {{duration: 300ms, cold_start: {world['cold']}ms}}}}\n"
        f"  thumbs: {{EventInvokeConfig: {{MaximumRetryAttempts: {world['retries']}}}}}\n"
        f"account: {{ConcurrentExecutions: {world['limit']}}}\ntraffic:\n"
        f"- {{name: calls, source: api_gateway, function: checkout, rate: {world['calls']}/s}}\n"
        f"- {{name: uploads, source: s3, function: thumbs, rate: {world['uploads']}/s}}\n"
        "- {name: tick, source: schedule, function: thumbs, every: 1m, for: 2m}\n"
        f"faults:\n- error: {{probability: {world['errors']}%, function: thumbs}}\n"
        + ("- throttle: {limit: 1, from: 1s, for: 2s}\n" if world["throttle"] else "")
    )
    running: Counter[str] = Counter()
    flying: set[str] = set()
    for event, following in zip(events, [*events[1:], None], strict=True):
        match event:
            case Invoke() | Request():
                function = "orders" if isinstance(event, Invoke) else event.function
                assert event.request_id not in flying
                flying.add(event.request_id)
                if not (isinstance(following, Result | Response) and following.outcome == "throttled"):
                    running[function] += 1
                assert event.concurrency == running[function]
                assert running.total() <= int(world["limit"] or 0)
                assert reserved is None or running["orders"] <= reserved
            case Result() | Response():
                flying.remove(event.request_id)
                running["orders" if isinstance(event, Result) else event.function] -= (
                    event.outcome != "throttled"
                )
            case _:
                pass
    assert not flying
    assert not running.total()
    lost = {event.request_id for event in events if isinstance(event, EventLost)}
    last = {event.request_id: event for event in events if isinstance(event, Response)}
    assert all(
        event.outcome == "success" or event.source == "calls" or event.request_id in lost
        for event in last.values()
    )
    assert sum(event.source == "tick" for event in last.values()) == 2
