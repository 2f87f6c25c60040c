"""`streamsim run --backend kinesis`: the same scenario in virtual time and on an endpoint, and what is refused."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streamsim.cli import main
from streamsim.model.events import Discard, Event, Invoke, ShardOpen
from streamsim.trace.format.ndjson import read_trace
from tests.streams.brokers import free_port

RESHARDS = """\
scenario: Poison records in shards that split and merge
duration: 2s
stream: {shards: 2}
producer: {rate: 40/s per shard, keys: 12, data: {key: "{key}", n: "{n}"}}
mapping:
  BatchSize: 10
  BisectBatchOnFunctionError: true
  MaximumRetryAttempts: 1
  DestinationConfig: {OnFailure: {Destination: sqs}}
function: {model: {duration: 1ms}}
events:
  - {at: 700ms, reshard: {split: 0}}
  - {at: 1400ms, reshard: {merge: [2, 3]}}
faults:
  - poison: {shard: 1, record: 31}
  - poison: {shard: 2, record: 3}
expect: {discarded: 2, order.per_key: preserved, order.contract: holds}
"""

TWICE = """\
scenario: Two mappings, one with lanes
duration: 1s
stream: {shards: 2}
producer: {rate: 50/s per shard, keys: 9, backlog: 40}
functions: {one: {model: {duration: 1ms}}, other: {model: {duration: 1ms}}}
mappings:
  lanes: {function: one, BatchSize: 8, ParallelizationFactor: 3}
  plain: {function: other, BatchSize: 8, FilterCriteria: {Filters: [{Pattern: '{"partitionKey": [{"prefix": "user-1"}]}'}]}}
expect: {discarded: 0, order.contract: holds}
"""

COUNTS = """\
scenario: Shards of equal size, more and fewer
duration: 2s
stream: {shards: 2}
producer: {rate: 40/s per shard, keys: 12}
mapping: {BatchSize: 10}
function: {model: {duration: 1ms}}
events:
  - {at: 600ms, reshard: {to: 3}}
  - {at: 1200ms, reshard: {to: 2}}
expect: {discarded: 0, order.per_key: preserved, order.contract: holds}
"""

PLAIN = "scenario: plain\nduration: 2s\nproducer: {rate: 1/s}\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["run", *map(str, arguments)])


def played(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    (document,) = json.loads(result.stdout)["runs"]
    metrics: dict[str, Any] = document["metrics"]
    return metrics


def discarded(events: list[Event]) -> set[tuple[str, int]]:
    return {(one.shard, at) for one in events if isinstance(one, Discard) for at in one.positions}


@pytest.mark.parametrize("text", [RESHARDS, COUNTS, TWICE], ids=["reshards", "counts", "two mappings"])
def test_what_does_not_depend_on_timing_is_the_same_on_an_endpoint(
    tmp_path: Path, kinesis: str, text: str
) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(text)
    trace, virtual_trace = tmp_path / "run.ndjson", tmp_path / "virtual.ndjson"
    on_kinesis = played(
        run(path, "--backend", "kinesis", "--endpoint-url", kinesis, "--json", "--trace", trace)
    )
    virtual = played(run(path, "--json", "--trace", virtual_trace))
    for measure in ("records", "discarded", "expired", "FilteredOutEventCount", "delivered.at_least_once"):
        assert on_kinesis.get(measure) == virtual.get(measure), measure
    header, events = read_trace(trace)
    assert header.clock == "real"
    told, simulated = list(events), list(read_trace(virtual_trace)[1])
    assert discarded(told) == discarded(simulated)
    lineages = [
        {(one.shard, one.parents) for one in listed if isinstance(one, ShardOpen)}
        for listed in (told, simulated)
    ]
    assert lineages[0] == lineages[1]
    ids = Counter(
        (one.request_id, one.shard, tuple(one.positions)) for one in told if isinstance(one, Invoke)
    )
    assert len({request_id for request_id, _, _ in ids}) == len(ids)
    verified = CliRunner().invoke(main, ["verify", str(trace)])
    assert verified.exit_code == 0, verified.output


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("stream.type=dynamodb", "is a table's"),
        ("producer.put={}", "write limits"),
        ("stream.retention=48h", "the endpoint's business"),
        ("mapping.consumer=fast", "enhanced fan-out"),
        ("mapping.StartingPosition=LATEST", "the stream is new"),
        ("faults=[{source_down: {from: 1s, for: 1s}}]", "stop the endpoint instead"),
        ("traffic=[{name: calls, source: api_gateway, rate: 1/s, duration: 1ms}]", "only modelled"),
    ],
)
def test_what_makes_no_sense_on_an_endpoint_is_refused_with_its_reason(
    tmp_path: Path, change: str, reason: str
) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(PLAIN + "stream: {shards: 4}\n")
    result = run(path, "--backend", "kinesis", "--endpoint-url", "http://127.0.0.1:1", "--set", change)
    assert result.exit_code == 2, result.output
    assert reason in result.output
    assert "not on Kinesis" in result.output


def test_an_endpoint_that_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(PLAIN)
    url = f"http://127.0.0.1:{free_port()}"
    result = run(path, "--backend", "kinesis", "--endpoint-url", url)
    assert result.exit_code == 3
    assert result.output.startswith(f"error: cannot connect to {url}")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--endpoint-url", "http://127.0.0.1:1"], "--endpoint-url goes with --backend kinesis"),
        (["--backend", "kinesis"], "needs --endpoint-url"),
        (["--backend", "kinesis", "--kafka", "h:1"], "--kafka goes with --backend kafka"),
        (["--backend", "kinesis", "--endpoint-url", "here"], "'here' is no endpoint"),
    ],
    ids=["no backend", "no endpoint", "a broker", "no URL"],
)
def test_options_go_with_their_backend(tmp_path: Path, options: list[str], said: str) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(PLAIN)
    result = run(path, *options)
    assert result.exit_code == 2
    assert said in result.output
