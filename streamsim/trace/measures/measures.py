"""The measures of a run: takes its events one by one and reports `streamsim.trace.measures.catalogue` of them.

Knows the events and nothing of how they came about, so it measures live runs and recorded traces alike. Memory does
not grow with time: what one mapping needs is `streamsim.trace.measures.tally`'s business, what a source that is no stream
needs is `streamsim.trace.measures.traffic`'s.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from streamsim.model.events import (
    BEYOND_MAPPINGS,
    Event,
    EventLost,
    Fault,
    Invoke,
    Produced,
    Request,
    Reshard,
    Response,
    Result,
    WindowClose,
)
from streamsim.model.units import SECOND
from streamsim.trace.format.header import Header
from streamsim.trace.measures.catalogue import MEASURES, TRAFFIC_MEASURES, Measure, Value
from streamsim.trace.measures.event_counts import counts_events
from streamsim.trace.measures.producing import Producing
from streamsim.trace.measures.provisioned import Provisioned
from streamsim.trace.measures.tally import LATE, TAKES, Tally
from streamsim.trace.measures.totals import Totals, TrafficTotals
from streamsim.trace.measures.traffic import TAKES as TAKES_OF_SOURCE
from streamsim.trace.measures.traffic import InFlight, SourceTally

__all__ = ["MEASURES", "TRAFFIC_MEASURES", "Measure", "Measures", "Value", "flatten"]


class Measures:
    """Takes events, in the order in which they happen, and reports the measures at any time."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._tallies = {name: self._tally(settings) for name, settings in header.mappings.items()}
        self._sources = {name: self._source(settings) for name, settings in header.traffic.items()}
        self._traffic_in_flight = InFlight()
        self._reshards: dict[str, int] = {}  # by stream
        self._producing: dict[str, Producing] = {}  # likewise
        self._end = 0
        function_of = {name: tally.function for name, tally in self._tallies.items()}
        functions = {*function_of.values(), *(source.function for source in self._sources.values())}
        self._together = _Together(functions, function_of) if len(functions) > 1 else None
        provisioned = Provisioned(header)
        self._kept = [kept for name, kept in provisioned.kept.items() if name in functions]
        self._provisioned = provisioned if self._kept else None

    def _tally(self, settings: Mapping[str, Any]) -> Tally:
        function = settings.get("FunctionName", "default")
        late = LATE + settings.get("MaximumBatchingWindowInSeconds", 0) * SECOND
        event_count = counts_events(settings, default=True)
        lanes = settings.get("ParallelizationFactor", 1)
        hand_over = settings.get("hand_over", 0)
        return Tally(function, lanes, self._memory(function), late, hand_over, event_count=event_count)

    def _source(self, settings: Mapping[str, Any]) -> SourceTally:
        return SourceTally(settings, self._memory(settings.get("FunctionName", "default")))

    def _memory(self, function: str) -> int:
        memory: int = self._header.functions.get(function, {}).get("MemorySize", 128)
        return memory

    def take(self, event: Event) -> None:
        """Counts an event. `KeyError` when the header does not know its mapping or its source.

        The bound method is the faster sink; calling the object does the same.
        """
        self._end = event.t
        kind = type(event)
        if kind not in BEYOND_MAPPINGS:
            TAKES[kind](self._tallies[event[1]], event)
        else:
            self._take_beyond(event)
        if self._together is not None:
            self._together.take(event)
        if self._provisioned is not None:
            self._take_provisioned(event, self._provisioned)

    __call__ = take

    def _take_provisioned(self, event: Event, provisioned: Provisioned) -> None:
        """Notes what is billed at the price of a provisioned environment."""
        match event:
            case Invoke() | WindowClose():
                provisioned.begin(self._tallies[event.mapping].function, event[1:4])
            case Request():
                provisioned.begin(event.function, (event.source, event.request_id))
            case Result():
                self._tallies[event.mapping].billed_provisioned += provisioned.end(event[1:4], event)
            case Response():
                source = self._sources[event.source]
                source.billed_provisioned += provisioned.end((event.source, event.request_id), event)
            case _:
                pass

    def _take_beyond(self, event: Event) -> None:
        """Counts an event that belongs to no mapping."""
        match event:
            case Request():
                TAKES_OF_SOURCE[Request](self._sources[event.source], event)
                self._traffic_in_flight.begin()
            case Response():
                TAKES_OF_SOURCE[Response](self._sources[event.source], event)
                self._traffic_in_flight.end(event)
            case EventLost():
                TAKES_OF_SOURCE[EventLost](self._sources[event.source], event)
            case Reshard(stream=stream):
                self._reshards[stream] = self._reshards.get(stream, 0) + 1
            case Produced(stream=stream):
                self._producing.setdefault(stream, Producing()).take(event)
            case Fault():
                pass

    @property
    def end(self) -> int:
        """When the last event happened: microseconds since the start."""
        return self._end

    def report(self, violations: Mapping[str, int] | None = None) -> dict[str, Any]:
        """The measures as nested values by the parts of their names; with several mappings also each one's alone.

        Where there are sources that are no streams, `traffic` has their measures together, and each one's alone under
        `sources`. `violations` counts the oracle's findings by mapping; None when it was not asked.
        """
        together = self._together.most if self._together else None
        found = None if violations is None else sum(violations.values())
        tallies, sources = tuple(self._tallies.values()), tuple(self._sources.values())
        report = _nested(
            MEASURES,
            Totals(
                tallies,
                self._end,
                found,
                together,
                sources,
                sum(self._reshards.values()),
                tuple(self._producing.values()),
                self._kept,
            ),
        )
        if len(tallies) > 1:
            report["mappings"] = {name: self._report_of(name, violations) for name in self._tallies}
        if sources:
            report["traffic"] = self._traffic(sources, self._traffic_in_flight)
            report["traffic"]["sources"] = {
                name: self._traffic([source], source.in_flight) for name, source in self._sources.items()
            }
        return report

    def _report_of(self, mapping: str, violations: Mapping[str, int] | None) -> dict[str, Any]:
        found = None if violations is None else violations.get(mapping, 0)
        stream = self._header.mappings[mapping].get("StreamName", "default")
        totals = Totals(
            [self._tallies[mapping]],
            self._end,
            found,
            reshards=self._reshards.get(stream, 0),
            producing=[self._producing[stream]] if stream in self._producing else (),
        )
        return _nested(MEASURES, totals)

    def _traffic(self, sources: Sequence[SourceTally], in_flight: InFlight) -> dict[str, Any]:
        return _nested(TRAFFIC_MEASURES, TrafficTotals(sources, self._end, in_flight))


