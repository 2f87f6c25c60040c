"""What the rows of the benchmark say about each guarantee under each fault, all settings together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from streamsim.ordering.benchmark import Row
from streamsim.ordering.guarantees import GUARANTEES
from streamsim.ordering.runs import Run


@dataclass(slots=True)
class Cell:
    """A guarantee under a fault: it held in `held` of `runs`; `shown` is the first run that broke it, None when none did.

    Where AWS gives it under some settings only, there are two cells; `lanes` are those of this one.
    """

    backend: str
    fault: str
    guarantee: str
    given: bool
    lanes: list[int] = field(default_factory=list)
    runs: int = 0
    held: int = 0
    shown: Run | None = None

    @property
    def broken(self) -> int:
        """In how many runs it did not hold."""
        return self.runs - self.held


#: What tells the lines of a table apart: the guarantee, and whether AWS gives it.
Line = tuple[str, bool]


def cells_of(rows: Sequence[Row]) -> list[Cell]:
    """The cells by backend, guarantee and fault, those that AWS gives first."""
    found: dict[tuple[str, bool, str, str], Cell] = {}
    for row in rows:
        for name in GUARANTEES:
            case, given = row.case, row.given(name)
            key = (case.backend, not given, name, case.fault)
            cell = found.setdefault(key, Cell(case.backend, case.fault, name, given))
            if case.settings.lanes not in cell.lanes:
                cell.lanes.append(case.settings.lanes)
            cell.runs += row.runs
            cell.held += row.held[name]
            cell.shown = cell.shown or row.shown.get(name)
    backends: list[str] = list(dict.fromkeys(row.case.backend for row in rows))
    names, faults = list(GUARANTEES), list(dict.fromkeys(row.case.fault for row in rows))
    order = sorted(
        found, key=lambda key: (backends.index(key[0]), key[1], names.index(key[2]), faults.index(key[3]))
    )
    return [found[key] for key in order]


def lines_of(cells: Iterable[Cell]) -> Iterator[tuple[str, list[Cell]]]:
    """Each line of the table: its words and its cells, a fault each. The cells are one backend's."""
    lines: dict[Line, list[Cell]] = {}
    for cell in cells:
        lines.setdefault((cell.guarantee, cell.given), []).append(cell)
    for (name, _given), own in lines.items():
        guarantee, lanes = GUARANTEES[name], own[0].lanes
        many = ""
        if guarantee.given(1) != guarantee.given(2):
            many = f", {' or '.join(map(str, lanes))} {'lane' if lanes == [1] else 'lanes'}"
        yield guarantee.words + many, own
