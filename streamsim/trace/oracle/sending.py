"""The rules for an Invoke: is this the batch its lane has to send now, under this id and number?

An unchanged batch is a retry: the same request id, one attempt more unless the last did not count, after its
back-off. Every other batch is new: a new request id, attempt 1, at once. (Lambda developer guide of 2017 on the
context object; recorded: a new id after each bisect and each partial response, 0.2 s and more before a retry.)
Knows one lane at a time.
"""

from itertools import pairwise

from streamsim.model.batch import Positions
from streamsim.model.events import Invoke
from streamsim.model.units import show_duration
from streamsim.trace.oracle.lane import Due, Lane, State, overlap, same
from streamsim.trace.oracle.violation import Line, in_words


def judge_invoke(lane: Lane, number: int, invoke: Invoke) -> None:
    """Checks a batch against what its lane must send next, and takes it for sent whatever comes of that."""
    line = (number, invoke)
    positions = invoke.positions
    if lane.state is State.IN_FLIGHT and lane.sent is not None:
        lane.strange(line, f"request {invoke.request_id} is sent")
        lane.overtaken.append((lane.sent, lane.slot))
        lane.state = State.READY
    _check_limits(lane, line, invoke)
    due = lane.top
    if due is None:
        flying = Due(positions)
        flying.reached = not _check_head(lane, line, invoke)
        _check_new(lane, line, invoke)
    elif not same(due.positions, positions):
        flying = _displaced(lane, line, invoke, due)
        _check_new(lane, line, invoke)
    else:
        flying = lane.due.pop()
        if flying.request_id is None:
            _check_new(lane, line, invoke)
        else:
            _check_retry(lane, line, invoke, flying)
    lane.flying = flying
    lane.sent = line
    lane.next = max(lane.next, positions[-1] + 1)
    lane.state = State.IN_FLIGHT


def _takes(invoke: Invoke) -> str:
    return f"request {invoke.request_id} takes {in_words(invoke.positions)}"


def _again(invoke: Invoke, due: Due) -> str:
    return f"request {invoke.request_id} goes again with {in_words(due.positions)}"


def _check_limits(lane: Lane, line: Line, invoke: Invoke) -> None:
    size, limit = len(invoke.positions), lane.contract.batch_size
    if size > limit:
        lane.tell(
            "batch-too-large", f"request {invoke.request_id} holds {size} records, BatchSize is {limit}", line
        )
    oldest = lane.contract.maximum_age
    if oldest is not None and invoke.iterator_age > oldest:
        over = f"{show_duration(invoke.iterator_age - oldest)} older than {show_duration(oldest)}"
        lane.tell(
            "age", f"the youngest record of request {invoke.request_id} is {over}, the maximum age", line
        )


def _check_head(lane: Lane, line: Line, invoke: Invoke) -> bool:
    """A fresh batch begins with the oldest record its lane has not had, and leaves none out; False when it is not fresh.

    With several lanes nobody but the mapping knows whose a record is before it is sent: then only going back shows.
    """
    positions, finished = invoke.positions, lane.finished
    if (lane.contract.lanes == 1 or positions[0] < lane.next) and finished.has_any(positions):
        sentence = f"{_takes(invoke)}, of which some had been finished before"
        lane.tell("skip", sentence, lane.sent, lane.ended, line)
        return False
    if lane.contract.lanes == 1:
        left_out = _left_out(lane, positions)
        if left_out is not None:
            sentence = f"{_takes(invoke)}, but record {left_out} is older and not finished"
            lane.tell("skip", sentence, lane.sent, lane.ended, line)
    return True


def _left_out(lane: Lane, positions: Positions) -> int | None:
    """The oldest unfinished record that a fresh batch of an only lane passes over, None when it takes them all."""
    head = lane.finished.next_gap(lane.next)
    if head < positions[0]:
        return head
    for before, after in pairwise([] if isinstance(positions, range) else positions):
        gap = lane.finished.next_gap(before + 1)
        if gap < after:
            return gap
    return None


def _check_new(lane: Lane, line: Line, invoke: Invoke) -> None:
    used = lane.ids.used_on(invoke.request_id) or lane.family.get(invoke.request_id)
    if used is not None:
        lane.tell("id-reused", f"{_takes(invoke)}, but was the id of another batch", used, line)
    else:
        lane.ids.remember(invoke.request_id, line)
    if invoke.attempt != 1:
        sentence = f"the first attempt of request {invoke.request_id} is numbered {invoke.attempt}"
        lane.tell("attempt-misnumbered", sentence, line)


def _check_retry(lane: Lane, line: Line, invoke: Invoke, due: Due) -> None:
    contract = lane.contract
    if invoke.request_id != due.request_id:
        sentence = f"{_again(invoke, due)} unchanged, but was request {due.request_id} before"
        lane.tell("id-changed", sentence, due.sent, line)
        lane.ids.remember(invoke.request_id, line)
    if invoke.attempt != due.counted + 1:
        sentence = f"{_again(invoke, due)} as attempt {invoke.attempt}, after {due.counted} that counted"
        lane.tell("attempt-misnumbered", sentence, due.sent, due.ended, line)
    if contract.attempts is not None and due.counted >= contract.attempts:
        sentence = f"{_again(invoke, due)} after counted attempt {due.counted} of {contract.attempts}"
        lane.tell("over-retried", sentence, due.sent, due.ended, line)
    elif lane.state is State.FAILED and contract.bisects and len(due.positions) > 1:
        sentence = f"{_again(invoke, due)} unchanged instead of being split"
        lane.tell("not-bisected", sentence, due.sent, due.ended, line)
    elif not lane.follows(line):
        lane.strange(line, f"{_again(invoke, due)} without a back-off")
    elif invoke.t < due.until:
        early = show_duration(due.until - invoke.t)
        sentence = f"{_again(invoke, due)}, {early} before its back-off is over"
        lane.tell("too-early", sentence, due.because, line)


def _displaced(lane: Lane, line: Line, invoke: Invoke, due: Due) -> Due:
    """Reports a batch that is not the one due. What is due after its records stays so; what it passed is given up."""
    positions = invoke.positions
    first, last = positions[0], positions[-1]
    instead = f"{_takes(invoke)}, but {in_words(due.positions)} must be next"
    if due.request_id is not None and first == due.positions[0] and last in due.positions:
        lane.tell("split-uneven", f"{instead}: nothing has split the batch", due.sent, due.ended, line)
    elif due.parent is not None and first in due.parent and first != due.positions[0]:
        sentence = f"{instead}: the remainder begins with the first record reported as failed"
        lane.tell("split-uneven", sentence, due.because, line)
    else:
        lane.tell("skip", instead, due.sent, due.ended, due.because, line)
    touched = [other for other in lane.due if overlap(other.positions, positions)]
    stays = [other for other in lane.due if other not in touched] if touched else []
    for other in touched:
        after = tuple(position for position in other.positions if position > last)
        if after:
            stays.append(Due(after, line, cut_from=other))
    lane.due = stays
    return Due(positions, line, cut_from=touched[-1] if touched else None)
