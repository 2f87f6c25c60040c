"""The how-to pages: every command is run, every output compared, every link leads somewhere.

Commands for servers (`sh` blocks) are held to the options that exist; those that play a scenario are played, on a server
of the test run. `pytest --record` writes the outputs anew.
"""

import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import streamsim
from streamsim.cli import main
from tests.conftest import Broker, Golden
from tests.documents import blocks, follow

ROOT = Path(__file__).parent.parent
DOCS = Path(streamsim.__file__).parent / "docs"
PAGES = sorted(DOCS.glob("*.md"))
FOLLOWED = [page for page in PAGES if "```console" in page.read_text(encoding="utf-8")]
SERVED = [
    line
    for page in [*PAGES, ROOT / "README.md"]
    for block in blocks(page.read_text(encoding="utf-8"))
    if block.language == "sh"
    for line in block.text.replace("\\\n", " ").splitlines()
    if line.startswith("streamsim ")
]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")


@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.stem)
def test_a_page_shows_what_its_commands_print(page: Path, golden: Golden, tmp_path: Path) -> None:
    golden(page, follow(page, tmp_path))


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.stem)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.stem)
def test_every_command_spoken_of_exists(page: Path) -> None:
    for name in re.findall(r"`streamsim (\w+)", page.read_text(encoding="utf-8")):
        assert main.get_command(click.Context(main), name) is not None, name


@pytest.mark.parametrize("line", SERVED)
def test_a_command_for_a_server_has_the_options_that_exist(line: str) -> None:
    for name in ("src", "template.yaml"):
        Path(name).mkdir() if "." not in name else Path(name).touch()
    _, name, *arguments = shlex.split(line)
    command = main.get_command(click.Context(main), name)
    assert command is not None
    command.make_context(name, arguments)


def test_a_scenario_of_the_pages_plays_on_kafka(broker: Broker) -> None:
    played("kafka", "localhost:9092", broker.address)


def test_a_scenario_of_the_pages_plays_on_kinesis(kinesis: str) -> None:
    played("kinesis", "http://localhost:4568", kinesis)


def played(backend: str, said: str, address: str) -> None:
    """Plays what the pages play on this backend, on the server at `address`: fewer records, as soon as the machine can."""
    fewer = ["--set", "producer.rate=2/s per shard", "--set", "expect=null"]
    lines = [line for line in SERVED if f"run scenarios/bisect.yaml --backend {backend}" in line]
    assert lines
    for line in lines:
        result = CliRunner().invoke(
            main, [*shlex.split(line.replace(said, address))[1:], *fewer], catch_exceptions=False
        )
        assert result.exit_code == 0, result.output
