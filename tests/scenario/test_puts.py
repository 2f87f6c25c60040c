"""Producers that say how they put, in scenarios: what is in the shards, what is measured, what is refused."""

import json

import pytest

from streamsim.model.events import Produced, Reshard, ShardOpen
from streamsim.model.units import SECOND
from streamsim.rules.streams.hash_keys import even_ranges, hash_key, owner
from streamsim.scenario.load import load_text
from streamsim.scenario.text.errors import ScenarioError
from streamsim.scenario.world.puts import producers_of
from streamsim.scenario.world.shards import shards_of
from streamsim.streams.producing.written import WrittenLog
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.records.logs import SimulatedLog
from tests.playing import played


def logs_of(text: str) -> list[WrittenLog]:
    scenario = load_text("scenario: Puts\n" + text)
    return list(producers_of(scenario)["default"].logs)


def positions(log: SimulatedLog) -> range:
    return range(log.arrivals.until(NEVER - 1))


BELOW_THE_LIMITS = """
duration: 20s
stream: {shards: 3}
producer: {rate: 60/s, keys: 24, backlog: 90, put: {}}
"""


def test_below_the_limits_the_records_are_those_of_a_producer_without_put_a_little_later() -> None:
    scenario = load_text("scenario: Puts\n" + BELOW_THE_LIMITS)
    plain = shards_of(
        scenario.streams["default"], scenario.plans["default"], "default", scenario.seed, scenario.duration
    )
    for log, without in zip(logs_of(BELOW_THE_LIMITS), plain, strict=True):
        assert len(positions(log)) == len(positions(without)) > 200
        for position in positions(log):
            assert log.partition_key(position) == without.partition_key(position)
            made_at = without.arrival_at(position)
            assert log.arrival_at(position) - made_at <= (0 if made_at < 0 else 100_000)
            assert log.arrival_at(position) >= made_at


def test_n_is_the_producer_s_number_of_a_record() -> None:
    text = """
duration: 4s
stream: {shards: 2}
producer: {rate: [{at: 0s, rate: 3500/s}, {at: 1s, rate: 100/s}], keys: 9, data: {n: "{n}", of: "{key}", in: "{shard}"}, put: {attempts: 20}}
"""
    logs = logs_of(text)
    seen = []
    for number, log in enumerate(logs):
        ranges = even_ranges(2)
        for position in positions(log):
            data = json.loads(log.data(position))
            assert len(log.data(position)) == log.size(position) <= log.largest_record
            assert data["of"] == log.partition_key(position)
            assert data["in"] == str(owner(ranges, hash_key(data["of"]))) == str(number)
            assert int(data["n"]) == log.place(position)
            seen.append(int(data["n"]))
    assert seen != sorted(seen)
    assert sorted(seen) == list(range(len(seen)))


def test_listed_records_go_where_their_hash_key_or_their_shard_says() -> None:
    logs = logs_of("""
stream: {shards: 2}
producer:
  put: {linger: 0ms}
  records:
    - {key: a, shard: 1, at: 1s}
    - {key: a, explicit_hash_key: 0}
    - {key: a, explicit_hash_key: 340282366920938463463374607431768211455}
    - {key: a, at: 2s}
""")
    own = owner(even_ranges(2), hash_key("a"))
    expected = [[0], [0, SECOND]]
    expected[own].append(2 * SECOND)
    assert [[log.arrival_at(position) for position in positions(log)] for log in logs] == expected


def test_a_key_stays_in_its_lane() -> None:
    (log, _) = logs_of("stream: {shards: 2}\nduration: 5s\nproducer: {rate: 200/s, put: {}}\n")
    count = len(positions(log))
    lanes = [lane for chunk in range(4) for lane in log.lanes(chunk, 5)][:count]
    assert [hash_key(log.partition_key(position)) % 5 for position in positions(log)] == lanes
    assert log.index_of(log.sequence_number(7), range(5, 9)) == 2


OVERLOAD = """
duration: 5s
producer: {rate: 1500/s, keys: 5, put: {attempts: 2, back_off: {base: 100ms}}}
"""


def test_what_a_producer_gives_up_is_not_in_the_stream_and_the_run_waits_for_its_last_word() -> None:
    run, events = played(OVERLOAD)
    producer = run.metrics["producer"]
    assert producer["given_up"] > 1000
    assert producer["records"] - producer["given_up"] == run.metrics["records"]
    told = [event for event in events if isinstance(event, Produced)]
    assert sum(event.records for event in told) == producer["records"]
    assert run.metrics["delivered"]["at_least_once"] == "all"
    assert run.metrics["order"] | {"per_shard": "preserved"} == {
        "per_key": "preserved", "per_shard": "preserved", "contract": "holds",
    }  # fmt: skip
    assert producer["overtaken"] > 0


def test_the_last_word_of_a_producer_may_come_after_the_last_record() -> None:
    text = """
producer:
  records: [{key: a, size: 1MiB}, {key: b, at: 200ms}]
  put: {linger: 0ms, attempts: 1, latency: 10s}
"""
    run, events = played(text)
    assert isinstance(events[-1], Produced)
    assert (run.simulated, run.metrics["producer"]["given_up"]) == (10_200_000, 1)


