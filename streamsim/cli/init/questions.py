"""Asks what `streamsim init` needs to know, one question after another, and refuses at once what a scenario would refuse."""

import os
import sys
from io import TextIOWrapper
from textwrap import fill, indent
from typing import Any, Final

import click

from streamsim.cli import WRONG_INPUT
from streamsim.cli.init.answers import HEADINGS, QUESTIONS, YES_OR_NO, Question, draft_of
from streamsim.scenario.draft import Draft, written
from streamsim.scenario.text.errors import ScenarioError, did_you_mean

_INTRODUCTION: Final = (
    "Enter takes what is in [brackets]; ? tells more, < goes back, Control-C leaves and writes nothing."
)

#: Columns of what is told at a question mark.
_WIDTH: Final = 78


class AnswersEndedError(click.ClickException):
    """Standard input ended before the last question."""

    exit_code = WRONG_INPUT

    def __init__(self, question: Question) -> None:
        super().__init__(
            f"error: the answers ended at {question.term}; nothing is written\n"
            "hint: `--yes` answers every question with its default"
        )

    def show(self, file: object = None) -> None:
        """See `click.ClickException`; in the form of our other errors."""
        del file
        click.echo(f"\n{self.message}", err=True)


def asked(name: str, *, yes: bool) -> Draft:
    """The draft that comes of the answers; with `yes` of the defaults. `name` is what the file is going to be called."""
    answers: dict[str, Any] = {}
    if yes:
        return draft_of(answers)
    _say(fill(_INTRODUCTION, _WIDTH))
    past: list[Question] = []
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # bytes that are no text are a wrong answer, and no more
    while (question := _next(answers, past)) is not None:
        answer = _answer(question, answers, name)
        if answer is not None:
            answers[question.term] = answer
            past.append(question)
        elif past:
            answers.pop(past.pop().term)
    _say("")
    return draft_of(answers)


def _say(text: str, *, end: str = "\n", fg: str | None = None, bold: bool = False) -> None:
    """Questions are no result: they go to standard error, in colour where that is wanted."""
    colour = False if "NO_COLOR" in os.environ else None
    shown = click.style(text, fg=fg, bold=bold) if fg or bold else text
    click.echo(shown + end, err=True, nl=False, color=colour)


def _next(answers: dict[str, Any], past: list[Question]) -> Question | None:
    """The first question that is wanted and was not asked."""
    return next((one for one in QUESTIONS if one not in past and one.wanted(answers)), None)


def _answer(question: Question, answers: dict[str, Any], name: str) -> Any:
    """A value that fits what was said before; None to go back."""
    default = question.default(answers)
    shown = default if not isinstance(default, bool) else YES_OR_NO[not default]
    if question.term in HEADINGS:
        _say(f"\n{HEADINGS[question.term]}", fg="cyan", bold=True)
    _say(f"\n{question.term}", bold=True)
    _say(indent(fill(f"{question.meaning}.", _WIDTH), "  "))
    while True:
        _say(f"  [{shown}] > ", end="")
        line = "" if sys.stdin is None else sys.stdin.readline()
        if not line:
            raise AnswersEndedError(question)
        text = line.strip()
        if text == "<":
            return None
        if text == "?":
            _say(indent(fill(question.more, _WIDTH), "  "))
            continue
        value = question.read(text) if text else default
        wrong = _wrong(question, value, answers, name)
        if not wrong:
            return value
        for one in wrong:
            _say(f"  ✗ {one}", fg="red")


def _wrong(question: Question, value: Any, answers: dict[str, Any], name: str) -> list[str]:
    """Why a value cannot be, each with what to do about it."""
    if question.choices and not isinstance(value, bool) and value not in question.choices:
        hint = did_you_mean(value, question.choices) or f"answer {', '.join(question.choices)}"
        return [f"{question.term} cannot be {value!r}; {hint}"]
    try:
        written(draft_of({**answers, question.term: value}), name)
    except ScenarioError as error:
        return [f"{one.message}{f'; {one.hint}' if one.hint else ''}" for one in error.problems]
    return []
