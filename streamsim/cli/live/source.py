"""What `streamsim live` reads from: the URL, and the options that go with each kind of it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, NamedTuple
from urllib.parse import urlsplit

import click

from streamsim.scenario.real.live_mapping import LiveSource
from streamsim.scenario.real.live_shards import ShardSource
from streamsim.scenario.real.live_topic import EventShape, TopicSource
from streamsim.streams.aws.endpoint import Endpoint
from streamsim.streams.kafka.access import Access

_TOPIC: Final = re.compile(r"kafka://(?P<brokers>[^/]+)/(?P<topic>[A-Za-z0-9._-]{1,249})")
_STREAM: Final = re.compile(r"kinesis://(?P<name>[A-Za-z0-9_.-]{1,128})")
_TABLE: Final = re.compile(r"dynamodb://(?P<name>[A-Za-z0-9_.-]{3,255})")
_REGION: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")

#: Where checkpoints of streams and tables are kept.
CHECKPOINTS: Final = Path("streamsim-checkpoints.sqlite")


class SourceOptions(NamedTuple):
    """The command's options about the source; None where they are not given. `session_timeout` is milliseconds."""

    group: str
    session_timeout: int
    access: Access
    event: EventShape | None
    endpoint_url: str | None
    region: str | None
    profile: str | None
    checkpoints: str | None
    checkpoints_endpoint_url: str | None
    consumer: str | None


def source_of(text: str, options: SourceOptions) -> LiveSource:
    """The source; `UsageError` for what is none, and for options of the other kind."""
    if found := _TOPIC.fullmatch(text):
        others = ("endpoint_url", "region", "profile", "checkpoints", "checkpoints_endpoint_url")
        _refuse(options, others, "goes with kinesis:// and dynamodb://")
        _refuse(options, ("consumer",), "goes with kinesis://")
        event = options.event or "aws:kafka"
        return TopicSource(
            found["brokers"], found["topic"], options.group, event, options.session_timeout, options.access
        )
    if found := _STREAM.fullmatch(text) or _TABLE.fullmatch(text):
        _refuse(options, ("event",), "goes with kafka://")
        endpoint = Endpoint(_url(options.endpoint_url), _region(options.region), options.profile)
        kind: Literal["kinesis", "dynamodb"] = "kinesis" if text.startswith("kinesis:") else "dynamodb"
        if kind == "dynamodb":
            _refuse(options, ("consumer",), "goes with kinesis://")
        checkpoints, at = _checkpoints(options, endpoint)
        return ShardSource(
            kind,
            found["name"],
            endpoint,
            options.group,
            checkpoints,
            at,
            options.session_timeout,
            options.consumer,
        )
    raise click.UsageError(
        f"{text!r} is no stream; write kafka://localhost:9092/orders, kinesis://orders or dynamodb://orders"
    )


def endpoint_of(url: str) -> Endpoint:
    """The endpoint at a URL; `UsageError` for what is none."""
    return Endpoint(_url(url))


def _checkpoints(options: SourceOptions, endpoint: Endpoint) -> tuple[Path | str, Endpoint]:
    """The file, or the name of the table and where that is: where the stream is, unless something else is said."""
    text, url = options.checkpoints, _url(options.checkpoints_endpoint_url)
    table = None if text is None else _TABLE.fullmatch(text)
    if table is not None:
        return table["name"], endpoint if url is None else replace(endpoint, url=url)
    if text is not None and text.startswith("dynamodb:"):
        raise click.UsageError(f"--checkpoints {text}: write dynamodb://table, or the name of a file")
    if url is not None:
        raise click.UsageError("--checkpoints-endpoint-url goes with --checkpoints dynamodb://table")
    return (CHECKPOINTS if text is None else Path(text)), endpoint


def _refuse(options: SourceOptions, names: tuple[str, ...], said: str) -> None:
    given: Mapping[str, object] = options._asdict()
    for name in names:
        if given[name] is not None:
            raise click.UsageError(f"--{name.replace('_', '-')} {said}")


def _url(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and " " not in text
    except ValueError:  # a port that is none, half an address
        whole = False
    if not whole:
        raise click.UsageError(f"{text!r} is no endpoint; write http://localhost:4568")
    if parts.username is not None:
        raise click.UsageError(
            "credentials are no part of an endpoint; set AWS_ACCESS_KEY_ID, or use --profile"
        )
    return text


def _region(text: str | None) -> str | None:
    if text is not None and not _REGION.fullmatch(text):
        raise click.UsageError(f"{text!r} is no region; write eu-west-1")
    return text
