"""Request ids are remembered for thousands of batches, and then forgotten."""

from streamsim.model.events import Fault
from streamsim.trace.oracle.identities import REMEMBERED, Identities


def test_an_id_is_known_for_at_least_as_many_others_as_promised() -> None:
    ids = Identities()
    for number in range(4 * REMEMBERED):
        ids.remember(f"r{number}", (number, Fault(0, "", None)))
        oldest = max(0, number - REMEMBERED + 1)
        found = ids.used_on(f"r{oldest}")
        assert found is not None
        assert found[0] == oldest
    assert ids.used_on("r0") is None
    assert len(ids.young) + len(ids.old) <= 2 * REMEMBERED + 2
