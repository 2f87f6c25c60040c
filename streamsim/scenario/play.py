"""Plays a scenario in virtual time and holds it to what it expects and to the contract."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from streamsim.engine.loop import run, running
from streamsim.engine.ports import Sink
from streamsim.functions.handler import Journal
from streamsim.model.events import Event
from streamsim.scenario.header import header_of
from streamsim.scenario.models import Expectation, Scenario
from streamsim.scenario.world.world import build
from streamsim.trace.bundle import Bundle
from streamsim.trace.format.header import Header
from streamsim.trace.measures.expectations import evaluate
from streamsim.trace.measures.measures import Measures, flatten
from streamsim.trace.oracle.oracle import Oracle
from streamsim.trace.oracle.violation import Violation

#: Makes the sinks of a run, whose first line is known only when it begins.
Recorder = Callable[[Header], Sequence[Sink]]


@dataclass(frozen=True, slots=True)
class Played:
    """What a run came to. `metrics` and `expectations` are as `run --json` shows them; `settings` are what was varied.

    `idle` are the faults that struck nothing, in the scenario's words; not known in real time.
    """

    header: Header
    settings: Mapping[str, Any]
    simulated: int
    metrics: Mapping[str, Any]
    expectations: Sequence[Mapping[str, Any]]
    violations: Sequence[Violation]
    idle: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether every expectation and every guarantee held."""
        return not self.violations and all(one["ok"] for one in self.expectations)


def play(
    scenario: Scenario,
    settings: Mapping[str, Any] = MappingProxyType({}),
    sinks: Sequence[Sink] = (),
    on_failure: Path | None = None,
    journal: Journal | None = None,
) -> Played:
    """Runs a scenario to its end; every event also goes to `sinks`.

    `settings` are what `compare` varied to get this scenario (`streamsim.scenario.load.variants`); they choose among
    the expectations. Documents of discarded batches are kept under the folder `on_failure` if there is one; `journal`
    takes what handlers log. `HandlerNotLoadedError` when a function's handler cannot be.
    """
    judging = Judging(header_of(scenario))
    end, idle = run_world(scenario, (judging.sink, *sinks), on_failure, journal)
    return replace(judging.judged(scenario, settings, end), idle=idle)


class Judging:
    """Measures a run by its events and holds it to the contract, whatever clock it runs on."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._measures = Measures(header)
        self._oracle = Oracle(header)
        self._bundle = Bundle((self._measures.take, self._oracle.take))

    @property
    def sink(self) -> Sink:
        """What must hear every event."""
        return self._bundle.take

    def judged(self, scenario: Scenario, settings: Mapping[str, Any], end: int) -> Played:
        """What the run came to, which ended at `end`. Call it once."""
        self._bundle.deliver()
        violations = self._oracle.finish()
        by_mapping: dict[str, int] = {}
        for violation in violations:
            by_mapping[violation.mapping] = by_mapping.get(violation.mapping, 0) + 1
        metrics = self._measures.report(by_mapping)
        expected = expectations(scenario.expect, settings, metrics)
        return Played(self._header, settings, end, metrics, expected, violations)


def run_world(
    scenario: Scenario,
    sinks: Sequence[Sink],
    on_failure: Path | None = None,
    journal: Journal | None = None,
) -> tuple[int, list[str]]:
    """Plays every event of the scenario into `sinks`.

    The microseconds of virtual time that it took, and the faults that struck nothing, in the scenario's words.
    """
    sinks = tuple(sinks)

    def tell(event: Event) -> None:
        for sink in sinks:
            sink(event)

    async def main() -> tuple[int, list[str]]:
        clock = running().clock
        world = build(scenario, clock, tell, on_failure, journal)
        world.calendar.start()
        running_on = [clock.start(mapping.run(), "mapping") for mapping in world.mappings]
        running_on += [clock.start(producer.tell(clock, tell), "producer") for producer in world.producers]
        running_on += [clock.start(source.run(), f"traffic {source.name}") for source in world.traffic]
        try:
            for ended in running_on:
                await ended
        finally:
            await world.close()
        return clock.now, [fault.said for fault in world.idle_faults(clock.now)]

    return run(main())


def expectations(
    expected: Sequence[Expectation], settings: Mapping[str, Any], metrics: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Each expectation that applies under these settings, with what was measured and whether it holds."""
    values = flatten(metrics)
    return [
        {
            "measure": one.measure,
            "test": one.test,
            "value": values[one.measure],
            "ok": evaluate(one.measure, one.op, one.operand, values[one.measure]),
        }
        for one in expected
        if one.when is None or all(settings.get(name) == value for name, value in one.when.items())
    ]
