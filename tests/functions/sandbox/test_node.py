"""Handlers for Node, with AWS's own client from npm."""

import json
from pathlib import Path

import pytest

from streamsim.functions.runtime import Answer
from streamsim.functions.sandbox.client import NoClientError, client
from streamsim.model.units import SECOND
from tests.functions.handlers import REQUEST_ID, deployed, write
from tests.functions.node import not_installed
from tests.functions.sandbox.sandboxes import NEVER, answers_to, texts

CODE = """
let calls = 0;
console.log('loading');
exports.counts = async (event, context) => {
  console.log('called with', event);
  return { calls: ++calls, id: context.awsRequestId, memory: context.memoryLimitInMB, group: context.logGroupName,
           left: context.getRemainingTimeInMillis() > 0 };
};
exports.later = (event, context, callback) => { setImmediate(() => callback(null, 'called back')); };
exports.never = () => {};
exports.raises = async () => { throw new TypeError('no é'); };
exports.throws = (event, context, callback) => { callback('only a string'); };
exports.rejects = () => { Promise.reject(new Error('lost')); return new Promise((resolve) => setTimeout(resolve, 5000)); };
exports.exits = async () => process.exit(4);
exports.hangs = async () => { for (;;); };
exports.large = async (size) => 'x'.repeat(size - 2);
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path) -> None:
    """See `not_installed`."""
    try:
        client(deployed(write(tmp_path, CODE, "index.js"), "index.counts"))
    except NoClientError as missing:
        not_installed(missing)


def answers(folder: Path, handler: str, *events: object, timeout: int = NEVER) -> list[Answer]:
    return answers_to(deployed(folder, f"index.{handler}", timeout=timeout, memory_size=512), *events)


def test_a_handler_answers_with_its_context_and_keeps_its_globals(tmp_path: Path) -> None:
    first, second = answers(tmp_path, "counts", {"n": 1}, {"n": 2})
    expected = {"id": REQUEST_ID, "memory": "512", "group": "/aws/lambda/orders", "left": True}
    assert json.loads(first.payload) == {"calls": 1, **expected}
    assert json.loads(second.payload) == {"calls": 2, **expected}
    (loading,) = first.inits[0].output
    assert loading.text.endswith("\tundefined\tINFO\tloading")
    (line,) = texts(second)
    assert line.endswith(f"Z\t{REQUEST_ID}\tINFO\tcalled with {{ n: 2 }}")


@pytest.mark.parametrize(
    ("handler", "payload"),
    [("later", b'"called back"'), ("never", b"null")],
    ids=["a callback", "no callback"],
)
def test_the_event_loop_is_waited_for(tmp_path: Path, handler: str, payload: bytes) -> None:
    for answer in answers(tmp_path, handler, 1, 2):
        assert (answer.payload, answer.status, answer.lost) == (payload, "success", False)


def test_an_exception_has_a_trace(tmp_path: Path) -> None:
    for answer in answers(tmp_path, "raises", 1, 2):
        fields = json.loads(answer.payload)
        assert list(fields) == ["errorType", "errorMessage", "trace"]
        assert (fields["errorType"], fields["errorMessage"]) == ("TypeError", "no é")
        assert fields["trace"][0] == "TypeError: no é"
        assert (answer.status, answer.function_error, answer.lost) == ("error", "Unhandled", False)
        (line,) = texts(answer)
        assert f'\t{REQUEST_ID}\tERROR\tInvoke Error \t{{"errorType":"TypeError"' in line


def test_a_string_may_be_thrown(tmp_path: Path) -> None:
    (answer,) = answers(tmp_path, "throws", 1)
    assert json.loads(answer.payload) == {"errorType": "string", "errorMessage": "only a string", "trace": []}


def test_an_unhandled_rejection_is_reported_and_ends_the_process(tmp_path: Path) -> None:
    first, second = answers(tmp_path, "rejects", 1, 2)
    for answer in (first, second):
        assert json.loads(answer.payload)["errorType"] == "Runtime.UnhandledPromiseRejection"
        assert answer.lost
        assert texts(answer)[-1].endswith("Runtime exited with error: exit status 128\nRuntime.ExitError")
    assert [init.phase for init in second.inits] == ["invoke"]


def test_an_exit_is_an_exit(tmp_path: Path) -> None:
    (answer,) = answers(tmp_path, "exits", 1)
    assert b"Runtime exited with error: exit status 4" in answer.payload


def test_a_loop_without_end_is_stopped(tmp_path: Path) -> None:
    (answer,) = answers(tmp_path, "hangs", 1, timeout=SECOND)
    assert (answer.status, answer.duration, answer.lost) == ("timeout", SECOND, True)


def test_a_large_response_arrives_and_a_larger_one_does_not(tmp_path: Path) -> None:
    whole, too_large = answers(tmp_path, "large", 6_291_556, 6_291_557)
    assert len(whole.payload) == 6_291_556
    assert json.loads(too_large.payload)["errorType"] == "Function.ResponseSizeTooLarge"


def test_what_is_not_exported_is_an_error_of_init(tmp_path: Path) -> None:
    (answer,) = answers(tmp_path, "nowhere", 1)
    assert json.loads(answer.payload)["errorMessage"] == "index.nowhere is undefined or not exported"
    assert [(init.phase, init.error_type) for init in answer.inits] == [
        ("init", "Runtime.HandlerNotFound"),
        ("invoke", "Runtime.HandlerNotFound"),
    ]
