"""The rules for tumbling windows: which window a batch is in, and how a window is closed.

Windows have one length, are aligned to the Unix epoch, and take a record by its arrival. Each batch is in one. A window
that the function has a state for ends with an invocation without records, which is retried, backs off and is given up
like a batch; only then the next one begins. A state that is too large is handed over early, and the window goes on.
(Lambda developer guide, Kinesis windows; recorded: 10 s windows from 12:50:50, an early end at 1,048,640 characters;
assumed: a window of which no batch succeeded may be closed or not.) Knows one lane at a time.
"""

from streamsim.model.events import Backoff, Invoke, Result, WindowClose, WindowLost
from streamsim.model.units import show_duration
from streamsim.trace.oracle.concurrency import Slot
from streamsim.trace.oracle.lane import Lane, State
from streamsim.trace.oracle.violation import Kind, Line
from streamsim.trace.oracle.violation import in_words as records_in_words
from streamsim.trace.oracle.window import Closing, Span, Windows, content_of, in_words


def judge_window(lane: Lane, number: int, invoke: Invoke, epoch: int) -> None:
    """Checks the window of a batch before the batch itself; `epoch` is t = 0 in microseconds since 1970."""
    line = (number, invoke)
    window, length = invoke.window, lane.contract.window
    what = f"request {invoke.request_id}"
    if length is None:
        lane.tell("window-mixed", f"{what} is in a window without TumblingWindowInSeconds", line)
        return
    arrival = invoke.t - invoke.iterator_age
    start = (epoch + arrival) // length * length - epoch
    believed = (start, start + length)
    if window is None:
        lane.tell("window-mixed", f"{what} is in no window, despite TumblingWindowInSeconds", line)
    elif window[1] - window[0] != length or (window[0] - start) % length:
        sentence = (
            f"{what} is in {in_words(window)}, which is none of {show_duration(length)} since the epoch"
        )
        lane.tell("window-mixed", sentence, line)
    elif window != believed:
        believed = window
        sentence = f"{what} is in {in_words(window)}, but its last record arrived at {show_duration(arrival)}"
        lane.tell("window-mixed", sentence, line)
    _follow(lane, line, invoke, believed)


def _follow(lane: Lane, line: Line, invoke: Invoke, window: Span) -> None:
    """The batch must be in the open window, or in a later one once that is closed."""
    windows = windows_of(lane)
    before = windows.open
    what = f"request {invoke.request_id} is sent"
    closing = windows.closing
    if closing is not None:
        kind: Kind = "two-in-flight" if closing.flying else "window-open"
        sentence = f"{what} while request {closing.request_id}, which closes a window, is {closing.doing()}"
        lane.tell(kind, sentence, closing.sent, closing.ended, line)
        _overtake(lane, closing, invoke)
        windows.closing = None
    if before is None:
        windows.begin(window, line)
    elif window == before:
        if windows.closed is not None:
            sentence = f"{what} in {in_words(window)}, which was closed"
            lane.tell("window-order", sentence, windows.closed, line)
    elif lane.due:
        sentence = f"{what} in {in_words(window)}, but what is due is in {in_words(before)}"
        lane.tell("window-mixed", sentence, windows.by, lane.due[-1].sent, line)
    elif window[0] < before[1]:
        sentence = f"{what} in {in_words(window)} after {in_words(before)}"
        lane.tell("window-order", sentence, windows.by, line)
    else:
        if windows.owed and closing is None:
            sentence = f"{what} in {in_words(window)}, but {in_words(before)} is not closed"
            lane.tell("window-open", sentence, windows.by, line)
        windows.begin(window, line)


def _overtake(lane: Lane, closing: Closing, event: Invoke | WindowClose) -> None:
    if closing.flying and closing.slot is not Slot.DENIED and event.concurrency == lane.pool.running:
        lane.pool.running -= 1  # the execution has ended unseen


def windows_of(lane: Lane) -> Windows:
    """The lane's windows, made when they are first needed."""
    if lane.windows is None:
        lane.windows = Windows()
    return lane.windows


