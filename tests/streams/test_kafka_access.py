"""TLS and logins: what a file says of them, and brokers that ask for them."""

import asyncio
import gc
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streamsim.cli import main
from streamsim.engine.ports import SourceError
from streamsim.model.events import Event, ShardStop
from streamsim.ordering.cases import Case, Settings, scenario_text
from streamsim.ordering.on_kafka import KafkaPlayer
from streamsim.scenario.load import load_text
from streamsim.scenario.real.kafka_file import kafka_access
from streamsim.scenario.real.on_kafka import Brokers
from streamsim.scenario.text.errors import ScenarioError
from streamsim.streams.kafka import errors
from streamsim.streams.kafka.access import OPEN, Access, Login
from streamsim.streams.kafka.errors import partitions_of
from streamsim.streams.kafka.topics import create_topic
from tests.streams.brokers import ApacheKafka, NoBrokerError, free_port, wheel_broker
from tests.streams.certificates import Authority
from tests.streams.tls import tls_before

#: aiokafka's clients do not wait until TLS has taken leave, and then their loop is closed.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

# -- the file -----------------------------------------------------------------------------------------------------------

LOGIN = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.username=alice\nsasl.password=secret\n"


def read(folder: Path, text: str, **environment: str) -> Access:
    path = folder / "client.properties"
    path.write_text(text)
    return kafka_access(path, environment)


@pytest.mark.parametrize(
    ("text", "environment", "options"),
    [
        pytest.param("", {}, {"security_protocol": "PLAINTEXT"}, id="a file that says nothing"),
        pytest.param(
            "# who\n\n" + LOGIN,
            {},
            {
                "security_protocol": "SASL_PLAINTEXT",
                "sasl_mechanism": "PLAIN",
                "sasl_plain_username": "alice",
                "sasl_plain_password": "secret",
            },
            id="a login",
        ),
        pytest.param(
            "security.protocol = sasl_plaintext\nsasl.mechanisms = scram-sha-256\n"
            "sasl.username = a=b\nsasl.password = <${SECRET}>\n",
            {"SECRET": "${NOT_AGAIN}"},
            {
                "security_protocol": "SASL_PLAINTEXT",
                "sasl_mechanism": "SCRAM-SHA-256",
                "sasl_plain_username": "a=b",
                "sasl_plain_password": "<${NOT_AGAIN}>",
            },
            id="a password from the environment, and words as librdkafka has them",
        ),
    ],
)
def test_what_a_file_says(
    tmp_path: Path, text: str, environment: Mapping[str, str], options: Mapping[str, Any]
) -> None:
    assert read(tmp_path, text, **environment).options == options


def test_tls_checks_certificates_and_names_unless_told_otherwise(tmp_path: Path) -> None:
    authority = Authority.of(tmp_path, "authority")
    text = f"security.protocol=SSL\nssl.ca.location={authority.file}\n"
    tls = read(tmp_path, text).tls
    assert tls is not None
    assert tls.verify_mode is ssl.CERT_REQUIRED
    assert tls.check_hostname
    lax = read(tmp_path, text + "ssl.endpoint.identification.algorithm=none\n").tls
    assert lax is not None
    assert lax.verify_mode is ssl.CERT_REQUIRED
    assert not lax.check_hostname


def test_a_password_is_in_no_description(tmp_path: Path) -> None:
    assert "secret" not in repr(read(tmp_path, LOGIN))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("security.protocoll=SSL", 1, "did you mean 'security.protocol'?", id="a typo"),
        pytest.param("security.protocol=TLS", 1, "security.protocol is not 'TLS'", id="an unknown protocol"),
        pytest.param("\nsecurity.protocol", 2, "name=value is expected", id="no value"),
        pytest.param("bootstrap.servers=a:1", 1, "brokers are named where the topic is", id="brokers"),
        pytest.param("sasl.jaas.config=x", 1, "write sasl.username and sasl.password", id="Java's login"),
        pytest.param("sasl.username=a", 1, "no effect with security.protocol PLAINTEXT", id="a name for nothing"),
        pytest.param("security.protocol=SASL_SSL", 1, "SASL_SSL needs sasl.password", id="a login of nobody"),
        pytest.param(LOGIN + "sasl.password=x", 5, "sasl.password is there twice", id="two passwords"),
        pytest.param(LOGIN.replace("PLAIN\n", "GSSAPI\n"), 2, "sasl.mechanism is not 'GSSAPI'", id="Kerberos"),
        pytest.param(LOGIN.replace("secret", "${NOPE}"), 4, "the environment has no NOPE", id="no such variable"),
        pytest.param("security.protocol=SSL\nssl.ca.location=no", 2, "no: No such file", id="no such file"),
        pytest.param("security.protocol=SSL\nssl.ca.location=.", 2, ".: ", id="a folder"),
        pytest.param("security.protocol=SSL\nssl.key.location=k", 2, "needs ssl.certificate.location", id="half of it"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, text)
    told = str(caught.value)
    assert message in told
    assert f"client.properties:{line}:" in told


