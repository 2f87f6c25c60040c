"""Runs of a mapping with a real handler in virtual time."""

from collections.abc import Sequence
from pathlib import Path

from streamsim.functions.logs import LogEvent
from streamsim.model.events import Event, Result
from streamsim.scenario.load import load_text
from streamsim.scenario.play import run_world
from tests.functions.handlers import write

SCENARIO = """
scenario: A handler
seed: 7
stream: {{type: {kind}{shards}}}
producer: {{records: [{records}]}}
mapping: {{{mapping}}}
function: {{handler: "app:handler", {function}}}
faults: [{faults}]
account: {{limits: {limits}}}
"""


def played(
    folder: Path,
    code: str,
    *,
    records: str = "{key: a, data: 1}",
    shards: int = 1,
    mapping: str = "MaximumRetryAttempts: 2",
    function: str = "model: {duration: 100ms}",
    faults: str = "",
    limits: str = "current",
    kind: str = "kinesis",
) -> tuple[list[Event], dict[str, list[LogEvent]]]:
    """The events of a run, and its log by stream."""
    write(folder, code)
    text = SCENARIO.format(
        records=records,
        shards=f", shards: {shards}" if shards > 1 else "",
        mapping=mapping,
        function=function,
        faults=faults,
        limits=limits,
        kind=kind,
    )
    scenario = load_text(text, str(folder / "scenario.yaml"))
    events: list[Event] = []
    log: dict[str, list[LogEvent]] = {}

    def journal(group: str, stream: str, lines: list[LogEvent]) -> None:
        assert group == "/aws/lambda/default"
        log.setdefault(stream, []).extend(lines)

    run_world(scenario, [events.append], journal=journal)
    return events, log


def results(events: Sequence[Event]) -> list[Result]:
    return [event for event in events if isinstance(event, Result)]


def texts(log: dict[str, list[LogEvent]]) -> list[str]:
    return [line.text for lines in log.values() for line in lines]
