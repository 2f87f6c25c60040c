"""What a search is asked: the scenario, what must hold, what is to be small, and which settings may change.

Knows how wishes become settings and how settings become scenarios. Must not know how a search goes about it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from streamsim.scenario.header import header_of
from streamsim.scenario.load import Change, load_changed, tree
from streamsim.scenario.models import Scenario
from streamsim.scenario.text.document import Node
from streamsim.scenario.text.errors import KeyPath, Problem, ScenarioError, Source, Span, did_you_mean
from streamsim.trace.measures.catalogue import measure_of, names_of
from streamsim.tuning.choices import (
    Setting,
    Wish,
    change_of,
    checked_path,
    compared_wishes,
    mapping_wishes,
    setting_of,
    told_at,
)
from streamsim.tuning.goals import Goals
from streamsim.tuning.trials import Point

_EXPECT = re.compile(r"\s*([\w.-]+?)\s*(=(?!=)|(?=[<>=!]))(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks beside the scenario. `expect` comes to what the file expects, and replaces it by measure."""

    changes: Sequence[Change] = ()
    expect: Sequence[str] = ()
    vary: Sequence[Wish] = ()
    minimise: str = "cost.usd"
    seeds: int = 1


@dataclass(frozen=True, slots=True)
class Question:
    """A scenario and everything that a search needs to know of it.

    `changes` make today's scenario of the file, `own` those of them that a further command must repeat besides the user's:
    what `compare` and `expect` become. `notes` say what of the file takes no part.
    """

    text: str
    name: str
    scenario: Scenario
    changes: Sequence[Change]
    own: Sequence[Change]
    settings: Sequence[Setting]
    goals: Goals
    seeds: Sequence[int]
    notes: Sequence[str]

    @property
    def today(self) -> Point:
        """Today's settings."""
        return tuple(setting.today for setting in self.settings)

    def changed(self, point: Point) -> dict[str, Any]:
        """The settings of a point that are not today's, by path."""
        return {
            setting.path: setting.values[place]
            for setting, place in zip(self.settings, point, strict=True)
            if place != setting.today
        }

    def scenario_of(self, point: Point, seed: int) -> Scenario | None:
        """The scenario at a point, under the seed of this number; None where the settings do not go together."""
        changes = [change_of(path, path, value) for path, value in self.changed(point).items()]
        changes.append(Change("seed", "seed", str(self.seeds[seed])))
        try:
            scenario = load_changed(self.text, self.name, [*self.changes, *changes])
        except ScenarioError:
            return None
        return replace(scenario, expect=tuple(self.goals.expected))


def question(text: str, name: str, asked: Asked) -> Question:
    """The question about a scenario; `ScenarioError` for all that is wrong with it or cannot be searched."""
    told = load_changed(text, name, asked.changes)
    own = [Change("compare", "compare", "null")] if told.runs else []
    goals = [one for one in told.expect if one.when is None]
    notes = []
    if aside := len(told.expect) - len(goals):
        notes.append(
            f"{aside} with `when` among the expectations say what comes of single settings: they are no goals"
        )
    if aside or asked.expect:
        expected = _expected(asked.expect)
        kept = [{one.measure: one.test} for one in goals if one.measure not in expected]
        said = "--expect " + ", ".join(asked.expect)
        own.append(
            Change(said, "expect", json.dumps(_merged([*kept, *({m: t} for m, t in expected.items())])))
        )
    changes = [*asked.changes, *own]
    scenario = load_changed(text, name, changes)
    _check_measured(scenario, name)
    _check_measure(asked.minimise, scenario)
    if not scenario.expect:
        hint = "add --expect 'IteratorAge.max=<= 5s'"
        raise _refused(name, "nothing is expected, so there is nothing to search for", hint)
    root = tree(text, name, changes)
    wishes = list(asked.vary) or _compared(told, root, notes) or mapping_wishes(root)
    settings = _Settings(text, name, changes, scenario, root).of(wishes, checked=bool(asked.vary))
    seeds = range(scenario.seed, scenario.seed + asked.seeds)
    return Question(
        text, name, scenario, changes, own, settings, Goals(scenario.expect, asked.minimise), seeds, notes
    )


def _compared(told: Scenario, root: Node, notes: list[str]) -> list[Wish]:
    wishes = []
    for wish in compared_wishes(settings for settings, _ in told.runs):
        try:
            checked_path(wish, root)
        except ScenarioError:
            notes.append(f"{wish.path} is what the scenario is about and stays as it is")
        else:
            wishes.append(wish)
    return wishes


