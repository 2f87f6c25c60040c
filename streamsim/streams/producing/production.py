"""What a producer makes: its records by number, in the order in which it makes them.

A record's number is the producer's own. Where and when the record is in the stream, if it ever is, is
`streamsim.streams.producing.putting`'s business.
"""

from collections.abc import Sequence
from typing import Protocol


class Production(Protocol):
    """Records numbered from 0 in the order in which they are made."""

    @property
    def made_at(self) -> Sequence[int]:
        """When each record is made, ascending; before 0 for those that are in the stream already."""

    @property
    def largest(self) -> int:
        """An upper bound of the payloads' bytes."""

    @property
    def even(self) -> bool:
        """Whether every payload has that size."""

    @property
    def keyed(self) -> bool:
        """Whether records may share a key; without that each has one of its own."""

    def partition_key(self, number: int) -> str:
        """The record's partition key."""

    def hash_key(self, number: int) -> int:
        """The record's place in the hash space."""

    def data(self, number: int) -> bytes:
        """The record's payload."""

    def size(self, number: int) -> int:
        """The payload's bytes."""


def put_size(production: Production, number: int) -> int:
    """The bytes of a record as the limits of a put count them: its payload and its partition key."""
    return production.size(number) + len(production.partition_key(number).encode())
