"""Every key of a scenario file as a term, from the schema of the models that read it.

Knows JSON Schema as the models make it. Must not know what a key means: that stands in its field.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from streamsim.reference.term import Term
from streamsim.scenario.parts.file import PLURALS
from streamsim.scenario.parts.schema import full_schema, without_null
from streamsim.scenario.parts.told import facts, meaning

#: Keys below which the same keys stand as elsewhere: in the singular, or in what they are said of.
_AS_ELSEWHERE: Final = frozenset({*PLURALS.values(), "stream.producer", "traffic.rate"})

#: Keys of a mapping's update, of which only the mapping's name is not a setting of the mapping.
_UPDATE: Final = "events.update"


def settings() -> Iterator[Term]:
    """The keys in the order of scenarios, each by its path: `mapping.BatchSize`, `faults.poison.at`."""
    schema = full_schema()
    yield from _below(schema, "", schema.get("$defs", {}))


def _below(schema: Mapping[str, Any], path: str, definitions: Mapping[str, Any]) -> Iterator[Term]:
    for name, written in schema.get("properties", {}).items():
        if path == _UPDATE and name != "mapping":
            continue
        one = without_null(written)
        known = facts(one, required=name in schema.get("required", ()))
        full = f"{path}.{name}" if path else name
        yield Term(
            name=full,
            kind="setting",
            meaning=meaning(one, definitions),
            evidence=known.evidence,
            unit=known.unit,
            range=known.range,
            default=known.default,
        )
        if full not in _AS_ELSEWHERE:
            yield from _inside(one, full, definitions)


def _inside(schema: Mapping[str, Any], path: str, definitions: Mapping[str, Any]) -> Iterator[Term]:
    """The keys of the maps that a value may be, or hold as items."""
    if "$ref" in schema:
        yield from _below(definitions[schema["$ref"].rpartition("/")[2]], path, definitions)
    yield from _below(schema, path, definitions)
    for inner in (*schema.get("anyOf", ()), schema.get("items")):
        if isinstance(inner, Mapping):
            yield from _inside(inner, path, definitions)
