"""A handler's result as the bytes that the runtime sends: what AWS's Python runtime makes of each kind of value.

Its encoder is simplejson, which knows more than the standard library's: a Decimal is written as it is, a named tuple is
an object, bytes inside a value are text. Bytes as the whole result are sent as they are.
"""

import json
import secrets
from decimal import Decimal
from typing import Any, Final

#: Marks a Decimal in the encoded text until it is replaced by its digits; nothing a handler returns holds it.
_MARK: Final = f"decimal {secrets.token_hex(16)} "

_ENCODERS: Final = {ascii_only: json.JSONEncoder(ensure_ascii=ascii_only) for ascii_only in (False, True)}

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


class MarshalError(ValueError):
    """The result cannot be written as JSON; the text is the runtime's."""


def marshalled(result: Any, *, ascii_only: bool) -> bytes:
    """The response's bytes. Runtimes before Python 3.12 write what is not ASCII as escapes: `ascii_only`."""
    if isinstance(result, bytes):
        return result
    if type(result) in _PLAIN:
        return _ENCODERS[ascii_only].encode(result).encode("utf-8", "surrogatepass")
    decimals: list[str] = []
    try:
        text = _ENCODERS[ascii_only].encode(_plain(result, decimals, set()))
    except Exception as error:  # noqa: BLE001 - as the runtime: whatever an encoder raises
        raise MarshalError(f"Unable to marshal response: {error}") from None
    for number, digits in enumerate(decimals):
        text = text.replace(f'"{_MARK}{number}"', digits, 1)
    return text.encode("utf-8", "surrogatepass")


def _plain(value: Any, decimals: list[str], inside: set[int]) -> Any:
    """The value in the standard library's types; Decimals become marks."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, dict | list | tuple):
        if id(value) in inside:
            raise ValueError("Circular reference detected")
        inside.add(id(value))
        plain = _plain_block(value, decimals, inside)
        inside.discard(id(value))
        return plain
    if isinstance(value, Decimal):
        if value.is_nan():
            return float("nan")
        decimals.append(str(value))
        return f"{_MARK}{len(decimals) - 1}"
    return value.decode() if isinstance(value, bytes) else value


def _plain_block(value: Any, decimals: list[str], inside: set[int]) -> Any:
    if isinstance(value, tuple) and callable(getattr(value, "_asdict", None)):
        value = value._asdict()  # type: ignore[attr-defined]  # a named tuple
    if isinstance(value, dict):
        return {_key(name): _plain(inner, decimals, inside) for name, inner in value.items()}
    return [_plain(inner, decimals, inside) for inner in value]


def _key(name: Any) -> Any:
    if isinstance(name, bytes):
        return name.decode()
    if name is None or isinstance(name, str | int | float):
        return name
    return type(
        type(name).__name__, (), {}
    )()  # no key either; the encoder would tell a module's name with the type's
