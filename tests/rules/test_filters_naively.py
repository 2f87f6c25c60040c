"""A second matcher, slow and literal, says the same as the first for whatever pattern and value.

It reads patterns anew at every value, holds a number as its text and compares it as a decimal, and shares nothing with
`streamsim.rules.mapping.filter_pattern`. Patterns and values are made of few words, so that they meet.
"""

import json
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from streamsim.model.batch import Batch
from streamsim.model.stream_type import DYNAMODB
from streamsim.rules.events.event import event_of, seen_by_filters
from streamsim.rules.mapping.filter_pattern import parse_json, parse_pattern
from streamsim.rules.mapping.filters import compile_filters
from streamsim.rules.source import Source
from streamsim.rules.streams.attributes import Attribute, attributes
from streamsim.rules.streams.item_writes import Change, Table, written
from tests.logs import WrittenLog


def load(text: str) -> Any:
    """JSON with a number as `("number", its text)`; NaN and Infinity, which Python takes, are none."""
    return json.loads(text, parse_int=tagged, parse_float=tagged, parse_constant=none_such)


def tagged(number: str) -> tuple[str, str]:
    return "number", number


def none_such(name: str) -> Any:
    raise json.JSONDecodeError("no JSON", name, 0)


def holds(pattern: dict[str, Any], value: Any) -> bool:
    """Every key of the pattern matches, in one and the same object."""
    objects = [element for element in flat(value) if isinstance(element, dict)]
    return any(all(key_holds(key, pattern[key], one) for key in pattern) for one in objects or [{}])


def key_holds(key: str, rule: Any, one: dict[str, Any]) -> bool:
    if key == "$or":
        return any(holds(alternative, one) for alternative in rule)
    if isinstance(rule, dict):
        return holds(rule, one.get(key, {}))
    leaves = [element for element in flat(one[key]) if not isinstance(element, dict)] if key in one else []
    return any(item_holds(item, leaves) for item in rule)


def item_holds(item: Any, leaves: list[Any]) -> bool:
    if not isinstance(item, dict):
        return item in leaves
    ((operator, operand),) = item.items()
    if operator == "exists":
        return bool(leaves) is operand
    return any(leaf_holds(operator, operand, leaf) for leaf in leaves)


def leaf_holds(operator: str, operand: Any, leaf: Any) -> bool:
    if operator == "anything-but":
        return leaf not in (operand if isinstance(operand, list) else [operand])
    if operator == "numeric":
        return isinstance(leaf, tuple) and compares(Decimal(leaf[1]), operand)
    if not isinstance(leaf, str):
        return False
    found = {
        "prefix": leaf.find(operand) == 0,
        "suffix": leaf[::-1].find(operand[::-1]) == 0,
        "equals-ignore-case": leaf.upper() == str(operand).upper(),
    }
    return found[operator]


def compares(number: Decimal, operand: list[Any]) -> bool:
    if abs(number) > 5 * 10**9:
        return False
    for comparison, (_, text) in zip(operand[::2], operand[1::2], strict=True):
        bound = Decimal(text)
        held = {
            "=": number == bound,
            "<": number < bound,
            "<=": number <= bound,
            ">": number > bound,
            ">=": number >= bound,
        }
        if not held[comparison]:
            return False
    return True


def flat(value: Any) -> list[Any]:
    return [leaf for element in value for leaf in flat(element)] if isinstance(value, list) else [value]


# Texts of JSON, for how a number is written matters.
NUMBERS = ["300", "300.0", "3.0e2", "3E+2", "-1", "0", "-0", "0.5", "5e9", "5000000001", "1e400"]
TEXTS = ['""', '"a"', '"A"', '"ab"', '"ba"', '"aB"', '"300"', '"null"']
OTHERS = ["null", "true", "false"]
KEYS = ['"x"', '"y"', '"data"']


