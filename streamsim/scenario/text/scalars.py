"""What a plain YAML scalar means: numbers, true and false, null, or text.

The rules are those of YAML 1.2's core schema, which JSON and people share. Where YAML 1.1, as many tools read it,
would silently make something else of the same characters, the answer is text (`1:30`, `on`, `2026-01-01`), and where
no reading is safe it is refused (`010`).
"""

import math
import re
from collections.abc import Mapping
from typing import Final

Scalar = str | int | float | bool | None

_WORDS: Final[Mapping[str, bool | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER: Final = re.compile(r"[-+]?[0-9][0-9_]*")
_OTHER_BASE: Final = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

#: Longer than any number a scenario holds: an explicit hash key has 39 digits.
_DIGITS: Final = 60


class UnclearScalarError(ValueError):
    """The characters mean different things to different readers; carries a hint."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def resolve(text: str) -> Scalar:
    """The value of an unquoted scalar; `UnclearScalarError` when there is no one safe reading."""
    if text in _WORDS:
        return _WORDS[text]
    if _NOT_FINITE.fullmatch(text):
        raise UnclearScalarError(f"{text} is not a number a scenario can use", "write a finite number")
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _OTHER_BASE.fullmatch(text) and len(text) <= _DIGITS:
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return _float(text)
    return text


def _integer(text: str) -> int:
    digits = text.lstrip("+-").replace("_", "")
    if len(digits) > _DIGITS:
        raise UnclearScalarError(f"a number of {len(digits)} digits is more than a scenario can use", _QUOTE)
    if len(digits) > 1 and digits[0] == "0":
        plain = digits.lstrip("0") or "0"
        raise UnclearScalarError(
            f"{text} is unclear: to some YAML tools a leading zero makes the number octal",
            f"write {plain}, or '{text}' in quotes if it is text",
        )
    return int(text.replace("_", ""))


def _float(text: str) -> float:
    number = float(text.replace("_", "")) if len(text) <= 4 * _DIGITS else math.inf
    if not math.isfinite(number):
        raise UnclearScalarError("this number is larger than a scenario can use", _QUOTE)
    return number


_QUOTE: Final = "write a smaller number, or put it in quotes if it is text"
