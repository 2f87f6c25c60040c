"""The same handlers in this process and in one of their own: what the caller gets and what is logged are the same."""

import asyncio
import json
import re
from pathlib import Path
from textwrap import dedent

import pytest

from streamsim.functions.inprocess.runtime import InProcessRuntime
from streamsim.functions.logs import log_events
from streamsim.functions.runtime import Answer, Deployment, Launcher, LogFormat
from streamsim.functions.sandbox.sandbox import Sandbox
from streamsim.model.units import SECOND
from tests.functions.handlers import LOG_STREAM, NOW, deployed, invocation, write

# fmt: off
#   what the handler does                             its module
HANDLERS = [
    ("returns what it was given",                     "def handler(event, context): return event"),
    ("returns what is not ASCII",                     "def handler(event, context): return {'é': '\\U0001f600'}"),
    ("returns numbers of all kinds",                  "import decimal\ndef handler(event, context): return [1.0, 1e300, decimal.Decimal('1.10'), float('inf')]"),
    ("returns a tuple",                               "def handler(event, context): return (1, (2,), {3: 4})"),
    ("returns bytes",                                 "def handler(event, context): return b'raw'"),
    ("returns what is no JSON",                       "def handler(event, context): return {1, 2}"),
    ("returns something that cannot be a key",        "def handler(event, context): return {(1, 2): 3}"),
    ("returns what refers to itself",                 "def handler(event, context):\n    made = []\n    made.append(made)\n    return made"),
    ("raises",                                        "def handler(event, context): raise KeyError('id')"),
    ("raises from further inside",                    "def inner():\n    raise ValueError('no', 1)\n\n\ndef handler(event, context):\n    return inner()"),
    ("raises without a word",                         "def handler(event, context): raise ValueError"),
    ("raises a class of its own",                     "class Refused(Exception): pass\ndef handler(event, context): raise Refused('é\\nsecond line')"),
    ("raises from another exception",                 "def handler(event, context):\n    try:\n        {}['x']\n    except KeyError as error:\n        raise RuntimeError('then') from error"),
    ("exits",                                         "import sys\ndef handler(event, context): sys.exit(0)"),
    ("exits with a status",                           "import sys\ndef handler(event, context): sys.exit(3)"),
    ("exits with a text",                             "import sys\ndef handler(event, context): sys.exit('enough')"),
    ("hangs",                                         "def handler(event, context):\n    while True: pass"),
    ("returns a coroutine",                           "import warnings\nwarnings.simplefilter('ignore')\nasync def handler(event, context): return 1"),
    ("returns keys of all kinds",                     "def handler(event, context): return {None: 1, True: 2, 1.5: 3, 7: 4, b'k': 5}"),
    ("returns half a character",                      "def handler(event, context): return '\\ud800'"),
    ("is an object",                                  "class Handler:\n    def __call__(self, event, context): return 'called'\nhandler = Handler()"),
    ("raises a group",                                "def handler(event, context): raise ExceptionGroup('both', [ValueError(1), TypeError(2)])"),
    ("raises in a library",                           "import json\ndef handler(event, context): json.loads('{')"),
    ("exits with more than a status",                 "import sys\ndef handler(event, context): sys.exit(259)"),
    ("prints from a thread",                          "import threading\ndef handler(event, context):\n    thread = threading.Thread(target=print, args=('there',))\n    thread.start()\n    thread.join()"),
    ("prints a long line and odd characters",         "def handler(event, context):\n    print('x' * 300_000)\n    print('a\\r\\nb\\rc\\0')"),
    ("writes bytes to its output",                    "import sys\ndef handler(event, context):\n    sys.stdout.buffer.write(b'raw\\n')\n    sys.stdout.buffer.flush()"),
    ("configures logging anew",                       "import logging\nlogging.basicConfig(level='DEBUG', force=True, format='%(levelname)s %(message)s')\ndef handler(event, context): logging.debug('heard')"),
    ("is in a module without an encoding",            "# coding: nothing\ndef handler(event, context): pass"),
    ("prints",                                        "def handler(event, context):\n    print('one\\ntwo')\n    print()\n    print('no end', end='')"),
    ("logs",                                          "import logging\ndef handler(event, context):\n    logging.warning('careful %s', 1)\n    logging.info('unheard')\n    logging.getLogger('told_twice').error('first\\nsecond')"),
    ("logs an exception",                             "import logging\ndef handler(event, context):\n    try:\n        {}['x']\n    except KeyError:\n        logging.exception('caught')"),
    ("prints between records",                        "import logging, sys\ndef handler(event, context):\n    logging.warning('a')\n    print('b')\n    logging.warning('c')\n    print('d', file=sys.stderr)"),
    ("uses the context",                              "def handler(event, context):\n    context.log('logged')\n    return [context.function_name, context.memory_limit_in_mb, context.log_stream_name, context.invoked_function_arn]"),
    ("looks for its trace",                           "import os\ndef handler(event, context): return os.environ.get('_X_AMZN_TRACE_ID')"),
    ("looks at its event's type",                     "def handler(event, context): return [type(event).__name__, type(event.get('n')).__name__]"),
    ("cannot be imported",                            "import nothing_of_this_name"),
    ("is not there",                                  ""),
    ("is in a module that raises",                    "raise ValueError('no')"),
    ("is in a module that exits",                     "import sys\nsys.exit(4)"),
    ("is in a module with a mistake",                 "def handler(:\n"),
    ("is in a module that prints",                    "print('importing')\ndef handler(event, context): print('called')"),
]
# fmt: on

