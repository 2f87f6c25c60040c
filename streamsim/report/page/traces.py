"""A run for the page from the events of a trace, in one pass: measures, the oracle, the timeline and the columns."""

from collections.abc import Iterable

from streamsim.model.events import Event
from streamsim.report.page.columns import Columns
from streamsim.report.page.document import PageRun
from streamsim.report.picture.timeline import Timeline
from streamsim.trace.format.header import Header
from streamsim.trace.measures.measures import Measures
from streamsim.trace.oracle.oracle import Oracle


def run_of(header: Header, events: Iterable[Event]) -> PageRun:
    """The run that the events tell; nothing was expected of it. What reading raises goes through, ValueError included."""
    measures, oracle, timeline, columns = Measures(header), Oracle(header), Timeline(header), Columns()
    for event in events:
        measures.take(event)
        oracle.take(event)
        timeline(event)
        columns(event)
    violations = oracle.finish()
    by_mapping: dict[str, int] = {}
    for violation in violations:
        by_mapping[violation.mapping] = by_mapping.get(violation.mapping, 0) + 1
    return PageRun(header, measures.report(by_mapping), (), violations, timeline, columns, {})
