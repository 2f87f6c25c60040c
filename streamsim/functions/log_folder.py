"""Log streams as files below a folder: one file for each, named as the stream, each event with its time before it."""

from pathlib import Path

from streamsim.functions.logs import LogEvent
from streamsim.model.names import timestamp


class LogFolder:
    """A journal of all functions of a run. Events of one stream must come in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begun: set[Path] = set()

    def __call__(self, group: str, stream: str, events: list[LogEvent]) -> None:
        """Adds events to a log stream. `OSError` when they cannot be written."""
        path = self._folder.joinpath(*group.strip("/").split("/"), *stream.split("/"))
        new = path not in self._begun
        if new:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._begun.add(path)
        with path.open("w" if new else "a", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.writelines(f"{timestamp(event.at)} {event.text}\n" for event in events)
