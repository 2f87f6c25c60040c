"""The oracle on shards that come and go: reshards, stops, updates, states. Each rule by what it allows and forbids."""

from typing import Any

import pytest

from streamsim.trace.oracle.violation import Kind
from tests.trace.stories import header, judged, told

PARENT = """
0 open p at 0 of 2
0 invoke p a 1 0-1
10 result p a 1 success
10 checkpoint p 2
"""

#: Settings of `default`, a story, and the kinds it breaks; none when it is legal.
SHARDS: dict[str, tuple[dict[str, Any], str, set[Kind]]] = {
    "a child after its parent": (
        {},
        PARENT
        + """
        20 reshard default p > a,b
        20 end p 2
        20 open a at 0 of 1 after p
        20 open b at 0 of 0 after p
        20 invoke a b 1 0
        30 result a b 1 success
        30 end a 1
        30 end b 0
        """,
        set(),
    ),
    "a child before there is one": (
        {},
        PARENT
        + """
        10 end p 2
        20 open a at 0 of 0 after p
        30 reshard default p > a,b
        30 open b at 0 of 0
        """,
        {"child-before-parent"},
    ),
    "a child of another stream under the same name": (
        {},
        PARENT + "10 end p 2\n 20 open a at 0 of 0 after p\n 30 reshard other p > a,b",
        set(),
    ),
    "a child that hides its parent and begins before its end": (
        {},
        PARENT
        + """
        20 reshard default p > a
        20 open a at 0 of 1
        20 invoke a b 1 0
        30 result a b 1 success
        30 invoke p c 1 2
        40 result p c 1 success
        40 end p 3
        40 end a 1
        """,
        {"child-before-parent"},
    ),
    "a child names a parent that its reshard does not know": (
        {},
        PARENT
        + "20 reshard default p > a,b\n 20 end p 2\n 20 open a at 0 of 0 after q\n 20 open b at 0 of 0 after p",
        {"out-of-place"},
    ),
    "the child of a merge waits for both parents": (
        {},
        PARENT
        + """
        10 open q at 0 of 1
        20 reshard default p,q > c
        20 end p 2
        20 open c at 0 of 1 after p,q
        20 invoke c b 1 0
        30 result c b 1 success
        30 invoke q d 1 0
        40 result q d 1 success
        40 end q 1
        40 end c 1
        """,
        {"child-before-parent"},
    ),
    "a late mapping reads a child whose parents it never read": (
        {},
        "0 reshard default p > a,b\n 10 open a at 7 of 7 after p\n 10 open b at 0 of 0 after p\n 20 end a 7\n 20 end b 0",
        set(),
    ),
    "a child is begun past its first records though its parent was read": (
        {},
        PARENT + "20 reshard default p > a\n 20 end p 2\n 20 open a at 3 of 3 after p\n 30 end a 3",
        {"lost"},
    ),
    "a child has lost its first records to retention": (
        {},
        PARENT
        + "20 reshard default p > a\n 86400020 end p 2\n 86400020 open a at 3 of 3 after p\n 86400030 end a 3",
        set(),
    ),
    "a child is left out": (
        {},
        PARENT + "20 reshard default p > a,b\n 20 end p 2\n 20 open a at 0 of 0 after p\n 30 end a 0",
        {"lost"},
    ),
    "the child of a merge is left to whoever reads its other parent": (
        {},
        PARENT + "20 reshard default p,q > c\n 20 end p 2",
        set(),
    ),
    "a child is not yet read when the trace breaks off": (
        {},
        PARENT + "20 reshard default p > a,b\n 20 end p 2\n 20 open a at 0 of 0 after p",
        set(),
    ),
    "a child is left to a disabled mapping": (
        {},
        PARENT + "20 reshard default p > a\n 20 end p 2\n 20 update default Enabled=false",
        set(),
    ),
    "shards on the way to a new shard count are not read": (
        {},
        PARENT
        + """
        10 open q at 0 of 0
        20 reshard default p,q > a,b,c,d,e
        20 end p 2
        20 end q 0
        20 open a at 0 of 0 after p
        20 open d at 0 of 0 after q
        20 open e at 0 of 0 after b,c
        30 end a 0
        30 end d 0
        30 end e 0
        """,
        set(),
    ),
    "a shard of several new ones is left out": (
        {},
        PARENT
        + """
        20 reshard default p > a,b,c
        20 end p 2
        20 open a at 0 of 0 after p
        20 open b at 0 of 0 after p
        30 end a 0
        30 end b 0
        """,
        {"lost"},
    ),
    "a stream closes a shard twice": (
        {},
        "0 reshard default p > a,b\n 0 reshard default p > c,d",
        {"out-of-place"},
    ),
    "a stream opens a shard twice": (
        {},
        "0 reshard default p > a,b\n 0 reshard default q > a,d",
        {"out-of-place"},
    ),
    "a shard goes on from its checkpoint, and batches begin anew": (
        {"BisectBatchOnFunctionError": False},
        """
        0 open s at 0 of 8
        0 invoke s a 1 0-3
        10 result s a 1 partial:2
        10 checkpoint s 2
        10 invoke s b 1 2-3
        20 result s b 1 error
        20 backoff s b 220
        30 stop s 8
        40 open s at 2 of 8
        40 invoke s c 1 2-5
        50 result s c 1 success
        50 checkpoint s 6
        50 stop s 8
        """,
        set(),
    ),
    "finished records beyond the checkpoint go again": (
        {"ParallelizationFactor": 2},
        """
        0 open s at 0 of 3
        0 invoke s a 1 0
        0 invoke s b 1 1-2 lane=1
        5 result s b 1 success lane=1
        10 result s a 1 error
        10 stop s 3
        20 open s at 0 of 3
        20 invoke s c 1 0
        20 invoke s d 1 1-2 lane=1
        25 result s d 1 success lane=1
        30 result s c 1 success
        30 end s 3
        """,
        set(),
    ),
    "a shard goes on past unfinished records": (
        {},
        "0 open s at 0 of 3\n 10 stop s 3\n 20 open s at 2 of 3",
        {"lost"},
    ),
    "a shard goes on before its checkpoint": (
        {},
        "0 open s at 0 of 3\n0 invoke s a 1 0-2\n5 result s a 1 success\n5 checkpoint s 3\n 10 stop s 3\n 20 open s at 2 of 3",
        {"checkpoint-back"},
    ),
    "a shard that another process had meanwhile goes on where that one left it": (
        {},
        """
        0 open s at 0 of 3
        0 invoke s a 1 0-2
        5 result s a 1 success
        5 checkpoint s 3
        6 invoke s b 1 3
        8 result s b 1 success
        8 stop s 9 lost
        20 open s at 9 of 12
        20 invoke s c 1 9-11
        30 result s c 1 success
        30 checkpoint s 12
        40 stop s 12 lost
        50 open s at 3 of 12
        60 invoke s d 1 3-4
        70 result s d 1 success
        70 checkpoint s 5
        """,
        set(),
    ),
    "a child of a lost shard, which another process may have read to its end": (
        {},
        PARENT
        + """
        20 stop p 2 lost
        30 open a at 0 of 1 after p
        30 invoke a b 1 0
        40 result a b 1 success
        """,
        set(),
    ),
    "a child of a stopped shard": (
        {},
        PARENT
        + """
        20 stop p 2
        30 open a at 0 of 1 after p
        30 invoke a b 1 0
        40 result a b 1 success
        """,
        {"child-before-parent"},
    ),
    "a lost shard goes on as if it were still ours": (
        {},
        """
        0 open s at 0 of 3
        5 stop s 3 lost
        6 invoke s a 1 0-2
        8 result s a 1 success
        """,
        {"out-of-place"},
    ),
    "a shard is lost while the function runs": (
        {},
        "0 open s at 0 of 3\n 0 invoke s a 1 0-2\n 5 stop s 3 lost",
        {"out-of-place"},
    ),
    "a shard goes on past finished records that no checkpoint has passed": (
        {},
        "0 open s at 0 of 3\n0 invoke s a 1 0-2\n5 result s a 1 success\n 10 stop s 3\n 20 open s at 3 of 3",
        {"out-of-place"},
    ),
    "the id of a forgotten batch is used again": (
        {},
        """
        0 open s at 0 of 3
        0 invoke s a 1 0
        5 result s a 1 error
        5 backoff s a 205
        10 stop s 3
        20 open s at 0 of 3
        205 invoke s a 2 0
        210 result s a 2 success
        """,
        {"id-reused", "attempt-misnumbered"},
    ),
    "a shard is stopped while a batch is in flight": (
        {},
        "0 open s at 0 of 3\n0 invoke s a 1 0\n5 stop s 3",
        {"out-of-place"},
    ),
    "a stopped shard counts fewer records than were sent": (
        {},
        "0 open s at 0 of 3\n0 invoke s a 1 0-2\n1 result s a 1 success\n5 stop s 2",
        {"out-of-place"},
    ),
    "a batch of a stopped shard": (
        {},
        "0 open s at 0 of 3\n5 stop s 3\n6 invoke s a 1 0\n7 result s a 1 success",
        {"out-of-place"},
    ),
    "a record of a stopped shard is given up": (
        {},
        "0 open s at 0 of 3\n5 stop s 3\n6 expired s 0",
        {"out-of-place"},
    ),
    "a stopped shard ends": ({}, "0 open s at 0 of 3\n5 stop s 3\n6 end s 3", {"out-of-place"}),
    "a stopped shard is stopped": ({}, "0 open s at 0 of 3\n5 stop s 3\n6 stop s 3", {"out-of-place"}),
    "an ended shard is stopped": ({}, "0 open s at 0 of 0\n5 end s 0\n6 stop s 0", {"out-of-place"}),
    "a shard nobody opened is stopped": ({}, "6 stop s 0", {"out-of-place"}),
    "the child of a stopped shard": (
        {},
        "0 open p at 0 of 3\n5 stop p 3\n6 open c at 0 of 1 after p\n6 invoke c a 1 0\n7 result c a 1 success",
        {"child-before-parent"},
    ),
    "a child begun before its parent is stopped and goes on": (
        {},
        PARENT
        + """
        20 open c at 0 of 1 after p
        20 invoke c b 1 0
        30 result c b 1 success
        30 stop p 3
        40 open p at 2 of 3
        40 invoke p d 1 2
        50 result p d 1 success
        """,
        {"child-before-parent"},
    ),
    "from an update on other settings hold": (
        {"BatchSize": 1, "MaximumRetryAttempts": 5},
        """
        0 open s at 0 of 3
        0 stop s 3
        0 update default BatchSize=3 MaximumRetryAttempts=0 BisectBatchOnFunctionError=false DestinationConfig={}
        0 open s at 0 of 3
        0 invoke s a 1 0-2
        5 result s a 1 error
        5 discard s a exhausted 0-2 1
        5 end s 3
        """,
        set(),
    ),
    "after an update the old settings hold no more": (
        {},
        """
        0 open s at 0 of 3
        0 stop s 3
        0 update default BatchSize=2
        0 open s at 0 of 3
        0 invoke s a 1 0-2
        5 result s a 1 success
        5 end s 3
        """,
        {"batch-too-large"},
    ),
    "more lanes than an update left": (
        {"ParallelizationFactor": 2},
        """
        0 open s at 0 of 2
        0 stop s 2
        0 update default ParallelizationFactor=1
        0 open s at 0 of 2
        0 invoke s a 1 0
        0 invoke s b 1 1 lane=1
        5 result s a 1 success
        5 result s b 1 success lane=1
        5 end s 2
        """,
        {"two-in-flight", "skip"},
    ),
    "an update sends a mapping to another function": (
        {},
        """
        0 open s at 0 of 1
        0 stop s 1
        0 update default FunctionName="plain"
        0 open s at 0 of 1
        0 open x at 0 of 2
        0 invoke s a 1 0
        0 invoke x b 1 0
        0 invoke x c 1 1 lane=1
        5 result s a 1 success
        5 result x b 1 success
        5 result x c 1 success lane=1
        """,
        {"over-limit"},
    ),
    "filters that an update took away": (
        {},
        "0 open s at 0 of 1\n 0 stop s 1\n 0 update default FilterCriteria={}\n 0 open s at 0 of 1\n 0 filtered s 0\n 0 end s 1",
        {"out-of-place"},
    ),
    "an update in flight": (
        {},
        "0 open s at 0 of 1\n 0 invoke s a 1 0\n 1 update default BatchSize=9\n 5 result s a 1 success\n 5 end s 1",
        {"out-of-place"},
    ),
    "an update while a shard is read": (
        {},
        "0 open s at 0 of 0\n 1 update default BatchSize=9",
        {"out-of-place"},
    ),
    "an update of another mapping": ({}, "0 open s at 0 of 0\n 1 update plain BatchSize=9", set()),
    "an update to what no setting can be": ({}, '1 update default BatchSize="9"', {"out-of-place"}),
    "a mapping is disabled and enabled": (
        {},
        """
        0 open s at 0 of 1
        0 stop s 1
        0 update default Enabled=false
        9 update default Enabled=true
        9 open s at 0 of 1
        9 invoke s a 1 0
        10 result s a 1 success
        10 end s 1
        """,
        set(),
    ),
    "a disabled mapping opens a shard": (
        {},
        "0 open s at 0 of 1\n0 stop s 1\n0 update default Enabled=false\n9 open s at 0 of 1",
        {"out-of-place"},
    ),
    "a mapping created disabled opens a shard": ({"Enabled": False}, "0 open s at 0 of 1", {"out-of-place"}),
    "the states of a long life": (
        {},
        """
        0 state default Creating
        0 state default Enabled
        1 state default Enabled
        2 state default Updating
        3 state default Enabled
        4 state default Disabling
        5 state default Disabled
        6 state default Updating
        7 state default Disabled
        8 state default Enabling
        9 state default Enabled
        10 state default Deleting
        """,
        set(),
    ),
    "a mapping is disabled without having been on the way": (
        {},
        "0 state default Enabled\n1 state default Disabled",
        {"out-of-place"},
    ),
    "a deleted mapping comes back": (
        {},
        "0 state default Deleting\n1 state default Enabled",
        {"out-of-place"},
    ),
    "a mapping opens a shard again after it was deleted": (
        {},
        "0 open s at 0 of 0\n1 state default Deleting\n2 stop s 0\n3 open s at 0 of 0\n4 end s 0",
        {"out-of-place"},
    ),
    "a deleted mapping opens a shard": ({}, "0 state default Deleting\n1 open s at 0 of 0", {"out-of-place"}),
    "a mapping goes on to a child while it is being deleted": (
        {},
        """
        0 open s at 0 of 0
        1 reshard default s > t
        1 state default Deleting
        2 end s 0
        2 open t at 0 of 0 after s
        3 stop t 0
        """,
        set(),
    ),
    "a deleted mapping goes on to a child": (
        {},
        """
        0 open r at 0 of 0
        0 open s at 0 of 0
        1 reshard default s > t
        1 state default Deleting
        2 end s 0
        2 stop r 0
        3 open t at 0 of 0 after s
        """,
        {"out-of-place"},
    ),
    "a mapping that is being deleted begins again": (
        {},
        "0 open s at 0 of 0\n0 open r at 0 of 0\n1 state default Deleting\n2 stop s 0\n2 open s at 0 of 0",
        {"out-of-place"},
    ),
    "a state nobody knows": ({}, "0 state default Dreaming", {"out-of-place"}),
}


@pytest.mark.parametrize("name", SHARDS)
def test_shards_come_and_go(name: str) -> None:
    settings, text, kinds = SHARDS[name]
    violations = judged(told(text, header(settings)), header(settings))
    assert {violation.kind for violation in violations} == kinds, violations


def test_an_update_in_flight_says_what_is_in_flight() -> None:
    text = "0 open s at 0 of 1\n 0 invoke s a 1 0\n 1 update default BatchSize=9"
    [violation] = judged(told(text, header()), header())
    assert violation.sentence == "default is updated while s has work in flight or due"
    assert (violation.mapping, violation.shard) == ("default", "")
    assert [number for number, _ in violation.evidence] == [3, 4]
