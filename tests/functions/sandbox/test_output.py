"""A runtime's output as log events."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsim.functions.runtime import MAXIMUM_OUTPUT, Written
from streamsim.functions.sandbox.output import KEPT_END, MAXIMUM_EVENT, LogEvent, OutputParser, Transcript

NOW = 1_767_225_600_000_000


def record(text: bytes, kind: int = 0x03, at: int = NOW + 5) -> bytes:
    return b"\xa5\x5a\x00" + bytes([kind]) + len(text).to_bytes(4, "big") + at.to_bytes(8, "big") + text


def parsed(*pieces: bytes) -> list[tuple[int, bytes]]:
    parser = OutputParser()
    events = [event for piece in pieces for event in parser.feed(piece, NOW)]
    return [(at - NOW, text) for at, text in (*events, *parser.flush(NOW))]


# fmt: off
#   what is written                              its bytes                                              the events
OUTPUTS = [
    ("lines",                                    b"one\ntwo\n",                                         [(0, b"one"), (0, b"two")]),
    ("an empty line",                            b"one\n\ntwo\n",                                       [(0, b"one"), (0, b""), (0, b"two")]),
    ("a line without an end",                    b"one\ntwo",                                           [(0, b"one"), (0, b"two")]),
    ("a record of many lines",                   record(b"first\nsecond\n"),                            [(5, b"first\nsecond")]),
    ("an empty record",                          record(b""),                                           [(5, b"")]),
    ("a record that no line feed ends",          record(b"all") + b"then\n",                            [(5, b"all"), (0, b"then")]),
    ("a record amid a line",                     b"be" + record(b"all\n", 0x17) + b"fore\n",            [(5, b"all"), (0, b"before")]),
    ("text that is nearly a record",             b"\xa5\x5a\x00\x99 no\n",                              [(0, b"\xa5\x5a\x00\x99 no")]),
    ("the beginning of a record, and no more",   b"x\n\xa5\x5a",                                        [(0, b"x"), (0, b"\xa5\x5a")]),
    ("a record that breaks off",                 record(b"whole")[:-2],                                 [(5, b"who")]),
    ("a record within a record's text",          record(b"a" + record(b"b")),                           [(5, b"a" + record(b"b"))]),
]
# fmt: on


@pytest.mark.parametrize(
    ("data", "events"), [pytest.param(*rest, id=name.replace(" ", "_")) for name, *rest in OUTPUTS]
)
def test_events_of(data: bytes, events: list[tuple[int, bytes]]) -> None:
    assert parsed(data) == events


WHOLE = b"".join(data for _, data, _ in OUTPUTS[:8])


@given(st.lists(st.integers(0, len(WHOLE)), max_size=10))
def test_it_does_not_matter_how_the_bytes_are_cut(cuts: list[int]) -> None:
    edges = sorted({0, len(WHOLE), *cuts})
    assert parsed(*(WHOLE[a:b] for a, b in pairwise(edges))) == parsed(WHOLE)


@pytest.mark.parametrize("data", [b"x" * (MAXIMUM_EVENT + 3), record(b"x" * (MAXIMUM_EVENT + 3))])
def test_an_event_that_is_too_long_is_two(data: bytes) -> None:
    events = parsed(data[:1000], data[1000:])
    assert [len(text) for _, text in events] == [MAXIMUM_EVENT, 3]


def test_dates_do_not_go_back_and_none_is_before_the_beginning() -> None:
    transcript = Transcript()
    transcript.add([LogEvent(NOW - 9, b"a"), LogEvent(NOW + 7, b"b"), LogEvent(NOW + 2, b"c")])
    assert transcript.take(NOW) == ((Written(0, "a"), Written(7, "b"), Written(7, "c")), 0)
    assert transcript.take(NOW) == ((), 0)


@pytest.mark.parametrize("size", [1, 99, 5000])
def test_of_a_flood_the_first_and_the_last_are_kept_and_the_rest_is_counted(size: int) -> None:
    def text(number: int) -> str:
        return f"{number % 10}".rjust(size, ".")

    count = 2 * MAXIMUM_OUTPUT // size if size > 1 else 200_000
    transcript = Transcript()
    for start in range(0, count, 1000):
        stop = min(start + 1000, count)
        transcript.add([LogEvent(NOW, text(number).encode()) for number in range(start, stop)])
    written, lost = transcript.take(NOW)
    texts = [kept for _, kept in written]
    assert lost == (count - len(texts)) * (size + 1)
    assert sum(len(kept) + 1 for kept in texts) <= MAXIMUM_OUTPUT + KEPT_END + size
    assert len(texts) * 150 <= MAXIMUM_OUTPUT + 150 * KEPT_END
    whole = "".join(f"{text(number)}\n" for number in range(count - KEPT_END, count))
    assert "".join(f"{kept}\n" for kept in texts)[-KEPT_END:] == whole[-KEPT_END:]
