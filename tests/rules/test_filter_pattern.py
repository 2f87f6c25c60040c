"""Which texts are filter patterns, and which values they match: each row's name is its sentence."""

import json
from typing import Any

import pytest

from streamsim.rules.mapping.filter_pattern import (
    DEEPEST_PATTERN,
    PatternError,
    parse_json,
    parse_pattern,
)

#: A pattern, what it matches and what it does not, as JSON texts.
MATCHES: dict[str, tuple[str, list[str], list[str]]] = {
    "a text is equal letter by letter": (
        '{"kind": ["order"]}',
        ['{"kind": "order"}', '{"kind": "\\u006frder", "more": 1}'],
        ['{"kind": "Order"}', '{"kind": "orders"}', '{"kind": 1}', '{"other": "order"}', "{}", "5", "null"],
    ),
    "a number is equal by its text": (
        '{"n": [300]}',
        ['{"n": 300}'],
        ['{"n": 300.0}', '{"n": 3.0e2}', '{"n": "300"}', '{"n": 301}'],
    ),
    "another way to write the same number is another value": (
        '{"n": [3.0e2]}',
        ['{"n": 3.0e2}'],
        ['{"n": 300}', '{"n": 3.0E2}'],
    ),
    "true and false are values": (
        '{"b": [true]}',
        ['{"b": true}'],
        ['{"b": false}', '{"b": 1}', '{"b": "true"}'],
    ),
    "null is a value": ('{"x": [null]}', ['{"x": null}'], ['{"x": ""}', '{"x": "null"}', "{}"]),
    "the empty text is a value": ('{"x": [""]}', ['{"x": ""}'], ['{"x": null}', '{"x": " "}', "{}"]),
    "one of a list is enough": (
        '{"x": ["a", "b", 1]}',
        ['{"x": "a"}', '{"x": "b"}', '{"x": 1}'],
        ['{"x": "c"}', '{"x": "1"}'],
    ),
    "every key must match": (
        '{"x": ["a"], "y": ["b"]}',
        ['{"x": "a", "y": "b"}'],
        ['{"x": "a"}', '{"y": "b"}', '{"x": "a", "y": "c"}'],
    ),
    "of a key given twice the last counts": ('{"x": ["a"], "x": ["b"]}', ['{"x": "b"}'], ['{"x": "a"}']),
    "of a key given twice in the data the last counts": (
        '{"x": ["b"]}',
        ['{"x": "a", "x": "b"}'],
        ['{"x": "b", "x": "a"}'],
    ),
    "keys lie inside one another": (
        '{"order": {"to": {"city": ["Bonn"]}}}',
        ['{"order": {"to": {"city": "Bonn", "zip": 1}}}'],
        ['{"order": {"city": "Bonn"}}', '{"order": "Bonn"}', '{"order": {"to": ["Bonn"]}}'],
    ),
    "anything but some texts, if there is something": (
        '{"x": [{"anything-but": ["a", "b"]}]}',
        ['{"x": "c"}', '{"x": 1}', '{"x": null}', '{"x": "A"}'],
        ['{"x": "a"}', '{"x": "b"}', "{}", '{"x": {"y": "c"}}'],
    ),
    "anything but a number is by its text": (
        '{"x": [{"anything-but": [300]}]}',
        ['{"x": 300.0}', '{"x": "300"}'],
        ['{"x": 300}'],
    ),
    "numeric equality is by value": (
        '{"n": [{"numeric": ["=", 300]}]}',
        ['{"n": 300}', '{"n": 300.0}', '{"n": 3.0e2}'],
        ['{"n": 301}', '{"n": "300"}', '{"n": null}', "{}"],
    ),
    "less than": ('{"n": [{"numeric": ["<", 5]}]}', ['{"n": 4.99}', '{"n": -5e9}'], ['{"n": 5}', '{"n": 6}']),
    "at most": ('{"n": [{"numeric": ["<=", 5]}]}', ['{"n": 5}', '{"n": 5.0}'], ['{"n": 5.01}']),
    "greater than": ('{"n": [{"numeric": [">", 5]}]}', ['{"n": 5.01}', '{"n": 5e9}'], ['{"n": 5}']),
    "at least": ('{"n": [{"numeric": [">=", 5]}]}', ['{"n": 5}'], ['{"n": 4.99}']),
    "a range without its bounds": (
        '{"n": [{"numeric": [">", 0, "<", 5]}]}',
        ['{"n": 0.1}', '{"n": 4.9}'],
        ['{"n": 0}', '{"n": 5}'],
    ),
    "a range with its bounds": (
        '{"n": [{"numeric": [">=", -1, "<=", 1]}]}',
        ['{"n": -1}', '{"n": 1}', '{"n": -0}'],
        ['{"n": -1.01}', '{"n": 1.01}'],
    ),
    "a number beyond five billion is no number to compare": (
        '{"n": [{"numeric": [">", 0]}]}',
        ['{"n": 5000000000}'],
        ['{"n": 5000000001}', '{"n": 1e999}'],
    ),
    "there is a leaf": (
        '{"x": [{"exists": true}]}',
        ['{"x": 1}', '{"x": null}', '{"x": ""}', '{"x": [1]}'],
        ["{}", '{"x": {"y": 1}}', '{"x": []}', '{"x": [{"y": 1}]}'],
    ),
    "there is no leaf": (
        '{"x": [{"exists": false}]}',
        ["{}", '{"x": {"y": 1}}', '{"x": []}'],
        ['{"x": 1}', '{"x": null}', '{"x": [1, {}]}'],
    ),
    "there is no leaf where there is no branch": (
        '{"x": {"y": [{"exists": false}]}}',
        ["{}", '{"x": {}}', '{"x": 1}', '{"x": [1]}', '{"y": 1}'],
        ['{"x": {"y": 1}}', '{"x": [{"y": 1}]}'],
    ),
    "missing or one of some values": (
        '{"x": ["a", {"exists": false}]}',
        ["{}", '{"x": "a"}'],
        ['{"x": "b"}'],
    ),
    "a beginning": (
        '{"x": [{"prefix": "eu-"}]}',
        ['{"x": "eu-west-1"}', '{"x": "eu-"}'],
        ['{"x": "EU-west-1"}', '{"x": "us-eu-"}', '{"x": 1}', "{}"],
    ),
    "an end": (
        '{"x": [{"suffix": ".png"}]}',
        ['{"x": "a.png"}', '{"x": ".png"}'],
        ['{"x": "a.PNG"}', '{"x": "a.png "}', '{"x": null}'],
    ),
    "whatever the case": (
        '{"x": [{"equals-ignore-case": "Straße A"}]}',
        ['{"x": "straße a"}', '{"x": "STRAßE A"}'],
        ['{"x": "strasse a"}', '{"x": "straße"}', '{"x": 1}'],
    ),
    "operators and values in one list": (
        '{"x": ["a", {"prefix": "b"}, {"numeric": [">", 1]}]}',
        ['{"x": "a"}', '{"x": "bcd"}', '{"x": 2}'],
        ['{"x": "c"}', '{"x": 1}'],
    ),
    "one of several keys, beside another": (
        '{"z": [1], "$or": [{"x": ["a"]}, {"y": ["b"]}]}',
        ['{"z": 1, "x": "a"}', '{"z": 1, "y": "b"}', '{"z": 1, "x": "q", "y": "b"}'],
        ['{"x": "a"}', '{"z": 1}', '{"z": 1, "x": "b"}'],
    ),
    "one of several keys further in": (
        '{"o": {"$or": [{"x": ["a"]}, {"y": ["b"]}]}}',
        ['{"o": {"y": "b"}}'],
        ['{"y": "b"}', '{"o": {}}'],
    ),
    "an array matches if one of its elements does": (
        '{"x": ["a"]}',
        ['{"x": ["b", "a"]}', '{"x": [["a"]]}', '{"x": [{"y": 1}, "a"]}'],
        ['{"x": ["b"]}', '{"x": []}', '{"x": [{"x": "a"}]}'],
    ),
    "an array is anything but some texts if one of its elements is": (
        '{"x": [{"anything-but": ["a"]}]}',
        ['{"x": ["a", "b"]}'],
        ['{"x": ["a", "a"]}', '{"x": []}'],
    ),
    "anything but one text or number needs no list": (
        '{"x": [{"anything-but": "a"}], "y": [{"anything-but": 300}]}',
        ['{"x": "b", "y": 300.0}'],
        ['{"x": "a", "y": 1}', '{"x": "b", "y": 300}'],
    ),
    "an object in an array must match whole": (
        '{"items": {"sku": ["a"], "count": [1]}}',
        ['{"items": [{"sku": "b"}, {"sku": "a", "count": 1}]}'],
        ['{"items": [{"sku": "a", "count": 2}, {"sku": "b", "count": 1}]}', '{"items": []}'],
    ),
    "an array may be the whole": ('{"x": ["a"]}', ['[{"x": "b"}, {"x": "a"}]'], ['["a"]', "[]"]),
}


