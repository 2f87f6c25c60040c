"""`streamsim report`: a page from a trace. Prints where it is; the page shows, the oracle judges."""

import sys
from pathlib import Path

import click

from streamsim.cli import WRONG_INPUT
from streamsim.cli.files.trace_input import STANDARD_INPUT, look_at, trace_input
from streamsim.cli.files.whole_page import check_apart, check_place, write_whole

HELP = """\b
Examples:
  streamsim report run.ndjson
  streamsim report monday.ndjson.gz --output monday.html
  zstdcat run.ndjson.zst | streamsim report - --output run.html

Writes one HTML page that shows a trace in any browser, offline: lanes of shards, every try of every batch, ages,
concurrency, the moments worth a look. The guarantees are checked as `streamsim verify` does.

TRACE is a file that `streamsim run --trace` wrote, or one converted from elsewhere; compressed or not; - reads
standard input. A trace does not hold what its scenario expected: `streamsim run --report` shows that too.

Exit codes: 0 the page is written, 2 the trace cannot be read or the page not written.
"""


@click.command("report", help=HELP, short_help="Write a page that shows a trace, for any browser.")
@click.argument("trace", metavar="TRACE")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The page; beside the trace unless it is named."
)
def command(trace: str, output: Path | None) -> None:
    if output is None and trace == "-":
        raise click.UsageError(
            "a trace from standard input has no name to write beside; name --output FILE.html"
        )
    target = _beside(trace) if output is None else output
    check_place("--output", target)
    check_apart("--output", target, Path(trace))
    write_whole("--output", target, _page_of(trace))
    click.echo(f"{target} shows {trace if trace != '-' else STANDARD_INPUT}")


def _beside(trace: str) -> Path:
    """`run.html` for `run.ndjson` and `run.ndjson.gz`."""
    path = Path(trace)
    if not path.name:
        raise click.UsageError(f"{trace!r} is no file; name a trace that `streamsim run --trace` wrote")
    for suffix in (".gz", ".ndjson"):
        path = path.with_suffix("") if path.suffix == suffix else path
    return path.with_name(f"{path.name}.html")


def _page_of(trace: str) -> str:
    from streamsim.report.page.document import PageRun  # noqa: PLC0415  # `--help` is quick without
    from streamsim.report.page.page import page  # noqa: PLC0415
    from streamsim.report.page.traces import run_of  # noqa: PLC0415
    from streamsim.trace.format.ndjson import TraceError, read_trace  # noqa: PLC0415

    name, line = STANDARD_INPUT if trace == "-" else trace, 0
    try:
        header, events = read_trace(trace_input(trace))
        run: PageRun = run_of(header, events)
    except TraceError as error:
        line = error.line
        click.echo(f"{name}:{line}: error: {error.problem}", err=True)
    except (OSError, ValueError) as error:
        click.echo(f"{name}: error: {getattr(error, 'strerror', None) or error}", err=True)
    else:
        return page([run], source=f"streamsim report {trace}")
    click.echo(f"Next: {look_at(name, line)}", err=True)
    sys.exit(WRONG_INPUT)
