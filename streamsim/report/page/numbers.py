"""The figures at the top of a page: which measures, under which names. Computes none of them."""

from collections.abc import Mapping
from typing import Any, Final

from streamsim.report.phrases import found, measured
from streamsim.trace.measures.catalogue import MEASURES

#: Label, measure, colour when it is not zero, and whether it is only shown then.
_FIGURES: Final = (
    ("records", "records", "", False),
    ("Invocations", "Invocations", "", False),
    ("Errors", "Errors", "bad", False),
    ("Throttles", "Throttles", "warn", False),
    ("delivered again", "delivered_again", "warn", False),
    ("discarded", "discarded", "bad", False),
    ("expired", "expired", "bad", True),
    ("filtered out", "FilteredOutEventCount", "", True),
    ("skipped", "skipped", "warn", True),
    ("windows lost", "windows.lost", "bad", True),
    ("overtaken", "producer.overtaken", "warn", True),
    ("never put", "producer.given_up", "bad", True),
    ("cold starts", "cold_starts", "", True),
    ("max IteratorAge", "IteratorAge.max", "", False),
    ("longest blocked", "blocked.max", "", False),
    ("peak concurrency", "ConcurrentExecutions.max", "", False),
)


def figures(metrics: Mapping[str, Any], ceiling: int | None) -> list[dict[str, Any]]:
    """Label, measure, text, tone (`bad`, `warn`, `zero`, or none) and meaning of each figure that there is."""
    shown = []
    for label, measure, tone, rare in _FIGURES:
        value = found(metrics, measure)
        if value is None or (rare and not value):
            continue
        text = measured(measure, value)
        if measure == "ConcurrentExecutions.max" and ceiling is not None:
            text += f" of {ceiling:,}"
        figure = {"label": label, "measure": measure, "text": text, "tone": tone if value else "zero"}
        shown.append({**figure, "hint": MEASURES[measure].meaning})
    return shown
