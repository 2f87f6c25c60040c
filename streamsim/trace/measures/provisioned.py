"""Which executions ran in provisioned environments, and what is paid for those environments alone.

No event says it, but it follows: an execution takes a provisioned environment whenever one of its function's is ready
(Lambda Developer Guide, "Configuring provisioned concurrency": it serves requests before on-demand environments do).
Knows single requests and their ends, and counts none.
"""

from collections.abc import Hashable, Iterable
from fractions import Fraction
from typing import Final, NamedTuple

from streamsim.model.events import Response, Result
from streamsim.model.units import MINUTE
from streamsim.trace.format.header import Header
from streamsim.trace.measures.attempts import billed, has_run

#: AWS Lambda pricing page, us-east-1, x86: a GB-second of what is provisioned, used or not, and a GB-second of
#: executions in it (a GB is 1,024 MB).
USD_PER_MB_MILLISECOND_READY: Final = Fraction(41_667, 10_000_000_000) / 1024 / 1000
USD_PER_MB_MILLISECOND_PROVISIONED: Final = Fraction(97_222, 10_000_000_000) / 1024 / 1000

#: The same page: from when it is enabled until it is disabled, rounded up to five minutes.
_BEGUN: Final = 5 * MINUTE


class Kept(NamedTuple):
    """The environments that a function provisions, and the MB of each."""

    environments: int
    memory: int


class Provisioned:
    """The provisioned environments of all functions; `kept` are those that have some, by name."""

    def __init__(self, header: Header) -> None:
        self.kept = {
            name: Kept(environments, settings.get("MemorySize", 128))
            for name, settings in header.functions.items()
            if (environments := settings.get("ProvisionedConcurrentExecutions", 0))
        }
        self._ready = {name: kept.environments for name, kept in self.kept.items()}
        self._used: dict[Hashable, str] = {}  # the function of each request that has one

    def begin(self, function: str, request: Hashable) -> None:
        """The function is asked for an execution; `request` tells it from others in flight."""
        if self._ready.get(function):
            self._ready[function] -= 1
            self._used[request] = function

    def end(self, request: Hashable, event: Result | Response) -> int:
        """The request ends; the milliseconds that are billed at the price of a provisioned environment."""
        function = self._used.pop(request, None)
        if function is None:
            return 0
        self._ready[function] += 1
        return billed(event.duration) if has_run(event) else 0


def kept_usd(kept: Iterable[Kept], end: int) -> Fraction:
    """What the environments themselves cost in a run of so many microseconds; all are there from its start to its end."""
    milliseconds = -(-end // _BEGUN) * _BEGUN // 1000
    return sum(
        (one.environments * one.memory * milliseconds * USD_PER_MB_MILLISECOND_READY for one in kept),
        Fraction(0),
    )
