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
    from streamsim.scenario.errors import ScenarioError
    from streamsim.scenario.load import load, load_text, variants
    from streamsim.scenario.models import Scenario
    from streamsim.scenario.play import Played, play
    from streamsim.trace.header import Header
    from streamsim.trace.measures import MEASURES, Measures
    from streamsim.trace.ndjson import TraceError, TraceWriter, read_trace
    from streamsim.trace.oracle import Oracle
    from streamsim.trace.violation import Violation

#: Where each public name lives. They are imported when first used: `streamsim --help` needs none of them.
_HOMES = {
    "Event": "streamsim.model.events",
    "EventSourceMapping": "streamsim.model.mapping",
    "Header": "streamsim.trace.header",
    "MEASURES": "streamsim.trace.measures",
    "Measures": "streamsim.trace.measures",
    "Oracle": "streamsim.trace.oracle",
    "Played": "streamsim.scenario.play",
    "Report": "streamsim.report.notebook",
    "Scenario": "streamsim.scenario.models",
    "ScenarioError": "streamsim.scenario.errors",
    "TraceError": "streamsim.trace.ndjson",
    "TraceWriter": "streamsim.trace.ndjson",
    "Violation": "streamsim.trace.violation",
    "load": "streamsim.scenario.load",
    "load_text": "streamsim.scenario.load",
    "play": "streamsim.scenario.play",
    "read_trace": "streamsim.trace.ndjson",
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
