"""What a page does not show of its run, in sentences: a page of a large run is smaller than the run. Knows no HTML."""

from collections.abc import Sequence
from typing import Final

from streamsim.model.units import show_duration
from streamsim.report.page.columns import Columns
from streamsim.report.page.packing import BITS, FEW_IDS
from streamsim.report.phrases import counted
from streamsim.trace.oracle.violation import Violation

#: So many violations, and so many of the things that somebody did or that went wrong, are shown.
MOST_VIOLATIONS: Final = 50
MOST_HAPPENINGS: Final = 2_000


def left_out(columns: Columns, tick: int, placeless: int, violations: Sequence[Violation]) -> list[str]:
    """Sentences, the gravest first; empty where the page has all that happened to a batch."""
    drawn = len(columns.kept["t"])
    said = []
    if columns.invocations > drawn:
        said.append(
            f"{columns.invocations:,} invocations are drawn as {drawn:,} bars: neighbours that ended alike are one, "
            "which says how many it stands for."
        )
    if tick > 1:
        error = 100 / 2 ** BITS[tick]
        said.append(
            f"Times are rounded to {show_duration(tick).replace('us', 'µs')}, ages to {error:.{1 if error >= 1 else 2}f} %."
        )
    if placeless:
        said.append(
            f"Of {counted(placeless, 'ordinary batch', 'ordinary batches')} only the size is kept, not which records."
        )
    if len(columns.ids) > FEW_IDS:
        said.append("Request ids are kept of batches that did not go through at once." + _first(columns))
    lost = [
        (columns.gone.more, "loss", "losses"),
        (columns.errors.more, "error text", "error texts"),
        (columns.ranges_lost, "list of a batch's records", "lists of batches' records"),
        (columns.windows_lost, "window", "windows"),
        (len(violations) - MOST_VIOLATIONS, "broken guarantee", "broken guarantees"),
        (len(columns.happenings) - MOST_HAPPENINGS, "fault or change", "faults and changes"),
    ]
    more = [counted(count, one, many) for count, one, many in lost if count > 0]
    if more:
        said.append(f"Not shown, for there are so many: {', '.join(more)}.")
    return said


def _first(columns: Columns) -> str:
    return (
        f" There are {len(columns.troubled):,}; the first {FEW_IDS:,}."
        if len(columns.troubled) > FEW_IDS
        else ""
    )
