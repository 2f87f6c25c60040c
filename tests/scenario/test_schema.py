"""The JSON Schema says what the models say: every key, every default that a file could hold, a description each."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from streamsim.rules.settings import WHOLE_NUMBERS
from streamsim.scenario.file import ScenarioFile
from streamsim.scenario.schema import json_schema

ROOT = Path(__file__).parents[2]


def every_property(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {f"scenario.{name}": of for name, of in schema["properties"].items()}
    for definition, content in schema["$defs"].items():
        found |= {f"{definition}.{name}": of for name, of in content["properties"].items()}
    return found


def test_every_key_is_described() -> None:
    properties = every_property(json_schema())
    assert set(ScenarioFile.model_fields) <= {name.removeprefix("scenario.") for name in properties}
    assert [name for name, of in properties.items() if not of.get("description")] == []


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
    program = (
        "import json; from streamsim.scenario.schema import json_schema; print(json.dumps(json_schema()))"
    )
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
