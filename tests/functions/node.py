"""Tests with AWS's client for Node: without it they are skipped with a word on how to install it, and fail in CI."""

import os
from typing import Never

import pytest

from streamsim.functions.sandbox.client import NoClientError


def not_installed(missing: NoClientError) -> Never:
    """Ends a test that cannot be run."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must run the tests of Node handlers: {missing}")
    pytest.skip(str(missing))