def live(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["live", *arguments, "--handler", "app:handler"])


def test_the_command_refuses_a_file_that_is_not_there_or_would_do_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    gone = live("kafka://127.0.0.1:1/orders", "--kafka-config", "gone.properties")
    assert (gone.exit_code, gone.output) == (
        2,
        "gone.properties: error: cannot be read: No such file or directory\n",
    )
    Path("client.properties").write_text("")
    idle = live("kinesis://orders", "--kafka-config", "client.properties")
    assert idle.exit_code == 2
    assert "--kafka-config goes with kafka://" in idle.output


@pytest.mark.parametrize("benchmark", ["kafka", "ordering"])
def test_benchmarks_read_the_same_file_and_refuse_it_before_anything_runs(
    benchmark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("client.properties").write_text("security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI\n")
    given = ["bench", benchmark, "--kafka", "127.0.0.1:1", "--kafka-config", "client.properties"]
    refused = CliRunner().invoke(main, given)
    assert refused.exit_code == 2
    assert refused.output.startswith("client.properties:1:19: error: SASL_SSL needs sasl.username")
    assert "client.properties:2:16: error: sasl.mechanism is not 'GSSAPI'" in refused.output


def test_the_benchmark_of_ordering_has_no_use_for_a_file_without_a_broker(tmp_path: Path) -> None:
    (tmp_path / "client.properties").write_text("")
    given = ["bench", "ordering", "--kafka-config", str(tmp_path / "client.properties")]
    idle = CliRunner().invoke(main, given)
    assert idle.exit_code == 2
    assert "--kafka-config goes with --kafka HOST:PORT" in idle.output


# -- TLS in front of any broker -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Secured:
    """A broker at `plain`, with TLS in front of it at `address` and under another name at `misnamed`."""

    folder: Path
    plain: str
    address: str
    misnamed: str

    def access(self, authority: str = "authority", more: str = "") -> Access:
        text = f"security.protocol=SSL\nssl.ca.location={self.folder / authority}.pem\n{more}"
        return read(self.folder, text)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority.of(folder, "authority")
    Authority.of(folder, "stranger")
    port, other = free_port(), free_port()
    try:
        with (
            wheel_broker(port) as plain,
            tls_before(plain, port, authority.sign(folder, "127.0.0.1")),
            tls_before(plain, other, authority.sign(folder, "elsewhere")),
        ):
            yield Secured(folder, plain, f"127.0.0.1:{port}", f"127.0.0.1:{other}")
            gc.collect()  # what was left open is told here, and not in another module
    except NoBrokerError as error:
        pytest.skip(str(error))


def asked(address: str, access: Access) -> str:
    """What the broker answers, or why it does not."""

    async def main() -> str:
        try:
            return str(await asyncio.wait_for(partitions_of(address, "orders", access), 60))
        except SourceError as error:
            return str(error)

    return asyncio.run(main())


def test_a_topic_behind_tls_is_read_and_written(secured: Secured) -> None:
    asyncio.run(create_topic(secured.address, "orders", 3, secured.access()))
    assert asked(secured.address, secured.access()) == "3"
    lax = secured.access(more="ssl.endpoint.identification.algorithm=none\n")
    assert asked(secured.misnamed, lax) == "3"


def test_who_does_not_fit_is_told_in_a_line(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        errors, "_PATIENCE", 3
    )  # some brokers wait for the rest of what they take for a request
    for address, access, told in (
        (secured.address, OPEN, "does not answer as a Kafka broker without TLS"),
        (secured.plain, secured.access(), "does not answer as a Kafka broker with TLS"),
        (
            secured.address,
            secured.access("stranger"),
            "does not hold: unable to get local issuer certificate",
        ),
        (secured.misnamed, secured.access(), "does not hold: IP address mismatch"),
    ):
        said = asked(address, access)
        assert told in said
        assert "\n" not in said


def test_a_scenario_is_played_on_a_broker_behind_tls(secured: Secured) -> None:
    scenario = secured.folder / "scenario.yaml"
    scenario.write_text(
        "scenario: Behind TLS\nduration: 1s\nproducer: {rate: 20/s}\nexpect: {order.contract: holds, records: '>= 1'}\n"
    )
    secured.access()
    config = str(secured.folder / "client.properties")
    where = ["--backend", "kafka", "--kafka", secured.address]
    played = CliRunner().invoke(
        main, ["run", str(scenario), *where, "--kafka-config", config, "--at-once", "-q"]
    )
    assert played.exit_code == 0, played.output
    refused = CliRunner().invoke(main, ["run", str(scenario), *where, "--at-once", "-q"])
    assert refused.exit_code == 3
    assert refused.stderr.startswith("error: what listens at 127.0.0.1:")
    assert "--kafka-config FILE" in refused.stderr


SMALL = {
    "kafka": ["--records", "2000", "--partitions", "2", "--rounds", "1"],
    "ordering": ["--fault", "rebalance", "--lanes", "4", "--shards", "2", "--seeds", "1", "--jobs", "1", "--json"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("benchmark", "told"),
    [
        ("kafka", r"bare aiokafka loop +[\d,]+ records/s +[1-9]\d* commits\n +streamsim +[\d,]+ records/s"),
        ("ordering", r'"backend": "kafka",\s+"fault": "rebalance"'),
    ],
)
def test_benchmarks_play_on_a_broker_behind_tls(secured: Secured, benchmark: str, told: str) -> None:
    secured.access()
    where = ["bench", benchmark, "--kafka", secured.address, *SMALL[benchmark]]
    played = CliRunner().invoke(main, [*where, "--kafka-config", str(secured.folder / "client.properties")])
    assert played.exit_code == 0, played.output
    assert re.search(told, played.stdout), played.stdout
    refused = CliRunner().invoke(main, where)
    assert refused.exit_code == 3
    lines = refused.stderr.splitlines()
    assert lines[0].startswith("error: what listens at 127.0.0.1:")
    assert "--kafka-config FILE" in lines[1]
    assert len(lines) == 2


def test_the_intruder_gets_through_tls_too(secured: Secured) -> None:
    case = Case("kafka", "rebalance", Settings(4, 1, bisects=False, reports=False))
    events: list[Event] = []
    player = KafkaPlayer(Brokers(secured.address, secured.access()))
    player(case, 0, load_text(scenario_text(case, 0), "rebalance"), events.append)
    assert any(type(event) is ShardStop for event in events)  # the intruder had its partition


# -- a broker that asks who one is --------------------------------------------------------------------------------------


def test_apache_kafka_lets_in_who_it_knows(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if not request.config.getoption("--apache-kafka"):
        pytest.skip("needs Apache Kafka: --apache-kafka")
    authority = Authority.of(tmp_path, "authority")
    certificate = authority.sign(tmp_path, "127.0.0.1")
    kafka = ApacheKafka(tmp_path, certificate, authority.file)
    tls = read(tmp_path, f"security.protocol=SSL\nssl.ca.location={authority.file}\n")
    known = f"ssl.certificate.location={certificate}\n"
    ours = read(tmp_path, f"security.protocol=SSL\nssl.ca.location={authority.file}\n{known}")

    def login(mechanism: str, password: str = "secret") -> Access:
        return Access(tls.tls, Login(mechanism, "alice", password))

    with kafka.running():
        asyncio.run(create_topic(kafka.address, "orders", 2))
        at = kafka.addresses
        for address, access, told in (
            (at["SSL"], tls, "2"),
            (at["MTLS"], ours, "2"),
            (at["MTLS"], tls, "may want a login or a certificate of ours"),
            (at["SASL_SSL"], login("PLAIN"), "2"),
            (at["SASL_SSL"], login("SCRAM-SHA-512"), "2"),
            (at["SASL_SSL"], login("PLAIN", "wrong"), "'alice' in with PLAIN: wrong name or password"),
            (at["SASL_SSL"], login("SCRAM-SHA-512", "wrong"), "with SCRAM-SHA-512: wrong name or password"),
            (at["SASL_SSL"], login("SCRAM-SHA-256"), "it has no such login at this port"),
            (at["SASL_SSL"], tls, "may want a login"),
            (at["SSL"], login("PLAIN"), "it has no such login at this port"),
            (at["SSL"], OPEN, "does not answer as a Kafka broker without TLS"),
            (kafka.address, tls, "does not answer as a Kafka broker with TLS"),
        ):
            said = asked(address, access)
            assert told in said, (address, access.protocol, said)
            assert "\n" not in said
