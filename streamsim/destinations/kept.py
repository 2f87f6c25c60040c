"""Destinations without a server: documents are counted, and kept on disk if somebody wants to read them."""

from collections.abc import Sequence
from pathlib import Path

from streamsim.engine.ports import Clock, DocumentKey


class KeptDestination:
    """The engine's `Destination`, reachable except while it is down.

    `down` are pairs of microseconds, begin and end. Under `folder`, SQS bodies and SNS notifications go one a line into
    `<service>-<name>.ndjson`, begun anew by each run; an S3 object is a file of its own, named by its key.
    """

    def __init__(
        self, arn: str, clock: Clock, down: Sequence[tuple[int, int]] = (), folder: Path | None = None
    ) -> None:
        self.name = arn
        self._clock = clock
        self._down = down
        self._folder = folder
        self._begun = False

    async def send(self, document: str, key: DocumentKey = None) -> bool:
        """See `Destination`."""
        now = self._clock.now
        if any(begin <= now < end for begin, end in self._down):
            return False
        if self._folder is not None:
            self._keep(self._folder, document, key if isinstance(key, str) else "")
        return True

    def _keep(self, folder: Path, document: str, key: str) -> None:
        if key:
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(document, encoding="utf-8")
            return
        service, resource = self.name.split(":")[2], self.name.rsplit(":", 1)[-1]
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{service}-{resource}.ndjson").open(
            "a" if self._begun else "w", encoding="utf-8"
        ) as lines:
            lines.write(document + "\n")
        self._begun = True
