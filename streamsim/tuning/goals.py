"""How far a run is from what is asked of it, in one number, so that a search knows which way to go.

Knows expectations and measures. Must not know settings, nor how a run came about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, log2
from typing import Any, Final

from streamsim.scenario.parts.expectations import Expectation
from streamsim.trace.measures.amounts import LOSSES, lost
from streamsim.trace.measures.catalogue import Value
from streamsim.trace.measures.expectations import evaluate

#: How far a word is from another one, and a number from never: further than any number from its limit.
_FAR: Final = 64.0

#: What the rule about losses is called beside the names of measures.
LOST: Final = "lost"


@dataclass(frozen=True, slots=True)
class Goals:
    """What is asked of every run: expectations that hold whatever the settings, and a measure that is to be small.

    `losses` are the measures of `streamsim.trace.measures.amounts.LOSSES` that no expectation speaks of: of these, no run may
    have more together than today's settings under the same seed.
    """

    expected: Sequence[Expectation]
    minimise: str
    losses: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        named = {one.measure for one in self.expected}
        object.__setattr__(self, "losses", tuple(name for name in LOSSES if name not in named))

    def objective(self, values: Mapping[str, Value]) -> float:
        """The measure that is to be small; infinite where it never happened."""
        value = values[self.minimise]
        return float(value) if isinstance(value, int | float) else inf

    def lost(self, values: Mapping[str, Value]) -> int:
        """How many records and windows are lost of which no expectation speaks."""
        return lost(values, self.losses)

    def missed(self, values: Mapping[str, Value], allowed: int, violations: int) -> dict[int, float]:
        """How far each expectation that does not hold is missed, by its place: 1 and more.

        The place after the last one's is that of the losses, of which `allowed` are; the one after that is that of
        broken guarantees.
        """
        missed = {
            place: _missed(one, values[one.measure])
            for place, one in enumerate(self.expected)
            if not evaluate(one.measure, one.op, one.operand, values[one.measure])
        }
        if (more := self.lost(values) - allowed) > 0:
            missed[len(self.expected)] = 1 + log2(1 + more / max(1, allowed))
        if violations:
            missed[len(self.expected) + 1] = _FAR
        return missed


def _missed(expected: Expectation, value: Value) -> float:
    """Distances count in doublings of the limit: a search must see 24 h shrink to 1 h, and 6 s to 5 s, alike."""
    operand: Any = expected.operand
    low, high = operand if isinstance(operand, tuple) else (operand, operand)
    numbers = all(isinstance(one, int | float) for one in (low, high, value))
    if not numbers or expected.op == "!=":
        return 1.0 if value is not None and isinstance(value, str) else _FAR
    limit = low if value < low else high
    return 1 + log2(1 + abs(value - limit) / (abs(limit) or 1))
