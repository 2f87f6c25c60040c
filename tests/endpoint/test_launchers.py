"""What runs a function has a version, which its first log line tells."""

from pathlib import Path

import pytest

from streamsim.endpoint.launchers import NoRuntimeError, launcher, versioned
from streamsim.functions.runtime import PYTHON
from streamsim.functions.sandbox.client import NoClientError, client
from tests.functions.handlers import LOG_STREAM, deployed, write
from tests.functions.node import not_installed


def test_python_has_its_own_version_in_both_runtimes(tmp_path: Path) -> None:
    deployment = deployed(write(tmp_path, "def handler(event, context): pass"), runtime_version="unknown:1")
    assert versioned("process", deployment).runtime_version == PYTHON
    assert versioned("in-process", deployment) is deployment


def test_a_script_of_node_has_nodes_version(tmp_path: Path) -> None:
    deployment = deployed(write(tmp_path, "", "app.mjs"))
    try:
        client(deployment)
    except NoClientError as missing:
        not_installed(missing)
    assert versioned("process", deployment).runtime_version.startswith("nodejs:")


def test_what_cannot_be_run_is_told_when_it_is_launched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    deployment = deployed(write(tmp_path, "", "app.mjs"))
    assert versioned("process", deployment) is deployment
    with pytest.raises(NoRuntimeError, match="there is no node on the PATH"):
        launcher("process")(deployment, LOG_STREAM)
