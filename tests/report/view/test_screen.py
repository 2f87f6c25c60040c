"""The view on a terminal: how often it draws, how it ends, and what others write meanwhile."""

import asyncio
import io
import sys
from dataclasses import dataclass

import pytest
from rich.console import Console

from streamsim.model.events import Checkpoint, ShardOpen
from streamsim.report.view.screen import BETWEEN, LiveView, watched

HIDE, SHOW, CLEAR = "\033[?25l", "\033[?25h", "\033[2J"


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """What was written, from where it was last looked at; `drawn` is set with each picture of a shard."""

    seen = 0

    def __init__(self) -> None:
        super().__init__()
        self.drawn = asyncio.Event()

    def write(self, text: str) -> int:
        if "orders-1" in text:
            self.drawn.set()
        return super().write(text)

    def news(self) -> str:
        text = self.getvalue()[self.seen :]
        self.seen += len(text)
        return text


def console(out: io.StringIO, **given: object) -> Console:
    environment = {"TERM": "xterm", "COLUMNS": "60", "LINES": "12"}
    return Console(file=out, force_terminal=True, _environ=environment, **given)  # type: ignore[arg-type]


OPENED = ShardOpen(0, "default", "orders-1", (), 0, 5)


async def _a_picture_every_so_often() -> None:
    out, clock = Terminal(), Clock()
    with LiveView("orders", console(out), clock=clock) as view:
        out.news()
        clock.now = BETWEEN * 0.9
        view(OPENED)
        assert not out.news()
        clock.now = BETWEEN
        view(Checkpoint(1000, "default", "orders-1", 5, "5"))
        assert "orders-1" in out.news()


def test_events_draw_no_more_often_than_eyes_follow() -> None:
    asyncio.run(_a_picture_every_so_often())


async def _time_goes_on() -> None:
    out = Terminal()
    with LiveView("orders", console(out)) as view:
        view(OPENED)
        out.drawn.clear()
        await out.drawn.wait()


def test_without_events_it_draws_all_the_same() -> None:
    asyncio.run(asyncio.wait_for(_time_goes_on(), 30))


async def _ends(error: BaseException | None) -> str:
    out = Terminal()
    try:
        with LiveView("orders", console(out)) as view:
            view(OPENED)
            assert out.news().startswith(HIDE)
            if error is not None:
                raise error
    except (KeyboardInterrupt, ValueError):
        pass
    return out.news()


@pytest.mark.parametrize(
    "error", [None, ValueError(), KeyboardInterrupt()], ids=["well", "an error", "Ctrl-C"]
)
def test_the_cursor_comes_back_however_it_ends(error: BaseException | None) -> None:
    assert SHOW in asyncio.run(_ends(error))


async def _others_write() -> str:
    out = Terminal()
    with LiveView("orders", console(out)) as view:
        view(OPENED)
        out.news()
        sys.stderr.write("somebody says something\n")
        return out.news()


def test_what_others_write_scrolls_above_it() -> None:
    news = asyncio.run(_others_write())
    assert "somebody says something" in news
    assert news.index("somebody says something") < news.index("orders")


async def _narrower() -> None:
    out, clock = Terminal(), Clock()
    screen = console(out)
    with LiveView("orders", screen, clock=clock) as view:
        view(OPENED)
        for width, cleared in ((60, False), (40, True), (40, False), (80, False)):
            screen._environ["COLUMNS"] = str(width)  # type: ignore[index]
            screen.width = width
            out.news()
            clock.now += 1
            view(Checkpoint(1000, "default", "orders-1", 5, "5"))
            news = out.news()
            assert (CLEAR in news) is cleared
            assert "orders-1" in news


def test_a_terminal_that_becomes_narrower_is_drawn_anew() -> None:
    asyncio.run(_narrower())


@pytest.mark.parametrize(
    ("terminal", "term", "shown"),
    [(True, "xterm", True), (True, "dumb", False), (False, "xterm", False)],
    ids=["a terminal", "one that cannot go back", "a pipe"],
)
def test_it_is_for_terminals(terminal: bool, term: str, shown: bool) -> None:
    assert watched(Console(file=io.StringIO(), force_terminal=terminal, _environ={"TERM": term})) is shown
