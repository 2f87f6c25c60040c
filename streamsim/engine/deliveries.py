"""Where asynchronous events end: writes the document and sends it to the destination for success or failure."""

from typing import Literal

from streamsim.engine.chance import Uuids
from streamsim.engine.ports import Clock, Destination
from streamsim.model.asynchronous import Loss
from streamsim.model.outcome import Outcome
from streamsim.rules.async_document import Ended, sent_as
from streamsim.rules.async_event import AsyncSource


class Deliveries:
    """The destinations of one source's events; without one, an event leaves no trace but its own."""

    def __init__(
        self,
        source: AsyncSource,
        on_failure: Destination | None,
        on_success: Destination | None,
        uuids: Uuids,
        clock: Clock,
    ) -> None:
        self._source = source
        self._on_failure = on_failure
        self._on_success = on_success
        self._uuids = uuids
        self._clock = clock

    async def lost(
        self, request_id: str, accepted_at: int, condition: Loss, executions: int, last: Outcome | None
    ) -> tuple[str | None, bool]:
        """The destination of an event that is given up, and whether its document arrived there.

        `last` is what its last execution came to, None when there was none.
        """
        destination = self._on_failure
        if destination is None:
            return None, False
        ended = Ended(request_id, accepted_at, condition, executions, self._clock.now, last)
        return destination.name, await self._send(destination, ended)

    async def succeeded(self, request_id: str, accepted_at: int, executions: int, last: Outcome) -> None:
        """Tells the destination for success, where there is one, of an event that the function has handled."""
        destination = self._on_success
        if destination is not None:
            condition: Literal["Success"] = "Success"
            await self._send(
                destination, Ended(request_id, accepted_at, condition, executions, self._clock.now, last)
            )

    async def _send(self, destination: Destination, ended: Ended) -> bool:
        service = destination.name.split(":")[2]
        document, key = sent_as(service, ended, self._source, destination.name, self._uuids.next())
        return await destination.send(document, key)