@pytest.mark.parametrize("name", MATCHES)
def test_a_pattern_matches(name: str) -> None:
    text, yes, no = MATCHES[name]
    pattern = parse_pattern(text)
    assert {value: pattern.matches(parse_json(value)) for value in yes + no} == {
        **dict.fromkeys(yes, True),
        **dict.fromkeys(no, False),
    }


REFUSED: dict[str, tuple[str, str]] = {
    "an empty text": ("", "the pattern is no JSON: Expecting value at character 1"),
    "a quote left open": ('{"x', "the pattern is no JSON: Unterminated string starting at character 2"),
    "a brace left open": ('{"x": ["a"]', "the pattern is no JSON: Expecting ',' delimiter at character 12"),
    "a comma too few": (
        '{"x": ["a" "b"]}',
        "the pattern is no JSON: Expecting ',' delimiter at character 12",
    ),
    "something after the end": ('{"x": ["a"]} more', "the pattern is no JSON: Extra data at character 14"),
    "a number that JSON does not know": ('{"x": [NaN]}', "the pattern is no JSON: JSON has no NaN"),
    "a text": ('"order"', 'a pattern is a JSON object, such as {"data": {"kind": ["order"]}}'),
    "a list": ("[1]", 'a pattern is a JSON object, such as {"data": {"kind": ["order"]}}'),
    "an empty object": ("{}", "an object of a pattern must not be empty"),
    "an empty object inside": ('{"x": {}}', "an object of a pattern must not be empty"),
    "an empty list": ('{"x": []}', 'the list of "x" must not be empty; [null] is a value of null'),
    "a list in a list": ('{"x": [["a"]]}', 'the list of "x" must not hold another list'),
    "a value without its list": (
        '{"x": "a"}',
        'the rule of "x" must be a list or an object, such as ["x"]',
    ),
    "a null without its list": ('{"x": null}', 'the rule of "x" must be a list or an object, such as ["x"]'),
    "an operator without its list": (
        '{"x": {"prefix": "a"}}',
        'the rule of "prefix" must be a list or an object, such as ["x"]',
    ),
    "an unknown operator": (
        '{"x": [{"like": "a%"}]}',
        (
            'Lambda\'s filters have no operator "like"; they have '
            "anything-but, equals-ignore-case, exists, numeric, prefix, suffix"
        ),
    ),
    "a wildcard": (
        '{"x": [{"wildcard": "a*"}]}',
        (
            'Lambda\'s filters have no operator "wildcard"; they have '
            "anything-but, equals-ignore-case, exists, numeric, prefix, suffix"
        ),
    ),
    "two operators in one object": (
        '{"x": [{"prefix": "a", "suffix": "b"}]}',
        'an object in a list holds one operator, such as {"prefix": "x"}',
    ),
    "no operator in an object": (
        '{"x": [{}]}',
        'an object in a list holds one operator, such as {"prefix": "x"}',
    ),
    "anything but none": (
        '{"x": [{"anything-but": []}]}',
        'anything-but takes a list of texts or a list of numbers, such as ["x"]',
    ),
    "anything but texts and numbers": (
        '{"x": [{"anything-but": ["a", 1]}]}',
        'anything-but takes a list of texts or a list of numbers, such as ["x"]',
    ),
    "anything but null": (
        '{"x": [{"anything-but": [null]}]}',
        'anything-but takes a list of texts or a list of numbers, such as ["x"]',
    ),
    "exists as a text": ('{"x": [{"exists": "true"}]}', "exists takes true or false"),
    "exists as a number": ('{"x": [{"exists": 1}]}', "exists takes true or false"),
    "a prefix of two": ('{"x": [{"prefix": ["a", "b"]}]}', "prefix takes a text"),
    "a prefix whatever the case": (
        '{"x": [{"prefix": {"equals-ignore-case": "a"}}]}',
        "prefix takes a text",
    ),
    "a suffix of a number": ('{"x": [{"suffix": 1}]}', "suffix takes a text"),
    "ignoring the case of a list": (
        '{"x": [{"equals-ignore-case": ["a"]}]}',
        "equals-ignore-case takes a text",
    ),
    "a numeric bound beyond five billion": (
        '{"x": [{"numeric": ["<", 5000000001]}]}',
        "numeric takes numbers from -5e9 to 5e9, not 5000000001",
    ),
    "a range from high to low": (
        '{"x": [{"numeric": [">", 5, "<", 5.0]}]}',
        "numeric: the lower bound 5 is not below 5.0",
    ),
    "$or of one": ('{"$or": [{"x": ["a"]}]}', "$or takes a list of two or more objects"),
    "$or of values": ('{"$or": ["a", "b"]}', "$or takes a list of two or more objects"),
    "$or of an object": ('{"$or": {"x": ["a"]}}', "$or takes a list of two or more objects"),
    "$or of a wrong pattern": (
        '{"$or": [{"x": ["a"]}, {"y": "b"}]}',
        'the rule of "y" must be a list or an object, such as ["x"]',
    ),
    "levels without end": (
        '{"":' * DEEPEST_PATTERN + '{"x": [1]}' + "}" * DEEPEST_PATTERN,
        "a pattern is at most 100 levels deep",
    ),
}

