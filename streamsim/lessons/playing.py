"""A lesson's two runs, played and held to all that the lesson says of them.

Knows runs and claims. Must not know how they are told.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from streamsim.lessons.claims import Claim, Seen
from streamsim.lessons.lesson import Lesson, Round
from streamsim.lessons.patterns import DOCUMENT
from streamsim.model.events import Event
from streamsim.report.comparison.compared import last_part, value_said
from streamsim.report.page.columns import Columns
from streamsim.report.picture.timeline import Timeline
from streamsim.report.story.story import story
from streamsim.scenario.header import header_of
from streamsim.scenario.load import load
from streamsim.scenario.play import Played, play
from streamsim.scenario.settings import setting_path
from streamsim.scenario.text.document import Node, compose
from streamsim.scenario.text.errors import Problem, ScenarioError, Source, Span
from streamsim.scenario.text.reading import MAXIMUM_SCENARIO_SIZE, read
from streamsim.trace.format.encoding import encode_event
from streamsim.trace.measures.measures import flatten

#: A changed run need not hold what the lesson's scenario expects of the unchanged one.
_NOTHING_EXPECTED: Final = "expect=null"


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a lesson. `documents` are what its on-failure destinations got, `seen` what claims are held to."""

    played: Played
    timeline: Timeline
    columns: Columns
    story: Sequence[str]
    documents: Sequence[Mapping[str, Any]]
    seen: Seen


def runs_of(lesson: Lesson) -> tuple[Run, Run]:
    """Plays a lesson, before and after its change; `ScenarioError` when something stated of them is not so."""
    first = _run(lesson, lesson.first)
    second = _run(lesson, lesson.second)
    problems = [
        *_unexpected(lesson, first.played),
        *_unexpected(lesson, second.played),
        *_wrong(lesson.first, first.seen),
        *_wrong(lesson.second, second.seen),
    ]
    if problems:
        raise ScenarioError(problems)
    return first, second


def changed_from(lesson: Lesson, before: Run) -> tuple[str, str]:
    """The setting that a lesson changes, and what it was: as the scenario has it, else by AWS's default."""
    assert lesson.second.change is not None
    name = lesson.second.change.partition("=")[0]
    file = str(lesson.scenario)
    node: Node | None = compose(read(lesson.scenario, file, MAXIMUM_SCENARIO_SIZE), Source.of(file, ""))
    for step in setting_path(name, node) if node else ():
        node = node.child(step) if node else None
    if node is not None:
        return name, value_said(node.plain())
    mapping = next(iter(before.played.header.mappings.values()), {})
    return name, value_said(mapping.get(last_part(name)))


def _run(lesson: Lesson, part: Round) -> Run:
    changes = () if part.change is None else (part.change, _NOTHING_EXPECTED)
    scenario = load(lesson.scenario, changes)
    if scenario.runs:
        problem = Problem("a lesson plays one run, and this compares", Span(Source(str(lesson.scenario))))
        raise ScenarioError([problem])
    events: list[Event] = []
    timeline, columns = Timeline(header_of(scenario)), Columns()
    with TemporaryDirectory() as folder:
        kept = Path(folder)
        played = play(scenario, sinks=[events.append, timeline, columns], on_failure=kept)
        documents = [json.loads(line) for path in _files(kept) for line in path.read_text().splitlines()]
    told = [json.loads(encode_event(event)) for event in events]
    told += [{**document, "event": DOCUMENT} for document in documents]
    return Run(
        played,
        timeline,
        columns,
        story(played.header, events),
        documents,
        Seen(flatten(played.metrics), told),
    )


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _unexpected(lesson: Lesson, played: Played) -> Iterator[Problem]:
    """What the scenario expects, or everybody does, and the run does not hold."""
    file = Span(Source(str(lesson.scenario)))
    for one in played.expectations:
        if not one["ok"]:
            said = f"{one['measure']}: {one['test']} is expected, and {one['value']} measured"
            yield Problem(said, file, f"see `streamsim run {lesson.scenario}`")
    for violation in played.violations:
        yield Problem(f"a guarantee is broken: {violation.sentence}", file)


def _wrong(part: Round, seen: Seen) -> Iterator[Problem]:
    """What a round states that is not so in its run; for a wrong answer, that it is."""
    for answer in part.question.answers:
        if not answer.right and all(claim.holds(seen) for claim in answer.claims):
            yield Problem(
                f"this answer is not ticked, and it is right: {_measured(answer.claims, seen)}", answer.span
            )
    for claim in part.claims:
        if not claim.holds(seen):
            yield Problem(f"the run says otherwise: {_measured([claim], seen)}", claim.span)


def _measured(claims: Sequence[Claim], seen: Seen) -> str:
    return ", ".join(f"{claim.name} is {claim.said(seen)}" for claim in claims)
