"""The search: which settings do what is expected at the least cost, and which of their changes that takes.

Where every combination fits into the budget, all are tried. Else the search goes down hill one setting at a time: it
tries all values of a setting with the others as they are, keeps the best, goes on to the next, and round again, with the
nearest values only, until a round changes nothing. It starts from today's settings, then from AWS's defaults, then from
the best so far with many lanes and large batches, as a hill may hide a valley. From the lowest place it also looks aside, where two settings change by a step at once.
Better is, in this order: what misses the expectations by less, what costs less, what
changes less. Only settings that do better under the first seed are played under the others.

Then the way back: each change is taken back, or brought as near to today's value as possible, as long as the
expectations hold and the cost stays within what comparisons call alike (`streamsim.trace.measures.amounts.apart`). What is left
is what matters, and the run without each change says what for.

Runs are never shortened to save time: an age, a count or a cost of half a run says nothing about the whole one. Nothing is
drawn by chance and nothing depends on which run ends first, so the same search finds the same settings on any machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from math import prod
from typing import Final

from streamsim.rules.mapping.settings import MINIMUM_RECORD_AGE
from streamsim.trace.measures.amounts import apart
from streamsim.trace.measures.catalogue import Value
from streamsim.tuning.choices import OF_AGE, OF_FAILURES, Setting
from streamsim.tuning.trials import Point, Trial, Trials

#: No round is needed more often to come down any hill that was seen; it bounds the time where rounds keep finding crumbs.
_ROUNDS: Final = 8

#: How far from the value it has a setting is tried after the first round.
_NEAR: Final = 2

#: Where the third descent begins: far from the defaults.
_WIDE: Final[Mapping[str, int]] = {"ParallelizationFactor": 10, "BatchSize": 1000}

#: How many trials are worth a look beside the best.
_OTHERS: Final = 2

#: Sums of shortfalls, the objective, how many changes, how far from today's, the point itself.
Score = tuple[float, float, int, int, Point]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to. `best` meets everything that is asked, None where nothing does; then `nearest` comes next.

    `without` are the trials in which one change of the best is taken back, by the place of its setting: all of them
    where the search was `complete`. `others` meet everything too, and are no variations of the best.
    """

    today: Trial
    best: Trial | None
    nearest: Trial
    without: Mapping[int, Trial] = field(default_factory=dict)
    others: Sequence[Trial] = ()
    complete: bool = True


