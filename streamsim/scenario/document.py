"""A YAML text as a tree of values, each of which knows where it stands.

Reads with PyYAML's event stream and composes itself, so that depth, aliases and duplicate keys are under control:
no input makes this recurse deeply, run long or use much memory. Must not know what a scenario may say.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import yaml

from streamsim.scenario.errors import Problem, ScenarioError, Source, Span
from streamsim.scenario.scalars import UnclearScalarError, resolve
from streamsim.scenario.syntax import explain, explain_tag

#: Nobody nests settings deeper by hand; JSON in `data` rarely does.
MAXIMUM_DEPTH: Final = 64

#: How many values aliases may stand for altogether: stops the expansion of `&a [*b, *b]` chains.
MAXIMUM_ALIASED: Final = 100_000

_STRING_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})


@dataclass(slots=True)
class Node:
    """A scalar, a list of nodes (`items`) or a map of entries (`entries`). An alias shares its anchor's node."""

    span: Span
    scalar: Any = None
    items: "list[Node] | None" = None
    entries: "dict[str, Entry] | None" = None
    size: int = 1

    def plain(self) -> Any:
        """The value as dicts, lists and scalars."""
        if self.entries is not None:
            return {key: entry.node.plain() for key, entry in self.entries.items()}
        if self.items is not None:
            return [item.plain() for item in self.items]
        return self.scalar

    def child(self, step: object) -> "Node | None":
        """The node one step down, None where there is none."""
        if self.entries is not None and isinstance(step, str):
            return entry.node if (entry := self.entries.get(step)) else None
        if self.items is not None and isinstance(step, int) and 0 <= step < len(self.items):
            return self.items[step]
        return None


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's place and its value."""

    key: Span
    node: Node


def locate(root: Node, path: Sequence[object], *, at_key: bool = False) -> Span:
    """Where the value (or its key) at `path` stands; where the path ends early, the last key that exists."""
    node, span = root, root.span
    for index, step in enumerate(path):
        entry = node.entries.get(step) if node.entries is not None and isinstance(step, str) else None
        child = node.child(step)
        if child is None:
            return span
        last = index == len(path) - 1
        wants_key = entry is not None and (not last or at_key or _is_block(child))
        span = entry.key if wants_key and entry is not None else child.span
        node = child
    return span


def _is_block(node: Node) -> bool:
    return node.items is not None or node.entries is not None


def compose(text: str, source: Source, functions: Mapping[str, str] | None = None) -> Node:
    """The tree of a YAML text; `ScenarioError` with every problem found on the way.

    `functions` is for templates: what a tag such as `!Ref` becomes, a map of that one key. Their keys may be numbers,
    and what has no one safe reading is text.
    """
    return _Composer(source, functions).compose(text)


@dataclass(slots=True)
class _Open:
    """A list or map whose end has not been reached."""

    node: Node
    anchor: str | None
    key: tuple[str, Span] | None = None
    merged: list[Node] = field(default_factory=list)
    tag: str | None = None


