"""Metrics for Prometheus: what their lines say of a run, and how a scrape gets them."""

import asyncio
import re
from collections.abc import Sequence

import pytest

from streamsim.model.events import (
    Checkpoint,
    Discard,
    Event,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
    ShardStop,
)
from streamsim.report.metrics.exposition import BUCKETS, CONTENT_TYPE, COUNTERS, Exposition
from streamsim.report.metrics.scraping import scraped
from streamsim.scenario.header import header_of
from streamsim.scenario.load import load_text
from streamsim.scenario.play import play
from streamsim.trace.format.header import Header
from streamsim.trace.measures.measures import flatten

HEADER = Header(
    "A test", 0, mappings={"m": {"FunctionName": "f", "MetricsConfig": {"Metrics": ["EventCount"]}}}
)
LABELS = '{FunctionName="f",mapping="m"}'


def exposed(*told: Event) -> list[str]:
    exposition = Exposition(HEADER)
    for event in told:
        exposition(event)
    return exposition.text().splitlines()


def opened() -> Event:
    return ShardOpen(0, "m", "s", (), 5, 9)


def sent(t: int = 0, age: int = 700_000) -> Event:
    return Invoke(t, "m", "s", 0, "r", 1, range(5, 8), "5", "7", 1, age)


def ended(outcome: str, t: int = 10, attempt: int = 1) -> Event:
    return Result(t, "m", "s", 0, "r", attempt, outcome, 0 if outcome == "throttled" else 140_000)  # type: ignore[arg-type]


def test_counts_are_those_of_the_measures_under_cloudwatchs_names() -> None:
    lines = exposed(opened(), sent(), ended("error"))
    assert f"aws_lambda_Invocations{LABELS} 1" in lines
    assert f"aws_lambda_Errors{LABELS} 1" in lines
    assert f"aws_lambda_FailedInvokeEventCount{LABELS} 3" in lines
    assert "# TYPE aws_lambda_Errors counter" in lines


def test_durations_and_ages_are_counted_by_the_bounds_they_do_not_exceed() -> None:
    lines = exposed(opened(), sent(age=500_000), ended("success"), sent(20, age=86_400_000_001))
    labels = LABELS[:-1]
    assert f'aws_lambda_Duration_bucket{labels},le="100"}} 0' in lines
    assert f'aws_lambda_Duration_bucket{labels},le="250"}} 1' in lines
    assert f"aws_lambda_Duration_sum{LABELS} 140.000" in lines
    assert f'aws_lambda_IteratorAge_bucket{labels},le="250"}} 0' in lines
    assert f'aws_lambda_IteratorAge_bucket{labels},le="500"}} 1' in lines
    assert f'aws_lambda_IteratorAge_bucket{labels},le="86400000"}} 1' in lines
    assert f'aws_lambda_IteratorAge_bucket{labels},le="+Inf"}} 2' in lines
    assert f"aws_lambda_IteratorAge_count{LABELS} 2" in lines


def test_a_throttled_request_has_no_duration() -> None:
    lines = exposed(opened(), sent(), ended("throttled"))
    assert f"aws_lambda_Duration_count{LABELS} 0" in lines
    assert f"aws_lambda_Throttles{LABELS} 1" in lines


SHARD = '{FunctionName="f",mapping="m",shard="s"}'


@pytest.mark.parametrize(
    ("told", "in_flight", "attempts", "checkpoint"),
    [
        ([opened()], 0, 0, 5),
        ([opened(), sent()], 1, 0, 5),
        ([opened(), sent(), ended("error", attempt=3)], 0, 3, 5),
        ([opened(), sent(), ended("error"), sent(20)], 1, 1, 5),
        ([opened(), sent(), ended("error"), sent(20), ended("success", 30)], 0, 0, 5),
        ([opened(), sent(), ended("success"), Checkpoint(11, "m", "s", 8, "7")], 0, 0, 8),
        (
            [opened(), sent(), ended("error"), Discard(12, "m", "s", 0, "r", "RecordAgeExceeded", range(5, 8), 1, None, False)],
            0,
            0,
            5,
        ),
        ([opened(), sent(), ended("error"), ShardStop(13, "m", "s", 9), opened()._replace(t=14)], 0, 0, 5),
    ],
)  # fmt: skip
def test_a_shard_shows_where_it_is_and_what_it_fails_at(
    told: Sequence[Event], in_flight: int, attempts: int, checkpoint: int
) -> None:
    lines = exposed(*told)
    assert f'aws_lambda_ConcurrentExecutions{{FunctionName="f"}} {in_flight}' in lines
    assert f"streamsim_failed_attempts{SHARD} {attempts}" in lines
    assert f"streamsim_checkpoint{SHARD} {checkpoint}" in lines