@dataclass(frozen=True, slots=True)
class _Settings:
    """Turns wishes into settings: looks what today's values are, and which values Lambda takes."""

    text: str
    name: str
    changes: Sequence[Change]
    scenario: Scenario
    root: Node

    def of(self, wishes: Sequence[Wish], *, checked: bool) -> list[Setting]:
        """The settings with more than one value; `checked` where somebody typed them and is told what is wrong."""
        settings = []
        paths: dict[KeyPath, Wish] = {}
        for wish in wishes:
            path = checked_path(wish, self.root)
            if path in paths:
                raise _refused(
                    wish.said, f"{wish.path} is varied twice", "put all its values into one --vary"
                )
            paths[path] = wish
        for path, wish in paths.items():
            if checked:
                self._check(wish, [other for other in paths.values() if other is not wish])
            setting = setting_of(wish, self._today(wish, path), is_today=self._place_of_today(wish))
            if len(setting.values) > 1:
                settings.append(setting)
        if not settings:
            raise _refused(
                wishes[0].said, "this leaves nothing to vary: today's value is the only one", "name others"
            )
        return settings

    def _place_of_today(self, wish: Wish) -> int | None:
        """The first value that makes no other scenario."""
        today = replace(self.scenario, overridden={})
        for place, value in enumerate(wish.values):
            try:
                same = load_changed(
                    self.text, self.name, [*self.changes, change_of(wish.said, wish.path, value)]
                )
            except ScenarioError:
                continue
            if replace(same, overridden={}) == today:
                return place
        return None

    def _today(self, wish: Wish, path: KeyPath) -> Any:
        """What the setting is today: as it is written, or as the header of a trace has it."""
        if (told := told_at(self.root, path)) is not None:
            return told
        header = header_of(self.scenario)
        sections: Mapping[str, Mapping[str, Any]] = {
            "mapping": header.mappings.get("default", {}),
            "function": header.functions.get("default", {}),
            "stream": header.streams.get("default", {}),
            "account": header.account,
        }
        named = {"mappings": header.mappings, "functions": header.functions, "streams": header.streams}
        section = named[path[0]].get(str(path[1]), {}) if path[0] in named else sections.get(str(path[0]), {})
        return section.get(wish.path.rsplit(".", 1)[-1])

    def _check(self, wish: Wish, others: Sequence[Wish]) -> None:
        """`ScenarioError` for a value that is wrong under today's settings, and under the first of what else is varied."""
        beside = [change_of(other.said, other.path, other.values[0]) for other in others]
        for value in wish.values:
            change = change_of(wish.said, wish.path, value)
            try:
                load_changed(self.text, self.name, [*self.changes, change])
            except ScenarioError as error:
                try:
                    load_changed(self.text, self.name, [*self.changes, *beside, change])
                except ScenarioError:
                    raise error from None


def _expected(texts: Sequence[str]) -> dict[str, str]:
    expected: dict[str, str] = {}
    for text in texts:
        found = _EXPECT.fullmatch(text)
        if not found or not found[3].strip():
            hint = "write --expect 'IteratorAge.max=<= 5s' or --expect discarded=0"
            raise _refused(f"--expect {text}", "MEASURE=TEST is expected", hint)
        if found[1] in expected:
            raise _refused(
                f"--expect {text}", f"{found[1]} is expected twice", "write a range: discarded=1..3"
            )
        expected[found[1]] = found[3].strip()
    return expected


def _merged(expected: Sequence[dict[str, str]]) -> dict[str, str] | Sequence[dict[str, str]]:
    """One map of all, where no measure is held to two tests."""
    together = {measure: test for one in expected for measure, test in one.items()}
    return together if len(together) == len(expected) else expected


def _check_measured(scenario: Scenario, name: str) -> None:
    for function, settings in scenario.functions.items():
        if settings.model.duration.measured:
            raise _refused(
                name,
                f"function {function!r} has `duration: measured`: no two runs of it are the same, so none can be preferred",
                "write how long it takes, such as `duration: 60ms + 12ms/record`",
            )


def _check_measure(measure: str, scenario: Scenario) -> None:
    known = list(names_of(scenario.mappings, [source.name for source in scenario.traffic]))
    found = measure_of(measure) if measure in known else None
    if found is None:
        hint = (
            did_you_mean(measure, known) or "measures are for example cost.usd, IteratorAge.max, Invocations"
        )
        raise _refused(f"--minimise {measure}", f"there is no measure {measure!r}", hint)
    if found.unit == "word":
        raise _refused(
            f"--minimise {measure}", f"{measure} is a word, no number", "hold it to one with --expect"
        )


def _refused(said: str, message: str, hint: str | None) -> ScenarioError:
    return ScenarioError([Problem(message, Span(Source(said)), hint)])
