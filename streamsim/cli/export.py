"""`streamsim export`: a trace in a format that other programs read. Prints it, or writes it to a file."""

import io
import sys
from pathlib import Path

import click

from streamsim.cli import WRONG_INPUT
from streamsim.cli.files.trace_input import STANDARD_INPUT, look_at, trace_input
from streamsim.cli.files.whole_page import check_apart, check_place, write_whole

HELP = """\b
Examples:
  streamsim export run.ndjson --format perfetto --output run.json
  streamsim export run.ndjson.gz --format csv | head
  zstdcat run.ndjson.zst | streamsim export - --format csv --output run.csv

Turns a trace into what other programs read: perfetto is the Trace Event Format, which https://ui.perfetto.dev opens
(a shard is a process, a lane a thread); csv has a row for each attempt.

TRACE is a file that `streamsim run --trace` wrote; compressed or not; - reads standard input.

Exit codes: 0 all of it is written, 2 the trace cannot be read or the file not written.
"""


@click.command("export", help=HELP, short_help="Turn a trace into what Perfetto or a spreadsheet reads.")
@click.argument("trace", metavar="TRACE")
@click.option("--format", "form", type=click.Choice(["perfetto", "csv"]), required=True, help="What to make.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file instead of standard output.")
def command(trace: str, form: str, output: Path | None) -> None:
    if output is not None:
        check_place("--output", output)
        check_apart("--output", output, Path(trace))
    text = _exported(trace, form)
    if output is None:
        click.echo(text.encode("utf-8", "backslashreplace"), nl=False)
    else:
        write_whole("--output", output, text)


def _exported(trace: str, form: str) -> str:
    from streamsim.report.export.attempts_table import AttemptsTable  # noqa: PLC0415  # `--help` is quick without
    from streamsim.report.export.perfetto import Perfetto  # noqa: PLC0415
    from streamsim.trace.format.ndjson import TraceError, read_trace  # noqa: PLC0415

    name, line = STANDARD_INPUT if trace == "-" else trace, 0
    text = io.StringIO()
    try:
        header, events = read_trace(trace_input(trace))
        sink = Perfetto(header, text.write) if form == "perfetto" else AttemptsTable(header, text.write)
        for event in events:
            sink(event)
        sink.close()
    except TraceError as error:
        line = error.line
        click.echo(f"{name}:{line}: error: {error.problem}", err=True)
    except OSError as error:
        click.echo(f"{name}: error: {error.strerror or error}", err=True)
    else:
        return text.getvalue()
    click.echo(f"Next: {look_at(name, line)}", err=True)
    sys.exit(WRONG_INPUT)
