"""Error documents of today as they were in 2017."""

import pytest

from streamsim.functions.sandbox.old_documents import as_in_2017

PYTHON = (
    rb'{"errorMessage": "no", "errorType": "KeyError", "requestId": "x", '
    rb'"stackTrace": ["  File \"/var/task/app.py\", line 2, in handler\n    raise KeyError(event)\n", "  File \"<x>\", line 3, in f\n"]}'
)
NODE = b'{"errorType":"TypeError","errorMessage":"no","trace":["TypeError: no","    at exports.handler (/var/task/index.js:1:2)"]}'


@pytest.mark.parametrize(
    ("today", "then"),
    [
        (
            PYTHON,
            (
                b'{"errorMessage": "no", "stackTrace": [["/var/task/app.py", 2, "handler", "raise KeyError(event)"], '
                b'["<x>", 3, "f", null]], "errorType": "KeyError"}'
            ),
        ),
        (
            NODE,
            b'{"errorMessage": "no", "errorType": "TypeError", "stackTrace": ["exports.handler (/var/task/index.js:1:2)"]}',
        ),
        (b'{"errorMessage":"no"}', b'{"errorMessage":"no"}'),
        (b"[1]", b"[1]"),
        (b"no json", b"no json"),
    ],
    ids=["python", "node", "no stack", "no document", "no json"],
)
def test_of_a_runtime(today: bytes, then: bytes) -> None:
    assert as_in_2017(today) == then
