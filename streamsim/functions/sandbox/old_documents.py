"""Error documents of today's runtime clients as the runtimes of 2017 gave them. Pure.

Sources: the Lambda Developer Guide of December 2017, "Function errors" for Python and Node.js.
"""

import json
import re
from typing import Any, Final

_FRAME: Final = re.compile(
    r'  File "(?P<file>.*)", line (?P<line>[0-9]+), in (?P<name>.*)\n(?:    (?P<code>.*)\n)?'
)


def as_in_2017(document: bytes) -> bytes:
    """The same error with the fields of 2017; what is no such document stays as it is.

    Python: the stack is a list of [file, line, function, code], and there is no request id. Node.js: the stack is
    called `stackTrace`; it has no line with the message, and its lines no `at`.
    """
    try:
        fields = json.loads(document)
    except ValueError:
        return document
    if not isinstance(fields, dict) or "errorMessage" not in fields:
        return document
    old: dict[str, Any] = {"errorMessage": fields["errorMessage"]}
    if "trace" in fields:
        old |= {
            "errorType": fields.get("errorType"),
            "stackTrace": [line.strip().removeprefix("at ") for line in fields["trace"][1:]],
        }
    elif "stackTrace" in fields:
        old |= {
            "stackTrace": [_frame(text) for text in fields["stackTrace"]],
            "errorType": fields.get("errorType"),
        }
    else:
        return document
    return json.dumps(old).encode()


def _frame(text: str) -> Any:
    match = _FRAME.fullmatch(text)
    return [match["file"], int(match["line"]), match["name"], match["code"]] if match else text
