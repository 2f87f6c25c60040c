"""Whatever a mapping may do, the oracle lets it do."""

import io
from collections import Counter
from collections.abc import Callable
from typing import get_args

import pytest

from streamsim.model.events import Event
from streamsim.trace.format.header import Header
from streamsim.trace.format.ndjson import TraceWriter, read_trace
from streamsim.trace.oracle.oracle import Oracle
from tests.trace.legal import legal_trace
from tests.trace.lively import lively_trace

LEGAL = [legal_trace, lively_trace]


@pytest.mark.parametrize("legal", LEGAL)
@pytest.mark.parametrize("seed", range(200))
def test_nothing_is_said_of_a_legal_trace(
    legal: Callable[[int], tuple[Header, list[Event]]], seed: int
) -> None:
    header, events = legal(seed)
    oracle = Oracle(header)
    for event in events:
        oracle(event)
    assert oracle.finish() == []
    assert oracle.events == len(events)


def test_legal_traces_show_every_kind_of_event_and_outcome() -> None:
    seen: Counter[str] = Counter()
    for seed in range(60):
        for event in legal_trace(seed)[1] + lively_trace(seed)[1]:
            seen[type(event).__name__] += 1
            for word in ("outcome", "condition", "state"):
                seen[getattr(event, word, "")] += 1
    outcomes = {"success", "partial", "error", "timeout", "throttled", "too_large", "fault"}
    conditions = {"RetryAttemptsExhausted", "RecordAgeExceeded", "RetriesExhausted", "EventAgeExceeded"}
    states = {"Creating", "Enabled", "Updating", "Disabling", "Disabled", "Enabling"}
    kinds = {kind.__name__ for kind in get_args(Event)}
    missing = (outcomes | conditions | states | kinds) - set(seen)
    assert not missing


@pytest.mark.parametrize("legal", LEGAL)
@pytest.mark.parametrize("seed", range(20))
def test_a_legal_trace_survives_the_disk(
    legal: Callable[[int], tuple[Header, list[Event]]], seed: int
) -> None:
    header, events = legal(seed)
    file = io.StringIO()
    writer = TraceWriter(file, header)
    for event in events:
        writer(event)
    again, read = read_trace(io.BytesIO(file.getvalue().encode()))
    assert (again, list(read)) == (header, events)
