"""One picture of a run in real time: totals, then a line for each shard, as many as there is room for.

Knows the state and how large the terminal is; must not know how lines get there, nor what time it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from rich.text import Text

from streamsim.model.units import MINUTE, SECOND, show_duration
from streamsim.report.layout import QUIET
from streamsim.report.phrases import counted, shortened
from streamsim.report.view.state import InFlight, ShardState, State, worst_first

#: Lines above the shards, and the widest that a shard's name may be.
_ABOVE: Final = 3
_WIDEST_NAME: Final = 32

#: How a state looks, by its first word.
_STYLES: Final = {
    "running": "green",
    "back-off": "bold red",
    "throttled": "yellow",
    "stopping": "cyan",
    "idle": QUIET,
}


class Moment(NamedTuple):
    """What a picture is of besides the state.

    `now` is microseconds since the start, `rate` finished records a second; `stopping`: nothing new is begun. `parts` are
    called partitions or shards; `plain` is for terminals that know only ASCII.
    """

    title: str
    now: int
    rate: float
    stopping: bool = False
    parts: str = "shard"
    plain: bool = False


class _Column(NamedTuple):
    """A column; where there is no room for all, that with the highest `rank` goes first."""

    head: str
    rank: int
    left: bool
    cell: Callable[[ShardState, Moment], str]


def _of_worst(said: Callable[[InFlight], str]) -> Callable[[ShardState, Moment], str]:
    """A cell about the batch in most trouble; empty without one."""

    def cell(shard: ShardState, _moment: Moment) -> str:
        return "" if shard.worst is None else said(shard.worst)

    return cell


def _age(shard: ShardState, moment: Moment) -> str:
    """IteratorAge if the batch were sent now: how long ago its youngest record arrived."""
    worst = shard.worst
    return "" if worst is None or worst.arrived is None else brief(moment.now - worst.arrived)


def _state(shard: ShardState, moment: Moment) -> str:
    worst = shard.worst
    if worst is None:
        return "idle"
    others = len(shard.batches) - 1
    more = f", {counted(others, 'more lane')}" if others else ""
    if worst.until is None:
        word = "stopping" if moment.stopping else "running"
        return f"{word} {brief(moment.now - worst.since)}{more}"
    if moment.stopping:
        return f"stopping{more}"
    left = brief(max(worst.until - moment.now, 0))
    if worst.failed == "throttled":
        return f"throttled {left}{more}"
    return f"back-off {left} after {worst.failed}{more}"


def _but_zero(count: int) -> str:
    return f"{count:,}" if count else ""


_COLUMNS: Final = (
    _Column("position", 5, left=False, cell=lambda shard, _: f"{shard.position:,}"),
    _Column(
        "batch", 3, left=False, cell=_of_worst(lambda batch: f"{batch.count:,}" if batch.count else "end")
    ),
    _Column("try", 2, left=False, cell=_of_worst(lambda batch: str(batch.attempt))),
    _Column("age", 1, left=False, cell=_age),
    _Column("state", 0, left=True, cell=_state),
    _Column("request", 7, left=True, cell=_of_worst(lambda batch: batch.request_id[:8])),
    _Column("failed", 4, left=False, cell=lambda shard, _: _but_zero(shard.failures)),
    _Column("discarded", 6, left=False, cell=lambda shard, _: _but_zero(shard.discarded)),
    _Column("invoked", 8, left=False, cell=lambda shard, _: f"{shard.invocations:,}"),
)

#: Columns keep a width that their cells seldom exceed, so that nothing jumps.
_STEADY: Final = {"position": 9, "batch": 5, "try": 3, "age": 8, "state": 28, "request": 8, "invoked": 7}


def picture(state: State, moment: Moment, width: int, height: int) -> list[Text]:
    """At most `height` lines of at most `width` characters; of more shards those in most trouble, the worst first."""
    lines = [_title(moment, width), _totals(state, moment)]
    shards = state.shards
    room = max(height - _ABOVE, 1)
    shown: Sequence[ShardState] = shards
    if len(shards) > room:
        shown = worst_first(shards)[: max(room - 1, 1)]
    if shown:
        lines += _table(shown, moment, width, named=state.several)
    hidden = len(shards) - len(shown)
    if hidden:
        lines.append(Text(f"{counted(hidden, f'more {moment.parts}')}, none of them in more trouble", QUIET))
    for line in lines:
        line.no_wrap = True
        line.truncate(width, overflow="crop" if moment.plain else "ellipsis")
    return lines[:height]


def _title(moment: Moment, width: int) -> Text:
    clock = brief(moment.now)
    name = shortened(moment.title, max(width - len(clock) - 2, 10), plain=moment.plain)
    return Text.assemble((name, "bold"), " " * max(2, width - len(name) - len(clock)), (clock, QUIET))


def _totals(state: State, moment: Moment) -> Text:
    shards = state.shards
    parts = [
        counted(len(shards), moment.parts) + (f" ({state.ended:,} ended)" if state.ended else ""),
        f"{state.in_flight():,} in flight",
        f"{counted(state.finished, 'record')}, {moment.rate:,.0f}/s",
    ]
    line = Text((" - " if moment.plain else " · ").join(parts))
    for count, noun, style in ((state.failures, "failed", "red"), (state.discarded, "discarded", "bold red")):
        if count:
            line.append(" - " if moment.plain else " · ").append(f"{count:,} {noun}", style)
    if moment.stopping:
        line.append("  stopping", "bold cyan")
    return line


def _table(shards: Sequence[ShardState], moment: Moment, width: int, *, named: bool) -> Iterator[Text]:
    names = [f"{one.mapping} {one.shard}" if named else one.shard for one in shards]
    room = min(_WIDEST_NAME, max(width // 3, 8), max(map(len, [*names, moment.parts])))
    names = [shortened(name, room, plain=moment.plain) for name in names]
    whole = [[column.cell(shard, moment) for shard in shards] for column in _COLUMNS]
    wide = {
        column.head: max(len(column.head), _STEADY.get(column.head, 0), *map(len, cells))
        for column, cells in zip(_COLUMNS, whole, strict=True)
    }
    columns = _fitting(wide, width - room)
    shown = [(column, cells) for column, cells in zip(_COLUMNS, whole, strict=True) if column in columns]
    head = Text(moment.parts.ljust(room), QUIET)
    for column in columns:
        head.append("  " + _set(column, column.head, wide))
    yield head
    for i, name in enumerate(names):
        line = Text(name.ljust(room))
        for column, cells in shown:
            style = _STYLES.get(cells[i].partition(" ")[0].rstrip(","), "") if column.head == "state" else ""
            line.append("  ").append(_set(column, cells[i], wide), style)
        line.rstrip()
        yield line


def _fitting(wide: Mapping[str, int], width: int) -> list[_Column]:
    """The columns for which there is room."""
    columns = list(_COLUMNS)
    while len(columns) > 1 and sum(2 + wide[column.head] for column in columns) > width:
        columns.remove(max(columns, key=lambda column: column.rank))
    return columns


def _set(column: _Column, text: str, wide: Mapping[str, int]) -> str:
    return text.ljust(wide[column.head]) if column.left else text.rjust(wide[column.head])


def brief(microseconds: int) -> str:
    """A time that is read while it runs: tenths of a second up to a minute."""
    if microseconds < MINUTE:
        return f"{max(microseconds, 0) / SECOND:.1f} s"
    return show_duration(microseconds // SECOND * SECOND)
