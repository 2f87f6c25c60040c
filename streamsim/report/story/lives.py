"""What becomes of mappings, in words: created late, updated, disabled, deleted. Creation at once is not worth a line.

Knows only how that reads; when it is told is the story's business.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from streamsim.model import events as happened
from streamsim.model.units import show_duration
from streamsim.report.phrases import destination_name

_SETTLED: Final = ("Enabled", "Disabled")


class Lives:
    """Collects lines about mappings: when, of which, and the words. `halted`: the last one is disabled."""

    __slots__ = ("_asked_at", "_going", "_lines", "_said", "halted")

    def __init__(self) -> None:
        self._lines: list[tuple[int, str, str]] = []
        self._asked_at: dict[str, int] = {}
        self._said: dict[str, str] = {}
        self._going: set[str] = set()
        self.halted = False

    @property
    def told_of(self) -> bool:
        """Whether there is something to tell."""
        return bool(self._lines)

    def told(self) -> list[tuple[int, str, str]]:
        """The lines collected, once."""
        lines, self._lines = self._lines, []
        return lines

    def is_going(self, mapping: str) -> bool:
        """Whether a mapping is being deleted, or was."""
        return mapping in self._going

    def updates(self, event: happened.Update) -> None:
        """Takes the settings that the state after them completes."""
        said = changed(event.settings)
        self._said[event.mapping] = f" with {said}" if said else ""

    def changes(self, event: happened.StateChange) -> None:
        """Takes a state; what was asked for is told with what came of it."""
        t, mapping, state, result = event
        asked_at = self._asked_at.get(mapping, t)
        self.halted = state == "Disabled"
        if state in _SETTLED:
            said = self._said.pop(mapping, None)
            if said is None:  # it is new
                words = f"is {state}, created {show_duration(t)} before" if t else f"is created {state}"
                if not t and state == "Enabled":
                    return
            else:
                after = f", asked for {show_duration(t - asked_at)} before" if t > asked_at else ""
                words = f"is {state}{said}{after}; last result: {result}"
            self._lines.append((t, mapping, words))
        elif state == "Deleting":
            self._going.add(mapping)
            self._lines.append((t, mapping, f"is Deleting; last result: {result}"))
        else:
            self._asked_at[mapping] = t


def changed(settings: Mapping[str, Any]) -> str:
    """The settings of an update in words, but for whether the mapping is enabled; empty for none."""
    return ", ".join(_said(name, value) for name, value in settings.items() if name != "Enabled")


def _said(name: str, value: object) -> str:
    match value:
        case {"OnFailure": {"Destination": str(arn)}}:
            return f"on failure {destination_name(arn)}"
        case str() | int():
            return f"{name} {str(value).lower() if isinstance(value, bool) else value}"
        case _:
            return f"{name} {json.dumps(value, default=dict)}"
