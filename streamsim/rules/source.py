"""What all events and documents of a mapping have in common: the stream, the function, the account, and t = 0."""

from dataclasses import dataclass, field

from streamsim.model.names import Account, stream_label
from streamsim.model.stream_type import KINESIS, StreamType
from streamsim.model.units import DAY


@dataclass(frozen=True, slots=True)
class Source:
    """The names behind a mapping; `epoch` is t = 0 in microseconds since 1970."""

    stream: str = "default"
    function: str = "default"
    epoch: int = 0
    account: Account = field(default_factory=Account)
    type: StreamType = KINESIS

    @property
    def stream_arn(self) -> str:
        """The event source's ARN. A table's stream was enabled a day before the start, in time for any backlog."""
        return self.account.stream(self.type, self.stream, stream_label(self.epoch - DAY))

    @property
    def function_arn(self) -> str:
        """The function's ARN, unqualified."""
        return self.account.function(self.function)
