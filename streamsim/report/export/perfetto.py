"""A run in the Trace Event Format, which ui.perfetto.dev and Chrome's about:tracing open. A sink of events, in one pass.

A shard is a process, a lane a thread; an attempt and a wait after it are slices, what is given up an instant, IteratorAge
and ConcurrentExecutions are counters. Knows the format (Trace Event Format by the Chromium project), no files.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.report.phrases import counted, records, shard_name
from streamsim.trace.format.header import Header

#: What belongs to no shard is told under this process.
_RUN: Final = 0

_COLOURS: Final = {
    "success": "good", "partial": "bad", "error": "terrible", "timeout": "terrible", "throttled": "grey", "fault": "bad",
    "too_large": "terrible",
}  # fmt: skip


class Perfetto:
    """Writes the document in pieces, the first when it is made; `close` writes the last."""

    def __init__(self, header: Header, write: Callable[[str], object]) -> None:
        self._header = header
        self._write = write
        self._processes: dict[tuple[str, str], int] = {}
        self._threads: set[tuple[int, int]] = set()
        self._open: dict[tuple[str, str, int], happened.Invoke | happened.WindowClose] = {}
        head = json.dumps({"scenario": header.scenario, "seed": header.seed, "epoch": header.epoch})
        write(f'{{"displayTimeUnit":"ms","otherData":{head},"traceEvents":[')
        self._between = "\n"
        self._name("process_name", _RUN, 0, header.scenario)

    def __call__(self, event: Event) -> None:
        """Takes an event; events of attempts are told when they have ended."""
        match event:
            case happened.Invoke() | happened.WindowClose():
                self._open[event.mapping, event.shard, event.lane] = event
                if isinstance(event, happened.Invoke):
                    place = self._process(event.mapping, event.shard)
                    self._counter(event.t, place, "IteratorAge ms", event.iterator_age / 1000)
                self._counter(event.t, _RUN, f"ConcurrentExecutions {event.mapping}", event.concurrency)
            case happened.Result():
                self._result(event)
            case happened.Backoff():
                self._slice(
                    event, event.t, event.until - event.t, "waits", "grey", {"request_id": event.request_id}
                )
            case _:
                self._mark_what_is_rare(event)

    def _mark_what_is_rare(self, event: Event) -> None:
        """Losses, shards, and what somebody did."""
        match event:
            case happened.Discard():
                self._instant(event, f"{event.condition}: {records(event.positions)}")
            case happened.Expired():
                self._instant(event, f"expired: {records(event.positions)}")
            case happened.WindowLost():
                self._instant(event, f"window lost: {event.condition}")
            case happened.ShardOpen(t=t, mapping=mapping, shard=shard):
                self._mark(t, self._process(mapping, shard), 0, "opened", "p")
            case happened.Fault(t=t, what=what) | happened.Reshard(t=t, what=what):
                self._mark(t, _RUN, 0, what, "g")
            case happened.Update(t=t, mapping=mapping):
                self._mark(t, _RUN, 0, f"update of {mapping}", "g")
            case happened.Request():
                self._counter(event.t, _RUN, f"ConcurrentExecutions {event.function}", event.concurrency)
            case _:
                pass

    def close(self) -> None:
        """Ends the document."""
        self._write("\n]}\n")

    def _result(self, event: happened.Result) -> None:
        begun = self._open.pop((event.mapping, event.shard, event.lane), None)
        if begun is None or begun.request_id != event.request_id:
            return
        about: dict[str, Any] = {
            "request_id": event.request_id,
            "attempt": event.attempt,
            "outcome": event.outcome,
        }
        name = "end of a window"
        if isinstance(begun, happened.Invoke):
            name = counted(len(begun.positions), "record")
            about |= {"records": records(begun.positions), "iterator_age_ms": begun.iterator_age / 1000}
        if event.outcome != "success":
            name += f": {event.outcome}"
        about |= {
            field: value
            for field, value in (
                ("error", event.error),
                ("failed_from", event.failed_from),
                ("init_duration_ms", event.init_duration and event.init_duration / 1000),
            )
            if value is not None
        }
        self._slice(event, begun.t, event.t - begun.t, name, _COLOURS[event.outcome], about)

    def _slice(
        self,
        event: happened.Result | happened.Backoff,
        t: int,
        duration: int,
        name: str,
        colour: str,
        about: dict[str, Any],
    ) -> None:
        process = self._process(event.mapping, event.shard)
        self._thread(process, event.lane)
        self._tell(
            {
                "ph": "X", "ts": t, "dur": duration, "pid": process, "tid": event.lane, "name": name, "cname": colour,
                "args": about,
            }
        )  # fmt: skip

    def _instant(self, event: happened.Discard | happened.Expired | happened.WindowLost, name: str) -> None:
        process = self._process(event.mapping, event.shard)
        self._thread(process, event.lane)
        self._mark(event.t, process, event.lane, name, "t")

    def _mark(self, t: int, process: int, thread: int, name: str, scope: str) -> None:
        self._tell({"ph": "i", "ts": t, "pid": process, "tid": thread, "name": name, "s": scope})

    def _counter(self, t: int, process: int, name: str, value: float) -> None:
        self._tell({"ph": "C", "ts": t, "pid": process, "name": name, "args": {"value": value}})

    def _process(self, mapping: str, shard: str) -> int:
        number = self._processes.get((mapping, shard))
        if number is None:
            number = self._processes[mapping, shard] = len(self._processes) + 1
            several = len(self._header.mappings) > 1
            name = shard_name(shard)
            self._name("process_name", number, 0, f"{mapping} {name}" if several else name)
        return number

    def _thread(self, process: int, lane: int) -> None:
        if (process, lane) not in self._threads:
            self._threads.add((process, lane))
            self._name("thread_name", process, lane, f"lane {lane}")

    def _name(self, what: str, process: int, thread: int, name: str) -> None:
        self._tell({"ph": "M", "pid": process, "tid": thread, "name": what, "args": {"name": name}})

    def _tell(self, event: dict[str, Any]) -> None:
        self._write(self._between + json.dumps(event, separators=(",", ":")))
        self._between = ",\n"
