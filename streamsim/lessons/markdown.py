"""The Markdown that lessons are written in, as sections of blocks that know where they stand.

Knows headings, paragraphs, lists and code blocks, and refuses what else there is in Markdown: it would be shown as it
stands. Must not know what a lesson is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from streamsim.scenario.text.errors import Problem, ScenarioError, Source, Span

_HEADING: Final = re.compile(r"(#{1,2}) (\S.*)")
_ITEM: Final = re.compile(r"- (?:\[([ x])\] )?(\S.*)")
_FENCE: Final = re.compile(r"```(\w*)\s*")
_CODE_AT_END: Final = re.compile(r"`([^`]+)`\s*$")


@dataclass(slots=True)
class Paragraph:
    """A paragraph as one line of text, its marks for emphasis and code still in it."""

    text: str
    span: Span


@dataclass(slots=True)
class Item:
    """An item of a list as one line of text; `checked` is None for one that has no box.

    `code` is where the code span stands that ends it, None without one; `words` is the text before that.
    """

    text: str
    span: Span
    checked: bool | None = None
    code: Span | None = None

    @property
    def words(self) -> str:
        """The text without the code span that ends it."""
        if self.code is None:
            return self.text
        return self.text[: self.text.rstrip().rindex("`", 0, -1)].rstrip()


@dataclass(slots=True)
class Code:
    """A fenced block of code: its language, and its lines."""

    language: str
    lines: list[str]
    span: Span


Block = Paragraph | Item | Code


@dataclass(slots=True)
class Section:
    """A heading and what stands below it, until the next one of any level."""

    title: str
    level: int
    span: Span
    blocks: list[Block] = field(default_factory=list)

    @property
    def paragraphs(self) -> list[Paragraph]:
        """Its paragraphs, in their order."""
        return [block for block in self.blocks if isinstance(block, Paragraph)]

    @property
    def items(self) -> list[Item]:
        """The items of its lists, in their order."""
        return [block for block in self.blocks if isinstance(block, Item)]

    @property
    def codes(self) -> list[Code]:
        """Its blocks of code, in their order."""
        return [block for block in self.blocks if isinstance(block, Code)]


def sections(source: Source) -> list[Section]:
    """The sections of a text, in their order; `ScenarioError` for what a lesson cannot show."""
    found: list[Section] = []
    problems: list[Problem] = []
    lines = iter(enumerate(source.lines))
    goes_on: Paragraph | Item | None = None
    for number, line in lines:
        span = Span(source, number, 0, max(len(line), 1))
        if not line.strip():
            goes_on = None
        elif heading := _HEADING.fullmatch(line):
            found.append(Section(heading[2].strip(), len(heading[1]), span))
            goes_on = None
        elif not found:
            problems.append(
                Problem("a lesson begins with its title", span, "write `# One bad record` above this line")
            )
            break
        elif fence := _FENCE.fullmatch(line):
            found[-1].blocks.append(Code(fence[1], list(_until_fence(lines, span)), span))
            goes_on = None
        elif item := _ITEM.fullmatch(line):
            goes_on = Item(item[2].strip(), span, None if item[1] is None else item[1] == "x")
            found[-1].blocks.append(goes_on)
        elif line.startswith(("#", "|", "<", "* ", ">", "1. ")) or (line[0] == " " and goes_on is None):
            problems.append(
                Problem(
                    "a lesson has headings of two levels, paragraphs, lists with - and blocks of code", span
                )
            )
        else:
            goes_on = _longer(goes_on, line.strip(), span, found[-1].blocks)
        if isinstance(goes_on, Item):
            _end_with_code(goes_on, span)
    if problems:
        raise ScenarioError(problems)
    return found


def _until_fence(lines: Iterator[tuple[int, str]], begin: Span) -> Iterator[str]:
    for _, line in lines:
        if line.strip() == "```":
            return
        yield line
    raise ScenarioError([Problem("this block of code has no end", begin, "end it with a line of ```")])


def _longer(goes_on: Paragraph | Item | None, text: str, span: Span, blocks: list[Block]) -> Paragraph | Item:
    """The paragraph or item with one more line, or a new paragraph."""
    if goes_on is None:
        paragraph = Paragraph(text, span)
        blocks.append(paragraph)
        return paragraph
    goes_on.text += f" {text}"
    return goes_on


def _end_with_code(item: Item, line: Span) -> None:
    """Takes the code span off the end of an item, as far as it has been read."""
    shown = line.source.lines[line.line]
    code = _CODE_AT_END.search(shown)
    item.code = None
    if code is not None and item.text.endswith(code[0].rstrip()):
        item.code = Span(line.source, line.line, code.start(1), len(code[1]))


_MARK: Final = re.compile(r"(\*\*|\*|`)(\S(?:.*?\S)?)\1")


def marked(text: str) -> Sequence[tuple[str, str]]:
    """A paragraph in parts, each with its mark: `*`, `**`, a backtick, or nothing."""
    parts = []
    end = 0
    for mark in _MARK.finditer(text):
        parts += [(text[end : mark.start()], ""), (mark[2], mark[1])]
        end = mark.end()
    return [part for part in [*parts, (text[end:], "")] if part[0]]
