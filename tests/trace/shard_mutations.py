"""Planted faults in the life of shards and mappings. See `tests.trace.mutations`."""

from streamsim.model.events import (
    Filtered,
    Invoke,
    Reshard,
    ShardEnd,
    ShardOpen,
    ShardStop,
    StateChange,
    Update,
)
from streamsim.trace.format.header import Header
from tests.trace.planting import Events, changed, choose, each, failed_before, inserted, recounted, replaced


def _reopened(events: Events) -> list[tuple[int, ShardOpen]]:
    stopped, places = set(), []
    for i, event in enumerate(events):
        if isinstance(event, ShardStop):
            stopped.add(event[1:3])
        elif isinstance(event, ShardOpen) and event[1:3] in stopped:
            places.append((i, event))
    return places


def reopened_behind(_header: Header, events: Events) -> Events | None:
    """A shard goes on before its checkpoint."""
    place = choose(events, [(i, e) for i, e in _reopened(events) if e.position > 0])
    return place and changed(events, {place[0]: place[1]._replace(position=place[1].position - 1)})


def reopened_ahead(_header: Header, events: Events) -> Events | None:
    """A shard goes on beyond its checkpoint, past records nobody has sent."""
    place = choose(events, [(i, e) for i, e in _reopened(events)])
    return place and changed(events, {place[0]: place[1]._replace(position=place[1].position + 50)})


def stopped_in_flight(_header: Header, events: Events) -> Events | None:
    """A shard is stopped while the function runs."""
    places = [(i + 1, _stop(events, e)) for i, e in each(events, Invoke)]
    return inserted(events, list(places))


def _stop(events: Events, invoke: Invoke) -> ShardStop:
    """A stop of the shard at the time of the request, which counts every record that is ever named."""
    named = [e.positions[-1] for e in events if isinstance(e, Invoke | Filtered) and e[1:3] == invoke[1:3]]
    return ShardStop(*invoke[:3], max(named) + 1)


def stopped_miscounted(_header: Header, events: Events) -> Events | None:
    """A stop counts one record fewer than were sent."""
    places = []
    for i, stopped in each(events, ShardStop):
        opened = max(j for j, e in each(events[:i], ShardOpen) if e[1:3] == stopped[1:3])
        sent = [e.positions[-1] for _, e in each(events[opened:i], Invoke) if e[1:3] == stopped[1:3]]
        places += [(i, stopped._replace(arrived=max(sent)))] if sent else []
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]})


def sent_after_stop(_header: Header, events: Events) -> Events | None:
    """A batch of a shard that has been stopped just before."""
    fresh = [(i, e) for i, e in each(events, Invoke) if e.attempt == 1 and not failed_before(events, i)]
    return inserted(events, [(i, _stop(events, e)) for i, e in fresh])


def updated_in_flight(_header: Header, events: Events) -> Events | None:
    """Settings change while a batch is in flight."""
    return inserted(events, [(i + 1, Update(e.t, e.mapping, {})) for i, e in each(events, Invoke)])


def opened_while_disabled(_header: Header, events: Events) -> Events | None:
    """A disabled mapping goes on without having been enabled."""
    enabling = [(i, e) for i, e in each(events, Update) if e.settings.get("Enabled")]
    places = [
        (i, e) for i, e in enabling if any(o.mapping == e.mapping for _, o in each(events[i:], ShardOpen))
    ]
    place = choose(events, places)
    if place is None:
        return None
    settings = {name: value for name, value in place[1].settings.items() if name != "Enabled"}
    return changed(events, {place[0]: place[1]._replace(settings=settings)})


def impossible_state(_header: Header, events: Events) -> Events | None:
    """A mapping is updated while it is disabled, without being enabled first."""
    return replaced(
        events, [(i, e) for i, e in each(events, StateChange) if e.state == "Disabled"], state="Enabling"
    )


def child_before_reshard(_header: Header, events: Events) -> Events | None:
    """A stream opens shards only after one of them has been read."""
    places = []
    for i, reshard in each(events, Reshard):
        for j, opened in each(events, ShardOpen):
            if opened.shard in reshard.opened and j > i:
                places.append((i, j, reshard._replace(t=opened.t)))
    place = choose(events, places)
    if place is None:
        return None
    i, j, late = place
    return [*events[:i], *events[i + 1 : j + 1], late, *events[j + 1 :]]


def child_begins_late(_header: Header, events: Events) -> Events | None:
    """A child is begun at its latest record though its parents were read."""
    places = []
    seen: set[tuple[str, str]] = set()
    for i, opened in each(events, ShardOpen):
        made = any(opened.shard in reshard.opened for _, reshard in each(events[:i], Reshard))
        if made and opened[1:3] not in seen and any((opened.mapping, p) in seen for p in opened.parents):
            places.append((i, opened._replace(position=3)))
        seen.add(opened[1:3])
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]})


def child_left_out(header: Header, events: Events) -> Events | None:
    """A child is never read, though its parents were."""
    parents = {parent for _, opened in each(events, ShardOpen) for parent in opened.parents}
    children = {e[1:3] for _, e in each(events, ShardOpen) if e.parents and e.shard not in parents}
    born = {name for _, reshard in each(events, Reshard) for name in reshard.opened}
    read = {e[1:3] for _, e in each(events, ShardOpen)}
    over = read == {e[1:3] for _, e in each(events, ShardEnd)}
    places = sorted(
        (mapping, shard)
        for mapping, shard in children
        if shard in born and all((mapping, p) in read for p in _parents(events, shard))
    )
    place = choose(events, places) if over else None
    return None if place is None else recounted(header, [e for e in events if e[1:3] != place])


def _parents(events: Events, shard: str) -> tuple[str, ...]:
    return next(opened.parents for _, opened in each(events, ShardOpen) if opened.shard == shard)


def parent_stopped(_header: Header, events: Events) -> Events | None:
    """A child is read though its parent was stopped before its end: the end is told as a stop."""
    places = []
    for i, ended in each(events, ShardEnd):
        for _, opened in each(events[i:], ShardOpen):
            begun = any(e[1:3] == opened[1:3] for _, e in each(events[i:], Invoke))
            if opened.mapping == ended.mapping and ended.shard in opened.parents and begun:
                places.append((i, ShardStop(*ended)))
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]})
