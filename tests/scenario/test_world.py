"""What the parts of a world do to each other, told by the events of small scenarios."""

import pytest

from streamsim.model.events import Discard, Event, Invoke, Response, Result
from streamsim.model.units import SECOND
from streamsim.scenario.load import load_text
from streamsim.scenario.text.errors import ScenarioError
from tests.playing import events_of, played


def most_at_once(events: list[Event], begin: int, end: int) -> int:
    """The most executions that any Invoke of these seconds found, itself included."""
    return max(
        event.concurrency
        for event in events
        if isinstance(event, Invoke) and begin * SECOND <= event.t < end * SECOND
    )


BUSY = """
duration: 60s
stream: {shards: 8}
producer: {rate: 8/s per shard, arrivals: constant, keys: 200}
mapping: {BatchSize: 1}
"""


def test_of_overlapping_throttles_the_lowest_limit_holds_and_each_ends_alone() -> None:
    throttles = (
        "faults:\n- throttle: {limit: 4, from: 10s, for: 20s}\n- throttle: {limit: 2, from: 20s, for: 20s}\n"
    )
    events = events_of(BUSY + throttles)
    spans = [(0, 10), (12, 20), (22, 30), (30, 40), (45, 60)]
    assert [most_at_once(events, *span) for span in spans] == [8, 4, 2, 2, 8]


def test_a_throttle_of_every_function_also_holds_one_with_reserved_concurrency() -> None:
    reserved = (
        "function: {ReservedConcurrentExecutions: 6}\nfaults: [{throttle: {limit: 3, from: 10s, for: 20s}}]\n"
    )
    events = events_of(BUSY + reserved)
    assert [most_at_once(events, *span) for span in [(0, 10), (12, 30), (35, 60)]] == [6, 3, 6]


def test_a_poison_record_of_one_stream_leaves_others_of_the_same_function_alone() -> None:
    stream = "{producer: {records: [{key: a}, {key: b}, {key: c}]}}"
    for which in ("shard: 0, record: 1", "record: 1", "key: b", "rate: 100%"):
        events = events_of(
            f"streams: {{orders: {stream}, returns: {stream}}}\n"
            "mappings:\n"
            "  first: {stream: orders, MaximumRetryAttempts: 0}\n"
            "  second: {stream: returns, MaximumRetryAttempts: 0}\n"
            f"faults: [{{poison: {{stream: orders, {which}}}}}]\n"
        )
        ended = {event.mapping: event.outcome for event in events if isinstance(event, Result)}
        assert ended == {"first": "error", "second": "success"}, which


def test_records_of_one_instant_are_counted_as_they_are_listed() -> None:
    """Three records at 0 s on two shards: number 1 is the second of the list, whatever its shard."""
    for listed, shard in (
        ("[{shard: 1}, {shard: 0}, {shard: 1}]", 0),
        ("[{shard: 0}, {shard: 1}, {shard: 0}]", 1),
    ):
        records = listed.replace("{shard", "{key: a, shard")
        events = events_of(
            "stream: {shards: 2}\n"
            f"producer: {{records: {records}}}\n"
            "mapping: {MaximumRetryAttempts: 0}\n"
            "faults: [{poison: {record: 1}}]\n"
        )
        assert [
            event.shard[-1] for event in events if isinstance(event, Result) and event.outcome == "error"
        ] == [str(shard)]


def test_a_lost_response_of_a_function_that_takes_no_time_is_a_delivery_all_the_same() -> None:
    run, _ = played(
        "producer: {records: [{key: a}]}\n"
        "function: {model: {duration: 0ms}}\n"
        "faults: [{lost_response: {probability: 100%, for: 1s}}]\n"
    )
    # 20 ms and 0.2 s, 0.4 s, 0.8 s with 20 ms before each
    assert (run.metrics["Invocations"], run.metrics["deliveries"]["max"]) == (4, 4)
    assert run.metrics["delivered_again"] == 1


def test_an_invocation_that_would_report_a_record_can_fail_by_chance_as_well() -> None:
    events = events_of(
        "producer: {records: [{key: a}, {key: b}]}\n"
        "mapping: {FunctionResponseTypes: [ReportBatchItemFailures], MaximumRetryAttempts: 1}\n"
        "faults:\n- poison: {record: 1, how: partial}\n- error: {probability: 100%}\n"
    )
    assert [event.outcome for event in events if isinstance(event, Result)] == ["error", "error"]


def consumed(consumers: int, others: int = 0) -> str:
    """So many mappings with a consumer each, and others that poll."""
    lines = ["stream: {shards: 1}", "functions:"]
    lines += [f"  f{number}: {{}}" for number in range(consumers + others)] + ["mappings:"]
    for number in range(consumers + others):
        consumer = f", consumer: c{number}" if number < consumers else ""
        lines.append(f"  m{number}: {{function: f{number}{consumer}}}")
    return "\n".join(lines) + "\n"


