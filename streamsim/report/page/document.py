"""One run as the JSON that the page's script reads, beside its packed columns. Knows no HTML."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streamsim.model import events as happened
from streamsim.report.page.columns import Columns
from streamsim.report.page.lanes import OUTCOMES, cut
from streamsim.report.page.left_out import MOST_HAPPENINGS, MOST_VIOLATIONS, left_out
from streamsim.report.page.moments import moments
from streamsim.report.page.numbers import figures
from streamsim.report.page.packing import BITS, TICKS, Packed, pack_ids, pack_invocations
from streamsim.report.page.shards import WHYS
from streamsim.report.phrases import changed_settings, measured, settings_said, shard_name
from streamsim.report.picture.asked import age_limit
from streamsim.report.picture.ceiling import ceiling
from streamsim.report.picture.families import in_families
from streamsim.report.picture.rows import Row
from streamsim.report.picture.timeline import Timeline
from streamsim.report.story.lives import changed
from streamsim.report.verdict import headline, what_happened
from streamsim.trace.format.header import Header
from streamsim.trace.oracle.violation import Violation

#: Names from outside are cut to so many characters.
_NAME = 200


@dataclass(frozen=True, slots=True)
class PageRun:
    """A run and what came of it, as in `run --json`; `settings` are what makes it different from the others."""

    header: Header
    metrics: Mapping[str, Any]
    expectations: Sequence[Mapping[str, Any]]
    violations: Sequence[Violation]
    timeline: Timeline
    columns: Columns
    settings: Mapping[str, Any]


def packed_run(run: PageRun, name: str, room: int) -> dict[str, Any]:
    """All that the page knows of a run, packed: `data`, and the `layout` of what is in it, the document first.

    `name` tells the run from the others. Times are as exact as `room`, in characters of `data`, allows; what there is
    no room for at all is there nevertheless.
    """
    run.timeline.finish()
    for tick in TICKS:
        made = _packed(run, name, tick)
        if len(made["data"]) <= room:
            break
    return made


def _packed(run: PageRun, name: str, tick: int) -> dict[str, Any]:
    packed = Packed()
    content = _document(run, name, packed, tick)
    whole = Packed()
    whole.add_bytes(
        "document", json.dumps(content, separators=(",", ":"), allow_nan=False, default=dict).encode("ascii")
    )
    whole.add_all(packed)
    return {"layout": whole.layout, "data": whole.text()}


def _document(run: PageRun, name: str, packed: Packed, tick: int) -> dict[str, Any]:
    """What is no column; the columns go to `packed`."""
    header, columns, timeline = run.header, run.columns, run.timeline
    renumbered, names = pack_ids(packed, columns.ids, columns.troubled)
    end = max(timeline.end, columns.end, 1)
    entries, placeless = pack_invocations(packed, columns.kept, end, renumbered, tick)
    entries += [0] * (len(columns.shards.rows) - len(entries))
    packed.add("ranges_sizes", [len(ranges) for ranges in columns.ranges])
    packed.add("ranges_steps", [step for ranges in columns.ranges for step in _steps(ranges)])
    for field, values in columns.gone.kept.items():
        packed.add(f"gone_{field}", values)
    well, verdict = headline(run.expectations, run.violations)
    bound = ceiling(timeline)
    sharing = timeline.sharing
    return {
        "name": name,
        "settings": {key: str(value) for key, value in run.settings.items()},
        "seed": header.seed,
        "epoch": header.epoch,
        "clock": header.clock,
        "end": end,
        "tick": tick,
        "age_bits": BITS[tick],
        "invocations": columns.invocations,
        "well": well,
        "verdict": verdict,
        "sentence": _sentence(run),
        "figures": figures(run.metrics, bound.value if sharing is None else sharing.limit),
        "expectations": [
            {
                "text": f"{one['measure']}: {one['test']}",
                "value": measured(str(one["measure"]), one["value"]),
                "ok": bool(one["ok"]),
            }
            for one in run.expectations
        ],
        "violations": [
            {
                "kind": one.kind,
                "sentence": cut(one.sentence),
                "t": one.t,
                "lines": [n for n, _ in one.evidence[:20]],
            }
            for one in run.violations[:MOST_VIOLATIONS]
        ],
        "said": {name: settings_said(settings) for name, settings in header.mappings.items()},
        "shaped": shaped(header),
        "ceiling": {
            "value": bound.value,
            "name": bound.name,
            "full": bound.short_at == bound.value,
            "account": header.account.get("ConcurrentExecutions"),
        },
        "age_limit": age_limit(run.expectations),
        "moments": [one.document() for one in moments(timeline, run.metrics, columns)],
        **_places(columns, timeline, entries),
        "left_out": left_out(columns, tick, placeless, run.violations),
        "destinations": columns.gone.destinations.kept,
        "errors": columns.errors.kept,
        "ids": names,
        "windows": [list(window) for window in columns.windows],
        **_happenings(columns),
        "parties": _parties(timeline),
        "together": [] if timeline.sharing is None else list(timeline.sharing.together.bins),
        "outcomes": OUTCOMES,
        "whys": WHYS,
    }


def _steps(ranges: Sequence[int]) -> list[int]:
    """Each end as its distance from the one before."""
    return [end - before for before, end in zip([0, *ranges[:-1]], ranges, strict=True)]


def _sentence(run: PageRun) -> str:
    if run.violations:
        return cut(run.violations[0].sentence)
    return what_happened(run.timeline, run.metrics)


def shaped(header: Header) -> list[dict[str, Any]]:
    """Every setting that shaped the run, by what it belongs to."""
    groups = [
        ("mapping", header.mappings),
        ("function", header.functions),
        ("stream", header.streams),
        ("traffic", header.traffic),
    ]
    told = [
        {
            "kind": kind,
            "name": cut(name, _NAME),
            "settings": dict(settings),
            "changed": changed_settings(settings) if kind == "mapping" else [],
        }
        for kind, by_name in groups
        for name, settings in by_name.items()
    ]
    return [*told, {"kind": "account", "name": "", "settings": dict(header.account), "changed": []}]


def _places(columns: Columns, timeline: Timeline, entries: list[int]) -> dict[str, Any]:
    """Mappings, shards and rows by number, shards in the order in which families are read."""
    mappings = list(timeline.header.mappings)
    shards = columns.shards.kept
    number = {(one.mapping, one.shard): place for place, one in enumerate(shards)}
    rows = [Row(one.mapping, one.shard, None) for one in shards]
    for row, one in zip(rows, shards, strict=True):
        row.parents = one.parents
    order = [number[row.mapping, row.shard] for row in in_families(rows)]
    return {
        "mappings": [cut(name, _NAME) for name in mappings],
        "functions": [
            cut(str(timeline.header.mappings[name].get("FunctionName", name)), _NAME) for name in mappings
        ],
        "shards": [
            {
                "mapping": mappings.index(one.mapping) if one.mapping in mappings else 0,
                "id": cut(one.shard, _NAME),
                "name": cut(shard_name(one.shard), _NAME),
                "parents": [
                    number[one.mapping, parent] for parent in one.parents if (one.mapping, parent) in number
                ],
                "opened": one.opened_at,
                "ended": one.ended_at,
                "stops": one.stops,
                "skipped": one.skipped,
                "arrived": one.arrived,
                "filtered": one.filtered,
                "gone": one.gone,
            }
            for one in shards
        ],
        "order": order,
        "rows": [
            [shard, lane, count] for (shard, lane), count in zip(columns.shards.rows, entries, strict=True)
        ],
    }


def _happenings(columns: Columns) -> dict[str, Any]:
    """What somebody did, and what went wrong, in words."""
    told: list[dict[str, Any]] = []
    states = []
    for event in columns.happenings:
        match event:
            case happened.Fault(t, what, until):
                told.append({"t": t, "kind": "fault", "what": cut(what, _NAME), "until": until})
            case happened.Reshard(t, stream, what, closed, opened):
                text = f"{what} of {stream}: {len(closed)} closed, {len(opened)} opened"
                told.append({"t": t, "kind": "reshard", "what": cut(text, _NAME), "until": None})
            case happened.Update(t, mapping, settings):
                enabled = f"Enabled {str(settings.get('Enabled')).lower()}"
                text = f"{mapping}: {changed(settings) or enabled}"
                told.append({"t": t, "kind": "update", "what": cut(text, _NAME), "until": None})
            case happened.StateChange(t, mapping, state, result):
                states.append({"t": t, "mapping": cut(mapping, _NAME), "state": state, "result": result})
    return {"happenings": told[:MOST_HAPPENINGS], "states": states[:MOST_HAPPENINGS]}


def _parties(timeline: Timeline) -> list[dict[str, Any]]:
    """Who shares the account, each with its executions over time; empty where only streams use it.

    All have bins of one width, since all were brought up to the end of the run.
    """
    if timeline.sharing is None:
        return []
    return [
        {
            "name": cut(party.name, _NAME),
            "kind": party.kind,
            "most": party.levels.most,
            "width": party.levels.width,
            "levels": list(party.levels.bins),
        }
        for party in timeline.sharing.parties
    ]
