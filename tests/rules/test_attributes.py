"""DynamoDB's attribute values, and their sizes as recorded."""

from typing import Any

import pytest

from streamsim.rules.streams.attributes import NoAttributeError, attribute, attributes, item_size, number_text

#: A value and the attribute that it stands for: each row's name is its sentence.
ROWS: dict[str, tuple[Any, dict[str, Any]]] = {
    "text is S": ("x", {"S": "x"}),
    "empty text is S": ("", {"S": ""}),
    "a number is N, and a text": (5, {"N": "5"}),
    "a decimal loses its needless zeros": (1.5, {"N": "1.5"}),
    "true is BOOL and no number": (True, {"BOOL": True}),
    "nothing is NULL": (None, {"NULL": True}),
    "a list is L": ([1, "a"], {"L": [{"N": "1"}, {"S": "a"}]}),
    "a map is M": ({"a": 1, "b": "x"}, {"M": {"a": {"N": "1"}, "b": {"S": "x"}}}),
    "an empty map is M": ({}, {"M": {}}),
    "a map of one key that is no type is M": ({"s": "x"}, {"M": {"s": {"S": "x"}}}),
    "a map of one key that is a type is a value": ({"S": "x"}, {"S": "x"}),
    "a number as text is in one form": ({"N": "+01.50e1"}, {"N": "15"}),
    "binary is base64 and stays": ({"B": "Zm9vYmFy"}, {"B": "Zm9vYmFy"}),
    "a typed list may hold plain values": ({"L": [{"S": "a"}, 2]}, {"L": [{"S": "a"}, {"N": "2"}]}),
    "a typed map may hold plain values": ({"M": {"a": 2}}, {"M": {"a": {"N": "2"}}}),
    "a set has no order": ({"SS": ["b", "a"]}, {"SS": ["a", "b"]}),
    "a set of numbers is in the order of numbers": ({"NS": ["10", "9", "1e0"]}, {"NS": ["1", "9", "10"]}),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_value_is_an_attribute(name: str) -> None:
    value, expected = ROWS[name]
    assert attribute(value) == expected
    assert attribute(expected) == expected


#: Values that DynamoDB does not take, what is said, and where.
REFUSED: dict[str, tuple[Any, str, tuple[str | int, ...]]] = {
    "a number that is none": ({"a": {"N": "five"}}, "The parameter cannot be converted to a numeric value: five", ("a", "N")),
    "a number that is no text": ({"a": {"N": 5}}, "N holds a number as text, such as '5'", ("a", "N")),
    "a text that is a number": ({"a": {"S": 5}}, "S holds a text", ("a", "S")),
    "binary that is no base64": ({"a": {"B": "?"}}, "B holds bytes in base64", ("a", "B")),
    "too many digits": ({"a": {"N": "1" * 39}}, "more than 38 significant digits", ("a", "N")),
    "too large a number": ({"a": 1e126}, "Number overflow", ("a",)),
    "too small a number": ({"a": 1e-131}, "Number underflow", ("a",)),
    "no number at all": ({"a": float("inf")}, "cannot be converted", ("a",)),
    "an empty set": ({"a": {"SS": []}}, "SS holds a list of one or more values", ("a", "SS")),
    "a set with a value twice": ({"a": {"NS": ["1", "1.0"]}}, "NS holds no value twice", ("a", "NS")),
    "a set of something else": ({"a": {"SS": [1]}}, "S holds a text", ("a", "SS", 0)),
    "BOOL of a text": ({"a": {"BOOL": "yes"}}, "BOOL holds true or false", ("a", "BOOL")),
    "NULL of false": ({"a": {"NULL": False}}, "NULL holds true", ("a", "NULL")),
    "L of no list": ({"a": {"L": "x"}}, "L holds a list", ("a", "L")),
    "M of no map": ({"a": {"M": "x"}}, "M holds a map", ("a", "M")),
    "an attribute without a name": ({"": 1}, "must not be empty", ()),
    "no map of attributes": ([1], "an item's data is a map of attributes", ()),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_value_is_refused(name: str) -> None:
    value, message, path = REFUSED[name]
    with pytest.raises(NoAttributeError) as caught:
        attributes(value)
    assert message in str(caught.value)
    assert caught.value.path == path


def test_lists_may_be_32_levels_deep() -> None:
    value: Any = 1
    for _ in range(32):
        value = [value]
    attributes({"a": value})
    with pytest.raises(NoAttributeError, match="32 levels"):
        attributes({"a": [value]})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-0", "0"), ("007", "7"), (".5", "0.5"), ("5.", "5"), ("1e3", "1000"), ("-1.20E-2", "-0.012"),
        ("0.00e9", "0"), ("1e-130", "0." + "0" * 129 + "1"), ("1" * 38 + "0" * 88, "1" * 38 + "0" * 88),
    ],
)  # fmt: skip
def test_numbers_have_one_form(text: str, shown: str) -> None:
    assert number_text(text) == shown
    assert number_text(shown) == shown


@pytest.mark.parametrize(
    ("value", "size"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param("é", 2, id="text is UTF-8"),
        pytest.param({"B": "Zm9vYmFy"}, 6, id="binary is its bytes"),
        pytest.param(True, 1, id="true"),
        pytest.param(None, 1, id="null"),
        pytest.param(42, 2, id="two digits are a byte, and one more"),
        pytest.param(421, 3, id="three digits are two"),
        pytest.param(-42, 3, id="a sign is one"),
        pytest.param(1000, 2, id="zeros at the end are none"),
        pytest.param(0.05, 2, id="nor at the beginning"),
        pytest.param(100.01, 4, id="zeros between are"),
        pytest.param([], 3, id="an empty list"),
        pytest.param(["ab", 1], 3 + 1 + 2 + 1 + 2, id="a list"),
        pytest.param({"ab": "x", "c": 1}, 3 + 1 + 2 + 1 + 1 + 1 + 2, id="a map"),
        pytest.param({"SS": ["a", "bc"]}, 3, id="a set"),
        pytest.param({"NS": ["1", "200"]}, 4, id="a set of numbers"),
        pytest.param({"BS": ["Zm9v"]}, 3, id="a set of binary"),
    ],
)
def test_sizes(value: Any, size: int) -> None:
    assert item_size({"name": attribute(value)}) == 4 + size
