"""Terms as text of at most 80 columns. Knows terms and how they were found, no scenarios."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import click

from streamsim.reference.finding import Found
from streamsim.reference.term import KINDS, Term

_WIDTH: Final = 80
_MARGIN: Final = 2
_LABEL: Final = 10

#: So many other terms of the name are told by their first sentence, the rest by their name.
_SUMMARIES: Final = 8


def explained(found: Found) -> str:
    """All that is known of the terms that are meant, and a line for each other one of the name."""
    lines: list[str] = []
    for one in found.meant:
        lines += [*_term(one), ""]
    if found.others:
        lines += ["Also by this name", *_summaries(found.others), ""]
    return "\n".join(lines[:-1])


def listed(terms: Sequence[Term]) -> str:
    """The names of all terms by kind; keys of a scenario file by the map they stand in."""
    lines: list[str] = []
    for kind, same in groupby(terms, lambda one: one.kind):
        lines.append(_bold(KINDS[kind][1]))
        names = [one.name for one in same]
        for _, group in groupby(names, _section):
            lines += _wrapped(", ".join(name.replace(" ", "\xa0") for name in group), hang=2)
        lines.append("")
    lines.append("`streamsim explain NAME` tells of one; its last word will do, such as BatchSize.")
    return "\n".join(lines).replace("\xa0", " ")


def _section(name: str) -> str:
    """Keys of one map stand together; names without a map, and those of other kinds, do as well."""
    return name.partition(".")[0] if "." in name else ""


def _term(one: Term) -> Iterator[str]:
    yield f"{_bold(one.name)} ({KINDS[one.kind][0]})"
    yield ""
    for paragraph in one.meaning.split("\n\n"):
        yield from _wrapped(" ".join(paragraph.split()))
        yield ""
    facts = (
        ("unit", one.unit),
        ("range", one.range),
        ("default", one.default),
        *(("evidence" if not place else "", text) for place, text in enumerate(one.evidence.split("; "))),
        ("shown by", one.scenario and f"streamsim run scenarios/{one.scenario}"),
        ("see also", ", ".join(one.related)),
    )
    for label, text in facts:
        if text:
            yield from _labelled(label, text)


def _labelled(label: str, text: str) -> list[str]:
    begin = " " * _MARGIN + label.ljust(_LABEL)
    return _wrapped(text, begin, " " * (_MARGIN + _LABEL))


def _wrapped(text: str, begin: str = "", rest: str = "", *, hang: int = 0) -> list[str]:
    indent = " " * _MARGIN
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=begin or indent,
        subsequent_indent=rest or indent + " " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _summaries(terms: Sequence[Term]) -> Iterator[str]:
    shown = terms[:_SUMMARIES]
    width = max(len(one.name) for one in shown)
    beside = width <= _WIDTH // 2
    for one in shown:
        said = one.meaning.partition("\n\n")[0]
        name = " " * _MARGIN + one.name
        if beside:
            room = _WIDTH - _MARGIN - width - 2
            yield f"{name.ljust(_MARGIN + width)}  {textwrap.shorten(said, room, placeholder=' …')}"
        else:
            yield name
            yield f"{' ' * 3 * _MARGIN}{textwrap.shorten(said, _WIDTH - 3 * _MARGIN, placeholder=' …')}"
    if len(terms) > len(shown):
        yield from _wrapped("and " + ", ".join(one.name for one in terms[_SUMMARIES:]))


def _bold(text: str) -> str:
    return click.style(text, bold=True)
