"""Destinations in AWS, or at any endpoint that speaks as it does: an SQS queue, an SNS topic, an S3 bucket.

Knows aiobotocore's clients (extra `streamsim[aws]`), made by the caller. One request a document, which is not sent
again. recorded: a destination that denies or is gone loses the records, and nothing is retried (stackd's captures).
Before a run begins, one that does not exist or does not answer is refused; what only the permission to look is missing
for is taken to be there, as a mapping's role need only have that to send.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from streamsim.engine.ports import DocumentKey, SourceError

#: How long a request may take, in seconds. assumed: AWS does not say how long it waits.
PATIENCE: Final = 10.0

#: Hears why a document did not arrive, a line each time.
Complain = Callable[[str], None]

#: The words of SQS, SNS and S3 for what is not there, and for what one may not see.
_MISSING: Final = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NotFound", "NotFoundException", "NoSuchBucket",
        "404",
    }
)  # fmt: skip
_DENIED: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "403"}
)


class AwsDestination:
    """The engine's `Destination`: one request for each document."""

    def __init__(
        self,
        name: str,
        request: Callable[[str, DocumentKey], Awaitable[Any]],
        complain: Complain,
        patience: float,
    ) -> None:
        """`name` is its ARN; `request` is made of a document and its key, and is given `patience` seconds."""
        self.name = name
        self._request = request
        self._complain = complain
        self._patience = patience

    async def send(self, document: str, key: DocumentKey = None) -> bool:
        """See `Destination`."""
        problem = await _problem(self._request(document, key), self._patience)
        if problem is not None:
            self._complain(f"{self.name} does not take a document, and its records are lost: {problem}")
        return problem is None


async def open_queue(
    client: Any, queue: str, account: str | None, complain: Complain, patience: float = PATIENCE
) -> AwsDestination:
    """The SQS queue of that name, which gets a message for each document.

    `SourceError` when there is none, or nobody answers.
    """
    owner = {} if account is None else {"QueueOwnerAWSAccountId": account}
    found = await _looked(client.get_queue_url(QueueName=queue, **owner), f"the queue {queue}", patience)
    if found is None and account is None:
        raise SourceError(
            f"the queue {queue} may not be looked up", retryable=False, hint="name it by its ARN"
        )
    url = f"{client.meta.endpoint_url}/{account}/{queue}" if found is None else found["QueueUrl"]
    account = account or url.rsplit("/", 2)[1]
    arn = f"arn:{client.meta.partition}:sqs:{client.meta.region_name}:{account}:{queue}"

    def send(document: str, _key: DocumentKey) -> Awaitable[Any]:
        sending: Awaitable[Any] = client.send_message(QueueUrl=url, MessageBody=document)
        return sending

    return AwsDestination(arn, send, complain, patience)


async def open_topic(client: Any, arn: str, complain: Complain, patience: float = PATIENCE) -> AwsDestination:
    """The SNS topic of that ARN, which gets a notification for each document.

    `SourceError` when there is none, or nobody answers. The engine writes the notification as its subscribers get it;
    SNS writes that itself, and is given the message.
    """
    await _looked(client.get_topic_attributes(TopicArn=arn), f"the topic {arn}", patience)

    def publish(document: str, _key: DocumentKey) -> Awaitable[Any]:
        publishing: Awaitable[Any] = client.publish(TopicArn=arn, Message=json.loads(document)["Message"])
        return publishing

    return AwsDestination(arn, publish, complain, patience)


async def open_bucket(
    client: Any, bucket: str, complain: Complain, patience: float = PATIENCE
) -> AwsDestination:
    """The S3 bucket of that name, which gets an object for each document, of the content type of AWS's (recorded).

    `SourceError` when there is none, or nobody answers.
    """
    await _looked(client.head_bucket(Bucket=bucket), f"the bucket {bucket}", patience)

    def put(document: str, key: DocumentKey) -> Awaitable[Any]:
        putting: Awaitable[Any] = client.put_object(
            Bucket=bucket, Key=key, Body=document.encode(), ContentType="application/octet-stream"
        )
        return putting

    return AwsDestination(f"arn:{client.meta.partition}:s3:::{bucket}", put, complain, patience)


async def _problem(request: Awaitable[Any], patience: float) -> str | None:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # a client is there already

    try:
        async with asyncio.timeout(patience):
            await request
    except TimeoutError:
        return f"no answer within {patience:g} s"
    except (BotoCoreError, ClientError, OSError) as error:
        return str(error)
    return None


async def _looked(request: Awaitable[Any], what: str, patience: float) -> Any:
    """The answer, None where it is denied."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError  # noqa: PLC0415  # likewise

    try:
        async with asyncio.timeout(patience):
            return await request
    except TimeoutError:
        raise SourceError(f"{what}: no answer within {patience:g} s", retryable=False) from None
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _DENIED:
            return None
        if code in _MISSING:
            raise SourceError(f"{what} does not exist", retryable=False) from None
        raise SourceError(f"{what}: {error}", retryable=False) from None
    except NoCredentialsError as error:
        hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        raise SourceError(f"{what}: {error}", retryable=False, hint=hint) from None
    except (BotoCoreError, OSError) as error:
        raise SourceError(f"{what}: {error}", retryable=False) from None
