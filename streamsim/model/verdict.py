"""What is to be done with a batch after an attempt. `streamsim.rules.judge` decides, the worker obeys."""

from dataclasses import dataclass
from typing import Final, Literal

from streamsim.model.batch import Positions

#: Why a batch was given up, as the on-failure document names it.
#: recorded: these two conditions, and no other, on Kinesis and DynamoDB Streams.
Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]


@dataclass(frozen=True, slots=True)
class Done:
    """Every record of the batch is finished."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The unchanged batch goes again after `delay` microseconds, with its request id.

    `counts` tells whether the failed attempt counts towards MaximumRetryAttempts; throttles and faults do not.
    """

    delay: int
    counts: bool


@dataclass(frozen=True, slots=True)
class Reform:
    """The batch is replaced by `parts`, oldest first, each a new batch that runs at once.

    Records of the batch that are in no part are finished.
    """

    parts: tuple[Positions, ...]


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The whole batch goes to the on-failure destination, if there is one, and is finished."""

    condition: Condition


Verdict = Done | Retry | Reform | GiveUp
DONE: Final = Done()
