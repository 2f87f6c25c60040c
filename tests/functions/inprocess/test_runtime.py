"""A handler in this process: what it is given, and what it answers when it goes well or fails."""

import asyncio
import json
import logging
import os
import sys
from pathlib import Path

import pytest

from streamsim.functions.runtime import Answer
from streamsim.model.units import MILLISECOND, SECOND
from tests.functions.handlers import (
    LOG_STREAM,
    NOW,
    REQUEST_ID,
    answer_of,
    deployed,
    environment,
    invoke,
    payload_of,
    write,
)

RESULT = """
def handler(event, context):
    return {result}
"""


@pytest.mark.parametrize(
    ("result", "payload"),
    [
        ("None", b"null"),
        ("{'statusCode': 200}", b'{"statusCode": 200}'),
        ("b'raw'", b"raw"),
        ("__import__('decimal').Decimal('1.10')", b"1.10"),
        ("float('nan')", b"NaN"),
        ("__import__('decimal').Decimal('NaN')", b"NaN"),
        ("(1, 2)", b"[1, 2]"),
    ],
)
def test_a_result_is_marshalled_as_the_runtime_does(tmp_path: Path, result: str, payload: bytes) -> None:
    answer = answer_of(tmp_path, RESULT.format(result=result))
    assert answer.payload == payload
    assert (answer.status, answer.function_error, answer.error_type) == ("success", None, None)


RAISES = """
def handler(event, context):
    refuse(event)

def refuse(event):
    raise KeyError(event)
"""


def test_an_exception_is_reported_with_its_stack_from_the_handler_on(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, RAISES, "id")
    file = tmp_path / "app.py"
    assert (
        answer.payload
        == json.dumps(
            {
                "errorMessage": "'id'",
                "errorType": "KeyError",
                "requestId": REQUEST_ID,
                "stackTrace": [
                    f'  File "{file}", line 3, in handler\n    refuse(event)\n',
                    f'  File "{file}", line 6, in refuse\n    raise KeyError(event)\n',
                ],
            }
        ).encode()
    )
    assert (answer.status, answer.function_error, answer.error_type) == ("error", "Unhandled", None)
    assert not answer.lost


