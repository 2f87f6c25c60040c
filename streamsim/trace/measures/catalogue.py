"""Every measure: its name, its unit, its meaning in a sentence, the evidence for it, and the formula.

CloudWatch's names and meanings where it has the measure; ours are lower case. A report, an expectation and the help
texts all read these tables.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from streamsim.trace.measures.catalogue_cloudwatch import CLOUDWATCH
from streamsim.trace.measures.catalogue_ours import STREAMS
from streamsim.trace.measures.catalogue_traffic import TRAFFIC
from streamsim.trace.measures.measure import Measure, Value
from streamsim.trace.measures.totals import Totals

__all__ = ["MEASURES", "TRAFFIC_MEASURES", "Measure", "Value", "measure_of", "names_of"]

#: Every measure of mappings by its name, in the order of the report. Sums are over all mappings.
MEASURES: Final[Mapping[str, Measure[Totals]]] = MappingProxyType({**CLOUDWATCH, **STREAMS})

#: Every measure of sources that are no streams, by its name without `traffic.` and without the source's.
TRAFFIC_MEASURES: Final = TRAFFIC

_TRAFFIC: Final = "traffic"


def measure_of(name: str) -> Measure[Any] | None:
    """The measure of this name: `Errors`, `mapping.Errors`, `traffic.errors`, `traffic.source.errors`; None without one."""
    first, _, rest = name.partition(".")
    if first == _TRAFFIC:
        for known in (rest, rest.partition(".")[2]):
            if known in TRAFFIC_MEASURES:
                return TRAFFIC_MEASURES[known]
    for known in (name, rest):
        if known in MEASURES:
            return MEASURES[known]
    return None


def names_of(mappings: Iterable[str] = (), sources: Iterable[str] = ()) -> Iterator[str]:
    """The names of all measures of a run that has these: several mappings also have measures of their own each."""
    yield from MEASURES
    mappings, sources = tuple(mappings), tuple(sources)
    if len(mappings) > 1:
        yield from (f"{mapping}.{name}" for mapping in mappings for name in MEASURES)
    if sources:
        yield from (f"{_TRAFFIC}.{name}" for name in TRAFFIC_MEASURES)
        yield from (f"{_TRAFFIC}.{source}.{name}" for source in sources for name in TRAFFIC_MEASURES)
