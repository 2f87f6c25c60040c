"""The page as a file: nothing from outside becomes markup, nothing is loaded, the same run gives the same bytes."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from streamsim.model.events import Fault, Invoke, Result, ShardEnd, ShardOpen
from streamsim.trace.format.header import Header
from tests.report.page.pages import ROOT, columns_of, content_of, page_of, page_of_events, page_of_text

HOSTILE = {
    "a script": "</script><script>alert(1)</script>",
    "a comment": "<!--<script>",
    "an attribute": '"><img src=x onerror=alert(1)>',
    "a mark of the template": "{{content}} {{script}}",
    "an emoji": "👩‍👩‍👧 🏳️‍🌈",
    "right to left": "שלום \u202e אבג",
    "half a character": "\ud83d \udc00",
    "control characters": "\x00\x07\x1b[31m\u2028\u2029",
    "no text at all": b"\xff\xfe\x00".decode("latin-1"),
    "a name of a megabyte": "k" * 1_000_000,
}


class Tags(HTMLParser):
    """Every element of a page, and the text of its title."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def hostile_page(text: str) -> str:
    shard = (text, text)
    header = Header(
        text, 1, mappings={text: {"StreamName": text, "FunctionName": text, "BatchSize": 100}},
        functions={text: {"Timeout": 3}}, streams={text: {"type": "kinesis", "shards": 1}},
        account={"ConcurrentExecutions": 1000},
    )  # fmt: skip
    return page_of_events(
        header,
        [
            Fault(0, text, None),
            ShardOpen(0, *shard, (), 0, 3),
            Invoke(10, *shard, 0, text, 1, range(3), "1", "2", 1, 5),
            Result(20, *shard, 0, text, 1, "error", 10, error=text),
            ShardEnd(30, *shard, 3),
        ],
        file=text,
    )


@pytest.fixture(scope="module")
def plain() -> list[tuple[str, dict[str, str | None]]]:
    tags = Tags()
    tags.feed(hostile_page("plain"))
    return tags.seen


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_from_outside_becomes_markup(name: str, plain: list[Any]) -> None:
    page = hostile_page(HOSTILE[name])
    tags = Tags()
    tags.feed(page)
    assert [(tag, sorted(attrs)) for tag, attrs in tags.seen] == [
        (tag, sorted(attrs)) for tag, attrs in plain
    ]
    assert len(page) < 200_000
    document = columns_of(content_of(page)["runs"][0])["document"]
    assert document["errors"][0][:100] == HOSTILE[name][:100]


def test_the_page_refers_to_nothing_outside_of_itself() -> None:
    page = page_of("bisect")
    tags = Tags()
    tags.feed(page)
    assert not [attrs for _, attrs in tags.seen if {"src", "srcset", "data", "action"} & set(attrs)]
    assert [attrs["href"] for _, attrs in tags.seen if "href" in attrs] == ["#rows"]
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert script is not None
    assert not re.findall(
        r"\b(fetch|XMLHttpRequest|WebSocket|import\(|eval|innerHTML|outerHTML|document\.write)\b", script[1]
    )
    assert "default-src 'none'" in page


def test_the_scenario_is_on_its_page_as_it_was_written() -> None:
    written = (ROOT / "scenarios" / "bisect.yaml").read_text(encoding="utf-8")
    assert content_of(page_of("bisect"))["file"] == written


def test_the_same_run_gives_the_same_bytes() -> None:
    assert page_of("bisect") == page_of("bisect")


def test_runs_that_are_compared_share_a_page_and_a_table() -> None:
    content = content_of(page_of("hot_key"))
    assert [columns_of(run)["document"]["name"] for run in content["runs"]] == [
        "ParallelizationFactor 1",
        "ParallelizationFactor 2",
        "ParallelizationFactor 10",
    ]
    assert content["comparison"]["settings"] == [
        {"path": "ParallelizationFactor", "values": ["1", "2", "10"]}
    ]
    ages = next(row for row in content["comparison"]["rows"] if row["measure"] == "IteratorAge.max")
    assert ages["best"] == [False, False, True]
    # The file expects ConcurrentExecutions.max to differ, so the few measures that are shown at first begin with it.
    first = content["comparison"]["rows"][0]
    assert (first["measure"], first["cells"]) == ("ConcurrentExecutions.max", ["2", "4", "14"])


FULL = """\
scenario: Calls leave a small account no room
duration: 20s
account: {ConcurrentExecutions: 20}
streams: {orders: {shards: 8, producer: {rate: 40/s per shard}}}
mappings: {default: {stream: orders}}
functions: {default: {}, checkout: {}}
traffic: [{name: checkout, source: api_gateway, function: checkout, rate: 190/s}]
"""


def test_sources_that_share_an_account_have_together_what_there_is() -> None:
    """Their own peaks come at different moments of a bin: added up they would be more than there ever were."""
    (run,) = content_of(page_of_text(FULL))["runs"]
    document = columns_of(run)["document"]
    own = zip(*(party["levels"] for party in document["parties"]), strict=True)
    assert max(map(sum, own)) > 20
    assert max(document["together"]) == 20
    assert len({party["width"] for party in document["parties"]}) == 1


def test_streams_alone_share_with_nobody() -> None:
    (run,) = content_of(page_of("bisect"))["runs"]
    document = columns_of(run)["document"]
    assert document["parties"] == document["together"] == []
