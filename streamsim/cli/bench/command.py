"""`streamsim bench`: standing benchmarks: of speed, each against something that others use, and of ordering."""

import click

from streamsim.cli.bench.engine import command as engine
from streamsim.cli.bench.handler import command as handler
from streamsim.cli.bench.kafka import command as kafka
from streamsim.cli.bench.ordering import command as ordering
from streamsim.cli.bench.sandbox import command as sandbox

HELP = """\b
Examples:
  streamsim bench engine
  streamsim bench handler
  streamsim bench ordering

Measures speed against what others use, and which ordering guarantees hold."""


@click.group("bench", help=HELP)
def command() -> None:
    pass


command.add_command(engine)
command.add_command(handler)
command.add_command(kafka)
command.add_command(ordering)
command.add_command(sandbox)
