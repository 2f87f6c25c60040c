"""Which keys a scenario file has, by the paths that terms have: without names of parts and places in lists."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from streamsim.scenario.parts.file import PLURALS

_SINGULAR = {plural: singular for singular, plural in PLURALS.items()}


@cache
def keys_of(path: Path) -> set[str]:
    """The keys of the file and of what it compares: `mapping.BatchSize`, `faults.poison.at`, `expect`."""
    document = yaml.safe_load(path.read_text())
    found = set(_keys(document, ""))
    compared = document.get("compare", {})
    for settings in compared if isinstance(compared, list) else [compared]:
        found |= {_compared(name) for name in settings}
    return found | {
        ".".join(key.split(".")[:count]) for key in found for count in range(1, key.count(".") + 1)
    }


def _keys(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _keys(item, path)
    if not isinstance(value, Mapping):
        return
    for name, inner in value.items():
        if not path and name in _SINGULAR:
            yield name
            for part in inner.values():
                yield from _keys(part, _SINGULAR[name])
                if "producer" in part:
                    yield from _keys(part["producer"], "producer")
            continue
        yield f"{path}.{name}" if path else name
        if path == "events.update" and name != "mapping":
            yield f"mapping.{name}"
        yield from _keys(inner, f"{path}.{name}" if path else name)


def _compared(name: str) -> str:
    steps = name.split(".")
    if steps[0] in _SINGULAR:
        return ".".join([_SINGULAR[steps[0]], *steps[2:]])
    if steps[0] == "traffic":
        return ".".join([steps[0], *steps[2:]])
    return name if len(steps) > 1 else f"mapping.{name}"
