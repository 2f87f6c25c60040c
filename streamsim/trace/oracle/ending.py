"""The rules for what follows an Invoke: results, back-offs, splits, and the ends of records.

A failed batch is split when BisectBatchOnFunctionError is set and it holds more than one record, given up when its
attempts are used, and else sent again. A partial response finishes what is before the reported record; the remainder
is a new batch. (Lambda developer guide, Kinesis error handling and batch item failures: throttles and service faults
are not counted; recorded: even halves, oversized events counted; assumed: an odd batch is cut at floor(n/2).) Knows one
lane at a time.
"""

from streamsim.model.batch import Positions
from streamsim.model.events import Backoff, Discard, Expired, Filtered, Result, Split
from streamsim.model.units import show_duration
from streamsim.trace.oracle.concurrency import Slot
from streamsim.trace.oracle.lane import Due, Lane, State, overlap, same
from streamsim.trace.oracle.violation import Line, in_words


def judge_result(lane: Lane, number: int, result: Result) -> tuple[Line, Slot] | None:
    """Takes the end of the attempt in flight: its request, and the slot that it held; None when there was none to end."""
    line = (number, result)
    sent = lane.sent
    if sent is None or lane.state is not State.IN_FLIGHT or not _is_of(result, sent):
        overtaken = next((other for other in lane.overtaken if _is_of(result, other[0])), None)
        if overtaken is not None:  # was reported when the lane sent another
            lane.overtaken.remove(overtaken)
            if result.outcome == "success":
                lane.finish(overtaken[0][1].positions)
            return overtaken
        what = f"request {result.request_id}, attempt {result.attempt}, ends"
        if sent is None or lane.strange(line, what):
            if sent is None:
                lane.tell("two-in-flight", f"{what} without having been sent", line)
            return None
        lane.tell("two-in-flight", f"{what} while request {sent[1].request_id} is in flight", sent, line)
    flying = lane.flying or Due(sent[1].positions)
    flying.request_id = sent[1].request_id
    flying.youngest = sent[1].t - sent[1].iterator_age
    flying.sent = sent
    flying.ended = line
    lane.flying = None
    lane.ended = line
    slot, lane.slot = lane.slot, Slot.GRANTED
    _settle(lane, line, result, flying)
    return sent, slot


def _is_of(result: Result, sent: Line) -> bool:
    return sent[1][4:6] == (result.request_id, result.attempt)


def _settle(lane: Lane, line: Line, result: Result, flying: Due) -> None:
    outcome = result.outcome
    flying.refused = outcome in ("throttled", "fault")
    if outcome not in ("throttled", "too_large"):
        _deliver(lane, line, flying)
    match outcome:
        case "success":
            _finish_delivered(lane, line, flying, flying.positions)
            lane.ready()
        case "throttled" | "fault":
            _keep(lane, flying, State.REFUSED)
        case "partial" if _remainder(lane, line, result, flying):
            lane.ready()
        case _:
            flying.counted += 1
            _keep(lane, flying, State.FAILED)


def _deliver(lane: Lane, line: Line, flying: Due) -> None:
    """The function has seen the batch; if for the first time, then after everything older of its lane."""
    if flying.reached:
        return
    flying.reached = True
    first, last = flying.positions[0], flying.positions[-1]
    if first <= lane.delivered:
        sentence = f"record {first} is delivered for the first time after record {lane.delivered}"
        lane.tell("nonmonotonic-delivery", sentence, lane.delivered_by, flying.sent, line)
    if last > lane.delivered:
        lane.delivered, lane.delivered_by = last, flying.sent


def _finish_delivered(lane: Lane, line: Line, flying: Due, positions: Positions) -> None:
    if not lane.finish(positions) and lane.contract.lanes > 1:
        lane.tell("skip", f"another lane had finished some of {in_words(positions)}", flying.sent, line)


def _keep(lane: Lane, flying: Due, state: State) -> None:
    lane.due.append(flying)
    lane.state = state
    if flying.request_id is not None and flying.sent is not None:
        lane.family[flying.request_id] = flying.sent


