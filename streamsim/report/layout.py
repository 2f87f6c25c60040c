"""What all terminal reports share: how wide they are, what an encoding can hold, ticks and crosses."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import ConsoleOptions
from rich.text import Text

NARROWEST: Final = 60
WIDEST: Final = 200

#: What stands in for our own signs where an encoding is too small for them.
_LIKE: Final = str.maketrans({"·": "-", "…": "...", "→": "->", "\N{MULTIPLICATION SIGN}": "x"})

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


def held(text: str, encoding: str) -> str:
    """The text with what an encoding cannot hold in ASCII, a question mark where there is nothing like it."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_LIKE).encode(encoding, "replace").decode(encoding)
    return text


def printable(lines: Iterator[Text], options: ConsoleOptions) -> Iterator[Text]:
    """The lines without what the output's encoding cannot hold: a user's words may be in any script."""
    for line in lines:
        line.plain = held(line.plain, options.encoding)
        line.no_wrap = line.no_wrap or len(line) <= options.max_width
        line.overflow = line.overflow or "fold"
        line.rstrip()
        yield line


def typed(*parts: str | tuple[str, str]) -> Text:
    """A line of a command. One that is wider than the terminal is not broken: it could not be copied."""
    line = Text.assemble(*parts)
    line.no_wrap, line.overflow = True, "ignore"
    return line


def suggested(commands: Iterable[tuple[str, str]], width: int) -> Iterator[Text]:
    """What to type next and why. A command wider than that goes on below, in a form that shells take when pasted."""
    label = "next  "
    for command, why in commands:
        parts = [command]
        if len(label) + len(command) > width:
            parts = command.replace(" --", "\0--").replace("; ", ";\0").split("\0")
        for i, part in enumerate(parts):
            goes_on = i < len(parts) - 1 and not part.endswith(";")
            indent = label if i == 0 else " " * (len(label) + 2)
            line = typed((indent, QUIET), (part + " \\" * goes_on, "bold"))
            if i < len(parts) - 1:
                yield line
        if len(line) + 3 + len(why) <= width:
            line.append(f"   {why}", QUIET)
            yield line
        else:
            yield line
            yield Text(f"{' ' * (len(label) + 2)}{why}", QUIET)
        label = " " * len(label)
