"""streamsim shows, before production does, what AWS Lambda will do with your stream.

>>> import streamsim
>>> scenario = streamsim.load_text('''
... scenario: One bad record and no retries
... stream: {type: kinesis, shards: 1}
... producer: {records: [{key: a}, {key: b}, {key: c}]}
... mapping: {MaximumRetryAttempts: 0, BisectBatchOnFunctionError: true}
... function: {model: {duration: 100ms}}
... faults: [{poison: {record: 1}}]
... ''')
>>> run = streamsim.play(scenario)
>>> run.holds, run.metrics["Invocations"], run.metrics["discarded"]
(True, 5, 1)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from streamsim.model.events import Event
    from streamsim.model.mapping import EventSourceMapping
    from streamsim.report.notebook import Report, run
    from streamsim.scenario.load import load, load_text, variants
    from streamsim.scenario.models import Scenario
    from streamsim.scenario.play import Played, play
    from streamsim.scenario.text.errors import ScenarioError
    from streamsim.trace.format.header import Header
    from streamsim.trace.format.ndjson import TraceError, TraceWriter, read_trace
    from streamsim.trace.measures.measures import MEASURES, Measures
    from streamsim.trace.oracle.oracle import Oracle
    from streamsim.trace.oracle.violation import Violation

#: Where each public name lives. They are imported when first used: `streamsim --help` needs none of them.
_HOMES = {
    "Event": "streamsim.model.events",
    "EventSourceMapping": "streamsim.model.mapping",
    "Header": "streamsim.trace.format.header",
    "MEASURES": "streamsim.trace.measures.measures",
    "Measures": "streamsim.trace.measures.measures",
    "Oracle": "streamsim.trace.oracle.oracle",
    "Played": "streamsim.scenario.play",
    "Report": "streamsim.report.notebook",
    "Scenario": "streamsim.scenario.models",
    "ScenarioError": "streamsim.scenario.text.errors",
    "TraceError": "streamsim.trace.format.ndjson",
    "TraceWriter": "streamsim.trace.format.ndjson",
    "Violation": "streamsim.trace.oracle.violation",
    "load": "streamsim.scenario.load",
    "load_text": "streamsim.scenario.load",
    "play": "streamsim.scenario.play",
    "read_trace": "streamsim.trace.format.ndjson",
    "run": "streamsim.report.notebook",
    "variants": "streamsim.scenario.load",
}

__all__ = [
    "MEASURES",
    "Event",
    "EventSourceMapping",
    "Header",
    "Measures",
    "Oracle",
    "Played",
    "Report",
    "Scenario",
    "ScenarioError",
    "TraceError",
    "TraceWriter",
    "Violation",
    "load",
    "load_text",
    "play",
    "read_trace",
    "run",
    "variants",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'streamsim' has no attribute {name!r}")
