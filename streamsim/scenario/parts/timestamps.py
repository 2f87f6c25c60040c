"""Instants outside the run: when it starts, and from which record on a mapping reads."""

import re
from fractions import Fraction
from typing import Final

from pydantic import ValidationInfo

from streamsim.model.names import unix
from streamsim.model.units import SECOND
from streamsim.rules.mapping.settings import described
from streamsim.scenario.parts.fields import microseconds, refused

#: t = 0 as an ISO time when the scenario gives no `epoch`.
DEFAULT_EPOCH: Final = "2026-01-01T00:00:00Z"


def starting_timestamp(value: object, info: ValidationInfo) -> int:
    """Microseconds since 1970, not after the start of the run."""
    epoch = (info.context or {}).get("epoch", unix(DEFAULT_EPOCH))
    at = _absolute(value, epoch)
    if at < 0:
        raise refused(
            "StartingPositionTimestamp must not be before 1970", "write TRIM_HORIZON for all records"
        )
    if at > epoch:
        raise refused(
            "StartingPositionTimestamp must not be in the future: the mapping is created at the start of the run",
            "write a time before `epoch`, or `-10m` for ten minutes before the start",
        )
    return at


def _absolute(value: object, epoch: int) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(Fraction(str(value)) * SECOND)
    if isinstance(value, str) and re.match(r"\s*[0-9]{4}-", value):
        try:
            return unix(value.strip())
        except (ValueError, OverflowError):
            raise refused(
                f"{value[:60]!r} is no ISO time", "write for example 2025-12-31T23:50:00Z"
            ) from None
    if isinstance(value, str):
        return epoch + microseconds(
            value, "a time before the start", "-10m, 2025-12-31T23:50:00Z or Unix seconds"
        )
    raise refused(f"a time stamp is -10m, an ISO time or Unix seconds, not {described(value)}")
