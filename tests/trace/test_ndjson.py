"""Traces survive the disk, and a line that cannot be read is named by its number."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsim.model.batch import Positions, as_ranges, from_ranges
from streamsim.model.events import (
    Backoff,
    CaughtUp,
    Checkpoint,
    Discard,
    Event,
    EventLost,
    Expired,
    Fault,
    Filtered,
    Invoke,
    Produced,
    Request,
    Reshard,
    Response,
    Result,
    ShardEnd,
    ShardOpen,
    ShardStop,
    Split,
    StateChange,
    Update,
    WindowClose,
    WindowLost,
)
from streamsim.trace.format.decoding import decode_event, decode_header
from streamsim.trace.format.encoding import encode_event, encode_header
from streamsim.trace.format.header import Header
from streamsim.trace.format.ndjson import TraceError, TraceWriter, create_trace, read_trace

naturals = st.integers(0, 2**60)
counts = st.integers(1, 2**40)
times = st.integers(-(2**60), 2**60)
words = st.text(st.characters(), max_size=20)
scattered = st.sets(st.integers(0, 40), min_size=1).map(
    lambda found: from_ranges(as_ranges(tuple(sorted(found))))
)
contiguous = st.builds(lambda first, size: range(first, first + size), naturals, st.integers(1, 10**7))
positions: st.SearchStrategy[Positions] = contiguous | scattered
place = (times, words, words)
lane = (*place, naturals)

windows = st.tuples(times, st.integers(1, 900 * 10**6)).map(lambda window: (window[0], window[0] + window[1]))
conditions = st.sampled_from(["RetryAttemptsExhausted", "RecordAgeExceeded"])
ending = (counts, st.none() | words, st.booleans())
shards = st.lists(words, max_size=3).map(tuple)
call = (times, words, words, words)

events: st.SearchStrategy[Event] = st.one_of(
    st.builds(ShardOpen, *place, st.lists(words, max_size=2).map(tuple), naturals, naturals),
    st.builds(Invoke, *lane, words, counts, positions, words, words, naturals, times, st.none() | windows),
    st.builds(
        Result,
        *lane,
        words,
        counts,
        st.sampled_from(["success", "error", "timeout", "throttled", "too_large", "fault"]),
        naturals,
        st.none(),
        st.none() | words,
        st.none() | naturals,
    ),
    st.builds(
        Result,
        *lane,
        words,
        counts,
        st.just("partial"),
        naturals,
        naturals,
        st.none() | words,
        st.none() | naturals,
    ),
    st.builds(Backoff, *lane, words, times),
    st.builds(Split, *lane, words, naturals),
    st.builds(Discard, *lane, words, conditions, positions, *ending),
    st.builds(ShardStop, *place, naturals, st.booleans()),
    windows.flatmap(
        lambda window: st.one_of(
            st.builds(
                WindowClose,
                *lane,
                words,
                counts,
                st.just(window[0]),
                st.just(window[1]),
                st.booleans(),
                naturals,
                naturals,
            ),
            st.builds(WindowLost, *lane, words, conditions, st.just(window[0]), st.just(window[1]), *ending),
        )
    ),
    st.builds(
        Update,
        times,
        words,
        st.dictionaries(words, st.integers() | st.booleans() | st.lists(words, max_size=2)),
    ),
    st.builds(StateChange, times, words, words, words),
    st.builds(Reshard, times, words, words, shards, shards),
    st.builds(Produced, times, words, *[naturals] * 8),
    st.builds(Request, *call, counts, naturals),
    st.builds(
        Response,
        *call,
        counts,
        st.sampled_from(["success", "error", "throttled"]),
        naturals,
        st.none() | words,
        st.none() | naturals,
    ),
    st.builds(EventLost, *call, words, *ending),
    st.builds(Expired, *lane, positions),
    st.builds(Filtered, *lane, positions),
    st.builds(Checkpoint, *place, naturals, words),
    st.builds(CaughtUp, *lane),
    st.builds(ShardEnd, *place, naturals),
    st.builds(Fault, times, words, st.none() | times),
)

HEADER = Header(
    "A clean run", 7, mappings={"default": {"BatchSize": 4}}, account={"ConcurrentExecutions": 1000}
)
OPEN = ShardOpen(0, "default", "shardId-000000000000", (), 0, 3)
INVOKE = Invoke(1, "default", "shardId-000000000000", 0, "a", 1, range(3), "10", "12", 1, 5)
PARTIAL = Result(2, "default", "shardId-000000000000", 0, "a", 1, "partial", 1, 1)
END = ShardEnd(3, "default", "shardId-000000000000", 3)


def text_of(*lines: Event) -> str:
    file = io.StringIO()
    writer = TraceWriter(file, HEADER)
    for event in lines:
        writer(event)
    return file.getvalue()


@given(events)
def test_every_event_comes_back_as_it_was(event: Event) -> None:
    assert decode_event(encode_event(event)) == event


@given(events)
def test_a_line_is_what_a_json_encoder_would_write(event: Event) -> None:
    line = encode_event(event)
    assert json.dumps(json.loads(line), separators=(",", ":")) == line
    assert line.isascii()


@given(words, st.integers(), st.dictionaries(words, st.dictionaries(words, words | st.integers())))
def test_the_header_comes_back_as_it_was(
    scenario: str, seed: int, settings: dict[str, dict[str, Any]]
) -> None:
    header = Header(
        scenario, seed, mappings=settings, functions=settings, streams=settings, account={"a": [1]}
    )
    assert decode_header(encode_header(header)) == header


def test_a_trace_looks_like_this() -> None:
    assert text_of(INVOKE, PARTIAL) == (
        '{"format":1,"scenario":"A clean run","seed":7,"clock":"virtual","epoch":"2026-01-01T00:00:00.000Z",'
        '"mappings":{"default":{"BatchSize":4}},"functions":{},"streams":{},"account":{"ConcurrentExecutions":1000}}\n'
        '{"t":1,"event":"invoke","mapping":"default","shard":"shardId-000000000000","lane":0,"request_id":"a",'
        '"attempt":1,"records":[[0,2]],"count":3,"first_sequence_number":"10","last_sequence_number":"12",'
        '"concurrency":1,"iterator_age":5}\n'
        '{"t":2,"event":"result","mapping":"default","shard":"shardId-000000000000","lane":0,"request_id":"a",'
        '"attempt":1,"outcome":"partial","duration":1,"failed_from":1}\n'
    )


@pytest.mark.parametrize("name", ["trace.ndjson", "trace.ndjson.gz"])
def test_a_file_comes_back_as_it_was_and_twice_the_same(name: str, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    for path in (tmp_path / name, tmp_path / "again" / name):
        with create_trace(path, HEADER) as sink:
            for event in (OPEN, INVOKE, PARTIAL, END):
                sink(event)
    header, read = read_trace(tmp_path / name)
    assert header == HEADER
    assert list(read) == [OPEN, INVOKE, PARTIAL, END]
    assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert (tmp_path / name).read_bytes().startswith(b"\x1f\x8b") == name.endswith(".gz")


def test_an_open_file_is_read_compressed_or_not_and_left_open() -> None:
    plain = text_of(OPEN, END).encode()
    for content in (plain, gzip.compress(plain), plain.removesuffix(b"\n")):
        file = io.BytesIO(content)
        assert list(read_trace(file)[1]) == [OPEN, END]
        assert not file.closed


def test_fields_nobody_asked_for_are_ignored() -> None:
    assert decode_event(encode_event(INVOKE)[:-1] + ',"colour":"green"}') == INVOKE


def edited(event: Event, /, **fields: Any) -> str:
    return json.dumps({**json.loads(encode_event(event)), **fields})


def without(event: Event, field: str) -> str:
    document = json.loads(encode_event(event))
    del document[field]
    return json.dumps(document)


BAD_LINES = {
    "not JSON": ("{t:1}", "not JSON: Expecting property name enclosed in double quotes at column 2"),
    "NaN is not JSON": ('{"t":NaN}', "not JSON: NaN is no number"),
    "a list": ("[1,2]", "not a JSON object: [1, 2]"),
    "too deep": ("[" * 100_000, "not JSON: nested too deeply"),
    "nothing": ("", "an empty line"),
    "no event": (without(INVOKE, "event"), 'no "event"'),
    "an unknown event": (
        edited(INVOKE, event="invoked"),
        '"event" is "invoked", which is none of shard_open, ',
    ),
    "an event that is no name": (
        edited(INVOKE, event=["x"]),
        '"event" is ["x"], which is none of shard_open, ',
    ),
    "no time": (without(INVOKE, "t"), 'no "t"'),
    "a time with a fraction": (edited(INVOKE, t=1.5), '"t" is 1.5, not an integer'),
    "a flag for a number": (edited(INVOKE, t=True), '"t" is true, not an integer'),
    "no records": (without(INVOKE, "records"), 'no "records"'),
    "empty records": (
        edited(INVOKE, records=[]),
        '"records" is [], not a non-empty list of [first, last] pairs',
    ),
    "a range of three": (
        edited(INVOKE, records=[[1, 2, 3]]),
        "not a list of [first, last] pairs of integers",
    ),
    "a range of flags": (
        edited(INVOKE, records=[[False, True]]),
        "not a list of [first, last] pairs of integers",
    ),
    "a range backwards": (edited(INVOKE, records=[[2, 1]]), '"records" is not ascending at [2, 1]'),
    "ranges that overlap": (
        edited(INVOKE, records=[[0, 2], [2, 3]]),
        '"records" is not ascending at [2, 3]',
    ),
    "ranges out of order": (
        edited(INVOKE, records=[[4, 5], [0, 1]]),
        '"records" is not ascending at [0, 1]',
    ),
    "a negative position": (
        edited(INVOKE, records=[[-1, 1]]),
        '"records" begins at -1; positions count from 0',
    ),
    "another count": (edited(INVOKE, count=4), '"count" is 4, but "records" holds 3'),
    "far too many scattered records": (
        edited(INVOKE, records=[[0, 10**12], [10**13, 10**13]]),
        "must be one range",
    ),
    "a batch beyond all measure": (
        edited(INVOKE, records=[[0, 10**9]], count=10**9 + 1),
        "more than any batch",
    ),
    "a position beyond all measure": (edited(INVOKE, records=[[0, 2**64]]), "beyond any shard"),
    "an attempt before the first": (edited(INVOKE, attempt=0), '"attempt" is 0, not an integer of 1 or more'),
    "a negative lane": (edited(INVOKE, lane=-1), '"lane" is -1, not an integer of 0 or more'),
    "a number for an id": (edited(INVOKE, request_id=7), '"request_id" is 7, not a string'),
    "an unknown outcome": (
        edited(PARTIAL, outcome="fine"),
        '"outcome" is "fine", not one of error, fault, partial, success, throttled, timeout, too_large',
    ),
    "a partial result without its record": (without(PARTIAL, "failed_from"), 'no "failed_from"'),
    "parents that are no list": (edited(OPEN, parents="a"), '"parents" is "a", not a list of strings'),
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_is_named_by_its_number(name: str) -> None:
    line, problem = BAD_LINES[name]
    _, read = read_trace(io.BytesIO((text_of(OPEN) + line + "\n" + encode_event(END) + "\n").encode()))
    assert next(read) == OPEN
    with pytest.raises(TraceError) as raised:
        next(read)
    assert raised.value.line == 3
    assert problem in raised.value.problem


BAD_HEADERS = {
    "an empty file": (b"", "the trace is empty"),
    "an event first": (encode_event(OPEN).encode() + b"\n", 'no "format": not the first line of a trace'),
    "another format": (b'{"format":2}\n', '"format" is 2; this version reads format 1'),
    "no scenario": (b'{"format":1,"seed":1,"clock":"real"}\n', 'no "scenario"'),
    "an unknown clock": (b'{"format":1,"clock":"sun"}\n', '"clock" is "sun", neither "virtual" nor "real"'),
    "mappings that are no objects": (
        encode_header(HEADER).replace('{"BatchSize":4}', "4").encode() + b"\n",
        '"mappings" is {"default": 4}, not an object of objects',
    ),
    "not UTF-8": (b'{"scenario":"\xff"}\n', "not UTF-8: invalid start byte at byte 13"),
    "broken off": (encode_header(HEADER)[:30].encode(), "the last line breaks off (not JSON: "),
    "broken off in a text": (b'{"a": "', "(not JSON: Unterminated string starting at column 7)"),
    "damaged compression": (
        gzip.compress(encode_header(HEADER).encode())[:-9],
        "the compressed file is damaged: ",
    ),
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_a_bad_header_is_refused_at_once(name: str) -> None:
    content, problem = BAD_HEADERS[name]
    with pytest.raises(TraceError) as raised:
        read_trace(io.BytesIO(content))
    assert raised.value.line == 1
    assert problem in raised.value.problem


def test_a_last_line_that_breaks_off_is_named() -> None:
    _, read = read_trace(io.BytesIO(text_of(OPEN, END).encode()[:-20]))
    with pytest.raises(TraceError, match=r"line 3: the last line breaks off \(not JSON: "):
        list(read)


def test_time_does_not_go_back() -> None:
    _, read = read_trace(io.BytesIO(text_of(OPEN, PARTIAL, INVOKE).encode()))
    with pytest.raises(TraceError, match="line 4: time goes back from 2 to 1"):
        list(read)


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_trace(tmp_path / "none.ndjson")