def judge_close(lane: Lane, number: int, event: WindowClose) -> Closing:
    """Takes an invocation without records, the first for its window or the same again."""
    line = (number, event)
    windows = windows_of(lane)
    what = f"request {event.request_id} closes {in_words((event.start, event.end))}"
    if lane.state is State.IN_FLIGHT:
        lane.tell("two-in-flight", f"{what} while a batch is in flight", lane.sent, line)
    closing = windows.closing
    if closing is None:
        _check_close(lane, line, event, windows)
        _check_new(lane, line, event, what)
    elif closing.content != content_of(event):
        kind: Kind = "id-reused" if closing.request_id == event.request_id else "window-open"
        lane.tell(kind, f"{what} while request {closing.request_id} is to close another", closing.sent, line)
        _overtake(lane, closing, event)
        closing = None
    else:
        _check_again(lane, line, event, closing, what)
    if closing is None:
        closing = windows.closing = Closing(event, line)
    closing.sent, closing.request_id, closing.flying = line, event.request_id, True
    return closing


def _check_close(lane: Lane, line: Line, event: WindowClose, windows: Windows) -> None:
    span = (event.start, event.end)
    what = f"request {event.request_id} closes {in_words(span)}"
    unseen = windows.unsent and (windows.open is None or event.start >= windows.open[1])
    if lane.contract.window is None:
        lane.tell("out-of-place", f"{what}, without TumblingWindowInSeconds", line)
    elif span != windows.open and not unseen:
        lane.tell("out-of-place", f"{what}, of which no record was sent", windows.by, line)
    elif windows.closed is not None and span == windows.open:
        lane.tell("out-of-place", f"{what}, which was closed before", windows.closed, line)
    if lane.due and not event.terminated_early:
        sentence = f"{what}, but {records_in_words(lane.due[-1].positions)} must be next"
        lane.tell("skip", sentence, lane.due[-1].sent, lane.ended, line)


def _check_new(lane: Lane, line: Line, event: WindowClose, what: str) -> None:
    used = lane.ids.used_on(event.request_id) or lane.family.get(event.request_id)
    if used is not None:
        lane.tell("id-reused", f"{what}, but was the id of another batch", used, line)
    else:
        lane.ids.remember(event.request_id, line)
    if event.attempt != 1:
        sentence = f"the first attempt of request {event.request_id} is numbered {event.attempt}"
        lane.tell("attempt-misnumbered", sentence, line)


def _check_again(lane: Lane, line: Line, event: WindowClose, closing: Closing, what: str) -> None:
    attempts = lane.contract.attempts
    if closing.request_id != event.request_id:
        sentence = f"{what} unchanged, but was request {closing.request_id} before"
        lane.tell("id-changed", sentence, closing.sent, line)
        lane.ids.remember(event.request_id, line)
    if closing.flying:
        lane.tell("two-in-flight", f"{what} while it is in flight", closing.sent, line)
        _overtake(lane, closing, event)
    elif event.attempt != closing.counted + 1:
        sentence = f"{what} as attempt {event.attempt}, after {closing.counted} that counted"
        lane.tell("attempt-misnumbered", sentence, closing.sent, closing.ended, line)
    if attempts is not None and closing.counted >= attempts:
        sentence = f"{what} again after counted attempt {closing.counted} of {attempts}"
        lane.tell("over-retried", sentence, closing.sent, closing.ended, line)
    elif closing.flying:
        pass
    elif closing.until is None:
        lane.tell("too-early", f"{what} again without a back-off", closing.sent, closing.ended, line)
    elif event.t < closing.until:
        early = show_duration(closing.until - event.t)
        lane.tell("too-early", f"{what} again, {early} before its back-off is over", closing.because, line)


def judge_close_result(lane: Lane, number: int, result: Result, closing: Closing) -> None:
    """Takes the end of an invocation without records."""
    line = (number, result)
    closing.flying = False
    closing.ended = line
    closing.until = None
    closing.refused = result.outcome in {"throttled", "fault"}
    if result.outcome == "success":
        windows_of(lane).end(line, early=closing.content[2])
    elif not closing.refused:
        closing.counted += 1
    if result.outcome == "partial":
        sentence = f"request {result.request_id} ends partial, without records"
        lane.tell("out-of-place", sentence, closing.sent, line)


