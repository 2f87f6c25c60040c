"""Settings by their path, as `compare` and `--set` name them, and their change in the tree of a document.

Knows which keys a scenario has. Must not know what values they take.
"""

from collections.abc import Mapping as Names
from dataclasses import replace
from typing import Final

from streamsim.scenario.parts.file import PLURALS, ScenarioFile, Stream
from streamsim.scenario.parts.function import Account, Function
from streamsim.scenario.parts.mapping import Mapping
from streamsim.scenario.parts.maps import Strict
from streamsim.scenario.parts.producer import Producer
from streamsim.scenario.parts.traffic import Traffic
from streamsim.scenario.text.document import Entry, Node
from streamsim.scenario.text.errors import KeyPath, Span, did_you_mean

#: The maps of a scenario whose settings may be named without their path, in the order in which they are looked into.
_SECTIONS: Final[Names[str, type[Strict]]] = {
    "mapping": Mapping,
    "function": Function,
    "account": Account,
    "stream": Stream,
    "producer": Producer,
}


class UnknownSettingError(ValueError):
    """No setting has this path; carries a hint."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def setting_path(name: str, root: Node) -> KeyPath:
    """Where a setting stands: `ParallelizationFactor`, `mapping.BatchSize`, `streams.orders.shards`, `faults.0.slow.factor`,
    `traffic.checkout.rate`, `expect.IteratorAge.max`.

    `UnknownSettingError` when there is no such setting.
    """
    steps: list[str] = name.split(".")
    listed = root.child("expect")
    if steps[0] == "expect" and (listed is None or listed.items is None):
        steps = name.split(".", maxsplit=1)  # the names of measures have dots of their own
    top = ScenarioFile.names()
    if steps[0] not in top:
        steps = _with_section(steps, name)
    singular, plural = steps[0], PLURALS.get(steps[0])
    if plural and root.child(plural) is not None:
        known = root.child(plural)
        one = next(iter(known.entries or ()), "NAME") if known else "NAME"
        rest = ".".join(steps[1:])
        raise UnknownSettingError(
            f"this scenario has `{plural}`, so {name!r} does not say which {singular}",
            f"write {plural}.{one}.{rest}",
        )
    _check_section(steps, name, root)
    path: list[str | int] = []
    node: Node | None = root
    for step in steps:
        if path == ["traffic"] and node is not None and (named := _source_named(step, node)) is not None:
            path.append(named)
            node = node.child(named)
            continue
        index = int(step) if step.isascii() and step.isdigit() and len(step) < 9 else None
        is_item = index is not None and node is not None and node.items is not None
        path.append(index if is_item and index is not None else step)
        node = node.child(path[-1]) if node is not None else None
    return tuple(path)


def _source_named(name: str, traffic: Node) -> int | None:
    """The place in the list of the source of traffic that has this name."""
    for index, item in enumerate(traffic.items or ()):
        called = item.child("name")
        if called is not None and called.scalar == name:
            return index
    return None


def comparable_path(name: str, root: Node) -> KeyPath:
    """Where a setting stands that may differ between runs; `UnknownSettingError` when there is none or it may not."""
    path = setting_path(name, root)
    if path[0] in {"compare", "expect", "scenario"}:
        raise UnknownSettingError(f"{path[0]} cannot be compared", "compare a setting, such as BatchSize")
    return path


def _with_section(steps: list[str], name: str) -> list[str]:
    for section, model in _SECTIONS.items():
        if steps[0] in model.names():
            return [section, *steps]
    known = [*ScenarioFile.names(), *(key for model in _SECTIONS.values() for key in model.names())]
    raise UnknownSettingError(
        f"there is no setting {name!r}",
        did_you_mean(steps[0], known) or "write for example mapping.BatchSize",
    )


def _check_section(steps: list[str], name: str, root: Node) -> None:
    """Whether the keys below a section or a named part of it exist."""
    singulars = {plural: singular for singular, plural in PLURALS.items()}
    section, rest = steps[0], steps[1:]
    if section in singulars:
        named = root.child(section)
        if not rest or named is None or named.child(rest[0]) is None:
            names = list(named.entries or ()) if named else []
            hint = did_you_mean(rest[0] if rest else "", names) or (
                f"{section} are {', '.join(names)}" if names else None
            )
            raise UnknownSettingError(f"there is no setting {name!r}", hint)
        section, rest = singulars[section], rest[1:]
    if section == "traffic" and rest:
        traffic = root.child("traffic")
        items = (traffic.items or []) if traffic else []
        is_index = rest[0].isascii() and rest[0].isdigit() and int(rest[0][:9]) < len(items)
        if not is_index and (traffic is None or _source_named(rest[0], traffic) is None):
            names = [str(called.scalar) for item in items if (called := item.child("name")) is not None]
            hint = did_you_mean(rest[0], names) or (f"traffic is of {', '.join(names)}" if names else None)
            raise UnknownSettingError(f"there is no setting {name!r}", hint)
        section, rest = "a source", rest[1:]
    model = Traffic if section == "a source" else _SECTIONS.get(section)
    if model and rest and rest[0] not in model.names():
        # Settings with a reason of their own keep it; here only the name is told.
        complaint = model.unknown(rest[0], None)
        raise UnknownSettingError(complaint.message, complaint.hint)


def changed(root: Node, path: KeyPath, value: Node | None, key: Span) -> Node:
    """A tree with another value at `path`, None: without it. What the path passes through is added where it is missing.

    `UnknownSettingError` when it passes through something that has no parts, or has other ones.
    """
    if not path:
        assert value is not None
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        count = len(root.items or ())
        if root.items is None or step >= count:
            there = f"the items are 0 to {count - 1}" if count else "there are none"
            raise UnknownSettingError(f"there is no item {step}; {there}")
        items = list(root.items)
        inner = changed(items[step], rest, value, key) if rest or value is not None else None
        items[step : step + 1] = [inner] if inner is not None else []
        return replace(root, items=items)
    if root.entries is None:
        raise UnknownSettingError(f"{step!r} cannot be set in something that is no map")
    entries = dict(root.entries)
    if not rest and value is None:
        entries.pop(step, None)
        return replace(root, entries=entries)
    below = entries.get(step)
    if below is None or (
        below.node.scalar is None and below.node.items is None and below.node.entries is None
    ):
        below = Entry(key, Node(key, entries={}))
    entries[step] = Entry(below.key, changed(below.node, rest, value, key))
    return replace(root, entries=entries)
