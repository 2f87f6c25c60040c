"""The first line of a trace: what ran. Knows nothing of how it ran."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Header:
    """What a reader of events must know beforehand. All values are JSON-ready and ordered as they are to be shown.

    `mappings`, `functions` and `streams` go by name and hold every setting that shaped the run, defaults included,
    under AWS's names and units (`BatchSize`, `MaximumRetryAttempts`, `StreamName`, `FunctionName` in a mapping;
    `MemorySize`, `Timeout`, `ReservedConcurrentExecutions` in a function; `shards`, `retention` in microseconds in a
    stream, `put` where its producer says how it puts, `mode` where that is on-demand). `account` holds
    `ConcurrentExecutions`. `traffic` has the event sources that are no streams, by name, each with its `source` and
    `FunctionName`. `epoch` is the ISO 8601 time of t = 0.
    """

    scenario: str
    seed: int
    clock: Literal["virtual", "real"] = "virtual"
    epoch: str = "2026-01-01T00:00:00.000Z"
    mappings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    functions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    streams: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)
    traffic: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def epoch_of(header: Header) -> int:
    """`epoch` in microseconds since 1970, without a zone in UTC; ValueError when it is no time."""
    try:
        epoch = datetime.fromisoformat(header.epoch)
    except ValueError:
        raise ValueError(f"epoch is {header.epoch!r}, not an ISO 8601 time") from None
    if epoch.tzinfo is None:
        epoch = epoch.replace(tzinfo=UTC)
    return (epoch - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
