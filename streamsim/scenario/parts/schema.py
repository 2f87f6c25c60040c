"""The JSON Schema of scenario files, from the models that validate them."""

from collections.abc import Collection
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from streamsim.scenario.parts.file import ScenarioFile
from streamsim.scenario.parts.told import FACTS, default_written, described, facts, meaning

DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: Defaults that are no value: a key that is left out is simply not there.
_NOTHING: Final[tuple[Any, ...]] = (None, (), {}, "")


class _AsWritten(GenerateJsonSchema):
    """Tells each default as a file would say it."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """See `GenerateJsonSchema`."""
        inner = self.generate_inner(schema["schema"])
        default = schema.get("default")
        if "default_factory" in schema or default in _NOTHING:
            return {FACTS[2]: "none", **inner}
        written = default_written(default, inner)
        return inner if written is None else {**inner, "default": written}


def full_schema() -> dict[str, Any]:
    """The schema with the facts of each key apart (`streamsim.scenario.parts.told`); keys in the order of scenarios."""
    return ScenarioFile.model_json_schema(schema_generator=_AsWritten)


def json_schema() -> dict[str, Any]:
    """The schema for editors: definitions by name, each key with all that is told of it; the same each time."""
    schema = full_schema()
    definitions = schema.pop("$defs", {})
    return {
        "$schema": DIALECT,
        **_plain(schema, definitions),
        "$defs": {name: _plain(definitions[name], definitions) for name in sorted(definitions)},
    }


def _plain(schema: Any, definitions: dict[str, Any]) -> Any:
    """Without the titles that pydantic makes of names, without null, which no key takes, and with facts in words."""
    if isinstance(schema, list):
        return [_plain(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _keys(value, schema.get("required", ()), definitions)
        if key == "properties"
        else _plain(value, definitions)
        for key, value in without_null(schema).items()
        if key not in FACTS and not (key == "title" and isinstance(value, str))
    }


def _keys(
    properties: dict[str, Any], required: Collection[str], definitions: dict[str, Any]
) -> dict[str, Any]:
    found = {}
    for name, schema in properties.items():
        whole = without_null(schema)
        found[name] = _plain(whole, definitions)
        known = facts(whole, required=name in required)
        found[name]["description"] = described(meaning(whole, definitions), known)
    return found


def without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without the choice of null, which pydantic adds where a key may be left out."""
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    if "anyOf" in schema and len(options) == 1:
        return {**options[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
    return {**schema, "anyOf": options} if options else schema
