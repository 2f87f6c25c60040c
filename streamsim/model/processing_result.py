"""LastProcessingResult, as GetEventSourceMapping answers it (recorded: the words, and that a partial response leaves OK)."""

from typing import Final

from streamsim.model.events import Ended

NOTHING_YET: Final = "No records processed"
WELL: Final = "OK"
FAILED: Final = "PROBLEM: Function call failed"

#: All of them.
PROCESSING_RESULTS: Final = (NOTHING_YET, WELL, FAILED)


def processing_result(last: Ended | None) -> str:
    """The answer after an attempt that ended so; None: there was none."""
    if last is None:
        return NOTHING_YET
    return WELL if last in {"success", "partial"} else FAILED
