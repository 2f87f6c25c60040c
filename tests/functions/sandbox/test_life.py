"""The life of an environment: what outlives an invocation, a crash and the sandbox."""

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest

from streamsim.functions.logs import log_events
from streamsim.functions.runtime import Answer
from streamsim.model.units import MILLISECOND
from tests.functions.handlers import LOG_STREAM, NOW, invocation
from tests.functions.sandbox.sandboxes import answers_to, function, gone, sandbox, texts, told

COUNTS = """
import os, sys, threading
calls = 0
def handler(event, context):
    global calls
    calls += 1
    with open(os.path.join(os.environ["TMPDIR"], "file"), "a") as file:
        file.write("x")
    if event == "crash": os._exit(1)
    if event == "hang": threading.Event().wait()
    if event == "raise": raise ValueError(event)
    with open(os.path.join(os.environ["TMPDIR"], "file")) as file:
        return calls, len(file.read()), context.log_stream_name, os.getpid()
"""


def seen(told: Answer) -> tuple[int, int, str]:
    """How often a global and a file in /tmp were written, and the log stream."""
    calls, writes, stream, _ = json.loads(told.payload)
    return calls, writes, stream


def test_globals_and_tmp_live_through_an_exception(tmp_path: Path) -> None:
    first, _, third = answers_to(function(tmp_path, COUNTS), None, "raise", None)
    assert (seen(first), seen(third)) == ((1, 1, LOG_STREAM), (3, 3, LOG_STREAM))
    assert [init.phase for init in first.inits] == ["init"]
    assert third.inits == ()


@pytest.mark.parametrize("end", ["crash", "hang"])
def test_a_crash_or_a_timeout_takes_the_globals_and_leaves_tmp_and_log_stream(
    tmp_path: Path, end: str
) -> None:
    deployment = function(tmp_path, COUNTS, timeout=500 * MILLISECOND)
    first, broken, third, fourth = answers_to(deployment, None, end, None, None)
    assert broken.lost
    assert [seen(one) for one in (first, third, fourth)] == [
        (1, 1, LOG_STREAM),
        (1, 3, LOG_STREAM),
        (2, 4, LOG_STREAM),
    ]
    assert [(init.phase, init.status) for init in third.inits] == [("invoke", "success")]
    assert third.duration > third.inits[0].duration, (
        "a new process is paid for by the invocation that needs it"
    )
    assert fourth.inits == ()


def test_a_reset_takes_the_globals_and_leaves_tmp(tmp_path: Path) -> None:
    async def story() -> Answer:
        async with sandbox(function(tmp_path, COUNTS)) as box:
            await told(box)
            await box.reset()
            return await told(box)

    assert seen(asyncio.run(story())) == (1, 2, LOG_STREAM)


def test_a_process_that_ends_between_two_invocations_is_replaced(tmp_path: Path) -> None:
    async def story() -> Answer:
        async with sandbox(function(tmp_path, COUNTS)) as box:
            pid = json.loads((await told(box)).payload)[3]
            assert box._process is not None
            assert box._process._leave is not None
            os.kill(pid, 9)
            await box._process._leave
            return await told(box)

    answer = asyncio.run(story())
    assert seen(answer) == (1, 2, LOG_STREAM)
    assert [init.phase for init in answer.inits] == ["invoke"]


def test_sandboxes_have_nothing_in_common(tmp_path: Path) -> None:
    """Two at once: each handler waits until the other one runs."""
    pipes = [str(tmp_path / "one"), str(tmp_path / "two")]
    code = """
    import os
    def handler(event, context):
        for path, flags in event:
            os.close(os.open(path, flags))  # opening one end of a named pipe waits for the other
        return os.getpid(), os.environ["TMPDIR"], os.environ["AWS_LAMBDA_RUNTIME_API"]
    """
    for pipe in pipes:
        os.mkfifo(pipe)

    async def story() -> tuple[Answer, Answer]:
        deployment = function(tmp_path, code)
        async with sandbox(deployment) as one, sandbox(deployment) as two:
            first = [(pipes[0], os.O_WRONLY), (pipes[1], os.O_RDONLY)]
            second = [(pipes[0], os.O_RDONLY), (pipes[1], os.O_WRONLY)]
            return await asyncio.gather(told(one, first), told(two, second))

    one, two = (json.loads(answer.payload) for answer in asyncio.run(story()))
    assert all(mine != other for mine, other in zip(one, two, strict=True))


LEAVES_CHILDREN = """
import os, subprocess, sys
def handler(event, context):
    wait = [sys.executable, "-c", "print('up', flush=True); input()"]
    children = [
        subprocess.Popen(wait, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=apart)
        for apart in (False, True)
    ]
    for child in children: child.stdout.readline()
    if event == "crash": os._exit(0)
    return [child.pid for child in children]
"""