def judge_close_backoff(lane: Lane, number: int, backoff: Backoff, closing: Closing) -> None:
    """The invocation without records waits: it must have failed, and be the one that did."""
    line = (number, backoff)
    if closing.flying or closing.until is not None or backoff.request_id != closing.request_id:
        sentence = (
            f"request {backoff.request_id} backs off while request {closing.request_id}, which closes a window, is "
            + closing.doing()
        )
        lane.tell("out-of-place", sentence, closing.sent, closing.ended, line)
    closing.until = backoff.until
    closing.because = line


def judge_window_lost(lane: Lane, number: int, event: WindowLost) -> None:
    """A state is given up: rightly, under its request's id, with the right count, and told to the right place."""
    line = (number, event)
    windows = windows_of(lane)
    closing = windows.closing
    what = f"the state of {in_words((event.start, event.end))} given up"
    if (event.destination is not None) != lane.contract.has_destination:
        where = "nowhere" if event.destination is None else f"to {event.destination}"
        configured = "a" if lane.contract.has_destination else "no"
        sentence = f"{what}, told {where}, but the mapping has {configured} destination"
        lane.tell("undelivered-first", sentence, line)
    if closing is None:
        if not (
            event.condition == "RecordAgeExceeded"
            and windows.owed
            and windows.open == (event.start, event.end)
        ):
            lane.tell("out-of-place", f"{what}, which nobody tried to hand over", windows.closed, line)
    elif closing.flying or closing.content[:2] != (event.start, event.end):
        sentence = f"{what} while request {closing.request_id} is {closing.doing()}"
        lane.tell("out-of-place", sentence, closing.sent, closing.ended, line)
        lane.pool.running -= closing.flying and closing.slot is not Slot.DENIED
    elif closing.request_id != event.request_id:
        sentence = f"{what} as request {event.request_id}, but it was sent as {closing.request_id}"
        lane.tell("id-changed", sentence, closing.sent, line)
    if event.condition == "RetryAttemptsExhausted":
        _check_exhausted(lane, line, event, closing, what)
    else:
        _check_too_old(lane, line, event, closing, what)
    windows.end(line, early=closing is not None and closing.content[2])


def _check_exhausted(lane: Lane, line: Line, event: WindowLost, closing: Closing | None, what: str) -> None:
    attempts = lane.contract.attempts
    counted = 0 if closing is None else closing.counted
    evidence = () if closing is None else (closing.sent, closing.ended)
    if attempts is None or counted < attempts or (closing is not None and closing.refused):
        allowed = "any number" if attempts is None else attempts
        lane.tell("under-retried", f"{what} after counted attempt {counted} of {allowed}", *evidence, line)
    elif event.attempts != counted:
        sentence = f"{what} after counted attempt {counted}, the document says {event.attempts}"
        lane.tell("under-retried", sentence, *evidence, line)


def _check_too_old(lane: Lane, line: Line, event: WindowLost, closing: Closing | None, what: str) -> None:
    """No record of a window is older than its start. assumed: a state grows no older than a record does in the stream."""
    contract = lane.contract
    limit = min(contract.maximum_age or contract.retention, contract.retention)
    if event.t - event.start < limit:
        lane.tell("age", f"{what} by age before {show_duration(limit)} since the window began", line)
    counted = 0 if closing is None else closing.counted
    uncounted = 1 if closing is not None and closing.refused else 0
    if not max(1, counted) <= event.attempts <= max(1, counted + uncounted):
        sentence = f"{what} after counted attempt {counted}, the document says {event.attempts}"
        lane.tell("under-retried", sentence, None if closing is None else closing.sent, line)


def judge_left_open(lane: Lane, windows: Windows, line: Line) -> None:
    """The shard ends: no window may be left with a state."""
    closing = windows.closing
    if closing is not None:
        sentence = f"{lane.shard} ends while request {closing.request_id}, which closes a window, is {closing.doing()}"
        lane.tell("window-open", sentence, closing.sent, closing.ended, line)
    elif windows.owed and windows.open is not None:
        lane.tell(
            "window-open", f"{lane.shard} ends before {in_words(windows.open)} is closed", windows.by, line
        )
