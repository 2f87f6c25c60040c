"""Filter patterns: which JSON values match one, and which texts are patterns at all.

Knows the language of patterns and nothing of streams: where a pattern is rooted in a record is
`streamsim.rules.mapping.filters`' business. The language is that of the Lambda Developer Guide, "Control which events Lambda
sends to your function" (filter rule syntax):

    {"key": rule}            every key must match (AND); a rule for a key that is no object is a list
    [value, ...]             one of the list must match (OR)
    "x"  ""  null  true  5   equals; exact and case-sensitive, numbers by their text: 300, 300.0 and 3.0e2 differ
    {"anything-but": [...]}  a value that is none of these; one alone needs no list (recorded: Lambda takes a text)
    {"numeric": [">", 0, "<=", 5]}   = < <= > >= or a range; from -5e9 to 5e9
    {"exists": true}         there is a leaf, or with false there is none; an object is no leaf
    {"prefix": "x"}  {"suffix": "x"}  {"equals-ignore-case": "x"}
    {"$or": [{...}, {...}]}  one of the objects must match, beside the other keys

Of a key given twice the last counts (the 2023 edition of the page). An array in the data matches if one of its
elements does ("Amazon EventBridge event patterns": arrays match where they intersect).
assumed: what the page leaves open is taken from EventBridge, whose matcher Lambda's follows. So empty objects and
lists are refused, `anything-but` takes texts or numbers and not both, a range is a lower and then an upper bound,
and a number outside of the range that `numeric` takes matches none. assumed: an object inside an array must match
whole, an empty array is nothing, case is ignored as `str.lower` does, numbers are compared as doubles. Refused for
want of evidence that Lambda takes them: `wildcard`, and `anything-but` of an operator such as `prefix`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

#: What Lambda answers to whatever is no pattern; recorded (LocalStack's AWS-validated snapshots of API errors).
INVALID_PATTERN: Final = "Invalid filter pattern definition."

#: "Amazon EventBridge event patterns": numeric matching is between these two, both included.
LARGEST_NUMBER: Final = 5e9

#: assumed: how deep a pattern may be. 4,096 characters have room for some 800 levels, which nobody writes.
DEEPEST_PATTERN: Final = 100


class PatternError(ValueError):
    """The text is no filter pattern; the message says why, in our words."""


class NotJsonError(ValueError):
    """The text is no JSON."""


class Number(NamedTuple):
    """A JSON number as it is written."""

    text: str


#: A JSON value whose numbers are `Number`: None, bool, str, Number, list or dict.
Json = Any
Scalar = str | Number | bool | None


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """A value that is none of these."""

    values: frozenset[Scalar]

    def matches(self, value: Scalar) -> bool:
        """Whether a leaf matches."""
        return value not in self.values


@dataclass(frozen=True, slots=True)
class Numeric:
    """A number between two others; `open_low` and `open_high` leave out the bounds themselves."""

    low: float = -LARGEST_NUMBER
    high: float = LARGEST_NUMBER
    open_low: bool = False
    open_high: bool = False

    def matches(self, value: Scalar) -> bool:
        """Whether a leaf matches; numbers beyond `LARGEST_NUMBER` never do."""
        if not isinstance(value, Number):
            return False
        number = float(value.text)
        return (self.low < number if self.open_low else self.low <= number) and (
            number < self.high if self.open_high else number <= self.high
        )


@dataclass(frozen=True, slots=True)
class Prefix:
    """A text that begins like this."""

    text: str

    def matches(self, value: Scalar) -> bool:
        """Whether a leaf matches."""
        return isinstance(value, str) and value.startswith(self.text)


@dataclass(frozen=True, slots=True)
class Suffix:
    """A text that ends like this."""

    text: str

    def matches(self, value: Scalar) -> bool:
        """Whether a leaf matches."""
        return isinstance(value, str) and value.endswith(self.text)


@dataclass(frozen=True, slots=True)
class IgnoringCase:
    """This text, in whatever case; `text` is in lower case."""

    text: str

    def matches(self, value: Scalar) -> bool:
        """Whether a leaf matches."""
        return isinstance(value, str) and value.lower() == self.text


Operator = AnythingBut | Numeric | Prefix | Suffix | IgnoringCase


@dataclass(frozen=True, slots=True)
class Leaf:
    """A list of rules for one key: one of `equal`, one of `operators`, or that there is a leaf, or none."""

    equal: frozenset[Scalar]
    operators: tuple[Operator, ...] = ()
    present: bool = False
    absent: bool = False

    def matches(self, value: Json) -> bool:
        """Whether what a key holds matches."""
        if isinstance(value, list):
            scalars = [item for item in _elements(value) if not isinstance(item, dict)]
            return any(map(self._accepts, scalars)) if scalars else self.absent
        return self.absent if isinstance(value, dict) else self._accepts(value)

    def _accepts(self, value: Scalar) -> bool:
        return self.present or value in self.equal or any(rule.matches(value) for rule in self.operators)


@dataclass(frozen=True, slots=True)
class Pattern:
    """An object of rules: all of `keys`, and for each `$or` one of its patterns."""

    keys: tuple[tuple[str, "Leaf | Pattern"], ...]
    alternatives: tuple["Pattern", ...] = ()

    def matches(self, value: Json) -> bool:
        """Whether a JSON value matches; what is no object is taken as one without keys."""
        if isinstance(value, list):
            objects = [item for item in _elements(value) if isinstance(item, dict)]
            return any(map(self._accepts, objects or [_NOTHING]))
        return self._accepts(value if isinstance(value, dict) else _NOTHING)

    def _accepts(self, value: Mapping[str, Json]) -> bool:
        for name, rule in self.keys:
            if not rule.matches(value.get(name, _NOTHING)):
                return False
        return not self.alternatives or any(pattern.matches(value) for pattern in self.alternatives)


#: What stands where the data has nothing: no leaf, and an object without keys.
_NOTHING: Final[dict[str, Json]] = {}


def parse_pattern(text: str) -> Pattern:
    """The pattern that a text stands for; `PatternError` when it is none."""
    try:
        value = parse_json(text)
    except NotJsonError as error:
        raise PatternError(f"the pattern is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise PatternError('a pattern is a JSON object, such as {"data": {"kind": ["order"]}}')
    return _pattern(value, 1)


def parse_json(text: str) -> Json:
    """The JSON value of a text, numbers as `Number`, the last of a key given twice; `NotJsonError` when it is none.

    assumed: what is nested too deep for the interpreter's stack, some thousand levels, is none.
    """
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise NotJsonError(f"{error.msg.removesuffix(' at')} at character {error.pos + 1}") from None
    except RecursionError:
        raise NotJsonError("it is nested too deep") from None


def _no_constant(name: str) -> Json:
    raise NotJsonError(f"JSON has no {name}")


_DECODER: Final = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_no_constant)


def _elements(values: list[Json]) -> Iterator[Json]:
    """What an array holds, and the arrays in it."""
    waiting = values[::-1]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += reversed(value)
        else:
            yield value


def _pattern(value: dict[str, Json], depth: int) -> Pattern:
    if not value:
        raise PatternError("an object of a pattern must not be empty")
    if depth > DEEPEST_PATTERN:
        raise PatternError(f"a pattern is at most {DEEPEST_PATTERN} levels deep")
    keys = tuple((name, _rule(name, rule, depth)) for name, rule in value.items() if name != "$or")
    return Pattern(keys, _alternatives(value["$or"], depth) if "$or" in value else ())


def _alternatives(value: Json, depth: int) -> tuple[Pattern, ...]:
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(item, dict) for item in value):
        raise PatternError("$or takes a list of two or more objects")
    return tuple(_pattern(item, depth + 1) for item in value)


def _rule(name: str, value: Json, depth: int) -> Leaf | Pattern:
    if isinstance(value, dict):
        return _pattern(value, depth + 1)
    if not isinstance(value, list):
        raise PatternError(f'the rule of {_quoted(name)} must be a list or an object, such as ["x"]')
    if not value:
        raise PatternError(f"the list of {_quoted(name)} must not be empty; [null] is a value of null")
    if any(isinstance(item, list) for item in value):
        raise PatternError(f"the list of {_quoted(name)} must not hold another list")
    written = [_operator(item) for item in value if isinstance(item, dict)]
    return Leaf(
        equal=frozenset(item for item in value if not isinstance(item, dict)),
        operators=tuple(rule for rule in written if not isinstance(rule, bool)),
        present=any(rule is True for rule in written),
        absent=any(rule is False for rule in written),
    )


def _operator(value: dict[str, Json]) -> Operator | bool:
    """The operator that an object in a list stands for; for `exists` its true or false."""
    if len(value) != 1:
        raise PatternError('an object in a list holds one operator, such as {"prefix": "x"}')
    ((name, operand),) = value.items()
    if name not in _OPERATORS:
        known = ", ".join(sorted(_OPERATORS))
        raise PatternError(f"Lambda's filters have no operator {_quoted(name)}; they have {known}")
    return _OPERATORS[name](name, operand)


def _exists(name: str, value: Json) -> bool:
    if not isinstance(value, bool):
        raise PatternError(f"{name} takes true or false")
    return value


def _text(name: str, value: Json) -> str:
    if not isinstance(value, str):
        raise PatternError(f"{name} takes a text")
    return value


def _anything_but(name: str, value: Json) -> AnythingBut:
    values = value if isinstance(value, list) else [value]
    for kind in (str, Number):
        if values and all(isinstance(item, kind) for item in values):
            return AnythingBut(frozenset(values))
    raise PatternError(f'{name} takes a list of texts or a list of numbers, such as ["x"]')


def _numeric(name: str, value: Json) -> Numeric:
    match value:
        case ["=", Number() as number]:
            return Numeric(low=_bound(name, number), high=_bound(name, number))
        case ["<" | "<=" as below, Number() as high]:
            return Numeric(high=_bound(name, high), open_high=below == "<")
        case [">" | ">=" as above, Number() as low]:
            return Numeric(low=_bound(name, low), open_low=above == ">")
        case [">" | ">=" as above, Number() as low, "<" | "<=" as below, Number() as high]:
            if _bound(name, low) >= _bound(name, high):
                raise PatternError(f"{name}: the lower bound {low.text} is not below {high.text}")
            return Numeric(_bound(name, low), _bound(name, high), above == ">", below == "<")
        case _:
            raise PatternError(
                f'{name} takes one of = < <= > >= and a number, or a range such as [">", 0, "<=", 100]'
            )


def _bound(name: str, number: Number) -> float:
    bound = float(number.text)
    if not -LARGEST_NUMBER <= bound <= LARGEST_NUMBER:
        raise PatternError(f"{name} takes numbers from -5e9 to 5e9, not {number.text[:30]}")
    return bound


def _quoted(name: str) -> str:
    return json.dumps(name[:60], ensure_ascii=False)


_OPERATORS: Final[Mapping[str, Callable[[str, Json], Operator | bool]]] = {
    "anything-but": _anything_but,
    "equals-ignore-case": lambda name, value: IgnoringCase(_text(name, value).lower()),
    "exists": _exists,
    "numeric": _numeric,
    "prefix": lambda name, value: Prefix(_text(name, value)),
    "suffix": lambda name, value: Suffix(_text(name, value)),
}
