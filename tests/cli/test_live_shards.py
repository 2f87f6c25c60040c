"""`streamsim live` on a Kinesis stream and on a table's: what it prints, how it ends, and what it refuses."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from streamsim.cli import main
from streamsim.streams.aws.endpoint import Endpoint, client_of
from tests.streams.brokers import free_port
from tests.streams.telling import ended, lines

APP = """\
import base64, os
PIPE = os.open(os.environ["PIPE"], os.O_WRONLY)
def handler(event, context):
    for one in event["Records"]:
        if "kinesis" in one:
            told = one["kinesis"]["partitionKey"] + " " + base64.b64decode(one["kinesis"]["data"]).decode()
        else:
            told = one["dynamodb"]["Keys"]["id"]["S"] + " " + one["dynamodb"]["NewImage"]["n"]["N"]
        os.write(PIPE, (told + "\\n").encode())
    if told.endswith("poison"):
        raise ValueError("poison")
"""


def at(url: str, service: str, story: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        async with client_of(Endpoint(url), service) as client:
            return await story(client)

    return asyncio.run(run())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    Path("app.py").write_text(APP)
    os.mkfifo("pipe")
    return tmp_path


@pytest.fixture
def stream(kinesis: str, here: Path) -> Iterator[str]:
    del here
    name = f"live-{uuid4().hex[:10]}"

    async def create(client: Any) -> None:
        await client.create_stream(StreamName=name, ShardCount=2)
        while True:
            answer = await client.describe_stream_summary(StreamName=name)
            if answer["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE":
                return

    at(kinesis, "kinesis", create)
    yield name
    at(kinesis, "kinesis", lambda client: client.delete_stream(StreamName=name))


def put(url: str, name: str, records: list[tuple[str, bytes]]) -> None:
    async def story(client: Any) -> None:
        for key, data in records:
            await client.put_record(StreamName=name, PartitionKey=key, Data=data)

    at(url, "kinesis", story)


def live(source: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from streamsim.cli import main; main()", "live", source]
    given = ["--handler", "app:handler", "--timeout", "1", "--env", "PIPE=pipe"]
    return subprocess.Popen(
        [*command, *given, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def until(
    process: subprocess.Popen[str],
    enough: int | Callable[[list[str]], bool],
    number: signal.Signals = signal.SIGTERM,
) -> list[str]:
    """What the handler tells until it has told enough lines; then the process gets the signal, and what comes yet."""
    told = []
    for line in lines(Path("pipe"), process):
        told.append(line)
        if enough(told) if callable(enough) else len(told) == enough:
            process.send_signal(number)
    return told


def test_records_are_handled_until_it_is_stopped_and_are_not_again(kinesis: str, stream: str) -> None:
    put(kinesis, stream, [(f"k{number % 5}", b"%d" % number) for number in range(20)])
    options = ["--endpoint-url", kinesis, "--trace", "trace.ndjson"]
    process = live(f"kinesis://{stream}", *options)
    told = until(process, 20)
    out, error = ended(process)
    assert process.returncode == 0, error
    assert sorted(told) == sorted(f"k{number % 5} {number}" for number in range(20))
    assert f"kinesis://{stream}: group 'streamsim' has 2 of 2 shards here" in error
    assert out.startswith("20 records, ")
    header = json.loads(Path("trace.ndjson").read_text().partition("\n")[0])
    assert (header["clock"], header["streams"]["default"]["shards"]) == ("real", 2)
    checked = CliRunner().invoke(main, ["verify", "trace.ndjson"])
    assert checked.exit_code == 0, checked.output
    put(kinesis, stream, [("k0", b"20")])
    again = live(f"kinesis://{stream}", *options)
    assert until(again, 1) == ["k0 20"]
    ended(again)


def test_a_discarded_batch_goes_to_the_file_before_its_checkpoint(kinesis: str, stream: str) -> None:
    put(kinesis, stream, [("k", b"poison"), ("k", b"1")])
    process = live(
        f"kinesis://{stream}", "--endpoint-url", kinesis, "--on-failure", "failed.ndjson",
        "--set", "BatchSize=1", "--set", "MaximumRetryAttempts=1",
    )  # fmt: skip
    assert until(process, 3) == ["k poison", "k poison", "k 1"]
    _, error = ended(process)
    assert process.returncode == 0, error
    (document,) = [json.loads(line) for line in Path("failed.ndjson").read_text().splitlines()]
    assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert document["KinesisBatchInfo"]["streamArn"].endswith(f":stream/{stream}")


def test_a_tables_changes_are_handled_with_checkpoints_in_a_table(dynamodb: str, here: Path) -> None:
    del here
    name, leases = f"orders-{uuid4().hex[:10]}", f"leases-{uuid4().hex[:10]}"

    async def create(client: Any) -> None:
        await client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        await write(client, 0, 10)

    async def write(client: Any, begin: int, end: int) -> None:
        for number in range(begin, end):
            item = {"id": {"S": f"i{number % 3}"}, "n": {"N": str(number)}}
            await client.put_item(TableName=name, Item=item)

    at(dynamodb, "dynamodb", create)
    options = ["--endpoint-url", dynamodb, "--checkpoints", f"dynamodb://{leases}"]
    process = live(f"dynamodb://{name}", *options)
    assert until(process, 10) == [f"i{number % 3} {number}" for number in range(10)]
    _, error = ended(process)
    assert process.returncode == 0, error
    at(dynamodb, "dynamodb", lambda client: write(client, 10, 13))
    again = live(f"dynamodb://{name}", *options)
    assert until(again, 3) == [f"i{number % 3} {number}" for number in range(10, 13)]
    ended(again)
    assert not Path("streamsim-checkpoints.sqlite").exists()


def refused(source: str, *arguments: str) -> tuple[int, str]:
    """The exit code and what was printed, by the command in this process."""
    given = ["live", source, "--handler", "app:handler", *arguments]
    result = CliRunner().invoke(main, given)
    return result.exit_code, result.output


WRONG: dict[str, tuple[str, list[str], str]] = {
    "no such stream": ("kinesis://nowhere", ["--endpoint-url", "URL"], "error: there is no stream 'nowhere' at URL"),
    "nobody listens": (
        "kinesis://orders",
        ["--endpoint-url", "http://127.0.0.1:PORT"],
        "error: cannot connect to http://127.0.0.1:PORT: Connection refused",
    ),
    "TLS where there is none": (
        "kinesis://orders",
        ["--endpoint-url", "https://HOST"],
        "error: https://HOST does not speak TLS as it should: ",
    ),
    "an endpoint of something else": (
        "dynamodb://orders",
        ["--endpoint-url", "URL"],
        "error: URL answers 404: <UnknownOperationException/>",
    ),
    "no such profile": (
        "kinesis://orders",
        ["--profile", "nobody"],
        "error: The config profile (nobody) could not be found",
    ),
    "no region": ("kinesis://orders", [], "error: no region is configured"),
    "no credentials": (
        "kinesis://orders",
        ["--region", "eu-west-1"],
        "error: no credentials for AWS: Unable to locate credentials",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", WRONG)
def test_what_is_wrong_outside_is_told_in_one_line_with_exit_code_3(
    row: str, kinesis: str, here: Path
) -> None:
    del here
    source, arguments, said = WRONG[row]
    port = str(free_port())

    def filled(text: str) -> str:
        return text.replace("URL", kinesis).replace("HOST", kinesis[7:]).replace("PORT", port)

    code, output = refused(source, *map(filled, arguments))
    first, _, rest = output.partition("\n")
    assert first.startswith(filled(said)), output
    assert code == 3
    assert rest.startswith("hint: ")
    assert rest.count("\n") == 1


USAGE: dict[str, tuple[str, list[str], str]] = {
    "no source": ("orders", [], "'orders' is no stream; write kafka://"),
    "a topic has no endpoint": (
        "kafka://h:1/t",
        ["--endpoint-url", "http://h"],
        "--endpoint-url goes with kinesis:// and dynamodb://",
    ),
    "a topic has no file of checkpoints": (
        "kafka://h:1/t",
        ["--checkpoints", "x"],
        "--checkpoints goes with kinesis:// and dynamodb://",
    ),
    "a stream has one form of event": ("kinesis://s", ["--event", "aws:kafka"], "--event goes with kafka://"),
    "an endpoint is a URL": ("kinesis://s", ["--endpoint-url", "h:1"], "'h:1' is no endpoint"),
    "an endpoint has a host": (
        "kinesis://s",
        ["--endpoint-url", "http://:80"],
        "'http://:80' is no endpoint",
    ),
    "a port is a number": ("kinesis://s", ["--endpoint-url", "http://h:x"], "'http://h:x' is no endpoint"),
    "a port is below 65536": (
        "kinesis://s",
        ["--endpoint-url", "http://h:99999"],
        "'http://h:99999' is no endpoint",
    ),
    "an address is whole": ("kinesis://s", ["--endpoint-url", "http://[::1"], "'http://[::1' is no endpoint"),
    "credentials are not in the URL": (
        "kinesis://s",
        ["--endpoint-url", "http://me:secret@h"],
        "credentials are no part of an endpoint",
    ),
    "a region is a name": (
        "kinesis://s",
        ["--region", "nowhere!"],
        "'nowhere!' is no region; write eu-west-1",
    ),
    "an endpoint of destinations is one too": (
        "kinesis://s",
        ["--on-failure", "sqs:failed", "--on-failure-endpoint", "h:1"],
        "'h:1' is no endpoint",
    ),
    "an endpoint of checkpoints is one too": (
        "kinesis://s",
        ["--checkpoints", "dynamodb://leases", "--checkpoints-endpoint-url", "h:1"],
        "'h:1' is no endpoint",
    ),
    "a stream has a name": ("kinesis://", [], "'kinesis://' is no stream"),
    "a table has a name of three letters": ("dynamodb://ab", [], "'dynamodb://ab' is no stream"),
    "a topic for discards of a stream needs a broker": (
        "kinesis://s",
        ["--on-failure", "kafka:t"],
        "--on-failure kafka:t: of which broker? write kafka://HOST:PORT/t",
    ),
    "a topic has no consumers": ("kafka://h:1/t", ["--consumer", "fast"], "--consumer goes with kinesis://"),
    "a table has no consumers": ("dynamodb://tab", ["--consumer", "fast"], "--consumer goes with kinesis://"),
    "a consumer is no setting": (
        "kinesis://s",
        ["--set", "consumer=fast"],
        "a consumer is no setting of a live mapping",
    ),
    "a file is nowhere else": (
        "kinesis://s",
        ["--checkpoints-endpoint-url", "http://h"],
        "--checkpoints-endpoint-url goes with --checkpoints dynamodb://table",
    ),
    "a table has a name": ("kinesis://s", ["--checkpoints", "dynamodb://a/b"], "write dynamodb://table"),
}


@pytest.mark.parametrize("row", USAGE)
def test_what_does_not_go_together_is_refused(row: str, here: Path) -> None:
    del here
    source, arguments, said = USAGE[row]
    code, output = refused(source, *arguments)
    assert (code, said in output) == (2, True), output


def test_a_tables_stream_cannot_begin_at_an_instant(here: Path) -> None:
    del here
    settings = ["--set", "StartingPosition=AT_TIMESTAMP", "--set", "StartingPositionTimestamp=1700000000"]
    code, output = refused("dynamodb://orders", "--endpoint-url", "http://127.0.0.1:1", *settings)
    assert code == 2
    assert "Unsupported starting position for arn type: arn:aws:dynamodb" in output
