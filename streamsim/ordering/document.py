"""The benchmark for machines: one JSON document. In virtual time nothing in it depends on when or where it ran."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from streamsim.ordering.benchmark import Row
from streamsim.ordering.cells import Cell, cells_of
from streamsim.ordering.guarantees import GUARANTEES
from streamsim.ordering.tables import file_of

FORMAT: Final = 1


def document_of(rows: Sequence[Row], seeds: Sequence[int], traces: Mapping[str, str]) -> dict[str, Any]:
    """`guarantees` are the cells of the table, `cases` what each combination came to; times are microseconds."""
    return {
        "format": FORMAT,
        "seeds": list(seeds),
        "sentences": {name: guarantee.sentence for name, guarantee in GUARANTEES.items()},
        "guarantees": [_cell(cell, traces) for cell in cells_of(rows)],
        "cases": [_case(row) for row in rows],
    }


def _cell(cell: Cell, traces: Mapping[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = {
        "backend": cell.backend,
        "guarantee": cell.guarantee,
        "given": cell.given,
        "ParallelizationFactor": sorted(cell.lanes),
        "fault": cell.fault,
        "runs": cell.runs,
        "held": cell.held,
        "counter_example": None,
    }
    if cell.shown is not None:
        found = cell.shown.broken[cell.guarantee]
        document["counter_example"] = {
            "case": cell.shown.case.name,
            "seed": cell.shown.seed,
            "sentence": found.sentence,
            "lines": list(found.lines),
            "trace": traces.get(file_of(cell.shown)),
        }
    return document


def _case(row: Row) -> dict[str, Any]:
    case = row.case
    return {
        "case": case.name,
        "backend": case.backend,
        "fault": case.fault,
        "settings": case.settings.document(),
        "runs": row.runs,
        "held": row.held,
        "figures": {**asdict(row.figures), "throughput": round(row.figures.throughput, 3)},
    }
