"""The function that a scenario's handler becomes: deployed, and run in virtual time."""

from dataclasses import replace
from functools import partial

from streamsim.engine.ports import Clock
from streamsim.functions.environments import Environments
from streamsim.functions.handler import HandlerFunction, Journal
from streamsim.functions.inprocess.runtime import InProcessRuntime
from streamsim.functions.modelled import ModelledFunction
from streamsim.functions.runtime import Deployment, Launcher
from streamsim.functions.sandbox.client import client
from streamsim.functions.sandbox.real_loop import RealLoop
from streamsim.model.units import SECOND
from streamsim.scenario import models


def deployment_of(scenario: models.Scenario, name: str) -> Deployment:
    """A scenario's function as it is deployed; it must have a handler."""
    described = scenario.functions[name]
    assert described.handler is not None
    return Deployment(
        name,
        described.handler,
        described.path,
        described.MemorySize,
        described.Timeout * SECOND,
        described.environment,
        log_format=described.LoggingConfig,
        limits=scenario.account.limits,
        tmp_size=described.EphemeralStorage,
    )


def handler_function(
    scenario: models.Scenario, name: str, model: ModelledFunction, clock: Clock, journal: Journal | None
) -> HandlerFunction:
    """The engine's side of a handler. `model` foretells durations, unless they are measured.

    `NoClientError` if a process is to run it and the program for that is not installed.
    """

    def now() -> int:
        return scenario.epoch + clock.now

    deployment = deployment_of(scenario, name)
    launcher: Launcher = partial(InProcessRuntime, now=now)
    if scenario.functions[name].runtime == "process":
        deployment = replace(deployment, runtime_version=client(deployment).version)
        launcher = RealLoop().sandbox
    environments = Environments(deployment, launcher, now, scenario.seed)
    measured = scenario.functions[name].model.duration.measured
    return HandlerFunction(environments, None if measured else model, clock, scenario.epoch, now, journal)
