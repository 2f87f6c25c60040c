"""The request ids a mapping has used lately. Knows no batches."""

from typing import Final

from streamsim.trace.oracle.violation import Line

#: How many ids are kept for certain, per mapping.
REMEMBERED: Final = 4096


class Identities:
    """Where each of the last `REMEMBERED` request ids (up to twice as many) was used first.

    An exact check over a whole run would need memory that grows with it. Ids are reused by mistake in the batches
    that follow, so two generations suffice here, and every lane keeps the ids of its unfinished batch for as long as
    it takes. An id reused after thousands of other batches goes unnoticed.
    """

    __slots__ = ("old", "young")

    def __init__(self) -> None:
        self.young: dict[str, Line] = {}
        self.old: dict[str, Line] = {}

    def remember(self, request_id: str, line: Line) -> None:
        """Notes the line as the one that used the id."""
        self.young[request_id] = line
        if len(self.young) > REMEMBERED:
            self.turn()

    def turn(self) -> None:
        """The young generation grows old, the old one is forgotten."""
        self.old, self.young = self.young, {}

    def used_on(self, request_id: str) -> Line | None:
        """The line that used the id, None when no remembered one did."""
        return self.young.get(request_id) or self.old.get(request_id)
