"""What a modelled function does in a tumbling window: it counts records, and may fail at the end of a window.

Its state is a JSON object with the count, padded to the size that the model says. Knows no scenario and no clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from streamsim.model.batch import Batch
from streamsim.model.mapping import MAXIMUM_EVENT_SIZE
from streamsim.rules.windows import state_size

#: recorded: a synchronous response of more than 6 MB is an error, and the text quotes this limit.
MAXIMUM_RESPONSE: Final = MAXIMUM_EVENT_SIZE + 100
RESPONSE_TOO_LARGE: Final = f"Function.ResponseSizeTooLarge: Response payload size exceeded maximum allowed payload size ({MAXIMUM_RESPONSE} bytes)."

#: What the function does instead of processing a final state: raises, never returns, or dies.
FinalHow = Literal["error", "timeout", "crash"]

_PADDING: Final = len(',"padding":""')


@dataclass(frozen=True, slots=True)
class StateSize:
    """Bytes of the state's JSON: fixed plus so much a record of the window; never less than the bare count takes."""

    fixed: int = 0
    per_record: int = 0

    def state(self, before: Mapping[str, Any], added: int) -> dict[str, Any] | None:
        """The state after `added` more records than the state `before` counts; None when no response can hold it."""
        records = before.get("records", 0) + added
        state: dict[str, Any] = {"records": records}
        size = self.fixed + self.per_record * records
        if size > MAXIMUM_RESPONSE:
            return None
        missing = size - state_size(state) - _PADDING
        if missing >= 0:
            state["padding"] = "." * missing
        return state


class FinalFault:
    """Invocations at the end of a window that fail: of the window that holds the instant `at`, None for every one.

    `fails` is on how many tries in each window and shard, None for always.
    """

    def __init__(
        self,
        at: int | None = None,
        shard: str | None = None,
        how: FinalHow = "error",
        fails: int | None = None,
    ) -> None:
        self.how = how
        self._at = at
        self._shard = shard
        self._fails = fails
        self._met: dict[tuple[str, int], int] = {}

    def strikes(self, batch: Batch) -> bool:
        """Whether this invocation fails; counts it."""
        window = batch.window
        if window is None or not window.final or self._shard not in {None, batch.shard}:
            return False
        if self._at is not None and not window.start <= self._at < window.end:
            return False
        if self._fails is None:
            return True
        met = self._met[batch.shard, window.start] = self._met.get((batch.shard, window.start), 0) + 1
        return met <= self._fails


def first_reported(batch: Batch, response: Any) -> int:
    """How many records of the batch a response of the model finished: those before the first that it reports."""
    failures: Sequence[dict[str, Any]] = (response or {}).get("batchItemFailures", ())
    found = [batch.log.index_of(failure["itemIdentifier"], batch.positions) for failure in failures]
    return min((index or 0 for index in found), default=len(batch))
