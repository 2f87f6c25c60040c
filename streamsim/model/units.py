"""Time and sizes as people write them, and as the program counts them.

Time is an integer number of microseconds since the start of the run (`now`, `*_at`) or between two instants
(a duration). Sizes are bytes. This is the one module that converts either for people. Floats never hold time:
near 2026 their spacing is 0.24 us and sums of 0.1 s drift.
"""

import re
from typing import Final

MILLISECOND: Final = 1_000
SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

KIB: Final = 1024
MIB: Final = 1024 * 1024

DURATIONS: Final = {"us": 1, "ms": MILLISECOND, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
SIZES: Final = {"B": 1, "kB": 1000, "MB": 1000_000, "KiB": KIB, "MiB": MIB}

_NUMBER = r"(?P<number>[0-9]+(?:\.[0-9]+)?)"
_DURATION = re.compile(rf"(?P<sign>-?){_NUMBER}\s*(?P<unit>us|ms|s|m|h|d)")
_SIZE = re.compile(rf"{_NUMBER}\s*(?P<unit>B|kB|MB|KiB|MiB)")


def parse_duration(text: str) -> int:
    """`250ms`, `1.5h`, `-5m` in microseconds; `ValueError` with a hint when there is no unit or it is unknown."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text!r} is not a duration; write a number and a unit (us, ms, s, m, h, d), such as 250ms or 24h"
        )
    microseconds = scaled(match["number"], DURATIONS[match["unit"]])
    return -microseconds if match["sign"] else microseconds


def parse_size(text: str) -> int:
    """`200B`, `5MiB` in bytes; `ValueError` with a hint when there is no unit or it is unknown."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text!r} is not a size; write a number and a unit (B, kB, MB, KiB, MiB), such as 200B or 5MiB"
        )
    return scaled(match["number"], SIZES[match["unit"]])


def scaled(number: str, unit: int) -> int:
    """A decimal numeral times a whole unit, rounded half up, without passing through a float."""
    whole, _, fraction = number.partition(".")
    scale: int = 10 ** len(fraction)
    return (int(whole + fraction) * unit * 2 + scale) // (2 * scale)


def show_duration(microseconds: int) -> str:
    """The shortest reading that keeps three figures: `0 s`, `140 ms`, `6.3 s`, `4 m 30 s`, `23 h 59 m`."""
    if microseconds < 0:
        return "-" + show_duration(-microseconds)
    if microseconds == 0:
        return "0 s"
    if microseconds < MILLISECOND:
        return f"{microseconds} us"
    if microseconds < SECOND:
        return f"{_figures(microseconds / MILLISECOND)} ms"
    if microseconds < MINUTE:
        return f"{_figures(microseconds / SECOND)} s"
    for unit, name, below, below_name in (
        (DAY, "d", HOUR, "h"),
        (HOUR, "h", MINUTE, "m"),
        (MINUTE, "m", SECOND, "s"),
    ):
        if microseconds >= unit:
            large, rest = divmod(microseconds, unit)
            small = rest // below
            return f"{large} {name} {small} {below_name}" if small else f"{large} {name}"
    raise AssertionError(microseconds)


def _figures(value: float) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def show_size(size: int) -> str:
    """`200 B`, `1.5 KiB`, `6 MiB`."""
    if size < KIB:
        return f"{size} B"
    if size < MIB:
        return f"{_figures(size / KIB)} KiB"
    return f"{_figures(size / MIB)} MiB"