def _nested(measures: Mapping[str, Measure[Any]], totals: Any) -> dict[str, Any]:
    """The measures of these totals: `a.b.c` is `{"a": {"b": {"c": …}}}`."""
    report: dict[str, Any] = {}
    for name, measure in measures.items():
        *groups, leaf = name.split(".")
        place = report
        for group in groups:
            place = place.setdefault(group, {})
        place[leaf] = measure.of(totals)
    return report


class _Together:
    """The executions in flight of several functions at once; an event tells only its own function's."""

    def __init__(self, functions: Iterable[str], function_of: Mapping[str, str]) -> None:
        """`function_of` goes by mapping."""
        self._function_of = function_of
        self._in_flight = dict.fromkeys(sorted(functions), 0)
        self.most = 0

    def take(self, event: Event) -> None:
        """Follows the executions from the requests that were granted to their results."""
        match event:
            case Invoke() | WindowClose():
                self._grant(self._function_of[event.mapping], event.concurrency)
            case Request():
                self._grant(event.function, event.concurrency)
            case Result() if event.outcome not in {"throttled", "too_large"}:
                self._in_flight[self._function_of[event.mapping]] -= 1
            case Response() if event.outcome not in {"throttled", "too_large"}:
                self._in_flight[event.function] -= 1
            case _:
                pass

    def _grant(self, function: str, concurrency: int) -> None:
        self._in_flight[function] = concurrency
        self.most = max(self.most, sum(self._in_flight.values()))


def flatten(report: Mapping[str, Any], prefix: str = "") -> dict[str, Value]:
    """A report's values by measure name; of single mappings as `mapping.name`, of sources as `traffic.source.name`."""
    flat: dict[str, Value] = {}
    for name, value in report.items():
        if not isinstance(value, Mapping):
            flat[prefix + name] = value
        elif name in {"mappings", "sources"}:
            for part, alone in value.items():
                flat |= flatten(alone, f"{prefix}{part}.")
        else:
            flat |= flatten(value, f"{prefix}{name}.")
    return flat
