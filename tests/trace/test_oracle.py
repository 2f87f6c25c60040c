"""The oracle by examples: one trace that holds, and the same with one edit each."""

from typing import Any

import pytest

from streamsim.model.events import ShardOpen
from streamsim.trace.format.header import Header
from streamsim.trace.oracle.identities import REMEMBERED
from streamsim.trace.oracle.oracle import Oracle
from streamsim.trace.oracle.violation import Kind
from tests.trace.stories import header, judged, told

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
    "more run than reservations leave of the account": (
        "700  open x at 0 of 6\n700  invoke x g 1 0,2\n700  invoke x h 1 1,3 lane=1\n",
        (
            "650  open q at 0 of 1\n650  invoke q m 1 0\n650  open r at 0 of 1\n650  invoke r n 1 0\n"
            "650  open u at 0 of 1\n650  invoke u o 1 0\n651  result u o 1 success\n"
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
    "a fresh batch leaves a record out in the middle": (
        "500  invoke p e 1 4-6",
        "500  invoke p e 1 4,6",
        {"skip", "checkpoint-ahead", "lost"},
    ),
    "newer records are given up before a failed batch": (
        "2040 discard x k aged 8 1\n2040 checkpoint x 9\n2100 invoke x l 1 9 lane=1\n2140 result x l 1 success lane=1",
        "2040 discard x m aged 9 1\n2040 discard x k aged 8 1\n2040 checkpoint x 10",
        {"skip"},
    ),
    "a batch backs off twice": (
        "160  backoff p d 360",
        "160  backoff p d 360\n160  backoff p d 360",
        {"out-of-place"},
    ),
    "a batch backs off while it runs": (
        "540  result p e 1 success",
        "510  backoff p e 600\n540  result p e 1 success",
        {"out-of-place"},
    ),
    "a batch is split twice": ("40   split p a 2", "40   split p a 2\n40   split p a 2", {"split-uneven"}),
    "a batch is split while it waits": (
        "160  backoff p d 360",
        "160  backoff p d 360\n170  split p d 3",
        {"split-uneven"},
    ),
    "a throttled batch is split": (
        "840  backoff x i 1040 lane=1",
        "840  split x i 5 lane=1\n840  backoff x i 1040 lane=1",
        {"split-uneven"},
    ),
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


def test_a_killed_child_beside_a_busy_parent_is_told_at_the_end() -> None:
    text = """
        0 open p at 0 of 4
        0 invoke p a 1 0-3
        1 open c at 0 of 1 after p
        1 invoke c b 1 0
        """
    assert [violation.kind for violation in judged(told(text, header()), header())] == ["child-before-parent"]


def test_newer_records_that_go_before_a_remainder_are_told() -> None:
    text = """
        0  open p at 0 of 6
        0  invoke p a 1 0-3
        10 result p a 1 partial:3
        10 checkpoint p 3
        10 invoke p b 1 4-5
        20 result p b 1 success
        20 end p 6
        """
    violations = judged(told(text, header()), header())
    assert [violation.kind for violation in violations] == ["skip", "lost"]
    assert [number for number, _ in violations[0].evidence] == [4, 6]


def test_a_lane_that_runs_ahead_carries_no_checkpoint_past_what_another_holds() -> None:
    text = """
        0  open x at 0 of 6
        0  invoke x g 1 0-1
        0  invoke x h 1 2-3 lane=1
        10 result x h 1 success lane=1
        10 invoke x i 1 4-5 lane=1
        20 result x i 1 success lane=1
        20 checkpoint x 6
        30 result x g 1 success
        30 end x 6
        """
    [violation] = judged(told(text, header()), header())
    assert violation.kind == "checkpoint-ahead"
    assert [number for number, _ in violation.evidence] == [3, 8]


def test_mappings_of_two_functions_share_what_the_account_has() -> None:
    """Reservations leave two of four; each function may run two, but not at once with the other."""
    text = """
        0  open p at 0 of 1
        0  open q at 0 of 1
        0  open x at 0 of 1
        0  invoke p a 1 0
        0  invoke q b 1 0
        0  invoke x c 1 0 running=1
        9  result p a 1 success
        9  result q b 1 success
        9  result x c 1 success
        9  end p 1
        9  end q 1
        9  end x 1
        """
    two = header(plain={"FunctionName": "third"})
    [violation] = judged(told(text, two), two)
    assert violation.sentence == (
        "3 executions of 2 functions run at once, the account's reservations leave 2"
    )
    assert [number for number, _ in violation.evidence] == [7]


def test_a_record_that_was_never_sent_is_no_older_than_what_was_sent_before_it() -> None:
    text = """
        0     open x at 0 of 3
        100   invoke x g 1 0 age=40
        120   result x g 1 success
        50060 discard x h aged 1 1
        60060 discard x i aged 2 1
        60060 end x 3
        """
    [violation] = judged(told(text, header()), header())
    assert violation.sentence == "record 1 given up by age at 50 s at most, before 1 m"
    assert [number for number, _ in violation.evidence] == [3, 5]


def test_a_filtered_record_that_is_sent_all_the_same_is_told() -> None:
    text = """
        0  open p at 0 of 4
        0  invoke p a 1 0
        10 result p a 1 success
        10 filtered p 2
        10 invoke p b 1 1-3
        20 result p b 1 success
        20 end p 4
        """
    [violation] = judged(told(text, header()), header())
    assert violation.kind == "skip"
    assert [number for number, _ in violation.evidence] == [3, 4, 6]


def test_a_record_that_two_lanes_finish_is_told() -> None:
    text = """
        0  open x at 0 of 3
        0  invoke x g 1 0,1
        0  invoke x h 1 1,2 lane=1
        10 result x g 1 success
        10 result x h 1 success lane=1
        10 end x 3
        """
    [violation] = judged(told(text, header()), header())
    assert violation.kind == "skip"
    assert [number for number, _ in violation.evidence] == [4, 6]


def test_an_id_that_comes_again_after_thousands_of_batches_is_told() -> None:
    batches = [f"{at} invoke p r{at} 1 {at}\n{at} result p r{at} 1 success" for at in range(REMEMBERED + 9)]
    last = REMEMBERED + 9
    again = f"{last} invoke p r7 1 {last}\n{last} result p r7 1 success\n{last} end p {last + 1}"
    text = "\n".join([f"0 open p at 0 of {last + 1}", *batches, again])
    [violation] = judged(told(text, header()), header())
    assert violation.kind == "id-reused"
    assert [number for number, _ in violation.evidence] == [3 + 2 * 7, 3 + 2 * last]


def test_an_execution_that_was_overtaken_and_ends_later_is_told_once() -> None:
    """The concurrency of the second request says that the first has ended; its result, a line too late, ends nothing."""
    text = """
        0  open p at 0 of 9
        0  open q at 0 of 4
        0  invoke p a 1 0-3 running=1
        0  invoke q b 1 0-3 running=2
        40 invoke p c 1 4-7 running=2
        40 result p a 1 success
        50 result q b 1 success
        80 result p c 1 success
        80 invoke p d 1 8 running=1
        90 result p d 1 success
        90 end p 9
        90 end q 4
        """
    [violation] = judged(told(text, header()), header())
    assert violation.kind == "two-in-flight"
    assert [number for number, _ in violation.evidence] == [4, 6]


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