class _Composer:
    def __init__(self, source: Source, functions: Mapping[str, str] | None) -> None:
        self._source = source
        self._lenient = functions is not None
        self._functions = functions or {}
        self._problems: list[Problem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._aliased = 0
        self._roots: list[Node] = []

    def compose(self, text: str) -> Node:
        try:
            for event in _events(text):
                self._take(event)
        except yaml.YAMLError as error:
            self._problems.append(explain(error, self._source))
        except UnicodeEncodeError:  # an argument whose bytes are no text
            self._refuse("this is not UTF-8", Span(self._source), "write it in UTF-8")
        if not self._problems and not self._roots:
            self._refuse(
                "the file holds no values", Span(self._source), "begin with a line such as `scenario: …`"
            )
        if self._problems:
            raise ScenarioError(self._problems)
        return self._roots[0]

    def _take(self, event: yaml.Event) -> None:
        span = self._span(event)
        match event:
            case yaml.DocumentStartEvent() if self._roots:
                self._refuse(
                    "a second document begins here; a scenario file holds one",
                    span,
                    "put the second scenario into a file of its own",
                )
                raise ScenarioError(self._problems)
            case yaml.AliasEvent():
                self._alias(event.anchor or "", span)
            case yaml.ScalarEvent():
                self._scalar(event, span)
            case yaml.SequenceStartEvent():
                self._begin(Node(span, items=[]), event, span)
            case yaml.MappingStartEvent():
                self._begin(Node(span, entries={}), event, span)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end()

    def _span(self, event: yaml.Event) -> Span:
        start, end = event.start_mark, event.end_mark
        assert start is not None
        assert end is not None
        length = end.column - start.column if end.line == start.line else 1
        return Span(self._source, start.line, start.column, max(length, 1))

    def _refuse(self, message: str, span: Span, hint: str | None = None) -> None:
        self._problems.append(Problem(message, span, hint))

    def _alias(self, anchor: str, span: Span) -> None:
        if anchor not in self._anchors:
            self._refuse(
                f"there is no anchor &{anchor} before this alias", span, f"write &{anchor} at the value"
            )
            self._add(Node(span), span)
            return
        node = self._anchors[anchor]
        if node is None:
            self._refuse(f"*{anchor} stands inside &{anchor}, so it would contain itself", span)
            self._add(Node(span), span)
            return
        self._aliased += node.size
        if self._aliased > MAXIMUM_ALIASED:
            self._refuse(f"aliases stand for more than {MAXIMUM_ALIASED:,} values", span)
            raise ScenarioError(self._problems)
        self._add(node, span)

    def _scalar(self, event: yaml.ScalarEvent, span: Span) -> None:
        value: Any = event.value
        expects_key = (
            bool(self._open) and self._open[-1].node.entries is not None and self._open[-1].key is None
        )
        tag = event.tag
        if tag is not None and tag not in _STRING_TAGS and tag not in self._functions:
            self._refuse(*explain_tag(tag, span))
        elif event.tag is None and event.implicit[0]:
            if event.value == "<<" and expects_key:
                self._open[-1].key = ("<<", span)
                return
            try:
                value = resolve(event.value)
            except UnclearScalarError as error:
                if not self._lenient:
                    self._refuse(str(error), span, error.hint)
        if isinstance(value, str) and not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
            self._refuse("this text holds half a character (a lone surrogate)", span)
        node = self._called(tag, Node(span, value))
        if event.anchor:
            self._anchors[event.anchor] = node
        self._add(node, span)

    def _called(self, tag: str | None, node: Node) -> Node:
        """The node, in a map of the function that its tag stands for."""
        name = None if tag is None else self._functions.get(tag)
        if name is None:
            return node
        return Node(node.span, entries={name: Entry(node.span, node)}, size=node.size + 1)

    def _begin(self, node: Node, event: yaml.CollectionStartEvent, span: Span) -> None:
        tag = event.tag
        if tag not in {None, "!"} and tag not in self._functions:
            self._refuse(*explain_tag(tag or "", span))
        if len(self._open) >= MAXIMUM_DEPTH:
            self._refuse(f"values are nested deeper than {MAXIMUM_DEPTH} levels here", span)
            raise ScenarioError(self._problems)
        parent = self._open[-1] if self._open else None
        if parent and parent.node.entries is not None and parent.key is None:
            self._refuse(
                "a key must be a word, not a map or a list",
                span,
                "text that begins with { or [ needs quotes, such as '{n}'",
            )
            raise ScenarioError(self._problems)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(node, event.anchor, tag=tag))

    def _end(self) -> None:
        ended = self._open.pop()
        node = ended.node
        for merged in ended.merged:
            assert node.entries is not None
            for key, entry in (merged.entries or {}).items():
                if key not in node.entries:
                    node.entries[key] = entry
                    node.size += entry.node.size
        node = self._called(ended.tag, node)
        if ended.anchor:
            self._anchors[ended.anchor] = node
        self._add(node, node.span)

    def _add(self, node: Node, span: Span) -> None:
        if not self._open:
            self._roots.append(node)
            return
        parent = self._open[-1]
        if parent.node.items is not None:
            parent.node.items.append(node)
            parent.node.size += node.size
        elif parent.key is None:
            parent.key = self._key(node, span)
        else:
            self._enter(parent, node)
            parent.key = None

    def _key(self, node: Node, span: Span) -> tuple[str, Span]:
        if isinstance(node.scalar, str):
            return node.scalar, span
        if _is_block(node):
            self._refuse("a key must be a word, not a map or a list", span)
            return "", span
        if self._lenient:
            return self._text(span), span
        shown = "an empty key" if node.scalar is None else f"the key {self._text(span)}"
        self._refuse(f"{shown} is no word", span, f"put it in quotes: '{self._text(span)}'")
        return f"\0{span.line}:{span.column}", span

    def _enter(self, parent: _Open, node: Node) -> None:
        assert parent.key is not None
        assert parent.node.entries is not None
        key, span = parent.key
        if key == "<<" and self._text(span) == "<<":
            self._merge(parent, node, span)
            return
        if key in parent.node.entries:
            first = parent.node.entries[key].key.line + 1
            self._refuse(f"{key!r} is here twice; line {first} has it already", span, "remove one of the two")
            return
        parent.node.entries[key] = Entry(span, node)
        parent.node.size += node.size

    def _merge(self, parent: _Open, node: Node, span: Span) -> None:
        for merged in node.items if node.items is not None else [node]:
            if merged.entries is None:
                self._refuse(
                    "<< takes in the settings of a map, and this is none", span, "write `<<: *anchor`"
                )
                return
            parent.merged.append(merged)

    def _text(self, span: Span) -> str:
        return self._source.lines[span.line][span.column : span.column + span.length]


def _events(text: str) -> Iterator[yaml.Event]:
    """The events of a text from libyaml where PyYAML has it.

    Its words for errors differ from the pure parser's, so on an error the pure parser has the say. Newer ones refuse
    deep nesting some events before they get there; the pure parser leads to the place.
    """
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    given = 0
    try:
        for event in yaml.parse(text, Loader=fast):
            given += 1
            yield event
    except yaml.YAMLError as error:
        events = islice(yaml.parse(text, Loader=yaml.SafeLoader), given, None)
        if "nesting depth" in str(error):
            yield from events
        for _ in events:
            pass
        raise
