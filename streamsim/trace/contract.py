"""The settings of a mapping as the oracle needs them. Reads headers only; what is absent has AWS's default."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from streamsim.model.mapping import INFINITE
from streamsim.model.units import SECOND
from streamsim.trace.header import Header


@dataclass(frozen=True, slots=True)
class Contract:
    """What a mapping promises.

    `attempts` is how often an unchanged batch may count as tried (MaximumRetryAttempts + 1), None for no limit;
    `maximum_age` is in microseconds, None for no limit.
    """

    batch_size: int = 100
    lanes: int = 1
    attempts: int | None = None
    maximum_age: int | None = None
    bisects: bool = False
    reports: bool = False
    has_destination: bool = False
    function: str = "default"


def contract_of(name: str, header: Header) -> Contract:
    """The contract of the mapping called `name`; ValueError when a setting is not of its type.

    Defaults and ranges: CreateEventSourceMapping.
    """
    settings = header.mappings.get(name, {})
    retries = _integer(settings, "MaximumRetryAttempts", INFINITE, name)
    age = _integer(settings, "MaximumRecordAgeInSeconds", INFINITE, name)
    return Contract(
        batch_size=_integer(settings, "BatchSize", 100, name),
        lanes=_integer(settings, "ParallelizationFactor", 1, name),
        attempts=None if retries == INFINITE else retries + 1,
        maximum_age=None if age == INFINITE else age * SECOND,
        bisects=bool(settings.get("BisectBatchOnFunctionError")),
        reports="ReportBatchItemFailures" in (settings.get("FunctionResponseTypes") or ()),
        has_destination=_destination(settings) is not None,
        function=str(settings.get("FunctionName") or "default"),
    )


def ceiling_of(function: str, header: Header) -> int | None:
    """The most executions the function may have at once, None when the header names no limit."""
    account = header.account.get("ConcurrentExecutions")
    reserved = header.functions.get(function, {}).get("ReservedConcurrentExecutions")
    limits = [limit for limit in (account, reserved) if isinstance(limit, int)]
    return min(limits, default=None)


def _integer(settings: Mapping[str, Any], setting: str, default: int, name: str) -> int:
    value = settings.get(setting, default)
    if type(value) is int:
        return value
    raise ValueError(f"mapping {name}: {setting} is {value!r}, not an integer")


def _destination(settings: Mapping[str, Any]) -> object:
    configured: object = settings.get("DestinationConfig")
    for part in ("OnFailure", "Destination"):
        configured = configured.get(part) if isinstance(configured, Mapping) else None
    return configured
