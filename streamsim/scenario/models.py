"""A scenario as frozen values, whole and consistent: what a world is built from.

Times are microseconds since the start, sizes bytes, rates exact. Must not know how a file said it.
"""

from collections.abc import Mapping as Names
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from streamsim.scenario.parts.expectations import Expectation
from streamsim.scenario.parts.faults import (
    DestinationDown,
    ErrorFault,
    Fault,
    FinalInvoke,
    LostPut,
    LostResponse,
    NoState,
    Poison,
    Slow,
    SourceDown,
    Throttle,
)
from streamsim.scenario.parts.file import Stream
from streamsim.scenario.parts.function import Account, Function, Model
from streamsim.scenario.parts.mapping import Mapping
from streamsim.scenario.parts.producer import Keys, Producer
from streamsim.scenario.parts.put import Put
from streamsim.scenario.parts.rates import RatePoint
from streamsim.scenario.parts.records import Record
from streamsim.scenario.parts.traffic import Traffic
from streamsim.scenario.parts.updates import MappingChange
from streamsim.streams.simulated.plan import Plan

__all__ = [
    "Account",
    "DestinationDown",
    "ErrorFault",
    "Expectation",
    "Fault",
    "FinalInvoke",
    "Function",
    "Keys",
    "LostPut",
    "LostResponse",
    "Mapping",
    "MappingChange",
    "Model",
    "NoState",
    "Poison",
    "Producer",
    "Put",
    "RatePoint",
    "Record",
    "Scenario",
    "Slow",
    "SourceDown",
    "Stream",
    "Throttle",
    "Traffic",
]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Streams, mappings and functions by name, in the order of the file; a singular one is named `default`.

    Each mapping knows its stream and function, each source of traffic its function, each poison and source_down its
    stream. `plans` are the shards that each stream ever has, `changes` the settings that each mapping gets later, in
    order of time, by name. `epoch` is t = 0 in
    microseconds since 1970. `overridden` are the settings changed from outside the file. `runs` are the settings and
    the scenario of each combination of `compare`, empty without one; ask `streamsim.scenario.load.variants`.
    """

    scenario: str
    seed: int
    duration: int
    epoch: int
    streams: Names[str, Stream]
    mappings: Names[str, Mapping]
    functions: Names[str, Function]
    account: Account
    faults: tuple[Fault, ...] = ()
    plans: Names[str, Plan] = field(default_factory=dict)
    changes: Names[str, Sequence[MappingChange]] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()
    overridden: Names[str, Any] = field(default_factory=dict)
    runs: "tuple[tuple[Names[str, Any], Scenario], ...]" = ()
    traffic: tuple[Traffic, ...] = ()
