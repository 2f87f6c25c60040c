"""Which settings a search may change, and the values it may give them.

Knows paths of settings, AWS's defaults and which settings only matter where something fails. Must not know runs.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from streamsim.model.mapping import INFINITE
from streamsim.rules.mapping.settings import WHOLE_NUMBERS
from streamsim.scenario.load import Change
from streamsim.scenario.settings import UnknownSettingError, setting_path
from streamsim.scenario.text.document import Node, compose
from streamsim.scenario.text.errors import KeyPath, Problem, ScenarioError, Source, Span

#: What the settings of a mapping are tried with. Those that decide about failures come first: until a shard is free
#: again, nothing that follows can be judged. ReportBatchItemFailures is not among them: whether a function reports its
#: failures is decided in its code, and without the setting its reports pass for success. FunctionResponseTypes,
#: MemorySize and the like are varied for whoever asks for it.
MAPPING_VALUES: Final[Mapping[str, tuple[Any, ...]]] = {
    "MaximumRetryAttempts": (0, 2, 5, 10, INFINITE),
    "BisectBatchOnFunctionError": (False, True),
    "MaximumRecordAgeInSeconds": (60, 300, 3600, INFINITE),
    "ParallelizationFactor": (1, 2, 4, 7, 10),
    "BatchSize": (10, 50, 100, 200, 500, 1000, 10_000),
    "MaximumBatchingWindowInSeconds": (0, 1, 2, 5, 10, 30, 60),
}

#: They change nothing in a run in which no attempt fails.
OF_FAILURES: Final = frozenset(
    {"MaximumRetryAttempts", "BisectBatchOnFunctionError", "FunctionResponseTypes", "DestinationConfig"}
)

#: They change nothing in a run in which no record grows old.
OF_AGE: Final = frozenset({"MaximumRecordAgeInSeconds"})

#: What a scenario says about the world, which nobody can set to his liking.
_WORLD: Final = frozenset(
    {"scenario", "seed", "duration", "epoch", "traffic", "faults", "events", "compare", "expect"}
)

#: A range with more values than this is thinned out.
_MOST_OF_A_RANGE: Final = 12

_RANGE: Final = re.compile(r"\s*(-?[0-9]{1,9})\s*\.\.\s*(-?[0-9]{1,9})\s*")


@dataclass(frozen=True, slots=True)
class Wish:
    """A setting that somebody wants varied: its path, the values, and what messages call it."""

    said: str
    path: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that a search may change. `values` are in their order; `today` is the place of today's.

    `usual` is the place of what AWS gives it by default, None where that is unknown or not among the values.
    """

    path: str
    values: tuple[Any, ...]
    today: int
    usual: int | None = None

    @property
    def name(self) -> str:
        """Without the path."""
        return self.path.rsplit(".", 1)[-1]

    def between(self, place: int) -> list[int]:
        """Places from today's towards `place`, without that one."""
        return list(range(self.today, place, 1 if place > self.today else -1))


def change_of(said: str, path: str, value: Any) -> Change:
    """The change that gives a setting a value."""
    return Change(said, path, json.dumps(value))


def read_wish(text: str) -> Wish:
    """`BatchSize=10,100`, `ParallelizationFactor=1..10`, `FunctionResponseTypes=[],[ReportBatchItemFailures]`.

    `ScenarioError` where it is none of these; whether there is such a setting is not looked at.
    """
    said = f"--vary {text}"
    path, equals, values = text.partition("=")
    if not equals or not path.strip() or not values.strip():
        raise _refused(
            said,
            "NAME=VALUES is expected",
            "write --vary BatchSize=10,100 or --vary ParallelizationFactor=1..10",
        )
    listed: list[Any] = []
    for item in _items(said, values):
        found = _RANGE.fullmatch(item) if isinstance(item, str) else None
        listed += [item] if found is None else _range(said, int(found[1]), int(found[2]))
    return Wish(said, path.strip(), tuple(_unique(listed)))