class Words:
    """Draws patterns and values."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.one_of = random.choice

    def some(self, words: list[str]) -> str:
        return f"[{', '.join(self.random.choices(words, k=self.random.randint(1, 3)))}]"

    def scalar(self) -> str:
        return self.one_of(self.one_of([NUMBERS, TEXTS, TEXTS, OTHERS]))

    def value(self, depth: int = 0) -> str:
        shape = self.random.random() + depth * 0.15
        if depth and shape > 0.75:
            return self.scalar()
        if shape < 0.6:
            parts = [
                f"{self.one_of(KEYS)}: {self.value(depth + 1)}" for _ in range(self.random.randint(0, 4))
            ]
            return f"{{{', '.join(parts)}}}"
        return f"[{', '.join(self.value(depth + 1) for _ in range(self.random.randint(0, 3)))}]"

    def pattern(self, depth: int = 0) -> str:
        """An object of rules; a key may come twice."""
        parts = []
        for _ in range(self.random.randint(1, 2)):
            rule = self.pattern(depth + 1) if self.random.random() < 0.3 - depth * 0.1 else self.rules()
            parts.append(f"{self.one_of(KEYS)}: {rule}")
        if self.random.random() < 0.2 - depth * 0.1:
            alternatives = [self.pattern(depth + 1) for _ in range(self.random.randint(2, 3))]
            parts.append(f'"$or": [{", ".join(alternatives)}]')
        return f"{{{', '.join(parts)}}}"

    def item(self) -> dict[str, Attribute]:
        plain = [None, True, 5, 300, 0.5, "", "a", "ab", ["a", 1], {"x": "a", "y": 5}, {"SS": ["a", "b"]}]
        return attributes({name: self.one_of(plain) for name in ("y", "data")[: self.random.randint(0, 2)]})

    def table_pattern(self) -> str:
        """A pattern of the shape that records have, with rules that may be of another."""
        kind = self.one_of(["S", "N", "BOOL", "NULL", "L", "M", "SS"])
        leaf = self.one_of([self.rules, self.pattern])()
        leaf = self.one_of([leaf, f'{{"{kind}": {leaf}}}', f'{{"{kind}": {leaf}}}'])
        image = self.one_of(["Keys", "NewImage", "NewImage", "OldImage"])
        body = f'{{"{image}": {{{self.one_of(KEYS)}: {leaf}}}}}'
        inside = self.one_of([body, body, f'{{"SizeBytes": {self.rules()}}}'])
        parts = [f'"dynamodb": {inside}']
        if self.random.random() < 0.4:
            kinds = self.one_of([self.rules(), '["INSERT"]', '["MODIFY"]'])
            parts.append(f'"eventName": {kinds}')
        return f"{{{', '.join(parts[self.random.randint(0, len(parts) - 1) :])}}}"

    def rules(self) -> str:
        items = [self.one_of([self.scalar, self.operator])() for _ in range(self.random.randint(1, 3))]
        return f"[{', '.join(items)}]"

    def operator(self) -> str:
        operator = self.one_of(
            ["exists", "prefix", "suffix", "equals-ignore-case", "anything-but", "numeric", "numeric"]
        )
        match operator:
            case "exists":
                operand = self.one_of(["true", "false"])
            case "anything-but":
                kind = self.one_of([TEXTS, NUMBERS])
                operand = self.some(kind) if self.random.random() < 0.7 else self.one_of(kind)
            case "numeric":
                operand = self.comparison()
            case _:
                operand = self.one_of(TEXTS)
        return f'{{"{operator}": {operand}}}'

    def comparison(self) -> str:
        if self.random.random() < 0.5:
            return f'["{self.one_of(["=", "<", "<=", ">", ">="])}", {self.one_of(NUMBERS[:9])}]'
        low, high = self.one_of(["-1", "0", "0.0"]), self.one_of(["0.5", "300", "5e9"])
        return f'["{self.one_of([">", ">="])}", {low}, "{self.one_of(["<", "<="])}", {high}]'


words = st.integers(0, 2**64).map(lambda seed: Words(Random(seed)))


@settings(max_examples=2000)
@given(words)
def test_both_matchers_agree(words: Words) -> None:
    pattern = words.pattern()
    compiled, literal = parse_pattern(pattern), load(pattern)
    for value in [words.value() for _ in range(10)]:
        matched = compiled.matches(parse_json(value))
        event(f"matched: {matched}")
        assert matched is holds(literal, load(value)), (pattern, value)


@settings(max_examples=1000)
@given(words)
def test_filters_on_item_writes_agree(words: Words) -> None:
    """The record that they see is made of the same few words, and so is the pattern."""
    source = Source(type=DYNAMODB)
    table = Table("x")
    for _ in range(5):
        changed = Change(
            None if words.random.random() < 0.5 else table.item("a", words.item()),
            table.item("ab", words.item()),
        )
        log = WrittenLog([0], ["ab"], [written(table, changed)])
        record = event_of(Batch(log, range(1), "id"), source)["Records"][0]
        value = load(json.dumps(record))
        for _ in range(10):
            pattern = words.table_pattern()
            expected = holds(load(pattern), value)
            event(f"matched: {expected}")
            matched = compile_filters([pattern], DYNAMODB).matches(*seen_by_filters(log, 0, source))
            assert matched is expected, (pattern, record)


@settings(max_examples=1000)
@example(Words(Random(0)), "NaN")
@given(words, st.none() | st.text(max_size=5))
def test_filters_are_alternatives_and_data_that_is_no_json_passes_none(
    words: Words, text: str | None
) -> None:
    written = [f'{{"data": {words.pattern()}}}' for _ in range(words.random.randint(1, 5))]
    data = words.value() if text is None else text
    try:
        expected = any(holds(load(pattern)["data"], load(data)) for pattern in written)
    except json.JSONDecodeError:
        expected = False
    assert compile_filters(written).matches(data.encode(), {"partitionKey": "user-1"}) is expected
