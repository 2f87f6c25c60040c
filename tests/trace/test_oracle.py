"""The oracle by examples: one trace that holds, the same with one edit each, and odd ones that hold all the same."""

from typing import Any

import pytest

from streamsim.model.events import Event, ShardOpen
from streamsim.trace.header import Header
from streamsim.trace.oracle import Oracle
from streamsim.trace.violation import Kind, Violation
from tests.trace.stories import told

SQS = {"OnFailure": {"Destination": "sqs"}}
DEFAULT = {
    "BatchSize": 4,
    "MaximumRetryAttempts": 1,
    "BisectBatchOnFunctionError": True,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "DestinationConfig": SQS,
}
PLAIN = {
    "BatchSize": 4,
    "ParallelizationFactor": 2,
    "MaximumRetryAttempts": 2,
    "MaximumRecordAgeInSeconds": 60,
    "FunctionName": "plain",
}


def header(default: dict[str, Any] | None = None, plain: dict[str, Any] | None = None) -> Header:
    return Header(
        "A story",
        1,
        mappings={"default": {**DEFAULT, **(default or {})}, "plain": {**PLAIN, **(plain or {})}},
        functions={"default": {}, "plain": {"ReservedConcurrentExecutions": 2}},
        account={"ConcurrentExecutions": 3},
    )


def judged(events: list[Event], settings: Header) -> list[Violation]:
    oracle = Oracle(settings)
    for event in events:
        oracle(event)
    return oracle.finish()


CLEAN = """
0    open p at 0 of 0
0    invoke p a 1 0-3
40   result p a 1 error
40   split p a 2
40   invoke p b 1 0-1
80   result p b 1 success
80   checkpoint p 2
80   invoke p c 1 2-3
120  result p c 1 partial:3
120  checkpoint p 3
120  invoke p d 1 3
160  result p d 1 error
160  backoff p d 360
360  invoke p d 2 3
400  result p d 2 timeout
400  discard p d exhausted 3 2 to=sqs
400  checkpoint p 4
500  invoke p e 1 4-6
540  result p e 1 success
540  checkpoint p 7
540  end p 7
540  open c at 0 of 0 after p
600  invoke c f 1 0
640  result c f 1 success
640  checkpoint c 1
640  end c 1
700  open x at 0 of 6
700  invoke x g 1 0,2
700  invoke x h 1 1,3 lane=1
740  result x h 1 success lane=1
740  result x g 1 error
740  backoff x g 940
800  invoke x i 1 5 lane=1
840  result x i 1 throttled lane=1
840  backoff x i 1040 lane=1
940  invoke x g 2 0,2
980  result x g 2 success
980  checkpoint x 4
980  filtered x 4
1040 invoke x i 1 5 lane=1
1080 result x i 1 success lane=1
1080 checkpoint x 6
1080 invoke x j 1 6-7
1100 result x j 1 error
1100 backoff x j 1300
1300 invoke x j 2 6-7
1320 result x j 2 error
1320 backoff x j 1720
1720 invoke x j 3 6-7
1740 result x j 3 error
1740 discard x j exhausted 6-7 3
1740 checkpoint x 8
1800 invoke x k 1 8 age=59999
1840 result x k 1 error
1840 backoff x k 2040
2040 discard x k aged 8 1
2040 checkpoint x 9
2100 invoke x l 1 9 lane=1
2140 result x l 1 success lane=1
2140 checkpoint x 10
2140 end x 10
"""

