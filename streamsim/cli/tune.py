"""`streamsim tune`: searches for the cheapest settings under which a scenario does what is expected of it."""

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from shlex import quote

import click

from streamsim.cli import INTERRUPTED
from streamsim.cli.files.scenario import scenario_file, source_of
from streamsim.cli.screen.console import Screen
from streamsim.cli.screen.progress import RunsProgress
from streamsim.report.comparison.tuned import Tuned
from streamsim.report.comparison.tuned_document import document_of
from streamsim.report.progress import ProgressBar
from streamsim.scenario.load import changes_of
from streamsim.scenario.text.reading import MAXIMUM_SCENARIO_SIZE, read
from streamsim.tuning.choices import read_wish
from streamsim.tuning.question import Asked, Question, question
from streamsim.tuning.search import Found, Search
from streamsim.tuning.trials import Trials

HELP = """\b
Examples:
  streamsim tune scenarios/throttled.yaml
  streamsim tune scenarios/poison_pill.yaml --set expect=null --expect 'blocked.max=<= 1m'
  streamsim tune scenarios/resharding.yaml --expect 'IteratorAge.max=<= 50s' --vary ParallelizationFactor=1..10
  streamsim tune scenarios/throttled.yaml --vary BatchSize=10,100,500 --minimise IteratorAge.max
  streamsim tune scenarios/throttled.yaml --vary stream.shards=5..20 --seeds 5

Searches for the cheapest settings under which a scenario does what is expected of it.

Varies the settings of the mapping, or what the scenario compares, or what --vary names. Changes that do nothing are left
out, and what each of the others is for is shown: what comes of taking it back. Settings that lose more records than
today's are never recommended, unless an expectation speaks of them: discarded=1.

The same command finds the same settings, whatever --jobs and the machine.

Exit codes: 0 found, 1 nothing that was tried does all that is expected, 2 the scenario or the command is wrong, 3 a
handler cannot be loaded, 130 interrupted (what was best so far is shown).
"""


@click.command("tune", help=HELP, short_help="Search for the cheapest settings that do what is expected.")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "--expect",
    multiple=True,
    metavar="MEASURE=TEST",
    help="What else must hold; of a measure instead of what the file expects of it. May be repeated.",
)
@click.option(
    "--vary",
    multiple=True,
    metavar="NAME=VALUES",
    help="A setting and its values: BatchSize=10,100 or ParallelizationFactor=1..10. May be repeated.",
)
@click.option(
    "--minimise",
    "--minimize",
    "minimise",
    metavar="MEASURE",
    default="cost.usd",
    show_default=True,
    help="What is to be small.",
)
@click.option(
    "--runs",
    type=click.IntRange(1, 1_000_000),
    default=200,
    show_default=True,
    help="How many runs to play at most.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Under how many seeds the settings must hold, from the scenario's own on.",
)
@click.option("--seed", type=click.IntRange(min=0), help="The first, instead of the scenario's own.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change a setting for all runs. May be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout instead of a report.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=os.cpu_count() or 1,
    help="Processes to play in. Default: as many as there are processors.",
)
def command(
    scenario: Path,
    expect: tuple[str, ...],
    vary: tuple[str, ...],
    minimise: str,
    runs: int,
    seeds: int,
    seed: int | None,
    changes: tuple[str, ...],
    as_json: bool,
    jobs: int,
) -> None:
    if runs <= seeds:
        raise click.UsageError(
            f"--runs {runs} is too few for --seeds {seeds}: today's settings alone take {seeds}"
        )
    place = scenario_file(scenario)
    text = read(place, str(place), MAXIMUM_SCENARIO_SIZE)
    wishes = [read_wish(one) for one in vary]
    asked = Asked(changes_of(changes, seed), expect, wishes, minimise, seeds)
    whole = question(text, str(place), asked)
    trials, found, interrupted = _searched(whole, runs, jobs)
    options = [f"--expect {quote(one)}" for one in expect] + [f"--vary {quote(one)}" for one in vary]
    options += [f"--minimise {quote(minimise)}"] if minimise != Asked().minimise else []
    source = source_of(scenario, changes, seed)
    tuned = Tuned(whole, trials, found, source, " ".join(options), interrupted)
    if as_json:
        click.echo(json.dumps(document_of(tuned), indent=2))
    else:
        Screen(highlight=False).print(tuned)
    if tuned.interrupted:
        sys.exit(INTERRUPTED)
    if tuned.found.best is None:
        sys.exit(1)


def _searched(asked: Question, runs: int, jobs: int) -> tuple[Trials, Found, bool]:
    """What was played and found, and whether an interrupt ended it."""
    with ExitStack() as shown:
        first = shown.enter_context(ProgressBar(asked.scenario.duration, title="today's settings"))
        progress = shown.enter_context(RunsProgress(runs))

        def done(played: int) -> None:
            first.stop()
            progress.come(0, played)

        trials = Trials(
            asked.scenario_of, asked.seeds, asked.today, asked.goals, runs, jobs, done=done, sinks=[first]
        )
        shown.callback(trials.close)
        search = Search(asked.settings, trials)
        interrupted = False
        try:
            search.run()
        except KeyboardInterrupt:
            if not trials.played:
                raise
            interrupted = True
    return trials, search.found(), interrupted
