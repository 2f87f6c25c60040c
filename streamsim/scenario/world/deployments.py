"""The function that a scenario's handler becomes: deployed, and run in virtual time."""

from dataclasses import replace
from functools import partial

from streamsim.engine.ports import Clock
from streamsim.functions.environments import Environments
from streamsim.functions.handler import HandlerFunction, Journal
from streamsim.functions.inprocess.runtime import InProcessRuntime
from streamsim.functions.modelled import ModelledFunction
from streamsim.functions.runtime import Deployment
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

    `NoClientError` when there is nothing that could run it.
    """

    def now() -> int:
        return scenario.epoch + clock.now

    described, deployment = scenario.functions[name], deployment_of(scenario, name)
    if described.runtime == "process":
        from streamsim.functions.sandbox.client import client  # noqa: PLC0415  # only for who asks for it
        from streamsim.functions.sandbox.real_loop import RealLoop  # noqa: PLC0415

        deployment = replace(deployment, runtime_version=client(deployment).version)
        real = RealLoop()
        environments = Environments(deployment, real.sandbox, now, scenario.seed, real.close)
    else:
        environments = Environments(deployment, partial(InProcessRuntime, now=now), now, scenario.seed)
    foretelling = None if described.model.duration.measured else model
    return HandlerFunction(environments, foretelling, clock, scenario.epoch, journal)
