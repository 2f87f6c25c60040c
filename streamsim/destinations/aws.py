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

from streamsim.engine.ports import SourceError

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


class QueueDestination:
    """The engine's `Destination`: a message for each document."""

    def __init__(
        self, client: Any, arn: str, url: str, complain: Complain, patience: float = PATIENCE
    ) -> None:
        self.name = arn
        self._client = client
        self._url = url
        self._complain = complain
        self._patience = patience

    @classmethod
    async def open(
        cls, client: Any, queue: str, account: str | None, complain: Complain, patience: float = PATIENCE
    ) -> "QueueDestination":
        """The queue of that name; `SourceError` when there is none, or nobody answers."""
        owner = {} if account is None else {"QueueOwnerAWSAccountId": account}
        found = await _looked(client.get_queue_url(QueueName=queue, **owner), f"the queue {queue}", patience)
        if found is None and account is None:
            raise SourceError(
                f"the queue {queue} may not be looked up", retryable=False, hint="name it by its ARN"
            )
        url = f"{client.meta.endpoint_url}/{account}/{queue}" if found is None else found["QueueUrl"]
        account = account or url.rsplit("/", 2)[1]
        arn = f"arn:{client.meta.partition}:sqs:{client.meta.region_name}:{account}:{queue}"
        return cls(client, arn, url, complain, patience)

    async def send(self, document: str, _key: str) -> bool:
        """See `Destination`."""
        sending = self._client.send_message(QueueUrl=self._url, MessageBody=document)
        return await _sent(sending, self.name, self._complain, self._patience)


class NotificationDestination:
    """The engine's `Destination`: a notification for each document.

    The engine writes the notification as its subscribers get it; SNS writes that itself, and is given the message.
    """

    def __init__(self, client: Any, arn: str, complain: Complain, patience: float = PATIENCE) -> None:
        self.name = arn
        self._client = client
        self._complain = complain
        self._patience = patience

    @classmethod
    async def open(
        cls, client: Any, arn: str, complain: Complain, patience: float = PATIENCE
    ) -> "NotificationDestination":
        """The topic of that ARN; `SourceError` when there is none, or nobody answers."""
        await _looked(client.get_topic_attributes(TopicArn=arn), f"the topic {arn}", patience)
        return cls(client, arn, complain, patience)

    async def send(self, document: str, _key: str) -> bool:
        """See `Destination`."""
        message = json.loads(document)["Message"]
        publishing = self._client.publish(TopicArn=self.name, Message=message)
        return await _sent(publishing, self.name, self._complain, self._patience)


class BucketDestination:
    """The engine's `Destination`: an object for each document, of the content type that AWS gives it (recorded)."""

    def __init__(self, client: Any, bucket: str, complain: Complain, patience: float = PATIENCE) -> None:
        self.name = f"arn:{client.meta.partition}:s3:::{bucket}"
        self._client = client
        self._bucket = bucket
        self._complain = complain
        self._patience = patience

    @classmethod
    async def open(
        cls, client: Any, bucket: str, complain: Complain, patience: float = PATIENCE
    ) -> "BucketDestination":
        """The bucket of that name; `SourceError` when there is none, or nobody answers."""
        await _looked(client.head_bucket(Bucket=bucket), f"the bucket {bucket}", patience)
        return cls(client, bucket, complain, patience)

    async def send(self, document: str, key: str) -> bool:
        """See `Destination`."""
        putting = self._client.put_object(
            Bucket=self._bucket, Key=key, Body=document.encode(), ContentType="application/octet-stream"
        )
        return await _sent(putting, self.name, self._complain, self._patience)


async def _sent(request: Awaitable[Any], name: str, complain: Complain, patience: float) -> bool:
    problem = await _problem(request, patience)
    if problem is not None:
        complain(f"{name} does not take a document, and its records are lost: {problem}")
    return problem is None


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
