"""A lesson as its folder has it: `scenario.yaml` to play, and `lesson.md` with what to ask and to say of it.

    # One bad record                    what it is about, below it what one has to know
    ## Guess                            a question, and a list of answers: the right one is ticked, each ends with
                                        what would have to hold in the run if it were right. One answer alone asks
                                        for the number in it
    ## See                              a console block: what to run. Perhaps how to read it. A list of what is to be
                                        seen there, each ending with what makes it so
    ## Why                              the rule, and the evidence for it
    ## Change one thing                 a console block: the same with one --set
    ## Guess again, ## See the difference, ## And why
    ## Remember                         the lesson in a sentence or two

Knows the shape of a lesson. Must not know what a run comes to: `streamsim.lessons.playing` holds one to the other.
"""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from streamsim.lessons.claims import Claim, read_claims
from streamsim.lessons.markdown import Block, Code, Item, Paragraph, Section, sections
from streamsim.scenario.text.errors import Problem, ScenarioError, Source, Span
from streamsim.scenario.text.reading import MAXIMUM_SCENARIO_SIZE, read

TEXT: Final = "lesson.md"
SCENARIO: Final = "scenario.yaml"

SECTIONS: Final = (
    "Guess", "See", "Why", "Change one thing", "Guess again", "See the difference", "And why", "Remember",
)  # fmt: skip

_FOLDER: Final = re.compile(r"(?:([0-9]+)-)?(.+)")
_COMMAND: Final = f"$ streamsim run {SCENARIO}"
_OPTIONS: Final = re.compile(
    r"(?P<change>--set ('[^']+'|[^'\s]+))?\s*(--story --quiet|--on-failure \w+ --quiet)?"
)