def test_an_exception_had_a_list_of_lists_and_was_handled_in_2017(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, RAISES, "id", limits="2017")
    file = str(tmp_path / "app.py")
    stack = [
        [file, 3, "handler", "refuse(event)"],
        [file, 6, "refuse", "raise KeyError(event)"],
    ]
    assert answer.payload == (
        b'{"errorMessage": "\'id\'", "stackTrace": '
        + json.dumps(stack).encode()
        + b', "errorType": "KeyError"}'
    )
    assert answer.function_error == "Handled"


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("import nothing_there", "Runtime.ImportModuleError", "Unable to import module 'app': No module named 'nothing_there'"),
        ("def handler(", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': '(' was never closed (app.py, line 1)"),
        ("", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("1 / 0", "ZeroDivisionError", "division by zero"),
    ],
)  # fmt: skip
def test_a_module_that_cannot_be_loaded_is_tried_twice(
    tmp_path: Path, code: str, kind: str, message: str
) -> None:
    answer = answer_of(tmp_path, code)
    payload = payload_of(answer)
    assert (payload["errorType"], payload["errorMessage"], payload["requestId"]) == (kind, message, "")
    reported = kind if kind.startswith("Runtime.") else "Runtime.Unknown"
    assert answer.error_type == reported
    assert [(init.phase, init.status, init.error_type) for init in answer.inits] == [
        ("init", "error", reported),
        ("invoke", "error", reported),
    ]
    assert answer.lost


@pytest.mark.parametrize(
    ("handler", "kind"),
    [("handler", "Runtime.MalformedHandlerName"), ("sys.exit", "Runtime.BuiltInModuleConflict")],
)
def test_a_handler_s_name_has_a_module_of_its_own(tmp_path: Path, handler: str, kind: str) -> None:
    assert answer_of(tmp_path, "", handler=handler).error_type == kind


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("sys.exit()", "Runtime exited without providing a reason"),
        ("sys.exit(0)", "Runtime exited without providing a reason"),
        ("sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("sys.exit('enough')", "Runtime exited with error: exit status 1"),
        ("raise BaseException('enough')", "Runtime exited with error: exit status 1"),
        ("raise GeneratorExit", "Runtime exited with error: exit status 1"),
        ("raise KeyboardInterrupt", "Runtime exited with error: signal: interrupt"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os._exit(259)", "Runtime exited with error: exit status 3"),
    ],
)
def test_a_handler_that_exits_takes_the_runtime_with_it(tmp_path: Path, code: str, reason: str) -> None:
    answer = answer_of(tmp_path, f"import os, sys\ndef handler(event, context):\n    {code}\n")
    assert answer.payload == (
        f'{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: {REQUEST_ID} Error: {reason}"}}'.encode()
    )
    assert (answer.error_type, answer.function_error, answer.lost) == ("Runtime.ExitError", "Unhandled", True)


def test_a_module_may_exit_at_once_too(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "import os\nos._exit(4)\n")
    assert payload_of(answer)["errorMessage"].endswith("Runtime exited with error: exit status 4")


def test_a_child_process_that_comes_back_from_the_handler_ends_there(tmp_path: Path) -> None:
    code = """
        import os
        def handler(event, context):
            child = os.fork()
            if child: return [os.waitpid(child, 0)[1], os.getpid()]
            os._exit(7) if event == "exits" else None
    """
    with environment(deployed(write(tmp_path, code))) as runtime:
        assert [payload_of(invoke(runtime, event)) for event in ("exits", "returns")] == [
            [7 << 8, os.getpid()],
            [0, os.getpid()],
        ]


def test_a_logger_has_the_handlers_of_its_environment_alone(tmp_path: Path) -> None:
    code = """
        import logging, sys
        log = logging.getLogger("shop")
        log.addHandler(logging.StreamHandler(sys.stdout))
        log.setLevel("INFO")
        log.propagate = False
        def handler(event, context):
            log.info(event)
            if event == "exit": sys.exit(1)
    """
    shop, deployment = logging.getLogger("shop"), deployed(write(tmp_path, code))
    with environment(deployment) as one, environment(deployment) as other:
        answers = [invoke(runtime, event) for runtime, event in (
            (one, "a"), (other, "b"), (one, "c"), (one, "exit"), (one, "d"), (other, "e"),
        )]  # fmt: skip
    assert [lines(answer) for answer in answers] == [["a"], ["b"], ["c"], ["exit"], ["d"], ["e"]]
    assert (shop.handlers, shop.level, shop.propagate) == ([], logging.NOTSET, True)


def test_an_exit_was_no_more_than_a_message_in_2017(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "import sys\ndef handler(event, context):\n    sys.exit(3)\n", limits="2017")
    assert answer.payload == (
        f'{{"errorMessage":"RequestId: {REQUEST_ID} Process exited before completing request"}}'.encode()
    )
    assert answer.function_error == "Unhandled"


HANGS = """
def handler(event, context):
    while True:
        try:
            while True:
                pass
        except Exception:
            pass
"""


def test_a_handler_that_hangs_times_out(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, HANGS, timeout=20 * MILLISECOND)
    assert answer.payload == (
        f'{{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: {REQUEST_ID} Error: Task timed out after 0.02 seconds"}}'.encode()
    )
    assert (answer.status, answer.duration, answer.lost) == ("timeout", 20 * MILLISECOND, True)


def test_a_time_out_was_a_line_of_the_log_in_2017(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, HANGS, timeout=20 * MILLISECOND, limits="2017")
    assert payload_of(answer) == {
        "errorMessage": f"2026-01-01T00:00:12.750Z {REQUEST_ID} Task timed out after 0.02 seconds"
    }


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ("{1}", "Object of type set is not JSON serializable"),
        ("[object()]", "Object of type object is not JSON serializable"),
        ("(x := []).append(x) or x", "Circular reference detected"),
    ],
)
def test_a_result_that_is_no_json_is_an_error_of_the_runtime(
    tmp_path: Path, result: str, message: str
) -> None:
    answer = answer_of(tmp_path, RESULT.format(result=result))
    assert payload_of(answer) == {
        "errorMessage": f"Unable to marshal response: {message}",
        "errorType": "Runtime.MarshalError",
        "requestId": REQUEST_ID,
        "stackTrace": [],
    }