def _remainder(lane: Lane, line: Line, result: Result, flying: Due) -> bool:
    """Finishes what is before the first failed record and makes the rest due; False when that is the whole batch."""
    positions = flying.positions
    if not lane.contract.reports:
        sentence = f"request {result.request_id} ends partial without ReportBatchItemFailures"
        lane.tell("out-of-place", sentence, flying.sent, line)
    if result.failed_from is None or result.failed_from not in positions:
        sentence = f"record {result.failed_from} failed, which request {result.request_id} does not hold"
        lane.tell("out-of-place", sentence, flying.sent, line)
        return False
    cut = positions.index(result.failed_from)
    if cut == 0:
        return False
    _finish_delivered(lane, line, flying, positions[:cut])
    _keep(lane, flying, State.READY)
    remainder = Due(positions[cut:], line, cut_from=flying)
    remainder.parent = positions
    lane.due[-1] = remainder
    return True


def judge_backoff(lane: Lane, number: int, backoff: Backoff) -> None:
    """The unchanged batch will be sent again: it must have failed, and not be one to split."""
    line = (number, backoff)
    due = lane.top
    strange = lane.strange(line, f"request {backoff.request_id} backs off")
    if due is None or (strange and lane.state is not State.WAITING):
        return
    if not strange:
        _check_backoff(lane, line, backoff, due)
    due.until = backoff.until
    due.because = line
    lane.state = State.WAITING


def _check_backoff(lane: Lane, line: Line, backoff: Backoff, due: Due) -> None:
    if due.request_id != backoff.request_id:
        sentence = f"request {backoff.request_id} backs off, but {due.request_id} is the one that failed"
        lane.tell("out-of-place", sentence, due.sent, due.ended, line)
    elif lane.state is State.FAILED and lane.contract.bisects and len(due.positions) > 1:
        sentence = (
            f"request {backoff.request_id} with {in_words(due.positions)} backs off instead of being split"
        )
        lane.tell("not-bisected", sentence, due.sent, due.ended, line)


def judge_split(lane: Lane, number: int, split: Split) -> None:
    """The failed batch becomes two due batches, the older first."""
    line = (number, split)
    due = lane.top
    if lane.strange(line, f"request {split.request_id} is split") or due is None:
        return
    positions, half = due.positions, len(due.positions) // 2
    uneven = not half or split.at != positions[half]
    if uneven or not lane.contract.bisects or due.request_id != split.request_id:
        _tell_split(lane, line, split, due)
    if half:
        cut = positions.index(split.at) if split.at in positions[1:] else half
        lane.due[-1:] = [Due(positions[cut:], line, cut_from=due), Due(positions[:cut], line, cut_from=due)]
        lane.ready()


def _tell_split(lane: Lane, line: Line, split: Split, due: Due) -> None:
    positions, half = due.positions, len(due.positions) // 2
    what = f"request {split.request_id} with {in_words(positions)} is split"
    if not lane.contract.bisects:
        sentence = f"{what} without BisectBatchOnFunctionError"
    elif due.request_id != split.request_id:
        sentence = f"request {split.request_id} is split, but {due.request_id} is the one that failed"
    elif not half:
        sentence = f"{what}, which one record cannot be"
    else:
        sentence = f"{what} at record {split.at} instead of {positions[half]}"
    lane.tell("split-uneven", sentence, due.sent, due.ended, line)


def judge_discard(lane: Lane, number: int, discard: Discard) -> None:
    """Records are given up: rightly, under their batch's id, with the right count, and told to the right place."""
    line = (number, discard)
    what = f"the discard of {in_words(discard.positions)}"
    if (discard.destination is not None) != lane.contract.has_destination:
        where = "nowhere" if discard.destination is None else f"to {discard.destination}"
        configured = "a" if lane.contract.has_destination else "no"
        lane.tell(
            "undelivered-first", f"{what} goes {where}, but the mapping has {configured} destination", line
        )
    lane.strange(line, f"{what} comes")
    due = lane.top
    if due is not None and not overlap(due.positions, discard.positions):
        sentence = f"{what} passes over {in_words(due.positions)}, which must be next"
        lane.tell("skip", sentence, due.sent, due.ended, due.because, line)
        due = None
    if due is None or due.request_id is None:
        lane.ids.remember(discard.request_id, line)
    elif due.request_id != discard.request_id:
        sentence = f"{what} names request {discard.request_id}, but they were sent as {due.request_id}"
        lane.tell("id-changed", sentence, due.sent, line)
    if discard.condition == "RetryAttemptsExhausted":
        _check_exhausted(lane, line, discard, due)
    else:
        _check_too_old(lane, line, discard, due)
    lane.drop(discard.positions, line)
    lane.ended = line


