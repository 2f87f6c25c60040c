"""`streamsim schema`: prints the JSON Schema of scenario files."""

import json

import click

from streamsim.scenario.parts.schema import json_schema

HELP = """\b
Examples:
  streamsim schema > scenario.schema.json

Prints the JSON Schema of scenario files, for editors.

\b
Editors that know YAML's language server complete and explain every key
of a scenario that begins with
  # yaml-language-server: $schema=scenario.schema.json"""


@click.command("schema", help=HELP)
def command() -> None:
    """See `HELP`."""
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
