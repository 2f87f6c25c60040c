"""A handler that wants more than Lambda gives: it gets an error or is ended, and nothing else suffers."""

import json
import os
import resource
from pathlib import Path

import pytest

from streamsim.functions.logs import log_events, tail
from streamsim.functions.runtime import MAXIMUM_OUTPUT
from streamsim.functions.sandbox import watch
from streamsim.functions.sandbox.processes import MemoryGauge
from streamsim.model.units import MIB, SECOND
from tests.functions.handlers import NOW, invocation
from tests.functions.sandbox.sandboxes import answer, answers_to, function, texts

FLOODS = """
import os
def handler(event, context):
    for start in range(0, event, 1000):
        data = b"".join(b"%099d\\n" % number for number in range(start, start + 1000))
        while data:
            data = data[os.write(1, data):]
"""


def test_a_hundred_megabytes_of_log_are_bounded_in_memory_and_the_tail_is_exact(tmp_path: Path) -> None:
    deployment = function(tmp_path, FLOODS)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark begins anew
    gauge = MemoryGauge(os.getpid())
    before = gauge.now()
    flood, after = answers_to(deployment, 1_000_000, 0)
    assert gauge.most() - before < 4 * MAXIMUM_OUTPUT
    gauge.close()
    assert (flood.status, flood.payload) == ("success", b"null")
    lines = texts(flood)
    assert lines[0] == "0" * 99
    assert flood.lost_output == (1_000_000 - len(lines)) * 100
    assert (
        "".join(f"{line}\n" for line in lines)[-4096:]
        == "".join(f"{number:099d}\n" for number in range(999_000, 1_000_000))[-4096:]
    )
    log = log_events(deployment, invocation(deployment), flood, NOW)
    assert f"{999_999:099d}" in tail(log).decode()
    assert texts(after) == []


def test_a_log_without_line_feeds_is_bounded_too(tmp_path: Path) -> None:
    code = """
    import os, logging
    def handler(event, context):
        logging.warning("x" * (20 << 20))
        for _ in range(20): os.write(1, b"y" * (1 << 20))
    """
    flood = answer(tmp_path, code, memory_size=512)
    kept = sum(len(text) for text in texts(flood))
    assert kept <= MAXIMUM_OUTPUT + MIB
    assert flood.lost_output > 30 * MIB
    assert flood.status == "success"


def test_one_file_can_fill_tmp_and_no_more(tmp_path: Path) -> None:
    code = """
    import os
    def handler(event, context):
        written = 0
        try:
            with open(os.path.join(os.environ["TMPDIR"], "one"), "ab", buffering=0) as file:
                while True: written += file.write(b"x" * 65536)
        except OSError as error:
            return written >> 20, error.errno
    """
    told = answer(tmp_path, code, 0, tmp_size=2)
    assert json.loads(told.payload) == [2, 27]
    assert not told.lost


def test_many_files_fill_tmp_and_who_removes_them_has_room_again(tmp_path: Path) -> None:
    code = """
    import os
    def files(): return os.path.join(os.environ["TMPDIR"], "small"), *(os.path.join(os.environ["TMPDIR"], str(n)) for n in range(4))
    def writes(): open(files()[0], "wb", buffering=0).write(b"x")
    def until(possible):  # what is watched is seen a moment later
        while True:
            try: writes()
            except OSError as error:
                if not possible: return error.errno
            else:
                if possible: return "room"
    def handler(event, context):
        if event == "empty":
            for path in files(): os.remove(path)
            return until(possible=True)
        writes()
        for path in files()[1:]: open(path, "wb").write(b"x" * 600_000)
        return until(possible=False)
    """
    filled, emptied = answers_to(function(tmp_path, code, tmp_size=2), "fill", "empty")
    assert filled.payload == b"27"
    assert emptied.payload == b'"room"'


def test_who_starts_too_many_processes_is_ended_with_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
    import os, signal
    def handler(event, context):
        for _ in range(event):
            if os.fork() == 0: signal.pause()
        signal.pause()
    """
    monkeypatch.setattr(watch, "TASKS", 40)
    told = answer(tmp_path, code, 60, memory_size=1024)
    assert b"Runtime exited with error: signal: killed" in told.payload
    assert told.error_type == "Runtime.ExitError"


def test_the_kernel_holds_the_limits_that_it_can(tmp_path: Path) -> None:
    code = """
    import resource
    def handler(event, context):
        return {name: resource.getrlimit(getattr(resource, name))[0] for name in event}
    """
    names = ["RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_CORE"]
    limits = json.loads(answer(tmp_path, code, names, tmp_size=600).payload)
    assert limits["RLIMIT_NOFILE"] == 1024
    assert 1024 < limits["RLIMIT_NPROC"] < 100_000
    assert limits["RLIMIT_FSIZE"] == 600 * MIB
    assert limits["RLIMIT_CORE"] == 0
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY, "ours are as they were"


def test_too_many_open_files_are_an_error_of_the_handler(tmp_path: Path) -> None:
    code = "def handler(event, context):\n    held = [open('/dev/null') for _ in range(2000)]\n"
    told = answer(tmp_path, code)
    assert "Too many open files" in json.loads(told.payload)["errorMessage"]


@pytest.mark.parametrize(
    "body",
    ["os.close(1); os.close(2)", "[file.detach() for file in (sys.stdout.stream, sys.stderr.stream)]"],
    ids=["stdout and stderr", "Python's files"],
)
def test_a_handler_may_close_the_pipes_that_we_read(tmp_path: Path, body: str) -> None:
    code = f"""
    import os, sys
    def handler(event, context):
        {body}
        return "still here"
    """
    assert answer(tmp_path, code).payload == b'"still here"'


def test_a_handler_that_closes_the_clients_sockets_hurts_only_itself(tmp_path: Path) -> None:
    code = """
    import os
    def handler(event, context):
        if event: os.closerange(3, 64)
        return "still here"
    """
    closed, after = answers_to(function(tmp_path, code, timeout=SECOND), True, False)
    assert (closed.payload, closed.status) == (b'"still here"', "timeout"), (
        "it answers, and cannot ask for more"
    )
    assert closed.lost
    assert after.payload == b'"still here"'
