"""What a scenario expects of its run: measures and tests, read into values that can be compared.

Knows which measures there are and their units, from the trace room's catalogue. Must not know how they are computed.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from pydantic_core import PydanticCustomError

from streamsim.model.processing_result import PROCESSING_RESULTS
from streamsim.model.units import MILLISECOND
from streamsim.rules.mapping.settings import described
from streamsim.scenario.parts.fields import microseconds
from streamsim.scenario.text.document import Entry, Node
from streamsim.scenario.text.errors import Problem, ScenarioError, did_you_mean
from streamsim.trace.measures.catalogue import names_of
from streamsim.trace.measures.expectations import Operand, Operator, measure_named

#: The words that word measures can be held to.
WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "delivered.at_least_once": ("all", "all but discarded"),
    "order.per_key": ("preserved",),
    "order.per_shard": ("preserved",),
    "order.contract": ("holds",),
    "State": ("Creating", "Enabling", "Enabled", "Disabling", "Disabled", "Updating", "Deleting"),
    "LastProcessingResult": PROCESSING_RESULTS,
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """A measure and what it must be. `test` is the scenario's text, `operand` is in the measure's unit (times: ms).

    `when` are the compared settings under which it applies, under the names that `compare` gives them; None: always.
    Line and column are 1-based, where the measure's name stands.
    """

    measure: str
    test: str
    op: Operator
    operand: Operand
    line: int
    column: int
    when: Mapping[str, Any] | None = None


#: Nobody reads on, and looking for similar words takes time.
_ENOUGH: Final = 50
_ENOUGH_NAMES: Final = 2_000


class _RefusedTestError(ValueError):
    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def read_expectations(
    node: Node,
    compared: Mapping[str, list[Any]],
    mappings: tuple[str, ...],
    sources: tuple[str, ...] = (),
) -> tuple[Expectation, ...]:
    """The expectations of a map, or of a list of maps, in their order; `ScenarioError` with all that is wrong.

    `compared` are the values of each compared setting; the names of `mappings` may precede a measure's, those of
    `sources` that are no streams one of `traffic`.
    """
    problems: list[Problem] = []
    found: list[Expectation] = []
    known = dict.fromkeys(names_of(mappings, sources))
    if node.entries is None and node.items is None:
        raise ScenarioError(
            [
                Problem(
                    f"expect is a map of measures and tests, not {described(node.scalar)}",
                    node.span,
                    "write {discarded: 0}",
                )
            ]
        )
    for group in [node] if node.items is None else node.items:
        if group.entries is None:
            problems.append(
                Problem(
                    "each item of expect is a map of measures and tests", group.span, "write {discarded: 0}"
                )
            )
            continue
        when = _when(group.entries, compared, problems)
        for name, entry in group.entries.items():
            if name == "when":
                continue
            if len(problems) >= _ENOUGH:
                break
            try:
                found.append(_expectation(name, entry, known, when))
            except _RefusedTestError as error:
                at_key = not error.args[0] or error.args[0].startswith("there is no measure")
                problems.append(Problem(str(error), entry.key if at_key else entry.node.span, error.hint))
    if problems:
        raise ScenarioError(problems)
    return tuple(found)


def _when(
    entries: Mapping[str, Entry], compared: Mapping[str, list[Any]], problems: list[Problem]
) -> Mapping[str, Any] | None:
    entry = entries.get("when")
    if entry is None:
        return None
    if entry.node.entries is None:
        problems.append(
            Problem("when is a map of compared settings", entry.node.span, "write {BatchSize: 100}")
        )
        return None
    when = {}
    for name, condition in entry.node.entries.items():
        value = condition.node.plain()
        if name not in compared:
            hint = did_you_mean(name, compared) or (
                f"compare has {', '.join(compared)}" if compared else "there is no `compare` in this scenario"
            )
            problems.append(Problem(f"{name!r} is not compared", condition.key, hint))
        elif value not in compared[name]:
            shown = ", ".join(str(one) for one in compared[name])
            problems.append(
                Problem(f"{name} is never {value}", condition.node.span, f"its values are {shown}")
            )
        when[name] = value
    return when


def _expectation(
    name: str, entry: Entry, known: Collection[str], when: Mapping[str, Any] | None
) -> Expectation:
    if name not in known:
        raise _RefusedTestError(f"there is no measure {name!r}", _hint(name, known))
    if entry.node.entries is not None or entry.node.items is not None:
        raise _RefusedTestError(
            f"a test is a value such as 0, '>= 5' or 1..3, not {described(entry.node.plain())}"
        )
    op, operand = _test(name, entry.node.scalar)
    test = "null" if entry.node.scalar is None else str(entry.node.scalar)
    return Expectation(name, test, op, operand, entry.key.line + 1, entry.key.column + 1, when)


def _hint(name: str, known: Collection[str]) -> str:
    """What was meant by a name that no measure has; of many names only those that begin alike are looked at."""
    group = name.partition(".")[0]
    alike = [one for one in known if one.startswith(f"{group}.")]
    if group == "traffic" and not alike:
        return "this scenario has no `traffic`"
    if nearest := did_you_mean(name, alike or list(islice(known, _ENOUGH_NAMES))):
        return nearest
    return f"measures of {group} are for example {alike[0]}" if alike else _SOME


_SOME: Final = "measures are for example discarded, IteratorAge.max, order.per_key"
_COMPARISON: Final = re.compile(r"(<=|>=|<|>|==|=|!=)\s*(.*)", re.DOTALL)
_RANGE: Final = re.compile(r"(.+?)\s*\.\.\s*(.+)", re.DOTALL)
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")


def _test(measure: str, value: object) -> tuple[Operator, Operand]:
    if isinstance(value, bool):
        raise _RefusedTestError(f"a test is no {described(value)}", "write a number, a comparison or a word")
    if not isinstance(value, str):
        return "==", _operand(measure, value)
    text = value.strip()
    if compared := _COMPARISON.fullmatch(text):
        op: Operator = "==" if compared[1] == "=" else compared[1]  # type: ignore[assignment]  # the pattern's choices
        operand = _operand(measure, compared[2].strip())
        if op not in {"==", "!="} and not isinstance(operand, int | float):
            raise _RefusedTestError(f"{compared[1]} compares numbers, and {compared[2]!r} is none")
        return op, operand
    if ends := _RANGE.fullmatch(text):
        low, high = _operand(measure, ends[1]), _operand(measure, ends[2])
        if not isinstance(low, int | float) or not isinstance(high, int | float):
            raise _RefusedTestError(f"{text!r} is no range", "write two numbers, such as 1..3")
        if low > high:
            raise _RefusedTestError(
                f"the range {text} is empty: its first end is the greater", f"write {ends[2]}..{ends[1]}"
            )
        return "in", (low, high)
    return "==", _operand(measure, text)


def _operand(measure: str, value: object) -> Operand:
    """A number in the measure's unit, one of its words, or None for never."""
    unit = measure_named(measure).unit
    if value is None or value in {"null", "never"}:
        return None
    if unit == "word":
        words = _words(measure)
        if value not in words:
            hint = did_you_mean(value, words) or f"write {' or '.join(words)}"
            raise _RefusedTestError(f"{measure} is {' or '.join(words)}, not {described(value)}", hint)
        return str(value)
    if unit == "ms":
        return _milliseconds(measure, value)
    if isinstance(value, int | float):
        return value
    text = str(value).replace("_", "").removesuffix(" USD")
    if not _NUMBER.fullmatch(text):
        hint = (
            f"write {_leading_number(str(value))}"
            if _leading_number(str(value))
            else "write for example 0, <= 5 or 1..3"
        )
        raise _RefusedTestError(f"{measure} is a number, and {str(value)[:60]!r} is none", hint)
    return _plain_number(Decimal(text))


def _words(measure: str) -> tuple[str, ...]:
    """The words of a measure, also of one mapping's."""
    return WORDS.get(measure) or WORDS[measure.partition(".")[2]]


def _leading_number(text: str) -> str:
    found = re.match(r"[0-9]{1,18}", text)
    return found[0] if found else ""


def _milliseconds(measure: str, value: object) -> int | float:
    """A time as CloudWatch counts it. 0 needs no unit."""
    if value in {0, "0"} and not isinstance(value, bool):
        return 0
    text = value if isinstance(value, str) else str(value)
    if _NUMBER.fullmatch(text):
        raise _RefusedTestError(f"{measure} is a time, and {text} has no unit", f"write {text}ms or {text}s")
    try:
        return _plain_number(Decimal(microseconds(text)) / MILLISECOND)
    except PydanticCustomError as error:
        complaint = (error.context or {})["complaints"][0]
        raise _RefusedTestError(complaint.message, complaint.hint) from None


def _plain_number(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)
