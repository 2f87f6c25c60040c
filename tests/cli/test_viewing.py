"""`streamsim live` on a terminal: the view is there while it runs, and leaves the terminal as it was."""

import asyncio
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from streamsim.streams.kafka.topics import create_topic
from tests.conftest import Broker
from tests.streams.members import Topic, numbered

HIDE, SHOW = "\033[?25l", "\033[?25h"


@pytest.fixture
def topic(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Topic:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text("def handler(event, context):\n    raise ValueError\n")
    topic = Topic(broker.address, f"view-{tmp_path.name}", 2)

    async def fill() -> None:
        await create_topic(topic.brokers, topic.name, topic.partitions)
        await topic.produce({0: numbered(0, 8)})

    asyncio.run(fill())
    return topic


def on_a_terminal(topic: Topic, until: str, options: Sequence[str] = ()) -> str:
    """What is written to the terminal until a text is there, and then until Ctrl-C has ended the run."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from streamsim.cli import main; main()", "live"]
    given = ["--handler", "app:handler", "--group", topic.name, "--session-timeout", "1.5", "--timeout", "1"]
    process = subprocess.Popen(
        [*command, f"kafka://{topic.brokers}/{topic.name}", *given, *options],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            news = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not news:
            break
        asked = until.encode() in written
        written += news
        if until.encode() in written and not asked:
            process.send_signal(signal.SIGINT)
    os.close(ours)
    process.communicate()
    assert process.returncode == 0, written
    return written.decode()


def test_a_failing_partition_is_seen_backing_off_and_the_cursor_comes_back(topic: Topic) -> None:
    written = on_a_terminal(topic, until="after error")
    assert f"group '{topic.name}'" in written
    assert "2 partitions" in written
    assert written.count(HIDE) == written.count(SHOW) == 1
    assert written.index(HIDE) < written.index("back-off") < written.index(SHOW)
    assert "stopping: finishing what is in flight" in written


def test_who_does_not_want_it_gets_notes_alone(topic: Topic) -> None:
    written = on_a_terminal(topic, "partitions here", ["--no-view"])
    assert HIDE not in written
    assert written.splitlines() == [
        f"kafka://{topic.brokers}/{topic.name}: group '{topic.name}' has 2 of 2 partitions here",
        "stopping: finishing what is in flight; again to stop at once",
    ]
