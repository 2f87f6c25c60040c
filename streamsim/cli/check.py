"""`streamsim check`: finds what is wrong with scenarios, without playing them."""

import sys
from pathlib import Path

import click

from streamsim.cli import WRONG_INPUT
from streamsim.cli.files.scenario import note_unused, scenario_file
from streamsim.scenario.load import load, variants
from streamsim.scenario.text.errors import ScenarioError

HELP = """\b
Examples:
  streamsim check scenarios/*.yaml
  streamsim check scenarios/bisect.yaml --set BatchSize=20000

Finds what is wrong with scenarios, without playing them: every mistake at once, with line, column and hint.

One `ok` line for each good scenario; exit code 2 if any is wrong."""


@click.command("check", help=HELP)
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...", type=click.Path(path_type=Path))
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change a setting: BatchSize=200, stream.shards=8. May be repeated.",
)
def command(scenarios: tuple[Path, ...], changes: tuple[str, ...]) -> None:
    """See `HELP`."""
    wrong: list[str] = []
    for path in scenarios:
        try:
            scenario = load(scenario_file(path), changes)
        except ScenarioError as error:
            wrong.append(str(error))
        else:
            runs = len(variants(scenario))
            compared = f" ({runs} runs)" if runs > 1 else ""
            click.echo(f"ok  {path}: {scenario.scenario}{compared}")
            note_unused(path, scenario)
    if wrong:
        click.echo("\n\n".join(wrong), err=True)
        sys.exit(WRONG_INPUT)
