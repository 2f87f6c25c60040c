"""What a term is, and which kinds of terms there are. Knows none of them."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

Kind = Literal[
    "word", "setting", "parameter", "metric", "measure", "outcome", "condition", "event", "anomaly"
]

#: What each kind is called of one and of several, in the order in which terms are told.
KINDS: Final = MappingProxyType(
    {
        "word": ("word", "Words of streams and of those who read them"),
        "setting": ("setting", "Settings: the keys of a scenario file"),
        "parameter": (
            "parameter, refused",
            "Parameters of CreateEventSourceMapping that a scenario refuses",
        ),
        "metric": ("CloudWatch metric", "CloudWatch metrics"),
        "measure": ("measure", "Measures of ours"),
        "outcome": ("outcome", "Outcomes of an invocation or a record"),
        "condition": (
            "condition",
            "Conditions: what is seen of batches, responses, filters and mappings",
        ),
        "event": ("event of a trace", "Events of a trace"),
        "anomaly": ("broken guarantee", "Broken guarantees, as `streamsim verify` names them"),
    }
)


@dataclass(frozen=True, slots=True)
class Term:
    """A term by its full name, such as `mapping.BatchSize`, `IteratorAge.max` or `RetryAttemptsExhausted`.

    `meaning` may have paragraphs. Unit, range and default are empty where there is none. `scenario` is a file below
    `scenarios/` that shows it; `related` are names of other terms.
    """

    name: str
    kind: Kind
    meaning: str
    evidence: str
    unit: str = ""
    range: str = ""
    default: str = ""
    scenario: str = ""
    related: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """What a JSON document tells of it; what it has not is null."""
        return {
            "name": self.name,
            "kind": self.kind,
            "meaning": self.meaning,
            "unit": self.unit or None,
            "range": self.range or None,
            "default": self.default or None,
            "evidence": self.evidence,
            "scenario": self.scenario or None,
            "related": list(self.related),
        }
