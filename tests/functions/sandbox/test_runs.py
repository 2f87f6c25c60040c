"""Scenarios whose handlers run in processes of their own."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

from streamsim.cli import main
from streamsim.functions.logs import LogEvent
from streamsim.functions.sandbox import watch
from streamsim.functions.sandbox.client import NoClientError, client
from streamsim.model.events import Event
from streamsim.model.units import MIB
from streamsim.scenario.load import load, load_text
from streamsim.scenario.play import run_world
from tests.functions.handlers import deployed, write
from tests.functions.node import not_installed
from tests.functions.runs import played, results, texts
from tests.functions.sandbox.sandboxes import PATIENCE, gone

SCENARIOS = Path(__file__).parents[3] / "scenarios"

PROCESS = "runtime: process, model: {duration: 100ms}"

REFUSES = """
import os
def handler(event, context):
    with open(os.path.join(os.environ["TMPDIR"], "tries"), "a+") as tries:
        tries.write("x")
        tries.seek(0)
        count = len(tries.read())
    print(count, context.aws_request_id)
    if count == 1: os._exit(1)
    if count == 2: raise ValueError("not yet")
"""


def test_a_retry_has_the_same_request_id_and_finds_the_same_tmp(tmp_path: Path) -> None:
    events, log = played(tmp_path, REFUSES, function=PROCESS)
    tried = results(events)
    assert [result.outcome for result in tried] == ["error", "error", "success"]
    (request_id,) = {result.request_id for result in tried}
    assert [line for line in texts(log) if line.endswith(request_id) and line[0].isdigit()] == [
        f"{count} {request_id}" for count in (1, 2, 3)
    ]
    assert len(log) == 1, "one environment, one log stream"


ENDS = """
import base64, ctypes, json, os, signal, socket, threading

def bomb():
    for _ in range(7): os.fork()
    threading.Event().wait()

def fork():
    for _ in range(100):
        if not os.fork():
            os.setsid()
            threading.Event().wait()

def flood():
    for _ in range(1000): os.write(1, (b"x" * 99 + b"\\n") * 1000)

def fill():
    with open(os.path.join(os.environ["TMPDIR"], "file"), "ab", buffering=0) as file:
        while True: os.truncate(file.fileno(), os.fstat(file.fileno()).st_size + (64 << 20))

def lie():
    os.write(int(os.environ["_LAMBDA_TELEMETRY_LOG_FD"]), b"no frame" * 1000)
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    with socket.create_connection((host, int(port))) as api:
        api.sendall(b"POST /2018-06-01/runtime/invocation/none/response HTTP/1.1\\r\\nContent-Length: 1\\r\\n\\r\\n1")
        api.recv(100)
        api.sendall(b"\\0" * 100_000)

DOES = {
    "hangs": threading.Event().wait, "forks": fork, "floods": flood, "fills": fill, "lies": lie,
    "closes": lambda: os.closerange(0, 64), "crashes": lambda: ctypes.string_at(0), "bombs": bomb,
    "orphans": lambda: os.kill(os.getppid(), signal.SIGKILL) or threading.Event().wait(),
}

def handler(event, context):
    for record in event["Records"]:
        what = json.loads(base64.b64decode(record["kinesis"]["data"]))
        if what in DOES: DOES[what]()
"""

HOSTILE = """
scenario: A handler that does its worst
seed: 7
producer: {{records: [{{key: a, data: works}}, {{key: a, data: {what}}}, {{key: a, data: works}}]}}
mapping: {{BatchSize: 1, MaximumRetryAttempts: 0}}
function:
  handler: app.handler
  runtime: process
  Timeout: {timeout}
  EphemeralStorage: {{Size: 512}}
  MemorySize: 256
  model: {{duration: 10ms}}
