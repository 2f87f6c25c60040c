"""The measures of a run: takes its events one by one and reports `streamsim.trace.catalogue.MEASURES` of them.

Knows the events and nothing of how they came about, so it measures live runs and recorded traces alike. Memory does
not grow with time: what one mapping needs is `streamsim.trace.tally`'s business.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from streamsim.model.events import BEYOND_MAPPINGS, Event, Invoke, Produced, Result
from streamsim.model.units import SECOND
from streamsim.trace.catalogue import MEASURES, Measure, Value
from streamsim.trace.header import Header
from streamsim.trace.producing import Producing
from streamsim.trace.tally import LATE, TAKES, Tally
from streamsim.trace.totals import Totals

__all__ = ["MEASURES", "Measure", "Measures", "Value", "flatten"]


class Measures:
    """Takes events, in the order in which they happen, and reports the measures at any time."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._tallies = {name: self._tally(settings) for name, settings in header.mappings.items()}
        self._producing: dict[str, Producing] = {}  # by stream
        self._end = 0
        function_of = {name: tally.function for name, tally in self._tallies.items()}
        self._together = _Together(function_of) if len(set(function_of.values())) > 1 else None

    def _tally(self, settings: Mapping[str, Any]) -> Tally:
        function = settings.get("FunctionName", "default")
        memory = self._header.functions.get(function, {}).get("MemorySize", 128)
        late = LATE + settings.get("MaximumBatchingWindowInSeconds", 0) * SECOND
        return Tally(function, settings.get("ParallelizationFactor", 1), memory, late)

    def take(self, event: Event) -> None:
        """Counts an event. `KeyError` when the header does not know its mapping.

        The bound method is the faster sink; calling the object does the same.
        """
        self._end = event.t
        kind = type(event)
        if kind not in BEYOND_MAPPINGS:
            TAKES[kind](self._tallies[event[1]], event)
            if self._together is not None:
                self._together.take(event)
        elif isinstance(event, Produced):
            self._producing.setdefault(event.stream, Producing()).take(event)

    __call__ = take

    @property
    def end(self) -> int:
        """When the last event happened: microseconds since the start."""
        return self._end

    def report(self, violations: Mapping[str, int] | None = None) -> dict[str, Any]:
        """The measures as nested values by the parts of their names; with several mappings also each one's alone.

        `violations` counts the oracle's findings by mapping; None when it was not asked.
        """
        together = self._together.most if self._together else None
        report = self._report(
            tuple(self._tallies.values()),
            tuple(self._producing.values()),
            None if violations is None else sum(violations.values()),
            together,
        )
        if len(self._tallies) > 1:
            report["mappings"] = {
                name: self._report(
                    (tally,),
                    self._of_stream(self._header.mappings[name]),
                    None if violations is None else violations.get(name, 0),
                )
                for name, tally in self._tallies.items()
            }
        return report

    def _of_stream(self, settings: Mapping[str, Any]) -> Sequence[Producing]:
        stream = settings.get("StreamName", "default")
        return (self._producing[stream],) if stream in self._producing else ()

    def _report(
        self,
        tallies: Sequence[Tally],
        producing: Sequence[Producing],
        violations: int | None,
        together: int | None = None,
    ) -> dict[str, Any]:
        totals = Totals(tallies, self._end, violations, together, producing)
        report: dict[str, Any] = {}
        for name, measure in MEASURES.items():
            group, _, leaf = name.rpartition(".")
            (report.setdefault(group, {}) if group else report)[leaf] = measure.of(totals)
        return report


class _Together:
    """The executions in flight of several functions at once; an event tells only its own function's."""

    def __init__(self, function_of: Mapping[str, str]) -> None:
        self._function_of = function_of
        self._in_flight = dict.fromkeys(function_of.values(), 0)
        self.most = 0

    def take(self, event: Event) -> None:
        """Follows the executions from the requests that were granted to their results."""
        if isinstance(event, Invoke):
            self._in_flight[self._function_of[event.mapping]] = event.concurrency
            self.most = max(self.most, sum(self._in_flight.values()))
        elif isinstance(event, Result) and event.outcome not in {"throttled", "too_large"}:
            self._in_flight[self._function_of[event.mapping]] -= 1


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
