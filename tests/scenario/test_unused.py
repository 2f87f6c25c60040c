"""What a scenario describes and nothing in it uses is told, and hinders nobody."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from streamsim.cli import main

ONE_OF_EACH = """\
scenario: One of each, and more
duration: 1s
streams:
  orders: {shards: 1, producer: {rate: 1/s}}
  returns: {shards: 1, producer: {rate: 1/s}}
mappings:
  default: {stream: orders}
functions: {default: {}, checkout: {}}
traffic: [{name: checkout, source: api_gateway, rate: 1/s}]
"""


@pytest.mark.parametrize("command", [["run", "--quiet"], ["check"]])
def test_what_nothing_uses_is_told(tmp_path: Path, command: list[str]) -> None:
    path = tmp_path / "two.yaml"
    path.write_text(ONE_OF_EACH)
    result = CliRunner().invoke(main, [*command, str(path)])
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines() == [
        f"{path}: note: no mapping and no traffic invokes the function 'checkout'",
        f"{path}: note: no mapping reads the stream 'returns'",
    ]
