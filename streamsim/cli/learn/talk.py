"""Who learns at the other end of a terminal or a pipe: what is said to them, what they answer.

Knows nothing of lessons. The end of the input, or `q`, ends the conversation; an interrupt is the command line's.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Final

from rich.console import Console
from rich.text import Text

from streamsim.lessons.words import Shown

#: Who does not answer with a number so many times is told.
_PATIENCE: Final = 3

_STOP: Final = frozenset({"q", "quit", "exit"})


class StoppedError(Exception):
    """Whoever learns has had enough."""


class Talk:
    """A conversation on stdout and stdin; one that does not ask gets no answers, and goes on."""

    def __init__(self, console: Console, *, asks: bool) -> None:
        self._console = console
        self._asks = asks

    def say(self, lines: Callable[[int, bool], Iterable[Text]]) -> None:
        """Prints lines, laid out for the terminal's width, in ASCII where it takes nothing else."""
        self._console.print(Shown(lines), crop=False)

    def number(self, prompt: str, least: int, most: int) -> int | None:
        """A number within these; None for who would rather be told. `StoppedError` for who stops."""
        for _ in range(_PATIENCE if self._asks else 0):
            said = self._answer(prompt)
            if not said:
                return None
            digits = said.replace(",", "").replace("_", "")
            if digits.isascii() and digits.isdecimal() and len(digits) < 12 and least <= int(digits) <= most:
                return int(digits)
            wanted = f"A number from {least} to {most}" if most < 100 else "A number such as 12"
            prompt = f"{wanted} (Enter: tell me, q: stop)"
        return None

    def go_on(self, prompt: str) -> None:
        """Waits until they want to go on; `StoppedError` for who stops."""
        if self._asks and self._answer(prompt).lower() in {"n", "no"}:
            raise StoppedError

    def _answer(self, prompt: str) -> str:
        self._console.print(Text())
        self._console.print(Text.assemble((f"  {prompt}: ", "bold")), end="")
        self._console.file.flush()
        line = b"" if sys.stdin is None else sys.stdin.buffer.readline(1000)
        said = line.decode(errors="replace").strip()
        if not line.endswith(b"\n") or not sys.stdin.isatty():
            self.say(lambda _, __: [Text(said)])
        if not line or said.lower() in _STOP:
            raise StoppedError
        return said
