"""A small scenario in which settings matter, and searches over it."""

from typing import Any, Final

from streamsim.report.tuned import Tuned
from streamsim.scenario.load import changes_of, load_text
from streamsim.scenario.play import play
from streamsim.tuning.choices import read_wish
from streamsim.tuning.question import Asked, question
from streamsim.tuning.search import Search
from streamsim.tuning.trials import Trials

#: With today's settings record 150 holds its shard for a day; batches of ten cost more than they must.
HELD: Final = """\
scenario: A record holds its shard
seed: 3
duration: 20s
stream: {type: kinesis, shards: 2}
producer: {rate: 20/s per shard, keys: 30}
mapping: {BatchSize: 10}
function:
  model: {duration: 60ms + 25ms/record}
faults:
  - poison: {shard: 1, record: 150}
expect:
  IteratorAge.max: <= 3s
  discarded: 1
"""


def tuned(
    text: str = HELD,
    *,
    expect: tuple[str, ...] = (),
    vary: tuple[str, ...] = (),
    minimise: str = "cost.usd",
    seeds: int = 1,
    runs: int = 200,
    jobs: int = 1,
) -> Tuned:
    """What a search found."""
    asked = Asked(changes_of((), None), expect, [read_wish(one) for one in vary], minimise, seeds)
    whole = question(text, "small.yaml", asked)
    trials = Trials(whole.scenario_of, whole.seeds, whole.today, whole.goals, runs, jobs)
    search = Search(whole.settings, trials)
    try:
        search.run()
    finally:
        trials.close()
    return Tuned(whole, trials, search.found(), "small.yaml")


def best_of(result: Tuned) -> dict[str, Any]:
    """The changes that were found best; a test that asks expects some."""
    assert result.found.best is not None
    return result.question.changed(result.found.best.point)


def replayed(text: str, settings: dict[str, Any], seed: int | None = None) -> tuple[bool, float]:
    """Whether a run of its own under these settings does what the text expects, and what it costs."""
    changes = [f"{path}={str(value).lower()}" for path, value in settings.items()]
    played = play(load_text(text, "small.yaml", changes, seed))
    return played.holds, played.metrics["cost"]["usd"]
