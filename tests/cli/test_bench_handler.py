"""The benchmark of handlers measures what it says. How fast anything is is not tested."""

import json
import sys

from click.testing import CliRunner

from streamsim.cli.bench.command import command


def test_both_loops_are_measured_and_leave_nothing_behind() -> None:
    modules, path = set(sys.modules), list(sys.path)
    told = CliRunner().invoke(command, ["handler", "--records", "3", "--rounds", "1", "--json"])
    assert told.exit_code == 0
    (figures,) = json.loads(told.stdout)["handler"]
    assert figures["records"] == 3
    assert figures["event_bytes"] > 3 * 400
    assert figures["bare_us"] > 0
    assert figures["in_process_us"] > 0
    assert {name for name in set(sys.modules) - modules if "bench_handler_code" in name} == set()
    assert sys.path == path


def test_the_table_has_a_row_for_each_size() -> None:
    told = CliRunner().invoke(command, ["handler", "--records", "1", "--records", "2", "--rounds", "1"])
    assert told.exit_code == 0
    assert [line.split()[0] for line in told.output.splitlines()] == ["records", "1", "2"]
