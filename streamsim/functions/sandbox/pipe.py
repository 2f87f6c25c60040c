"""The pipe through which a runtime's output comes. Knows file descriptors; what is in the bytes is `output`'s business."""

import asyncio
import fcntl
import os
import struct
import termios
from contextlib import suppress
from typing import Final

from streamsim.engine.wall_clock import wall_clock
from streamsim.functions.sandbox.output import LogEvent, OutputParser, Transcript

_CHUNK: Final = 64 * 1024


class OutputPipe:
    """Reads what a runtime writes into a transcript, a little at a time, for as long as somebody writes.

    `writer` is the end for the runtime; who starts it closes ours. The first event is dropped if it begins with
    `greeting`, which is the client's own.
    """

    def __init__(self, transcript: Transcript, greeting: bytes | None) -> None:
        self._transcript = transcript
        self._greeting = greeting
        self._parser = OutputParser()
        self._loop = asyncio.get_running_loop()
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._loop.add_reader(self._reader, self._read)

    def close_writer(self) -> None:
        """Leaves the writing to the runtime."""
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1

    def drain(self) -> None:
        """Reads what had been written when it was called, not what is written meanwhile."""
        waiting = self._waiting()
        while waiting > 0:
            taken = self._read()
            if not taken:
                return
            waiting -= taken

    def flush(self) -> None:
        """Ends a line that was begun."""
        self._take(self._parser.flush(wall_clock()))

    def close(self) -> None:
        """Reads what is there, and hangs up: whoever still writes gets a broken pipe."""
        self.close_writer()
        if self._reader >= 0:
            self.drain()
            self._loop.remove_reader(self._reader)
            os.close(self._reader)
            self._reader = -1

    def _waiting(self) -> int:
        buffer = fcntl.ioctl(self._reader, termios.FIONREAD, b"\0\0\0\0")
        return int(struct.unpack("i", buffer)[0])

    def _read(self) -> int:
        data = b""
        with suppress(BlockingIOError):
            data = os.read(self._reader, _CHUNK)
            if not data:  # nobody can write any more
                self._loop.remove_reader(self._reader)
        self._take(self._parser.feed(data, wall_clock()))
        return len(data)

    def _take(self, events: list[LogEvent]) -> None:
        if events and self._greeting is not None:
            if events[0].text.startswith(self._greeting):
                del events[0]
            self._greeting = None
        self._transcript.add(events)
