"""`streamsim live` on a topic: what it prints, how it ends, and what it refuses."""

import asyncio
import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from streamsim.cli import main
from streamsim.streams.kafka.topics import create_topic
from tests.conftest import Broker
from tests.streams.brokers import NoBrokerError, wheel_broker
from tests.streams.members import Topic, numbered
from tests.streams.telling import ended, lines

APP = """\
import base64, os
PIPE = os.open(os.environ["PIPE"], os.O_WRONLY)
def handler(event, context):
    if "Records" in event:
        values = [base64.b64decode(one["kinesis"]["data"]) for one in event["Records"]]
    else:
        values = [base64.b64decode(one["value"]) for listed in event["records"].values() for one in listed]
    os.write(PIPE, (context.aws_request_id + " " + ",".join(map(bytes.decode, values)) + "\\n").encode())
    if b"3" in values:
        raise ValueError("three")
"""

WAITING = """\
def handler(event, context):
    with open("begun", "w") as begun, open("go") as go:
        print("begun", file=begun, flush=True)
        go.readline()
"""


@pytest.fixture
def topic(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Topic:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(APP)
    os.mkfifo("pipe")
    topic = Topic(broker.address, f"live-{tmp_path.name}", 2)

    async def fill() -> None:
        await create_topic(topic.brokers, topic.name, topic.partitions)
        await topic.produce({0: numbered(0, 8), 1: numbered(1, 2)})

    asyncio.run(fill())
    return topic


def live(topic: Topic, *arguments: str) -> subprocess.Popen[str]:
    url = f"kafka://{topic.brokers}/{topic.name}"
    command = [sys.executable, "-c", "from streamsim.cli import main; main()", "live", url]
    given = ["--handler", "app:handler", "--timeout", "1", "--env", "PIPE=pipe", "--group", topic.name]
    return subprocess.Popen(
        [*command, *given, "--session-timeout", "1.5", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def batches(process: subprocess.Popen[str]) -> Iterator[tuple[str, list[str]]]:
    """The request id and the values of each invocation, as they come."""
    for line in lines(Path("pipe"), process):
        request_id, values = line.split()
        yield request_id, values.split(",")


def test_a_signal_lets_it_finish_commit_and_sum_up(topic: Topic) -> None:
    settings = ["BisectBatchOnFunctionError=true", "MaximumRetryAttempts=1", "BatchSize=4"]
    process = live(
        topic,
        *[word for one in settings for word in ("--set", one)],
        "--on-failure", "failed.ndjson", "--trace", "run.ndjson", "--logs", "logs",
    )  # fmt: skip
    alone = []
    seen: list[str] = []
    for request_id, values in batches(process):
        seen += values
        if values == ["3"]:
            alone.append(request_id)
        if len(alone) == 2 and seen.count("7") == 1 and seen.count("1") >= 2:
            process.send_signal(signal.SIGTERM)
    output, notes = ended(process)
    assert process.returncode == 0, notes
    assert len(alone) == 2
    assert len(set(alone)) == 1  # the retry has the same request id
    assert "1 discarded" in output
    assert f"group '{topic.name}' has 2 of 2 partitions here" in notes
    assert "finishing what is in flight" in notes
    assert asyncio.run(topic.committed()) == {topic.shard(0): 8, topic.shard(1): 2}
    (failed,) = map(json.loads, Path("failed.ndjson").read_text().splitlines())
    assert failed["KafkaBatchInfo"]["recordsInfo"].keys() == {topic.shard(0)}
    (record,) = json.loads(failed["payload"])["records"][topic.shard(0)]
    assert base64.b64decode(record["value"]) == b"3"
    verified = CliRunner().invoke(main, ["verify", "run.ndjson"])
    assert verified.exit_code == 0, verified.output
    assert list(Path("logs").rglob("*"))


def test_kinesis_events_and_a_topic_for_what_fails(topic: Topic) -> None:
    dead = Topic(topic.brokers, f"{topic.name}-dead", 1)
    asyncio.run(create_topic(dead.brokers, dead.name, 1))
    process = live(
        topic, "--event", "aws:kinesis", "--on-failure", f"kafka:{dead.name}", "--set", "MaximumRetryAttempts=0",
        "--set", "BatchSize=2",
    )  # fmt: skip
    got = [values for _, values in batches_until(process, 10)]
    _, notes = ended(process)
    assert process.returncode == 0, notes
    assert sorted(got) == [["0", "1"], ["0", "1"], ["2", "3"], ["4", "5"], ["6", "7"]]
    (document,) = asyncio.run(dead.values(1))
    assert json.loads(document)["KinesisBatchInfo"]["batchSize"] == 2


def batches_until(process: subprocess.Popen[str], records: int) -> Iterator[tuple[str, list[str]]]:
    """The same, and the process is stopped after so many records."""
    for request_id, values in batches(process):
        records -= len(values)
        if records == 0:
            process.send_signal(signal.SIGINT)
        yield request_id, values


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(["orders"], 2, "no stream; write kafka://", id="a name alone"),
        pytest.param(["kafka://127.0.0.1:1/orders"], 3, "no Kafka broker at 127.0.0.1:1", id="nobody there"),
        pytest.param(
            ["kafka://127.0.0.1:1/orders", "--set", "BatchSise=1"], 2, "did you mean 'BatchSize'", id="a typo"
        ),
        pytest.param(
            ["kafka://127.0.0.1:1/orders", "--set", "BatchSize=0"],
            2,
            "greater than or equal to 1",
            id="a limit",
        ),
        pytest.param(
            [
                "kafka://127.0.0.1:1/orders",
                "--set",
                'FilterCriteria={Filters: [{Pattern: \'{"data": {"a": [1]}}\'}]}',
            ],
            2,
            "does not ask for 'value'",
            id="a filter on what these records have not",
        ),
        pytest.param(
            ["kafka://127.0.0.1:1/orders", "--timeout", "0"], 2, "Timeout", id="a timeout of nothing"
        ),
        pytest.param(["kafka://127.0.0.1:1/orders", "--env", "STAGE"], 2, "NAME=VALUE", id="half a variable"),
    ],
)
def test_wrong_input_is_told_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text("def handler(event, context): pass\n")
    result = CliRunner().invoke(main, ["live", *arguments, "--handler", "app:handler"])
    assert result.exit_code == code, result.output
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_handler_that_cannot_be_loaded_ends_it(topic: Topic) -> None:
    Path("app.py").write_text("import nowhere_at_all\ndef handler(event, context): pass\n")
    process = live(topic)
    _, notes = ended(process)
    assert process.returncode == 3
    assert "cannot be loaded" in notes
    assert "nowhere_at_all" in notes
    assert asyncio.run(topic.committed()) == {topic.shard(0): None, topic.shard(1): None}


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ("sqs:failed.fifo", 2, "--on-failure sqs:failed.fifo: a FIFO queue cannot be a destination"),
        ("redis://x", 2, "--on-failure redis://x: redis://x is no destination; write FILE"),
        ("nowhere/failed.ndjson", 2, "--on-failure nowhere/failed.ndjson: error: No such file or directory"),
        ("kafka://nobody", 3, "error: there is no topic 'nobody'"),
        ("kafka://SOURCE", 2, "--on-failure kafka://SOURCE: is what is read; name another topic"),
        ("kafka://BROKERS/SOURCE", 2, "kafka://BROKERS/SOURCE: is what is read; name another topic"),
        ("sqs:nobody", 3, "error: the queue nobody: Could not connect to the endpoint URL"),
    ],
)
def test_a_destination_that_is_not_there_is_told_before_anything_runs(
    topic: Topic, monkeypatch: pytest.MonkeyPatch, given: str, code: int, message: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    url = f"kafka://{topic.brokers}/{topic.name}"
    given, message = (
        text.replace("BROKERS", topic.brokers).replace("SOURCE", topic.name) for text in (given, message)
    )
    arguments = [
        "--handler",
        "app:handler",
        "--env",
        "PIPE=pipe",
        "--group",
        topic.name,
        "--on-failure",
        given,
    ]
    told = CliRunner().invoke(main, ["live", url, *arguments, "--on-failure-endpoint", "http://127.0.0.1:1"])
    assert told.exit_code == code, told.output
    assert message in told.stderr
    assert "Traceback" not in told.output


def test_a_topic_gets_a_message_for_each_record_that_failed_under_its_key(topic: Topic) -> None:
    failed = Topic(topic.brokers, f"failed-{topic.name}", 1)
    asyncio.run(create_topic(failed.brokers, failed.name, 1))
    settings = ["MaximumRetryAttempts=0", "BatchSize=8", "MaximumBatchingWindowInSeconds=1"]
    given = [word for one in settings for word in ("--set", one)]
    process = live(topic, *given, "--on-failure", f"kafka://{failed.name}")
    seen: list[str] = []
    count = 0
    for _, values in batches(process):
        seen += values
        count += len(values) if "3" in values else 0
        if len(seen) == 10:
            process.send_signal(signal.SIGTERM)
    _, notes = ended(process)
    assert process.returncode == 0, notes
    assert count == 8
    messages = asyncio.run(failed.messages(count))
    documents = [json.loads(message.value) for message in messages]
    records = [document["payload"]["records"][topic.shard(0)] for document in documents]
    assert [len(alone) for alone in records] == [1] * count
    assert "3" in [base64.b64decode(alone[0]["value"]).decode() for alone in records]
    for message, document, (record,) in zip(messages, documents, records, strict=True):
        assert message.key == base64.b64decode(record["key"])
        assert document["KafkaBatchInfo"]["recordInfo"]["offset"] == str(record["offset"])
    assert len({document["requestContext"]["requestId"] for document in documents}) == 1


def test_prometheus_is_answered_while_it_runs(topic: Topic) -> None:
    process = live(topic, "--metrics-port", "0", "--runtime", "process", "--set", "MaximumRetryAttempts=0")
    assert process.stderr is not None
    url = next(line.split()[1] for line in process.stderr if line.startswith("metrics: "))
    metrics = ""
    for _, values in batches(process):
        if "7" in values:
            with urlopen(url) as answer:  # our own process
                metrics = answer.read().decode()
                assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            process.send_signal(signal.SIGTERM)
    _, notes = ended(process)
    assert process.returncode == 0, notes
    assert "# TYPE aws_lambda_IteratorAge histogram" in metrics
    assert 'streamsim_shards{FunctionName="default",mapping="default"} 2' in metrics
    assert re.search(r"^aws_lambda_Invocations\{.*\} [0-9]+$", metrics, re.MULTILINE)


def test_a_port_that_is_taken_is_told_in_a_line(topic: Topic) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = live(topic, "--metrics-port", str(server.getsockname()[1]))
        _, notes = ended(process)
    assert process.returncode == 3
    assert "Address already in use" in notes
    assert "hint: 0 takes a free one" in notes


def test_a_broker_that_is_gone_does_not_keep_it_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(WAITING)
    os.mkfifo("begun")
    os.mkfifo("go")
    with ExitStack() as running, ExitStack() as broker:
        go = os.open("go", os.O_RDWR)  # opens though nobody reads yet
        running.callback(os.close, go)
        try:
            address = broker.enter_context(wheel_broker())
        except NoBrokerError as error:
            pytest.skip(str(error))
        topic = Topic(address, "orders", 1)

        async def fill() -> None:
            await create_topic(topic.brokers, topic.name, topic.partitions)
            await topic.produce({0: numbered(0, 3)})

        asyncio.run(fill())
        process = live(topic, "--timeout", "3")
        for line in lines(Path("begun"), process):  # until the invocation is over
            assert line == "begun"
            broker.close()
            os.write(go, b"\n")
        process.send_signal(signal.SIGTERM)
        _, notes = ended(process)
    assert process.returncode == 3, notes
    assert "does not answer: what was finished last is not committed" in notes
    assert "nothing is lost" in notes
    assert "Traceback" not in notes
