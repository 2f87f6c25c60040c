"""What the producers of one or several streams did, summed from their own words (`streamsim.model.events.Produced`)."""

from collections.abc import Iterable

from streamsim.model.events import Produced


class Producing:
    """The sums; `delay` is the longest."""

    __slots__ = ("calls", "delay", "duplicated", "given_up", "overtaken", "records", "retried", "throttled")

    def __init__(self) -> None:
        self.records = self.calls = self.throttled = self.retried = 0
        self.given_up = self.duplicated = self.overtaken = self.delay = 0

    def take(self, event: "Produced | Producing") -> None:
        """Adds what a producer tells, or what others add up to."""
        self.records += event.records
        self.calls += event.calls
        self.throttled += event.throttled
        self.retried += event.retried
        self.given_up += event.given_up
        self.duplicated += event.duplicated
        self.overtaken += event.overtaken
        self.delay = max(self.delay, event.delay)


def summed(several: Iterable[Producing]) -> Producing | None:
    """Several as one; None for none."""
    whole: Producing | None = None
    for one in several:
        whole = whole or Producing()
        whole.take(one)
    return whole
