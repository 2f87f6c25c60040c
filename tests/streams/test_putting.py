"""Producers that put: what is in the stream in the end, in which order, and what it took."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsim.model.units import MIB, MILLISECOND, SECOND
from streamsim.streams.producing.putting import LostAnswers, Putting
from streamsim.streams.producing.writing import BYTES_PER_SECOND, RECORDS_PER_SECOND
from tests.streams import naively
from tests.streams.puts import Made, entered, put, total

#: Calls of one record, at once, whose answer takes 20 ms; the wait after a failure is a second, then two.
ALONE = Putting(records=1, linger=0, jitter=False)
ORDERED = Putting(records=1, linger=0, ordered=True, jitter=False)

FULL: Made = (0, "filler", MIB - 1000)  # leaves 1,000 bytes of the first second
V1: Made = (500, "cart-7", 2000)
V2: Made = (600, "cart-7", 100)
OTHER: Made = (610, "cart-8", 100)


@pytest.mark.parametrize(
    ("made", "putting", "stream"),
    [
        pytest.param(
            [(0, "a", 9), (60, "b", 9), (100, "c", 9), (101, "d", 9)],
            Putting(),
            [(100, 0), (100, 1), (100, 2), (201, 3)],
            id="records wait 100 ms for others, and go together",
        ),
        pytest.param(
            [(0, "a", 9), (60, "b", 9), (70, "c", 9)],
            Putting(records=2),
            [(60, 0), (60, 1), (170, 2)],
            id="a call that is full does not wait",
        ),
        pytest.param(
            [(0, "a", 9 * MIB), (10, "b", 2 * MIB), (20, "c", MIB // 2)],
            Putting(latency=0, attempts=20, jitter=False, base=SECOND, cap=SECOND),
            [(10, 0), (9110, 1), (11110, 2)],
            id="a call holds 10 MiB; 9 MiB keep the shard busy for nine seconds",
        ),
        pytest.param(
            [(0, "a", 9), (0, "b", 9), (5, "c", 9), (9, "d", 9)],
            Putting(records=1, linger=0, in_flight=1),
            [(0, 0), (20, 1), (40, 2), (60, 3)],
            id="with one call in flight, 20 ms a call are 50 calls a second",
        ),
        pytest.param(
            [(0, "a", 9), (0, "b", 9), (5, "c", 9), (9, "d", 9)],
            Putting(linger=0, in_flight=1),
            [(0, 0), (0, 1), (20, 2), (20, 3)],
            id="a PutRecords call takes what has gathered meanwhile",
        ),
        pytest.param(
            [FULL, V1, V2, OTHER],
            ALONE,
            [(0, 0), (600, 2), (610, 3), (1520, 1)],
            id="v1 is refused and sent again, and v2 overtakes it",
        ),
        pytest.param(
            [FULL, V1, V2, OTHER],
            ORDERED,
            [(0, 0), (610, 3), (1520, 1), (1540, 2)],
            id="in the order of the key, v2 waits for v1, and other keys do not",
        ),
        pytest.param(
            [(0, "a", 9), (1, "a", 9), (2, "b", 9), (3, "c", 9)],
            Putting(records=1, linger=0, ordered=True, in_flight=1),
            [(0, 0), (20, 1), (40, 2), (60, 3)],
            id="of the records whose keys have nothing on their way, the oldest goes first",
        ),
        pytest.param(
            [FULL, V1, V2],
            Putting(records=1, linger=0, attempts=1),
            [(0, 0), (600, 2)],
            id="who sends once only gives up what is refused",
        ),
        pytest.param(
            [FULL, V1, V2],
            Putting(records=1, linger=0, ordered=True, attempts=1),
            [(0, 0), (600, 2)],
            id="what is given up does not hold up its key",
        ),
        pytest.param(
            [FULL, (200, "a", 2000), (210, "b", 100), (220, "c", 100)],
            Putting(jitter=False),
            [(100, 0), (300, 2), (300, 3), (1320, 1)],
            id="of a call only what was refused is sent again",
        ),
        pytest.param(
            [FULL, (200, "a", 2000), (210, "b", 100), (220, "c", 100)],
            Putting(jitter=False, resend_all=True),
            [(100, 0), (300, 2), (300, 3), (1320, 1), (1320, 2), (1320, 3)],
            id="or all of it, and what was taken is there twice",
        ),
        pytest.param(
            [(-5, "a", MIB), (-1, "b", MIB), (0, "c", 9)],
            ALONE,
            [(-5, 0), (-1, 1), (0, 2)],
            id="what was made before the start is there already, whatever the limits",
        ),
        pytest.param([], Putting(), [], id="who makes nothing puts nothing"),
    ],
)
def test_what_is_in_the_stream(made: list[Made], putting: Putting, stream: list[tuple[float, int]]) -> None:
    assert entered(put(made, putting)) == stream


def test_a_producer_tells_of_its_trouble_when_it_is_over_and_of_the_rest_at_its_end() -> None:
    written = put([FULL, V1, V2, (5000, "cart-7", 100)], ALONE)
    told = [
        (one.t // MILLISECOND, one.records, one.calls, one.throttled, one.retried, one.overtaken, one.delay)
        for one in written.told
    ]
    assert told == [(1540, 3, 4, 1, 1, 1, 1_020_000), (5020, 1, 1, 0, 0, 0, 0)]


def test_a_producer_without_records_tells_so() -> None:
    assert [one[2:] for one in put([(-1, "a", 9)], Putting()).told] == [(0,) * 8]


def test_an_answer_that_is_lost_puts_a_record_twice() -> None:
    lost = LostAnswers(0, 200 * MILLISECOND, 1.0, SECOND)
    written = put([(0, "a", 9), (200, "a", 9)], ALONE, lost=[lost])
    # Sent at 0, given up waiting at 1 s, sent again a second later.
    assert entered(written) == [(0, 0), (200, 1), (2000, 0)]
    assert (total(written).duplicated, total(written).given_up, total(written).overtaken) == (1, 0, 0)


def test_a_record_that_got_in_is_not_given_up_though_its_producer_thinks_so() -> None:
    written = put([(0, "a", 9)], ALONE, lost=[LostAnswers(0, 1 << 62, 1.0, SECOND)])
    assert len(entered(written)) == 3
    assert (total(written).duplicated, total(written).given_up) == (2, 0)


def test_waits_with_jitter_are_up_to_the_wait_without() -> None:
    made = [FULL, *((10.0 * n, f"k{n}", 2000) for n in range(1, 80))]
    putting = Putting(records=1, linger=0, attempts=2, base=500 * MILLISECOND, in_flight=1000)
    spans = [at - made[number][0] - 20 for at, number in entered(put(made, putting)) if at != made[number][0]]
    assert len(spans) > 3
    assert all(0 <= span < 500 for span in spans)
    assert put(made, putting, seed=8) != put(made, putting, seed=7) == put(made, putting, seed=7)


sizes = st.sampled_from([10, 100, 2000, MIB // 5, MIB // 2, MIB])
mades = st.lists(
    st.tuples(st.integers(0, 120), st.sampled_from("abc"), sizes, st.integers(1, 3)), max_size=30
)
puttings = st.builds(
    Putting,
    records=st.integers(1, 6),
    linger=st.sampled_from([0, 10, 100]).map(lambda ms: ms * MILLISECOND),
    in_flight=st.integers(1, 5),
    latency=st.sampled_from([1, 20]).map(lambda ms: ms * MILLISECOND),
    attempts=st.integers(1, 5),
    base=st.sampled_from([7, 300]).map(lambda ms: ms * MILLISECOND),
    cap=st.sampled_from([500, 1000]).map(lambda ms: ms * MILLISECOND),
    jitter=st.just(False),
    resend_all=st.booleans(),
)


def in_time(gaps: list[tuple[int, str, int, int]]) -> list[Made]:
    """Bursts of records, one after the other."""
    made: list[Made] = []
    at = 0
    for gap, key, size, count in gaps:
        at += gap
        made += [(at, key, size)] * count
    return made


@settings(max_examples=150)
@given(mades, puttings, st.booleans(), st.integers(1, 3))
def test_a_run_is_what_a_naive_one_comes_to(
    gaps: list[tuple[int, str, int, int]], putting: Putting, ordered: bool, shards: int
) -> None:
    if ordered:
        putting = Putting(
            1, 0, True, putting.in_flight, putting.latency, putting.attempts, putting.base, putting.cap, False
        )
    made = in_time(gaps)
    written = put(made, putting, shards)
    naive = naively.run(made, putting, shards)
    assert {number: entered(written, number) for number in written.shards} == naive.shards
    whole = total(written)
    assert (whole.calls, whole.throttled, whole.retried, whole.given_up) == (
        naive.calls,
        naive.throttled,
        naive.retried,
        len(naive.given_up),
    )
    in_stream = [number for held in written.shards.values() for number in held.numbers]
    assert len(set(in_stream)) + whole.given_up == len(made) == whole.records
    assert len(in_stream) - len(set(in_stream)) == whole.duplicated
    for held in written.shards.values():
        assert list(held.arrivals) == sorted(held.arrivals)
        for first, at in enumerate(held.arrivals):
            second = [
                number
                for when, number in zip(held.arrivals[first:], held.numbers[first:], strict=True)
                if when < at + SECOND
            ]
            assert len(second) <= RECORDS_PER_SECOND
            assert sum(made[number][2] for number in second) <= BYTES_PER_SECOND


@settings(max_examples=60)
@given(mades, puttings)
def test_one_record_of_a_key_at_a_time_keeps_the_order_of_every_key(
    gaps: list[tuple[int, str, int, int]], putting: Putting
) -> None:
    made = in_time(gaps)
    ordered = Putting(1, 0, True, putting.in_flight, putting.latency, 1 + putting.attempts, putting.base)
    written = put(made, ordered, 2)
    assert total(written).overtaken == 0
    for held in written.shards.values():
        for key in "abc":
            own = [number for number in held.numbers if made[number][1] == key]
            assert own == sorted(own)
