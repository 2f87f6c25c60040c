"""What people may write as a destination, and what they are told of the rest."""

from pathlib import Path

import pytest

from streamsim.destinations.addresses import (
    Address,
    AddressError,
    BucketAddress,
    FileAddress,
    NotificationAddress,
    QueueAddress,
    TopicAddress,
    address_of,
)

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:failed"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:failed"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("failed.ndjson", FileAddress(Path("failed.ndjson"))),
        ("a/b:c", FileAddress(Path("a/b:c"))),
        ("file:failed", FileAddress(Path("failed"))),
        ("file:///tmp/failed", FileAddress(Path("/tmp/failed"))),
        ("./sqs", FileAddress(Path("./sqs"))),
        ("kafka:failed", TopicAddress("failed")),
        ("kafka://failed", TopicAddress("failed")),
        ("kafka://localhost:9092/failed", TopicAddress("failed", "localhost:9092")),
        ("kafka://a:1,b:2/failed", TopicAddress("failed", "a:1,b:2")),
        ("sqs:failed", QueueAddress("failed")),
        ("sqs://failed", QueueAddress("failed")),
        (QUEUE, QueueAddress("failed", "eu-west-1", "123456789012")),
        (TOPIC, NotificationAddress(TOPIC)),
        ("s3://failed-orders", BucketAddress("failed-orders")),
        ("s3://failed-orders/", BucketAddress("failed-orders")),
        ("arn:aws:s3:::failed-orders", BucketAddress("failed-orders")),
    ],
)
def test_a_destination_is_named(text: str, address: Address) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("", "a file without a name", "write FILE"),
        ("kafka://", "'' is no topic", "kafka://failed"),
        ("kafka://a:1/b/c", "'a:1/b/c' is no topic", "kafka://failed"),
        ("sqs:failed.fifo", "a FIFO queue", "standard"),
        ("sqs:", "'' is no name of a queue", "sqs:failed"),
        (f"{QUEUE}.fifo", "a FIFO queue", "standard"),
        (f"{TOPIC}.fifo", "a FIFO topic", "standard"),
        ("sns:failed", "named by their ARN", "arn:aws:sns:REGION:ACCOUNT:failed"),
        ("s3://failed/orders", "no name of a bucket", "s3://BUCKET"),
        ("s3://Failed", "no name of a bucket", "s3://failed-orders"),
        ("sqs", "which destination of sqs?", "./sqs"),
        ("https://sqs.eu-west-1.amazonaws.com/1/failed", "is no destination", "sqs:QUEUE"),
        ("redis://failed", "is no destination", "sqs:QUEUE"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:f", "not to lambda", ""),
        ("arn:aws:sqs:::failed", "no region or no account", "REGION"),
        ("arn:what", "failed to satisfy constraint", "ARN"),
    ],
)
def test_what_is_none_is_told_with_what_would_be(text: str, said: str, hint: str) -> None:
    with pytest.raises(AddressError) as refused:
        address_of(text)
    assert said in str(refused.value)
    assert hint in (refused.value.hint or "")
