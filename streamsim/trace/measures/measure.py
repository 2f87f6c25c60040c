"""What a measure is. Knows none of them: they are in `streamsim.trace.measures.catalogue`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

from streamsim.trace.measures.totals import thousandths

Value = int | float | str | None

Unit = Literal["count", "ms", "USD", "word"]

#: What it is got from: the tallies of mappings, or those of sources that are no streams.
Of = TypeVar("Of")


@dataclass(frozen=True, slots=True)
class Measure(Generic[Of]):
    """What a measure is: its unit, its meaning in a sentence, where the meaning comes from, and how it is got.

    Values are ints, floats (milliseconds to a microsecond), words, or None: it never happened, or was not asked.
    """

    unit: Unit
    meaning: str
    evidence: str
    of: Callable[[Of], Value]


DOCUMENTED: Final = "documented: Lambda Developer Guide, Types of metrics for Lambda functions"
RECORDED: Final = "recorded: stackd's captures of event source mapping metrics in us-east-1"
BILLED: Final = (
    "documented: AWS Lambda pricing page, us-east-1, x86: 0.20 USD a million requests, 0.0000166667 a GB-second,"
    " 0.0000041667 a GB-second provisioned and 0.0000097222 one of executions in it; AWS Compute Blog, AWS Lambda standardizes billing for INIT Phase"
)
OURS: Final = "ours"


def ms(microseconds: int | None) -> int | float | None:
    """Microseconds as milliseconds, without loss; None stays None."""
    return None if microseconds is None else thousandths(microseconds)
