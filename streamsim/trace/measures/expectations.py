"""Whether a measure's value is what somebody expected. Knows measures and their values, not how tests are written."""

from collections.abc import Iterable
from difflib import get_close_matches
from operator import eq, ge, gt, le, lt
from typing import Any, Final, Literal

from streamsim.trace.measures.catalogue import MEASURES, Measure, Value, measure_of

#: How a value is compared with the operand; `in` is a range with both ends included.
Operator = Literal["==", "!=", "<=", ">=", "<", ">", "in"]

#: A number in the measure's unit, a word, None for never, or the ends of a range.
Operand = Value | tuple[int | float, int | float]

_COMPARISONS: Final[dict[Operator, Any]] = {"<=": le, ">=": ge, "<": lt, ">": gt}


def evaluate(measure: str, operator: Operator, operand: Operand, value: Value) -> bool:
    """Whether the measure's value passes the test.

    `all` also is `all but discarded`. A word or None (it never happened) is equal or not, but never in a range or
    more or less than anything. `KeyError` with a hint when there is no such measure; `measure` may begin with a
    mapping's name and a dot.
    """
    measure_named(measure)
    if operator == "==":
        return _same(operand, value)
    if operator == "!=":
        return not _same(operand, value)
    if not isinstance(value, (int, float)):
        return False
    if operator == "in":
        if not isinstance(operand, tuple):
            raise TypeError(f"a range has two ends, {operand!r} has not")
        return operand[0] <= value <= operand[1]
    if not isinstance(operand, (int, float)):
        raise TypeError(f"{operator} compares numbers, not {operand!r}")
    return bool(_COMPARISONS[operator](value, operand))


def _same(operand: Operand, value: Value) -> bool:
    return bool(eq(operand, value)) or (operand == "all but discarded" and value == "all")


def measure_named(name: str) -> Measure[Any]:
    """The measure of this name, with or without a mapping's or a source's; `KeyError` with a hint without one."""
    found = measure_of(name)
    if found is not None:
        return found
    nearest = closest(name)
    hint = f"; did you mean {nearest}?" if nearest else ""
    raise KeyError(f"there is no measure {name!r}{hint}")


def closest(name: str, names: Iterable[str] = MEASURES) -> str | None:
    """The known name that looks most like this one, in whatever case; None when none does."""
    folded = {known.lower(): known for known in names}
    found = get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None
