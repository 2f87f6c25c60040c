"""How each kind of thing is drawn: one character, the same in ASCII, a colour, and its word in the legend.

A colour never stands alone: every kind has a shape of its own, so a picture reads the same without colour and to people
who cannot tell red from green.
"""

from dataclasses import dataclass
from typing import Final

from streamsim.report.picture.rows import Kind


@dataclass(frozen=True, slots=True)
class Look:
    """How a kind is drawn: character, the same in ASCII, style, and its word in the legend."""

    glyph: str
    plain: str
    style: str
    word: str

    def drawn(self, *, plain: bool) -> str:
        """The character."""
        return self.plain if plain else self.glyph


LOOKS: Final = {
    Kind.SUCCESS: Look("▅", "=", "green", "success (height: how busy)"),
    Kind.COLD: Look("▤", "c", "blue", "cold start"),
    Kind.ERROR: Look("╳", "X", "bold white on red", "error"),  # noqa: RUF001  meant: it hatches where it repeats
    Kind.TIMEOUT: Look("▒", "T", "magenta", "time-out"),
    Kind.PARTIAL: Look("▞", "p", "yellow", "partial"),
    Kind.THROTTLED: Look("╱", "/", "cyan", "throttled"),  # noqa: RUF001  likewise
    Kind.BACKOFF: Look("░", ":", "red", "back-off"),
    Kind.DISCARD: Look("◆", "D", "bold red", "discarded"),
    Kind.EXPIRED: Look("◇", "E", "bold red", "expired"),
    Kind.WINDOW_LOST: Look("◈", "W", "bold red", "window lost"),
    Kind.FILTERED: Look("▿", "f", "bright_black", "filtered out"),
}
RESHARD: Final = Look("▾", "v", "bright_blue", "reshard")
WINDOW: Final = Look("▴", "^", "bright_blue", "windows end")
STOPPED: Final = Look("╌", "~", "bright_black", "not read (disabled or deleted)")
IDLE: Final = Look("·", " ", "bright_black", "idle")

#: What stands first in the legend.
LEGEND: Final = (
    *(LOOKS[kind] for kind in (
        Kind.SUCCESS, Kind.COLD, Kind.PARTIAL, Kind.ERROR, Kind.TIMEOUT, Kind.THROTTLED, Kind.BACKOFF, Kind.DISCARD,
        Kind.EXPIRED, Kind.WINDOW_LOST, Kind.FILTERED,
    )),
    STOPPED,
)  # fmt: skip

#: A wait or a cold start is drawn over success when it took at least this share of the column's busy time.
SHARE_TO_SHOW: Final = 0.25
WAITS: Final = frozenset({Kind.BACKOFF, Kind.THROTTLED, Kind.COLD})
