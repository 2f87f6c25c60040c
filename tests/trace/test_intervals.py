"""The set of finished positions against a plain set."""

from hypothesis import given
from hypothesis import strategies as st

from streamsim.model.batch import Positions, as_ranges, from_ranges
from streamsim.trace.oracle.intervals import Finished

END = 60
LOW = st.integers(0, 5)
scattered = st.sets(st.integers(0, END - 1), min_size=1, max_size=12).map(lambda found: tuple(sorted(found)))
contiguous = st.builds(
    lambda first, size: range(first, min(END, first + size)), st.integers(0, END - 1), st.integers(1, 12)
)
pieces: st.SearchStrategy[Positions] = contiguous | scattered | scattered.map(as_ranges).map(from_ranges)


@given(LOW, st.lists(pieces, max_size=15), st.integers(0, END), pieces)
def test_it_is_a_set(low: int, added: list[Positions], position: int, others: Positions) -> None:
    finished = Finished(low)
    plain = set(range(low))
    for positions in added:
        before = len(plain)
        plain.update(positions)
        assert finished.add(positions) == len(plain) - before
    gaps = [p for p in range(END + 1) if p not in plain]
    assert finished.low == gaps[0]
    assert finished.next_gap(position) == next(p for p in gaps if p >= position)
    assert finished.has_any(others) == (not plain.isdisjoint(others))
    missing = [p for p in gaps if p < END]
    assert [p for piece in finished.missing(END) for p in piece] == missing
    assert [[piece[0], piece[-1]] for piece in finished.missing(END)] == as_ranges(tuple(missing))


def test_memory_is_that_of_the_gaps() -> None:
    finished = Finished(0)
    for first in range(0, 100_000, 100):
        finished.add(range(first + 50, first + 100))
        finished.add(range(first, first + 50))
    assert (finished.low, len(finished.starts)) == (100_000, 0)
    for first in range(100_001, 102_001, 2):
        finished.add(range(first, first + 1))
    assert len(finished.starts) == 1000
    for first in range(100_000, 102_000, 2):
        finished.add(range(first, first + 1))
    assert (finished.low, len(finished.starts)) == (102_000, 0)
