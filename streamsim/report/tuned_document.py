"""What a search over settings found, as the JSON document of `streamsim tune --json`."""

from typing import Any

from streamsim.report.tuned import Tuned, worst_of
from streamsim.tuning.trials import Trial


def document_of(tuned: Tuned) -> dict[str, Any]:
    """The document: nothing in it depends on when, where or in how many processes the search ran.

    `best` is null where nothing met what was expected; `nearest` then is what came nearest. `without` of a change is the
    run in which it is taken back, null where the budget ended before.
    """
    question, trials, found = tuned.question, tuned.trials, tuned.found
    best = found.best
    return {
        "format": 1,
        "scenario": question.scenario.scenario,
        "seeds": list(question.seeds),
        "minimise": question.goals.minimise,
        "expect": {one.measure: one.test for one in question.goals.expected},
        "varied": {setting.path: list(setting.values) for setting in question.settings},
        "runs": trials.played,
        "refused": len(trials.refused),
        "other_work": len(trials.other_work),
        "complete": found.complete,
        "interrupted": tuned.interrupted,
        "today": _trial(tuned, found.today),
        "best": None if best is None else _trial(tuned, best),
        "nearest": _trial(tuned, found.nearest) if best is None else None,
        "without": {
            setting.path: _trial(tuned, found.without[place]) if place in found.without else None
            for place, setting in enumerate(question.settings)
            if best is not None and best.point[place] != setting.today
        },
        "others": [_trial(tuned, trial) for trial in found.others],
        "next": tuned.command((best or found.nearest).point),
    }


def _trial(tuned: Tuned, trial: Trial) -> dict[str, Any]:
    """Settings that are not today's, and what came of them; measures are those of the first seed."""
    return {
        "settings": tuned.question.changed(trial.point),
        "meets": trial.meets,
        "objective": trial.objective,
        "expectations": worst_of(tuned.question, trial),
        "violations": max(run.outcome.violations for run in trial.runs),
        "metrics": trial.runs[0].outcome.metrics,
    }
