"""How much work a run had and how much of it was lost: what makes two runs fit to be compared at all.

Knows which measures count work and losses. `values` are a run's measures by name, as `streamsim.trace.measures.measures.flatten`
gives them; what is missing or null counts as 0.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

#: What the function never got, or never got to the end of.
LOSSES: Final = ("discarded", "expired", "skipped", "producer.given_up", "windows.lost")

#: Values that are further apart than this share have nothing to do with chance.
_APART: Final = 0.05


def lost(values: Mapping[str, Any], measures: Iterable[str] = LOSSES) -> int:
    """How many records and windows a run lost; of these `measures` only."""
    return sum(_count(values, measure) for measure in measures)


def work(values: Mapping[str, Any]) -> tuple[int, int]:
    """How many records producers made, and how many requests there were of other sources."""
    made = (
        _count(values, "records")
        + _count(values, "producer.given_up")
        - _count(values, "producer.duplicated")
    )
    return made, _count(values, "traffic.requests")


def apart(low: float, high: float) -> bool:
    """Whether two values, the lower one first, differ by more than chance."""
    return high - low > _APART * high


def _count(values: Mapping[str, Any], measure: str) -> int:
    return int(values.get(measure) or 0)
