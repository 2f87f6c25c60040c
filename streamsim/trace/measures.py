"""The measures of a run: takes its events one by one and reports `streamsim.trace.catalogue.MEASURES` of them.

Knows the events and nothing of how they came about, so it measures live runs and recorded traces alike. Memory does
not grow with time: what one mapping needs is `streamsim.trace.tally`'s business.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from streamsim.model.events import Event, Fault
from streamsim.trace.catalogue import MEASURES, Measure, Value
from streamsim.trace.header import Header
from streamsim.trace.tally import TAKES, Tally
from streamsim.trace.totals import Totals

__all__ = ["MEASURES", "Measure", "Measures", "Value", "flatten"]


class Measures:
    """Takes events, in the order in which they happen, and reports the measures at any time."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._tallies = {name: self._tally(settings) for name, settings in header.mappings.items()}
        self._end = 0

    def _tally(self, settings: Mapping[str, Any]) -> Tally:
        function = settings.get("FunctionName", "default")
        memory = self._header.functions.get(function, {}).get("MemorySize", 128)
        return Tally(function, settings.get("ParallelizationFactor", 1), memory)

    def take(self, event: Event) -> None:
        """Counts an event. `KeyError` when the header does not know its mapping.

        The bound method is the faster sink; calling the object does the same.
        """
        self._end = event.t
        kind = type(event)
        if kind is not Fault:
            TAKES[kind](self._tallies[event[1]], event)

    __call__ = take

    @property
    def end(self) -> int:
        """When the last event happened: microseconds since the start."""
        return self._end

    def report(self, violations: Mapping[str, int] | None = None) -> dict[str, Any]:
        """The measures as nested values by the parts of their names; with several mappings also each one's alone.

        `violations` counts the oracle's findings by mapping; None when it was not asked.
        """
        report = self._report(
            tuple(self._tallies.values()), None if violations is None else sum(violations.values())
        )
        if len(self._tallies) > 1:
            report["mappings"] = {
                name: self._report((tally,), None if violations is None else violations.get(name, 0))
                for name, tally in self._tallies.items()
            }
        return report

    def _report(self, tallies: Sequence[Tally], violations: int | None) -> dict[str, Any]:
        totals = Totals(tallies, self._end, violations)
        report: dict[str, Any] = {}
        for name, measure in MEASURES.items():
            group, _, leaf = name.rpartition(".")
            (report.setdefault(group, {}) if group else report)[leaf] = measure.of(totals)
        return report


def flatten(report: Mapping[str, Any]) -> dict[str, Value]:
    """A report's values by measure name; those of single mappings as `mapping.name`."""
    flat: dict[str, Value] = {}
    for name, value in report.items():
        if name == "mappings":
            for mapping, alone in value.items():
                flat |= {f"{mapping}.{measure}": of for measure, of in flatten(alone).items()}
        elif isinstance(value, Mapping):
            flat |= {f"{name}.{leaf}": of for leaf, of in value.items()}
        else:
            flat[name] = value
    return flat
