"""DynamoDB's attribute values: how plain values become them, which there are not, and how large they are.

A value has its type with it, `{"S": "x"}`, as in the DynamoDB API's AttributeValue; numbers and binary are texts, binary
in base64. Here each is in one form, so that equal values are equal: numbers in digits without needless zeros, sets
sorted. A map of one key that is a type's name is such a value; everything else is plain and converted.

Limits are those of "Quotas in Amazon DynamoDB" and "Supported data types": numbers of 38 digits between 1E-130 and
9.9E+125, sets of one or more different values, 32 levels of lists and maps, items of 400 KB. Sizes are those of "DynamoDB
item sizes and formats"; recorded: they are what a stream record's SizeBytes adds up.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

#: `{"S": "x"}`: a type's name and the value.
Attribute = dict[str, Any]

#: Attributes by name, the key among them.
Item = Mapping[str, Attribute]

#: "Quotas in Amazon DynamoDB": the most that an item has, names and values together, in bytes.
MAXIMUM_ITEM: Final = 400 * 1024

_DEEPEST: Final = 32
_DIGITS: Final = 38
_LARGEST_EXPONENT: Final = 125
_SMALLEST_EXPONENT: Final = -130
_LONGEST_NUMBER: Final = 300
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,6})?")

Path = tuple[str | int, ...]


class NoAttributeError(ValueError):
    """A value that DynamoDB does not take; `path` leads to it from the value that was given."""

    def __init__(self, message: str, path: Path = ()) -> None:
        super().__init__(message)
        self.path = path


def attribute(value: object, path: Path = (), places: tuple[str, ...] = ()) -> Attribute:
    """The attribute that a plain or typed value stands for; `NoAttributeError` when there is none.

    `places` are texts that stand for numbers to come, taken as they are.
    """
    if not isinstance(value, dict):
        return _plain(value, path, places)
    name = next(iter(value)) if len(value) == 1 else ""
    if name in _TYPED:
        return {name: _TYPED[name](value[name], (*path, name), places)}
    return {"M": _map(value, path, places)}


def _plain(value: object, path: Path, places: tuple[str, ...]) -> Attribute:
    match value:
        case list() | tuple():
            return {"L": _list(value, path, places)}
        case bool():
            return {"BOOL": value}
        case None:
            return {"NULL": True}
        case int() | float():
            return {"N": number_text(str(value), path)}
        case str():
            return {"S": value}
        case _:
            raise NoAttributeError(f"{type(value).__name__} is no type of DynamoDB", path)


def attributes(value: object, places: tuple[str, ...] = ()) -> dict[str, Attribute]:
    """The attributes of an item, from a map of plain or typed values; `NoAttributeError` when it is none."""
    if not isinstance(value, dict):
        raise NoAttributeError("an item's data is a map of attributes")
    found = _map(value, (), places)
    if any(_levels(inner) > _DEEPEST for inner in found.values()):
        raise NoAttributeError(f"lists and maps are nested deeper than {_DEEPEST} levels")
    return found


def _levels(value: Attribute) -> int:
    ((name, inner),) = value.items()
    below = inner.values() if name == "M" else inner if name == "L" else ()
    return (name in {"M", "L"}) + max(map(_levels, below), default=0)


def number_text(text: str, path: Path = ()) -> str:
    """A number as DynamoDB gives it back: digits, no exponent, no needless zeros. `NoAttributeError` when it is none."""
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        shown = text[:40]
        raise NoAttributeError(f"The parameter cannot be converted to a numeric value: {shown}", path)
    number = Decimal(text)
    if not number:
        return "0"
    sign, digits, exponent = number.as_tuple()
    figures = "".join(map(str, digits)).lstrip("0")
    assert isinstance(exponent, int)
    exponent += len(figures) - len(figures.rstrip("0"))
    figures = figures.rstrip("0")
    if len(figures) > _DIGITS:
        raise NoAttributeError(
            f"Attempting to store more than {_DIGITS} significant digits in a Number", path
        )
    power = len(figures) - 1 + exponent
    if not _SMALLEST_EXPONENT <= power <= _LARGEST_EXPONENT:
        over = power > _LARGEST_EXPONENT
        raise NoAttributeError(
            f"Number {'overflow' if over else 'underflow'}. Attempting to store a number with magnitude "
            f"{'larger' if over else 'smaller'} than supported range",
            path,
        )
    return format(Decimal((sign, tuple(map(int, figures)), exponent)), "f")


def item_size(item: Item) -> int:
    """Bytes of an item: its attributes' names in UTF-8 and their values."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Attribute) -> int:
    ((name, inner),) = value.items()
    return _SIZES[name](inner)


