"""The oracle on tumbling windows: each rule by what it allows and forbids."""

from dataclasses import replace
from typing import Any

import pytest

from streamsim.trace.oracle.oracle import Oracle
from streamsim.trace.oracle.violation import Kind
from tests.trace.stories import header, judged, told

WINDOWED: dict[str, Any] = {
    "TumblingWindowInSeconds": 10,
    "BatchSize": 4,
    "MaximumRetryAttempts": 1,
    "FilterCriteria": {},
}

CLEAN = """
0     open s at 0 of 0
1000  invoke s a 1 0-1 window=0..10
1010  result s a 1 success
1010  checkpoint s 2
9000  invoke s b 1 2-3 window=0..10 age=500
9010  result s b 1 error
9010  split s b 3
9010  invoke s c 1 2 window=0..10
9020  result s c 1 success
9020  invoke s d 1 3 window=0..10
9030  result s d 1 error
9030  backoff s d 9230
12000 invoke s d 2 3 window=0..10 age=3470
12010 result s d 2 success
12010 checkpoint s 4
12010 close s e 1 0..10
12020 result s e 1 error
12020 backoff s e 12220
12220 close s e 2 0..10
12230 result s e 2 success
12230 invoke s f 1 4 window=10..20
12240 result s f 1 success
12240 close s g 1 10..20 early size=2000000
12250 result s g 1 throttled
12250 backoff s g 12450
12450 close s g 1 10..20 early size=2000000
12460 result s g 1 success
13000 invoke s h 1 5 window=10..20
13010 result s h 1 success
20000 close s i 1 10..20
20010 result s i 1 error
20010 backoff s i 20210
20210 close s i 2 10..20
20220 result s i 2 timeout
20220 window_lost s i exhausted 10..20 2 to=sqs
45000 invoke s j 1 6 window=40..50
45010 result s j 1 error
45010 backoff s j 45210
45210 invoke s j 2 6 window=40..50 age=210
45220 result s j 2 error
45220 discard s j exhausted 6 2 to=sqs
55000 invoke s k 1 7 window=50..60
55010 result s k 1 success
55010 checkpoint s 8
56000 close s l 1 50..60
56010 result s l 1 success
56010 end s 8
"""

