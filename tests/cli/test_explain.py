"""`streamsim explain`: what is printed, and how a word that means nothing ends."""

import json

import click
from click.testing import CliRunner

from streamsim.cli import main
from streamsim.cli.explain.output import explained
from streamsim.reference.finding import Found
from streamsim.reference.terms import terms


def test_a_setting_is_told_with_all_its_facts() -> None:
    result = CliRunner().invoke(main, ["explain", "batch_size"])
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "mapping.BatchSize (setting)"
    for line in (
        "  unit      records",
        "  range     1 to 10,000",
        "  default   100",
        "  evidence  documented: Lambda API Reference, CreateEventSourceMapping",
    ):
        assert line in lines


def test_without_a_term_all_are_listed_by_kind() -> None:
    result = CliRunner().invoke(main, ["explain"])
    assert result.exit_code == 0
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    words = set(result.stdout.replace(",", " ").split())
    assert {one.name for one in terms() if " " not in one.name} <= words


def test_every_term_fits_into_80_columns() -> None:
    for one in terms():
        told = click.unstyle(explained(Found((one,), terms())))
        assert [line for line in told.splitlines() if len(line) > 80 and " " in line.strip()] == [], one.name


def test_a_name_of_several_words_needs_no_quotes() -> None:
    result = CliRunner().invoke(main, ["explain", "no", "records", "processed"])
    assert result.stdout.startswith("LastProcessingResult.No records processed (condition)")


def test_a_near_miss_is_told() -> None:
    result = CliRunner().invoke(main, ["explain", "BatchSise"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no term 'BatchSise'; did you mean 'BatchSize'?" in result.stderr


def test_json_has_what_is_meant_first() -> None:
    result = CliRunner().invoke(main, ["explain", "MaximumRetryAttempts", "--json"])
    document = json.loads(result.stdout)
    assert [one["name"] for one in document["terms"]] == [
        "mapping.MaximumRetryAttempts",
        "function.EventInvokeConfig.MaximumRetryAttempts",
    ]
    first = document["terms"][0]
    assert (first["kind"], first["unit"], first["range"], first["default"]) == (
        "setting",
        "retries",
        "-1 to 10,000",
        "-1",
    )


def test_json_without_a_term_has_all() -> None:
    document = json.loads(CliRunner().invoke(main, ["explain", "--json"]).stdout)
    assert [one["name"] for one in document["terms"]] == [one.name for one in terms()]