def mapping_wishes(root: Node) -> list[Wish]:
    """What is varied where nobody says: the settings of every mapping of a document."""
    named = root.child("mappings")
    places = [""] if named is None else [f"mappings.{name}." for name in named.entries or ()]
    return [
        Wish(f"{place}{name}", f"{place}{name}", values)
        for place in places
        for name, values in MAPPING_VALUES.items()
    ]


def compared_wishes(runs: Iterable[Mapping[str, Any]]) -> list[Wish]:
    """The settings that a scenario compares, without those that have one value only."""
    values: dict[str, list[Any]] = {}
    for run in runs:
        for path, value in run.items():
            values.setdefault(path, []).append(value)
    wishes = [Wish(f"compare: {path}", path, tuple(_unique(own))) for path, own in values.items()]
    return [wish for wish in wishes if len(wish.values) > 1]


def of_the_world(path: KeyPath) -> bool:
    """Whether this is no setting but what a scenario tells about producers, callers, code or time."""
    below = (
        path[1:]
        if path[0] in {"stream", "function"}
        else path[2:]
        if path[0] in {"streams", "functions"}
        else path
    )
    return (
        path[0] in _WORLD
        or (below[:1] == ("producer",) and below[1:2] != ("put",))
        or (
            path[0] in {"function", "functions"}
            and below[:1] in {("model",), ("handler",), ("path",), ("runtime",)}
        )
    )


def checked_path(wish: Wish, root: Node) -> KeyPath:
    """Where the setting of a wish stands; `ScenarioError` where there is none or it is nobody's to choose."""
    try:
        path = setting_path(wish.path, root)
    except UnknownSettingError as error:
        raise _refused(wish.said, str(error), error.hint) from None
    if of_the_world(path):
        raise _refused(
            wish.said,
            f"{wish.path} is what a scenario is about, no setting to choose",
            "vary a setting such as BatchSize",
        )
    return path


def setting_of(wish: Wish, today: Any, *, is_today: int | None) -> Setting:
    """The wish as a setting. `is_today` is the place among its values that changes nothing, None where none does.

    Numbers are put in order, -1 for without limit as the highest; others stay as they are, today's first.
    """
    values = list(wish.values)
    if is_today is None:
        values.insert(0, today)
        is_today = 0
    marked = [(value, place == is_today) for place, value in enumerate(values)]
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        marked.sort(key=lambda one: (one[0] == INFINITE, one[0]))
    else:
        marked.sort(key=lambda one: not one[1])
    name = wish.path.rsplit(".", 1)[-1]
    usual = (
        WHOLE_NUMBERS[name].default if name in WHOLE_NUMBERS else False if name.startswith("Bisect") else None
    )
    ordered = tuple(value for value, _ in marked)
    return Setting(
        wish.path,
        ordered,
        [mark for _, mark in marked].index(True),
        ordered.index(usual) if usual is not None and usual in ordered else None,
    )


def told_at(root: Node, path: KeyPath) -> Any:
    """What a document says at a path, None where it says nothing."""
    node: Node | None = root
    for step in path:
        node = node.child(step) if node is not None else None
    return None if node is None else node.plain()


def _items(said: str, values: str) -> Sequence[Any]:
    """The values between commas, read as YAML; a range is text."""
    node = compose(f"[{values}]", Source.of(said, f"[{values}]", place_known=False))
    return [item.plain() for item in node.items or ()]


def _range(said: str, low: int, high: int) -> list[int]:
    if low > high:
        raise _refused(said, f"the range {low}..{high} is empty", f"write {high}..{low}")
    count = high - low + 1
    if count <= _MOST_OF_A_RANGE:
        return list(range(low, high + 1))
    steps = _MOST_OF_A_RANGE - 1
    return list(_unique(low + round((count) ** (step / steps)) - 1 for step in range(_MOST_OF_A_RANGE)))


def _unique(values: Iterable[Any]) -> Iterator[Any]:
    """The values without what came before; true is not 1."""
    seen: set[str] = set()
    for value in values:
        if (written := json.dumps(value)) not in seen:
            seen.add(written)
            yield value


def _refused(said: str, message: str, hint: str | None) -> ScenarioError:
    return ScenarioError([Problem(message, Span(Source(said)), hint)])
