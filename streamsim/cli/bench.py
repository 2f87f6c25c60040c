"""`streamsim bench`: standing benchmarks, each against something that others use."""

import click

from streamsim.cli.bench_engine import command as engine
from streamsim.cli.bench_handler import command as handler
from streamsim.cli.bench_kafka import command as kafka
from streamsim.cli.bench_sandbox import command as sandbox


@click.group("bench", help="Measure speed against what others use.")
def command() -> None:
    pass


command.add_command(engine)
command.add_command(handler)
command.add_command(kafka)
command.add_command(sandbox)
