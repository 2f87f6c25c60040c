"""Execution environments by the word that people choose them with."""

from typing import Final

from streamsim.functions.runtime import Launcher

#: `in-process` is quick and can be debugged, `process` is a sandbox of its own, as on Lambda.
RUNTIMES: Final = ("in-process", "process")


class NoRuntimeError(Exception):
    """An execution environment of that kind cannot be made here; the text says what to install."""


def launcher(kind: str) -> Launcher:
    """What makes environments of a kind in `RUNTIMES`; `NoRuntimeError` when that is not installed."""
    if kind == "in-process":
        from streamsim.functions.inprocess.runtime import InProcessRuntime  # noqa: PLC0415 - only when chosen

        return InProcessRuntime
    raise NoRuntimeError(kind)
