"""PyYAML's errors in sentences for people: what stands there, and what to write instead."""

import re
from typing import Final

import yaml

from streamsim.scenario.errors import Problem, Source, Span

_QUOTE_IT: Final = "put the value in quotes"

#: What PyYAML says (its context and problem joined), what we say, and the hint. The first match counts.
_SENTENCES: Final[tuple[tuple[str, str, str | None], ...]] = (
    (r"character '\\t'", "a tab; YAML wants spaces here", "replace the tab with spaces"),
    (r"mapping values are not allowed", "a second ': ' in one value", _QUOTE_IT + " if the colon belongs to it; else check the indentation"),
    (r"flow sequence", "the list opened with [ on line {context} has no end", "close it with ], with a comma between items"),
    (r"flow mapping", "the map opened with {{ on line {context} has no end", "close it with }}, with a comma between entries"),
    (r"quoted scalar.*(unexpected end|document separator)", "the text that begins on line {context} has no closing quote", "add the quote that is missing"),
    (r"unknown escape character '(.*)'", r"\{0} means nothing inside double quotes", r"write \\{0}, or use single quotes"),
    (r"escape sequence|expected escape", "an escape of hexadecimal digits that is not complete", "use single quotes if the \\ belongs to the text"),
    (r"block scalar", "> or | begins a text of several lines, so nothing else may follow it on its line", "a test such as '>= 5' needs quotes"),
    (r"simple key|expected ':'", "this line is no `key: value`: its colon is missing", "write a colon and a space after the key"),
    (r"character '%'|character '@'|character '`'", "a value cannot begin with this character", _QUOTE_IT),
    (r"block sequence start|block collection", "this line does not line up with the list it belongs to", "indent it like its siblings"),
    (r"block mapping|expected <document start>|block end", "this line does not line up with the lines above", "indent it like its siblings"),
    (r"sequence entries are not allowed", "a list cannot begin on the line of its key", "write it on lines of its own, or as [a, b]"),
    (r"undefined alias '?(\w*)", "there is no anchor &{0} before this alias", _QUOTE_IT + " if * belongs to it"),
    (r"alias", "* begins an alias, and no name follows", "a test or text that begins with * needs quotes"),
    (r"anchor", "& begins an anchor, and no name follows", _QUOTE_IT + " if & belongs to it"),
    (r"duplicate anchor", "this anchor has been given already", "choose another name"),
    (r"%YAML|directive|incompatible YAML", "a scenario file has no % directives", "remove this line"),
    (r"tag", "! begins a tag, and scenario files have none", _QUOTE_IT),
)  # fmt: skip


def explain(error: yaml.YAMLError, source: Source) -> Problem:
    """The problem behind a PyYAML error, at its place."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return _unreadable(error, source)
    said = f"{error.context or ''} {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    context = error.context_mark.line + 1 if error.context_mark else 0
    span = _within(source, mark.line, mark.column) if mark else Span(source)
    for pattern, sentence, hint in _SENTENCES:
        if found := re.search(pattern, said):
            words = found.groups()
            return Problem(
                sentence.format(*words, context=context), span, hint.format(*words) if hint else None
            )
    return Problem(f"this is not YAML: {error.problem or 'it cannot be read'}", span)


def _within(source: Source, line: int, column: int) -> Span:
    """The place, or the end of the last line that holds something when it lies beyond the text."""
    line = min(line, len(source.lines) - 1)
    while line > 0 and not source.lines[line].strip():
        line -= 1
        column = len(source.lines[line])
    return Span(source, line, min(column, len(source.lines[line])))


def _unreadable(error: yaml.YAMLError, source: Source) -> Problem:
    """A character that YAML does not allow at all."""
    position = getattr(error, "position", None)
    character = getattr(error, "character", None)
    code = ord(character) if isinstance(character, str) else character if isinstance(character, int) else 0
    for number, line in enumerate(source.lines):
        if position is None or position <= len(line):
            return Problem(
                f"the character U+{code:04X} has no place in a text file",
                Span(source, number, position or 0),
                "is this a text file? If so, remove the character",
            )
        position -= len(line) + 1
    return Problem("the text holds a character that YAML does not allow", Span(source))


def explain_tag(tag: str, span: Span) -> tuple[str, Span, str]:
    """Message, place and hint for a tag, which is often a test that lacks its quotes."""
    name = tag.replace("tag:yaml.org,2002:", "!!")
    if name.startswith("!="):
        return f"{name} reads as a YAML tag", span, "put the whole test in quotes, such as '!= 0'"
    return f"the tag {name} means nothing in a scenario", span, "remove it, or put the value in quotes"
