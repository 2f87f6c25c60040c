"""`streamsim bench engine`: the engine with everything on beside minimal SimPy models of the same workloads.

All run in this process, in turns, and must count the same records, invocations and discards. CPU time is compared,
not wall time: what other programs do matters less then, and ratios carry over to other machines where times do not.
"""

import gc
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from time import process_time
from typing import Any, Final

import click

from streamsim.cli.bench.memory import peak_memory
from streamsim.cli.bench.workloads import WORKLOADS, Counts, Workload, play

FORMAT: Final = 1

OURS: Final = "streamsim"
IDIOMATIC: Final = "SimPy"
TUNED: Final = "SimPy, tuned"

Model = Callable[[Workload], Counts]

EXAMPLES: Final = """\b
Examples:
  streamsim bench engine --workload W1
  streamsim bench engine --scale 0.1 --rounds 1
  streamsim bench engine --workload W3 --workload W4 --json
"""

NO_SIMPY: Final = "this compares with SimPy, which is not installed; try: pip install 'streamsim[bench]'"


class NotInstalled(click.ClickException):
    """The command cannot be given here."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one model: what it counted and its CPU seconds."""

    counts: Counts
    cpu: float


@dataclass(frozen=True, slots=True)
class Figures:
    """A model on a workload: medians over all rounds. `ratio` is CPU time to SimPy's as its documentation teaches it.

    `peak_memory` is in bytes; None where it was not measured or cannot be.
    """

    model: str
    cpu_seconds: float
    ratio: float
    us_per_invocation: float
    ns_per_record: float
    peak_memory: int | None
    simulated_to_cpu: float


@click.command(
    "engine", help=f"Compare the engine's speed with SimPy models of the same workloads.\n\n{EXAMPLES}"
)
@click.option(
    "--workload",
    "names",
    multiple=True,
    type=click.Choice(list(WORKLOADS)),
    help="Only this one; repeatable.",
)
@click.option(
    "--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Runs of each model."
)
@click.option(
    "--scale",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="This part of each workload's records.",
)
@click.option(
    "--memory/--no-memory",
    default=True,
    show_default=True,
    help="Run each model once more to measure its peak.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout instead of tables.")
def command(names: tuple[str, ...], rounds: int, scale: float, memory: bool, as_json: bool) -> None:
    models = models_with_simpy()
    documents = []
    for name in names or WORKLOADS:
        workload = WORKLOADS[name].scaled(scale)
        counts, figures = compare(workload, models, rounds, memory)
        if as_json:
            documents.append(document_of(name, workload, counts, figures))
        else:
            click.echo(table_of(name, workload, counts, figures))
    if as_json:
        shown = {"format": FORMAT, "rounds": rounds, "scale": scale, "workloads": documents}
        click.echo(json.dumps(shown, indent=2))


def models_with_simpy() -> dict[str, Model]:
    """The models by name, the engine first; `NotInstalled` without SimPy."""
    try:
        from streamsim.cli.bench.simpy import play_idiomatic, play_tuned  # noqa: PLC0415 - SimPy is optional
    except ModuleNotFoundError as missing:
        if missing.name != "simpy":
            raise
        raise NotInstalled(NO_SIMPY) from None
    return {OURS: play, IDIOMATIC: play_idiomatic, TUNED: play_tuned}


def compare(
    workload: Workload, models: Mapping[str, Model], rounds: int, memory: bool = False
) -> tuple[Mapping[str, Counts], Sequence[Figures]]:
    """What each model counted, and its figures. `ClickException` when two models count differently.

    The models take turns, and each round begins with another one. With `memory`, each runs once more to measure that.
    """
    runs: dict[str, list[Run]] = {name: [] for name in models}
    names = list(models)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            runs[name].append(timed(models[name], workload))
    counts = {name: of_model[0].counts for name, of_model in runs.items()}
    told = {name: (own.records, own.invocations, own.discarded) for name, own in counts.items()}
    if len(set(told.values())) > 1:
        raise click.ClickException(f"{workload.title}: the models count differently: {told}")
    base = median(run.cpu for run in runs[IDIOMATIC])
    peaks = {name: peak_memory(model, workload) if memory else None for name, model in models.items()}
    return counts, [_figures(name, of_model, base, peaks[name]) for name, of_model in runs.items()]


def timed(model: Model, workload: Workload) -> Run:
    """One run of a model, from a collected heap."""
    gc.collect()
    began = process_time()
    counts = model(workload)
    return Run(counts, process_time() - began)


def _figures(name: str, runs: Sequence[Run], base: float, memory: int | None) -> Figures:
    cpu, counts = median(run.cpu for run in runs), runs[0].counts
    return Figures(
        model=name,
        cpu_seconds=cpu,
        ratio=cpu / base,
        us_per_invocation=cpu / counts.invocations * 1e6,
        ns_per_record=cpu / counts.records * 1e9,
        peak_memory=memory,
        simulated_to_cpu=counts.simulated / 1e6 / cpu,
    )


def document_of(
    name: str, workload: Workload, counts: Mapping[str, Counts], figures: Sequence[Figures]
) -> dict[str, Any]:
    """A workload's comparison as `--json` shows it."""
    own = counts[OURS]
    return {
        "workload": name,
        "title": workload.title,
        "target": workload.target,
        "records": own.records,
        "invocations": own.invocations,
        "discarded": own.discarded,
        "models": [asdict(one) | {"simulated_us": counts[one.model].simulated} for one in figures],
    }


def table_of(name: str, workload: Workload, counts: Mapping[str, Counts], figures: Sequence[Figures]) -> str:
    """A workload's comparison for people."""
    own = counts[OURS]
    lines = [
        f"{name}  {workload.title}",
        f"    {own.records:,} records, {own.invocations:,} invocations in every model; target {workload.target:.1f}x",
        f"    {'':14}{'CPU s':>9}{'ratio':>8}{'us/invocation':>15}{'ns/record':>11}{'peak MiB':>10}{'simulated/CPU':>16}",
    ]
    for one in figures:
        memory = "-" if one.peak_memory is None else f"{one.peak_memory / 2**20:.1f}"
        lines.append(
            f"    {one.model:14}{one.cpu_seconds:9.2f}{one.ratio:7.2f}x{one.us_per_invocation:15.2f}"
            f"{one.ns_per_record:11.1f}{memory:>10}{one.simulated_to_cpu:15,.0f}x"
        )
    return "\n".join(lines) + "\n"
