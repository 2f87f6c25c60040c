"""The resources of a template by logical id, and what others call them: physical names, ARNs and a few attributes.

A name that CloudFormation would make up is the logical id. Knows the types that functions are commonly handed in their
environment; of all others only the name is known.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from streamsim.model.names import Account, stream_label, unix
from streamsim.model.stream_type import DYNAMODB, KINESIS
from streamsim.model.units import SECOND
from streamsim.scenario.document import Node
from streamsim.scenario.errors import Span
from streamsim.templates.intrinsics import Unknown

#: The property that names a resource of each type.
_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AWS::Serverless::Function": "FunctionName",
        "AWS::Lambda::Function": "FunctionName",
        "AWS::Serverless::SimpleTable": "TableName",
        "AWS::DynamoDB::Table": "TableName",
        "AWS::DynamoDB::GlobalTable": "TableName",
        "AWS::Kinesis::Stream": "Name",
        "AWS::Kinesis::StreamConsumer": "ConsumerName",
        "AWS::S3::Bucket": "BucketName",
        "AWS::SNS::Topic": "TopicName",
        "AWS::SQS::Queue": "QueueName",
        "AWS::Events::EventBus": "Name",
        "AWS::IAM::Role": "RoleName",
    }
)

#: The logical ids of the APIs that SAM makes for routes that name none.
IMPLICIT: Final[Mapping[str, str]] = MappingProxyType(
    {"AWS::Serverless::Api": "ServerlessRestApi", "AWS::Serverless::HttpApi": "ServerlessHttpApi"}
)

_APIS: Final = (*IMPLICIT, "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api")

FUNCTIONS: Final = ("AWS::Serverless::Function", "AWS::Lambda::Function")
TABLES: Final = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Serverless::SimpleTable")
STREAM: Final = "AWS::Kinesis::Stream"
CONSUMER: Final = "AWS::Kinesis::StreamConsumer"

#: assumed: tables have had their streams, and streams their consumers, since the beginning of 2026; nothing here reads it
_ENABLED: Final = unix("2026-01-01T00:00:00Z")
_CREATED: Final = _ENABLED // SECOND


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as it is written: where, of which type, with which properties. `condition` names one of the template's."""

    id: str
    type: str
    span: Span
    properties: Mapping[str, Node]
    condition: str | None = None


def referred(resource: Resource, name: str, attribute: str | None, account: Account, stream: Any) -> Any:
    """What Ref (`attribute` None) or Fn::GetAtt gives; `name` is the resource's physical name.

    `stream` is a consumer's StreamARN, as far as it is known.
    """
    arn = _arn(resource.type, name, account)
    if resource.type == CONSUMER and attribute in {None, "ConsumerARN"}:
        return f"{stream}/consumer/{name}:{_CREATED}" if isinstance(stream, str) else stream
    if attribute is None:
        if resource.type in _APIS:
            name = api_id(resource.id)
        elif _is_queue(resource):
            name = _url(name, account)
        return arn if resource.type == "AWS::SNS::Topic" else name
    if attribute in {"Arn", "TopicArn"} and arn is not None:
        return arn
    if attribute == "StreamArn" and resource.type in TABLES:
        return account.stream(DYNAMODB, name, stream_label(_ENABLED))
    known: dict[str, Any] = {
        "QueueName": name,
        "TopicName": name,
        "QueueUrl": _url(name, account),
        "Name": name,
    }
    if resource.type == CONSUMER:
        known = {"ConsumerName": name, "StreamARN": stream}
    if attribute in known:
        return known[attribute]
    return Unknown(f"{resource.id}.{attribute} is known once {resource.type} is deployed")


def name_property(kind: str) -> str | None:
    """The property that names a resource of this type."""
    return _NAMES.get(kind)


def _is_queue(resource: Resource) -> bool:
    return resource.type == "AWS::SQS::Queue"


def _url(name: str, account: Account) -> str:
    return f"https://sqs.{account.region}.amazonaws.com/{account.id}/{name}"


def _arn(kind: str, name: str, account: Account) -> str | None:
    here = f"{account.region}:{account.id}"
    if kind in FUNCTIONS:
        return account.function(name)
    if kind in TABLES:
        return f"arn:aws:dynamodb:{here}:table/{name}"
    if kind == STREAM:
        return account.stream(KINESIS, name)
    return {
        "AWS::S3::Bucket": f"arn:aws:s3:::{name}",
        "AWS::SNS::Topic": f"arn:aws:sns:{here}:{name}",
        "AWS::SQS::Queue": f"arn:aws:sqs:{here}:{name}",
        "AWS::Events::EventBus": f"arn:aws:events:{here}:event-bus/{name}",
        "AWS::IAM::Role": account.role(name),
    }.get(kind)


def api_id(name: str) -> str:
    """An API's id: ten letters and digits that follow from its name."""
    digits = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    letters = "0123456789abcdefghijklmnopqrstuvwxyz"
    return "".join(letters[digits // 36**place % 36] for place in range(10))
