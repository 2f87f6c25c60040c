"""What every destination does, on real servers: the conformance suite of the engine's port `Destination`."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from streamsim.destinations.addresses import address_of
from streamsim.engine.ports import SourceError
from streamsim.scenario.real.discarding import open_destination
from streamsim.streams.aws.endpoint import Endpoint
from tests.destinations.places import REGION, Servers, place

KINDS = ["file", "kafka", "sqs", "sns", "s3"]
SERVICES = {
    "sqs": f"arn:aws:sqs:{REGION}:123456789012:failed",
    "sns": f"arn:aws:sns:{REGION}:123456789012:failed",
    "s3": "s3://failed-orders",
}
DOCUMENTS = ['{"number":1,"text":"\\u00e9"}', '{"number":2,"text":"é→🙂"}', "{}"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_said_to_have_arrived_is_there_to_the_byte(
    kind: str, servers: Servers, tmp_path: Path
) -> None:
    async def main() -> None:
        async with place(kind, servers, tmp_path) as there:
            for number, document in enumerate(DOCUMENTS):
                assert await there.destination.send(
                    there.wrap(document), f"a/{number}" if there.keyed else ""
                )
            arrived = await there.arrived()
            assert sorted(arrived) == sorted(DOCUMENTS)
            assert there.complaints == []

    asyncio.run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_is_gone_loses_documents_once_and_says_why(
    kind: str, mortal: Servers, tmp_path: Path
) -> None:
    async def main() -> None:
        async with place(kind, mortal, tmp_path, patience=2) as there:
            assert await there.destination.send(there.wrap("{}"), "a")
            await there.remove()
            assert not await there.destination.send(there.wrap("{}"), "b")
            (complaint,) = there.complaints
            assert complaint.startswith(
                f"{there.destination.name} does not take a document, and its records are lost: "
            )

    asyncio.run(main())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kafka://nobody", "there is no topic 'nobody' at "),
        ("sqs:nobody", "the queue nobody does not exist"),
        (SERVICES["sqs"].replace("failed", "nobody"), "the queue nobody does not exist"),
        (
            SERVICES["sns"].replace("failed", "nobody"),
            f"the topic arn:aws:sns:{REGION}:123456789012:nobody does not exist",
        ),
        ("s3://nobody", "the bucket nobody does not exist"),
    ],
)
def test_one_that_does_not_exist_is_refused_before_anything_runs(
    text: str, said: str, servers: Servers
) -> None:
    with pytest.raises(SourceError, match=said) as refused:
        asyncio.run(opened(text, servers.endpoint, brokers=servers.brokers))
    assert not refused.value.retryable


@pytest.mark.parametrize("text", SERVICES.values(), ids=SERVICES)
def test_nobody_at_the_endpoint_is_told_in_a_line(text: str, credentials: None) -> None:
    del credentials
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(SourceError, match="Could not connect to the endpoint URL") as refused:
            asyncio.run(opened(text, endpoint))
    assert "\n" not in str(refused.value)


@pytest.fixture
def deaf() -> Iterator[str]:
    """An endpoint that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("text", SERVICES.values(), ids=SERVICES)
def test_an_endpoint_that_never_answers_is_waited_for_so_long_and_no_longer(
    text: str, deaf: str, credentials: None
) -> None:
    del credentials
    with pytest.raises(SourceError, match=r"no answer within 0\.2 s"):
        asyncio.run(opened(text, deaf, patience=0.2))


@pytest.mark.parametrize("text", SERVICES.values(), ids=SERVICES)
def test_without_credentials_a_line_says_what_to_set(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, credentials: None
) -> None:
    del credentials
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(SourceError, match="Unable to locate credentials") as refused:
        asyncio.run(opened(text, None))
    assert "AWS_ACCESS_KEY_ID" in (refused.value.hint or "")


def test_a_region_is_needed_where_no_arn_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, credentials: None
) -> None:
    del credentials
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(SourceError, match="sqs: no region is configured") as refused:
        asyncio.run(opened("sqs:failed", None))
    assert refused.value.hint == "set AWS_DEFAULT_REGION"


def test_a_topic_needs_a_broker() -> None:
    with pytest.raises(SourceError, match="which broker has the topic failed"):
        asyncio.run(opened("kafka://failed", None))


async def opened(text: str, endpoint: str | None, patience: float = 10, brokers: str | None = None) -> None:
    async with AsyncExitStack() as stack:
        await open_destination(
            address_of(text), stack, brokers=brokers, endpoint=Endpoint(endpoint), patience=patience
        )
