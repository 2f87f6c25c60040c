"""Whatever a mapping may do, the oracle lets it do."""

import io
from collections import Counter

import pytest

from streamsim.trace.ndjson import TraceWriter, read_trace
from streamsim.trace.oracle import Oracle
from tests.trace.legal import legal_trace


@pytest.mark.parametrize("seed", range(300))
def test_nothing_is_said_of_a_legal_trace(seed: int) -> None:
    header, events = legal_trace(seed)
    oracle = Oracle(header)
    for event in events:
        oracle(event)
    assert oracle.finish() == []
    assert oracle.events == len(events)


def test_legal_traces_show_every_kind_of_event_and_outcome() -> None:
    seen: Counter[str] = Counter()
    for seed in range(60):
        for event in legal_trace(seed)[1]:
            seen[type(event).__name__] += 1
            for word in ("outcome", "condition"):
                seen[getattr(event, word, "")] += 1
    missing = {
        *(
            "ShardOpen",
            "Invoke",
            "Result",
            "Backoff",
            "Split",
            "Discard",
            "Expired",
            "Filtered",
            "Checkpoint",
        ),
        *("CaughtUp", "ShardEnd", "Fault", "RetryAttemptsExhausted", "RecordAgeExceeded"),
        *("success", "partial", "error", "timeout", "throttled", "too_large", "fault"),
    } - set(seen)
    assert not missing


@pytest.mark.parametrize("seed", range(20))
def test_a_legal_trace_survives_the_disk(seed: int) -> None:
    header, events = legal_trace(seed)
    file = io.StringIO()
    writer = TraceWriter(file, header)
    for event in events:
        writer(event)
    again, read = read_trace(io.BytesIO(file.getvalue().encode()))
    assert (again, list(read)) == (header, events)