#: One edit of the clean story a row, as in `test_oracle`.
ANOMALIES: dict[str, tuple[str, str, set[Kind]]] = {
    "a batch is in no window": (
        "1000  invoke s a 1 0-1 window=0..10",
        "1000  invoke s a 1 0-1",
        {"window-mixed"},
    ),
    "a window of another length": (
        "f 1 4 window=10..20",
        "f 1 4 window=10..30",
        {"window-mixed"},
    ),
    "a window between two": ("k 1 7 window=50..60", "k 1 7 window=49..59", {"window-mixed"}),
    "the last record is older than the window": (
        "h 1 5 window=10..20",
        "h 1 5 window=10..20 age=3001",
        {"window-mixed"},
    ),
    "the last record is younger than the window": (
        "12000 invoke s d 2 3 window=0..10 age=3470",
        "12000 invoke s d 2 3 window=0..10 age=2000",
        {"window-mixed"},
    ),
    "a retry changes its window": (
        "45210 invoke s j 2 6 window=40..50 age=210",
        "50210 invoke s j 2 6 window=50..60 age=210",
        {"window-mixed", "time-back"},
    ),
    "a window is not closed before the next": (
        (
            "12010 close s e 1 0..10\n12020 result s e 1 error\n12020 backoff s e 12220\n12220 close s e 2 0..10\n"
            "12230 result s e 2 success\n"
        ),
        "",
        {"window-open"},
    ),
    "the next window begins while closing backs off": (
        "12220 close s e 2 0..10\n12230 result s e 2 success\n",
        "",
        {"window-open"},
    ),
    "the next window begins while closing is in flight": (
        "12230 result s e 2 success\n",
        "",
        {"two-in-flight"},
    ),
    "a shard ends in a window": (
        "56000 close s l 1 50..60\n56010 result s l 1 success\n",
        "",
        {"window-open"},
    ),
    "a shard ends while closing backs off": (
        "56010 result s l 1 success\n",
        "56010 result s l 1 error\n56010 backoff s l 99999\n",
        {"window-open"},
    ),
    "a closed window gets another record": (
        "12230 invoke s f 1 4 window=10..20",
        "12230 invoke s f 1 4 window=0..10 age=3000",
        {"window-order", "out-of-place"},
    ),
    "windows go back": (
        "55000 invoke s k 1 7 window=50..60\n55010 result s k 1 success\n55010 checkpoint s 8\n56000 close s l 1 50..60\n",
        (
            "55000 invoke s k 1 7 window=30..40 age=20000\n55010 result s k 1 success\n55010 checkpoint s 8\n"
            "56000 close s l 1 40..50\n"
        ),
        {"window-order"},
    ),
    "a window is closed though a batch is due": (
        "12000 invoke s d 2 3",
        "11000 close s z 1 0..10\n11010 result s z 1 success\n12000 invoke s d 2 3",
        {"skip", "window-order", "out-of-place"},
    ),
    "a window is closed while a batch is in flight": (
        "55010 result s k 1 success\n55010 checkpoint s 8\n56000 close s l 1 50..60\n56010 result s l 1 success\n",
        "56000 close s l 1 50..60\n56000 result s k 1 success\n56000 checkpoint s 8\n56010 result s l 1 success\n",
        {"two-in-flight"},
    ),
    "a window without records is closed": (
        "45000 invoke s j",
        "44000 close s z 1 30..40\n44010 result s z 1 success\n45000 invoke s j",
        {"out-of-place"},
    ),
    "a window is closed twice": (
        "12230 invoke s f",
        "12230 close s z 1 0..10\n12230 result s z 1 success\n12230 invoke s f",
        {"out-of-place"},
    ),
    "closing goes again under another id": (
        "12220 close s e 2 0..10\n12230 result s e 2 success\n",
        "12220 close s z 2 0..10\n12230 result s z 2 success\n",
        {"id-changed"},
    ),
    "closing takes the id of a batch": (
        "56000 close s l 1 50..60\n56010 result s l",
        "56000 close s k 1 50..60\n56010 result s k",
        {"id-reused"},
    ),
    "closing goes again with another state": (
        "12220 close s e 2 0..10\n",
        "12220 close s e 2 0..10 size=41\n",
        {"id-reused"},
    ),
    "closing begins with attempt 2": (
        "56000 close s l 1 50..60\n56010 result s l 1",
        "56000 close s l 2 50..60\n56010 result s l 2",
        {"attempt-misnumbered"},
    ),
    "an error of closing does not count": (
        "12220 close s e 2 0..10\n12230 result s e 2",
        "12220 close s e 1 0..10\n12230 result s e 1",
        {"attempt-misnumbered"},
    ),
    "a throttle of closing counts": (
        "12450 close s g 1 10..20 early size=2000000\n12460 result s g 1",
        "12450 close s g 2 10..20 early size=2000000\n12460 result s g 2",
        {"attempt-misnumbered"},
    ),
    "closing goes again before its back-off is over": (
        "12020 backoff s e 12220",
        "12020 backoff s e 12221",
        {"too-early"},
    ),
    "closing goes again without a back-off": ("12020 backoff s e 12220\n", "", {"too-early"}),
    "closing backs off twice": (
        "12020 backoff s e 12220\n",
        "12020 backoff s e 12220\n12020 backoff s e 12220\n",
        {"out-of-place"},
    ),
    "another request backs off": ("12020 backoff s e 12220\n", "12020 backoff s d 12220\n", {"out-of-place"}),
    "closing is tried too often": (
        "20220 window_lost s i exhausted 10..20 2 to=sqs\n",
        (
            "20220 backoff s i 20420\n20420 close s i 3 10..20\n20430 result s i 3 error\n"
            "20430 window_lost s i exhausted 10..20 3 to=sqs\n"
        ),
        {"over-retried"},
    ),
    "a state is given up too soon": (
        "20010 backoff s i 20210\n20210 close s i 2 10..20\n20220 result s i 2 timeout\n20220 window_lost s i exhausted 10..20 2",
        "20220 window_lost s i exhausted 10..20 1",
        {"under-retried"},
    ),
    "a lost state is miscounted": ("exhausted 10..20 2", "exhausted 10..20 3", {"under-retried"}),
    "a lost state is told nowhere": (
        "exhausted 10..20 2 to=sqs",
        "exhausted 10..20 2",
        {"undelivered-first"},
    ),
    "a lost state has another id": ("window_lost s i", "window_lost s z", {"id-changed"}),
    "a state is lost that nobody handed over": (
        "45000 invoke s j",
        "44000 window_lost s z exhausted 30..40 2 to=sqs\n45000 invoke s j",
        {"out-of-place", "under-retried"},
    ),
    "a state is given up by age where age is no limit": (
        "window_lost s i exhausted 10..20 2",
        "window_lost s i aged 10..20 2",
        {"age"},
    ),
    "a partial response without records": (
        "12020 result s e 1 error",
        "12020 result s e 1 partial:3",
        {"out-of-place"},
    ),
    "closing counts no execution": (
        "56000 close s l 1 50..60",
        "56000 close s l 1 50..60 running=0",
        {"over-limit"},
    ),
}


