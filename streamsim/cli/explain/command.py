"""`streamsim explain TERM`: what a setting, a metric, a condition, an outcome or any other word of ours means."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from streamsim.reference.term import Term

HELP = """\b
Examples:
  streamsim explain BatchSize
  streamsim explain IteratorAge
  streamsim explain RetryAttemptsExhausted
  streamsim explain mapping.back_off.cap
  streamsim explain

Says what TERM means, its unit, range and default, the evidence for it, a
scenario that shows it, and what belongs to it.

\b
TERM is a key of a scenario file, a parameter of CreateEventSourceMapping,
a metric or a measure, an outcome, a condition, an event of a trace, or a
guarantee that verify found broken; by its name or its path, in any
spelling: BatchSize, batch_size, mapping.batch_size. Without TERM all of
them are listed."""


@click.command("explain", help=HELP)
@click.argument("words", metavar="[TERM]", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(*, words: tuple[str, ...], as_json: bool) -> None:
    """See `HELP`."""
    from streamsim.cli.explain.output import explained, listed  # noqa: PLC0415  --help stays fast
    from streamsim.reference.finding import find, nearest  # noqa: PLC0415
    from streamsim.reference.terms import terms  # noqa: PLC0415

    known, term = terms(), " ".join(words)
    if not words:
        click.echo(_document(known) if as_json else listed(known))
        return
    found = find(term, known)
    if found is None:
        near = nearest(term, known)
        hint = f"did you mean {near!r}?" if near else "`streamsim explain` lists all of them"
        raise click.UsageError(f"there is no term {term[:80]!r}; {hint}")
    click.echo(_document((*found.meant, *found.others)) if as_json else explained(found))


def _document(terms: "Iterable[Term]") -> str:
    """The terms as JSON, the one that is meant first."""
    content = {"format": 1, "terms": [one.document() for one in terms]}
    return json.dumps(content, indent=2, ensure_ascii=False)
