"""Which records of a batch are too old to be sent.

Age runs from a record's arrival in the stream and is checked before every send, per record: of one old and five fresh
records only the old one leaves the batch (recorded on Kinesis). A batch is ascending in arrival, so the old ones are
always a prefix.
"""

from bisect import bisect_left

from streamsim.model.batch import Log, Positions


def older_than(log: Log, positions: Positions, instant: int) -> int:
    """How many records at the head of `positions` arrived before `instant` (microseconds)."""
    return bisect_left(positions, instant, key=log.arrival_at)
