"""The public names exist, are few, and the example beside them runs."""

import doctest
import subprocess
import sys

import streamsim


def test_the_example_runs() -> None:
    assert doctest.testmod(streamsim) == doctest.TestResults(failed=0, attempted=4)


def test_every_public_name_is_there() -> None:
    assert len(streamsim.__all__) <= 20
    assert all(getattr(streamsim, name) is not None for name in streamsim.__all__)


def test_importing_streamsim_imports_nothing_heavy() -> None:
    code = (
        "import sys, streamsim; print(*{'numpy', 'pydantic', 'yaml', 'rich', 'asyncio'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not found.stdout.strip()
