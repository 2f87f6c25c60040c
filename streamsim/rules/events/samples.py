"""Events as each source of AWS sends them, to try a handler with: the same for the same details, byte for byte.

Fields and their order: Kinesis and DynamoDB as recorded (LocalStack's AWS-validated snapshots), S3 and schedules as the
Lambda Developer Guide's sample events, requests to APIs by `streamsim.rules.api.proxy_event`. Ids and addresses have fixed
values of the right shape.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote_plus

from streamsim.model.names import Account, shard_id, timestamp, unix
from streamsim.model.stream_type import KINESIS
from streamsim.model.units import SECOND
from streamsim.rules.api.http_message import Request
from streamsim.rules.api.proxy_event import Api, proxy_event
from streamsim.rules.api.routes import DEFAULT, Match, Route

_SEQUENCE_NUMBER: Final = "49590338271490256608559692538361571095921575989136588898"
_ID: Final = "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa"
_ADDRESS: Final = "192.0.2.44"


@dataclass(frozen=True, slots=True)
class Details:
    """What a sample event tells of; each kind of event has its own use for some of them (see `DETAILS`).

    `at` is microseconds since 1970; `body` and `data` are text.
    """

    account: Account = field(default_factory=Account)
    at: int = unix("2026-01-01T00:00:00Z")
    stream: str = "orders"
    key: str = "user-1"
    data: str = "Hello, this is a test."
    table: str = "orders"
    bucket: str = "my-bucket"
    object: str = "folder/happy face.jpg"
    rule: str = "every-minute"
    method: str = "GET"
    path: str = "/hello"
    query: str = ""
    body: str = ""


def sample(kind: str, details: Details) -> dict[str, Any]:
    """The event of a kind in `SAMPLES`."""
    return SAMPLES[kind](details)


def _kinesis(details: Details) -> dict[str, Any]:
    shard = shard_id(0)
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": details.key,
                    "sequenceNumber": _SEQUENCE_NUMBER,
                    "data": base64.b64encode(details.data.encode()).decode("ascii"),
                    "approximateArrivalTimestamp": details.at // 1000 / 1000,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{shard}:{_SEQUENCE_NUMBER}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": details.account.role("lambda-role"),
                "awsRegion": details.account.region,
                "eventSourceARN": details.account.stream(KINESIS, details.stream),
            }
        ]
    }


def _dynamodb(details: Details) -> dict[str, Any]:
    account, table = details.account, details.table
    label = timestamp(details.at)[:-1]
    arn = f"arn:aws:dynamodb:{account.region}:{account.id}:table/{table}/stream/{label}"
    keys = {"id": {"S": details.key}}
    new = {"message": {"S": details.data}, **keys}
    records = []
    for number, (name, images) in enumerate(
        (
            ("INSERT", {"NewImage": new}),
            ("MODIFY", {"NewImage": {**new, "message": {"S": "changed"}}, "OldImage": new}),
            ("REMOVE", {"OldImage": {**new, "message": {"S": "changed"}}}),
        ),
        start=1,
    ):
        sequence_number = f"{number}00000000000000000001"
        records.append(
            {
                "eventID": hashlib.md5(sequence_number.encode(), usedforsecurity=False).hexdigest(),
                "eventName": name,
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": account.region,
                "dynamodb": {
                    "ApproximateCreationDateTime": float(details.at // SECOND),
                    "Keys": keys,
                    **images,
                    "SequenceNumber": sequence_number,
                    "SizeBytes": _size(keys) + sum(map(_size, images.values())),
                    "StreamViewType": "NEW_AND_OLD_IMAGES",
                },
                "eventSourceARN": arn,
            }
        )
    return {"Records": records}


def _size(attributes: Mapping[str, Mapping[str, str]]) -> int:
    """Bytes of an item whose attributes are all text: names and values in UTF-8."""
    return sum(len(name.encode()) + len(value["S"].encode()) for name, value in attributes.items())


def _s3(details: Details) -> dict[str, Any]:
    principal = {"principalId": "EXAMPLE"}
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": details.account.region,
                "eventTime": timestamp(details.at),
                "eventName": "ObjectCreated:Put",
                "userIdentity": principal,
                "requestParameters": {"sourceIPAddress": _ADDRESS},
                "responseElements": {
                    "x-amz-request-id": "EXAMPLE123456789",
                    "x-amz-id-2": "EXAMPLE123/5678abcdefghijklambdaisawesome/mnopqrstuvwxyzABCDEFGH",
                },
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "testConfigRule",
                    "bucket": {
                        "name": details.bucket,
                        "ownerIdentity": principal,
                        "arn": f"arn:aws:s3:::{details.bucket}",
                    },
                    "object": {
                        "key": quote_plus(details.object, safe="/"),
                        "size": 1024,
                        "eTag": "0123456789abcdef0123456789abcdef",
                        "sequencer": "0A1B2C3D4E5F678901",
                    },
                },
            }
        ]
    }


def _schedule(details: Details) -> dict[str, Any]:
    account = details.account
    return {
        "version": "0",
        "id": _ID,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account.id,
        "time": timestamp(details.at)[:19] + "Z",
        "region": account.region,
        "resources": [f"arn:aws:events:{account.region}:{account.id}:rule/{details.rule}"],
        "detail": {},
    }


def _request(details: Details, api: Api, route: Route) -> dict[str, Any]:
    headers: tuple[tuple[str, str], ...] = (
        ("Accept", "*/*"),
        ("Host", api.domain),
        ("User-Agent", "curl/8.5.0"),
    )
    if details.body:
        headers = (*headers, ("Content-Type", "application/json"))
    request = Request(
        details.method,
        details.path,
        details.query,
        headers,
        details.body.encode(),
        _ADDRESS,
        at=details.at,
        id=_ID,
    )
    found = Match(route, {"proxy": details.path.strip("/")} if "{proxy+}" in route.path else {})
    return proxy_event(api, found, request, details.path)


def _rest_api(details: Details) -> dict[str, Any]:
    route = Route("ANY", "/{proxy+}", "hello", 29 * SECOND)
    return _request(details, Api("1234567890", "rest", "Prod", details.account), route)


def _http_api(details: Details) -> dict[str, Any]:
    route = Route(details.method, details.path, "hello", 30 * SECOND, "2.0")
    return _request(details, Api("1234567890", "http", DEFAULT, details.account), route)


SAMPLES: Final[Mapping[str, Callable[[Details], dict[str, Any]]]] = MappingProxyType(
    {
        "kinesis": _kinesis,
        "dynamodb": _dynamodb,
        "api-gateway": _rest_api,
        "api-gateway-v2": _http_api,
        "s3": _s3,
        "schedule": _schedule,
    }
)

#: The details that each kind of event tells of, besides account and time.
DETAILS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "kinesis": ("stream", "key", "data"),
        "dynamodb": ("table", "key", "data"),
        "api-gateway": ("method", "path", "query", "body"),
        "api-gateway-v2": ("method", "path", "query", "body"),
        "s3": ("bucket", "object"),
        "schedule": ("rule",),
    }
)
