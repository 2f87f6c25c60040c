"""A lesson's parts as lines of text for a terminal: prose, questions, pictures, stories, what has changed.

Knows how they read within a width. Must not know what is asked when, or who answers: the command line does.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from streamsim.lessons.claims import Measured
from streamsim.lessons.lesson import Fact, Lesson, Question, Round
from streamsim.lessons.markdown import Block, Code, Item, marked
from streamsim.lessons.playing import Run
from streamsim.report.layout import QUIET, fitted, printable, sign, typed
from streamsim.report.phrases import measured, wrapped
from streamsim.report.picture import Picture
from streamsim.report.verdict import what_happened

#: Longer lines are hard to read, and the pictures of lessons gain nothing by them.
WIDEST: Final = 100

_INDENT: Final = "  "
_STYLES: Final = {"*": "italic", "**": "bold", "`": "cyan", "": ""}
_HEADING: Final = "bold"

#: How a paragraph begins that says where a rule comes from: not what one reads first.
_EVIDENCE: Final = "Evidence: "

#: Where the words of a story's line begin, and go on if it is too long.
_BELOW: Final = 24
_ARROW: Final = "-> "

Lines = Iterator[Text]


@dataclass(frozen=True, slots=True)
class Shown:
    """A rich renderable of lines that are laid out for a width, in ASCII where the output takes nothing else."""

    lines: Callable[[int, bool], Iterable[Text]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(fitted(options), WIDEST)
        yield from printable(iter(self.lines(width, options.ascii_only)), options)


def heading(words: str, more: str = "", *, plain: bool = False) -> Lines:
    """An empty line, and words that stand out, with more beside them that does not."""
    yield Text()
    line = Text(words, _HEADING)
    if more:
        line.append(f" {'-' if plain else '·'} ", QUIET).append(more, QUIET)
    yield line


def prose(blocks: Iterable[Block], width: int) -> Lines:
    """Paragraphs with an empty line between them, items with a dash, code as it stands."""
    before: Block | None = None
    for block in blocks:
        if before is not None and not (isinstance(before, Item) and isinstance(block, Item)):
            yield Text()
        before = block
        if isinstance(block, Code):
            yield from (Text(f"{_INDENT * 2}{line}"[:width], "cyan") for line in block.lines)
        elif isinstance(block, Item):
            yield from paragraph(block.words, width, f"{_INDENT}- ", _INDENT * 2)
        elif block.text.startswith(_EVIDENCE):
            yield from (Text(line.plain, QUIET) for line in paragraph(block.text, width))
        else:
            yield from paragraph(block.text, width)


def paragraph(text: str, width: int, first: str = _INDENT, others: str | None = None) -> Lines:
    """A paragraph with its marks turned into styles; `first` begins its first line, `others` the lines below."""
    whole = Text()
    for part, mark in marked(text):
        whole.append(part, _STYLES[mark])
    others = " " * len(first) if others is None else others
    at, begin = 0, first
    for line in wrapped(whole.plain, width - len(first)):
        at = whole.plain.index(line[:1], at)
        yield Text.assemble(begin, whole[at : at + len(line)])
        at, begin = at + len(line), others


def question(asked: Question, width: int) -> Lines:
    """What is asked, and the answers to choose from."""
    for block in asked.paragraphs:
        yield from paragraph(block.text, width)
    if asked.number is None:
        yield Text()
        for i, answer in enumerate(asked.answers, 1):
            yield from paragraph(answer.words, width, f"{_INDENT * 2}{i}  ")


def judged(asked: Question, guess: int | None, width: int, *, plain: bool) -> Lines:
    """Whether a guess (an answer's place from 0, or the number) was right; the right answer where nobody guessed."""
    right = asked.answers[asked.right]
    expected = asked.right if asked.number is None else asked.number
    number = asked.number is not None
    said = right.words if number else f"{expected + 1}. {right.words}"
    well = None if guess is None else guess == expected
    match well:
        case None:
            told, style = f"**Answer:** {said}", ""
        case True:
            told, style = f"**Right:** {said}", "green"
        case False:
            you = f"{guess:,}" if number else str((guess or 0) + 1)
            told, style = f"**You said {you}.** {'' if number else 'It is '}{said}", "red"
    yield Text()
    yield from _coloured(style, paragraph(told, width, f"{sign(well, plain=plain)} "))


def _coloured(style: str, lines: Lines) -> Lines:
    for i, line in enumerate(lines):
        if i == 0:
            line.stylize(f"bold {style}".rstrip(), 0, 1)
        yield line


def typed_lines(command: str, width: int) -> Lines:
    """A command as one would type it, with its options on lines of their own as far as it is too long for one."""
    first, *options = command.replace(" --", "\0--").split("\0")
    lines = [f"{_INDENT}$ {first}"]
    for option in options:
        if len(lines[-1]) + len(option) + 3 > width:
            lines.append(_INDENT * 3)
        lines[-1] += f" {option}"
    yield from (typed((f"{line} \\", "bold")) for line in lines[:-1])
    yield typed((lines[-1], "bold"))


def shown(part: Round, run: Run, width: int, *, plain: bool) -> Lines:
    """A run as its round wants it shown."""
    for block in part.reading:
        yield from paragraph(block.text, width)
        yield Text()
    match part.view:
        case "picture":
            for line in wrapped(what_happened(run.timeline, run.played.metrics), width - 2):
                yield Text(_INDENT + line)
            yield Text()
            yield from Picture(run.timeline, width, plain=plain).lines()
        case "story":
            yield from _story(run.story, width)
        case "documents":
            for document in run.documents:
                yield from _document(document, width)


def facts(part: Round, run: Run, width: int, *, plain: bool) -> Lines:
    """What is to be seen in a run."""
    yield Text()
    for fact in part.facts:
        yield from _fact(fact, run, width, plain=plain)


def _fact(fact: Fact, run: Run, width: int, *, plain: bool) -> Lines:
    """What is to be seen, and how the measures are called that say so."""
    lines = list(paragraph(fact.words, width, f"{_INDENT}{sign(None, plain=plain)} ", _INDENT * 2))
    names = ", ".join(
        f"{claim.name} {claim.said(run.seen)}" for claim in fact.claims if isinstance(claim, Measured)
    )
    if names and len(lines[-1]) + len(names) + 4 <= width:
        lines[-1].append(f"  ({names})", QUIET)
    elif names:
        lines.append(Text(f"{_INDENT * 2}({names})", QUIET))
    yield from lines


def _story(story: Sequence[str], width: int) -> Lines:
    """The lines of a story below its title and settings; what is too long goes on below, an outcome at its arrow."""
    for line in story[story.index("") + 1 :]:
        before, arrow, after = line.partition(_ARROW)
        if len(line) <= width:
            yield Text(line)
        elif arrow and len(before.rstrip()) <= width:
            yield Text(before.rstrip())
            yield from _hung(after, width, " " * _BELOW + _ARROW)
        else:
            yield from _hung(line[_BELOW:], width, line[:_BELOW])


def _hung(words: str, width: int, first: str) -> Lines:
    """Words without marks behind `first`, and what does not fit below them."""
    for part in wrapped(words, width - len(first)):
        yield Text(first + part)
        first = " " * len(first)


def _document(document: Mapping[str, Any], width: int) -> Lines:
    """A document as JSON for people; what is longer than a line is cut."""
    for line in json.dumps(document, indent=2).splitlines():
        cut = line if len(line) + 2 <= width else f"{line[: width - 6]} ..."
        yield Text(_INDENT + cut)


def difference(lesson: Lesson, before: Run, after: Run, *, plain: bool) -> Lines:
    """The measures that a lesson speaks of and that its change changes, before and after it."""
    claims = [*lesson.first.claims, *lesson.second.claims]
    names = dict.fromkeys(claim.name for claim in claims if isinstance(claim, Measured))
    rows = [(name, *(measured(name, run.seen.metrics[name]) for run in (before, after))) for name in names]
    rows = [row for row in rows if row[1] != row[2]]
    if not rows:
        return
    label, column = (max(len(row[i]) for row in [("", "before"), *rows]) for i in (0, 1))
    yield Text()
    yield Text(f"{_INDENT}{'':{label}}  {'before':>{column}}    after", QUIET)
    for name, old, new in rows:
        yield Text.assemble(
            (f"{_INDENT}{name:{label}}  {old:>{column}} {'->' if plain else '→'} ", QUIET), (new, "bold")
        )
