"""Draws that must mean the same on every machine, and be the distribution they claim to be."""

import math

import numpy as np

from streamsim.engine.chance import Chance, Uuids, key
from streamsim.engine.draws import exponentials, words


def test_words_belong_to_their_name_for_ever() -> None:
    """These literals are the contract: a change here changes every scenario's outcome."""
    assert words(3, 7, "arrivals", "shardId-000000000000", 0).tolist() == [
        15710545630070764044,
        1262559157773488418,
        9383046973949834895,
    ]
    assert key(7, "a", 1) != key(7, "a", 2) != key(8, "a", 2)


def test_exponentials_follow_the_distribution() -> None:
    draws = exponentials(words(1 << 20, 1, "test"))
    assert abs(draws.mean() - 1) < 0.003
    assert abs(draws.var() - 1) < 0.01
    for quantile in (0.01, 0.5, 0.9, 0.999, 0.9999):
        assert math.isclose(np.quantile(draws, quantile), -math.log1p(-quantile), rel_tol=0.02)


def test_exponentials_have_a_tail_beyond_their_table() -> None:
    top = np.array([(1 << 64) - 1, 1023 << 54, (1022 << 54) | (1 << 52)], dtype=np.uint64)
    largest, edge, below = exponentials(top).tolist()
    assert largest > 30
    assert math.isclose(edge, math.log(1024))
    assert below < edge


def test_a_chance_is_a_uniform_draw_and_its_own_sequence() -> None:
    one, same, other = (Chance(7, name) for name in ("a", "a", "b"))
    draws = [one.below_one() for _ in range(10_000)]
    assert draws == [same.below_one() for _ in range(10_000)]
    assert draws[0] != other.below_one()
    assert 0 <= min(draws) < 0.001
    assert 0.999 < max(draws) < 1
    assert abs(sum(draws) / len(draws) - 0.5) < 0.01


def test_uuids_are_version_4_and_do_not_repeat() -> None:
    sequence = Uuids(7, "request id")
    uuids = [sequence.next() for _ in range(1000)]
    assert len(set(uuids)) == 1000
    assert all(len(uuid) == 36 and uuid[14] == "4" and uuid[19] == "a" for uuid in uuids)
    assert uuids[0] == "a6092d58-3c43-44e5-ad60-eff9263135b0"
