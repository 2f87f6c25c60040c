"""Data that passes a filter, so that a scenario made of a template has records that its functions see.

Knows filter patterns as JSON (Lambda Developer Guide, "Control which events Lambda sends to your function"). Whether a
text is a pattern at all is decided where scenarios are read.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from streamsim.rules.streams.attributes import NoAttributeError, attribute
from streamsim.templates.streams import Kind

#: How many keys begin with a prefix that a pattern asks for.
_KEYS: Final = 8

#: Attributes that tell one write of an item from the next; the first that a table has not as its key.
_COUNTS: Final = ("n", "number")


@dataclass(frozen=True, slots=True)
class Sample:
    """Data and keys that patterns ask for (empty: they ask for none), and of which kinds the writes to a table must be."""

    data: dict[str, Any] | None = None
    keys: tuple[str, ...] = ()
    inserts_only: bool = False
    deletes: bool = False
    ttl: bool = False


def sample(patterns: Sequence[str], kind: Kind, key_name: str = "id") -> Sample:
    """What passes as many of the patterns as one kind of data can; of two that want different values, the first."""
    found = [pattern for text in patterns if (pattern := _parsed(text)) is not None]
    if kind == "kinesis":
        return Sample(
            _together([one.get("data") for one in found]), _keys([one.get("partitionKey") for one in found])
        )
    bodies = [one["dynamodb"] for one in found if isinstance(one.get("dynamodb"), dict)]
    data = _together([one.get("NewImage") for one in bodies])
    key_rules = [_below(one, place, key_name, "S") for one in bodies for place in ("Keys", "NewImage")]
    if data is not None:
        count = next(name for name in _COUNTS if name != key_name)
        data = {count: {"N": "{n}"}} | {name: one for name, one in _attributes(data) if name != key_name}
    names = [_names(one.get("eventName")) for one in found if "eventName" in one]
    return Sample(
        data,
        _keys(key_rules),
        bool(names) and all(one == ["INSERT"] for one in names),
        any("REMOVE" in one for one in names),
        any("userIdentity" in one for one in found),
    )


def _below(rule: Any, *steps: str) -> Any:
    for step in steps:
        rule = rule.get(step) if isinstance(rule, dict) else None
    return rule


def _keys(rules: Sequence[Any]) -> tuple[str, ...]:
    """Keys that pass one of the rules."""
    found: list[str] = []
    for one in (one for rule in rules if isinstance(rule, list) for one in rule):
        if isinstance(one, dict) and isinstance(one.get("prefix"), str):
            found += [f"{one['prefix']}{number}" for number in range(1, _KEYS + 1)]
        elif isinstance(one, str):
            found.append(one)
    return tuple(dict.fromkeys(found))


def _names(rule: Any) -> list[str]:
    return [name for name in rule if isinstance(name, str)] if isinstance(rule, list) else []


def _together(patterns: Sequence[Any]) -> dict[str, Any] | None:
    """An object that passes the patterns which are some; None without any."""
    wanted = [_example(one) for one in patterns if isinstance(one, dict)]
    result: dict[str, Any] = {}
    for one in wanted:
        _fill(result, one)
    return result if wanted else None


def _fill(result: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Adds what is not there yet."""
    for key, value in more.items():
        there = result.setdefault(key, value)
        if there is not value and isinstance(there, dict) and isinstance(value, dict):
            _fill(there, value)


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
            with suppress(NoAttributeError):
                yield name, attribute({kind: str(value) if kind in {"S", "N"} else value})
