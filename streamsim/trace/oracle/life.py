"""The life of a mapping as the contract sees it: its settings in force, its states, the request ids it has used.

Knows no batches; of shards only that an update finds none being read.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from streamsim.model.events import StateChange, Update
from streamsim.trace.oracle.contract import contract_of
from streamsim.trace.oracle.identities import Identities
from streamsim.trace.oracle.shard import Shard
from streamsim.trace.oracle.violation import Findings, Line

#: The states of GetEventSourceMapping, and which may follow which. A mapping that is being created, updated, enabled or
#: disabled takes no other change (ResourceInUseException, UpdateEventSourceMapping); it may be deleted at any time here.
FOLLOWING: Final[dict[str, frozenset[str]]] = {
    "Creating": frozenset({"Enabled", "Disabled", "Deleting"}),
    "Enabling": frozenset({"Enabled", "Deleting"}),
    "Enabled": frozenset({"Disabling", "Updating", "Deleting"}),
    "Disabling": frozenset({"Disabled", "Deleting"}),
    "Disabled": frozenset({"Enabling", "Updating", "Deleting"}),
    "Updating": frozenset({"Enabled", "Disabled", "Deleting"}),
    "Deleting": frozenset(),
}


class Life:
    """One mapping: `contract` is what it promises from now on, `state` the last StateChange.

    `stopped` is the last ShardStop: one that is being deleted reads on until then.
    """

    __slots__ = (
        "_findings",
        "_settings",
        "_streams",
        "contract",
        "ids",
        "name",
        "state",
        "stopped",
        "updated",
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, Any],
        streams: Mapping[str, Mapping[str, Any]],
        findings: Findings,
    ) -> None:
        """ValueError when a setting is not of its type."""
        self.name = name
        self.contract = contract_of(name, settings, streams)
        self.ids = Identities()
        self.state: Line | None = None
        self.updated: Line | None = None
        self.stopped: Line | None = None
        self._settings = dict(settings)
        self._streams = streams
        self._findings = findings

    def update(self, number: int, event: Update, reading: Iterable[Shard]) -> None:
        """Puts settings in force, while no shard of the mapping may be being read."""
        line = (number, event)
        shards = list(reading)
        busy = next((shard for shard in shards if shard.busy()), shards[0] if shards else None)
        if busy is not None:
            what = "has work in flight or due" if busy.busy() else "is being read"
            sentence = f"{self.name} is updated while {busy.name} {what}"
            lane = next((lane for lane in busy.lanes.values() if lane.busy), None)
            self._tell(sentence, busy.opened if lane is None else lane.sent, line)
        try:
            self.contract = contract_of(self.name, {**self._settings, **event.settings}, self._streams)
        except ValueError as error:
            self._tell(str(error), line)
        else:
            self._settings |= event.settings
            self.updated = line

    def change(self, number: int, event: StateChange) -> None:
        """Takes a new state, or a new result in the same one."""
        line = (number, event)
        before = self.state
        self.state = line
        if event.state not in FOLLOWING:
            self._tell(f"{event.state} is no state of a mapping", line)
            self.state = before
        elif before is not None and isinstance(before[1], StateChange):
            old = before[1].state
            if event.state != old and event.state not in FOLLOWING[old]:
                self._tell(f"{self.name} is {event.state} after {old}", before, line)

    def may_read(self, *, further: bool = False) -> tuple[str, Line | None] | None:
        """Why the mapping may not begin with a shard now, and the line that says so; None when it may.

        `further`: the shard continues one that it has read to its end. assumed: a mapping that is being deleted goes
        on to such shards as long as it reads at all, as one that is being disabled does (recorded: of the latter, that
        records come for a while).
        """
        state = self.state
        if state is not None and isinstance(state[1], StateChange) and state[1].state == "Deleting":
            if not further:
                return "being deleted", state
            if self.stopped is not None and self.stopped[0] > state[0]:
                return "deleted", self.stopped
        return None if self.contract.enabled else ("disabled", self.updated)

    def _tell(self, sentence: str, *evidence: Line | None) -> None:
        self._findings.add("out-of-place", sentence, self.name, "", *evidence)