COMPARISON = 'numeric takes one of = < <= > >= and a number, or a range such as [">", 0, "<=", 100]'
NOT_NUMERIC = [
    "5", '"="', "[]", '["="]', '["=", "5"]', '["!=", 5]', '["==", 5]', '[">", 1, ">", 2]', '["<", 5, ">", 1]',
    '["=", 1, "<", 2]', '[">", 1, "<"]', '[">", 1, "<", 2, "<", 3]', '["=", true]', '[5, ">"]',
]  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_lambda_refuses(name: str) -> None:
    text, reason = REFUSED[name]
    with pytest.raises(PatternError) as refused:
        parse_pattern(text)
    assert str(refused.value) == reason


@pytest.mark.parametrize("operand", NOT_NUMERIC)
def test_lambda_refuses_what_is_no_comparison(operand: str) -> None:
    with pytest.raises(PatternError) as refused:
        parse_pattern(f'{{"x": [{{"numeric": {operand}}}]}}')
    assert str(refused.value) == COMPARISON


@pytest.mark.parametrize(
    "inner", [{"prefix": "a"}, {"suffix": "a"}, {"equals-ignore-case": "a"}, {"wildcard": "a*"}]
)
def test_lambda_refuses_anything_but_a_comparison(inner: dict[str, Any]) -> None:
    with pytest.raises(PatternError, match=r"^anything-but takes a list of texts or a list of numbers"):
        parse_pattern(json.dumps({"x": [{"anything-but": inner}]}))


def test_a_pattern_may_be_as_deep_as_the_limit() -> None:
    levels = DEEPEST_PATTERN - 1
    pattern = parse_pattern('{"":' * levels + '{"x": [1]}' + "}" * levels)
    assert pattern.matches(parse_json('{"":' * levels + '{"x": 1}' + "}" * levels))


def test_patterns_are_values() -> None:
    text = '{"x": ["a", {"numeric": [">", 1]}], "$or": [{"y": [1]}, {"z": [2]}]}'
    assert parse_pattern(text) == parse_pattern(text)
    assert hash(parse_pattern(text)) == hash(parse_pattern(text))
    assert parse_pattern(text) != parse_pattern(text.replace("2", "2.0"))


@pytest.mark.parametrize("bracket", ["[", '{"x":'])
def test_data_nested_without_end_is_no_json(bracket: str) -> None:
    with pytest.raises(ValueError, match="nested too deep"):
        parse_json(bracket * 200_000)
