"""What all events and documents of a mapping have in common: the stream, the function, the account, and t = 0."""

from dataclasses import dataclass, field

from streamsim.model.names import Account, stream_label
from streamsim.model.stream_type import KINESIS, StreamType
from streamsim.model.units import DAY, SECOND


@dataclass(frozen=True, slots=True)
class Source:
    """The names behind a mapping; `epoch` is t = 0 in microseconds since 1970.

    `consumer` is the name of the enhanced fan-out consumer that the mapping reads the stream through, `brokers` the
    addresses of the brokers where it is a topic, which AWS knows nothing else of where it is `self_managed`. `arn` is that
    of a real stream.
    """

    stream: str = "default"
    function: str = "default"
    epoch: int = 0
    account: Account = field(default_factory=Account)
    type: StreamType = KINESIS
    consumer: str | None = None
    brokers: str = ""
    self_managed: bool = False
    arn: str | None = None

    @property
    def stream_arn(self) -> str:
        """The event source's ARN: of the consumer where there is one, in events and documents alike (recorded).

        assumed: a consumer was registered when the run began, and a table's stream enabled a day before.
        """
        if self.arn is not None:
            return self.arn
        if self.consumer is not None:
            return self.account.consumer(self.stream, self.consumer, self.epoch // SECOND)
        return self.account.stream(self.type, self.stream, stream_label(self.epoch - DAY))

    @property
    def function_arn(self) -> str:
        """The function's ARN, unqualified."""
        return self.account.function(self.function)