def test_what_a_handler_started_ends_with_the_sandbox(tmp_path: Path) -> None:
    """Even what has left its session. It holds our pipe, too, and nobody waits for it."""

    async def story() -> list[int]:
        async with sandbox(function(tmp_path, LEAVES_CHILDREN)) as box:
            pids = json.loads((await told(box)).payload)
            return [os.pidfd_open(pid) for pid in (*pids, box._process._process.pid)]  # type: ignore[union-attr]

    processes = asyncio.run(story())
    assert len(processes) == 3
    assert all(gone(process) for process in processes)


def test_what_a_crashed_handler_started_keeps_nothing_waiting(tmp_path: Path) -> None:
    first, second = answers_to(function(tmp_path, LEAVES_CHILDREN), "crash", "crash")
    assert b"Runtime exited without providing a reason" in first.payload
    assert [init.status for init in second.inits] == ["success"]


def test_a_closed_sandbox_leaves_no_files(tmp_path: Path) -> None:
    code = "import os\ndef handler(event, context):\n    return os.environ['TMPDIR']\n"

    async def story() -> tuple[str, bool]:
        async with sandbox(function(tmp_path, code)) as box:
            folder = json.loads((await told(box)).payload)
            return folder, os.path.isdir(folder)  # noqa: ASYNC240, PTH112 - it waits for nothing

    folder, was_there = asyncio.run(story())
    assert was_there
    assert not Path(folder).exists()


def test_a_cancelled_invocation_ends_the_process(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code = """
    import os, threading
    def handler(event, context):
        with open(event, "w") as file: file.write(str(os.getpid()))
        threading.Event().wait()
    """

    async def story() -> int:
        async with sandbox(function(tmp_path, code)) as box:
            invoked = asyncio.create_task(told(box, str(pipe)))
            process = os.pidfd_open(int(await asyncio.to_thread(pipe.read_text)))
            invoked.cancel()
            await asyncio.wait((invoked,))
            assert invoked.cancelled()
            return process

    assert gone(asyncio.run(story()))


def test_output_and_log_of_an_invocation(tmp_path: Path) -> None:
    code = """
    import logging, os, sys
    print("importing")
    def handler(event, context):
        print("printed")
        logging.getLogger().setLevel("INFO")
        logging.info("logged\\nin two lines")
        print("to stderr", file=sys.stderr)
        os.write(1, b"past Python\\n")
        os.system("echo from a child")
        print("without an end", end="")
    """
    deployment = function(tmp_path, code, runtime_version="python:3.12.v7")
    first, second = answers_to(deployment, None, None)
    printed, logged, *rest = texts(first)
    assert first.inits[0].output[0].text == "importing"
    assert printed == "printed"
    assert logged.startswith("[INFO]\t")
    assert logged.endswith(f"Z\t{invocation(deployment).request_id}\tlogged\nin two lines")
    assert rest == ["to stderr", "past Python", "from a child", "without an end"]
    assert [line[:6] for line in texts(second)] == [
        "printe",
        "[INFO]",
        "to std",
        "past P",
        "from a",
        "withou",
    ]
    log = [event.text for event in log_events(deployment, invocation(deployment), first, NOW)]
    assert [line.split()[0] for line in log] == [
        "INIT_START", "importing", "START", "printed", "[INFO]", "to", "past", "from", "without", "END", "REPORT",
    ]  # fmt: skip


def test_the_json_log_format_is_the_clients(tmp_path: Path) -> None:
    code = "import logging\ndef handler(event, context):\n    logging.warning('careful')\n"
    (answer,) = answers_to(function(tmp_path, code, log_format="JSON"), None)
    (line,) = texts(answer)
    record = json.loads(line)
    assert (record["level"], record["message"], record["logger"]) == ("WARNING", "careful", "root")
    assert record["requestId"] == invocation(function(tmp_path, code)).request_id


def test_the_time_that_remains_is_real(tmp_path: Path) -> None:
    code = "def handler(event, context):\n    return context.get_remaining_time_in_millis()\n"
    (answer,) = answers_to(function(tmp_path, code), None)
    assert 0 < int(answer.payload) <= 30_000


def test_memory_used_is_of_the_runtime_and_stays_the_most(tmp_path: Path) -> None:
    code = """
    def handler(event, context):
        return len(bytearray(b"x" * (event << 20)))
    """
    small, large, again = answers_to(function(tmp_path, code, memory_size=512), 1, 40, 1)
    assert 5 < small.max_memory_mb < 45
    assert 80 <= large.max_memory_mb < 200
    assert again.max_memory_mb == large.max_memory_mb


def test_code_that_is_gone_cannot_be_started(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    deployment = function(folder, "def handler(event, context): pass")
    shutil.rmtree(folder)
    (answer,) = answers_to(deployment, None)
    assert answer.error_type == "Runtime.InvalidEntrypoint"
    assert json.loads(answer.payload)["errorMessage"].endswith(": no such file or directory")
