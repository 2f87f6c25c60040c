"""What one scenario came to on several backends: what must be the same there, and whether timing excuses what is not.

Knows which measures speak of records alone; draws nothing.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from streamsim.report.comparison.compared import Run
from streamsim.report.phrases import counted, found, measured, records, shard_name
from streamsim.scenario.real.timing import Reason
from streamsim.trace.measures.content import Content, Place, Sent

RETRIED: Final = "batches retried"
IDS: Final = "their request ids"

#: Measures that no clock moves.
_FIXED: Final = ("records", "shards", "order.per_key", "order.contract")

#: Measures that speak of records, in scenarios where no clock decides about them.
_OF_RECORDS: Final = ("FilteredOutEventCount", "delivered.at_least_once", "discarded", "expired", "skipped")

#: Both, in the order in which they are read.
CONTENT: Final = (
    "records", "shards", "FilteredOutEventCount", "discarded", "expired", "skipped", "delivered.at_least_once",
    "order.per_key", "order.contract",
)  # fmt: skip

Key = TypeVar("Key", bound=Hashable)

#: So many examples show what differs.
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Told:
    """A run on a backend, what it did with which records, and the options of `streamsim run` that choose the backend."""

    run: Run
    content: Content
    options: str = ""

    @property
    def backend(self) -> str:
        """Its name."""
        return str(self.run.settings["backend"])


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure by which backends differ, `examples` of it, and why timing may cause that; nothing excuses it without."""

    measure: str
    examples: Sequence[str]
    reasons: Sequence[str]


def retried(content: Content) -> int:
    """How many batches were sent more than once."""
    return len(content.retried)


def request_ids(content: Content) -> int:
    """How many request ids these batches had: one each, if all is well."""
    return len(set().union(*content.retried.values()))


def differences(told: Sequence[Told], reasons: Sequence[Reason]) -> list[Difference]:
    """Whatever speaks of records and is not the same on all backends; at least one, the first is what others differ from.

    `reasons` are the scenario's (`streamsim.scenario.real.timing`).
    """
    differing = not all(one.content.sent == told[0].content.sent for one in told)
    excuses = [reason.sentence for reason in reasons if differing or not reason.by_batch]
    batches = [*excuses, "batches hold what has arrived when they are made"] if differing else excuses
    return [
        *_of_measures(told, excuses),
        *_of_sets(told, "discarded", lambda content: content.discarded, _record_said, excuses),
        *_of_sets(told, RETRIED, lambda content: dict.fromkeys(content.retried), _batch_said, batches),
        *_of_ids(told),
    ]


def _of_measures(told: Sequence[Told], excuses: Sequence[str]) -> Iterator[Difference]:
    for measure in CONTENT:
        if measure == "discarded":
            continue
        values = [measured(measure, found(one.run.metrics, measure)) for one in told]
        if len(set(values)) > 1:
            said = ", ".join(f"{value} on {one.backend}" for one, value in zip(told, values, strict=True))
            yield Difference(measure, [said], excuses if measure in _OF_RECORDS else [])


def _of_sets(
    told: Sequence[Told],
    measure: str,
    of: Callable[[Content], Mapping[Key, Any]],
    said: Callable[[Key], str],
    excuses: Sequence[str],
) -> Iterator[Difference]:
    first = of(told[0].content)
    examples: list[str] = []
    for one in told[1:]:
        own = of(one.content)
        examples += _only(one.backend, told[0].backend, [key for key in own if key not in first], said)
        examples += _only(told[0].backend, one.backend, [key for key in first if key not in own], said)
        examples += [
            f"{said(key)}: {why} on {told[0].backend}, {own[key]} on {one.backend}"
            for key, why in first.items()
            if key in own and own[key] != why
        ][:_SHOWN]
    if examples:
        yield Difference(measure, examples, excuses)


def _only(on: str, other: str, keys: Sequence[Key], said: Callable[[Key], str]) -> Iterator[str]:
    """Examples of what is there on one backend alone."""
    if keys:
        more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
        yield f"on {on} and not on {other}: {'; '.join(map(said, keys[:_SHOWN]))}{more}"


def _of_ids(told: Sequence[Told]) -> Iterator[Difference]:
    examples = [
        f"on {one.backend} {_batch_said(sent)} has {counted(len(ids), 'request id')}"
        for one in told
        for sent, ids in one.content.retried.items()
        if len(ids) > 1
    ]
    if examples:
        yield Difference(IDS, examples[:_SHOWN], [])


def _record_said(place: Place) -> str:
    return f"record {place.position} of {shard_name(place.shard)}"


def _batch_said(sent: Sent) -> str:
    return f"{records(sent.positions)} of {shard_name(sent.shard)}"
