"""The verdict on a run, and what happened in it in a sentence or two: composed from remarks and totals, never guessed.

Every clause rests on a count that an event moved. Knows words only: no colour, no width.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from streamsim.report.phrases import counted, found, measured
from streamsim.report.picture.timeline import Timeline
from streamsim.report.remarks import Gravity, remarks

#: Violations that mean a key's records were handed over in the wrong order.
_ORDER: Final = ("nonmonotonic-delivery", "skip")


def headline(expectations: Sequence[Mapping[str, Any]], violations: Sequence[Any]) -> tuple[bool | None, str]:
    """Whether all is well (None: nobody said what well is), and the verdict in a few words: broken guarantees before failed expectations."""
    failed = sum(not one["ok"] for one in expectations)
    if violations:
        kinds = [violation.kind for violation in violations]
        broken = "Order is broken" if any(kind in _ORDER for kind in kinds) else "A guarantee is broken"
        also = f", and {failed} of {counted(len(expectations), 'expectation')} failed" if failed else ""
        return False, f"{broken}: {counted(len(kinds), 'violation')}{also}"
    if failed:
        return False, f"{failed} of {counted(len(expectations), 'expectation')} failed"
    if not expectations:
        return None, "Nothing was expected of this run"
    return True, "The expectation holds" if len(
        expectations
    ) == 1 else f"All {len(expectations)} expectations hold"


def what_happened(timeline: Timeline, metrics: Mapping[str, Any]) -> str:
    """The gravest that is to be remarked about the run, else how quiet it was; and that it was behind, if nothing failed."""
    worst = next(iter(remarks(timeline, metrics)), None)
    if worst is None or worst.gravity == Gravity.NOTE:
        return _went_well(timeline, metrics)
    behind = _behind(metrics) if worst.gravity == Gravity.DELAY and not timeline.incidents.count else ""
    return f"{worst.sentence} Batches were {behind}." if behind else worst.sentence


def _went_well(timeline: Timeline, metrics: Mapping[str, Any]) -> str:
    rows = timeline.rows.values()
    invocations = sum(row.invocations for row in rows)
    filtered = found(metrics, "FilteredOutEventCount")
    others = _others(metrics)
    if not invocations:
        why = f": filters removed {counted(filtered, 'record')}" if filtered else ""
        never = (
            "No batch was sent" if found(metrics, "traffic.requests") else "The function was never invoked"
        )
        return f"{never}{why}.{others}"
    failed = sum(row.failed for row in rows)
    said = f"Nothing failed in {counted(invocations, 'invocation')}"
    if failed:
        said = f"{failed:,} of {counted(invocations, 'invocation')} failed, none of them with records"
    age, behind = found(metrics, "IteratorAge.max"), _behind(metrics)
    if behind:
        said += f", yet batches were {behind}"
    elif age is not None:
        said += f"; no batch was older than {measured('IteratorAge.max', age)}"
    polled = found(metrics, "PolledEventCount")
    removed = f" Filters removed {filtered:,} of {counted(polled, 'record')}." if filtered and polled else ""
    return f"{said}.{removed}{others}"


def _others(metrics: Mapping[str, Any]) -> str:
    """That the requests of sources that are no streams went well, behind a space; empty where there are none, or not all did."""
    requests = found(metrics, "traffic.requests")
    if not requests or requests != found(metrics, "traffic.successes"):
        return ""
    all_ = "The one request" if requests == 1 else f"All {requests:,} requests"
    return f" {all_} of other sources succeeded."


def _behind(metrics: Mapping[str, Any]) -> str:
    """How old batches became and until when, if the mapping fell behind; else empty."""
    age, caught_up = found(metrics, "IteratorAge.max"), found(metrics, "caught_up")
    if not caught_up or age is None:
        return ""
    until = measured("caught_up", caught_up)
    return f"up to {measured('IteratorAge.max', age)} old: the mapping was behind until {until}"
