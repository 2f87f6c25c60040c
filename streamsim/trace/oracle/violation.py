"""What the oracle reports: a broken guarantee, in words, with the lines that prove it. Knows no rules."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from streamsim.model.batch import Positions, as_ranges
from streamsim.model.events import Event

#: The guarantees that can break. Where Jepsen's Kafka workload has a name for the anomaly, it is that name.
Kind = Literal[
    "lost",
    "nonmonotonic-delivery",
    "skip",
    "checkpoint-ahead",
    "checkpoint-back",
    "two-in-flight",
    "id-changed",
    "id-reused",
    "attempt-misnumbered",
    "over-retried",
    "under-retried",
    "not-bisected",
    "split-uneven",
    "too-early",
    "age",
    "undelivered-first",
    "over-limit",
    "batch-too-large",
    "child-before-parent",
    "window-mixed",
    "window-order",
    "window-open",
    "time-back",
    "out-of-place",
]

#: What each of them means.
ANOMALIES: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        "lost": "A record neither delivered, discarded, filtered nor expired when its shard ended, or an event neither answered nor given up when the run was over.",
        "nonmonotonic-delivery": "Records of a lane delivered for the first time out of order.",
        "skip": "A batch that is not the head of its lane's unfinished records.",
        "checkpoint-ahead": "A checkpoint past unfinished records.",
        "checkpoint-back": "A checkpoint before an earlier one, or a shard begun again before its checkpoint.",
        "two-in-flight": "Two invocations of one lane at once, or a result nobody waited for.",
        "id-changed": "An unchanged batch under another request id.",
        "id-reused": "A changed batch under a request id used before.",
        "attempt-misnumbered": "An attempt that is neither the first nor one more than those that counted.",
        "over-retried": "More attempts than MaximumRetryAttempts allows.",
        "under-retried": "Given up before the attempts were used, or counted wrongly in the document.",
        "not-bisected": "A failed batch of several records retried or given up despite BisectBatchOnFunctionError.",
        "split-uneven": "Parts that do not begin where the rules cut the batch.",
        "too-early": "An unchanged batch sent again before its back-off was over.",
        "age": "A maximum age ignored, or records or events given up by an age they had not reached.",
        "undelivered-first": "A discarded batch or window whose document went nowhere, or somewhere without OnFailure.",
        "over-limit": "Concurrency above its ceiling, or counted wrongly.",
        "batch-too-large": "More records than BatchSize.",
        "child-before-parent": "A child shard begun before its parents were through, or before there was one.",
        "window-mixed": "A batch that is not in the one tumbling window of its records, or in none.",
        "window-order": "A batch of a window that was over: closed, or earlier than the last.",
        "window-open": "A window whose state nobody closed before the next one, or before the shard ended.",
        "time-back": "An event before the one above it.",
        "out-of-place": "An event that cannot follow what came before.",
    }
)

#: How many violations of one kind are kept; a broken run would otherwise fill the memory with the same sentence.
KEPT_OF_A_KIND: Final = 100


#: The number of an event's line in the trace (the header is line 1), and the event.
Line = tuple[int, Event]


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken guarantee at `t` (microseconds); `evidence` is ascending, never empty, and ends where it showed.

    `mapping` and `shard` are empty where it concerns none.
    """

    kind: Kind
    sentence: str
    t: int
    mapping: str
    shard: str
    evidence: tuple[Line, ...]

    def document(self) -> dict[str, Any]:
        """What a JSON document tells of it besides the evidence, which some want in full and some by its lines."""
        return {
            "kind": self.kind,
            "sentence": self.sentence,
            "t": self.t,
            "mapping": self.mapping,
            "shard": self.shard,
        }


class Findings:
    """The violations found so far, at most `KEPT_OF_A_KIND` of a kind; `counts` has the true numbers."""

    __slots__ = ("counts", "kept")

    def __init__(self) -> None:
        self.kept: list[Violation] = []
        self.counts: Counter[Kind] = Counter()

    def add(self, kind: Kind, sentence: str, mapping: str, shard: str, *evidence: Line | None) -> None:
        """Notes a violation. Evidence may repeat itself and name lines nobody has (None); it is put in order."""
        self.counts[kind] += 1
        if self.counts[kind] > KEPT_OF_A_KIND:
            return
        by_number = {line[0]: line for line in evidence if line is not None}
        proof = tuple(by_number[number] for number in sorted(by_number))
        self.kept.append(Violation(kind, sentence, proof[-1][1][0], mapping, shard, proof))


def in_words(positions: Positions) -> str:
    """`record 3`, `records 0-4`, `records 0-4, 7 and 3 more ranges`."""
    ranges = as_ranges(positions)
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in ranges[:3]]
    more = f" and {len(ranges) - 3} more ranges" if len(ranges) > 3 else ""
    return f"{'record' if len(positions) == 1 else 'records'} {', '.join(texts)}{more}"
