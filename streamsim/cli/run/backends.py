"""What `streamsim run` plays scenarios on: virtual time, a Kafka broker, a Kinesis endpoint; one or several of them.

Servers' libraries are imported by who names one.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from streamsim.cli.kafka_option import access_of
from streamsim.cli.outside import SourceFailedError, UnfitError, mute_aiokafka
from streamsim.engine.ports import SourceError
from streamsim.functions.handler import Journal
from streamsim.scenario.header import header_of
from streamsim.scenario.load import variants
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import Played, Recorder, play

if TYPE_CHECKING:
    from streamsim.scenario.real.run import Place, Play

#: As `--backend` names them, in the order in which they are played.
NAMES: Final = ("virtual", "kafka", "kinesis")

Player = Callable[[Scenario, Mapping[str, Any], Recorder, Path | None, Journal | None], Played]


class Backend(NamedTuple):
    """Where a scenario is played: `SourceFailedError` when a server does not play along.

    `options` are those of the command that choose it. `place` is None in virtual time.
    """

    name: str
    options: str
    play: Player
    place: "Place | None"


class Servers(NamedTuple):
    """The options about servers; None where they are not given."""

    brokers: str | None
    kafka_config: Path | None
    endpoint_url: str | None
    at_once: bool

    @property
    def pace(self) -> str:
        """The option that says how fast records are produced, if it was given."""
        return " --at-once" if self.at_once else ""


def backends(names: Sequence[str], servers: Servers, files: Sequence[tuple[Path, Scenario]]) -> list[Backend]:
    """Each named backend once; an error for options of others, and where one of the scenarios makes no sense."""
    chosen = [name for name in NAMES if name in (names or NAMES[:1])]
    if servers.brokers is not None and "kafka" not in chosen:
        raise click.UsageError("--kafka goes with --backend kafka")
    if servers.kafka_config is not None and "kafka" not in chosen:
        raise click.UsageError("--kafka-config goes with --backend kafka")
    if servers.endpoint_url is not None and "kinesis" not in chosen:
        raise click.UsageError("--endpoint-url goes with --backend kinesis")
    if servers.at_once and chosen == ["virtual"]:
        raise click.UsageError("--at-once goes with --backend kafka or kinesis")
    made = {"virtual": _virtual, "kafka": _kafka, "kinesis": _kinesis}
    found = [made[name](servers) for name in chosen]
    reasons = [reason for backend in found for reason in _unfit(backend, files)]
    if reasons:
        raise UnfitError(list(dict.fromkeys(reasons)))
    return found


def _unfit(backend: Backend, files: Sequence[tuple[Path, Scenario]]) -> Iterator[str]:
    """Every reason why one of the scenarios cannot be played there."""
    if backend.place is None:
        return
    for path, scenario in files:
        for _, variant in variants(scenario):
            for reason in backend.place.unfit(variant):
                yield f"{path}: not on {backend.name.capitalize()}: {reason}"


def _virtual(_servers: Servers) -> Backend:
    return Backend("virtual", "", _play_virtually, None)


def _play_virtually(
    scenario: Scenario,
    settings: Mapping[str, Any],
    recorded: Recorder,
    on_failure: Path | None,
    journal: Journal | None,
) -> Played:
    return play(scenario, settings, recorded(header_of(scenario)), on_failure, journal)


def _kafka(servers: Servers) -> Backend:
    from streamsim.scenario.real.on_kafka import ON_KAFKA, Brokers, play_on_kafka  # noqa: PLC0415  # see above

    mute_aiokafka()
    brokers = Brokers(servers.brokers or "localhost:9092", access_of(servers.kafka_config))
    playing = partial(play_on_kafka, brokers, at_once=servers.at_once)
    config = "" if servers.kafka_config is None else f" --kafka-config {quote(str(servers.kafka_config))}"
    options = f"--backend kafka --kafka {brokers.addresses}{config}{servers.pace}"
    return Backend("kafka", options, _in_real_time(playing), ON_KAFKA)


def _kinesis(servers: Servers) -> Backend:
    from streamsim.cli.live.source import endpoint_of  # noqa: PLC0415
    from streamsim.scenario.real.on_kinesis import ON_KINESIS, play_on_kinesis  # noqa: PLC0415

    if servers.endpoint_url is None:
        raise click.UsageError(
            "--backend kinesis needs --endpoint-url: streams are made there and deleted again"
        )
    playing = partial(play_on_kinesis, endpoint_of(servers.endpoint_url), at_once=servers.at_once)
    options = f"--backend kinesis --endpoint-url {servers.endpoint_url}{servers.pace}"
    return Backend("kinesis", options, _in_real_time(playing), ON_KINESIS)


def _in_real_time(playing: "Callable[[Play], Coroutine[Any, Any, Played]]") -> Player:
    from streamsim.scenario.real.run import Play  # noqa: PLC0415  # see above

    def player(*given: Any) -> Played:
        try:
            return asyncio.run(playing(Play(*given)))
        except SourceError as error:
            raise SourceFailedError(error) from error

    return player
