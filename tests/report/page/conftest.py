"""One browser for all tests of the page: starting one takes longer than most of them."""

import asyncio
import contextlib
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.report.page.browser import Tab, tab

Do = Callable[[Tab, Callable[[str], str]], Awaitable[None]]
InBrowser = Callable[[dict[str, str], Do], None]


@pytest.fixture(scope="session")
def shared_tab() -> Iterator[tuple[asyncio.Runner, Tab]]:
    """A tab, and what runs on its event loop."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        opened = runner.run(stack.enter_async_context(tab(Path(profile))))
        yield runner, opened
        runner.run(stack.aclose())


@pytest.fixture
def in_browser(shared_tab: tuple[asyncio.Runner, Tab], tmp_path: Path) -> InBrowser:
    """Does something with a tab and the addresses of pages; fails when one complained or asked for anything else."""
    runner, opened = shared_tab

    async def run(do: Do) -> None:
        await opened.fresh()
        await do(opened, lambda name: (tmp_path / f"{name}.html").as_uri())
        assert opened.errors == []
        assert [url for url in opened.requests if not url.startswith("file:///")] == []

    def in_it(pages: dict[str, str], do: Do) -> None:
        for page, text in pages.items():
            (tmp_path / f"{page}.html").write_text(text, encoding="utf-8")
        runner.run(run(do))

    return in_it
