"""Data that passes a filter, so that a scenario made of a template has records that its functions see.

Knows filter patterns as JSON (Lambda Developer Guide, "Control which events Lambda sends to your function"). Whether a
text is a pattern at all is decided where scenarios are read.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from streamsim.templates.streams import Kind

#: Attributes that tell one write of an item from the next; the first that a table has not as its key.
_COUNTS: Final = ("n", "number")


@dataclass(frozen=True, slots=True)
class Sample:
    """Data that a pattern asks for (None: it asks for none), and of which kinds the writes to a table must be."""

    data: dict[str, Any] | None = None
    inserts_only: bool = False
    deletes: bool = False
    ttl: bool = False


def sample(patterns: list[str], kind: Kind, key_name: str = "id") -> Sample:
    """What passes the first of the patterns that is one."""
    pattern = next((found for text in patterns if (found := _parsed(text)) is not None), {})
    if kind == "kinesis":
        data = pattern.get("data")
        return Sample(_example(data) if isinstance(data, dict) else None)
    names, body = pattern.get("eventName"), pattern.get("dynamodb")
    wanted = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    image = body.get("NewImage") if isinstance(body, dict) else None
    attributes = dict(_attributes(_example(image))) if isinstance(image, dict) else None
    if attributes is not None:
        attributes.pop(key_name, None)
        count = next(name for name in _COUNTS if name != key_name)
        attributes.setdefault(count, {"N": "{n}"})
    return Sample(attributes, wanted == ["INSERT"], "REMOVE" in wanted, "userIdentity" in pattern)


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _example(pattern: Mapping[str, Any]) -> dict[str, Any]:
    """An object that has what each key of the pattern asks for."""
    found: dict[str, Any] = {}
    for key, rule in pattern.items():
        if key == "$or" and isinstance(rule, list):
            first = next((one for one in rule if isinstance(one, dict)), {})
            found |= _example(first)
        elif isinstance(rule, dict):
            found[key] = _example(rule)
        elif isinstance(rule, list):
            asked = list(_values(rule))
            found |= {key: asked[0]} if asked else {}
    return found


def _values(rules: list[Any]) -> Iterator[Any]:
    """What the alternatives of a leaf ask for."""
    for rule in rules:
        if not isinstance(rule, dict):
            yield rule
            continue
        for operator, operand in rule.items():
            yield from _by(operator, operand)


def _by(operator: str, operand: Any) -> Iterator[Any]:
    match operator:
        case "prefix" | "suffix" | "equals-ignore-case":
            yield operand
        case "exists" if operand is True:
            yield "x"
        case "anything-but":
            banned = operand if isinstance(operand, list) else [operand]
            numbers = [one for one in banned if isinstance(one, int | float)]
            yield max(numbers) + 1 if numbers else "".join(map(str, banned))[:40] + "-not"
        case "numeric" if (
            isinstance(operand, list) and len(operand) > 1 and isinstance(operand[1], int | float)
        ):
            yield _number(operand)


def _number(bounds: list[Any]) -> int | float:
    """A number within the bounds, such as `[">", 0, "<=", 5]`."""
    sign, bound = bounds[0], bounds[1]
    if len(bounds) == 4 and isinstance(bounds[3], int | float):
        return float(bound + bounds[3]) / 2 if bounds[3] - bound <= 1 else int(bound) + 1
    step = {"<": -1, ">": 1}.get(str(sign), 0)
    return float(bound + step) if isinstance(bound, float) else int(bound + step)


def _attributes(image: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The attributes of an item, each with its type; numbers are texts there."""
    for name, typed in image.items():
        if isinstance(typed, dict) and len(typed) == 1:
            ((kind, value),) = typed.items()
            yield name, {kind: str(value) if kind in {"S", "N"} else value}
