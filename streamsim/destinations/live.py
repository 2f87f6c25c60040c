"""Destinations for real: a file, or a topic of the broker. Each document is there when `send` answers that it is.

Documents hold the records themselves, as those for S3 do. assumed: their form in a Kafka topic; AWS says only that it
gets "the actual failed records along with failure metadata" ("Using a Kafka topic as an on-failure destination").
"""

import asyncio
import os
from pathlib import Path
from typing import Any


class FileDestination:
    """The engine's `Destination`: a line for each document, on the disk before the checkpoint passes its records."""

    def __init__(self, path: Path) -> None:
        """`OSError` when it cannot be written."""
        self.name = f"file:{path}"
        self._file = path.open("ab", buffering=0)

    async def send(self, document: str, _key: str) -> bool:
        """See `Destination`."""
        return await asyncio.get_running_loop().run_in_executor(None, self._write, document)

    def _write(self, document: str) -> bool:
        try:
            self._file.write(document.encode() + b"\n")
            os.fsync(self._file.fileno())
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


class TopicDestination:
    """The engine's `Destination`: a record for each document, acknowledged by the broker."""

    def __init__(self, producer: Any, topic: str) -> None:
        """`producer` is aiokafka's, started."""
        self.name = f"kafka://{topic}"
        self._producer = producer
        self._topic = topic

    async def send(self, document: str, _key: str) -> bool:
        """See `Destination`."""
        from aiokafka.errors import KafkaError  # noqa: PLC0415  # a producer is there already

        try:
            await self._producer.send_and_wait(self._topic, document.encode())
        except KafkaError:
            return False
        return True
