"""PyYAML's errors in sentences for people: what stands there, and what to write instead."""

import re
from typing import Final

import yaml

from streamsim.scenario.text.errors import Problem, Source, Span

_QUOTE_IT: Final = "put the value in quotes"
_COLON: Final = "write a colon and a space after the key"

#: What PyYAML says (its context and problem joined), what we say, and the hint. The first match counts.
_SENTENCES: Final[tuple[tuple[str, str, str | None], ...]] = (
    (r"character '\\t'", "a tab; YAML wants spaces here", "replace the tab with spaces"),
    (r"flow sequence", "what opens with [ here has no end", "close it with ], with a comma between items"),
    (r"flow mapping", "what opens with {{ here has no end", "close it with }}, with a comma between entries"),
    (r"quoted scalar.*(?:unexpected end|document separator)", "what opens with a quote here has no closing quote", "add the quote that is missing"),
    (r"unknown escape character '(.*)'", r"\{0} means nothing inside double quotes", r"write \\{0}, or use single quotes"),
    (r"invalid Unicode", "this text holds half a character (a lone surrogate)", "write the whole character"),
    (r"escape sequence|expected escape", "an escape of hexadecimal digits that is not complete", "use single quotes if the \\ belongs to the text"),
    (r"block scalar", "what opens with > or | is a text of several lines, so nothing else may follow on this line", "if it is a test, put it in quotes: '{0}'"),
    (r"simple key|expected ':'", "this line is no `key: value`: its colon is missing", _COLON),
    (r"expected the node content", "a value is missing here", "finish it, or put it in quotes"),
    (r"character '(?:%|@|`)'", "a value cannot begin with this character", _QUOTE_IT),
    (r"sequence entries are not allowed", "a list cannot begin on the line of its key", "write it on lines of its own, or as [a, b]"),
    (r"block sequence start|block collection", "this line does not line up with the list it belongs to", "indent it like its siblings"),
    (r"block mapping|expected <document start>|block end", "this line does not line up with the lines above", "indent it like its siblings"),
    (r"alias", "* begins an alias, and no name follows", _QUOTE_IT + " if * belongs to it"),
    (r"duplicate anchor", "this anchor has been given already", "choose another name"),
    (r"anchor", "& begins an anchor, and no name follows", _QUOTE_IT + " if & belongs to it"),
    (r"%YAML|directive|incompatible YAML", "a scenario file has no % directives", "remove this line"),
    (r"tag", "! begins a tag, and scenario files have none", _QUOTE_IT),
)  # fmt: skip


def explain(error: yaml.YAMLError, source: Source) -> Problem:
    """The problem behind a PyYAML error, at the place where people would look for it."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return _unreadable(error, source)
    said = f"{error.context or ''} {error.problem or ''}"
    begun, met = error.context_mark, error.problem_mark or error.context_mark
    if met is None:
        return Problem("this is not YAML", Span(source))
    if "mapping values are not allowed" in said:
        return _colon(source, met.line, met.column)
    for pattern, sentence, hint in _SENTENCES:
        if found := re.search(pattern, said):
            at_begin = sentence.startswith(("what opens", "this line is no"))
            mark = begun if begun and at_begin else met
            span = _within(source, mark.line, mark.column)
            words = [*found.groups(), _rest(source, begun or met)][:1]
            return Problem(sentence.format(*words), span, hint.format(*words) if hint else None)
    return Problem(f"this is not YAML: {error.problem}", _within(source, met.line, met.column))


def _rest(source: Source, mark: yaml.Mark) -> str:
    """What the line says from a mark on, without a comment."""
    line = source.lines[mark.line] if mark.line < len(source.lines) else ""
    return line[mark.column :].partition(" #")[0].strip()[:60]


def _colon(source: Source, line: int, column: int) -> Problem:
    """A colon where YAML takes none: the line before lacks its own, or this line is indented too far, or has two."""
    before = next((number for number in range(line - 1, -1, -1) if source.lines[number].strip()), None)
    text = source.lines[line]
    if ":" not in text[:column] and before is not None and not source.lines[before].lstrip().startswith("#"):
        above = source.lines[before]
        indent = len(above) - len(above.lstrip())
        if ":" not in above:
            span = Span(source, before, indent, len(above.strip()))
            return Problem("this line is no `key: value`: its colon is missing", span, _COLON)
        if len(text) - len(text.lstrip()) > indent:
            span = Span(source, line, len(text) - len(text.lstrip()), len(text[:column].strip()))
            return Problem(
                f"this line is indented below line {before + 1}, which has a value already",
                span,
                "indent it like its siblings, or remove that value",
            )
    return Problem(
        "a second `: ` in one value", Span(source, line, column), f"{_QUOTE_IT} if the colon belongs to it"
    )


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
