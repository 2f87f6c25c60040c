"""The option that says how Kafka brokers let us in, the same in every command that names brokers."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from streamsim.streams.kafka.access import Access

#: What the option is, where there is no room for what is in the file.
_SHORT: Final = "How that broker takes TLS and a login: see `streamsim live`."


def kafka_config_option(told: str = _SHORT) -> Callable[[Any], Any]:
    """The option, `Path | None`; `told` is its help."""
    return click.option("--kafka-config", type=click.Path(path_type=Path), metavar="FILE", help=told)


def access_of(path: Path | None) -> "Access":
    """How the file says that brokers let us in; without one they let everybody. `ScenarioError` for what is wrong with it."""
    from streamsim.scenario.real.kafka_file import kafka_access  # noqa: PLC0415  # `--help` is quick without
    from streamsim.streams.kafka.access import OPEN  # noqa: PLC0415

    return OPEN if path is None else kafka_access(path, os.environ)
