"""What is told of a key of a scenario file beside its meaning: unit, range, default and evidence.

A key's meaning is the `description` of its field. The rest stands in the JSON Schema of the models under the names of
`Facts`, where the type cannot tell it: `json_schema_extra=told(…)` of a field, or the schema of a type. What a type
tells by itself (its bounds, its words, its default) is read from there. The schema for editors has all of it as one
description; `streamsim explain` and the reference have it piece by piece.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from streamsim.model.units import HOUR, KIB, MIB, MILLISECOND, MINUTE, SECOND

#: Units of values that carry their unit themselves.
TIME: Final = "time, such as 250ms, 60s or 24h"
INSTANT: Final = "time since the start of the run, such as 90s"
SIZE: Final = "size, such as 200B or 5MiB"
RATE: Final = "rate, such as 12/s or 1000/m"
SHARE: Final = "share, such as 20% or 0.2"

#: The default of a name that says which part is meant.
ONLY: Final = "the only one, or the one named default"

#: What the documentation of a key cites most.
CREATE_MAPPING: Final = "documented: Lambda API Reference, CreateEventSourceMapping"
QUOTAS: Final = "documented: Lambda Developer Guide, Lambda quotas"
OURS: Final = "ours"


class Facts(NamedTuple):
    """Unit, range, default and evidence in words; each may be empty."""

    unit: str = ""
    range: str = ""
    default: str = ""
    evidence: str = ""


#: Names of facts in a schema before it is made for editors; JSON Schema has none of them.
FACTS: Final = tuple(f"told_{name}" for name in Facts._fields)


def told(*, unit: str = "", range: str = "", default: str = "", evidence: str = "") -> dict[str, Any]:  # noqa: A002  its name in `Facts`
    """What a field's type cannot tell, for its schema."""
    return {name: value for name, value in zip(FACTS, (unit, range, default, evidence), strict=True) if value}


def meaning(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """What a key means: its own description, or that of the map that stands in it."""
    if "description" in schema or "$ref" not in schema:
        return str(schema.get("description", ""))
    return str(definitions[schema["$ref"].rpartition("/")[2]].get("description", ""))


def facts(schema: Mapping[str, Any], *, required: bool = False) -> Facts:
    """The facts of a key by its schema: those that are told, and those that its type and its default show."""
    unit, span, default, evidence = (str(schema.get(name, "")) for name in FACTS)
    if not default and required:
        default = "required"
    elif not default and "default" in schema:
        default = _shown(schema["default"])
    return Facts(unit, span or _span(schema), default, evidence or OURS)


def described(meaning: str, known: Facts) -> str:
    """Meaning and facts as one text, as editors show it: `The most records in one batch. Unit: records. …`."""
    named = (("Unit", known.unit), ("Range", known.range), ("Default", known.default))
    parts = [
        meaning,
        *(f"{name}: {value}." for name, value in named if value not in {"", "none", "required"}),
    ]
    if known.evidence != OURS:
        parts.append(f"{known.evidence[:1].upper()}{known.evidence[1:]}.")
    return " ".join(parts)


def default_written(value: Any, inner: Mapping[str, Any]) -> Any:
    """A field's default as a file would have it, given its schema; None where a file cannot say it."""
    match inner.get(FACTS[0]), value:
        case (unit, int()) if unit in {TIME, INSTANT}:
            return time_written(value)
        case (unit, int()) if unit == SIZE:
            return size_written(value)
        case (unit, float()) if unit == SHARE:
            return f"{value * 100:g}%"
    kinds = {bool: "boolean", int: "integer", str: "string"}
    plain = inner.get("type") == kinds.get(type(value), "none")
    below = isinstance(value, int) and value < inner.get("minimum", value)
    return value if (plain and not below) or value in inner.get("enum", ()) else None


def time_written(microseconds: int) -> str:
    """A time as a file has it, exactly: `250ms`, `24h`."""
    for unit, name in ((HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (MILLISECOND, "ms")):
        if microseconds >= unit and microseconds % unit == 0:
            return f"{microseconds // unit}{name}"
    return f"{microseconds}us" if microseconds else "0s"


def size_written(size: int) -> str:
    """A size as a file has it, exactly: `200B`, `1MiB`."""
    for unit, name in ((MIB, "MiB"), (KIB, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit}{name}"
    return f"{size}B"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _span(schema: Mapping[str, Any]) -> str:
    """What a value may be, from the bounds and words of its schema; empty where they tell nothing."""
    if "enum" in schema:
        return ", ".join(dict.fromkeys(map(str, schema["enum"])))
    if schema.get("type") == "boolean":
        return "true, false"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None:
        return f"{low:,} or more" if high is None else f"{low:,} to {high:,}"
    return ""