def test_the_clean_story_holds() -> None:
    assert judged(told(CLEAN, header(WINDOWED)), header(WINDOWED)) == []


@pytest.mark.parametrize("name", ANOMALIES)
def test_one_edit_shows_as_its_anomaly(name: str) -> None:
    old, new, kinds = ANOMALIES[name]
    assert CLEAN.count(old) == 1
    violations = judged(told(CLEAN.replace(old, new), header(WINDOWED)), header(WINDOWED))
    assert {violation.kind for violation in violations} == kinds, violations


#: Settings over those above, a whole story, and the kinds it breaks.
STORIES: dict[str, tuple[dict[str, Any], str, set[Kind]]] = {
    "a window where none was asked for": (
        {"TumblingWindowInSeconds": 0},
        "0 open s at 0 of 1\n0 invoke s a 1 0 window=0..10\n1 result s a 1 success\n1 end s 1",
        {"window-mixed"},
    ),
    "closing where no window was asked for": (
        {"TumblingWindowInSeconds": 0},
        "0 open s at 0 of 1\n0 close s a 1 0..10\n1 result s a 1 success\n1 invoke s b 1 0\n2 result s b 1 success\n2 end s 1",
        {"out-of-place"},
    ),
    "a window of which nothing succeeded is closed": (
        {},
        """
        0 open s at 0 of 1
        0 invoke s a 1 0 window=0..10
        1 result s a 1 error
        1 backoff s a 201
        201 invoke s a 2 0 window=0..10 age=201
        202 result s a 2 error
        202 discard s a exhausted 0 2 to=sqs
        300 close s b 1 0..10
        301 result s b 1 success
        301 end s 1
        """,
        set(),
    ),
    "a window whose records grew too old before they were sent is closed": (
        {"MaximumRecordAgeInSeconds": 60},
        """
        0 open s at 0 of 1
        99000 discard s a aged 0 1 to=sqs
        99000 close s b 1 0..10
        99001 result s b 1 success
        99001 end s 1
        """,
        set(),
    ),
    "a state grows too old": (
        {"MaximumRecordAgeInSeconds": 60, "MaximumRetryAttempts": -1},
        """
        0 open s at 0 of 1
        0 invoke s a 1 0 window=0..10
        1 result s a 1 success
        10000 close s b 1 0..10
        10001 result s b 1 fault
        10001 backoff s b 70000
        70000 window_lost s b aged 0..10 1 to=sqs
        70000 end s 1
        """,
        set(),
    ),
    "a state is given up before any record can be so old": (
        {"MaximumRecordAgeInSeconds": 60, "MaximumRetryAttempts": -1},
        """
        0 open s at 0 of 1
        0 invoke s a 1 0 window=0..10
        1 result s a 1 success
        10000 close s b 1 0..10
        10001 result s b 1 error
        10001 backoff s b 59999
        59999 window_lost s b aged 0..10 1 to=sqs
        59999 end s 1
        """,
        {"age"},
    ),
    "a state grows as old as records do in the stream": (
        {"MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": -1},
        """
        0 open s at 0 of 1
        0 invoke s a 1 0 window=0..10
        1 result s a 1 success
        10000 close s b 1 0..10
        10001 result s b 1 error
        10001 backoff s b 86400000
        86400000 window_lost s b aged 0..10 1 to=sqs
        86400000 end s 1
        """,
        set(),
    ),
    "a state is given up before records leave the stream": (
        {"MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": -1},
        """
        0 open s at 0 of 1
        0 invoke s a 1 0 window=0..10
        1 result s a 1 success
        10000 close s b 1 0..10
        10001 result s b 1 error
        10001 backoff s b 86399999
        86399999 window_lost s b aged 0..10 1 to=sqs
        86399999 end s 1
        """,
        {"age"},
    ),
    "a state that grew too old is miscounted": (
        {"MaximumRecordAgeInSeconds": 60, "MaximumRetryAttempts": -1},
        """
        0 open s at 0 of 1
        0 invoke s a 1 0 window=0..10
        1 result s a 1 success
        10000 close s b 1 0..10
        10001 result s b 1 error
        10001 backoff s b 70000
        70000 window_lost s b aged 0..10 2 to=sqs
        70000 end s 1
        """,
        {"under-retried"},
    ),
    "a state grows too old before anybody tries to hand it over": (
        {"MaximumRecordAgeInSeconds": 60},
        """
        0 open s at 0 of 1
        0 invoke s a 1 0 window=0..10
        1 result s a 1 success
        70000 window_lost s b aged 0..10 1 to=sqs
        70000 end s 1
        """,
        set(),
    ),
    "a state is given up while it is handed over": (
        {"MaximumRetryAttempts": 0},
        """
        0 open s at 0 of 2
        0 invoke s a 1 0 window=0..10
        1 result s a 1 success
        10000 close s b 1 0..10
        10001 window_lost s b exhausted 0..10 1 to=sqs
        10002 invoke s c 1 1 window=10..20 running=1
        10003 result s c 1 success
        """,
        {"out-of-place", "under-retried"},
    ),
    "a shard is stopped in a window and begins it again": (
        {},
        """
        0 open s at 0 of 2
        0 invoke s a 1 0 window=0..10
        1 result s a 1 success
        1 stop s 2
        2 open s at 0 of 2
        2 invoke s b 1 0-1 window=0..10
        3 result s b 1 success
        3 close s c 1 0..10
        4 result s c 1 success
        4 end s 2
        """,
        set(),
    ),
    "a shard is stopped while closing is in flight": (
        {},
        "0 open s at 0 of 1\n0 invoke s a 1 0 window=0..10\n1 result s a 1 success\n1 close s b 1 0..10\n2 stop s 1",
        {"out-of-place"},
    ),
    "a shard is stopped while closing backs off": (
        {},
        (
            "0 open s at 0 of 1\n0 invoke s a 1 0 window=0..10\n1 result s a 1 success\n1 close s b 1 0..10\n"
            "2 result s b 1 error\n2 backoff s b 202\n3 stop s 1"
        ),
        set(),
    ),
    "an update gives windows another length": (
        {},
        """
        0 open s at 0 of 1
        0 stop s 1
        0 update default TumblingWindowInSeconds=5
        0 open s at 0 of 1
        0 invoke s a 1 0 window=0..10
        1 result s a 1 error
        1 stop s 1
        """,
        {"window-mixed"},
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_windows_by_stories(name: str) -> None:
    settings, text, kinds = STORIES[name]
    known = header(WINDOWED | settings)
    violations = judged(told(text, known), known)
    assert {violation.kind for violation in violations} == kinds, violations


#: Windows of 7 s begin at t = 0 in a run that starts with 2026, and a second later in one that starts 6 s after 1970.
STARTS = {"0..7": [False, True], "1..8": [True, False]}


@pytest.mark.parametrize("window", STARTS)
def test_windows_are_counted_from_1970(window: str) -> None:
    known = header(WINDOWED | {"TumblingWindowInSeconds": 7})
    text = f"0 open s at 0 of 1\n1000 invoke s a 1 0 window={window}"
    epochs = [known, replace(known, epoch="1970-01-01T00:00:06Z")]
    assert [bool(judged(told(text, known), settings)) for settings in epochs] == STARTS[window]


def test_an_epoch_that_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="epoch is 'soon', not an ISO 8601 time"):
        Oracle(replace(header(), epoch="soon"))