def _check_exhausted(lane: Lane, line: Line, discard: Discard, due: Due | None) -> None:
    contract = lane.contract
    what = f"{in_words(discard.positions)} given up"
    if due is None or due.ended is None or not same(due.positions, discard.positions):
        sentence = f"{what} as exhausted, which is not the batch that failed"
        lane.tell("under-retried", sentence, lane.sent, lane.ended, line)
    elif contract.bisects and len(due.positions) > 1:
        lane.tell("not-bisected", f"{what} in one piece instead of being split", due.sent, due.ended, line)
    elif contract.attempts is None or due.counted < contract.attempts or due.refused:
        allowed = "any number" if contract.attempts is None else contract.attempts
        sentence = f"{what} after counted attempt {due.counted} of {allowed}"
        lane.tell("under-retried", sentence, due.sent, due.ended, line)
    elif discard.attempts != due.counted:
        sentence = f"{what} after counted attempt {due.counted}, the document says {discard.attempts}"
        lane.tell("under-retried", sentence, due.sent, due.ended, line)


def _check_too_old(lane: Lane, line: Line, discard: Discard, due: Due | None) -> None:
    """Counts attempts at least as 1; a last one that did not count may be in the document or not, nobody recorded it."""
    what = f"{in_words(discard.positions)} given up"
    limit = lane.contract.maximum_age
    if limit is None:
        lane.tell("age", f"{what} by age, which MaximumRecordAgeInSeconds does not limit", line)
    else:
        known, arrived = _known_arrival(lane, due, discard.positions[-1])
        age = discard.t - arrived
        if known is not None and age < limit:
            sentence = f"{what} by age at {show_duration(age)} at most, before {show_duration(limit)}"
            lane.tell("age", sentence, known, line)
    counted = due.counted if due is not None else 0
    uncounted = 1 if due is not None and due.refused else 0
    if not max(1, counted) <= discard.attempts <= max(1, counted + uncounted):
        sentence = f"{what} after counted attempt {counted}, the document says {discard.attempts}"
        lane.tell("under-retried", sentence, due.sent if due is not None else None, line)


def _known_arrival(lane: Lane, due: Due | None, position: int) -> tuple[Line | None, int]:
    """The request that tells when a record arrived at the earliest, for no later record arrives before an older one."""
    if due is not None and due.youngest is not None and position >= due.positions[-1]:
        return due.sent, due.youngest
    sent = lane.sent
    if sent is not None and position >= sent[1].positions[-1]:
        return sent, sent[1].t - sent[1].iterator_age
    return None, 0


def judge_expired(lane: Lane, number: int, expired: Expired) -> None:
    """The stream has dropped the records: they are finished, and a batch that held some has changed."""
    line = (number, expired)
    lane.strange(line, f"retention ends for {in_words(expired.positions)}")
    lane.drop(expired.positions, line)


def judge_filtered(lane: Lane, number: int, filtered: Filtered) -> None:
    """The records match no filter: they are finished without having been in a batch."""
    line = (number, filtered)
    if not lane.contract.filters:
        sentence = f"{in_words(filtered.positions)} filtered out without FilterCriteria"
        lane.tell("out-of-place", sentence, line)
    if lane.touches(filtered.positions):
        lane.tell(
            "out-of-place",
            f"{in_words(filtered.positions)} filtered out of a batch already formed",
            lane.sent,
            line,
        )
    elif not lane.finish(filtered.positions):
        sentence = f"{in_words(filtered.positions)} filtered out after having been finished"
        lane.tell("out-of-place", sentence, line)
