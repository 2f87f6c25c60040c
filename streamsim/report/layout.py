"""What all terminal reports share: how wide they are, what an encoding can hold, ticks and crosses."""

from collections.abc import Iterator
from typing import Final

from rich.console import ConsoleOptions
from rich.text import Text

NARROWEST: Final = 60
WIDEST: Final = 200

#: The style of what need not be read.
QUIET: Final = "bright_black"


def fitted(options: ConsoleOptions) -> int:
    """The width to lay out for: the console's, from 60 to 200 columns."""
    return max(NARROWEST, min(WIDEST, options.max_width))


def sign(well: bool | None, *, plain: bool) -> str:
    """A tick, a cross, or a dot where nobody asked."""
    if well is None:
        return "*" if plain else "•"
    if plain:
        return "+" if well else "x"
    return "✓" if well else "✗"


def printable(lines: Iterator[Text], options: ConsoleOptions) -> Iterator[Text]:
    """The lines without what the output's encoding cannot hold: a user's words may be in any script."""
    for line in lines:
        line.no_wrap = len(line) <= options.max_width
        line.overflow = "fold"
        line.plain = line.plain.encode(options.encoding, "replace").decode(options.encoding)
        line.rstrip()
        yield line
