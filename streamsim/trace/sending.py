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
from streamsim.trace.lane import Due, Lane, State, overlap, same
from streamsim.trace.violation import Line, in_words


def judge_invoke(lane: Lane, number: int, invoke: Invoke) -> None:
    """Checks a batch against what its lane must send next, and takes it for sent whatever comes of that."""
    line = (number, invoke)
    positions = invoke.positions
    if lane.state is State.IN_FLIGHT and lane.sent is not None:
        lane.strange(line, f"request {invoke.request_id} is sent")
        lane.overtaken.append(lane.sent)
        lane.state = State.READY
    _check_limits(lane, line, invoke)
    due = lane.top
    if due is None:
        _check_head(lane, line, positions)
        flying = Due(positions)
        _check_new(lane, line, invoke)
    elif not same(due.positions, positions):
        flying = _displaced(lane, line, positions, due)
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


def _check_limits(lane: Lane, line: Line, invoke: Invoke) -> None:
    size, limit = len(invoke.positions), lane.contract.batch_size
    if size > limit:
        lane.tell(
            "batch-too-large", f"request {invoke.request_id} holds {size} records, BatchSize is {limit}", line
        )
    oldest = lane.contract.maximum_age
    if oldest is not None and invoke.iterator_age > oldest:
        sentence = (
            f"the youngest record of request {invoke.request_id} is {show_duration(invoke.iterator_age)} old, "
            f"MaximumRecordAgeInSeconds is {show_duration(oldest)}"
        )
        lane.tell("age", sentence, line)


def _check_head(lane: Lane, line: Line, positions: Positions) -> None:
    """A fresh batch begins with the oldest record its lane has not had, and leaves none out.

    With several lanes nobody but the mapping knows whose a record is before it is sent: then only going back shows.
    """
    finished = lane.finished
    if (lane.contract.lanes == 1 or positions[0] < lane.next) and finished.has_any(positions):
        lane.tell(
            "skip", f"{in_words(positions)} had been finished in part or whole", lane.sent, lane.ended, line
        )
        return
    if lane.contract.lanes > 1:
        return
    left_out = finished.next_gap(lane.next)
    if left_out >= positions[0]:
        gaps = (finished.next_gap(before + 1) for before, after in pairwise(positions) if after > before + 1)
        left_out = next((gap for gap in gaps if gap < positions[-1] and gap not in positions), positions[-1])
    if left_out < positions[-1] or left_out < positions[0]:
        sentence = f"{in_words(positions)} are sent, but record {left_out} is older and not finished"
        lane.tell("skip", sentence, lane.sent, lane.ended, line)


def _check_new(lane: Lane, line: Line, invoke: Invoke) -> None:
    used = lane.ids.used_on(invoke.request_id) or lane.family.get(invoke.request_id)
    if used is not None:
        sentence = f"{in_words(invoke.positions)} go as request {invoke.request_id}, which was another batch"
        lane.tell("id-reused", sentence, used, line)
    else:
        lane.ids.remember(invoke.request_id, line)
    if invoke.attempt != 1:
        sentence = f"the first attempt of {in_words(invoke.positions)} is numbered {invoke.attempt}"
        lane.tell("attempt-misnumbered", sentence, line)


def _check_retry(lane: Lane, line: Line, invoke: Invoke, due: Due) -> None:
    contract = lane.contract
    what = in_words(due.positions)
    if invoke.request_id != due.request_id:
        sentence = (
            f"{what} go again unchanged, but as request {invoke.request_id} instead of {due.request_id}"
        )
        lane.tell("id-changed", sentence, due.sent, line)
        lane.ids.remember(invoke.request_id, line)
    if invoke.attempt != due.counted + 1:
        sentence = f"{what} have been tried {due.counted} times, yet attempt {invoke.attempt} follows"
        lane.tell("attempt-misnumbered", sentence, due.sent, due.ended, line)
    if contract.attempts is not None and due.counted >= contract.attempts:
        sentence = f"{what} are tried again after {due.counted} attempts, {contract.attempts} are allowed"
        lane.tell("over-retried", sentence, due.sent, due.ended, line)
    elif lane.state is State.FAILED and contract.bisects and len(due.positions) > 1:
        lane.tell("not-bisected", f"{what} failed and are sent again unchanged", due.sent, due.ended, line)
    elif not lane.strange(line, f"{what} go again unchanged and without a back-off") and invoke.t < due.until:
        early = show_duration(due.until - invoke.t)
        lane.tell("too-early", f"{what} go again {early} before the back-off is over", due.because, line)


def _displaced(lane: Lane, line: Line, positions: Positions, due: Due) -> Due:
    """Reports a batch that is not the one due. What is due after its records stays so; what it passed is given up."""
    instead = f"{in_words(positions)} are sent, but {in_words(due.positions)} must be next"
    inside = positions[0] in due.positions and positions[-1] in due.positions
    if due.request_id is not None and inside and positions[0] == due.positions[0]:
        lane.tell("split-uneven", f"{instead}: nothing has split them", due.sent, due.ended, line)
    elif due.parent is not None and positions[0] in due.parent and positions[0] != due.positions[0]:
        sentence = f"{instead}: the remainder begins with the first record reported as failed"
        lane.tell("split-uneven", sentence, due.because, line)
    else:
        lane.tell("skip", instead, due.sent, due.ended, due.because, line)
    touched = [other for other in lane.due if overlap(other.positions, positions)]
    stays = [other for other in lane.due if other not in touched] if touched else []
    for other in touched:
        after = tuple(position for position in other.positions if position > positions[-1])
        if after:
            stays.append(Due(after, line, cut_from=other))
    lane.due = stays
    return Due(positions, line, cut_from=touched[-1] if touched else None)
