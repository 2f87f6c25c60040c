"""The JSON Schema of scenario files, from the models that validate them."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from streamsim.scenario.file import ScenarioFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _AsWritten(GenerateJsonSchema):
    """Tells a default only where the file has it in the same form as the model, as it has numbers and words."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """See `GenerateJsonSchema`."""
        inner = self.generate_inner(schema["schema"])
        default = schema.get("default")
        kinds = {bool: "boolean", int: "integer"}
        if inner.get("type") == kinds.get(type(default), "none") or default in inner.get("enum", ()):
            return {**inner, "default": default}
        return inner


def json_schema() -> dict[str, Any]:
    """The schema: keys in the order in which scenarios have them, definitions by name; the same each time."""
    schema = ScenarioFile.model_json_schema(schema_generator=_AsWritten)
    definitions = schema.pop("$defs", {})
    return {
        "$schema": DIALECT,
        **_plain(schema),
        "$defs": {name: _plain(definitions[name]) for name in sorted(definitions)},
    }


def _plain(schema: Any) -> Any:
    """Without the titles that pydantic makes of names, and without null, which no key takes."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    if "anyOf" in schema and len(options) == 1:
        schema = {**{key: value for key, value in schema.items() if key != "anyOf"}, **options[0]}
    elif options:
        schema = {**schema, "anyOf": options}
    return {
        key: {name: _plain(inner) for name, inner in value.items()} if key == "properties" else _plain(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }
