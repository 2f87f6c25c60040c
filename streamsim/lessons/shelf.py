"""Where the lessons are that come with streamsim, and which of them somebody means."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from streamsim.lessons.lesson import TEXT, named
from streamsim.scenario.errors import Problem, ScenarioError, Source, Span, did_you_mean
from streamsim.scenario.shipped import folder

#: Where the lessons are among the scenarios.
_FOLDER: Final = "lessons"


def shelf() -> Mapping[int, Path]:
    """The folders of all lessons by their number, ascending."""
    place = folder() / _FOLDER
    found = {named(path.parent)[0]: path.parent for path in place.glob(f"*/{TEXT}")}
    return {number: found[number] for number in sorted(n for n in found if n is not None)}


def folder_of(asked: str) -> Path:
    """The lesson that `4`, `bisect`, `04-bisect` or a folder of one's own names; `ScenarioError` for none."""
    lessons = shelf()
    names = {named(path)[1]: path for path in lessons.values()}
    if asked.isdecimal() and int(asked) in lessons:
        return lessons[int(asked)]
    for path in lessons.values():
        if asked in {path.name, named(path)[1]}:
            return path
    with suppress(OSError, ValueError):  # no file has such a name: too long, a zero byte
        if (Path(asked) / TEXT).is_file():
            return Path(asked)
    hint = (
        did_you_mean(asked, names)
        or f"lessons are 1 to {max(lessons, default=0)}; `streamsim learn` lists them"
    )
    raise ScenarioError(
        [Problem(f"there is no lesson {asked[:80]!r}", Span(Source("streamsim learn")), hint)]
    )
