"""What is wrong with a scenario, shown as people need it: the place, the lines around it, a caret and a hint.

Knows files as lines of text and places in them. Must not know YAML, pydantic or what a scenario may say.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

#: What ends a line for YAML: the same as for PyYAML's marks.
_LINE_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")

#: The way from the top of a file, or from a value in it, to a place below: keys of maps, indices of lists.
KeyPath = tuple[str | int, ...]

_BEFORE: Final = 2
_AFTER: Final = 1
_WIDTH: Final = 96
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A text that problems point into, equal only to itself; `place_known` is False where a line number would tell people nothing."""

    name: str
    lines: tuple[str, ...] = ()
    place_known: bool = True

    @classmethod
    def of(cls, name: str, text: str, *, place_known: bool = True) -> "Source":
        """A source with the text cut where YAML sees line breaks."""
        return cls(name, tuple(_LINE_BREAK.split(text)), place_known)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line: 0-based line and column in characters. Line -1 means the source as a whole."""

    source: Source
    line: int = -1
    column: int = 0
    length: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what in a sentence, where, and what to do about it."""

    message: str
    span: Span
    hint: str | None = None

    @property
    def file(self) -> str:
        """The name of the source, as the user wrote it."""
        return self.span.source.name

    @property
    def line(self) -> int:
        """1-based; 0 when the whole file is meant."""
        return self.span.line + 1

    @property
    def column(self) -> int:
        """1-based; 0 when the whole file is meant."""
        return self.span.column + 1 if self.span.line >= 0 else 0

    @property
    def frame(self) -> str:
        """The lines around the place, numbered, with carets below it; empty when the whole file is meant."""
        return _frame(self.span)


@dataclass(slots=True)
class ScenarioError(Exception):
    """The user's scenario or command is wrong: all that is, in the order of the lines. The command line exits with 2."""

    problems: Sequence[Problem] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        sources: dict[str, int] = {}
        for problem in self.problems:
            sources.setdefault(problem.file, len(sources))
        unique = dict.fromkeys(self.problems)
        self.problems = sorted(
            unique, key=lambda problem: (sources[problem.file], problem.line, problem.column)
        )

    def __str__(self) -> str:
        return "\n\n".join(self._parts())

    def _parts(self) -> Iterable[str]:
        for problem in self.problems[:_SHOWN]:
            yield show(problem)
        if len(self.problems) > _SHOWN:
            yield f"and {len(self.problems) - _SHOWN} more errors; correct these first"


def show(problem: Problem) -> str:
    """`file:line:column: error: message`, the frame and the hint, without a final line break."""
    place = problem.file
    if problem.line and problem.span.source.place_known:
        place += f":{problem.line}:{problem.column}"
    parts = [f"{_visible(place)}: error: {_visible(problem.message)}"]
    if frame := problem.frame:
        parts.append(frame)
    if problem.hint:
        parts.append(f"hint: {_visible(problem.hint)}")
    return "\n".join(parts)


def did_you_mean(word: object, known: Iterable[str]) -> str | None:
    """`did you mean 'BatchSize'?` for the known word that looks most like `word` in whatever case; else None."""
    nearest = closest(word, known)
    return f"did you mean {nearest!r}?" if nearest is not None else None


def listed(names: Iterable[object], most: int = 6) -> str:
    """`a, b and 3 more`: the first names, shortened, and how many others there are."""
    shown = [str(name)[:40] for name in names]
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")


def closest(word: object, known: Iterable[str]) -> str | None:
    """The known word that looks most like `word`, in whatever case and punctuation; None when none does."""
    folded: dict[str, str] = {}
    for name in known:
        folded.setdefault(_folded(name), name)
    found = get_close_matches(_folded(str(word)[:100]), folded, n=1, cutoff=0.65)
    return folded[found[0]] if found else None


def _folded(name: str) -> str:
    return re.sub(r"[\s_.-]", "", name).lower()


def _frame(span: Span) -> str:
    lines = span.source.lines
    if not 0 <= span.line < len(lines) or not span.source.place_known:
        return ""
    first, last = max(span.line - _BEFORE, 0), min(span.line + _AFTER, len(lines) - 1)
    while first < span.line and not lines[first].strip():
        first += 1
    while last > span.line and not lines[last].strip():
        last -= 1
    start = _cut(lines[span.line], span.column)
    gutter = len(str(last + 1))
    shown = []
    for number in range(first, last + 1):
        label = str(number + 1).rjust(gutter)
        shown.append(f"  {label} | {_window(lines[number], start if number == span.line else 0)}".rstrip())
        if number == span.line:
            shown.append(f"  {' ' * gutter} | {_carets(lines[number], start, span)}")
    return "\n".join(shown)


def _cut(line: str, column: int) -> int:
    """The first character to show, so that the caret stands within the window and some of what is before it too."""
    if column < _WIDTH and _columns(_visible(line[: column + 20])) <= _WIDTH:
        return 0
    start, room = column, _WIDTH // 3
    while start and room > 0:
        start -= 1
        room -= _columns(_visible(line[start]))
    return start


def _window(line: str, start: int) -> str:
    """The part of a line from `start` on that fits, with an ellipsis where something is missing."""
    shown = "…" if start and len(line) > start else ""
    room = _WIDTH - len(shown)
    for character in line[start : start + _WIDTH]:
        piece = _visible(character)
        room -= _columns(piece)
        if room < 1:
            return shown + "…"
        shown += piece
    return shown + ("…" if len(line) > start + _WIDTH else "")


def _carets(line: str, start: int, span: Span) -> str:
    before = _columns(_visible(line[start : span.column])) + (1 if start else 0)
    marked = _columns(_visible(line[span.column : span.column + min(span.length, _WIDTH)]))
    return " " * before + "^" * max(1, min(marked, _WIDTH - before))


def _visible(text: str) -> str:
    """The text with tabs as four spaces and with a mark in place of what a terminal would act upon."""
    text = text.replace("\t", "    ")
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        "�" if unicodedata.category(character) in _UNPRINTABLE else character for character in text
    )


#: Control and format characters (which reorder or hide text), lone surrogates, line and paragraph separators.
_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def _columns(text: str) -> int:
    """How many columns a terminal takes for the text."""
    if text.isascii():
        return len(text)
    return sum(_character_columns(character) for character in text)


def _character_columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