def _number_size(text: str) -> int:
    """Approximately 1 byte for two significant digits and one more; assumed: another for a sign (42: 2, recorded)."""
    digits = text.replace(".", "").strip("-").strip("0")
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")


def _map(value: object, path: Path, places: tuple[str, ...]) -> dict[str, Attribute]:
    if not isinstance(value, dict):
        raise NoAttributeError("M holds a map of attributes", path)
    if "" in value:
        raise NoAttributeError("an attribute's name must not be empty", path)
    return {name: attribute(inner, (*path, name), places) for name, inner in value.items()}


def _list(value: object, path: Path, places: tuple[str, ...]) -> list[Attribute]:
    if not isinstance(value, list | tuple):
        raise NoAttributeError("L holds a list of attributes", path)
    return [attribute(inner, (*path, index), places) for index, inner in enumerate(value)]


def _text(value: object, path: Path, places: tuple[str, ...]) -> str:
    del places
    if not isinstance(value, str):
        raise NoAttributeError("S holds a text", path)
    return value


def _number(value: object, path: Path, places: tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise NoAttributeError(
            f"N holds a number as text, such as '{value if _is_number(value) else 5}'", path
        )
    return value if value in places else number_text(value, path)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _binary(value: object, path: Path, places: tuple[str, ...]) -> str:
    del places
    try:
        return base64.b64encode(base64.b64decode(str(value), validate=True)).decode()
    except (binascii.Error, ValueError):
        raise NoAttributeError("B holds bytes in base64, such as 'aGVsbG8='", path) from None


def _bool(value: object, path: Path, places: tuple[str, ...]) -> bool:
    del places
    if not isinstance(value, bool):
        raise NoAttributeError("BOOL holds true or false", path)
    return value


def _null(value: object, path: Path, places: tuple[str, ...]) -> bool:
    del places
    if value is not True:
        raise NoAttributeError("NULL holds true", path)
    return True


def _set_of(
    element: Callable[[object, Path, tuple[str, ...]], str], order: Callable[[str], Any]
) -> Callable[[object, Path, tuple[str, ...]], list[str]]:
    def read(value: object, path: Path, places: tuple[str, ...]) -> list[str]:
        del places
        if not isinstance(value, list | tuple) or not value:
            raise NoAttributeError(f"{path[-1]} holds a list of one or more values", path)
        elements = [element(inner, (*path, index), ()) for index, inner in enumerate(value)]
        if len(set(elements)) < len(elements):
            raise NoAttributeError(f"{path[-1]} holds no value twice", path)
        return sorted(elements, key=order)

    return read


_TYPED: Final[Mapping[str, Callable[[object, Path, tuple[str, ...]], Any]]] = {
    "S": _text,
    "N": _number,
    "B": _binary,
    "BOOL": _bool,
    "NULL": _null,
    "L": _list,
    "M": _map,
    "SS": _set_of(_text, str),
    "NS": _set_of(_number, Decimal),
    "BS": _set_of(_binary, str),
}

#: Lists and maps have 3 bytes of their own and 1 for each element; sets are as large as what they hold.
_SIZES: Final[Mapping[str, Callable[[Any], int]]] = {
    "S": lambda inner: len(inner.encode()),
    "N": _number_size,
    "B": lambda inner: len(base64.b64decode(inner)),
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "L": lambda inner: 3 + sum(1 + _size(element) for element in inner),
    "M": lambda inner: 3 + len(inner) + item_size(inner),
    "SS": lambda inner: sum(_size({"S": element}) for element in inner),
    "NS": lambda inner: sum(map(_number_size, inner)),
    "BS": lambda inner: sum(_size({"B": element}) for element in inner),
}
