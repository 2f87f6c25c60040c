"""Where asynchronous events end: writes the document and sends it to the destination for success or failure."""

from typing import Literal

from streamsim.engine.chance import Uuids
from streamsim.engine.ports import Clock, Destination
from streamsim.model.asynchronous import Loss
from streamsim.model.outcome import Outcome
from streamsim.rules.documents.asynchronous import Ended, Form, dead_letter_as, sent_as
from streamsim.rules.events.asynchronous import AsyncSource


class Deliveries:
    """The destinations of one source's events; without one, an event leaves no trace but its own."""

    def __init__(
        self,
        source: AsyncSource,
        on_failure: Destination | None,
        on_success: Destination | None,
        dead_letter: Destination | None,
        uuids: Uuids,
        clock: Clock,
    ) -> None:
        self._source = source
        self._on_failure = on_failure
        self._on_success = on_success
        self._dead_letter = dead_letter
        self._uuids = uuids
        self._clock = clock

    async def lost(
        self, request_id: str, accepted_at: int, condition: Loss, executions: int, last: Outcome | None
    ) -> tuple[str | None, bool]:
        """The destination of an event that is given up, and whether its document arrived there.

        Without one it is the dead-letter queue; with both, the event goes to both. `last` is what its last execution came
        to, None when there was none.
        """
        found: tuple[str | None, bool] = (None, False)
        ended = Ended(request_id, accepted_at, condition, executions, self._clock.now, last)
        if self._dead_letter is not None:
            found = self._dead_letter.name, await self._send(self._dead_letter, ended, dead_letter_as)
        if self._on_failure is not None:
            found = self._on_failure.name, await self._send(self._on_failure, ended)
        return found

    async def succeeded(self, request_id: str, accepted_at: int, executions: int, last: Outcome) -> None:
        """Tells the destination for success, where there is one, of an event that the function has handled."""
        destination = self._on_success
        if destination is not None:
            condition: Literal["Success"] = "Success"
            await self._send(
                destination, Ended(request_id, accepted_at, condition, executions, self._clock.now, last)
            )

    async def _send(self, destination: Destination, ended: Ended, form: Form = sent_as) -> bool:
        service = destination.name.split(":")[2]
        document, key = form(service, ended, self._source, destination.name, self._uuids.next())
        return await destination.send(document, key)
