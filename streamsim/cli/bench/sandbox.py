"""`streamsim bench sandbox`: what an invocation in a process of its own costs besides the handler: wall-clock time.

A handler that does nothing answers events of two sizes through AWS's Python client, and through a run's hand-over from
virtual time. What other programs do shows in these times; the median is the least disturbed.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns
from typing import Final

import click

from streamsim.functions.runtime import Deployment, Invocation, Runtime
from streamsim.functions.sandbox.real_loop import RealLoop
from streamsim.functions.sandbox.sandbox import Sandbox

FORMAT: Final = 1

EXAMPLES: Final = """\b
Examples:
  streamsim bench sandbox
  streamsim bench sandbox --invocations 10000 --json
"""

_CODE: Final = "def handler(event, context):\n    return None\n"
_SMALL: Final = b'{"key1": "value1", "key2": "val2"}'
_LARGE: Final = b'{"data": "' + b"x" * 62_000 + b'"}'


@dataclass(frozen=True, slots=True)
class Figures:
    """Microseconds of an invocation: the median, and the times that 90 and 99 of 100 do not exceed."""

    way: str
    event_bytes: int
    p50_us: float
    p90_us: float
    p99_us: float


@click.command("sandbox", help=f"Measure what an invocation in a process of its own costs.\n\n{EXAMPLES}")
@click.option(
    "--invocations", type=click.IntRange(min=100), default=3000, show_default=True, help="Of each kind."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def command(invocations: int, as_json: bool) -> None:
    with TemporaryDirectory() as folder:
        Path(folder, "app.py").write_text(_CODE, encoding="utf-8")
        figures = measure(Deployment("bench", "app:handler", Path(folder)), invocations)
    if as_json:
        document = {"format": FORMAT, "sandbox": [asdict(one) for one in figures]}
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(f"{'':<26}{'event':>9}{'p50':>11}{'p90':>11}{'p99':>11}")
    for one in figures:
        times = "".join(f"{time / 1000:>8.2f} ms" for time in (one.p50_us, one.p90_us, one.p99_us))
        click.echo(f"{one.way:<26}{one.event_bytes:>7} B{times}")


def measure(deployment: Deployment, invocations: int) -> list[Figures]:
    """The figures for both sizes of events, on a loop of the sandbox's own and handed over from another."""
    figures = []
    for event in (_SMALL, _LARGE):
        sandbox = Sandbox(deployment, "bench")
        figures.append(
            _figures("sandbox", event, asyncio.run(_times(sandbox, deployment, event, invocations)))
        )
    real = RealLoop()
    handed_over = real.sandbox(deployment, "bench")
    times = asyncio.run(_times(handed_over, deployment, _SMALL, invocations))
    real.close()
    return [*figures, _figures("from virtual time", _SMALL, times)]


async def _times(runtime: Runtime, deployment: Deployment, event: bytes, invocations: int) -> list[int]:
    times = []
    invocation = Invocation("8286a188-ba32-4475-8077-530cd35c09a9", event, deployment.arn)
    await runtime.invoke(invocation)  # the cold start
    for _ in range(invocations):
        start = perf_counter_ns()
        answer = await runtime.invoke(invocation)
        times.append(perf_counter_ns() - start)
        assert answer.status == "success", answer.payload
    await runtime.close()
    return sorted(times)


def _figures(way: str, event: bytes, times: Sequence[int]) -> Figures:
    p50, p90, p99 = (times[len(times) * share // 100] / 1000 for share in (50, 90, 99))
    return Figures(way, len(event), p50, p90, p99)
