"""The page of all keys of a scenario file, as Markdown. Knows the terms of `streamsim.reference`, adds no text about one."""

from collections.abc import Iterator
from typing import Final

from streamsim.reference.settings import settings
from streamsim.reference.shown import shown_by
from streamsim.reference.term import Term

_HEAD: Final = """\
# Settings: the keys of a scenario file

Every key, by the map it stands in. Times, rates and sizes carry their unit. AWS's words are in AWS's spelling and lie
within AWS's ranges; ours are lower case. `streams`, `mappings` and `functions` hold by name what `stream`, `mapping` and
`function` are alone. In a terminal `streamsim explain NAME` tells the same of one key, and an editor with
`scenarios/schema.json` where it is written. This page is drawn from the models that read scenario files
(`streamsim/scenario/`) and from `streamsim/rules/mapping/parameters.py`.
"""

_TABLE: Final = """
| Key | Meaning | Unit | Range | Default | Evidence | Shown by |
| --- | --- | --- | --- | --- | --- | --- |
"""


def settings_page() -> str:
    """The whole page, as it is kept in `streamsim/docs/settings.md`."""
    by_map: dict[str, list[Term]] = {}
    for one in settings():
        by_map.setdefault(one.name.rpartition(".")[0], []).append(one)
    return _HEAD + "".join(_section(path, keys) for path, keys in by_map.items())


def _section(path: str, keys: list[Term]) -> str:
    title = f"`{path}`" if path else "The file"
    rows = "".join(f"| {' | '.join(_cells(one))} |\n" for one in keys)
    return f"\n## {title}\n{_TABLE}{rows}"


def _cells(one: Term) -> Iterator[str]:
    yield f"`{one.name.rpartition('.')[2]}`"
    yield one.meaning
    for fact in (one.unit, one.range, one.default):
        yield fact or "—"
    yield one.evidence
    scenario = shown_by("setting", one.name)
    yield f"[{scenario.removesuffix('.yaml')}](../../scenarios/{scenario})"