#: How a run is shown: the picture of `run`, the lines of `run --story`, or what an on-failure destination got.
View = Literal["picture", "story", "documents"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A possible answer and what would have to hold if it were the right one."""

    words: str
    right: bool
    claims: Sequence[Claim]
    span: Span


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask. One answer alone asks for a number, which its first claim states."""

    paragraphs: Sequence[Paragraph]
    answers: Sequence[Answer]

    @property
    def right(self) -> int:
        """The right answer's place among the others, from 0."""
        return next(i for i, answer in enumerate(self.answers) if answer.right)

    @property
    def number(self) -> int | None:
        """The number that is asked for, None where an answer is to be chosen."""
        return self.answers[0].claims[0].number if len(self.answers) == 1 else None


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to be seen in the run, and what makes it so."""

    words: str
    claims: Sequence[Claim]


@dataclass(frozen=True, slots=True)
class Round:
    """A question, the run that answers it, and why.

    `options` are those of the command that plays it, `change` the `PATH=VALUE` of --set among them, None in the first
    round. `reading` tells how to read what is shown.
    """

    question: Question
    options: str
    change: str | None
    view: View
    reading: Sequence[Paragraph]
    facts: Sequence[Fact]
    why: Sequence[Block]

    @property
    def claims(self) -> list[Claim]:
        """All that is stated of the run, but for wrong answers."""
        right = self.question.answers[self.question.right]
        return [*right.claims, *(claim for fact in self.facts for claim in fact.claims)]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson; `number` is None for a folder whose name has none."""

    folder: Path
    number: int | None
    name: str
    title: str
    about: Sequence[Block]
    first: Round
    change: Sequence[Block]
    second: Round
    remember: Sequence[Block]

    @property
    def scenario(self) -> Path:
        """The file to play."""
        return self.folder / SCENARIO


def named(folder: Path) -> tuple[int | None, str]:
    """The number and the name that a lesson's folder gives it: 4 and `bisect` for `04-bisect`."""
    number, name = _FOLDER.fullmatch(folder.name).groups()  # type: ignore[union-attr]  # matches every name
    return None if number is None else int(number), name


def read_lesson(folder: Path) -> Lesson:
    """The lesson in a folder; `ScenarioError` with all that is wrong with its text."""
    file = str(folder / TEXT)
    source = Source.of(file, read(folder / TEXT, file, MAXIMUM_SCENARIO_SIZE))
    found = sections(source)
    _check_headings(found, source)
    title, guess, see, why, change, again, difference, and_why, remember = found
    problems: list[Problem] = []
    first = _round(guess, see, see, why, problems)
    second = _round(again, change, difference, and_why, problems)
    if first is None or second is None or problems:
        raise ScenarioError(problems)
    number, name = named(folder)
    prose = [block for block in change.blocks if not isinstance(block, Code)]
    return Lesson(folder, number, name, title.title, title.blocks, first, prose, second, remember.blocks)


def title_of(folder: Path) -> str:
    """The first line of a lesson's text without its mark: cheaper than the whole lesson."""
    file = str(folder / TEXT)
    return read(folder / TEXT, file, MAXIMUM_SCENARIO_SIZE).partition("\n")[0].removeprefix("# ")


def _check_headings(found: Sequence[Section], source: Source) -> None:
    """`ScenarioError` unless there are a title and the sections of a lesson, in their order."""
    if not found or found[0].level != 1:
        span = found[0].span if found else Span(source)
        raise ScenarioError([Problem("a lesson begins with its title", span, "write `# One bad record`")])
    for i, section in enumerate(found[1:]):
        wanted = SECTIONS[i] if i < len(SECTIONS) else None
        if section.level != 2 or section.title != wanted:
            hint = f"write `## {wanted}`" if wanted else "nothing follows `## Remember`"
            raise ScenarioError(
                [Problem(f"the section {section.title!r} does not belong here", section.span, hint)]
            )
    if len(found) <= len(SECTIONS):
        missing = SECTIONS[len(found) - 1]
        raise ScenarioError(
            [Problem(f"the section {missing!r} is missing", Span(source), f"add `## {missing}`")]
        )


def _round(
    guess: Section, command: Section, see: Section, why: Section, problems: list[Problem]
) -> Round | None:
    """A round of a lesson, None with `problems` added where something is wrong with it."""
    before = len(problems)
    options = _options(command, see is not command, problems)
    question = _question(guess, problems)
    facts = [Fact(item.words, _claims(item, problems)) for item in see.items]
    if len(problems) > before or question is None:
        return None
    words = shlex.split(options)
    change = words[words.index("--set") + 1] if "--set" in words else None
    view: View = "story" if "--story" in words else "documents" if "--on-failure" in words else "picture"
    return Round(question, options, change, view, see.paragraphs, facts, why.blocks)


def _question(guess: Section, problems: list[Problem]) -> Question | None:
    answers = [
        Answer(item.words, item.checked is True, _claims(item, problems), item.span) for item in guess.items
    ]
    right = sum(answer.right for answer in answers)
    if right != 1:
        ticked = f"{right} of the {len(answers)} answers are ticked" if answers else "there are no answers"
        problems.append(
            Problem(f"{ticked}, and one is right", guess.span, "write `- [x] A day. `blocked.max: 1d``")
        )
        return None
    question = Question(guess.paragraphs, answers)
    if len(answers) == 1 and answers[0].claims and question.number is None:
        problems.append(
            Problem(
                "one answer alone asks for a number, and this states none", answers[0].claims[0].span,
                "write `invoke(record=20): 3`, or more answers",
            )
        )  # fmt: skip
    return question


def _claims(item: Item, problems: list[Problem]) -> tuple[Claim, ...]:
    """What an item claims of the run: it ends with it."""
    if item.code is None:
        problems.append(
            Problem("nothing here can be held to the run", item.span, "end it with a measure: `discarded: 1`")
        )
        return ()
    try:
        return read_claims(item.code)
    except ScenarioError as error:
        problems += error.problems
        return ()


def _options(section: Section, changes: bool, problems: list[Problem]) -> str:
    """The options of the command that a section has in a console block."""
    blocks = [code for code in section.codes if code.language == "console"]
    wanted = f"{_COMMAND}{' --set NAME=VALUE' * changes} --story --quiet"
    line = blocks[0].lines[0] if len(blocks) == 1 and len(blocks[0].lines) == 1 else ""
    if not line.startswith(_COMMAND):
        span = blocks[0].span if blocks else section.span
        problems.append(Problem("one console block says what to run here", span, f"write `{wanted}` in it"))
        return ""
    span = replace(blocks[0].span, line=blocks[0].span.line + 1, length=len(line))
    options = line.removeprefix(_COMMAND).strip()
    found = _OPTIONS.fullmatch(options)
    if found is None or (found["change"] is None) is changes:
        what = "this command changes one thing" if changes else "this command changes nothing yet"
        problems.append(Problem(what, span, f"write `{wanted}`; --story and --on-failure say what to show"))
        return ""
    return options