#: One edit of the clean trace a row: the lines to replace, and what comes instead; then all kinds that must show.
ANOMALIES: dict[str, tuple[str, str, set[Kind]]] = {
    "one more record arrived than was finished": ("2140 end x 10", "2140 end x 11", {"lost"}),
    "a filtered record is left out": ("980  filtered x 4\n", "", {"checkpoint-ahead", "lost"}),
    "a batch fails, is not given up, and the run ends": (
        (
            "2040 discard x k aged 8 1\n2040 checkpoint x 9\n2100 invoke x l 1 9 lane=1\n"
            "2140 result x l 1 success lane=1\n2140 checkpoint x 10\n"
        ),
        "2100 invoke x l 1 9 lane=1\n2140 result x l 1 success lane=1\n",
        {"lost"},
    ),
    "a lane begins again at an older record": (
        "2100 invoke x l 1 9 lane=1\n2140 result x l 1 success lane=1",
        (
            "2050 invoke x m 1 11 lane=1\n2060 result x m 1 success lane=1\n"
            "2100 invoke x l 1 9-10 lane=1\n2140 result x l 1 success lane=1\n2140 checkpoint x 12\n2140 end x 12"
        ),
        {"nonmonotonic-delivery", "checkpoint-back", "out-of-place"},
    ),
    "the second half goes first": (
        (
            "40   invoke p b 1 0-1\n80   result p b 1 success\n80   checkpoint p 2\n80   invoke p c 1 2-3\n"
            "120  result p c 1 partial:3\n120  checkpoint p 3\n120  invoke p d 1 3\n160  result p d 1 error\n"
            "160  backoff p d 360\n360  invoke p d 2 3\n400  result p d 2 timeout\n400  discard p d exhausted 3 2 to=sqs"
        ),
        "40   invoke p c 1 2-3\n60   result p c 1 success\n80   invoke p b 1 0-1\n90   result p b 1 success",
        {"skip"},
    ),
    "a fresh batch leaves its oldest record out": (
        "500  invoke p e 1 4-6\n540  result p e 1 success\n540  checkpoint p 7\n540  end p 7",
        "500  invoke p e 1 5-6\n540  result p e 1 success\n540  end p 4",
        {"skip", "out-of-place"},
    ),
    "a remainder is topped up with newer records": (
        (
            "120  invoke p d 1 3\n160  result p d 1 error\n160  backoff p d 360\n360  invoke p d 2 3\n"
            "400  result p d 2 timeout\n400  discard p d exhausted 3 2 to=sqs\n400  checkpoint p 4\n"
            "500  invoke p e 1 4-6\n540  result p e 1 success"
        ),
        "120  invoke p d 1 3-6\n160  result p d 1 success",
        {"skip"},
    ),
    "records that are finished go again": (
        "540  checkpoint p 7",
        "540  invoke p e2 1 4-6\n540  result p e2 1 success\n540  checkpoint p 7",
        {"skip"},
    ),
    "a checkpoint passes the batch in flight": (
        "40   invoke p b 1 0-1",
        "40   invoke p b 1 0-1\n40   checkpoint p 2",
        {"checkpoint-ahead"},
    ),
    "a checkpoint passes a batch before its discard": (
        "400  discard p d exhausted 3 2 to=sqs\n400  checkpoint p 4",
        "400  checkpoint p 4\n400  discard p d exhausted 3 2 to=sqs",
        {"checkpoint-ahead"},
    ),
    "a checkpoint passes what another lane has not finished": (
        "740  result x g 1 error",
        "740  checkpoint x 2\n740  result x g 1 error",
        {"checkpoint-ahead"},
    ),
    "a checkpoint goes back": (
        "400  checkpoint p 4",
        "400  checkpoint p 4\n400  checkpoint p 3",
        {"checkpoint-back"},
    ),
    "a lane sends before the result": (
        "80   result p b 1 success\n80   checkpoint p 2\n80   invoke p c 1 2-3",
        "80   invoke p c 1 2-3\n80   result p b 1 success\n80   checkpoint p 2",
        {"two-in-flight"},
    ),
    "a result comes twice": (
        "80   result p b 1 success",
        "80   result p b 1 success\n80   result p b 1 success",
        {"two-in-flight"},
    ),
    "a result nobody waits for begins a lane": (
        "700  invoke x h 1 1,3 lane=1",
        "700  result x h 1 error lane=1\n700  invoke x h 1 1,3 lane=1",
        {"two-in-flight"},
    ),
    "a result is that of another request": (
        "540  result p e 1 success",
        "540  result p z 1 success",
        {"two-in-flight"},
    ),
    "a result is that of another attempt": ("400  result p d 2", "400  result p d 1", {"two-in-flight"}),
    "more lanes than ParallelizationFactor": (
        "2100 invoke x l 1 9 lane=1\n2140 result x l 1 success lane=1",
        "2100 invoke x l 1 9 lane=2\n2140 result x l 1 success lane=2",
        {"two-in-flight"},
    ),
    "an unchanged batch gets a new id": (
        "940  invoke x g 2 0,2\n980  result x g 2 success",
        "940  invoke x G 2 0,2\n980  result x G 2 success",
        {"id-changed"},
    ),
    "a batch is discarded under another id": (
        "discard x j exhausted",
        "discard x jj exhausted",
        {"id-changed"},
    ),
    "a half keeps the id of the whole": (
        "40   invoke p b 1 0-1\n80   result p b 1 success",
        "40   invoke p a 1 0-1\n80   result p a 1 success",
        {"id-reused"},
    ),
    "a remainder keeps the id of the batch": (
        (
            "120  invoke p d 1 3\n160  result p d 1 error\n160  backoff p d 360\n360  invoke p d 2 3\n"
            "400  result p d 2 timeout\n400  discard p d exhausted"
        ),
        (
            "120  invoke p c 1 3\n160  result p c 1 error\n160  backoff p c 360\n360  invoke p c 2 3\n"
            "400  result p c 2 timeout\n400  discard p c exhausted"
        ),
        {"id-reused"},
    ),
    "a fresh batch takes the id of an old one": (
        "2100 invoke x l 1 9 lane=1\n2140 result x l 1",
        "2100 invoke x g 1 9 lane=1\n2140 result x g 1",
        {"id-reused"},
    ),
    "a first attempt is numbered 2": (
        "500  invoke p e 1 4-6\n540  result p e 1",
        "500  invoke p e 2 4-6\n540  result p e 2",
        {"attempt-misnumbered"},
    ),
    "a throttle counts as an attempt": (
        "1040 invoke x i 1 5 lane=1\n1080 result x i 1",
        "1040 invoke x i 2 5 lane=1\n1080 result x i 2",
        {"attempt-misnumbered"},
    ),
    "an error does not count as an attempt": (
        "940  invoke x g 2 0,2\n980  result x g 2",
        "940  invoke x g 1 0,2\n980  result x g 1",
        {"attempt-misnumbered"},
    ),
    "tried once more than MaximumRetryAttempts": (
        "1740 discard x j exhausted 6-7 3",
        "1740 backoff x j 1740\n1740 invoke x j 4 6-7\n1740 result x j 4 error\n1740 discard x j exhausted 6-7 4",
        {"over-retried"},
    ),
    "given up one attempt too soon": (
        "1320 backoff x j 1720\n1720 invoke x j 3 6-7\n1740 result x j 3 error\n1740 discard x j exhausted 6-7 3",
        "1740 discard x j exhausted 6-7 2",
        {"under-retried"},
    ),
    "given up without having been tried": (
        "2100 invoke x l 1 9 lane=1\n2140 result x l 1 success lane=1",
        "2100 discard x l exhausted 9 1 lane=1",
        {"under-retried"},
    ),
    "a throttle exhausts the attempts": ("result x j 3 error", "result x j 3 throttled", {"under-retried"}),
    "the document counts one attempt too many": (
        "discard x j exhausted 6-7 3",
        "discard x j exhausted 6-7 4",
        {"under-retried"},
    ),
    "the document of aged records counts wrongly": (
        "discard x k aged 8 1",
        "discard x k aged 8 2",
        {"under-retried"},
    ),
    "a batch of several is given up despite bisect": (
        "500  invoke p e 1 4-6\n540  result p e 1 success",
        "500  invoke p e 1 4-6\n540  result p e 1 error\n540  discard p e exhausted 4-6 1 to=sqs",
        {"not-bisected"},
    ),
    "a batch of several backs off despite bisect": (
        "540  result p e 1 success",
        "530  result p e 1 error\n530  backoff p e 531\n531  invoke p e 2 4-6\n540  result p e 2 success",
        {"not-bisected"},
    ),
    "a batch of several goes again at once despite bisect": (
        "540  result p e 1 success",
        "530  result p e 1 timeout\n530  invoke p e 2 4-6\n540  result p e 2 success",
        {"not-bisected"},
    ),
    "three records are split into two and one": (
        "540  result p e 1 success",
        (
            "530  result p e 1 error\n530  split p e 6\n530  invoke p e1 1 4-5\n535  result p e1 1 success\n"
            "535  invoke p e2 1 6\n540  result p e2 1 success"
        ),
        {"split-uneven"},
    ),
    "a single record is split": (
        "160  backoff p d 360",
        "160  split p d 3\n160  backoff p d 360",
        {"split-uneven"},
    ),
    "a split of another request": ("40   split p a 2", "40   split p z 2", {"split-uneven"}),
    "a split without the setting": (
        (
            "1100 backoff x j 1300\n1300 invoke x j 2 6-7\n1320 result x j 2 error\n1320 backoff x j 1720\n"
            "1720 invoke x j 3 6-7\n1740 result x j 3 error\n1740 discard x j exhausted 6-7 3"
        ),
        (
            "1100 split x j 7\n1300 invoke x j1 1 6\n1320 result x j1 1 success\n"
            "1720 invoke x j2 1 7\n1740 result x j2 1 success"
        ),
        {"split-uneven"},
    ),
    "halves without a split": ("40   split p a 2\n", "", {"split-uneven"}),
    "a remainder that begins before the failed record": (
        (
            "120  invoke p d 1 3\n160  result p d 1 error\n160  backoff p d 360\n360  invoke p d 2 3\n"
            "400  result p d 2 timeout\n400  discard p d exhausted 3 2 to=sqs"
        ),
        "120  invoke p d 1 2-3\n160  result p d 1 success",
        {"split-uneven"},
    ),
    "a retry before its back-off is over": ("160  backoff p d 360", "160  backoff p d 361", {"too-early"}),
    "a retry without a back-off": ("160  backoff p d 360\n", "", {"too-early"}),
    "a throttled batch without a back-off": ("840  backoff x i 1040 lane=1\n", "", {"too-early"}),
    "a batch too old as a whole is sent": (
        "1800 invoke x k 1 8 age=59999",
        "1800 invoke x k 1 8 age=60001",
        {"age"},
    ),
    "given up by age too soon": (
        "1800 invoke x k 1 8 age=59999",
        "1800 invoke x k 1 8 age=59000",
        {"age"},
    ),
    "given up by age where age is no limit": (
        "400  discard p d exhausted 3 2 to=sqs",
        "400  discard p d aged 3 2 to=sqs",
        {"age"},
    ),
    "a discard goes nowhere": ("exhausted 3 2 to=sqs", "exhausted 3 2", {"undelivered-first"}),
    "a discard goes where nobody asked for it": (
        "exhausted 6-7 3",
        "exhausted 6-7 3 to=sqs",
        {"undelivered-first"},
    ),
    "more run than the reserved concurrency": (
        "740  result x h 1 success lane=1\n",
        (
            "700  open y at 0 of 1\n700  invoke y m 1 0\n710  result y m 1 success\n710  end y 1\n"
            "740  result x h 1 success lane=1\n"
        ),
        {"over-limit"},
    ),
    "more run than the account may": (
        "700  open x at 0 of 6\n700  invoke x g 1 0,2\n700  invoke x h 1 1,3 lane=1\n",
        (
            "650  open q at 0 of 1\n650  invoke q m 1 0\n650  open r at 0 of 1\n650  invoke r n 1 0\n"
            "700  open x at 0 of 6\n700  invoke x g 1 0,2\n700  invoke x h 1 1,3 lane=1\n"
            "701  result q m 1 success\n701  result r n 1 success\n"
        ),
        {"over-limit"},
    ),
    "concurrency counts one too many": (
        "invoke x i 1 5 lane=1\n840",
        "invoke x i 1 5 lane=1 running=2\n840",
        {"over-limit"},
    ),
    "a throttled request counts itself": (
        "800  invoke x i 1 5 lane=1\n",
        "800  invoke x i 1 5 lane=1 running=1\n",
        {"over-limit"},
    ),
    "a running request leaves itself out": (
        "500  invoke p e 1 4-6",
        "500  invoke p e 1 4-6 running=0",
        {"over-limit"},
    ),
    "a batch above BatchSize": (
        "500  invoke p e 1 4-6\n540  result p e 1 success\n540  checkpoint p 7\n540  end p 7",
        "500  invoke p e 1 4-8\n540  result p e 1 success\n540  checkpoint p 9\n540  end p 9",
        {"batch-too-large"},
    ),
    "a child begins before its parent ends": (
        (
            "540  result p e 1 success\n540  checkpoint p 7\n540  end p 7\n540  open c at 0 of 0 after p\n"
            "600  invoke c f 1 0"
        ),
        "540  open c at 0 of 0 after p\n540  invoke c f 1 0\n541  result p e 1 success\n541  checkpoint p 7\n541  end p 7",
        {"child-before-parent"},
    ),
    "a parent is opened after its child has begun": (
        "640  result c f 1 success",
        (
            "640  result c f 1 success\n650  open d at 0 of 0 after b\n650  invoke d m 1 0\n650  open b at 0 of 0\n"
            "650  result d m 1 success"
        ),
        {"child-before-parent", "time-back"},
    ),
    "time goes back": ("80   checkpoint p 2", "79   checkpoint p 2", {"time-back"}),
    "a batch in flight is discarded": (
        "640  result c f 1 success",
        "639  discard c f aged 0 1 to=sqs\n640  result c f 1 success",
        {"out-of-place", "age"},
    ),
    "a batch backs off after success": (
        "540  result p e 1 success",
        "540  result p e 1 success\n540  backoff p e 600",
        {"out-of-place"},
    ),
    "another batch backs off": ("160  backoff p d 360", "160  backoff p b 360", {"out-of-place"}),
    "a record is filtered out of a batch": (
        "540  result p e 1 success",
        "540  filtered p 5\n540  result p e 1 success",
        {"out-of-place"},
    ),
    "a delivered record is filtered": ("980  filtered x 4", "980  filtered x 3-4", {"out-of-place"}),
    "a failed record the batch does not hold": (
        "120  result p c 1 partial:3",
        "110  result p c 1 partial:9\n110  split p c 3\n110  invoke p c2 1 2\n120  result p c2 1 success",
        {"out-of-place"},
    ),
    "a partial response where nobody listens": (
        "740  result x g 1 error",
        "740  result x g 1 partial:0",
        {"out-of-place"},
    ),
    "a shard nobody opened": ("540  open c at 0 of 0 after p\n", "", {"out-of-place"}),
    "a shard ends twice": ("540  end p 7", "540  end p 7\n540  end p 7", {"out-of-place"}),
    "a batch of a shard that has ended": (
        "640  end c 1",
        "640  end c 1\n640  invoke c m 1 1\n640  result c m 1 success",
        {"out-of-place"},
    ),
    "records that never arrived are sent": ("2140 end x 10", "2140 end x 9", {"out-of-place"}),
    "a shard begins again past unfinished records": (
        "2040 discard x k aged 8 1\n2040 checkpoint x 9",
        "2040 open x at 9 of 9",
        {"lost"},
    ),
}


