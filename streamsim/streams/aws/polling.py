"""The reading of one shard into its log: poll after poll, as Lambda's pollers do.

A shard that has nothing is polled once a second (Kinesis) or four times (DynamoDB); while there is more than was
answered the next call follows as soon as the service allows. Whatever goes wrong pauses the reading and nothing else: no
attempt of any batch is spent. Knows no leases and no mapping.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from streamsim.engine.ports import Clock, SourceError
from streamsim.model.stream_type import StreamType
from streamsim.model.units import MILLISECOND, SECOND
from streamsim.streams.aws.errors import ExpiredError, GoneError, InvalidError, TrimmedError
from streamsim.streams.aws.shards import OLDEST, Answer, Fetched, Place, Shards
from streamsim.streams.live.log import LiveLog

#: How long the reading pauses after a failure, in microseconds: doubled from the first to the second. assumed: AWS does
#: not say how its pollers back off.
PAUSE: Final = 200 * MILLISECOND
_LONGEST_PAUSE: Final = 10 * SECOND

#: Why a place may not be one of the shard, when a stream has been made anew under its old name.
_OTHERS: Final = (
    "are the checkpoints another stream's of that name? begin anew with another --group or --checkpoints"
)

#: Told each time that something goes wrong with a shard, and when that goes on (None). Other words than a shard's id name
#: what else goes wrong; none, the stream as a whole.
Trouble = Callable[[str, SourceError | None], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a shard is read, in microseconds: `idle` while it has nothing, at most every `busy` while it has.

    `pause` is how long the reading pauses after a first failure.
    """

    idle: int
    busy: int
    pause: int = PAUSE

    @classmethod
    def of(cls, kind: StreamType) -> "Pace":
        """Lambda's."""
        return cls(kind.poll_interval, kind.call_spacing)


@dataclass(slots=True)
class Feed:
    """A shard that is read: its log, where the next read begins, and who waits for what.

    `last` is a sequence number at which the log is closed though the shard is not, where that is known.
    """

    log: LiveLog[Fetched]
    place: Place
    epoch: int
    clock: Clock
    trouble: Trouble
    begun: "asyncio.Future[None]"
    last: str | None = None
    _room: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, answer: Answer) -> None:
        """Puts what was answered into the log."""
        log, records, now = self.log, answer.records, self.clock.now
        log.ahead = int(answer.behind)  # at least one: nobody tells how many
        if records:
            self.place = Place("AFTER_SEQUENCE_NUMBER", records[-1].sequence_number)
            arrivals = [min(record.arrived - self.epoch, now) for record in records]
            log.append(records, arrivals, [len(record.data) for record in records])
        if answer.next is None:
            log.close()
        else:
            self.end()
        if not self.begun.done():
            self.begun.set_result(None)

    def end(self) -> None:
        """Closes the log if the last record that is asked for is there."""
        if self.last is None or self.log.closed:
            return
        reached = self.place.type == "AFTER_SEQUENCE_NUMBER" and int(self.place.number) >= int(self.last or 0)
        if reached or not self.last:
            self.log.close()

    def ended(self) -> bool:
        """Whether everything that will ever be in the log is there."""
        return self.log.closed

    async def room(self) -> None:
        """Waits while the log holds so much that it should not be fed."""
        while self.log.crowded:
            self._room.clear()
            await self._room.wait()

    def roomy(self) -> None:
        """Goes on, if the log has room again."""
        if not self._room.is_set() and self.log.roomy:
            self._room.set()


class Pauses:
    """How long the reading of a shard pauses after failures, one after the other."""

    def __init__(self, feed: Feed, first: int = PAUSE) -> None:
        self._feed = feed
        self._first = first
        self._last = 0

    async def pause(self, error: SourceError) -> None:
        """Tells what is wrong, and waits for twice as long as last time."""
        self._last = min(max(2 * self._last, self._first), _LONGEST_PAUSE)
        self._feed.trouble(self._feed.log.shard, error)
        await self._feed.clock.sleep(self._last)

    def over(self) -> None:
        """Tells that it goes on, if it did not."""
        if self._last:
            self._last = 0
            self._feed.trouble(self._feed.log.shard, None)


async def poll(shards: Shards, feed: Feed, pace: Pace) -> None:
    """Reads until the log is closed. `SourceError` when the stream is gone."""
    pauses, iterator = Pauses(feed, pace.pause), None
    while not feed.log.closed:
        await feed.room()
        try:
            if iterator is None:
                iterator = await shards.iterator(feed.log.shard, feed.place)
            answer = await shards.read(iterator)
        except ExpiredError:
            iterator, feed.place = None, feed.place.again()
            await feed.clock.sleep(pace.busy)
            continue
        except TrimmedError:
            iterator, feed.place = None, OLDEST
            await feed.clock.sleep(pace.busy)
            continue
        except InvalidError as error:
            raise InvalidError(str(error), _OTHERS if iterator is None else None) from error
        except SourceError as error:
            if await over(shards, feed, error):
                return
            await pauses.pause(error)
            continue
        pauses.over()
        iterator = answer.next
        feed.take(answer.since(feed.place))
        if not feed.log.closed:
            await feed.clock.sleep(_spacing(answer, shards.kind, pace))


def _spacing(answer: Answer, kind: StreamType, pace: Pace) -> int:
    """How long to wait for the next call: it is answered only when the bytes fit into the shard's throughput."""
    if not answer.behind:
        return pace.idle
    if kind.bytes_per_second is None:
        return pace.busy
    size = sum(len(record.data) for record in answer.records)
    return max(pace.busy, size * SECOND // kind.bytes_per_second)


async def over(shards: Shards, feed: Feed, error: SourceError) -> bool:
    """Whether the shard is over, for the stream has it no more. Raises the error if that ends the run.

    When nobody can say, it is not: what is wrong may pass.
    """
    if not isinstance(error, GoneError):
        if not error.retryable:
            raise error
        return False
    try:
        listed = await shards.shards()
    except GoneError:
        raise GoneError(f"{shards.url} is not there any more: {error}") from error
    except SourceError:
        return False
    for one in listed:
        if one.id == feed.log.shard:
            if one.closed:
                return False  # its records have expired, and lists come late
            raise GoneError(f"{shards.url} cannot be read any more: {error}") from error
    feed.take(Answer((), None, behind=False))
    return True