def test_a_response_has_six_megabytes_and_a_hundred_bytes_at_most(tmp_path: Path) -> None:
    code = "def handler(event, context):\n    return b'x' * event\n"
    with environment(deployed(write(tmp_path, code))) as runtime:
        assert invoke(runtime, 6_291_556).status == "success"
        answer = invoke(runtime, 6_291_557)
    assert answer.payload == (
        b'{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).",'
        b'"errorType":"Function.ResponseSizeTooLarge"}'
    )


COUNTS = """
import sys
calls = []
def handler(event, context):
    calls.append(event)
    if event == "exit":
        sys.exit(1)
    return calls
"""


def test_globals_live_as_long_as_the_runtime_of_their_environment(tmp_path: Path) -> None:
    deployment = deployed(write(tmp_path, COUNTS))
    with environment(deployment) as one, environment(deployment) as other:
        answers = [
            invoke(one, 1), invoke(other, 2), invoke(one, 3), invoke(other, 4), invoke(one, "exit"), invoke(one, 5),
        ]  # fmt: skip
    assert [payload_of(answer) for answer in answers if answer.status == "success"] == [
        [1], [2], [1, 3], [2, 4], [5],
    ]  # fmt: skip
    assert [[init.phase for init in answer.inits] for answer in answers] == [
        ["init"], ["init"], [], [], [], ["invoke"],
    ]  # fmt: skip


def test_a_reset_is_the_end_of_the_globals(tmp_path: Path) -> None:
    with environment(deployed(write(tmp_path, COUNTS))) as runtime:
        invoke(runtime, 1)
        asyncio.run(runtime.reset())
        answer = invoke(runtime, 2)
    assert payload_of(answer) == [2]
    assert [init.phase for init in answer.inits] == ["invoke"]


def test_a_run_leaves_the_process_as_it_was(tmp_path: Path) -> None:
    code = """
        import os, sys, logging
        os.environ["LEFT"] = "behind"
        os.environ.pop("HOME", None)
        logging.getLogger().setLevel("DEBUG")
        def handler(event, context):
            return [os.getcwd(), os.environ["LEFT"], "HOME" in os.environ, os.environ["STAGE"], __name__]
    """
    before = dict(os.environ), list(sys.path), set(sys.modules), sys.stdout, Path.cwd()
    answer = answer_of(tmp_path, code, environment={"STAGE": "test"})
    assert payload_of(answer) == [str(tmp_path), "behind", False, "test", "app"]
    assert before == (dict(os.environ), list(sys.path), set(sys.modules), sys.stdout, Path.cwd())


def test_an_event_cannot_be_altered_for_the_next_attempt(tmp_path: Path) -> None:
    code = "def handler(event, context):\n    event['Records'].clear()\n    return event\n"
    with environment(deployed(write(tmp_path, code))) as runtime:
        event = {"Records": [1, 2]}
        assert payload_of(invoke(runtime, event)) == payload_of(invoke(runtime, event)) == {"Records": []}
        assert event == {"Records": [1, 2]}


CONTEXT = """
import json
def handler(event, context):
    return {
        "attributes": {name: repr(value) for name, value in sorted(vars(context).items()) if name[0] != "_"},
        "remaining": context.get_remaining_time_in_millis(),
        "w3c": context.w3c(),
        "shown": repr(context),
    }
"""


