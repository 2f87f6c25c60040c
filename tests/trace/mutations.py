"""Planted faults: each takes a trace that keeps the contract and breaks one guarantee, as a faulty engine would.

`MUTATIONS[kind](header, events)` is a new list of events of which the oracle must report `kind`, or None when the
trace has no place for it. Where a trace offers several places, its length chooses. Kinds in `ALONE` bring no other
violation with them; the others cannot but break more (a batch sent out of turn, say, moves all that follow).
"""

from collections.abc import Callable
from typing import Final

from streamsim.trace.format.header import Header
from streamsim.trace.oracle.violation import Kind
from tests.trace import order_mutations as order
from tests.trace import retry_mutations as retries
from tests.trace.planting import Events

Mutation = Callable[[Header, Events], Events | None]

MUTATIONS: Final[dict[Kind, Mutation]] = {
    "lost": order.lost,
    "nonmonotonic-delivery": order.nonmonotonic_delivery,
    "skip": order.skip,
    "checkpoint-ahead": order.checkpoint_ahead,
    "checkpoint-back": order.checkpoint_back,
    "two-in-flight": order.two_in_flight,
    "id-changed": retries.id_changed,
    "id-reused": retries.id_reused,
    "attempt-misnumbered": retries.attempt_misnumbered,
    "over-retried": retries.over_retried,
    "under-retried": retries.under_retried,
    "not-bisected": retries.not_bisected,
    "split-uneven": retries.split_uneven,
    "too-early": retries.too_early,
    "age": retries.age,
    "undelivered-first": retries.undelivered_first,
    "over-limit": order.over_limit,
    "batch-too-large": order.batch_too_large,
    "child-before-parent": order.child_before_parent,
    "time-back": order.time_back,
    "out-of-place": order.out_of_place,
}

#: Kinds whose fault shows as nothing else.
ALONE: Final[frozenset[Kind]] = frozenset(MUTATIONS) - {
    "nonmonotonic-delivery",
    "skip",
    "two-in-flight",
    "not-bisected",
    "over-limit",
    "batch-too-large",
    "child-before-parent",
}
