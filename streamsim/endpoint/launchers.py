"""Execution environments by the word that people choose them with."""

from typing import Final

from streamsim.functions.runtime import Deployment, Launcher, Runtime

#: `in-process` is quick and can be debugged, `process` is a sandbox of its own, as on Lambda.
RUNTIMES: Final = ("in-process", "process")


class NoRuntimeError(Exception):
    """An execution environment of that kind cannot be made here; the text says what to install."""


def launcher(kind: str) -> Launcher:
    """What makes environments of a kind in `RUNTIMES`; it raises `NoRuntimeError` when that is not installed."""
    return _in_process if kind == "in-process" else _sandbox


def _in_process(deployment: Deployment, log_stream: str) -> Runtime:
    from streamsim.functions.inprocess.runtime import InProcessRuntime  # noqa: PLC0415 - only when chosen

    return InProcessRuntime(deployment, log_stream)


def _sandbox(deployment: Deployment, log_stream: str) -> Runtime:
    from streamsim.functions.sandbox.client import NoClientError  # noqa: PLC0415 - only when chosen
    from streamsim.functions.sandbox.sandbox import Sandbox  # noqa: PLC0415

    try:
        return Sandbox(deployment, log_stream)
    except NoClientError as error:
        raise NoRuntimeError(str(error)) from None
