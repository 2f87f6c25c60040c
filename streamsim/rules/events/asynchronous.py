"""The JSON that a function gets from event sources that invoke it asynchronously: S3 and schedules.

Field names and their order are those of the sample events in the Lambda Developer Guide. What a simulated bucket or
rule cannot know (addresses, ids, checksums) has a fixed or derived value of the right shape.
"""

from dataclasses import dataclass, field
from typing import Any

from streamsim.model.names import Account, timestamp


@dataclass(frozen=True, slots=True)
class AsyncSource:
    """What every event of a source has in common; `epoch` is t = 0 in microseconds since 1970."""

    name: str = "default"
    kind: str = "s3"
    function: str = "default"
    epoch: int = 0
    account: Account = field(default_factory=Account)


def async_event(source: AsyncSource, request_id: str, at: int) -> dict[str, Any]:
    """The event that was accepted `at` microseconds after the start."""
    return (
        _object_created(source, request_id, at) if source.kind == "s3" else _scheduled(source, request_id, at)
    )


def _object_created(source: AsyncSource, request_id: str, at: int) -> dict[str, Any]:
    digits = request_id.replace("-", "").upper()
    owner = {"principalId": source.account.id}
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": source.account.region,
                "eventTime": timestamp(source.epoch + at),
                "eventName": "ObjectCreated:Put",
                "userIdentity": owner,
                "requestParameters": {"sourceIPAddress": "192.0.2.1"},
                "responseElements": {"x-amz-request-id": digits[:16], "x-amz-id-2": digits},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": source.name,
                    "bucket": {
                        "name": source.name.lower(),
                        "ownerIdentity": owner,
                        "arn": f"arn:aws:s3:::{source.name.lower()}",
                    },
                    "object": {
                        "key": request_id,
                        "size": 1024,
                        "eTag": digits.lower(),
                        "sequencer": f"{at:016X}",
                    },
                },
            }
        ]
    }


def _scheduled(source: AsyncSource, request_id: str, at: int) -> dict[str, Any]:
    account = source.account
    return {
        "version": "0",
        "id": request_id,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account.id,
        "time": timestamp(source.epoch + at)[:19] + "Z",
        "region": account.region,
        "resources": [f"arn:aws:events:{account.region}:{account.id}:rule/{source.name}"],
        "detail": {},
    }
