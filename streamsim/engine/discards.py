"""Giving records up: writes the document, sends it, and only then lets the worker go on."""

import asyncio

from streamsim.engine.chance import Uuids
from streamsim.engine.ports import Clock, Destination, Sink
from streamsim.model.batch import Batch
from streamsim.model.events import Discard, WindowLost
from streamsim.model.outcome import Outcome
from streamsim.model.stream_type import KAFKA
from streamsim.model.verdict import Condition
from streamsim.rules.documents.failure import Failure, s3_key, s3_object, sns_notification, sqs_body
from streamsim.rules.documents.topic import topic_documents
from streamsim.rules.source import Source


class Discards:
    """A mapping's way out for records it gives up; without a destination they just vanish (developer guide)."""

    def __init__(
        self,
        name: str,
        source: Source,
        mapping_uuid: str,
        uuids: Uuids,
        destination: Destination | None,
        clock: Clock,
        sink: Sink,
    ) -> None:
        self._name = name
        self._source = source
        self._mapping_uuid = mapping_uuid
        self._uuids = uuids
        self._destination = destination
        self._clock = clock
        self._sink = sink

    async def send(self, batch: Batch, condition: Condition, attempts: int, last: Outcome | None) -> None:
        """Delivers the document of a discarded batch once; a destination that refuses loses it (recorded)."""
        destination, delivered = await self._document(batch, condition, attempts, last)
        self._sink(
            Discard(
                self._clock.now,
                self._name,
                batch.shard,
                batch.lane,
                batch.request_id,
                condition,
                batch.positions,
                max(attempts, 1),
                destination,
                delivered,
            )
        )

    async def lose_window(
        self, batch: Batch, condition: Condition, attempts: int, last: Outcome | None
    ) -> None:
        """The same for the final invocation of a tumbling window, with which the window's state is lost (recorded)."""
        assert batch.window is not None
        destination, delivered = await self._document(batch, condition, attempts, last)
        self._sink(
            WindowLost(
                self._clock.now,
                self._name,
                batch.shard,
                batch.lane,
                batch.request_id,
                condition,
                batch.window.start,
                batch.window.end,
                max(attempts, 1),
                destination,
                delivered,
            )
        )

    async def _document(
        self, batch: Batch, condition: Condition, attempts: int, last: Outcome | None
    ) -> tuple[str | None, bool]:
        """Where the document goes, None without a destination, and whether it got there."""
        failure = Failure(batch, condition, attempts, self._clock.now, last)
        destination = self._destination
        if destination is None:
            return None, False
        return destination.name, await self._deliver(destination, failure)

    async def _deliver(self, destination: Destination, failure: Failure) -> bool:
        arn = destination.name.split(":")
        service = arn[2] if arn[0] == "arn" else arn[0]
        if service == "sqs":
            return await destination.send(sqs_body(failure, self._source))
        if service == "kafka" and self._source.type is KAFKA and failure.batch.positions:
            sending = [destination.send(text, key) for key, text in topic_documents(failure, self._source)]
            return all(await asyncio.gather(*sending))
        if service in {"file", "kafka"}:  # they take the records themselves, as S3 does
            return await destination.send(s3_object(failure, self._source))
        uuid = self._uuids.next()
        if service == "sns":
            return await destination.send(sns_notification(failure, self._source, destination.name, uuid))
        return await destination.send(
            s3_object(failure, self._source), s3_key(failure, self._source, self._mapping_uuid, uuid)
        )
