"""What the events of one source that is no stream add up to, counted as they happen.

Knows calls and events from their first request to their end: their number is what memory grows with, not time. Takes
the events of legal traces in the order in which they happened, as `streamsim.trace.measures.tally` does for mappings.

A call of a synchronous source ends with its response, whatever that is: Lambda leaves it to the caller to try again.
When it comes too late, the caller has gone: it had 504 from API Gateway, and the function went on (Amazon API Gateway
developer guide, integration timeout).
An event of an asynchronous one ends with success or when it is given up.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from streamsim.model import events
from streamsim.model.asynchronous import SYNCHRONOUS
from streamsim.model.units import MILLISECOND
from streamsim.trace.measures.attempts import billed_for_init, has_run
from streamsim.trace.measures.histogram import Histogram


class InFlight:
    """How many requests are in flight, and the most there ever were of those that were granted."""

    __slots__ = ("most", "now")

    def __init__(self) -> None:
        self.now = 0
        self.most = 0

    def begin(self) -> None:
        """A request is made; whether it is granted shows at its response, which follows at once where it is not."""
        self.now += 1

    def end(self, response: events.Response) -> None:
        """A request ends: the most are in flight when one that was granted is about to."""
        if response.outcome != "throttled":
            self.most = max(self.most, self.now)
        self.now -= 1


class SourceTally:
    """The counts of one source; times are microseconds."""

    __slots__ = (
        "billed_inits", "billed_provisioned", "concurrency", "durations", "errors", "function", "in_flight",
        "init_durations", "latencies", "lost", "memory", "patience", "requests", "retries", "since", "successes",
        "synchronous", "throttles", "too_late", "undelivered_documents",
    )  # fmt: skip

    def __init__(self, settings: Mapping[str, Any], memory: int) -> None:
        self.function: str = settings.get("FunctionName", "default")
        self.synchronous = settings.get("source") in SYNCHRONOUS
        patience = settings.get("TimeoutInMillis")
        self.patience: int | None = None if patience is None else patience * MILLISECOND
        self.memory = memory
        self.durations = Histogram()  # of attempts that ran
        self.init_durations = Histogram()
        self.billed_inits = 0
        self.billed_provisioned = 0
        self.latencies = Histogram()  # from the first request to the response that was a success
        self.since: dict[str, int] = {}  # when what has not ended was first asked for, by request id
        self.concurrency = 0  # of the function
        self.in_flight = InFlight()  # of this source alone
        self.requests = 0
        self.retries = 0
        self.successes = 0
        self.errors = 0
        self.throttles = 0
        self.too_late = 0
        self.lost = 0
        self.undelivered_documents = 0

    def request(self, event: events.Request) -> None:
        """An execution is asked for."""
        if event.request_id in self.since:
            self.retries += 1
        else:
            self.requests += 1
            self.since[event.request_id] = event.t
        self.in_flight.begin()
        self.concurrency = max(self.concurrency, event.concurrency)

    def response(self, event: events.Response) -> None:
        """The request ends."""
        self.in_flight.end(event)
        self.throttles += event.outcome == "throttled"
        self.errors += event.outcome in {"error", "timeout"}
        if has_run(event):
            self.durations.add(event.duration)
            if event.init_duration is not None:
                self.init_durations.add(event.init_duration)
                self.billed_inits += billed_for_init(event.duration, event.init_duration)
        waited = event.t - self.since.get(event.request_id, event.t)
        if self.patience is not None and waited > self.patience:
            self.too_late += 1
        elif event.outcome == "success":
            self.successes += 1
            self.latencies.add(waited)
        if self.synchronous or event.outcome == "success":
            self.since.pop(event.request_id, None)

    def lose(self, event: events.EventLost) -> None:
        """An event is given up, perhaps without ever having asked for an execution."""
        self.requests += self.since.pop(event.request_id, None) is None
        self.lost += 1
        self.undelivered_documents += event.destination is not None and not event.delivered


#: What takes an event of each type.
TAKES: Final[dict[type[Any], Callable[[SourceTally, Any], None]]] = {
    events.Request: SourceTally.request,
    events.Response: SourceTally.response,
    events.EventLost: SourceTally.lose,
}
