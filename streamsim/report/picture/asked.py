"""What expectations ask for that is drawn as a line. Knows expectations as `run --json` shows them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from streamsim.model.units import parse_duration

_BELOW: Final = re.compile(r"\s*<=?\s*(.+)")


def age_limit(expectations: Sequence[Mapping[str, Any]]) -> int | None:
    """The IteratorAge that was asked for at most, in microseconds: what is above it is drawn in red."""
    for one in expectations:
        match = _BELOW.fullmatch(str(one["test"])) if one["measure"] == "IteratorAge.max" else None
        if match:
            try:
                return parse_duration(match[1])
            except ValueError:
                return None
    return None