def test_the_context_has_all_that_the_genuine_one_has(tmp_path: Path) -> None:
    with environment(deployed(write(tmp_path, CONTEXT), memory_size=256, timeout=30 * SECOND)) as runtime:
        told = payload_of(invoke(runtime))
    assert told["attributes"] == {
        "aws_request_id": repr(REQUEST_ID),
        "client_context": "None",
        "function_name": "'orders'",
        "function_version": "'$LATEST'",
        "identity": "CognitoIdentity([cognito_identity_id=None,cognito_identity_pool_id=None])",
        "invoked_function_arn": "'arn:aws:lambda:us-east-1:123456789012:function:orders'",
        "log_group_name": "'/aws/lambda/orders'",
        "log_stream_name": repr(LOG_STREAM),
        "memory_limit_in_mb": "'256'",
        "tenant_id": "None",
    }
    assert 29_000 < told["remaining"] <= 30_000
    assert told["shown"].startswith(f"LambdaContext([aws_request_id={REQUEST_ID},log_group_name=/aws/lambda")


TAKES_ITS_TIME = """
import time
def wait(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end: pass
wait({module})
def handler(event, context):
    first = context.get_remaining_time_in_millis()
    deadline = context._epoch_deadline_time_in_ms
    while context.get_remaining_time_in_millis() > first - 50: pass
    return [first, context.get_remaining_time_in_millis(), deadline]
"""


def test_the_time_that_remains_falls_with_real_time_on_a_clock_that_stands_still(tmp_path: Path) -> None:
    code = TAKES_ITS_TIME.format(module=0)
    first, then, deadline = payload_of(answer_of(tmp_path, code, timeout=30 * SECOND))
    assert then <= first - 50
    assert deadline == NOW // 1000 + 30_000


def test_an_init_phase_before_an_invocation_takes_nothing_of_its_time(tmp_path: Path) -> None:
    code = TAKES_ITS_TIME.format(module=0.3)
    first, _, deadline = payload_of(answer_of(tmp_path, code, timeout=30 * SECOND))
    assert 29_800 < first <= 30_000
    assert deadline == NOW // 1000 + 30_000


