"""How AWS names things: ARNs, ids and time stamps. Knows no clock: instants come in as microseconds."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_UNIX = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Account:
    """Where everything lives: an AWS region and a 12-digit account id."""

    region: str = "us-east-1"
    id: str = "123456789012"

    def stream(self, name: str) -> str:
        """The ARN of a Kinesis stream."""
        return f"arn:aws:kinesis:{self.region}:{self.id}:stream/{name}"

    def consumer(self, stream: str, name: str, created: int) -> str:
        """The ARN of a stream's consumer with enhanced fan-out, registered so many seconds after 1970."""
        return f"{self.stream(stream)}/consumer/{name}:{created}"

    def function(self, name: str) -> str:
        """The unqualified ARN of a function."""
        return f"arn:aws:lambda:{self.region}:{self.id}:function:{name}"

    def role(self, name: str) -> str:
        """The ARN of an execution role."""
        return f"arn:aws:iam::{self.id}:role/{name}"


def shard_id(number: int) -> str:
    """A Kinesis shard's id: `shardId-` and 12 digits."""
    return f"shardId-{number:012d}"


def unix(instant: str) -> int:
    """Microseconds since 1970 of an ISO 8601 time; without an offset it is UTC. `ValueError` when it is no time."""
    moment = datetime.fromisoformat(instant)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _UNIX) // timedelta(microseconds=1)


def timestamp(unix_us: int) -> str:
    """`2026-01-01T00:00:12.750Z`: UTC with milliseconds, as on-failure documents write it."""
    moment = _UNIX + timedelta(milliseconds=unix_us // 1000)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
