"""All terms there are, gathered from the rooms whose words they are. Adds what goes across them, and no text."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from inspect import getdoc
from typing import Any, Final

from streamsim.reference.relations import relations
from streamsim.reference.settings import settings
from streamsim.reference.shown import shown_by
from streamsim.reference.term import Kind, Term
from streamsim.rules.mapping import meanings
from streamsim.rules.mapping.parameters import PARAMETERS
from streamsim.scenario.parts.expectations import WORDS
from streamsim.scenario.parts.told import CREATE_MAPPING, OURS
from streamsim.trace.format.decoding import EVENTS
from streamsim.trace.measures.catalogue import MEASURES, TRAFFIC_MEASURES
from streamsim.trace.measures.catalogue_cloudwatch import CLOUDWATCH
from streamsim.trace.measures.measure import Measure
from streamsim.trace.oracle.violation import ANOMALIES

#: What a measure may be, by its unit.
_RANGES: Final = {"count": "0 or more", "ms": "0 or more; null: it never happened", "USD": "0 or more"}
_EVENT_COUNT: Final = "0 or more; null: MetricsConfig does not ask for it"


@cache
def terms() -> tuple[Term, ...]:
    """Every term, by kind, in the order of the tables they are from."""
    found = [
        *_meanings("word", meanings.WORDS),
        *settings(),
        *_parameters(),
        *_measures(MEASURES),
        *_measures(TRAFFIC_MEASURES, "traffic."),
        *_meanings("outcome", meanings.OUTCOMES),
        *_meanings("outcome", meanings.RECORDS),
        *_meanings("condition", meanings.BATCHES),
        *_meanings("condition", meanings.CONDITIONS),
        *_meanings("condition", meanings.RESPONSES),
        *_meanings("condition", meanings.FILTERS),
        *_meanings("condition", meanings.STATES),
        *(Term(name, "event", getdoc(make) or "", OURS) for name, make in EVENTS.items()),
        *(Term(name, "anomaly", meaning, OURS) for name, meaning in ANOMALIES.items()),
    ]
    shown = [replace(one, scenario=shown_by(one.kind, one.name)) for one in found]
    related = relations(shown)
    return tuple(replace(one, related=related[place]) for place, one in enumerate(shown))


def _parameters() -> Iterator[Term]:
    for one in PARAMETERS:
        if one.refused:
            meaning = f"Refused: {one.refused}."
            yield Term(one.name, "parameter", meaning, CREATE_MAPPING, range=one.range, default=one.default)


def _measures(measures: Mapping[str, Measure[Any]], prefix: str = "") -> Iterator[Term]:
    for name, one in measures.items():
        kind: Kind = "metric" if not prefix and name in CLOUDWATCH else "measure"
        counted = _EVENT_COUNT if name.endswith("EventCount") else _RANGES.get(one.unit, "")
        span = " or ".join(WORDS.get(name, ())) or counted
        yield Term(prefix + name, kind, one.meaning, one.evidence, unit=one.unit, range=span)


def _meanings(kind: Kind, table: Mapping[str, meanings.Meaning]) -> Iterator[Term]:
    for name, (text, evidence) in table.items():
        yield Term(name, kind, text, evidence)
