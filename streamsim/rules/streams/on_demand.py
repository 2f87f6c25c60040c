"""When a stream in on-demand mode splits a shard.

"Choose the data stream capacity mode": Kinesis watches the traffic of each shard, splits one that takes more than 500 KB/s
within 15 minutes, in two equal halves, and does not look at which keys bring the traffic. As a shard takes twice that, a
stream so has room for double its peak, and throttles what more than doubles within 15 minutes. A new stream takes 4 MB/s
and 4,000 records/s: 4 shards. It grows to 200 MB/s by itself ("Quotas and limits"). It has room for double the peak of the last
30 days, so that none that is watched for less than that becomes smaller.

assumed: that 500 records/s count like 500 KB/s, being half of what a shard takes; that traffic is what was taken, not what
was tried; that it is looked at each minute, as CloudWatch does; that a stream of 200 shards is at its limit.
"""

from typing import Final

from streamsim.model.units import KIB, MINUTE, SECOND

NEW_SHARDS: Final = 4
MOST_SHARDS: Final = 200

#: How often the traffic of the last so many microseconds is looked at.
WATCHED: Final = MINUTE

_BYTES_PER_SECOND: Final = 500 * KIB
_RECORDS_PER_SECOND: Final = 500


def outgrown(records: int, size: int) -> bool:
    """Whether a shard that took so many records and bytes while it was `WATCHED` is to be split."""
    seconds = WATCHED // SECOND
    return records > _RECORDS_PER_SECOND * seconds or size > _BYTES_PER_SECOND * seconds
