"""Golden texts, a Kafka broker and endpoints for every test that wants them.

Golden texts are compared by default and written anew with `pytest --record`. The broker is the one of a wheel by
default, with `--kafka HOST:PORT` one that runs already, with `--apache-kafka` the genuine one, started here. Where none
can be started, tests that need it are skipped and say so, but in continuous integration they fail. So it is with
endpoints that speak AWS's API, kinesis-local from npm and moto's server: `--kinesis URL` and `--dynamodb URL` name those
that run already.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings

from tests.streams.brokers import NoBrokerError, apache_kafka, wheel_broker
from tests.streams.endpoints import NoServerError, dynamodb_server, kinesis_server

Golden = Callable[[Path, str], None]


def pytest_configure() -> None:
    """Interrupts reach the tests and the programs they start even where a shell began pytest in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # how long an example takes is the machine's business
    settings.register_profile("streamsim", settings(), deadline=None)
    settings.load_profile("streamsim")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record", action="store_true", help="write golden files anew instead of comparing with them"
    )
    parser.addoption("--kafka", metavar="HOST:PORT", help="use this Kafka broker instead of starting one")
    parser.addoption("--kinesis", metavar="URL", help="use this Kinesis endpoint instead of starting one")
    parser.addoption("--dynamodb", metavar="URL", help="use this DynamoDB endpoint instead of starting one")
    parser.addoption("--apache-kafka", action="store_true", help="start Apache Kafka, from Maven Central")


class Broker(NamedTuple):
    """A Kafka broker: its address, and whether it is the genuine one, which fences members of a group that are gone."""

    address: str
    genuine: bool


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """The broker of this test run."""
    given = request.config.getoption("--kafka")
    genuine = bool(request.config.getoption("--apache-kafka"))
    if given is not None:
        yield Broker(str(given), genuine=True)
        return
    started = apache_kafka() if genuine else wheel_broker()
    try:
        address = started.__enter__()
    except NoBrokerError as error:
        if genuine or os.environ.get("CI"):
            raise
        pytest.skip(f"NO KAFKA BROKER, NOTHING OF IT IS TESTED: {error}")
    try:
        yield Broker(address, genuine)
    finally:
        started.__exit__(None, None, None)


def _endpoint(
    request: pytest.FixtureRequest, option: str, started: AbstractContextManager[str]
) -> Iterator[str]:
    given = request.config.getoption(option)
    if given is not None:
        yield str(given)
        return
    try:
        url = started.__enter__()
    except NoServerError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"NO SERVER FOR {option}, NOTHING OF IT IS TESTED: {error}")
    try:
        yield url
    finally:
        started.__exit__(None, None, None)


@pytest.fixture(scope="session")
def kinesis(request: pytest.FixtureRequest) -> Iterator[str]:
    """The Kinesis endpoint of this test run."""
    yield from _endpoint(request, "--kinesis", kinesis_server())


@pytest.fixture(scope="session")
def dynamodb(request: pytest.FixtureRequest) -> Iterator[str]:
    """The DynamoDB endpoint of this test run, with its streams."""
    yield from _endpoint(request, "--dynamodb", dynamodb_server())


@pytest.fixture(scope="session")
def record(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(request.config.getoption("--record"))


@pytest.fixture(scope="session")
def golden(record: bool) -> Golden:
    """`golden(path, text)` holds a text to the golden file at `path`, or writes it there with `--record`."""

    def hold(path: Path, text: str) -> None:
        if record:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        assert path.exists(), f"{path.name} has not been recorded; run pytest --record and read what it wrote"
        assert text == path.read_text(encoding="utf-8"), (
            f"{path.name} differs; is the change meant? pytest --record"
        )

    return hold
