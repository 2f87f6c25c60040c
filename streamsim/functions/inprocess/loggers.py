"""What code does to named loggers, kept apart for each environment although one Python has one table of loggers.

A module that adds a handler to a logger of its own adds one for each environment that imports it, and would then log
each line so many times. Loggers themselves are shared: libraries hold them.
"""

import logging
from typing import NamedTuple


class _State(NamedTuple):
    """What code may set of a logger."""

    handlers: list[logging.Handler]
    filters: list[object]
    level: int
    propagate: bool
    disabled: bool


class Loggers:
    """The named loggers as one environment left them; what it did not touch is as it is outside."""

    def __init__(self) -> None:
        self._own: dict[str, _State] = {}
        self._outside: dict[str, _State] = {}

    def put_in(self) -> None:
        """Sets loggers as the environment left them."""
        self._outside = _all()
        _set(self._own)

    def take_out(self) -> None:
        """Sets them as they were outside, and keeps how they are now."""
        now = _all()
        self._own = {name: state for name, state in now.items() if self._before(name) != state}
        _set({name: self._before(name) for name in self._own})

    def forget(self) -> None:
        """Throws away what the environment did to them."""
        self.take_out()
        self._own = {}

    def _before(self, name: str) -> _State:
        return self._outside.get(name, _NEW)


_NEW = _State([], [], logging.NOTSET, propagate=True, disabled=False)


def _all() -> dict[str, _State]:
    return {
        name: _State(
            list(logger.handlers), list(logger.filters), logger.level, logger.propagate, logger.disabled
        )
        for name, logger in list(logging.Logger.manager.loggerDict.items())
        if isinstance(logger, logging.Logger)
    }


def _set(states: dict[str, _State]) -> None:
    for name, state in states.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.filters = list(state.handlers), list(state.filters)  # type: ignore[arg-type]
        logger.propagate, logger.disabled = state.propagate, state.disabled
        if logger.level != state.level:
            logger.setLevel(state.level)