def test_an_init_phase_within_an_invocation_takes_of_its_time(tmp_path: Path) -> None:
    code = TAKES_ITS_TIME.format(module=0.2).replace("def handler", "def work") + (
        "def handler(event, context):\n"
        "    if event == 'exit': raise SystemExit\n"
        "    return work(event, context)\n"
    )
    with environment(deployed(write(tmp_path, code), timeout=30 * SECOND)) as runtime:
        assert invoke(runtime, "exit").lost
        first, _, deadline = payload_of(invoke(runtime))
    assert 20_000 < first <= 29_800
    assert abs(deadline - NOW // 1000 - first) < 100


def test_a_mobile_client_shows_in_the_context(tmp_path: Path) -> None:
    context = {"custom": {"a": 1}, "client": {"app_title": "shop"}, "w3c": {"traceparent": "00-1", "x": "y"}}
    with environment(deployed(write(tmp_path, CONTEXT))) as runtime:
        answer = invoke(
            runtime,
            client_context=json.dumps(context).encode(),
            cognito_identity=b'{"cognitoIdentityId": "me", "cognitoIdentityPoolId": "pool"}',
        )
    told = payload_of(answer)
    assert told["w3c"] == {"traceparent": "00-1"}
    assert told["attributes"]["client_context"] == (
        "ClientContext([custom={'a': 1},env=None,client=Client([installation_id=None,app_title=shop,"
        "app_version_name=None,app_version_code=None,app_package_name=None])])"
    )
    assert "cognito_identity_id=me,cognito_identity_pool_id=pool" in told["attributes"]["identity"]


def test_a_client_context_that_is_no_json_is_an_error(tmp_path: Path) -> None:
    with environment(deployed(write(tmp_path, CONTEXT))) as runtime:
        answer = invoke(runtime, client_context=b"{")
    assert payload_of(answer)["errorType"] == "Runtime.LambdaContextUnmarshalError"


def test_a_handler_may_run_an_event_loop_of_its_own(tmp_path: Path) -> None:
    code = """
        import asyncio
        async def work():
            await asyncio.sleep(0)
            return "done"
        def handler(event, context):
            return asyncio.run(work())
    """
    assert answer_of(tmp_path, code).payload == b'"done"'


def test_modules_of_the_code_folder_hide_what_others_call_so(tmp_path: Path) -> None:
    write(tmp_path, "NAME = 'the folder'\n", "tests/__init__.py")
    outside = sys.modules["tests"]
    code = "import tests, json\ndef handler(event, context):\n    return [tests.NAME, json.__file__]\n"
    answer = answer_of(tmp_path, code)
    assert payload_of(answer) == ["the folder", json.__file__]
    assert sys.modules["tests"] is outside


def lines(answer: Answer) -> list[str]:
    return [written.text for written in answer.output]


WRITES = """
import logging, sys
log = logging.getLogger("shop")
log.setLevel("INFO")
print("imported")
def handler(event, context):
    print("one", end="")
    print(" line")
    print("two\\nlines", file=sys.stderr)
    log.info("paid %d", 5)
    context.log("said\\ntwice")
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("cannot pay", extra={"order": 7})
    print("no end", end="")
"""


def test_what_is_printed_and_logged_is_the_invocation_s_own(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, WRITES)
    file = tmp_path / "app.py"
    assert [written.text for written in answer.inits[0].output] == ["imported"]
    assert lines(answer) == [
        "one line",
        "two",
        "lines",
        f"[INFO]\t2026-01-01T00:00:12.750Z\t{REQUEST_ID}\tpaid 5",
        "said\ntwice",
        (
            f"[ERROR]\t2026-01-01T00:00:12.750Z\t{REQUEST_ID}\tcannot pay\nTraceback (most recent call last):\n"
            f'  File "{file}", line 13, in handler\n    1 / 0\n    ~~^~~\nZeroDivisionError: division by zero'
        ),
        "no end",
    ]


def test_records_are_json_where_the_function_says_so(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, WRITES, log_format="JSON")
    told = [json.loads(line) for line in lines(answer) if line.startswith("{")]
    assert told[0] == {
        "timestamp": "2026-01-01T00:00:12Z",
        "level": "INFO",
        "message": "paid 5",
        "logger": "shop",
        "requestId": REQUEST_ID,
    }
    assert list(told[1]) == [
        "timestamp", "level", "message", "logger", "stackTrace", "errorType", "errorMessage", "requestId",
        "location", "order",
    ]  # fmt: skip


def test_an_exception_is_logged_with_spaces_that_cloudwatch_keeps(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    assert lines(answer_of(tmp_path, RAISES, "id")) == [
        (
            "[ERROR] KeyError: 'id'\nTraceback (most recent call last):\n"
            f'\u00a0\u00a0File "{file}", line 3, in handler\n\u00a0\u00a0\u00a0\u00a0refuse(event)\n'
            f'\u00a0\u00a0File "{file}", line 6, in refuse\n\u00a0\u00a0\u00a0\u00a0raise KeyError(event)'
        )
    ]


def test_an_exception_was_logged_as_python_prints_it_in_2017(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    assert lines(answer_of(tmp_path, RAISES, "id", limits="2017")) == [
        (
            "'id': KeyError\nTraceback (most recent call last):\n"
            f'  File "{file}", line 3, in handler\n    refuse(event)\n'
            f"  File \"{file}\", line 6, in refuse\n    raise KeyError(event)\nKeyError: 'id'"
        )
    ]


def test_a_flood_of_output_is_kept_in_part_and_counted(tmp_path: Path) -> None:
    code = "def handler(event, context):\n    for _ in range(100):\n        print('x' * 1_000_000)\n"
    answer = answer_of(tmp_path, code, timeout=60 * SECOND)
    kept = sum(len(f"{written.text}\n") for written in answer.output)
    assert kept == pytest.approx(8 * 1024 * 1024, abs=1)
    assert answer.lost_output == 100 * 1_000_001 - 8 * 1024 * 1024
