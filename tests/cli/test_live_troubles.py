"""What `streamsim live` says of an endpoint that throttles: few lines, with all counts in them."""

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from streamsim.report.troubles import AT_ONCE
from tests.streams.endpoints import Illness, proxy_to, refusal
from tests.streams.shard_members import stream_of

SHARDS = 3
REFUSED = 12


async def throttled(kinesis: str, *arguments: str) -> tuple[list[str], int]:
    """What it printed to stderr, every second read being refused, and how many were."""
    refused, enough = 0, asyncio.Event()

    def misbehaves(call: str) -> Illness:
        nonlocal refused
        if call != "GetRecords" or proxy.calls.count(call) % 2:
            return None
        refused += 1
        if refused == REFUSED:
            enough.set()
        return refusal("ProvisionedThroughputExceededException")

    async with stream_of(kinesis, SHARDS) as stream, proxy_to(kinesis) as proxy:
        proxy.misbehaves = misbehaves
        given = [f"kinesis://{stream.name}", "--endpoint-url", proxy.url, "--handler", "app:handler"]
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-c", "from streamsim.cli import main; main()", "live", *given, *arguments],
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        ended = asyncio.create_task(process.communicate())
        await asyncio.wait(
            [ended, waiting := asyncio.create_task(enough.wait())], return_when="FIRST_COMPLETED"
        )
        waiting.cancel()
        if not ended.done():
            process.send_signal(signal.SIGTERM)
        _, stderr = await ended
        assert process.returncode == 0, stderr.decode()
        return stderr.decode().splitlines(), refused


def play(
    kinesis: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[Sequence[str], int]:
    monkeypatch.chdir(folder)
    Path("app.py").write_text("def handler(event, context): pass\n")
    return asyncio.run(asyncio.wait_for(throttled(kinesis, *arguments), 180))


def test_throttles_are_told_once_for_each_shard_and_summed_up(
    kinesis: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, refused = play(kinesis, tmp_path, monkeypatch)
    told = [line for line in lines if "throttled" in line]
    at_once = [line for line in told if "answers ProvisionedThroughputExceededException" in line]
    assert len(at_once) <= SHARDS < AT_ONCE
    assert len({line.split()[1] for line in at_once}) == len(at_once)
    assert len(told) < refused
    assert any("polled less often" in line for line in told)


def test_the_log_has_every_refusal_in_its_counts(
    kinesis: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, refused = play(kinesis, tmp_path, monkeypatch, "-v")
    told = [json.loads(line) for line in lines if line.startswith("{")]
    troubles = [line for line in told if line["event"] == "throttled"]
    assert {line["level"] for line in troubles} == {"warning"}
    assert 0 <= refused - sum(line["times"] for line in troubles) <= SHARDS  # those that were on their way
    summed = [line for line in troubles if "interval" in line]
    assert summed
    assert all("shard" in line or 1 < line["shard_count"] <= SHARDS for line in troubles)
