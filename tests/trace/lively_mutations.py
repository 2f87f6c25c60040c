"""Planted faults in what surrounds batches: shards, updates, windows, other event sources.

`LIVELY[name]` is a kind and a mutation, as in `tests.trace.mutations`; several anomalies are of one kind.
"""

from typing import Final

from streamsim.trace.oracle.violation import Kind
from tests.trace import call_mutations as calls
from tests.trace import shard_mutations as shards
from tests.trace import window_mutations as windows
from tests.trace.mutations import Mutation

LIVELY: Final[dict[str, tuple[Kind, Mutation]]] = {
    "a batch is in no window": ("window-mixed", windows.window_forgotten),
    "a window is not aligned": ("window-mixed", windows.window_misaligned),
    "a batch is in the window before its own": ("window-mixed", windows.window_of_others),
    "a window nobody asked for": ("window-mixed", windows.window_without_setting),
    "a window is never closed": ("window-open", windows.window_never_closed),
    "a shard ends in a window": ("window-open", windows.window_open_at_the_end),
    "a window is closed before its last batch": ("window-order", windows.window_closed_too_soon),
    "a window is closed again too early": ("too-early", windows.close_too_early),
    "a window is closed again under another id": ("id-changed", windows.close_id_changed),
    "an attempt to close a window is misnumbered": ("attempt-misnumbered", windows.close_misnumbered),
    "a window is closed too often": ("over-retried", windows.close_over_retried),
    "a lost window is miscounted": ("under-retried", windows.window_lost_miscounted),
    "a lost window is told to the wrong place": ("undelivered-first", windows.window_lost_untold),
    "a shard goes on before its checkpoint": ("checkpoint-back", shards.reopened_behind),
    "a shard goes on beyond its checkpoint": ("lost", shards.reopened_ahead),
    "a shard is stopped in flight": ("out-of-place", shards.stopped_in_flight),
    "a stopped shard counts too few records": ("out-of-place", shards.stopped_miscounted),
    "a batch of a stopped shard": ("out-of-place", shards.sent_after_stop),
    "an update in flight": ("out-of-place", shards.updated_in_flight),
    "a disabled mapping goes on": ("out-of-place", shards.opened_while_disabled),
    "a state that cannot follow": ("out-of-place", shards.impossible_state),
    "a child is read before there is one": ("child-before-parent", shards.child_before_reshard),
    "a child is begun late": ("lost", shards.child_begins_late),
    "a child is left out": ("lost", shards.child_left_out),
    "a parent is stopped, its child read": ("child-before-parent", shards.parent_stopped),
    "a request counts one too many": ("over-limit", calls.request_overcounted),
    "a response comes twice": ("out-of-place", calls.response_twice),
    "a response never comes": ("lost", calls.response_missing),
    "an event is sent before its response": ("two-in-flight", calls.request_overtaken),
    "a call is repeated": ("over-retried", calls.call_repeated),
    "an event is sent four times": ("over-retried", calls.event_over_retried),
    "an event is given up at its first failure": ("under-retried", calls.event_given_up_too_soon),
    "an event is given up for its youth": ("age", calls.event_too_young),
    "an event is forgotten": ("lost", calls.event_forgotten),
    "a call has a used id": ("id-reused", calls.request_id_reused),
}
