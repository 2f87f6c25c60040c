"""What a lesson says of a run, in the words of `expect`: measures and tests, and counts of events.

A claim stands in a code span: `discarded: 1, invoke(record=10): 3`. Must not know lessons or how they are told.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from streamsim.lessons.patterns import Pattern, UnclearPatternError, pattern
from streamsim.report.phrases import measured
from streamsim.scenario.parts.expectations import Expectation, read_expectations
from streamsim.scenario.text.document import Entry, Node, compose
from streamsim.scenario.text.errors import Problem, ScenarioError, Span
from streamsim.trace.measures.expectations import evaluate
from streamsim.trace.measures.measure import Value

_COUNT: Final = re.compile(r"(==|!=|<=|>=|<|>)?\s*([0-9]+)")
_OPERATORS: Final = {"==": eq, "!=": ne, "<=": le, ">=": ge, "<": lt, ">": gt}


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a run: measures by name, events as a trace has them, documents with `event: document`."""

    metrics: Mapping[str, Value] = field(default_factory=dict)
    documents: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure and what it must be."""

    expectation: Expectation
    span: Span

    @property
    def name(self) -> str:
        """The measure's."""
        return self.expectation.measure

    @property
    def number(self) -> int | None:
        """The one number that it must be, None where it may be others or is none."""
        operand = self.expectation.operand
        return operand if self.expectation.op == "==" and isinstance(operand, int) else None

    def value(self, seen: Seen) -> Value:
        """What the run has."""
        return seen.metrics[self.name]

    def said(self, seen: Seen) -> str:
        """The same in words."""
        return measured(self.name, self.value(seen))

    def holds(self, seen: Seen) -> bool:
        """Whether that is as it must be."""
        return evaluate(self.name, self.expectation.op, self.expectation.operand, self.value(seen))


@dataclass(frozen=True, slots=True)
class Counted:
    """A pattern of events or documents, and how many there must be."""

    name: str
    pattern: Pattern
    operator: str
    operand: int
    span: Span

    @property
    def number(self) -> int | None:
        """The one number that it must be, None where it may be others."""
        return self.operand if self.operator == "==" else None

    def value(self, seen: Seen) -> int:
        """How many there are in the run."""
        return self.pattern.count(seen.documents)

    def said(self, seen: Seen) -> str:
        """The same in words."""
        return f"{self.value(seen):,}"

    def holds(self, seen: Seen) -> bool:
        """Whether that is as it must be."""
        return bool(_OPERATORS[self.operator](self.value(seen), self.operand))


Claim = Measured | Counted


def read_claims(span: Span) -> tuple[Claim, ...]:
    """The claims of a code span; `ScenarioError` with what is wrong, each at its place in the file."""
    line = span.source.lines[span.line]
    text = line[span.column : span.column + span.length]
    padding = "\n" * span.line + " " * (span.column - 1)  # so that what YAML finds has its place in the file
    node = compose(f"{padding}{{{text}}}", span.source)
    problems: list[Problem] = []
    claims: list[Claim] = []
    for name, entry in (node.entries or {}).items():
        try:
            claims.append(_counted(name, entry) if "(" in name else _measured(name, entry, node.span))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return tuple(claims)


def _measured(name: str, entry: Entry, span: Span) -> Measured:
    (expectation,) = read_expectations(Node(span, entries={name: entry}), {}, ())
    return Measured(expectation, entry.key)


def _counted(name: str, entry: Entry) -> Counted:
    try:
        found = pattern(name)
    except UnclearPatternError as error:
        raise ScenarioError([Problem(str(error), entry.key, error.hint)]) from None
    said = entry.node.scalar
    test = None if isinstance(said, bool) or said is None else _COUNT.fullmatch(str(said))
    if test is None:
        raise ScenarioError(
            [Problem("a count is a number, or compared with one", entry.node.span, "write 3 or '>= 3'")]
        )
    return Counted(name, found, test[1] or "==", int(test[2]), entry.key)
