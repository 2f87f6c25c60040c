"""Execution environments by the word that people choose them with."""

from dataclasses import replace
from functools import partial
from typing import Final

from streamsim.endpoint.call import Now
from streamsim.engine.wall_clock import wall_clock
from streamsim.functions.runtime import Deployment, Launcher, Runtime

#: `in-process` is quick and can be debugged, `process` is a sandbox of its own, as on Lambda.
RUNTIMES: Final = ("in-process", "process")


class NoRuntimeError(Exception):
    """An execution environment of that kind cannot be made here; the text says what to install."""


def launcher(kind: str, now: Now = wall_clock) -> Launcher:
    """What makes environments of a kind in `RUNTIMES`; it raises `NoRuntimeError` when that is not installed.

    `now` is the clock that handlers in this process see; others see this machine's.
    """
    if kind == "process":
        return _sandbox
    from streamsim.functions.inprocess.runtime import InProcessRuntime  # noqa: PLC0415 - only when chosen

    return partial(InProcessRuntime, now=now)


def versioned(kind: str, deployment: Deployment) -> Deployment:
    """The function with the version of the runtime that runs it, for INIT_START; as it is where nothing can."""
    if kind != "process":
        return deployment
    from streamsim.functions.sandbox.client import NoClientError, client  # noqa: PLC0415 - only when chosen

    try:
        return replace(deployment, runtime_version=client(deployment).version)
    except NoClientError:
        return deployment


def _sandbox(deployment: Deployment, log_stream: str) -> Runtime:
    from streamsim.functions.sandbox.client import NoClientError  # noqa: PLC0415 - only when chosen
    from streamsim.functions.sandbox.sandbox import Sandbox  # noqa: PLC0415

    try:
        return Sandbox(deployment, log_stream)
    except NoClientError as error:
        raise NoRuntimeError(str(error)) from None