def test_the_clean_trace_holds() -> None:
    assert judged(told(CLEAN, header()), header()) == []


@pytest.mark.parametrize("name", ANOMALIES)
def test_one_edit_shows_as_its_anomaly(name: str) -> None:
    old, new, kinds = ANOMALIES[name]
    assert CLEAN.count(old) == 1
    events = told(CLEAN.replace(old, new), header())
    violations = judged(events, header())
    assert {violation.kind for violation in violations} == kinds
    for violation in violations:
        assert violation.evidence
        for number, event in violation.evidence:
            assert events[number - 2] is event or events[number - 2] == event


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


@pytest.mark.parametrize("name", LEGAL)
def test_a_legal_trace_holds(name: str) -> None:
    settings, text = LEGAL[name]
    assert judged(told(text, header(settings)), header(settings)) == []


def test_a_killed_child_beside_a_busy_parent_is_told_at_the_end() -> None:
    text = """
        0 open p at 0 of 4
        0 invoke p a 1 0-3
        1 open c at 0 of 1 after p
        1 invoke c b 1 0
        """
    assert [violation.kind for violation in judged(told(text, header()), header())] == ["child-before-parent"]


def test_a_violation_says_what_is_wrong_and_shows_the_lines() -> None:
    events = told(CLEAN.replace("160  backoff p d 360\n", ""), header())
    [violation] = judged(events, header())
    assert violation.sentence == (
        "request d goes again with record 3 without a back-off while lane 0 is left with a failed batch"
    )
    assert (violation.t, violation.mapping, violation.shard) == (360_000, "default", "p")
    assert [number for number, _ in violation.evidence] == [12, 13, 14]


def test_a_flood_of_one_kind_is_counted_but_not_kept() -> None:
    oracle = Oracle(header())
    for event in told("0 open s at 9 of 9\n" + "0 checkpoint s 8\n" * 150, header()):
        oracle(event)
    assert len(oracle.finish()) == 100
    assert oracle.counts == {"checkpoint-back": 150}


def test_without_settings_the_defaults_of_aws_hold() -> None:
    bare = Header("bare", 1)
    opened = ShardOpen(0, "default", "s", (), 0, 200)
    [violation] = judged([opened, *told("0 invoke s a 1 0-100", bare)], bare)
    assert violation.kind == "batch-too-large"


WRONG_SETTINGS: dict[str, dict[str, Any]] = {
    "a text for a number": {"BatchSize": "4"},
    "a flag for a number": {"MaximumRetryAttempts": True},
}


@pytest.mark.parametrize("name", WRONG_SETTINGS)
def test_a_setting_of_the_wrong_type_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"mapping default: \w+ is .*, not an integer"):
        Oracle(header(WRONG_SETTINGS[name]))
