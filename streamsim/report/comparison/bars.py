"""A count of every run as a bar: how it grows with the settings that are compared.

ConcurrentExecutions.max is drawn in its parts, streams and other event sources, where these had their most at one time.
Knows glyphs and colours; computes nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.text import Text

from streamsim.report.comparison.compared import Run, labels
from streamsim.report.layout import QUIET
from streamsim.report.phrases import found, strung
from streamsim.report.picture.sharing import STREAM

#: For the parts of a bar; more parts than these are drawn as one.
_GLYPHS: Final = "█▒░"
_ASCII: Final = "#=-"
_STYLES: Final = ("bright_blue", "cyan", "magenta")
_FEWEST_COLUMNS: Final = 10

#: A part of a bar: whose it is, and how much.
_Part = tuple[str, int]


def bars(runs: Sequence[Run], measure: str, width: int, *, plain: bool) -> Iterator[Text]:
    """A bar for each run, all on one scale from 0; nothing where a run has no such count."""
    values = [found(run.metrics, measure) for run in runs]
    if not all(isinstance(value, int) for value in values) or max(values) <= 0:
        return
    divided = [
        _parts(run, value) if measure == "ConcurrentExecutions.max" else ()
        for run, value in zip(runs, values, strict=True)
    ]
    if not all(divided):
        divided = [(("", value),) for value in values]
    names, by = labels(runs, width)
    notes = [" + ".join(f"{count:,}" for _, count in parts) for parts in divided]
    label = max(map(len, names)) + 2
    columns = max(_FEWEST_COLUMNS, width - label - 3 - max(map(len, notes)))
    glyphs = _ASCII if plain else _GLYPHS
    parts = [f"{glyph} {name}" for glyph, (name, _) in zip(glyphs, divided[0], strict=False) if name]
    title = [f"{measure.replace('.', ' ')}{by}", *parts]
    yield from (Text(f" {line}", QUIET) for line in strung(title, width - 1, "  "))
    for name, shares, note in zip(names, divided, notes, strict=True):
        row = Text(f" {name.ljust(label)}")
        drawn = below = 0
        for glyph, style, (_, count) in zip(glyphs, _STYLES, shares, strict=False):
            below += count
            upto = -(-below * columns // max(values))
            row.append(glyph * (upto - drawn), style)
            drawn = upto
        row.append(" " * (columns - drawn) + f"  {note}", "bold")
        yield row


def _parts(run: Run, most: int) -> tuple[_Part, ...]:
    """What streams and each other source had at most; empty where they are too many or were not all at their most at once."""
    sharing = None if run.timeline is None else run.timeline.sharing
    if run.timeline is None or sharing is None or len(sharing.parties) > len(_GLYPHS):
        return ()
    run.timeline.finish()
    several = sum(party.kind == STREAM for party in sharing.parties) > 1
    parts = tuple(
        (party.name if several or party.kind != STREAM else STREAM, party.levels.most)
        for party in sharing.parties
    )
    return parts if sum(count for _, count in parts) == most else ()
