"""`streamsim bench handler`: what a handler in this process costs beside a bare loop that does the same work.

The loop builds the event of a batch, writes it as JSON, reads it and calls the handler: what cannot be left out. Both
run in turns in this process, and the median of CPU times is compared.
"""

import asyncio
import gc
import importlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, Final

import click

from streamsim.functions.inprocess.runtime import InProcessRuntime
from streamsim.functions.runtime import Deployment, Invocation
from streamsim.model.batch import Batch
from streamsim.rules.events.event import event_of, event_text
from streamsim.rules.source import Source
from streamsim.streams.records.logs import Given, ListedLog

FORMAT: Final = 1

EXAMPLES: Final = """\b
Examples:
  streamsim bench handler
  streamsim bench handler --records 100 --json
"""

#: A handler that looks at every record, as handlers do.
_CODE: Final = """
import base64
import json

def handler(event, context):
    return sum(json.loads(base64.b64decode(record["kinesis"]["data"]))["n"] for record in event["Records"])
"""

_REQUEST_ID: Final = "8286a188-ba32-4475-8077-530cd35c09a9"


@dataclass(frozen=True, slots=True)
class Figures:
    """CPU microseconds an invocation takes at the median, and how many times the bare loop's that is."""

    records: int
    event_bytes: int
    bare_us: float
    in_process_us: float
    ratio: float


@click.command(
    "handler", help=f"Compare a handler in this process with a bare loop of the same work.\n\n{EXAMPLES}"
)
@click.option(
    "--records", "sizes", multiple=True, type=click.IntRange(min=1), help="Records of a batch; repeatable."
)
@click.option("--rounds", type=click.IntRange(min=1), default=20, show_default=True, help="Runs of each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def command(sizes: tuple[int, ...], rounds: int, as_json: bool) -> None:
    figures = [measure(size, rounds) for size in sizes or (1, 10, 100, 1000)]
    if as_json:
        document = {"format": FORMAT, "handler": [asdict(one) for one in figures]}
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(f"{'records':>8}{'event':>10}{'bare loop':>14}{'in-process':>14}{'ratio':>8}")
    for one in figures:
        click.echo(
            f"{one.records:>8}{one.event_bytes:>8} B{one.bare_us:>11.1f} us{one.in_process_us:>11.1f} us{one.ratio:>7.2f}x"
        )


def measure(records: int, rounds: int) -> Figures:
    """The figures for batches of so many records of about a hundred bytes."""
    data = [json.dumps({"n": n, "user": "user-7", "note": "x" * 60}).encode() for n in range(records)]
    log = ListedLog("shardId-000000000000", [Given(0, "user-7", one) for one in data], 7, "bench")
    batch, source = Batch(log, range(records), _REQUEST_ID), Source()
    calls = max(20_000 // (records + 40), 5)
    with TemporaryDirectory() as folder:
        Path(folder, "bench_handler_code.py").write_text(_CODE, encoding="utf-8")
        runtime = InProcessRuntime(
            Deployment("bench", "bench_handler_code:handler", Path(folder)), "bench", lambda: 0
        )
        bare = _bare(folder, batch, source, calls)
        ours = _in_process(runtime, batch, source, calls)
        bare_us, ours_us = _medians([bare, ours], rounds, calls)
        asyncio.run(runtime.close())
    return Figures(
        records, len(event_text(batch, source)), bare_us, ours_us, ours_us / bare_us if bare_us else 0.0
    )


def _bare(folder: str, batch: Batch, source: Source, calls: int) -> Callable[[], None]:
    sys.path.insert(0, folder)
    handler: Callable[[Any, Any], Any] = importlib.import_module("bench_handler_code").handler
    sys.path.remove(folder)
    del sys.modules["bench_handler_code"]

    def loop() -> None:
        for _ in range(calls):
            text = json.dumps(event_of(batch, source), separators=(",", ":"))
            handler(json.loads(text), None)

    return loop


def _in_process(runtime: InProcessRuntime, batch: Batch, source: Source, calls: int) -> Callable[[], None]:
    async def invoke() -> None:
        for _ in range(calls):
            event = event_text(batch, source).encode()
            answer = await runtime.invoke(Invocation(_REQUEST_ID, event, "arn"))
            assert answer.status == "success", answer.payload

    return lambda: asyncio.run(invoke())


def _medians(loops: Sequence[Callable[[], None]], rounds: int, calls: int) -> list[float]:
    spent: list[list[float]] = [[] for _ in loops]
    for loop in loops:
        loop()  # the first run imports and warms up
    for _ in range(rounds):
        for times, loop in zip(spent, loops, strict=True):
            gc.collect()
            start = process_time()
            loop()
            times.append((process_time() - start) / calls * 1e6)
    return [median(times) for times in spent]
