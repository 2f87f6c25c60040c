"""Counts of what happened in a run: `invoke(shard=1 record=20)`, `invoke(record=6).request_id`, `document(payload)`.

A pattern names an event of the trace, or `document` for what an on-failure destination got, and in parentheses what
its fields must be: `name=value`, with numbers and times also `name<60s` and the like, or `name` alone for a field that
is there. Fields within fields are named with dots. `shard` goes by number, `record` is one of the event's records,
`records=6-9` all of them, `count` how many they are. It counts the events, or how many values a field has among them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt
from typing import Any, Final

from streamsim.model.units import parse_duration
from streamsim.report.phrases import shard_number
from streamsim.scenario.text.errors import did_you_mean
from streamsim.trace.format.decoding import EVENT_FIELDS

DOCUMENT: Final = "document"

_WHOLE: Final = re.compile(r"(\w+)\(([^()]*)\)(?:\.([\w.]+))?")
_TERM: Final = re.compile(r"([\w.]+)(?:(<=|>=|=|<|>)(\S+))?")
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"=": eq, "<=": le, ">=": ge, "<": lt, ">": gt}

#: Events that are about records of a shard, and what their records can be asked for beside the event's own fields.
_OF_RECORDS: Final = frozenset({"invoke", "discard", "expired", "filtered"})
_OF_THESE: Final = ("record", "count")


class UnclearPatternError(ValueError):
    """What is written is no pattern; carries a hint."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Term:
    """What a field must be; without an operator it must be there."""

    name: str
    operator: str = ""
    value: str = ""

    def holds(self, document: Mapping[str, Any]) -> bool:
        """Whether the document has the field, and as it must be."""
        if self.name == "record":
            return any(first <= int(self.value) <= last for first, last in document["records"])
        found = _found(document, self.name)
        if not self.operator or found is None:
            return found is not None
        if self.operator == "=":
            return _as_written(self.name, found) == self.value
        return _OPERATORS[self.operator](found, _number(self.value))


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which events, or documents, and which of their fields; `of` None counts the events themselves."""

    kind: str
    terms: Sequence[Term]
    of: str | None

    def count(self, documents: Iterable[Mapping[str, Any]]) -> int:
        """How many of these match, or how many values their field has; each is an event of a trace or a document."""
        matching = [
            document
            for document in documents
            if document["event"] == self.kind and all(term.holds(document) for term in self.terms)
        ]
        if self.of is None:
            return len(matching)
        return len({str(value) for one in matching if (value := _found(one, self.of)) is not None})


def pattern(text: str) -> Pattern:
    """The pattern that is written; `UnclearPatternError` for none."""
    whole = _WHOLE.fullmatch(text.strip())
    if whole is None:
        raise UnclearPatternError(f"{text!r} is no pattern of events", "write invoke(shard=1 record=20)")
    kind, inside, of = whole[1], whole[2], whole[3]
    if kind != DOCUMENT and kind not in EVENT_FIELDS:
        names = (*EVENT_FIELDS, DOCUMENT)
        raise UnclearPatternError(
            f"there is no event {kind!r}", did_you_mean(kind, names) or f"write one of {', '.join(names)}"
        )
    terms = tuple(_term(kind, part) for part in inside.split())
    if of is not None:
        _check_field(kind, of)
    return Pattern(kind, terms, of)


def _term(kind: str, text: str) -> Term:
    term = _TERM.fullmatch(text)
    if term is None:
        raise UnclearPatternError(f"{text!r} says nothing of a field", "write shard=1, t<60s or error")
    name, operator, value = term[1], term[2] or "", term[3] or ""
    _check_field(kind, name)
    if name == "record" and (operator != "=" or not value.isdecimal()):
        raise UnclearPatternError(f"{text!r} names no record", "write record=20")
    if operator not in {"", "="}:
        try:
            _number(value)
        except ValueError:
            raise UnclearPatternError(f"{value!r} is neither a number nor a time", "write t<60s") from None
    return Term(name, operator, value)


def _check_field(kind: str, name: str) -> None:
    if kind == DOCUMENT:
        return
    known = (*EVENT_FIELDS[kind], *(_OF_THESE if kind in _OF_RECORDS else ()))
    if name not in known:
        hint = did_you_mean(name, known) or f"it has {', '.join(known)}"
        raise UnclearPatternError(f"the event {kind} has no field {name!r}", hint)


def _number(value: str) -> int:
    return int(value) if value.isdecimal() else parse_duration(value)


def _found(document: Mapping[str, Any], name: str) -> Any:
    if name == "count" and "records" in document:
        return sum(last + 1 - first for first, last in document["records"])
    value: Any = document
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _as_written(name: str, value: Any) -> str:
    """A field's value as a pattern has it."""
    if name == "shard":
        return shard_number(str(value))
    if name == "records":
        return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
