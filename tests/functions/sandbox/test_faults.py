"""Everything that can go wrong with a handler, each with a real process and AWS's own Python client."""

import json
from pathlib import Path

import pytest

from streamsim.functions.logs import log_events
from streamsim.functions.runtime import Limits
from streamsim.functions.sandbox.sandbox import INIT_LIMIT
from streamsim.model.units import MILLISECOND, SECOND
from tests.functions.handlers import NOW, REQUEST_ID, invocation, write
from tests.functions.sandbox.sandboxes import NEVER, answer, answers_to, function, texts


def exit_document(text: str) -> str:
    return f'{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: {REQUEST_ID} Error: {text}"}}'


def runtime_document(message: str, kind: str, *, request_id: str = REQUEST_ID) -> str:
    fields = {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": []}
    return json.dumps(fields)


# fmt: off
#   what the handler does                     its body                                       the payload                  lost
RESULTS = [
    ("returns a document",                    "return {'é': [1, None]}",                     r'{"\u00e9": [1, null]}'),
    ("returns nothing",                       "return None",                                 "null"),
    ("returns bytes",                         "return b'raw'",                               "raw"),
    ("returns a decimal",                     "import decimal; return decimal.Decimal('1.10')", "1.10"),
    ("returns no number",                     "return float('nan')",                         "NaN"),
]

EXITS = [
    ("exits without a word",                  "import sys; sys.exit(0)",                     "Runtime exited without providing a reason"),
    ("exits at once without a word",          "import os; os._exit(0)",                      "Runtime exited without providing a reason"),
    ("exits with a status",                   "import sys; sys.exit(3)",                     "Runtime exited with error: exit status 3"),
    ("reads where nothing is",                "import ctypes; ctypes.string_at(0)",          "Runtime exited with error: signal: segmentation fault"),
    ("aborts",                                "import os; os.abort()",                       "Runtime exited with error: signal: aborted"),
    ("kills its process group",               "import os; os.killpg(0, 9)",                  "Runtime exited with error: signal: killed"),
    ("kills its parent",                      "import os, threading; os.kill(os.getppid(), 9); threading.Event().wait()", "Runtime exited with error: signal: killed"),
    ("is ended by a signal without a name",   "import os; os.kill(os.getpid(), 40)",         "Runtime exited with error: signal: signal 40"),
]
# fmt: on


def row(sentence: str) -> str:
    return sentence.replace(" ", "_")


@pytest.mark.parametrize(("body", "payload"), [pytest.param(*rest, id=row(name)) for name, *rest in RESULTS])
def test_a_handler_that(tmp_path: Path, body: str, payload: str) -> None:
    (told,) = answers_to(function(tmp_path, f"def handler(event, context): {body}"), None)
    assert told.payload.decode() == payload
    assert (told.status, told.function_error, told.error_type, told.lost) == ("success", None, None, False)


@pytest.mark.parametrize(("body", "text"), [pytest.param(*rest, id=row(name)) for name, *rest in EXITS])
def test_the_runtime_is_gone_when_a_handler(tmp_path: Path, body: str, text: str) -> None:
    told = answer(tmp_path, f"def handler(event, context): {body}")
    assert told.payload.decode() == exit_document(text)
    assert (told.status, told.function_error, told.error_type) == ("error", "Unhandled", "Runtime.ExitError")
    assert told.lost


def test_an_exception_is_reported_as_the_client_posts_it(tmp_path: Path) -> None:
    told = answer(tmp_path, "def handler(event, context):\n    raise KeyError(event)\n", "id")
    fields = {
        "errorMessage": "'id'",
        "errorType": "KeyError",
        "requestId": REQUEST_ID,
        "stackTrace": [f'  File "{tmp_path / "app.py"}", line 2, in handler\n    raise KeyError(event)\n'],
    }
    assert told.payload.decode() == json.dumps(fields)
    assert (told.status, told.function_error, told.error_type, told.lost) == (
        "error",
        "Unhandled",
        None,
        False,
    )
    assert texts(told) == [
        (
            "[ERROR] KeyError: 'id'\nTraceback (most recent call last):\n"
            f'\N{NBSP}\N{NBSP}File "{tmp_path / "app.py"}", line 2, in handler\n'
            "\N{NBSP}\N{NBSP}\N{NBSP}\N{NBSP}raise KeyError(event)"
        )
    ]


def test_an_exception_had_a_list_of_lists_and_was_handled_in_2017(tmp_path: Path) -> None:
    told = answer(tmp_path, "def handler(event, context):\n    raise KeyError(event)\n", "id", limits="2017")
    fields = {
        "errorMessage": "'id'",
        "stackTrace": [[str(tmp_path / "app.py"), 2, "handler", "raise KeyError(event)"]],
        "errorType": "KeyError",
    }
    assert told.payload.decode() == json.dumps(fields)
    assert told.function_error == "Handled"


def test_a_result_that_is_no_json_is_an_error(tmp_path: Path) -> None:
    told = answer(tmp_path, "def handler(event, context): return {1, 2}")
    text = "Unable to marshal response: Object of type set is not JSON serializable"
    assert told.payload.decode() == runtime_document(text, "Runtime.MarshalError")
    assert (told.status, told.error_type, told.lost) == ("error", None, False)


def test_a_response_of_six_megabytes_arrives_and_one_byte_more_does_not(tmp_path: Path) -> None:
    """AWS's Python client does not survive the 413 that it is answered with."""
    deployment = function(tmp_path, "def handler(event, context): return 'x' * (event - 2)", memory_size=512)
    whole, too_large, after = answers_to(deployment, 6_291_556, 6_291_557, 3)
    assert len(whole.payload) == 6_291_556
    assert too_large.payload.decode() == (
        '{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).",'
        '"errorType":"Function.ResponseSizeTooLarge"}'
    )
    assert (too_large.function_error, too_large.error_type) == ("Unhandled", "Function.ResponseSizeTooLarge")
    assert too_large.lost
    assert "RuntimeError: Failed to post invocation response" in texts(too_large)
    assert after.payload == b'"x"'


@pytest.mark.parametrize(
    ("limits", "document"),
    [
        (
            "current",
            f'{{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: {REQUEST_ID} Error: Task timed out after 0.50 seconds"}}',
        ),
        ("2017", f'{REQUEST_ID} Task timed out after 0.50 seconds"}}'),
    ],
)
def test_a_handler_that_hangs_is_stopped_at_its_timeout(
    tmp_path: Path, limits: Limits, document: str
) -> None:
    code = "import threading\ndef handler(event, context):\n    print('here')\n    threading.Event().wait()\n"
    told = answer(tmp_path, code, timeout=500 * MILLISECOND, limits=limits)
    assert told.payload.decode().endswith(document)
    assert (told.status, told.function_error, told.error_type) == ("timeout", "Unhandled", None)
    assert told.duration == 500 * MILLISECOND
    assert texts(told) == ["here"]
    assert told.lost


def test_a_handler_that_takes_too_much_memory_is_killed(tmp_path: Path) -> None:
    code = "def handler(event, context):\n    held = []\n    while True: held.append(bytearray(b'x' * 1048576))\n"
    told = answer(tmp_path, code, memory_size=64)
    assert told.payload.decode() == exit_document("Runtime exited with error: signal: killed")
    assert (told.status, told.error_type) == ("error", "Runtime.OutOfMemory")
    assert told.max_memory_mb == 64
    assert told.lost


def test_memory_that_is_given_back_before_anybody_looked_was_too_much_all_the_same(tmp_path: Path) -> None:
    code = "def handler(event, context):\n    import mmap\n    held = mmap.mmap(-1, 64 << 20)\n    held.write(b'x' * (48 << 20))\n    held.close()\n"
    told = answer(tmp_path, code, memory_size=64)
    assert told.error_type == "Runtime.OutOfMemory"


def test_what_child_processes_hold_counts_too(tmp_path: Path) -> None:
    code = """
    import subprocess, sys
    def handler(event, context):
        child = subprocess.Popen([sys.executable, "-c", "held = b'x' * (64 << 20); input()"], stdin=subprocess.PIPE)
        child.wait()
    """
    assert answer(tmp_path, code, memory_size=64).error_type == "Runtime.OutOfMemory"


# fmt: off
#   what is wrong                    the code                                   handler            type                             message
IMPORTS = [
    ("no module",                    "",                                        "nowhere.handler", "Runtime.ImportModuleError",     "Unable to import module 'nowhere': No module named 'nowhere'"),
    ("a module that needs another",  "import nothing_of_this_name",             "app.handler",     "Runtime.ImportModuleError",     "Unable to import module 'app': No module named 'nothing_of_this_name'"),
    ("no handler",                   "",                                        "app.handler",     "Runtime.HandlerNotFound",       "Handler 'handler' missing on module 'app'"),
    ("no dot",                       "",                                        "handler",         "Runtime.MalformedHandlerName",  "Bad handler 'handler': not enough values to unpack (expected 2, got 1)"),
    ("a module of Python's own",     "",                                        "sys.handler",     "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
]
# fmt: on


@pytest.mark.parametrize(
    ("code", "handler", "kind", "message"), [pytest.param(*rest, id=row(name)) for name, *rest in IMPORTS]
)
def test_init_fails_twice_and_the_caller_gets_its_error(
    tmp_path: Path, code: str, handler: str, kind: str, message: str
) -> None:
    first, second = answers_to(function(tmp_path, code, handler), None, None)
    assert first.payload.decode() == runtime_document(message, kind, request_id="")
    assert (first.status, first.function_error, first.error_type) == ("error", "Unhandled", kind)
    assert [(init.phase, init.status, init.error_type) for init in first.inits] == [
        ("init", "error", kind),
        ("invoke", "error", kind),
    ]
    assert [(init.phase, init.error_type) for init in second.inits] == [("invoke", kind)]
    for init in first.inits:
        warning, error = (written.text for written in init.output)
        assert "LAMBDA_WARNING: Unhandled exception" in warning
        assert error.startswith(f"[ERROR] {kind}: {message}")


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    told = answer(tmp_path, "def handler(:\n")
    fields = json.loads(told.payload)
    assert fields["errorType"] == told.error_type == "Runtime.UserCodeSyntaxError"
    assert fields["errorMessage"].startswith("Syntax error in module 'app': ")
    assert fields["stackTrace"] == [f'  File "{tmp_path / "app.py"}" Line 1\n    def handler(:\n']


def test_what_a_module_raises_is_unknown_to_lambda_and_told_to_the_caller(tmp_path: Path) -> None:
    told = answer(tmp_path, "raise ValueError('no')\n")
    assert json.loads(told.payload)["errorType"] == "ValueError"
    assert told.error_type == "Runtime.Unknown"


@pytest.mark.parametrize(
    ("status", "text"),
    [(0, "Runtime exited without providing a reason"), (5, "Runtime exited with error: exit status 5")],
)
def test_an_exit_in_init_is_an_exit(tmp_path: Path, status: int, text: str) -> None:
    told = answer(tmp_path, f"import sys\nsys.exit({status})\n")
    assert told.payload.decode() == exit_document(text)
    assert [(init.phase, init.error_type) for init in told.inits] == [
        ("init", "Runtime.ExitError"),
        ("invoke", "Runtime.ExitError"),
    ]


SLOW_ONCE = """
import os, threading
mark = os.path.join(os.environ["TMPDIR"], "mark")
print("importing")
if not os.path.exists(mark):
    open(mark, "w").close()
    threading.Event().wait()
def handler(event, context): return "at last"
"""


def test_an_init_that_takes_too_long_is_done_again_within_the_invocation(tmp_path: Path) -> None:
    assert INIT_LIMIT == 10_000_000
    deployment = function(tmp_path, SLOW_ONCE)
    (told,) = answers_to(deployment, None, init_limit=SECOND)
    assert told.payload == b'"at last"'
    first, second = told.inits
    assert (first.phase, first.status, second.phase, second.status) == (
        "init",
        "timeout",
        "invoke",
        "success",
    )
    assert SECOND <= first.duration < NEVER
    assert told.duration > second.duration, "the second one counts in the invocation"


def test_a_second_init_that_takes_too_long_is_a_timeout_of_the_function(tmp_path: Path) -> None:
    code = "import threading\nthreading.Event().wait()\n"
    deployment = function(tmp_path, code, timeout=200 * MILLISECOND)
    (told,) = answers_to(deployment, None, init_limit=100 * MILLISECOND)
    assert b"Task timed out after 0.20 seconds" in told.payload
    assert (told.status, told.duration) == ("timeout", 200 * MILLISECOND)
    assert [(init.status, init.error_type) for init in told.inits] == [
        ("timeout", None),
        ("error", "Runtime.Unknown"),
    ]


def test_a_bootstrap_whose_program_is_missing_exits_with_127(tmp_path: Path) -> None:
    path = write(tmp_path, "#!/bin/sh\n/opt/no/such/wrapper\n", "bootstrap") / "bootstrap"
    path.chmod(0o755)
    (told,) = answers_to(function(tmp_path, ""), None)
    assert told.payload.decode() == exit_document("Runtime exited with error: exit status 127")


def test_a_bootstrap_that_is_no_program_is_an_invalid_entrypoint(tmp_path: Path) -> None:
    write(tmp_path, "not executable", "bootstrap")
    deployment = function(tmp_path, "")
    (told,) = answers_to(deployment, None)
    message = f"RequestId: {REQUEST_ID} Error: fork/exec {tmp_path}/bootstrap: permission denied"
    assert json.loads(told.payload) == {"errorType": "Runtime.InvalidEntrypoint", "errorMessage": message}
    assert told.error_type == "Runtime.InvalidEntrypoint"
    start, init, again, *log = [
        event.text for event in log_events(deployment, invocation(deployment), told, NOW)
    ]
    assert start.startswith("INIT_START Runtime Version: ")
    assert init.endswith(" ms\tPhase: init\tStatus: error\tError Type: Runtime.InvalidEntrypoint")
    assert again.endswith(" ms\tPhase: invoke\tStatus: error\tError Type: Runtime.InvalidEntrypoint")
    assert log[:3] == [
        f"START RequestId: {REQUEST_ID} Version: $LATEST",
        f"{message}\nRuntime.InvalidEntrypoint",
        f"END RequestId: {REQUEST_ID}",
    ]
    assert "Init Duration" not in log[3]
