"""All terms there are, gathered from the rooms whose words they are. Adds what goes across them, and no text."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from inspect import getdoc
from typing import Any, Final

from streamsim.reference.settings import settings
from streamsim.reference.shown import SHOWN
from streamsim.reference.term import Kind, Term
from streamsim.rules import meanings
from streamsim.rules.parameters import PARAMETERS
from streamsim.scenario.expectations import WORDS
from streamsim.scenario.told import CREATE_MAPPING, OURS
from streamsim.trace.catalogue import MEASURES, TRAFFIC_MEASURES
from streamsim.trace.catalogue_cloudwatch import CLOUDWATCH
from streamsim.trace.decoding import EVENTS
from streamsim.trace.measure import Measure
from streamsim.trace.violation import ANOMALIES

#: What a measure may be, by its unit.
_RANGES: Final = {"count": "0 or more", "ms": "0 or more; null: it never happened", "USD": "0 or more"}

_MOST_RELATED: Final = 6
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]")


@cache
def terms() -> tuple[Term, ...]:
    """Every term, by kind, in the order of the tables they are from."""
    found = [
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
    shown = [replace(one, scenario=SHOWN.get((one.kind, one.name), "")) for one in found]
    related = _relations(shown)
    return tuple(replace(one, related=related[place]) for place, one in enumerate(shown))


def _parameters() -> Iterator[Term]:
    for one in PARAMETERS:
        if one.refused:
            meaning = f"Refused: {one.refused}."
            yield Term(one.name, "parameter", meaning, CREATE_MAPPING, range=one.range, default=one.default)


def _measures(measures: Mapping[str, Measure[Any]], prefix: str = "") -> Iterator[Term]:
    for name, one in measures.items():
        kind: Kind = "metric" if not prefix and name in CLOUDWATCH else "measure"
        span = " or ".join(WORDS.get(name, ())) or _RANGES[one.unit]
        yield Term(prefix + name, kind, one.meaning, one.evidence, unit=one.unit, range=span)


def _meanings(kind: Kind, table: Mapping[str, meanings.Meaning]) -> Iterator[Term]:
    for name, (text, evidence) in table.items():
        yield Term(name, kind, text, evidence)


def _relations(all_: list[Term]) -> list[tuple[str, ...]]:
    """Of each term the names of those that its meaning mentions, and of those whose meaning mentions it."""
    named = _names(all_)
    mentions = [[named[word] for word in _WORD.findall(one.meaning) if word in named] for one in all_]
    mentioning: dict[str, list[str]] = {}
    for one, others in zip(all_, mentions, strict=True):
        for other in others:
            mentioning.setdefault(other, []).append(one.name)
    return [
        tuple(name for name in dict.fromkeys([*others, *mentioning.get(one.name, ())]) if name != one.name)[
            :_MOST_RELATED
        ]
        for one, others in zip(all_, mentions, strict=True)
    ]


def _names(all_: list[Term]) -> dict[str, str]:
    """The full name of each term that a text may mention: by its last word where that is AWS's or has several parts."""
    found: dict[str, str] = {}
    for one in all_:
        last = one.name.rpartition(".")[2]
        distinct = last[:1].isupper() or "_" in last or "-" in last
        for name in (one.name, last) if distinct else (one.name,):
            if distinct or "." in name:
                found.setdefault(name, one.name)
    return found
