"""AWS's stand-in on loopback for SQS, SNS and S3, and the broker of the test run."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import Broker
from tests.destinations.places import REGION, Servers
from tests.streams.brokers import wheel_broker


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """A server that speaks as SQS, SNS and S3 do."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def servers(endpoint: str, broker: Broker, credentials: None) -> Servers:
    """Both servers."""
    del credentials
    return Servers(endpoint, broker.address)


@pytest.fixture
def mortal(servers: Servers, request: pytest.FixtureRequest) -> Iterator[Servers]:
    """Both, the broker one of its own that may be stopped, where the test is about brokers."""
    if request.node.callspec.params["kind"] != "kafka":
        yield servers
        return
    with ExitStack() as stack:
        brokers = stack.enter_context(wheel_broker())
        yield Servers(servers.endpoint, brokers, stack.close)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that nobody checks, and a region."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
