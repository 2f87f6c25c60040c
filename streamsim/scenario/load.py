"""From a file, or a text, to a scenario: reading, overriding, validating, and one more scenario for each comparison.

Everything that is wrong ends up in one `ScenarioError`, each problem at its line.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from streamsim.model.names import unix
from streamsim.scenario.assemble import assemble
from streamsim.scenario.comparisons import Comparison, compared_values, pinned, read_comparison
from streamsim.scenario.document import Node, compose, locate
from streamsim.scenario.errors import KeyPath, Problem, ScenarioError, Source, Span
from streamsim.scenario.expectations import Expectation, read_expectations
from streamsim.scenario.fields import Complaint
from streamsim.scenario.file import ScenarioFile
from streamsim.scenario.maps import complaints_of
from streamsim.scenario.models import Scenario
from streamsim.scenario.reading import MAXIMUM_SCENARIO_SIZE, read
from streamsim.scenario.settings import UnknownSettingError, changed, setting_path
from streamsim.scenario.timestamps import DEFAULT_EPOCH

Overrides = Mapping[str, str] | Sequence[str]


class Change(NamedTuple):
    """A setting changed from outside the file: what messages call the change, its path, and the value as YAML."""

    said: str
    path: str
    value: str


def load(path: str | Path, overrides: Overrides = (), seed: int | None = None) -> Scenario:
    """The scenario of a file, with `PATH=VALUE` settings changed and another seed if given; `ScenarioError` otherwise."""
    name = str(path)
    text = read(Path(path), name, MAXIMUM_SCENARIO_SIZE)
    return load_text(text, name, overrides, seed)


def load_text(
    text: str, name: str = "<scenario>", overrides: Overrides = (), seed: int | None = None
) -> Scenario:
    """The scenario of a text. `name` stands in messages, and its directory is where files of records are."""
    return load_changed(text, name, changes_of(overrides, seed))


def load_changed(text: str, name: str, changes: Sequence[Change]) -> Scenario:
    """The scenario of a text with these changes, the later ones upon the earlier."""
    root = _composed(text, name)
    changed_root, values = _overridden(root, changes)
    return _Loader(Path(name).parent, compared_values(root)).load(changed_root, values)


def tree(text: str, name: str, changes: Sequence[Change]) -> Node:
    """The values of a text with these changes, as they are written: not validated, defaults not filled in."""
    return _overridden(_composed(text, name), changes)[0]


def _composed(text: str, name: str) -> Node:
    root = compose(text, Source.of(name, text))
    if root.entries is None:
        raise ScenarioError(
            [
                Problem(
                    "a scenario is a map of keys and values",
                    root.span,
                    "begin with a line such as `scenario: One bad record`",
                )
            ]
        )
    return root


def variants(scenario: Scenario) -> list[tuple[dict[str, Any], Scenario]]:
    """What to run: the changed settings and the scenario of each combination of `compare`, the scenario itself without."""
    if not scenario.runs:
        return [(dict(scenario.overridden), scenario)]
    return [({**scenario.overridden, **settings}, run) for settings, run in scenario.runs]


def changes_of(overrides: Overrides, seed: int | None) -> list[Change]:
    """What `--set` and `--seed` change; `ScenarioError` for what is no `PATH=VALUE`."""
    changes = []
    pairs: Iterable[str] = (
        overrides if not isinstance(overrides, Mapping) else [f"{k}={v}" for k, v in overrides.items()]
    )
    for pair in pairs:
        path, equals, value = pair.partition("=")
        if not equals or not path.strip():
            problem = Problem(
                "PATH=VALUE is expected", Span(Source(f"--set {pair}")), "write --set mapping.BatchSize=200"
            )
            raise ScenarioError([problem])
        changes.append(Change(f"--set {pair}", path.strip(), value))
    if seed is not None:
        changes.append(Change(f"--seed {seed}", "seed", str(seed)))
    return changes


def _overridden(root: Node, changes: Sequence[Change]) -> tuple[Node, dict[str, Any]]:
    """The tree with the overrides applied, and their values by path. An override replaces what `compare` would vary."""
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for name, setting, text in changes:
        source = Source.of(name, text, place_known=False)
        try:
            value = compose(text, source) if text.strip() else Node(Span(source))
            path = setting_path(setting, root)
            is_none = value.scalar is None and value.items is None and value.entries is None
            root = changed(root, path, None if is_none else value, Span(source, 0))
            root = pinned(root, path, value)
        except ScenarioError as error:
            problems += error.problems
        except UnknownSettingError as error:
            problems.append(Problem(str(error), Span(source, 0), error.hint))
        else:
            if setting != "seed":
                values[setting] = value.plain()
    if problems:
        raise ScenarioError(problems)
    return root, values


class _Loader:
    """Validates the tree of one document, again for each combination of what it compares."""

    def __init__(self, directory: Path, conditions: Mapping[str, list[Any]]) -> None:
        self._directory = directory
        self._conditions = conditions
        self._record_files: dict[object, object] = {}
        self._known: dict[object, tuple[Scenario | None, list[Problem]]] = {}

    def load(self, root: Node, overridden: Mapping[str, Any]) -> Scenario:
        scenario, problems = self._validate(root)
        comparison = read_comparison(root, problems)
        names = tuple(root.child("mappings").entries or ()) if root.child("mappings") else ()  # type: ignore[union-attr]  # asked before
        expect = root.child("expect")
        expected: tuple[Expectation, ...] = ()
        if expect is not None and not (
            expect.scalar is None and expect.items is None and expect.entries is None
        ):
            try:
                expected = read_expectations(expect, self._conditions, names, _sources(root))
            except ScenarioError as error:
                problems += error.problems
        if scenario is not None:
            problems += self._bad_values(root, comparison)
        if problems or scenario is None:
            raise ScenarioError(problems)
        scenario = replace(scenario, expect=expected, overridden=overridden)
        return replace(scenario, runs=self._runs(root, scenario, comparison))

    def _validate(self, root: Node) -> tuple[Scenario | None, list[Problem]]:
        plain = root.plain()
        context = {"directory": self._directory, "record_files": self._record_files, "epoch": _epoch(plain)}
        try:
            file = ScenarioFile.model_validate(plain, context=context)
        except ValidationError as error:
            return None, _located(complaints_of(error), root)
        scenario, complaints = assemble(file)
        return scenario, _located(complaints, root)

    def _bad_values(self, root: Node, comparison: Comparison) -> Iterator[Problem]:
        """What is wrong with compared values one by one."""
        for name, items in comparison.alone.items():
            for item in items:
                yield from self._varied(root, {name: item}, comparison.paths)[1]

    def _runs(
        self, root: Node, scenario: Scenario, comparison: Comparison
    ) -> tuple[tuple[Mapping[str, Any], Scenario], ...]:
        """The scenario of each combination; what is wrong now is wrong with a combination."""
        problems: list[Problem] = []
        runs = []
        for chosen in comparison.runs:
            run, found = self._varied(root, chosen, comparison.paths)
            problems += found
            if run is not None:
                settings = {name: item.plain() for name, item in chosen.items()}
                runs.append((settings, replace(run, expect=scenario.expect, overridden=scenario.overridden)))
        if problems:
            raise ScenarioError(problems)
        return tuple(runs)

    def _varied(
        self, root: Node, chosen: Mapping[str, Node], paths: Mapping[str, KeyPath]
    ) -> tuple[Scenario | None, list[Problem]]:
        """The scenario under some settings; its problems stand at the last of their values."""
        known = tuple((name, id(item)) for name, item in chosen.items())
        if known not in self._known:
            self._known[known] = self._vary(root, chosen, paths)
        return self._known[known]

    def _vary(
        self, root: Node, chosen: Mapping[str, Node], paths: Mapping[str, KeyPath]
    ) -> tuple[Scenario | None, list[Problem]]:
        tree = root
        for name, item in chosen.items():
            without = item.scalar is None and item.items is None and item.entries is None
            try:
                tree = changed(tree, paths[name], None if without else item, item.span)
            except UnknownSettingError as error:
                return None, [Problem(f"{name}: {error}", item.span, error.hint)]
        scenario, found = self._validate(tree)
        last = list(chosen.values())[-1].span
        places = {item.span for item in chosen.values()}
        told = ", ".join(f"{name}: {item.plain()}" for name, item in chosen.items())
        problems = [
            problem
            if problem.span in places
            else replace(problem, message=f"with {told}: {problem.message}", span=last)
            for problem in found
        ]
        return scenario, problems


def _sources(root: Node) -> tuple[str, ...]:
    """The names of the event sources that are no streams, as far as they are told."""
    traffic = root.child("traffic")
    names = [source.child("name") for source in (traffic.items if traffic else None) or ()]
    return tuple(str(name.scalar) for name in names if name is not None)


def _epoch(plain: Mapping[str, Any]) -> int:
    """The start of the run for what is relative to it; a broken epoch is complained of elsewhere."""
    try:
        return max(unix(plain["epoch"].strip()), 0)
    except (KeyError, AttributeError, ValueError, OverflowError):
        return unix(DEFAULT_EPOCH)


def _located(complaints: Iterable[Complaint], root: Node) -> list[Problem]:
    return [
        Problem(
            complaint.message,
            complaint.span or locate(root, complaint.path, at_key=complaint.at_key),
            complaint.hint,
        )
        for complaint in complaints
    ]
