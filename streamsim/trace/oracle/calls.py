"""The rules for event sources that are no streams: calls, and events from a queue of their own.

A synchronous source gets what the function answers and nobody sends its call again. An asynchronous event goes again
under its id: an error counts, two retries unless configured less; a throttle or service fault does not, and ends with
the event's age, six hours unless configured less. An event for a function that has no concurrency reserved but 0 is
given up without a request. (Lambda developer guide, asynchronous invocation; recorded: the id stays, EventAgeExceeded as
soon as the next retry would begin too late, ZeroReservedConcurrency with a count of 0.) Knows no mappings and no shards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from streamsim.model.asynchronous import SYNCHRONOUS
from streamsim.model.events import EventLost, Request, Response
from streamsim.model.units import HOUR, MINUTE, SECOND, show_duration
from streamsim.trace.format.header import Header
from streamsim.trace.oracle.concurrency import Account, Pool, Slot
from streamsim.trace.oracle.contract import has_destination
from streamsim.trace.oracle.identities import Identities
from streamsim.trace.oracle.violation import Findings, Kind, Line

#: MaximumRetryAttempts and MaximumEventAgeInSeconds of PutFunctionEventInvokeConfig.
RETRIES: Final = 2
MAXIMUM_AGE: Final = 6 * HOUR

#: The longest wait before a retry (asynchronous invocation: two minutes after errors, up to five after throttles).
LONGEST_WAIT: Final = 5 * MINUTE


Sent = tuple[int, Request]


@dataclass(frozen=True, slots=True)
class Source:
    """What a source promises; `attempts` and `maximum_age` bind asynchronous ones only."""

    asynchronous: bool
    attempts: int
    maximum_age: int
    has_destination: bool
    ids: Identities


class Call:
    """A call or event that is not over: `sent` first and last, `counted` attempts that used up retries.

    `overtaken` attempts were followed by another before they ended, which was reported then; True when they run on.
    """

    __slots__ = ("counted", "ended", "first", "overtaken", "pool", "refused", "running", "sent", "slot")

    def __init__(self, line: Sent, pool: Pool) -> None:
        self.first = line
        self.sent = line
        self.ended: Line | None = None
        self.pool = pool
        self.slot = Slot.GRANTED
        self.running = False
        self.overtaken: dict[int, bool] = {}
        self.counted = 0
        self.refused = False


class Calls:
    """What is in flight or waits to go again, of all sources."""

    def __init__(self, header: Header, account: Account, findings: Findings) -> None:
        self._header = header
        self._account = account
        self._findings = findings
        self._sources: dict[str, Source] = {}
        self._calls: dict[tuple[str, str], Call] = {}

    @property
    def unanswered(self) -> int:
        """How many calls and events are not over."""
        return len(self._calls)

    def request(self, number: int, event: Request) -> None:
        """Takes a new call, or an event that goes again."""
        line = (number, event)
        source = self._sources.get(event.source) or self._source(event)
        key = (event.source, event.request_id)
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = Call(line, self._account.pool(event.function))
            self._check_new(line, event, source)
        else:
            self._check_again(line, event, source, call)
            call.sent = line
        slot, wrong = call.pool.admit(event)
        if wrong is not None:
            self._tell("over-limit", wrong, line)
        call.slot = slot
        call.running = True
        crowded = self._account.crowded() if self._account.shared else None
        if crowded is not None:
            self._tell("over-limit", crowded, line)

    def _check_new(self, line: Line, event: Request, source: Source) -> None:
        used = source.ids.used_on(event.request_id)
        if used is None:
            source.ids.remember(event.request_id, line)
        elif event.attempt != 1 and not source.asynchronous:
            sentence = (
                f"request {event.request_id} of {event.source} goes again, which nobody does for a call"
            )
            self._tell("over-retried", sentence, used, line)
            return
        else:
            sentence = f"request {event.request_id} of {event.source} has the id of another"
            self._tell("id-reused", sentence, used, line)
        if event.attempt != 1:
            sentence = f"the first attempt of request {event.request_id} is numbered {event.attempt}"
            self._tell("attempt-misnumbered", sentence, line)

    def _check_again(self, line: Line, event: Request, source: Source, call: Call) -> None:
        again = f"request {event.request_id} of {event.source} goes again"
        if call.running:
            self._tell("two-in-flight", f"{again} without a response", call.sent, line)
            _overtake(call, event)
        elif event.attempt != call.counted + 1:
            sentence = f"{again} as attempt {event.attempt}, after {call.counted} that counted"
            self._tell("attempt-misnumbered", sentence, call.sent, call.ended, line)
        age = event.t - call.first[1].t
        if call.counted >= source.attempts:
            sentence = f"{again} after counted attempt {call.counted} of {source.attempts}"
            self._tell("over-retried", sentence, call.sent, call.ended, line)
        elif age > source.maximum_age:
            over = f"{show_duration(age - source.maximum_age)} after {show_duration(source.maximum_age)}"
            self._tell("age", f"{again} {over}, the maximum age", call.first, line)

    def response(self, number: int, event: Response) -> None:
        """Takes the end of a request."""
        line = (number, event)
        key = (event.source, event.request_id)
        call = self._calls.get(key)
        if call is not None and event.attempt in call.overtaken:
            call.pool.running -= call.overtaken.pop(event.attempt)
            return
        if call is None or not call.running:
            evidence = () if call is None else (call.sent, call.ended)
            self._tell("out-of-place", f"{_ends(event)} without having been sent", *evidence, line)
            return
        sent = call.sent[1]
        if sent.attempt != event.attempt:
            sentence = f"{_ends(event)} while attempt {sent.attempt} is in flight"
            self._tell("out-of-place", sentence, call.sent, line)
        wrong = call.pool.release(call.slot, event)
        if wrong is not None:
            self._tell("over-limit", wrong, call.sent, line)
        if event.outcome == "partial":
            self._tell("out-of-place", f"{_ends(event)} partial, without records", call.sent, line)
        call.running = False
        call.ended = line
        call.refused = event.outcome in {"throttled", "fault"}
        if event.outcome == "success" or not self._sources[event.source].asynchronous:
            del self._calls[key]
        elif not call.refused:
            call.counted += 1

    def lost(self, number: int, event: EventLost) -> None:
        """An event is given up: rightly, and with the right count."""
        line = (number, event)
        source = self._sources.get(event.source) or self._source(event)
        call = self._calls.pop((event.source, event.request_id), None)
        what = f"request {event.request_id} of {event.source} given up"
        if call is None and not self._may_be_refused(event, source):
            self._tell("out-of-place", f"{what}, which nobody waits for", line)
            return
        if call is not None and call.running:
            self._tell("out-of-place", f"{what} while it runs", call.sent, line)
            call.pool.running -= call.slot is not Slot.DENIED
            return
        if (event.destination is not None) != source.has_destination:
            where = "nowhere" if event.destination is None else f"to {event.destination}"
            configured = "a" if source.has_destination else "no"
            sentence = f"{what}, told {where}, but {event.source} has {configured} destination"
            self._tell("undelivered-first", sentence, line)
        if call is not None:
            self._check_lost(line, event, source, call, what)
            return
        if event.attempts:
            sentence = f"{what} without having been sent, the document says {event.attempts}"
            self._tell("under-retried", sentence, line)
        used = source.ids.used_on(event.request_id)
        if used is not None:
            sentence = f"request {event.request_id} of {event.source} has the id of another"
            self._tell("id-reused", sentence, used, line)
        source.ids.remember(event.request_id, line)

    def _may_be_refused(self, event: EventLost, source: Source) -> bool:
        """Whether the function takes no events at all."""
        reserved = self._header.functions.get(event.function, {}).get("ReservedConcurrentExecutions")
        return event.condition == "ZeroReservedConcurrency" and reserved == 0 and source.asynchronous

    def _check_lost(self, line: Line, event: EventLost, source: Source, call: Call, what: str) -> None:
        counted, most = call.counted, call.counted
        evidence = (call.sent, call.ended, line)
        match event.condition:
            case "RetriesExhausted":
                if counted < source.attempts or call.refused:
                    sentence = f"{what} after counted attempt {counted} of {source.attempts}"
                    self._tell("under-retried", sentence, *evidence)
                    return
            case "EventAgeExceeded":
                most = max(1, counted + call.refused)
                age = event.t - call.first[1].t
                if age + LONGEST_WAIT < source.maximum_age:
                    limit = show_duration(source.maximum_age)
                    self._tell("age", f"{what} by age at {show_duration(age)}, before {limit}", *evidence)
            case _:
                self._tell("out-of-place", f"{what} for {event.condition}, which is no condition", *evidence)
        if not counted <= event.attempts <= most:
            sentence = f"{what} after counted attempt {counted}, the document says {event.attempts}"
            self._tell("under-retried", sentence, *evidence)

    def finish(self, over: Line | None) -> None:
        """Reports what was not over when the run was: `over` is the last ShardEnd, None when the trace breaks off."""
        for (source, request_id), call in self._calls.items():
            last = call.sent if call.ended is None or call.running else call.ended
            if over is not None and last[0] < over[0]:
                became = "never ended" if call.running else "was neither repeated nor given up"
                self._tell("lost", f"request {request_id} of {source} {became}", last, over)

    def _source(self, event: Request | EventLost) -> Source:
        settings = self._header.traffic.get(event.source, {})
        function = self._header.functions.get(event.function, {})
        retries = _first_integer("MaximumRetryAttempts", settings, function)
        age = _first_integer("MaximumEventAgeInSeconds", settings, function)
        source = self._sources[event.source] = Source(
            asynchronous=settings.get("source") not in SYNCHRONOUS,
            attempts=(RETRIES if retries is None else retries) + 1,
            maximum_age=MAXIMUM_AGE if age is None else age * SECOND,
            has_destination=any(
                has_destination(one) or bool(one.get("DeadLetterConfig")) for one in (settings, function)
            ),
            ids=Identities(),
        )
        return source

    def _tell(self, kind: Kind, sentence: str, *evidence: Line | None) -> None:
        self._findings.add(kind, sentence, "", "", *evidence)


def _ends(event: Response) -> str:
    return f"request {event.request_id} of {event.source}, attempt {event.attempt}, ends"


def _overtake(call: Call, event: Request) -> None:
    """Another attempt begins; its concurrency tells whether the one before has ended unseen."""
    holds = call.slot is not Slot.DENIED
    runs_on = holds and event.concurrency != call.pool.running
    call.overtaken[call.sent[1].attempt] = runs_on
    call.pool.running -= holds and not runs_on


def _first_integer(name: str, *places: Mapping[str, Any]) -> int | None:
    return next((value for settings in places if type(value := settings.get(name)) is int), None)
