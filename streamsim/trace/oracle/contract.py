"""The settings of a mapping as the oracle needs them. Reads headers only; what is absent has AWS's default."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from streamsim.model.mapping import INFINITE
from streamsim.model.units import DAY, SECOND


@dataclass(frozen=True, slots=True)
class Contract:
    """What a mapping promises.

    `attempts` is how often an unchanged batch may count as tried (MaximumRetryAttempts + 1), None for no limit;
    `maximum_age` is in microseconds, None for no limit. `window` is the length of a tumbling window in microseconds,
    None without windows. `retention` is how long the stream keeps records, in microseconds.
    """

    batch_size: int = 100
    lanes: int = 1
    attempts: int | None = None
    maximum_age: int | None = None
    bisects: bool = False
    reports: bool = False
    has_destination: bool = False
    window: int | None = None
    filters: bool = False
    enabled: bool = True
    function: str = "default"
    stream: str = "default"
    retention: int = DAY


def contract_of(name: str, settings: Mapping[str, Any], streams: Mapping[str, Mapping[str, Any]]) -> Contract:
    """The contract of the mapping called `name`; ValueError when a setting is not of its type.

    Defaults and ranges: CreateEventSourceMapping; a stream of which `streams` says nothing keeps records for a day.
    """
    stream = str(settings.get("StreamName") or "default")
    retention = streams.get(stream, {}).get("retention")
    retries = _integer(settings, "MaximumRetryAttempts", INFINITE, name)
    age = _integer(settings, "MaximumRecordAgeInSeconds", INFINITE, name)
    window = _integer(settings, "TumblingWindowInSeconds", 0, name)
    return Contract(
        batch_size=_integer(settings, "BatchSize", 100, name),
        lanes=_integer(settings, "ParallelizationFactor", 1, name),
        attempts=None if retries == INFINITE else retries + 1,
        maximum_age=None if age == INFINITE else age * SECOND,
        bisects=bool(settings.get("BisectBatchOnFunctionError")),
        reports="ReportBatchItemFailures" in (settings.get("FunctionResponseTypes") or ()),
        has_destination=has_destination(settings),
        window=window * SECOND if window > 0 else None,
        filters=bool(_inside(settings, "FilterCriteria", "Filters")),
        enabled=settings.get("Enabled", True) is not False,
        function=str(settings.get("FunctionName") or "default"),
        stream=stream,
        retention=retention if type(retention) is int else DAY,
    )


def has_destination(settings: Mapping[str, Any]) -> bool:
    """Whether the settings name an on-failure destination."""
    return _inside(settings, "DestinationConfig", "OnFailure", "Destination") is not None


def _integer(settings: Mapping[str, Any], setting: str, default: int, name: str) -> int:
    value = settings.get(setting, default)
    if type(value) is int:
        return value
    raise ValueError(f"mapping {name}: {setting} is {value!r}, not an integer")


def _inside(settings: Mapping[str, Any], *path: str) -> object:
    configured: object = settings
    for part in path:
        configured = configured.get(part) if isinstance(configured, Mapping) else None
    return configured