"""


@pytest.mark.parametrize(
    ("what", "timeout", "outcomes"),
    [
        ("hangs", 1, {"timeout"}),
        ("forks", 10, {"success"}),
        ("floods", 20, {"success"}),
        ("fills", 10, {"error"}),
        ("lies", 5, {"success", "error"}),
        ("closes", 1, {"success", "timeout", "error"}),
        ("crashes", 5, {"error"}),
        ("orphans", 60, {"error"}),
        ("bombs", 60, {"error"}),
    ],
)
def test_whatever_a_handler_does_the_run_goes_on_and_its_trace_is_whole(
    tmp_path: Path, what: str, timeout: int, outcomes: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "bombs":
        monkeypatch.setattr(watch, "TASKS", 40)
    path, trace = write(tmp_path, ENDS) / "scenario.yaml", tmp_path / "trace.ndjson"
    path.write_text(HOSTILE.format(what=what, timeout=timeout))
    told = CliRunner().invoke(
        main, ["run", str(path), "--trace", str(trace), "--logs", str(tmp_path / "logs")]
    )
    assert told.exit_code == 0, told.output
    assert CliRunner().invoke(main, ["verify", str(trace)]).exit_code == 0
    events = [json.loads(line) for line in trace.read_text().splitlines()]
    tried = [event["outcome"] for event in events if event.get("event") == "result"]
    assert (tried[0], tried[2]) == ("success", "success")
    assert tried[1] in outcomes
    (log,) = [file for file in (tmp_path / "logs").rglob("*") if file.is_file()]
    assert log.stat().st_size < 20 * MIB
    lines = log.read_text().splitlines()
    assert sum(" REPORT RequestId: " in line for line in lines) == 3
    assert any("of output were not kept" in line for line in lines) == (what == "floods")
    assert not [path for path in Path("/proc").glob("[0-9]*/environ") if _started_in(tmp_path, path)]


def _started_in(folder: Path, environment: Path) -> bool:
    try:
        return f"LAMBDA_TASK_ROOT={folder}\0".encode() in environment.read_bytes()
    except OSError:
        return False


def test_a_measured_invocation_takes_the_time_that_it_takes(tmp_path: Path) -> None:
    code = "def handler(event, context): return None\n"
    events, _ = played(tmp_path, code, function="runtime: process, model: {duration: measured}")
    (result,) = results(events)
    assert 0 < result.duration < 3_000_000


def test_a_handler_for_node_is_tried_again_with_the_same_request_id(tmp_path: Path) -> None:
    script = """
        let calls = 0;
        exports.handler = async (event, context) => {
            const data = event.Records.map((record) => JSON.parse(Buffer.from(record.kinesis.data, 'base64')));
            console.log('try', ++calls, data, context.awsRequestId);
            if (calls < 3) throw new TypeError(`not yet: ${calls}`);
        };
    """
    write(tmp_path, script, "index.js")
    try:
        client(deployed(tmp_path, "index.handler"))
    except NoClientError as missing:
        not_installed(missing)
    text = """
        scenario: A handler for Node
        seed: 7
        producer: {records: [{key: a, data: one}, {key: b, data: two}]}
        mapping: {MaximumRetryAttempts: 2}
        function: {handler: index.handler, runtime: process, model: {duration: 100ms}}
    """
    events: list[object] = []
    log: list[LogEvent] = []
    run_world(
        load_text(dedent(text), str(tmp_path / "scenario.yaml")),
        [events.append],
        journal=lambda _group, _stream, lines: log.extend(lines),
    )
    tried = results(events)  # type: ignore[arg-type]
    assert [result.outcome for result in tried] == ["error", "error", "success"]
    (request_id,) = {result.request_id for result in tried}
    lines = [line.text for line in log]
    assert lines[0].startswith("INIT_START Runtime Version: nodejs:")
    for count in (1, 2, 3):
        wanted = f"{request_id}\tINFO\ttry {count} [ 'one', 'two' ] {request_id}"
        assert [line for line in lines if line.endswith(wanted)]
    assert tried[0].error == "TypeError: not yet: 1"


def test_the_node_scenario_tells_a_retry_by_its_request_id() -> None:
    scenario = load(SCENARIOS / "node_handler.yaml")
    log: list[str] = []
    events: list[Event] = []
    try:
        run_world(
            scenario,
            [events.append],
            journal=lambda _group, _stream, lines: log.extend(line.text for line in lines),
        )
    except NoClientError as missing:
        not_installed(missing)
    starts = Counter(line.split()[2] for line in log if line.startswith("START"))
    tried = Counter(result.request_id for result in results(events))
    assert starts == tried
    again = [request_id for request_id, count in starts.items() if count == 3]
    assert len(again) == 4
    told = [line.split("\t", 1)[1] for line in log if "\tINFO\t" in line]
    for request_id in again:
        (line,) = [one for one in told if one.startswith(f"{request_id}\tINFO\tattempt 3: ")]
        assert line.endswith(" sent before")


SCENARIO = """
scenario: A handler
producer: {records: [{key: a, data: 1}]}
function: {handler: app.handler, runtime: process}
"""


def test_a_client_that_is_not_installed_is_the_outside_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "", "app.js") / "scenario.yaml"
    path.write_text(SCENARIO)
    monkeypatch.setenv("PATH", str(tmp_path))
    told = CliRunner().invoke(main, ["run", str(path)])
    assert told.exit_code == 3
    assert told.output == "error: app.handler is a handler for Node, and there is no node on the PATH\n"


def test_an_interrupt_ends_the_processes(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code = f"""
    import os, threading
    def handler(event, context):
        with open({str(pipe)!r}, "w") as file: file.write(str(os.getpid()))
        threading.Event().wait()
    """
    path = write(tmp_path, code) / "scenario.yaml"
    path.write_text(SCENARIO.replace("process}", "process, Timeout: 900}"))
    run = subprocess.Popen(
        [sys.executable, "-m", "streamsim", "run", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process = os.pidfd_open(int(pipe.read_text()))
    run.send_signal(signal.SIGINT)
    try:
        run.communicate(timeout=PATIENCE)
    finally:
        run.kill()
    assert run.returncode == 130
    assert gone(process)