#: What differs between two runs: times, durations, memory.
_VARIES = [
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{3})?Z"), "TIME"),
    (re.compile(r"[0-9.]+ (ms|MB)"), r"N \1"),
    (re.compile(r'"(durationMs|billedDurationMs|initDurationMs|maxMemoryUsedMB)":[0-9.]+'), r'"\1":N'),
]


async def _answers(launcher: Launcher, deployment: Deployment) -> list[Answer]:
    runtime = launcher(deployment, LOG_STREAM)
    try:
        async with asyncio.timeout(60):
            return [
                await runtime.invoke(invocation(deployment, {"n": number}, trace_id=trace))
                for number, trace in ((1, "Root=1-2;Sampled=0"), (2, None))
            ]
    finally:
        await runtime.close()


def told(launcher: Launcher, deployment: Deployment) -> list[str]:
    """Two answers and their logs, without what varies."""
    lines = []
    for answer in asyncio.run(_answers(launcher, deployment)):
        lines += [
            answer.payload.decode()[:2000],
            f"{answer.status} {answer.function_error} {answer.error_type}",
        ]
        lines += [event.text for event in log_events(deployment, invocation(deployment), answer, NOW)]
        lines += [f"lost: {answer.lost}"]
    text = "\n".join(lines)
    for pattern, replacement in _VARIES:
        text = pattern.sub(replacement, text)
    return text.split("\n")


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
@pytest.mark.parametrize("code", [pytest.param(code, id=name.replace(" ", "_")) for name, code in HANDLERS])
def test_a_handler_that(tmp_path: Path, code: str, log_format: LogFormat) -> None:
    deployment = deployed(write(tmp_path, dedent(code)), log_format=log_format, timeout=SECOND)
    assert told(InProcessRuntime, deployment) == told(Sandbox, deployment)


#   What AWS's client does not survive leaves lines of its own, and stacks are as deep as what is around them.
SAME_ANSWERS = [
    ("returns too much", "def handler(event, context): return 'x' * 6_291_556", None),
    ("ends the client", "def handler(event, context): raise GeneratorExit", None),
    ("interrupts itself", "def handler(event, context): raise KeyboardInterrupt", None),
    ("exits at once", "import os\ndef handler(event, context): os._exit(3)", None),
    (
        "raises what cannot be told",
        "class Mute(Exception):\n    def __str__(self): raise ValueError('inner')\ndef handler(event, context): raise Mute",
        None,
    ),
    ("prints half a character", "def handler(event, context): print('\\ud800')", "stackTrace"),
    ("recurses without end", "def handler(event, context): return handler(event, context)", "stackTrace"),
]


@pytest.mark.parametrize(
    ("code", "without"), [pytest.param(*rest, id=name.replace(" ", "_")) for name, *rest in SAME_ANSWERS]
)
def test_the_caller_gets_the_same_from_a_handler_that(tmp_path: Path, code: str, without: str | None) -> None:
    deployment = deployed(write(tmp_path, code))
    (here, _), (there, _) = (asyncio.run(_answers(kind, deployment)) for kind in (InProcessRuntime, Sandbox))
    documents = [json.loads(answer.payload) for answer in (here, there)]
    for document in documents:
        document.pop(without, None)
    assert documents[0] == documents[1]
    assert (here.status, here.function_error, here.error_type) == (
        there.status,
        there.function_error,
        there.error_type,
    )
