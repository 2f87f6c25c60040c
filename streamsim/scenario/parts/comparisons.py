"""What a scenario compares: settings and values, every combination of a map of lists, or the rows of a list of maps.

Knows where settings stand in a document. Must not know what values they take: each run is validated like a file.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, Final

from streamsim.scenario.settings import UnknownSettingError, changed, comparable_path, setting_path
from streamsim.scenario.text.document import Entry, Node
from streamsim.scenario.text.errors import KeyPath, Problem

#: A sweep of more is for `tune`; each combination is a run.
MAXIMUM_COMBINATIONS: Final = 200


@dataclass(frozen=True, slots=True)
class Comparison:
    """The runs of a scenario, each a value for every compared setting, and where these settings stand.

    `alone` are the values that must make sense by themselves: not those of rows, which come together.
    """

    paths: Mapping[str, KeyPath] = field(default_factory=dict)
    runs: Sequence[Mapping[str, Node]] = ()
    alone: Mapping[str, Sequence[Node]] = field(default_factory=dict)


def compared_values(root: Node) -> dict[str, list[Any]]:
    """The values of each compared setting, in the order in which they first occur."""
    compare = root.child("compare")
    if compare is None:
        return {}
    values: dict[str, list[Any]] = {}
    if compare.items is not None:
        for row in compare.items:
            for name, entry in (row.entries or {}).items():
                value = entry.node.plain()
                if value not in values.setdefault(name, []):
                    values[name].append(value)
        return values
    return {
        name: [item.plain() for item in entry.node.items or ()]
        for name, entry in (compare.entries or {}).items()
    }


def pinned(root: Node, path: KeyPath, value: Node) -> Node:
    """The tree in which `compare` varies the setting at `path` no more: it has this value in every run."""
    compare = root.child("compare")
    if compare is None:
        return root
    listed = replace(value, items=[value], entries=None, scalar=None)
    for name in _same(compare.entries, path, root):
        root = changed(root, ("compare", name), listed, value.span)
    for index, row in enumerate(compare.items or ()):
        for name in _same(row.entries, path, root):
            root = changed(root, ("compare", index, name), value, value.span)
    return root


def _same(entries: Mapping[str, Entry] | None, path: KeyPath, root: Node) -> list[str]:
    """The names among the entries that mean the setting at `path`."""
    same = []
    for name in entries or ():
        try:
            if setting_path(name, root) == path:
                same.append(name)
        except UnknownSettingError:
            pass
    return same


def read_comparison(root: Node, problems: list[Problem]) -> Comparison:
    """What a document compares, nothing where it has no `compare`; appends to `problems` what is wrong."""
    node = root.child("compare")
    if node is None or (node.scalar is None and node.items is None and node.entries is None):
        return Comparison()
    if not node.entries and not node.items:
        problems.append(
            Problem(
                "compare is a map of settings and lists of values", node.span, "write {BatchSize: [10, 100]}"
            )
        )
        return Comparison()
    return _combinations(node, root, problems) if node.entries else _rows(node, root, problems)


def _combinations(node: Node, root: Node, problems: list[Problem]) -> Comparison:
    compared: dict[str, list[Node]] = {}
    paths: dict[str, KeyPath] = {}
    for name, entry in (node.entries or {}).items():
        path = _path(name, entry, root, problems)
        if path is None:
            continue
        if not entry.node.items:
            what = (
                "the list of values is empty"
                if entry.node.items is not None
                else "values to compare are a list"
            )
            problems.append(Problem(what, entry.node.span, f"write {name}: [1, 2]"))
            continue
        again = _again(entry.node.items[:MAXIMUM_COMBINATIONS])
        if again is not None:
            problems.append(
                Problem(
                    f"{name} has this value twice",
                    again.span,
                    "each value is a run: remove one of the two",
                )
            )
            continue
        if path in paths.values():
            problems.append(Problem(f"{name} is compared twice", entry.key, "remove one of the two"))
            continue
        compared[name], paths[name] = entry.node.items, path
    if not compared or _too_many(prod(len(items) for items in compared.values()), node, problems):
        return Comparison()
    runs = [
        dict(zip(compared, combination, strict=True)) for combination in itertools.product(*compared.values())
    ]
    return Comparison(paths, runs, compared)


def _again(items: Sequence[Node]) -> Node | None:
    """The first value that was there before: its two runs would be the same."""
    known: list[tuple[type, object]] = []  # with its type: 1 is not true
    for item in items:
        value = item.plain()
        if (type(value), value) in known:
            return item
        known.append((type(value), value))
    return None


def _rows(node: Node, root: Node, problems: list[Problem]) -> Comparison:
    """A list of maps: one run each, all with the same settings."""
    rows = node.items or []
    first = rows[0].entries or {}
    paths: dict[str, KeyPath] = {}
    runs = []
    for row in rows:
        if not row.entries or list(row.entries) != list(first):
            problems.append(
                Problem(
                    "each row of compare is a map of the same settings in the same order"
                    if first
                    else "compare is a map of settings and lists of values, or a list of maps of settings",
                    row.span,
                    f"write {{{', '.join(f'{name}: …' for name in first) or 'BatchSize: 10'}}}",
                )
            )
            continue
        runs.append({name: entry.node for name, entry in row.entries.items()})
    for name, entry in first.items():
        path = _path(name, entry, root, problems)
        if path is not None:
            paths[name] = path
    if _too_many(len(rows), node, problems) or len(paths) < len(first):
        return Comparison()
    return Comparison(paths, runs)


def _path(name: str, entry: Entry, root: Node, problems: list[Problem]) -> KeyPath | None:
    try:
        return comparable_path(name, root)
    except UnknownSettingError as error:
        problems.append(Problem(str(error), entry.key, error.hint))
        return None


def _too_many(total: int, node: Node, problems: list[Problem]) -> bool:
    if total <= MAXIMUM_COMBINATIONS:
        return False
    problems.append(
        Problem(
            f"these are {total} combinations; a comparison has up to {MAXIMUM_COMBINATIONS}",
            node.span,
            "compare fewer values",
        )
    )
    return True
