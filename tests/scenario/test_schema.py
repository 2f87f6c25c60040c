"""The JSON Schema says what the models say: every key, every default that a file could hold, a description each."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from streamsim.rules.mapping.settings import WHOLE_NUMBERS
from streamsim.scenario.parts.file import ScenarioFile
from streamsim.scenario.parts.schema import json_schema

ROOT = Path(__file__).parents[2]


def below(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every key of a map, and of the maps that its values may be: where it stands, its schema, whether it is required."""
    for name, one in schema.get("properties", {}).items():
        yield f"{path}.{name}", one, name in schema.get("required", ())
        yield from below(one, f"{path}.{name}")
    for inner in [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]:
        yield from below(inner, path)


def every_key() -> Iterator[tuple[str, dict[str, Any], bool]]:
    schema = json_schema()
    yield from below(schema, "scenario")
    for definition, content in schema["$defs"].items():
        yield from below(content, definition)


#: Whole numbers that count nothing: they tell one from another.
NUMBERS = ("seed", "shard", "record")


def test_every_key_is_described() -> None:
    keys = list(every_key())
    assert {f"scenario.{name}" for name in ScenarioFile.model_fields} <= {path for path, _, _ in keys}
    assert [path for path, one, _ in keys if not one.get("description", "")[:1].strip()] == []


def test_every_key_tells_its_unit_range_and_default() -> None:
    lacking = []
    for path, one, required in every_key():
        told = one["description"]
        kind, pattern = one.get("type", ""), one.get("pattern", "")
        counts = kind == "integer" and path.rpartition(".")[2] not in NUMBERS
        carries = "us|ms|s|m|h|d)" in pattern or "KiB" in pattern or r"\s+per\s+shard" in pattern
        wanted = {
            "Unit: ": counts or carries,
            "Range: ": kind in ("integer", "number", "boolean") or "enum" in one,
            "Default: ": "default" in one and not required,
        }
        lacking += [f"{path} has no {fact}" for fact, needed in wanted.items() if needed and fact not in told]
    assert lacking == []


def test_no_fact_is_told_but_in_words() -> None:
    assert "told_" not in json.dumps(json_schema())


def test_unknown_keys_are_refused_everywhere() -> None:
    schema = json_schema()
    for content in (schema, *schema["$defs"].values()):
        assert content["additionalProperties"] is False


def test_ranges_and_defaults_are_lambda_s() -> None:
    mapping = json_schema()["$defs"]["Mapping"]["properties"]
    for name, limits in WHOLE_NUMBERS.items():
        found = (mapping[name]["minimum"], mapping[name]["maximum"], mapping[name]["default"])
        assert found == (limits.low, limits.high, limits.default)


def test_no_key_takes_null_and_no_default_is_in_our_units() -> None:
    text = json.dumps(json_schema())
    assert '"null"' not in text
    assert "86400000000" not in text


def test_the_schema_is_the_same_under_another_hash_seed() -> None:
    program = "import json; from streamsim.scenario.parts.schema import json_schema; print(json.dumps(json_schema()))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
