"""Tumbling windows of a random legal trace: which records go together, and how a window is closed."""

from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from streamsim.model.events import Backoff, Result, WindowClose, WindowLost
from streamsim.model.units import SECOND

if TYPE_CHECKING:
    from tests.trace.legal_lane import Lane

#: The traces' t = 0 is 2026-01-01T00:00:00Z: this long after 1970.
EPOCH: Final = 1_767_225_600 * SECOND

SPACING: Final = SECOND // 2  # between two arrivals

Steps = Generator[int, None, None]


class Windows:
    """The windows of one lane."""

    def __init__(self, lane: "Lane") -> None:
        self.lane = lane
        self.length: int = lane.settings["TumblingWindowInSeconds"] * SECOND
        self.open: tuple[int, int] | None = None
        self.owed = False

    def of(self, position: int) -> tuple[int, int]:
        number = (EPOCH + position * SPACING) // self.length
        return number * self.length - EPOCH, (number + 1) * self.length - EPOCH

    def fitting(self, positions: list[int]) -> int:
        """How many of the records are in the first one's window."""
        first = self.of(positions[0])
        return sum(self.of(position) == first for position in positions)

    def reach(self, position: int) -> Steps:
        """Closes what is open before the record's window, when that has elapsed or the record has come."""
        window, world, random = self.of(position), self.lane.world, self.lane.random
        if self.open is None:
            self.open = window
        if window != self.open:
            trigger = self.open[1] if random.random() < 0.5 else position * SPACING
            if trigger > world.now:
                yield trigger - world.now
            yield from self.leave()
            self.open = window
        elif self.owed and random.random() < 0.1:
            yield from self.close(early=True)

    def leave(self) -> Steps:
        """Closes the window if it has a state; a window of which no batch succeeded perhaps."""
        if self.open is not None and (self.owed or (self.sent and self.lane.random.random() < 0.5)):
            yield from self.close(early=False)
        self.open = None

    @property
    def sent(self) -> bool:
        """Whether a batch of the open window has been sent."""
        mine = self.lane.place
        invokes: list[Any] = [event for event in self.lane.world.events if event[1:4] == mine]
        return any(getattr(event, "window", None) == self.open for event in invokes)

    def close(self, *, early: bool) -> Steps:
        """Sends the state until it is taken or given up."""
        lane, window = self.lane, self.open
        assert window is not None
        random, world, settings = lane.random, lane.world, lane.settings
        request_id, counted, limit = world.new_id(), 0, settings["MaximumRecordAgeInSeconds"]
        while True:
            yield from lane.heed()
            if limit != -1 and counted and world.now - window[0] > 2 * limit * SECOND:
                self.lose(request_id, "RecordAgeExceeded", max(1, counted))
                break
            begin = (request_id, counted + 1, *window, early, 1 << 20 if early else 40)
            duration = yield from lane.occupy(partial(lane.tell, WindowClose, *begin))
            outcome = "throttled"
            if duration is not None:
                outcome = random.choice(["success"] * 4 + ["error", "timeout", "fault"])
            lane.tell(Result, request_id, counted + 1, outcome, duration or 0)
            if outcome == "success":
                break
            counted += outcome not in {"throttled", "fault"}
            if outcome not in {"throttled", "fault"} and counted == settings["MaximumRetryAttempts"] + 1:
                self.lose(request_id, "RetryAttemptsExhausted", counted)
                break
            pause = random.choice([SECOND // 5, SECOND, 40 * SECOND])
            lane.tell(Backoff, request_id, world.now + pause)
            yield pause + random.choice([0, 7])
        self.owed = False

    def lose(self, request_id: str, condition: str, attempts: int) -> None:
        """Gives the state up."""
        destination = self.lane.settings["DestinationConfig"].get("OnFailure", {}).get("Destination")
        told = (attempts, destination, destination is not None)
        self.lane.tell(WindowLost, request_id, condition, *(self.open or ()), *told)
