"""Destinations for real: a file, or a topic of the broker. Each document is there when `send` answers that it is.

Documents hold the records themselves. What a topic gets of a topic's records is `streamsim.rules.documents.topic`'s
business; a file gets the document that S3 would, and so does, assumed, a topic where AWS has no such destination: where
events are not Lambda's own for Kafka.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from streamsim.engine.ports import DocumentKey

#: How long a broker may take to acknowledge a document, in seconds. assumed: AWS does not say how long it waits.
PATIENCE: Final = 10.0


class FileDestination:
    """The engine's `Destination`: a line for each document, on the disk before the checkpoint passes its records."""

    def __init__(self, path: Path, complain: Callable[[str], None] = lambda _line: None) -> None:
        """`OSError` when it cannot be written; `complain` hears why a document did not arrive."""
        self.name = f"file:{path}"
        self._complain = complain
        self._file = path.open("ab", buffering=0)

    async def send(self, document: str, key: DocumentKey = None) -> bool:
        """See `Destination`."""
        del key  # a file is in order
        return await asyncio.get_running_loop().run_in_executor(None, self._write, document)

    def _write(self, document: str) -> bool:
        try:
            self._file.write(document.encode() + b"\n")
            os.fsync(self._file.fileno())
        except OSError as error:
            self._complain(
                f"{self.name} does not take a document, and its records are lost: {error.strerror}"
            )
            return False
        return True

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


class TopicDestination:
    """The engine's `Destination`: a record for each document, acknowledged by the broker within `patience` seconds."""

    def __init__(
        self,
        producer: Any,
        topic: str,
        complain: Callable[[str], None] = lambda _line: None,
        patience: float = PATIENCE,
    ) -> None:
        """`producer` is aiokafka's, started; `complain` hears why a document did not arrive."""
        self.name = f"kafka://{topic}"
        self._producer = producer
        self._topic = topic
        self._complain = complain
        self._patience = patience

    async def send(self, document: str, key: DocumentKey = None) -> bool:
        """See `Destination`; a record without a key goes to any partition."""
        from aiokafka.errors import KafkaError  # noqa: PLC0415  # a producer is there already

        try:
            async with asyncio.timeout(self._patience):
                named = key if isinstance(key, bytes) else None
                await self._producer.send_and_wait(self._topic, document.encode(), named)
        except (KafkaError, TimeoutError) as error:
            problem = str(error) or f"no answer within {self._patience:g} s"
            self._complain(f"{self.name} does not take a document, and its records are lost: {problem}")
            return False
        return True
