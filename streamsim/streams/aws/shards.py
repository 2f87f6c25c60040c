"""What a reader needs of a stream of shards, whichever service it is: its shards, iterators, and records.

`KinesisShards` and `TableShards` answer the same questions with different calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol

from streamsim.model.stream_type import StreamType
from streamsim.model.units import SECOND


class Fetched(NamedTuple):
    """A record. `arrived` is microseconds since 1970; `data` is what `rules` take for what the producer wrote.

    `last`: no other record of the same sequence number follows, so that a checkpoint may name it.
    """

    sequence_number: str
    partition_key: str
    data: bytes
    arrived: int
    last: bool = True


class FetchedForm:
    """How to read it: see `streamsim.streams.live.log.Form`."""

    def sequence_number(self, record: Fetched) -> str:
        """See `Form`."""
        return record.sequence_number

    def partition_key(self, record: Fetched) -> str:
        """See `Form`."""
        return record.partition_key

    def data(self, record: Fetched) -> bytes:
        """See `Form`."""
        return record.data


class Place(NamedTuple):
    """Where to read from: after a sequence number, from an instant on (microseconds since 1970), or an end.

    With LATEST `since` is when that was asked for first.
    """

    type: Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP", "AFTER_SEQUENCE_NUMBER"]
    number: str = ""
    since: int = 0

    def again(self) -> "Place":
        """The same place, later: `LATEST` is another one by then, so that the instant counts."""
        return Place("AT_TIMESTAMP", since=self.since) if self.type == "LATEST" and self.since else self


OLDEST: Final = Place("TRIM_HORIZON")


class Answer(NamedTuple):
    """One read. `next` is None when the shard is closed and read to its end; `behind`: there is more already."""

    records: Sequence[Fetched]
    next: str | None
    behind: bool

    def since(self, place: Place) -> "Answer":
        """Without what came before the second of `place`, for a service that cannot be asked for an instant."""
        if place.type != "AT_TIMESTAMP":
            return self
        earliest = place.since // SECOND * SECOND
        return self._replace(records=[one for one in self.records if one.arrived >= earliest])


class ListedShard(NamedTuple):
    """A shard that the stream still has; `parents` may be gone."""

    id: str
    parents: tuple[str, ...]
    closed: bool


@dataclass(frozen=True, slots=True)
class Described:
    """The stream: its ARN, how long it keeps records (microseconds), and what time it is there (since 1970)."""

    arn: str
    retention: int
    now: int


class Shards(Protocol):
    """A stream as its readers ask for it. Every call may raise `SourceError`, of the kinds of `errors`."""

    @property
    def url(self) -> str:
        """As the command line takes it."""

    @property
    def kind(self) -> StreamType:
        """What Lambda's pollers keep to."""

    async def describe(self) -> Described:
        """The stream, for the first time: `SourceError` in words for the user when it cannot be read."""

    async def shards(self) -> Sequence[ListedShard]:
        """All shards that it has, oldest first."""

    async def iterator(self, shard: str, place: Place) -> str:
        """Where to read from, for a while."""

    async def read(self, iterator: str) -> Answer:
        """The next records."""