def test_lost_answers_put_records_twice() -> None:
    run, _ = played("""
duration: 60s
producer: {rate: 20/s, keys: 5, put: {api: PutRecord}}
faults: [{lost_put: {probability: 10%, from: 10s, for: 40s, timeout: 500ms}}]
""")
    producer = run.metrics["producer"]
    assert producer["duplicated"] == producer["retried"] > 40
    assert run.metrics["records"] == producer["records"] + producer["duplicated"]
    assert (producer["throttled"], producer["given_up"]) == (0, 0)


def test_each_mapping_has_the_measures_of_its_stream_s_producer() -> None:
    run, _ = played("""
duration: 5s
streams:
  orders: {producer: {rate: 30/s, put: {}}}
  clicks: {producer: {rate: 50/s, arrivals: constant, put: {records: 10}}}
  plain: {producer: {rate: 10/s}}
mappings: {orders: {stream: orders}, clicks: {stream: clicks}, plain: {stream: plain}}
""")
    alone = run.metrics["mappings"]
    assert alone["clicks"]["producer"]["records"] == alone["clicks"]["records"] == 250
    assert alone["plain"]["producer"]["records"] is None
    whole = run.metrics["producer"]
    assert whole["records"] == alone["orders"]["records"] + 250
    assert {name: stream.get("put", {}).get("records") for name, stream in run.header.streams.items()} == {
        "orders": 500, "clicks": 10, "plain": None,
    }  # fmt: skip


def test_the_same_seed_is_the_same_run() -> None:
    assert played(OVERLOAD)[1] == played(OVERLOAD)[1] != played(OVERLOAD + "seed: 1\n")[1]


@pytest.mark.parametrize(
    ("producer", "fits"),
    [
        pytest.param("rate: 2000/s", True, id="two shards take 2,000 records a second"),
        pytest.param("rate: 2001/s", False, id="and no more"),
        pytest.param("rate: 1001/s per shard", False, id="nor one of them more than its own"),
        pytest.param("rate: {from: 0/s, to: 2001/s, over: 10s}", False, id="not even for an instant"),
        pytest.param("rate: {from: 0/s, to: 2001/s, over: 20s}", True, id="unless that is never reached"),
        pytest.param("rate: [{at: 0s, rate: 1/s}, {at: 10s, rate: 9000/s}]", True, id="nor this step"),
        pytest.param("rate: [{at: 0s, rate: 1/s}, {at: 9s, rate: 9000/s}]", False, id="but this one is"),
        pytest.param("rate: 1001/s, keys: [a]", False, id="one key lives in one shard"),
        pytest.param("rate: 1000/s, keys: [a]", True, id="which takes 1,000"),
        pytest.param("rate: 2/s, size: 1MiB", True, id="a MiB a shard and second goes in"),
        pytest.param("rate: 3/s, size: 1MiB", False, id="and one and a half do not"),
        pytest.param("rate: 600/s, data: " + "x" * 4000, False, id="data count as well"),
        pytest.param("rate: 600/s, data: [" + '"{key}", ' * 300 + "]", True, id="by the least they can be"),
        pytest.param("rate: 9000/s, put: {}", True, id="who says how it puts may try"),
        pytest.param("rate: 500001/s, put: {}", False, id="within reason"),
        pytest.param("records: [" + "{key: a}, " * 1001 + "]", True, id="listed records are as they are"),
    ],
)
def test_a_rate_must_fit_into_the_shards(producer: str, fits: bool) -> None:
    text = f"scenario: Limits\nduration: 10s\nstream: {{shards: 2}}\nproducer: {{{producer}}}\n"
    if "records:" in text:
        text = text.replace("duration: 10s\n", "")
    if fits:
        load_text(text)
    else:
        with pytest.raises(ScenarioError, match=r"and a shard takes|makes up to"):
            load_text(text)


def test_an_on_demand_stream_grows_and_its_mapping_follows() -> None:
    run, events = played("""
duration: 5m
stream: {mode: on-demand, scales_within: 2m}
producer: {rate: 30/s, arrivals: constant, size: 100kB, keys: 500, put: {attempts: 10}}
""")
    (reshard,) = [event for event in events if isinstance(event, Reshard)]
    assert (reshard.t, reshard.what) == (180 * SECOND, "on-demand scaling")
    assert len(reshard.closed) in {3, 4}
    opened = {event.shard: event for event in events if isinstance(event, ShardOpen)}
    assert set(reshard.opened) < set(opened)
    assert all(opened[shard].parents for shard in reshard.opened)
    assert run.metrics["delivered"]["at_least_once"] == "all"
    assert run.header.streams["default"] == {
        **run.header.streams["default"], "shards": 4, "mode": "on-demand", "scales_within": 120 * SECOND,
    }  # fmt: skip


def test_a_retry_after_a_split_goes_to_the_child() -> None:
    """The shard is full when v1 comes, and split before it is sent again: it overtakes nothing there and is there late."""
    text = """
stream: {shards: 1}
producer:
  records: [{key: a, size: 1MiB}, {key: a, size: 8KiB, at: 500ms}, {key: a, at: 1100ms}]
  put: {linger: 0ms, back_off: {jitter: none}}
events: [{at: 1s, reshard: {to: 2}}]
"""
    logs = logs_of(text)
    child = next(log for log in logs[1:] if len(positions(log)))
    assert [log.arrival_at(0) for log in (logs[0], child)] == [0, 1_100_000]
    assert (child.place(0), child.place(1), child.arrival_at(1)) == (2, 1, 1_520_000)
    run, _ = played(text)
    assert run.metrics["producer"]["overtaken"] == 1
    assert run.metrics["order"]["per_key"] == "preserved"
