"""A boring stretch of a run, counted: what a story says in one line about all that went well in between."""

from streamsim.model import events as happened
from streamsim.model.units import show_duration
from streamsim.report.phrases import counted, instant


class Stretch:
    """Counts of what happened apart from the incidents that are told; memory grows with shards, not with time.

    `empty` is True until something was counted; it began at `began_at`.
    """

    __slots__ = (
        "_caught_up", "_closed", "_early", "_failed", "_longest", "_ok", "_records", "_shards", "_throttled", "_until",
        "began_at", "discarded", "empty", "expired", "filtered", "windows_lost",
    )  # fmt: skip

    def __init__(self) -> None:
        self.empty = True
        self.began_at = 0
        self.filtered = 0
        self.discarded = 0
        self.expired = 0
        self.windows_lost = 0
        self._closed = 0
        self._early = 0
        self._ok = 0
        self._failed = 0
        self._throttled = 0
        self._records = 0
        self._longest = 0
        self._until = 0
        self._shards: set[tuple[str, str]] = set()
        self._caught_up: set[tuple[str, str]] = set()

    def at(self, t: int) -> "Stretch":
        """Itself, reaching to `t`."""
        if self.empty:
            self.began_at = t
            self.empty = False
        self._until = t
        return self

    def attempt(self, event: happened.Result, count: int, sent_at: int) -> None:
        """Counts an attempt with `count` records, sent at `sent_at`."""
        if self.empty:
            self.began_at = sent_at
            self.empty = False
        self._until = event.t
        if event.outcome == "success":
            self._ok += 1
            self._records += count
            self._shards.add((event.mapping, event.shard))
        elif event.outcome == "throttled":
            self._throttled += 1
        else:
            self._failed += 1

    def window(self, event: happened.Result, closing: happened.WindowClose) -> None:
        """Counts a request at the end of a tumbling window."""
        if event.outcome == "success":
            self._closed += not closing.terminated_early
            self._early += closing.terminated_early
        elif event.outcome == "throttled":
            self._throttled += 1
        else:
            self._failed += 1
        if self.empty:
            self.began_at = closing.t
            self.empty = False
        self._until = event.t

    def waited(self, wait: int) -> None:
        """Counts a wait of a batch that is not told."""
        self._longest = max(self._longest, wait)

    def caught_up(self, event: happened.CaughtUp) -> None:
        """Counts a shard whose lane found nothing left to read."""
        self.at(event.t)
        self._caught_up.add((event.mapping, event.shard))

    def told(self) -> str:
        """`214 invocations in 12 shards succeed, 2,140 records, until 12.800 s`, and what else there was."""
        parts = []
        if self._ok:
            succeed = "succeeds" if self._ok == 1 else "succeed"
            parts += [
                f"{counted(self._ok, 'invocation')} in {counted(len(self._shards), 'shard')} {succeed}",
                counted(self._records, "record"),
            ]
        if self._failed:
            parts.append(f"{self._failed:,} {'fails' if self._failed == 1 else 'fail'}")
        if self._throttled:
            parts.append(
                f"{self._throttled:,} throttled, sent again after at most {show_duration(self._longest)}"
            )
        for count, noun, what in (
            (self.filtered, "record", "filtered out"),
            (self.discarded, "record", "discarded"),
            (self.expired, "record", "expired"),
            (self._closed, "window", "closed"),
            (self._early, "window", "ended early"),
            (self.windows_lost, "window", "lost"),
            (len(self._caught_up), "shard", "caught up"),
        ):
            if count:
                parts.append(f"{counted(count, noun)} {what}")
        return ", ".join([*parts, f"until {instant(self._until)}"])
