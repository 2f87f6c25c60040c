"""How AWS names things: ARNs, ids and time stamps. Knows no clock: instants come in as microseconds."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from streamsim.model.stream_type import KINESIS, StreamType
from streamsim.model.units import MILLISECOND, SECOND

_UNIX = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Account:
    """Where everything lives: an AWS region and a 12-digit account id."""

    region: str = "us-east-1"
    id: str = "123456789012"

    def stream(self, kind: StreamType, name: str, label: str = "") -> str:
        """The ARN of a stream; one of a table is told from its earlier ones by its label (`stream_label`)."""
        resource = kind.resource.format(stream=name, label=label)
        return f"arn:aws:{kind.name}:{self.region}:{self.id}:{resource}"

    def consumer(self, stream: str, name: str, created: int) -> str:
        """The ARN of a stream's consumer with enhanced fan-out, registered so many seconds after 1970."""
        return f"{self.stream(KINESIS, stream)}/consumer/{name}:{created}"

    def function(self, name: str) -> str:
        """The unqualified ARN of a function."""
        return f"arn:aws:lambda:{self.region}:{self.id}:function:{name}"

    def role(self, name: str) -> str:
        """The ARN of an execution role."""
        return f"arn:aws:iam::{self.id}:role/{name}"


def shard_id(number: int) -> str:
    """A Kinesis shard's id: `shardId-` and 12 digits."""
    return f"shardId-{number:012d}"


def table_shard_id(opened_at: int, mark: int) -> str:
    """The id of a shard of a table's stream, such as `shardId-00000001789649398921-b190244f` (recorded).

    20 digits of milliseconds since 1970 and 8 hexadecimal digits, here the low ones of `mark`. `opened_at` is
    microseconds since 1970. assumed: that the milliseconds are those at which the shard opens.
    """
    return f"shardId-{opened_at // MILLISECOND:020d}-{mark & 0xFFFFFFFF:08x}"


def stream_label(enabled_at: int) -> str:
    """The label of a table's stream: when it was enabled, such as `2025-02-22T03:03:25.490` (recorded)."""
    return timestamp(enabled_at).removesuffix("Z")


def trace_header(request_id: str, at: int) -> str:
    """The X-Ray trace of a request that nobody traces (X-Ray Developer Guide, "Tracing header"): a new root, not sampled.

    The root has a version, the second and 24 digits. `at` is microseconds since 1970.
    """
    return f"Root=1-{at // SECOND:08x}-{request_id.replace('-', '')[:24]};Sampled=0"


def unix(instant: str) -> int:
    """Microseconds since 1970 of an ISO 8601 time; without an offset it is UTC. `ValueError` when it is no time."""
    moment = datetime.fromisoformat(instant)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _UNIX) // timedelta(microseconds=1)


def exact_time(unix_us: int) -> str:
    """The ISO 8601 time that `unix` reads back: `timestamp`'s form, with microseconds where milliseconds lose some."""
    moment = _UNIX + timedelta(microseconds=unix_us)
    return timestamp(unix_us) if unix_us % MILLISECOND == 0 else f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def timestamp(unix_us: int, instants: int = MILLISECOND) -> str:
    """`2026-01-01T00:00:12.750Z`: UTC with milliseconds, as on-failure documents write it, or in whole seconds."""
    moment = _UNIX + timedelta(milliseconds=unix_us // 1000)
    fraction = "" if instants == SECOND else f".{moment.microsecond // 1000:03d}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"
