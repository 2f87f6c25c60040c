"""Which state of a mapping may follow which: every pair, against what the Lambda API promises of them."""

import pytest

from streamsim.model.events import StateChange
from streamsim.trace.format.header import Header
from streamsim.trace.oracle.oracle import Oracle

STATES = ("Creating", "Enabling", "Enabled", "Disabling", "Disabled", "Updating", "Deleting")

#: A state that a mapping stays in is left by a request; one that it passes through, by getting where it was going. It may
#: be deleted from all of them, and from that nothing follows.
ASKED = {"Enabled": {"Disabling", "Updating"}, "Disabled": {"Enabling", "Updating"}}
GOING = {
    "Creating": {"Enabled", "Disabled"},
    "Enabling": {"Enabled"},
    "Disabling": {"Disabled"},
    "Updating": {"Enabled", "Disabled"},
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("before", STATES)
def test_a_state_follows(before: str, state: str) -> None:
    oracle = Oracle(Header("Life", 0, mappings={"default": {}}))
    for t, name in enumerate((before, state)):
        oracle.take(StateChange(t, "default", name, "OK"))
    possible = {before, *ASKED.get(before, ()), *GOING.get(before, ())}
    if before != "Deleting":
        possible.add("Deleting")
    found = [(one.kind, one.sentence) for one in oracle.finish()]
    expected = [] if state in possible else [("out-of-place", f"default is {state} after {before}")]
    assert found == expected
