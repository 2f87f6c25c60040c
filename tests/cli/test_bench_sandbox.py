"""`streamsim bench sandbox`: its table and its document. How fast it is, is not a test's business."""

import json

from click.testing import CliRunner

from streamsim.cli import main


def test_the_document_holds_what_the_table_shows() -> None:
    told = CliRunner().invoke(main, ["bench", "sandbox", "--invocations", "100", "--json"])
    assert told.exit_code == 0
    document = json.loads(told.output)
    assert document["format"] == 1
    assert [(one["way"], one["event_bytes"]) for one in document["sandbox"]] == [
        ("sandbox", 34),
        ("sandbox", 62_012),
        ("from virtual time", 34),
    ]
    for one in document["sandbox"]:
        assert 0 < one["p50_us"] <= one["p90_us"] <= one["p99_us"]


def test_the_table_has_a_line_for_each_way() -> None:
    told = CliRunner().invoke(main, ["bench", "sandbox", "--invocations", "100"])
    assert told.exit_code == 0
    assert [line[:20].strip() for line in told.output.splitlines()] == [
        "",
        "sandbox",
        "sandbox",
        "from virtual time",
    ]