class Search:
    """A search over the values of some settings."""

    def __init__(self, settings: Sequence[Setting], trials: Trials) -> None:
        self._settings = settings
        self._trials = trials
        self._today: Point = tuple(setting.today for setting in settings)
        self._kept = min(trials.runs // 4, sum(len(setting.values) for setting in settings)) * len(
            trials.seeds
        )
        self._best: Trial | None = None
        self._complete = False

    def run(self) -> None:
        """Searches until nothing better is found or the budget is used up."""
        self._trials.open()
        self._see(self._trials.confirm(self._today))
        if prod(len(setting.values) for setting in self._settings) + self._kept <= self._trials.runs:
            self._try_grid()
        else:
            self._descend(self._today)
            self._descend(tuple(s.today if s.usual is None else s.usual for s in self._settings))
            self._descend(self._wide())
            while self._sidestep():
                pass
        if self._best is not None:
            self._complete = self._simplify(self._best)

    def found(self) -> Found:
        """What was found so far; after an interrupt as well, if one run at least was played."""
        today = self._trials.trial(self._today)
        known = self._trials.all()
        nearest = min(known, key=self._score)
        if self._best is None:
            return Found(today, None, nearest)
        without: dict[int, Trial] = {}
        for place in self.changed(self._best.point):
            point = self._with(self._best.point, place, self._today[place])
            if point in self._trials:
                without[place] = self._trials.trial(point)
        others = self._others(known, self._best, without)
        return Found(today, self._best, self._best, without, others, self._complete)

    def changed(self, point: Point) -> list[int]:
        """The places of the settings that are not today's."""
        return [place for place, value in enumerate(point) if value != self._today[place]]

    def _wide(self) -> Point:
        point = self._best.point if self._best else self._today
        return tuple(
            setting.values.index(_WIDE[setting.name]) if _WIDE.get(setting.name) in setting.values else own
            for setting, own in zip(self._settings, point, strict=True)
        )

    def _try_grid(self) -> None:
        points = product(*(range(len(setting.values)) for setting in self._settings))
        for trial in sorted(self._trials.try_all(points), key=self._score):
            if not trial.meets or self._see(self._trials.confirm(trial.point)):
                return

    def _descend(self, point: Point) -> None:
        here = self._trials.confirm(point)
        if here is None:
            return
        self._see(here)
        for round_ in range(_ROUNDS):
            before = here.point
            for place in range(len(self._settings)):
                if self._trials.left <= self._kept:
                    return
                here = self._best_along(place, here, None if round_ == 0 else _NEAR)
            if here.point == before:
                return

    def _sidestep(self) -> bool:
        """Goes on from a place that is a step of two settings away from the best, if one is clearly better."""
        best = self._best
        if best is None or self._trials.left <= self._kept:
            return False
        room = self._trials.left - self._kept
        points = [
            self._with(self._with(best.point, one, first), other, second)
            for one, other in combinations(self._places(best), 2)
            for first, second in product(self._steps(one, best), self._steps(other, best))
        ]
        for trial in sorted(self._trials.try_all(points[:room]), key=self._score):
            if trial.missed or not apart(trial.objective, best.objective):
                return False
            confirmed = self._trials.confirm(trial.point)
            if confirmed is not None and confirmed.meets and apart(confirmed.objective, best.objective):
                self._descend(trial.point)
                return True
        return False

    def _places(self, here: Trial) -> list[int]:
        """The settings that can matter there."""
        return [place for place in range(len(self._settings)) if not self._idle(place, here)]

    def _steps(self, place: int, here: Trial) -> list[int]:
        value = here.point[place]
        return [near for near in (value - 1, value + 1) if 0 <= near < len(self._settings[place].values)]

    def _idle(self, place: int, here: Trial) -> bool:
        name = self._settings[place].name
        return (name in OF_FAILURES and nothing_fails(here)) or (name in OF_AGE and all_young(here))

    def _best_along(self, place: int, here: Trial, near: int | None) -> Trial:
        """The best trial with another value of one setting, at most `near` places off; `here` where none is better."""
        setting = self._settings[place]
        if (setting.name in OF_FAILURES and nothing_fails(here)) or (
            setting.name in OF_AGE and all_young(here)
        ):
            return here
        line = [
            self._with(here.point, place, value)
            for value in range(len(self._settings[place].values))
            if near is None or abs(value - here.point[place]) <= near
        ]
        first = self._first(here)
        for trial in sorted(self._trials.try_all(line), key=lambda trial: self._score(self._first(trial))):
            if self._score(self._first(trial)) >= self._score(first):
                break
            confirmed = self._trials.confirm(trial.point)
            if confirmed is not None and self._score(confirmed) < self._score(here):
                self._see(confirmed)
                return confirmed
        return here

    def _first(self, trial: Trial) -> Trial:
        """The trial under the first seed alone: only so can trials be compared of which one has more runs."""
        run = trial.runs[0]
        return Trial(trial.point, (run,), self._trials.goals.objective(run.values))

    def _simplify(self, best: Trial) -> bool:
        """Takes back what does nothing; whether the budget allowed to ask of every change."""
        least = best.objective
        asked = True
        place = 0
        while place < len(self._settings):
            nearer = self._settings[place].between(best.point[place])
            found, known = self._nearest_to_today(best, place, nearer, least)
            asked = asked and known
            if found is None:
                place += 1
            else:  # what could not be taken back before may be now
                best, place, asked = found, 0, True
                self._best = best
        return asked

    def _nearest_to_today(
        self, best: Trial, place: int, nearer: Sequence[int], least: float
    ) -> tuple[Trial | None, bool]:
        points = [self._with(best.point, place, value) for value in nearer]
        self._trials.try_all(points)
        known = True
        for point in points:
            trial = self._trials.confirm(point)
            if trial is not None and trial.meets and not apart(least, trial.objective):
                return trial, True
            known = known and (trial is not None or point in self._trials.refused | self._trials.other_work)
        return None, known

    def _others(self, known: Sequence[Trial], best: Trial, without: Mapping[int, Trial]) -> list[Trial]:
        """The best of the trials that differ from those before in what they cost, if they beat today's settings at all."""
        today = self._trials.trial(self._today)
        chosen = [best, today]
        taken = {best.point, self._today, *(trial.point for trial in without.values())}
        for trial in sorted(known, key=self._score):
            if len(chosen) - 2 == _OTHERS or not trial.meets or self._score(today) < self._score(trial):
                break
            alike = any(not apart(*sorted((trial.objective, one.objective))) for one in chosen)
            if trial.point not in taken and not alike and self._trials.whole(trial):
                chosen.append(trial)
        return chosen[2:]

    def _see(self, trial: Trial | None) -> bool:
        """Remembers a trial under all seeds, if it meets what is asked and is better than the one before."""
        if trial is None or not trial.meets:
            return False
        if self._best is None or self._score(trial) < self._score(self._best):
            self._best = trial
        return True

    def _score(self, trial: Trial) -> Score:
        moved = sum(abs(value - today) for value, today in zip(trial.point, self._today, strict=True))
        return (
            sum(trial.missed.values()),
            trial.objective,
            len(self.changed(trial.point)),
            moved,
            trial.point,
        )

    @staticmethod
    def _with(point: Point, place: int, value: int) -> Point:
        return (*point[:place], value, *point[place + 1 :])


def nothing_fails(trial: Trial) -> bool:
    """Whether no attempt of any run failed, so that settings of failures cannot matter."""
    counts = ("Errors", "FailedInvokeEventCount", "discarded", "delivered_again", "windows.lost")
    return not any(run.values.get(name) for run in trial.runs for name in counts)


def all_young(trial: Trial) -> bool:
    """Whether no record of any run grew as old as the least age that can be given up."""
    measures = ("IteratorAge.max", "blocked.max")
    oldest = max(sum(_number(run.values.get(name)) for name in measures) for run in trial.runs)
    return oldest < MINIMUM_RECORD_AGE * 1000


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
