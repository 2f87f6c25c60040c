"""Asks what `streamsim init` needs to know, one question after another, and refuses at once what a scenario would refuse."""

import sys
from io import TextIOWrapper
from typing import Any

import click

from streamsim.cli import WRONG_INPUT
from streamsim.cli.init_answers import QUESTIONS, YES_OR_NO, Question, draft_of
from streamsim.scenario.draft import Draft, written
from streamsim.scenario.errors import ScenarioError, did_you_mean

_INTRODUCTION = "Enter takes what is in [brackets]; ? tells more, < goes back, Control-C leaves. Nothing is written before the end."


class AnswersEndedError(click.ClickException):
    """Standard input ended before the last question."""

    exit_code = WRONG_INPUT

    def __init__(self, question: Question) -> None:
        super().__init__(
            f"error: the answers ended at {question.name}; nothing is written\n"
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
    click.echo(_INTRODUCTION, err=True)
    past: list[Question] = []
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # bytes that are no text are a wrong answer, and no more
    while (question := _next(answers, past)) is not None:
        answer = _answer(question, answers, name)
        if answer is not None:
            answers[question.name] = answer
            past.append(question)
        elif past:
            answers.pop(past.pop().name)
    click.echo(err=True)
    return draft_of(answers)


def _next(answers: dict[str, Any], past: list[Question]) -> Question | None:
    """The first question that is wanted and was not asked."""
    return next((one for one in QUESTIONS if one not in past and one.wanted(answers)), None)


def _answer(question: Question, answers: dict[str, Any], name: str) -> Any:
    """A value that fits what was said before; None to go back."""
    default = question.default(answers)
    shown = default if not isinstance(default, bool) else YES_OR_NO[not default]
    click.echo(f"\n{click.style(question.name, bold=True)}  {question.meaning.rstrip('.')}.", err=True)
    while True:
        click.echo(f"  [{shown}] > ", err=True, nl=False)
        line = sys.stdin.readline()
        if not line:
            raise AnswersEndedError(question)
        text = line.strip()
        if text == "<":
            return None
        if text == "?":
            click.echo(f"  {question.more}", err=True)
            continue
        value = question.read(text) if text else default
        wrong = _wrong(question, value, answers, name)
        if not wrong:
            return value
        for one in wrong:
            click.echo(f"  ✗ {one}", err=True)


def _wrong(question: Question, value: Any, answers: dict[str, Any], name: str) -> list[str]:
    """Why a value cannot be, each with what to do about it."""
    if question.choices and not isinstance(value, bool) and value not in question.choices:
        hint = did_you_mean(value, question.choices) or f"answer {', '.join(question.choices)}"
        return [f"{question.name} cannot be {value!r}; {hint}"]
    try:
        written(draft_of({**answers, question.name: value}), name)
    except ScenarioError as error:
        return [f"{one.message}{f'; {one.hint}' if one.hint else ''}" for one in error.problems]
    return []
