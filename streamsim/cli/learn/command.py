"""`streamsim learn`: plays lessons as a conversation: guess, run, see, why, and then change one thing."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Final

import click
from rich.text import Text

from streamsim.cli.files.whole_page import check_apart, check_place, write_whole
from streamsim.cli.learn.talk import StoppedError, Talk
from streamsim.cli.screen.console import Screen
from streamsim.lessons.lesson import TEXT, Lesson, Round, named, read_lesson, title_of
from streamsim.lessons.playing import Run, changed_from, runs_of
from streamsim.lessons.shelf import folder_of, shelf
from streamsim.lessons.words import difference, facts, heading, judged, prose, question, shown, typed_lines
from streamsim.report.layout import suggested
from streamsim.scenario.shipped import typed

HELP: Final = """\b
Examples:
  streamsim learn                     the list of lessons
  streamsim learn 1
  streamsim learn bisect
  streamsim learn 4 --yes             without questions
  streamsim learn 4 --report lesson.html

Twelve lessons of a few minutes about event source mappings: guess what happens, run it, see it, read why; then change
one setting and guess again. Every answer comes from the run.

LESSON is a number, a name, or a folder with a lesson of your own: scenario.yaml and lesson.md.

Exit codes: 0 played, also when you stop early, 2 there is no such lesson, it says what is not so, or the page cannot
be written."""


@click.command("learn", help=HELP, short_help="Short lessons: guess, run, see, why.")
@click.argument("lesson", required=False, metavar="[LESSON]")
@click.option("--yes", is_flag=True, help="Ask nothing: show all of it, with the right answers.")
@click.option(
    "--report", type=click.Path(path_type=Path), help="Write a page that shows both runs, for any browser."
)
def command(lesson: str | None, yes: bool, report: Path | None) -> None:
    """See `HELP`."""
    if lesson is None:
        if yes or report is not None:
            raise click.UsageError(f"{'--yes' if yes else '--report'} is for one lesson; name it, such as 1")
        _list()
        return
    if report is not None:
        check_place("--report", report)
    told = read_lesson(folder_of(lesson))
    if report is not None:
        check_apart("--report", report, told.scenario, told.folder / TEXT)
    runs = runs_of(told)
    talk = Talk(Screen(highlight=False), asks=not yes)
    try:
        _play(told, runs, talk)
    except StoppedError:
        talk.say(
            lambda _, __: [Text(), Text(f"  That was all for now; again with: streamsim learn {lesson}")]
        )
    if report is not None:
        _write_page(report, told, runs)
        click.echo(f"  {report} shows both runs")  # a path is not broken into lines


def _list() -> None:
    """All lessons, and how to begin."""
    lessons = {number: (named(folder)[1], title_of(folder)) for number, folder in shelf().items()}
    column = max(len(name) for name, _ in lessons.values())
    lines = [Text("Short lessons: guess, run, see, why; then change one thing and guess again."), Text()]
    for number, (name, title) in lessons.items():
        lines.append(Text.assemble(f"  {number:>2}  ", (name.ljust(column), "bold"), f"  {title}"))
    steps = [("streamsim learn 1", "takes three minutes"), ("streamsim learn bisect", "goes by name, too")]
    talk = Talk(Screen(highlight=False), asks=False)
    talk.say(lambda width, _: [*lines, Text(), *suggested(steps, width)])


def _play(lesson: Lesson, runs: tuple[Run, Run], talk: Talk) -> None:
    """The whole of a lesson, as far as whoever learns wants it."""
    before, after = runs
    first, second = lesson.first, lesson.second
    assert second.change is not None
    run = f"streamsim run {_path(lesson.scenario)}"

    talk.say(lambda _, plain: _title(lesson, plain=plain))
    talk.say(lambda width, _: prose(lesson.about, width))
    guess = _guess(first, talk)
    _show(first, run, before, talk)
    talk.say(lambda width, plain: facts(first, before, width, plain=plain))
    _judge(first, guess, talk)

    talk.go_on("Enter to change one thing, q to stop")
    talk.say(lambda _, plain: heading("Change one thing", f"--set {second.change}", plain=plain))
    talk.say(lambda width, _: prose(lesson.change, width))
    guess = _guess(second, talk)
    _show(second, run, after, talk)
    talk.say(lambda width, plain: facts(second, after, width, plain=plain))
    talk.say(lambda _, plain: difference(lesson, before, after, plain=plain))
    _judge(second, guess, talk)

    talk.say(lambda _, plain: heading("Remember", plain=plain))
    talk.say(lambda width, _: prose(lesson.remember, width))
    talk.say(lambda width, _: [Text(), *suggested(_next(lesson, run), width)])


def _title(lesson: Lesson, *, plain: bool) -> Iterable[Text]:
    if lesson.number is None:
        return [Text(lesson.title, "bold"), Text()]
    return [
        *list(heading(f"Lesson {lesson.number} of {max(shelf())}", lesson.title, plain=plain))[1:],
        Text(),
    ]


def _guess(part: Round, talk: Talk) -> int | None:
    """Asks a round's question: an answer's place from 0, or the number; None for who does not say."""
    talk.say(lambda _, plain: heading("Guess", plain=plain))
    talk.say(lambda width, _: question(part.question, width))
    asked = part.question
    if asked.number is not None:
        return talk.number("Your guess, a number (Enter: tell me)", 0, 1_000_000_000)
    chosen = talk.number(f"Your guess, 1 to {len(asked.answers)} (Enter: tell me)", 1, len(asked.answers))
    return None if chosen is None else chosen - 1


def _show(part: Round, typed: str, run: Run, talk: Talk) -> None:
    talk.say(lambda _, plain: heading("Run", plain=plain))
    talk.say(lambda width, _: typed_lines(f"{typed} {part.options}".rstrip(), width))
    talk.say(lambda _, __: [Text()])
    talk.say(lambda width, plain: shown(part, run, width, plain=plain))


def _judge(part: Round, guess: int | None, talk: Talk) -> None:
    talk.say(lambda width, plain: judged(part.question, guess, width, plain=plain))
    talk.say(lambda _, plain: heading("Why", plain=plain))
    talk.say(lambda width, _: prose(part.why, width))


def _next(lesson: Lesson, run: str) -> Iterable[tuple[str, str]]:
    """The next lesson, and this one's run to play with."""
    following = None if lesson.number is None else shelf().get(lesson.number + 1)
    if following is not None and lesson.number is not None:
        yield f"streamsim learn {lesson.number + 1}", title_of(following)
    elif lesson.number is not None:
        yield "streamsim init", "that was the last lesson: now a scenario of your own"
    yield f"{run} --set {quote(lesson.second.change or '')}", "plays it; change what you like"


def _path(path: Path) -> str:
    """A file as one would type it here."""
    here = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return quote(str(typed(path) or here))


def _write_page(path: Path, lesson: Lesson, runs: tuple[Run, Run]) -> None:
    from streamsim.report.page.page import page  # noqa: PLC0415  # only for who wants a page
    from streamsim.report.page.played import page_runs  # noqa: PLC0415

    assert lesson.second.change is not None
    setting, was = changed_from(lesson, runs[0])
    values = (was, lesson.second.change.partition("=")[2])
    played = [
        (replace(run.played, settings={setting: value}), run.timeline, run.columns)
        for run, value in zip(runs, values, strict=True)
    ]
    source = f"streamsim learn {lesson.number or lesson.folder}"
    write_whole("--report", path, page(page_runs(played), source=source))
