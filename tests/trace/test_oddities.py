"""The oracle by examples: recorded and odd traces, all of them legal."""

from dataclasses import replace
from typing import Any

import pytest

from tests.trace.stories import header, judged, told

#: Legal, whatever it looks like: settings of `default`, and the trace.
LEGAL: dict[str, tuple[dict[str, Any], str]] = {
    "recorded: three attempts and given up": (
        {"MaximumRetryAttempts": 2, "BisectBatchOnFunctionError": False},
        """
        0 open s at 0 of 4
        0 invoke s a 1 0-3
        0 result s a 1 error
        0 backoff s a 200
        282 invoke s a 2 0-3
        282 result s a 2 error
        282 backoff s a 674
        674 invoke s a 3 0-3
        674 result s a 3 error
        674 discard s a exhausted 0-3 3 to=sqs
        674 checkpoint s 4
        674 end s 4
        """,
    ),
    "recorded: bisect finds the bad record": (
        {},
        """
        0 open s at 0 of 4
        0 invoke s a 1 0-3
        52 result s a 1 error
        52 split s a 2
        52 invoke s b 1 0-1
        60 result s b 1 error
        60 split s b 1
        60 invoke s c 1 0
        61 result s c 1 success
        61 checkpoint s 1
        61 invoke s d 1 1
        62 result s d 1 error
        62 backoff s d 262
        300 invoke s d 2 1
        300 result s d 2 error
        300 discard s d exhausted 1 2 to=sqs
        313 invoke s e 1 2-3
        313 result s e 1 success
        313 checkpoint s 4
        313 end s 4
        """,
    ),
    "recorded: a remainder fails and is given up whole": (
        {"BisectBatchOnFunctionError": False},
        """
        0 open s at 0 of 4
        0 invoke s a 1 0-3
        20 result s a 1 partial:1
        20 checkpoint s 1
        23 invoke s b 1 1-3
        25 result s b 1 partial:1
        25 backoff s b 225
        225 invoke s b 2 1-3
        226 result s b 2 partial:1
        226 discard s b exhausted 1-3 2 to=sqs
        226 end s 4
        """,
    ),
    "recorded: a remainder of three splits into one and two": (
        {},
        """
        0 open s at 0 of 4
        0 invoke s a 1 0-3
        31 result s a 1 partial:1
        31 invoke s b 1 1-3
        46 result s b 1 partial:1
        46 split s b 2
        46 invoke s c 1 1
        47 result s c 1 partial:1
        47 backoff s c 247
        257 invoke s c 2 1
        258 result s c 2 partial:1
        258 discard s c exhausted 1 2 to=sqs
        258 invoke s d 1 2-3
        259 result s d 1 success
        259 checkpoint s 4
        259 end s 4
        """,
    ),
    "recorded: failures are reported but nobody listens": (
        {"FunctionResponseTypes": []},
        """
        0 open s at 0 of 4
        0 invoke s a 1 0-3
        31 result s a 1 success
        31 checkpoint s 4
        31 end s 4
        """,
    ),
    "recorded: an event too large uses its attempts": (
        {"MaximumRetryAttempts": 2},
        """
        0 open s at 0 of 2
        0 invoke s a 1 0
        0 result s a 1 too_large
        0 backoff s a 200
        200 invoke s a 2 0
        200 result s a 2 too_large
        200 backoff s a 600
        600 invoke s a 3 0
        600 result s a 3 too_large
        600 discard s a exhausted 0 3 to=sqs
        600 invoke s b 1 1
        600 result s b 1 success
        600 end s 2
        """,
    ),
    "recorded: too old before the mapping began": (
        {"MaximumRecordAgeInSeconds": 60},
        """
        0 open s at 0 of 6
        0 discard s x aged 0 1 to=sqs
        0 checkpoint s 1
        0 invoke s a 1 1-4
        0 result s a 1 success
        0 invoke s b 1 5
        0 result s b 1 success
        0 checkpoint s 6
        0 end s 6
        """,
    ),
    "throttles and faults in between count for nothing": (
        {"BisectBatchOnFunctionError": False},
        """
        0 open s at 0 of 2
        0 invoke s a 1 0-1
        0 result s a 1 throttled
        0 backoff s a 200
        200 invoke s a 1 0-1
        201 result s a 1 fault
        201 backoff s a 401
        401 invoke s a 1 0-1
        402 result s a 1 error
        402 backoff s a 602
        602 invoke s a 2 0-1
        602 result s a 2 throttled
        602 backoff s a 1002
        1002 invoke s a 2 0-1
        1003 result s a 2 error
        1003 discard s a exhausted 0-1 2 to=sqs
        1003 checkpoint s 2
        1003 end s 2
        """,
    ),
    "the oldest records of a failed batch grow too old": (
        {"BisectBatchOnFunctionError": False, "MaximumRecordAgeInSeconds": 60, "MaximumRetryAttempts": -1},
        """
        0 open s at 0 of 4
        0 invoke s a 1 0-3 age=59000
        1 result s a 1 error
        1 backoff s a 201
        201 discard s a aged 0-1 1 to=sqs
        201 checkpoint s 2
        201 invoke s b 1 2-3 age=59201
        202 result s b 1 throttled
        202 backoff s b 1202
        1202 discard s b aged 2-3 1 to=sqs
        1202 checkpoint s 4
        1202 end s 4
        """,
    ),
    "the stream drops records of a failed batch": (
        {"BisectBatchOnFunctionError": False, "MaximumRetryAttempts": -1},
        """
        0 open s at 0 of 4
        0 invoke s a 1 0-3
        1 result s a 1 error
        1 backoff s a 99000
        99000 expired s 0-2
        99000 checkpoint s 3
        99000 invoke s b 1 3
        99001 result s b 1 error
        99001 backoff s b 99201
        99201 expired s 3
        99201 checkpoint s 4
        99201 end s 4
        """,
    ),
    "the stream drops records nobody has sent": (
        {},
        """
        0 open s at 0 of 4
        0 expired s 0-1
        0 invoke s a 1 2-3
        1 result s a 1 success
        1 checkpoint s 4
        1 end s 4
        """,
    ),
    "filtered records leave gaps": (
        {},
        """
        0 open s at 0 of 8
        0 filtered s 0,2,5-6
        0 checkpoint s 1
        0 invoke s a 1 1,3-4
        1 result s a 1 error
        1 split s a 3
        1 invoke s b 1 1
        2 result s b 1 success
        2 checkpoint s 3
        2 invoke s c 1 3-4
        3 result s c 1 success
        3 checkpoint s 7
        3 invoke s d 1 7
        4 result s d 1 success
        4 checkpoint s 8
        4 end s 8
        """,
    ),
    "the run is killed in the middle": (
        {},
        """
        0 open s at 0 of 8
        0 invoke s a 1 0-3
        1 result s a 1 success
        1 checkpoint s 4
        1 invoke s b 1 4-7
        2 result s b 1 error
        2 split s b 6
        2 invoke s c 1 4-5
        """,
    ),
    "the mapping begins at the latest record": (
        {},
        """
        0 open s at 5 of 5
        0 checkpoint s 5
        0 caught_up s
        0 invoke s a 1 5-6
        1 result s a 1 success
        1 checkpoint s 7
        1 end s 7
        """,
    ),
    "a shard without records": ({}, "0 open s at 0 of 0\n 0 caught_up s\n 0 end s 0"),
    "a shard begins again at its checkpoint": (
        {},
        """
        0 open s at 0 of 8
        0 invoke s a 1 0-3
        1 result s a 1 success
        1 checkpoint s 3
        1 invoke s b 1 4-7
        2 open s at 3 of 8
        2 invoke s c 1 3-6 running=1
        3 result s c 1 success
        3 invoke s d 1 7 running=1
        4 result s d 1 success
        4 checkpoint s 8
        4 end s 8
        """,
    ),
    "a child begins when its parent is empty but has not said so": (
        {},
        """
        0 open p at 0 of 2
        0 invoke p a 1 0-1
        1 result p a 1 success
        1 open c at 0 of 1 after p,trimmed
        1 invoke c b 1 0
        1 checkpoint p 2
        1 end p 2
        2 result c b 1 success
        2 end c 1
        """,
    ),
}


def test_a_shard_that_is_lost_before_its_end_is_stored_is_read_again_in_real_time() -> None:
    """Another process may have had it meanwhile, which has not come further than what was stored."""
    text = """
        0 open s at 0 of 4
        0 invoke s a 1 0-3
        1 result s a 1 success
        1 checkpoint s 4
        1 end s 4
        2 open s at 2 of 4
        2 invoke s b 1 2-3
        3 result s b 1 success
        3 checkpoint s 4
        3 end s 4
    """
    of_a_run = header({})
    (violation,) = judged(told(text, of_a_run), of_a_run)
    assert violation.kind == "checkpoint-back"
    assert judged(told(text, replace(of_a_run, clock="real")), replace(of_a_run, clock="real")) == []


@pytest.mark.parametrize("name", LEGAL)
def test_a_legal_trace_holds(name: str) -> None:
    settings, text = LEGAL[name]
    assert judged(told(text, header(settings)), header(settings)) == []
