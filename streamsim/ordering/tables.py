"""The benchmark for people: what held and what did not, what shows it, what it cost; for terminals and in Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from streamsim.model.units import show_duration
from streamsim.ordering.benchmark import Row
from streamsim.ordering.cells import Cell, cells_of, lines_of
from streamsim.ordering.guarantees import GUARANTEES
from streamsim.ordering.runs import Figures, Run

_GIVEN: Final = "AWS gives"
_NOT_GIVEN: Final = "AWS does not give"


@dataclass(frozen=True, slots=True)
class Table:
    """Headers and rows of texts; the first `words` columns are to the left, the others to the right."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1

    def text(self) -> Iterator[str]:
        """Aligned columns, the header first."""
        widths = [max(map(len, column)) for column in zip(self.headers, *self.rows, strict=True)]
        for row in (self.headers, *self.rows):
            cells = [
                cell.ljust(width) if number < self.words else cell.rjust(width)
                for number, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            yield "  ".join(cells).rstrip()

    def markdown(self) -> Iterator[str]:
        """The same as a Markdown table."""
        yield _row(self.headers)
        yield _row(["---" if number < self.words else "---:" for number in range(len(self.headers))])
        yield from map(_row, self.rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def report(
    rows: Sequence[Row], traces: Mapping[str, str], *, markdown: bool = False, plain: bool = False
) -> Iterator[str]:
    """The whole report, line by line. `traces` are files by `file_of` a run; `plain` spares signs beyond ASCII."""
    for number, (_backend, of_backend) in enumerate(groupby(rows, key=lambda row: row.case.backend)):
        own = list(of_backend)
        if number:
            yield ""
        yield from _of_backend(own, traces, markdown=markdown, plain=plain)


def file_of(run: Run) -> str:
    """The name of a run's files, without an ending."""
    return f"{run.case.name}-seed-{run.seed}"


def _of_backend(
    rows: Sequence[Row], traces: Mapping[str, str], *, markdown: bool, plain: bool
) -> Iterator[str]:
    cells = cells_of(rows)
    yield from _title(rows, markdown=markdown)
    for given in (True, False):
        own = [cell for cell in cells if cell.given == given]
        table = Table(
            [_GIVEN if given else _NOT_GIVEN, *dict.fromkeys(cell.fault for cell in own)],
            [[words, *(_held(cell, plain=plain) for cell in line)] for words, line in lines_of(own)],
        )
        yield ""
        yield from table.markdown() if markdown else table.text()
    yield ""
    yield f"{_sign(held=True, plain=plain)} held in so many runs, {_sign(held=False, plain=plain)} did not in so many of them."
    yield from _counter_examples(cells, traces, markdown=markdown)
    yield ""
    yield "What it cost, all seeds together; records are counted per 1,000, and blocked is the longest time."
    if markdown:
        yield ""
    table = _costs(rows)
    yield from table.markdown() if markdown else table.text()


def _title(rows: Sequence[Row], *, markdown: bool) -> Iterator[str]:
    first = rows[0]
    where = {"virtual": "in virtual time", "kafka": "on a Kafka broker", "kinesis": "on a Kinesis endpoint"}[
        first.case.backend
    ]
    runs = sum(row.runs for row in rows)
    faults = len({row.case.fault for row in rows})
    settings = len({row.case.settings for row in rows})
    title = f"Ordering guarantees {where}"
    yield f"### {title}" if markdown else title
    if markdown:
        yield ""
    several = [(settings, "setting"), (faults, "fault"), (first.runs, "seed")]
    told = ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in several)
    yield f"{told} each: {runs:,} runs"


def _held(cell: Cell, *, plain: bool) -> str:
    held = cell.held == cell.runs
    sign = _sign(held=held, plain=plain)
    return f"{sign} {cell.runs}" if held else f"{sign} {cell.broken}/{cell.runs}"


def _sign(*, held: bool, plain: bool) -> str:
    if plain:
        return "ok" if held else "X"
    return "✓" if held else "✗"


def _counter_examples(cells: Sequence[Cell], traces: Mapping[str, str], *, markdown: bool) -> Iterator[str]:
    """One for each guarantee that did not hold, and one for each fault where AWS gives it."""
    seen: set[str] = set()
    shown: list[tuple[Cell, Run]] = []
    for cell in cells:
        if cell.shown is None or (not cell.given and cell.guarantee in seen):
            continue
        seen.add(cell.guarantee)
        shown.append((cell, cell.shown))
    if not shown:
        return
    yield ""
    yield "Counter-examples, the first of each:"
    if markdown:
        yield ""
    for cell, run in shown:
        found = run.broken[cell.guarantee]
        words = GUARANTEES[cell.guarantee].words
        settings = run.case.settings
        broken = "BROKEN, AWS gives it: " if cell.given else ""
        bullet = "- " if markdown else "  "
        yield f"{bullet}{broken}{words}: {found.sentence}"
        where = f"{cell.fault}, {settings.shards} shard{'' if settings.shards == 1 else 's'}, {settings.words}, seed {run.seed}"
        yield f"    {where}{_lines(found.lines, traces.get(file_of(run)))}"


def _lines(lines: Sequence[int], trace: str | None) -> str:
    if not lines:
        return "" if trace is None else f"; {trace}"
    noun = "line" if len(lines) == 1 else "lines"
    told = f"; {noun} {' and '.join(map(str, lines))}"
    return f"{told} of {trace}" if trace is not None else f"{told} of its trace"


def _costs(rows: Sequence[Row]) -> Table:
    """A line for each fault and settings, one for several where they come to the same; shards stand side by side."""
    shards = sorted({row.case.settings.shards for row in rows})
    groups: dict[tuple[str, int], dict[_Choice, dict[int, Figures]]] = {}
    for row in rows:
        own = row.case.settings
        by_choice = groups.setdefault((row.case.fault, own.lanes), {})
        by_choice.setdefault((own.bisects, own.reports), {})[own.shards] = row.figures
    headers = ["fault", "lanes", "bisect", "partial", "blocked", "again", "out of order", "given up", "lost"]
    headers += [f"records/s, {count} shard{'' if count == 1 else 's'}" for count in shards]
    lines = [
        [fault, str(lanes), bisects, reports, *cells]
        for (fault, lanes), by_choice in groups.items()
        for bisects, reports, cells in _merged(
            {choice: _cost(by_shards, shards) for choice, by_shards in by_choice.items()}
        )
    ]
    return Table(headers, lines, words=4)


#: Whether batches are bisected, and whether the function reports the records that fail.
_Choice = tuple[bool, bool]
_WORDS: Final = ("no", "yes")


def _merged(costs: Mapping[_Choice, list[str]]) -> Iterator[tuple[str, str, list[str]]]:
    """The lines, with `any` where a setting makes no difference."""
    if len({tuple(cells) for cells in costs.values()}) == 1:
        yield "any", "any", next(iter(costs.values()))
        return
    for bisects in (False, True):
        own = {reports: cells for (choice, reports), cells in costs.items() if choice == bisects}
        if len(own) == 2 and own[False] == own[True]:
            yield _WORDS[bisects], "any", own[False]
        else:
            yield from ((_WORDS[bisects], _WORDS[reports], cells) for reports, cells in own.items())


def _cost(by_shards: Mapping[int, Figures], shards: Sequence[int]) -> list[str]:
    together = sum(by_shards.values(), start=Figures())
    counts = (together.again, together.out_of_order, together.discarded)
    return [
        show_duration(together.blocked_longest),
        *(f"{1000 * count / together.records:.0f}" for count in counts),
        str(together.lost),
        *(f"{by_shards[count].throughput:.0f}" for count in shards),
    ]
