"""Which of several runs of a scenario did best, and at what price: what a comparison may recommend.

What is expected to differ between the runs is told first. A run that loses more records than another is never best,
however young its batches were: what is skipped or given up delays nobody. Runs whose producers or callers asked for
different amounts of work have no best at all.
Knows which way of a measure is better; computes none of them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from streamsim.report.comparison.compared import LESS_IS_BETTER, NEITHER, Run, differing
from streamsim.report.phrases import counted, found, measured, number
from streamsim.trace.measures.amounts import apart, lost, work
from streamsim.trace.measures.measures import flatten

#: What is lost, of `streamsim.trace.measures.amounts`: noun, and what becomes of one and of several.
_LOSSES: Final[Mapping[str, tuple[str, str, str]]] = {
    "discarded": ("record", "is discarded", "are discarded"),
    "expired": ("record", "expires", "expire"),
    "skipped": ("record", "is skipped", "are skipped"),
    "producer.given_up": ("record", "never gets into the stream", "never get into the stream"),
    "windows.lost": ("window", "loses its state", "lose their state"),
}

#: How a sentence calls a measure, where its own name reads badly.
_NAMES: Final[Mapping[str, str]] = {
    "cost.usd": "The cost",
    "caught_up": "The time until it had caught up",
    "blocked.max": "The longest time that a batch was blocked",
    "producer.overtaken": "The number of records that a younger one of their key overtook",
}


@dataclass(frozen=True, slots=True)
class Ranking:
    """Several runs: `best` is the one to recommend and `why`, None where there is none; `sentences` say what they change.

    `stars` are the runs that may be called best at a measure, `asked` the measures that are expected to differ, `count`
    is the first of them that is a count of which neither less nor more is better, if any.
    """

    best: Run | None
    why: str
    sentences: Sequence[str]
    stars: Sequence[bool]
    asked: Collection[str] = ()
    count: str = ""


def ranked(runs: Sequence[Run]) -> Ranking:
    """Ranks runs, at least one."""
    unequal, asked = _unequal(runs), _asked(runs)
    counts = _changes(runs, runs, [measure for measure in NEITHER if measure in asked])
    count, first = (counts[0], [counts[1]]) if counts else ("", [])
    if unequal:
        plain = None if counts else _changes(runs, runs, _ordered(asked))
        sentences = [unequal, *first, *([plain[1]] if plain else [])]
        return Ranking(None, "", sentences, [False] * len(runs), asked, count)
    least = min(_lost(run) for run in runs)
    stars = [_lost(run) == least for run in runs]
    safe = [run for run in runs if _lost(run) == least]
    change = _changes(runs, safe, _ordered(asked))
    sentences = [*first, change[1]] if change else first
    if len(safe) < len(runs):
        best = change[2] if change else safe[0]
        return Ranking(best, "loses least", [_losing(runs, best), *sentences], stars, asked, count)
    if change is None:
        return Ranking(None, "", sentences, stars, asked, count)
    return Ranking(change[2], f"has the lowest {change[0]}", sentences, stars, asked, count)


def _asked(runs: Sequence[Run]) -> set[str]:
    """The measures that are expected to differ: of which not every run is asked the same."""
    tests = [{(str(one["measure"]), str(one["test"])) for one in run.expectations} for run in runs]
    return {test[0] for own in tests for test in own if not all(test in other for other in tests)}


def _ordered(asked: Collection[str]) -> list[str]:
    """Measures of which less is better, without losses: first those that are expected to differ."""
    names = [name for name in LESS_IS_BETTER if name not in _LOSSES]
    return sorted(names, key=lambda name: name not in asked)


def _lost(run: Run) -> int:
    """How many records and windows a run lost."""
    return lost(flatten(run.metrics))


def _unequal(runs: Sequence[Run]) -> str | None:
    """That the runs had different amounts of work, and how different."""
    works = [work(flatten(run.metrics)) for run in runs]
    for i, noun in enumerate(("records", "requests")):
        low, high = min(one[i] for one in works), max(one[i] for one in works)
        if apart(low, high):
            return f"The runs had different work to do, from {number(low)} to {number(high)} {noun}: none is best."
    return None


def _losing(runs: Sequence[Run], best: Run) -> str:
    """How much the run that loses most loses, and how much the best."""
    worst = max(runs, key=_lost)
    kinds = [kind for kind in _LOSSES if any(found(run.metrics, kind) for run in (best, worst))]
    nouns = dict.fromkeys(_LOSSES[kind][0] for kind in kinds)
    if len(kinds) == 1:
        noun, one, several = _LOSSES[kinds[0]]
        many = f"{counted(_lost(worst), noun)} {one if _lost(worst) == 1 else several}"
    else:
        many = f"{number(_lost(worst))} {' and '.join(f'{noun}s' for noun in nouns)} are lost"
    few = number(_lost(best)) if _lost(best) else "none"
    of_worst, of_best = _names(runs, worst, best, _lost)
    return f"{many} with {of_worst}, {few} with {of_best}."


def _changes(
    runs: Sequence[Run], safe: Sequence[Run], measures: Sequence[str]
) -> tuple[str, str, Run] | None:
    """The first measure that differs by more than chance: its name, its least and greatest value in words, and the run
    of `safe` that has least of it. None when all are alike.
    """
    for measure in differing(runs, measures):
        values = {id(run): found(run.metrics, measure) for run in runs}
        if not all(isinstance(value, int | float) for value in values.values()):
            continue
        low = min(runs, key=lambda run: (values[id(run)], _lost(run)))
        high = max(runs, key=lambda run: (values[id(run)], _lost(run)))
        least, most = values[id(low)], values[id(high)]
        if not apart(least, most):
            continue
        of_low, of_high = _names(runs, low, high, partial(_shown, measure))
        words = (
            f"{_NAMES.get(measure, measure.replace('.', ' '))} is {measured(measure, least)} with {of_low}, "
            f"{measured(measure, most)} with {of_high}."
        )
        return measure, words, min(safe, key=lambda run: values[id(run)])
    return None


def _shown(measure: str, run: Run) -> str:
    return measured(measure, found(run.metrics, measure))


def _names(runs: Sequence[Run], one: Run, other: Run, value: Callable[[Run], Any]) -> tuple[str, str]:
    """What to call two runs: by the settings in which they differ; the first by all, where those alone do not tell."""
    apart = [path for path, setting in one.settings.items() if other.settings.get(path) != setting]
    alone = all(
        value(run) == value(like)
        for like in (one, other)
        for run in runs
        if all(run.settings[path] == like.settings[path] for path in apart)
    )
    return one.named(apart) if alone else one.name, other.named(apart)
