"""A real stream's log without a server: records that come at listed instants, on whatever loop runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from streamsim.engine.ports import Clock
from streamsim.streams.live.log import LiveLog
from streamsim.streams.records.logs import Given


@dataclass(frozen=True)
class Sent:
    """A record as this source hands it over."""

    number: int
    given: Given


class SentForm:
    """How to read it."""

    def sequence_number(self, record: Sent) -> str:
        return str(record.number)

    def partition_key(self, record: Sent) -> str:
        return record.given.partition_key

    def data(self, record: Sent) -> bytes:
        return record.given.data


def append(log: LiveLog[Sent], records: Sequence[Given]) -> None:
    """Adds records whose sequence numbers leave gaps."""
    first = log.fetched
    sent = [Sent((first + index) * 3 + 100, record) for index, record in enumerate(records)]
    arrivals = [record.arrival_at for record in records]
    log.append(sent, arrivals, [len(record.data) for record in records])


async def feed(log: LiveLog[Sent], records: Sequence[Given], clock: Clock, closed_at: int | None) -> None:
    """Adds each record when it arrives, those of one instant together; closes the log in the end."""
    instants = sorted({record.arrival_at for record in records})
    for instant in instants:
        if instant > clock.now:
            await clock.sleep(instant - clock.now)
        append(log, [record for record in records if record.arrival_at == instant])
    if closed_at is not None:
        if closed_at > clock.now:
            await clock.sleep(closed_at - clock.now)
        log.close()
