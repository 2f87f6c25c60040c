"""How log lines look: columns on a terminal, JSON elsewhere."""

import io
import json

import pytest

from streamsim.cli.screen.watch import logger


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


FIELDS = {
    "t": 13_720_000,
    "shard": "shardId-000000000002",
    "first": 137,
    "last": 158,
    "count": 22,
    "request_id": "52caf39b-3d32-4e35-ae06-3d6eecb872ff",
    "duration": 215_000,
}


def test_people_read_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    logger(stream).warning("error", **FIELDS)
    assert stream.getvalue() == (
        "    13.720 s [warning] error        shard=2 records=137-158 (22) request_id=52caf39b duration=215 ms\n"
    )


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    logger(stream).warning("error", **FIELDS)
    assert "\033[33m" in stream.getvalue()


def test_programs_read_json() -> None:
    stream = io.StringIO()
    logger(stream).info("split", **FIELDS)
    line = json.loads(stream.getvalue())
    assert line == {"level": "info", "event": "split", **FIELDS}
    assert list(line)[:3] == ["t", "level", "event"]
