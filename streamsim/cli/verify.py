"""`streamsim verify`: checks the ordering and delivery guarantees of traces. Prints; the oracle judges."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import click

from streamsim.cli.files.trace_input import STANDARD_INPUT, look_at, trace_input

HOLDS: Final = 0
BROKEN: Final = 1
UNREADABLE: Final = 2

#: Violations shown to people of each trace; `--json` has all that the oracle kept.
SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one trace: its counts and violations, or the problem (line 0: with the file) that stopped it.

    `reading` counts shards whose end the trace does not tell, `unanswered` events of other sources likewise.
    """

    trace: str
    events: int = 0
    invocations: int = 0
    records: int = 0
    counts: Mapping[Any, int] = field(default_factory=dict)
    violations: tuple[Any, ...] = ()
    line: int = 0
    problem: str | None = None
    reading: int = 0
    unanswered: int = 0

    @property
    def exit_code(self) -> int:
        """0 when the guarantees hold, 1 when one is broken, 2 when the trace cannot be read."""
        if self.problem is not None:
            return UNREADABLE
        return BROKEN if self.violations else HOLDS


@click.command(short_help="Check the ordering and delivery guarantees of a trace.")
@click.argument("traces", nargs=-1, required=True, metavar="TRACE...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def verify(traces: tuple[str, ...], *, as_json: bool) -> None:
    """
    \b
    Examples:
      streamsim verify run.ndjson
      streamsim verify monday.ndjson.gz tuesday.ndjson.gz
      zstdcat run.ndjson.zst | streamsim verify --json -

    Checks that no record was lost, that records came in order, and that retries, request ids, splits, checkpoints,
    reshards, tumbling windows, updates, events of other sources and concurrency kept to AWS's rules. Each violation
    comes with the lines that prove it.

    TRACE is a file that `streamsim run --trace` wrote, or one converted from elsewhere; compressed or not; - reads
    standard input.

    Exit codes: 0 the guarantees hold, 1 one is broken, 2 a trace cannot be read.
    """  # noqa: D301 - \b is click's mark for lines to leave as they are
    findings = []
    for trace in traces:
        finding = _examine(trace)
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        document = {"format": 1, "traces": [_as_json(finding) for finding in findings]}
        click.echo(json.dumps(document, indent=2))
    sys.exit(max(finding.exit_code for finding in findings))


def _examine(trace: str) -> Finding:
    from streamsim.trace.format.ndjson import TraceError, read_trace  # noqa: PLC0415 - `--help` is quick without
    from streamsim.trace.oracle.oracle import Oracle  # noqa: PLC0415

    name = STANDARD_INPUT if trace == "-" else trace
    try:
        header, events = read_trace(trace_input(trace))
        try:
            oracle = Oracle(header)
        except ValueError as error:
            return Finding(name, line=1, problem=str(error))
        for event in events:
            oracle.take(event)
    except TraceError as error:
        return Finding(name, line=error.line, problem=error.problem)
    except OSError as error:
        return Finding(name, problem=error.strerror or str(error))
    violations = tuple(oracle.finish())
    return Finding(
        name,
        oracle.events,
        oracle.invocations,
        oracle.records,
        oracle.counts,
        violations,
        reading=oracle.reading,
        unanswered=oracle.unanswered,
    )


def _show(finding: Finding) -> None:
    name = finding.trace
    if finding.problem is not None:
        where = f"{name}:{finding.line}" if finding.line else name
        click.echo(f"{where}: error: {finding.problem}", err=True)
        click.echo(f"Next: {look_at(name, finding.line)}", err=True)
        return
    size = (
        ", ".join(
            f"{count} {noun if count == 1 else noun + 's'}"
            for count, noun in (
                (finding.events, "event"),
                (finding.invocations, "invocation"),
            )
        )
        + f", {finding.records} {'delivery' if finding.records == 1 else 'deliveries'} of records"
    )
    if not finding.violations:
        if finding.reading or finding.unanswered or not finding.events:
            click.echo(
                f"{name} holds as far as it goes: {size}; it ends with {_rest(finding)}, so what is missing is not judged"
            )
        else:
            click.echo(f"{name} holds: {size}")
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in finding.counts.items())
    click.echo(f"{name} is broken: {kinds}; {size}")
    for violation in finding.violations[:SHOWN]:
        _show_violation(violation)
    more = sum(finding.counts.values()) - SHOWN
    if more > 0:
        click.echo(f"\n{more} more are not shown")
    follow = (
        "save the trace to a file and type streamsim verify --json FILE"
        if name == STANDARD_INPUT
        else f"streamsim verify --json {name}"
    )
    click.echo(f"\nNext: {follow}")


def _rest(finding: Finding) -> str:
    """What the trace leaves open."""
    rest = []
    if finding.reading:
        rest.append(f"{finding.reading} shard{'' if finding.reading == 1 else 's'} still being read")
    if finding.unanswered:
        rest.append(
            f"{finding.unanswered} request{'' if finding.unanswered == 1 else 's'} of other event sources not over"
        )
    return " and ".join(rest) or "nothing"


def _show_violation(violation: Any) -> None:
    from streamsim.model.units import show_duration  # noqa: PLC0415
    from streamsim.trace.format.encoding import encode_event  # noqa: PLC0415

    of_mapping = f"mapping {violation.mapping}" if violation.mapping else ""
    place = " of ".join(part for part in (violation.shard, of_mapping) if part)
    click.echo(f"\n{violation.kind}: {violation.sentence}")
    click.echo(f"  at {show_duration(violation.t)}{', ' if place else ''}{place}")
    for number, event in violation.evidence:
        click.echo(f"  line {number}: {encode_event(event)}")


def _as_json(finding: Finding) -> dict[str, Any]:
    from streamsim.trace.format.encoding import encode_event  # noqa: PLC0415

    if finding.problem is not None:
        return {"trace": finding.trace, "error": {"line": finding.line or None, "problem": finding.problem}}
    return {
        "trace": finding.trace,
        "holds": not finding.violations,
        "events": finding.events,
        "invocations": finding.invocations,
        "records": finding.records,
        "counts": finding.counts,
        "violations": [
            {
                **violation.document(),
                "evidence": [
                    {"line": number, "event": json.loads(encode_event(event))}
                    for number, event in violation.evidence
                ],
            }
            for violation in finding.violations
        ],
    }