def test_a_shard_that_is_read_no_more_has_no_lines() -> None:
    lines = exposed(opened(), ShardEnd(9, "m", "s", 9))
    assert f"streamsim_shards{LABELS} 0" in lines
    assert not any('shard="s"' in line for line in lines)


def test_names_that_hold_quotes_are_escaped() -> None:
    exposition = Exposition(Header("A test", 0, mappings={'a"b\\c': {}}))
    assert 'streamsim_shards{FunctionName="default",mapping="a\\"b\\\\c"} 0' in exposition.text().splitlines()


SCENARIO = """
scenario: Two mappings, and much goes wrong
duration: 20s
streams: {a: {shards: 2, producer: {rate: 20/s}}, b: {shards: 2, producer: {rate: 20/s}}}
functions: {f: {model: {duration: 50ms}}, g: {model: {duration: 50ms}, ReservedConcurrentExecutions: 1}}
mappings:
  one: {stream: a, function: f, MaximumRetryAttempts: 1, DestinationConfig: {OnFailure: {Destination: sqs}}}
  two: {stream: b, function: g, MetricsConfig: {Metrics: [EventCount]}}
faults: [{poison: {rate: 1%, stream: a}}, {destination_down: {from: 5s, for: 5s}}]
"""


def test_a_whole_run_is_well_formed_and_ends_with_the_counts_of_its_measures() -> None:
    scenario = load_text(SCENARIO)
    exposition = Exposition(header_of(scenario))
    played = play(scenario, sinks=[exposition])
    lines = exposition.text().splitlines()
    metrics = flatten(played.metrics)
    shown = {}
    for name in COUNTERS:
        for mapping, function in (("one", "f"), ("two", "g")):
            value = metrics[f"{mapping}.{name}"]
            line = f'aws_lambda_{name}{{FunctionName="{function}",mapping="{mapping}"}} {value}'
            assert (line in lines) == (value is not None), line
            shown[mapping, name] = value
    assert shown["one", "Errors"]
    assert shown["two", "Throttles"]
    sample = re.compile(r'[a-zA-Z_]+\{([a-zA-Z]+="[^"\\]*",?)+\} [0-9]+(\.[0-9]+)?')
    head = re.compile(r"# (HELP [a-zA-Z_]+ .+|TYPE [a-zA-Z_]+ (counter|gauge|histogram))")
    assert all(sample.fullmatch(line) or head.fullmatch(line) for line in lines)
    assert len(lines) == len(set(lines))
    assert list(BUCKETS) == sorted(BUCKETS)


async def asked(url: str, request: bytes) -> bytes:
    port = int(url.rsplit(":", 1)[1].split("/", maxsplit=1)[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("request_", "status", "body"),
    [
        (b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "200 OK", "of now\n"),
        (b"GET /metrics?x=1 HTTP/1.1\r\n\r\n", "200 OK", "of now\n"),
        (b"GET / HTTP/1.1\r\n\r\n", "404 Not Found", "GET /: only /metrics is here\n"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", "405 Method Not Allowed", "only GET is answered\n"),
        (b"\x00\xff\r\n\r\n", "405 Method Not Allowed", "only GET is answered\n"),
    ],
)
def test_a_scrape_gets_the_text_of_that_moment_and_others_are_turned_away(
    request_: bytes, status: str, body: str
) -> None:
    async def main() -> bytes:
        async with scraped(0, lambda: "of now\n", CONTENT_TYPE) as url:
            assert url.startswith("http://127.0.0.1:")
            return await asked(url, request_)

    head, _, text = asyncio.run(main()).decode().partition("\r\n\r\n")
    assert head.split("\r\n")[0] == f"HTTP/1.1 {status}"
    assert f"Content-Length: {len(body)}" in head
    assert text == body


@pytest.mark.parametrize("request_", [b"GET /metrics HTT", b"GET /metrics HTTP/1.1\r\nHost:", b"a" * 200_000])
def test_who_never_ends_a_request_is_left_without_an_answer(request_: bytes) -> None:
    async def main() -> bytes:
        async with scraped(0, lambda: "", CONTENT_TYPE, patience=0.05) as url:
            try:
                return await asked(url, request_)
            except ConnectionError:
                return b""

    assert asyncio.run(main()) == b""


def test_a_port_that_is_taken_is_an_error() -> None:
    async def main() -> None:
        async with scraped(0, lambda: "", CONTENT_TYPE) as url:
            port = int(url.rsplit(":", 1)[1].split("/")[0])
            with pytest.raises(OSError, match="in use"):
                async with scraped(port, lambda: "", CONTENT_TYPE):
                    pass

    asyncio.run(main())