def test_polls_share_a_shard_and_consumers_with_enhanced_fan_out_do_not() -> None:
    backlog = "producer: {backlog: 6000, size: 1kB}\n"  # 6 MB: 3 s of what a shard gives to all who poll
    sent: dict[str, int] = {}
    for event in events_of(backlog + consumed(2, others=3)):
        if isinstance(event, Invoke):
            sent[event.mapping] = event.t // SECOND
    assert max(sent[f"m{number}"] for number in (2, 3, 4)) >= 6
    apart = events_of(backlog + consumed(1))
    alone = [event.t for event in apart if isinstance(event, Invoke)]
    together = [
        event.t
        for event in events_of(backlog + consumed(2, others=3))
        if isinstance(event, Invoke) and event.mapping == "m0"
    ]
    assert together == alone


def test_a_stream_has_20_consumers_at_most() -> None:
    twenty = "scenario: Many\nproducer: {records: [{key: a}]}\n"
    assert len(load_text(twenty + consumed(20, others=1)).mappings) == 21
    with pytest.raises(ScenarioError, match=r"LimitExceededException: stream default has 20 consumers"):
        load_text(twenty + consumed(21))


def test_a_start_within_a_millisecond_moves_the_windows_and_nothing_else() -> None:
    events = events_of(
        """
epoch: 2026-01-01T00:00:00.000400Z
producer: {records: [{key: a, at: 999500us}, {key: a, at: 999600us}]}
mapping: {TumblingWindowInSeconds: 1}
"""
    )
    windows = [event.window for event in events if isinstance(event, Invoke)]
    assert windows == [(-400, SECOND - 400), (SECOND - 400, 2 * SECOND - 400)]


@pytest.mark.parametrize(("limits", "refused"), [("current", 476), ("2017", 0)])
def test_environments_come_as_fast_as_in_the_year_of_the_limits(limits: str, refused: int) -> None:
    """1,500 calls within 250 ms, none of which has ended by then: 1,000 find an environment today, and 100 more a second."""
    events = events_of(f"""
        scenario: A rush
        duration: 250ms
        account: {{ConcurrentExecutions: 5000, limits: {limits}}}
        function: {{model: {{duration: 1s}}}}
        stream: {{type: kinesis}}
        producer: {{records: [{{key: a, at: 240ms}}]}}
        traffic: [{{name: rush, source: api_gateway, rate: 6000/s, arrivals: constant}}]
    """)
    responses = [event for event in events if isinstance(event, Response)]
    assert len(responses) == 1500
    assert sum(event.outcome == "throttled" for event in responses) == refused


def test_mappings_of_one_stream_have_request_ids_of_their_own() -> None:
    events = events_of(
        "duration: 5s\nproducer: {rate: 5/s}\nfunctions: {ship: {}, audit: {}}\n"
        "mappings: {ship: {function: ship}, audit: {function: audit}}\n"
    )
    ids = {
        name: {event.request_id for event in events if isinstance(event, Invoke) and event.mapping == name}
        for name in ("ship", "audit")
    }
    assert min(map(len, ids.values())) > 1
    assert not ids["ship"] & ids["audit"]


TWO = (
    "streams: {orders: {producer: {records: [{key: a}]}}, returns: {producer: {records: [{key: a}]}}}\n"
    "mappings:\n"
    "  ship: {stream: orders, MaximumRetryAttempts: 0, DestinationConfig: {OnFailure: {Destination: sqs}}}\n"
    "  refund: {stream: returns, MaximumRetryAttempts: 0, DestinationConfig: {OnFailure: {Destination: sqs}}}\n"
)


def test_a_stream_that_cannot_be_read_leaves_others_alone() -> None:
    events = events_of(TWO + "faults: [{source_down: {stream: orders, for: 30s}}]\n")
    sent = {event.mapping: event.t // SECOND for event in events if isinstance(event, Invoke)}
    assert sent == {"ship": 30, "refund": 0}


def test_a_destination_that_takes_nothing_is_one_mapping_s() -> None:
    faults = "[{destination_down: {mapping: ship}}, {error: {probability: 100%}}]"
    events = events_of(f"{TWO}faults: {faults}\n")
    assert {event.mapping: event.delivered for event in events if isinstance(event, Discard)} == {
        "ship": False,
        "refund": True,
    }


@pytest.mark.parametrize(
    "limit", ["function: {ReservedConcurrentExecutions: 6}", "account: {ConcurrentExecutions: 6}"]
)
def test_a_throttle_above_the_limit_that_there_is_raises_nothing(limit: str) -> None:
    events = events_of(f"{BUSY}{limit}\nfaults: [{{throttle: {{limit: 7, from: 10s}}}}]\n")
    assert [most_at_once(events, *span) for span in [(0, 10), (12, 60)]] == [6, 6]


@pytest.mark.parametrize(
    ("function", "cold"),
    [
        ("model: {duration: 100ms, cold_start: 400ms}", 1),
        ("model: {duration: 100ms, cold_start: 400ms, keep_warm: 4s}", 3),
        ("model: {duration: 100ms, cold_start: 400ms, keep_warm: 5s}", 1),
        ("ProvisionedConcurrentExecutions: 1, model: {duration: 100ms, cold_start: 400ms, keep_warm: 4s}", 0),
    ],
)
def test_cold_starts_are_those_of_the_function_s_environments(function: str, cold: int) -> None:
    records = "{key: a}, {key: a, at: 5s}, {key: a, at: 10s}"
    run, _ = played(f"producer: {{records: [{records}]}}\nfunction: {{{function}}}\n")
    assert run.metrics["cold_starts"] == cold
