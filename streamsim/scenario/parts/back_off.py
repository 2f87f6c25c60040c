"""How long an unchanged batch waits, as a scenario file says it."""

from typing import Annotated

from pydantic import Field

from streamsim.model.mapping import BackOff
from streamsim.model.units import MILLISECOND, MINUTE, SECOND
from streamsim.scenario.parts.fields import DURATION_PATTERN, positive_duration, reader, refused
from streamsim.scenario.parts.maps import Strict
from streamsim.scenario.parts.told import TIME, told


def _wait(value: object) -> int:
    """A wait between two requests; shorter ones would make a blocked shard try millions of times a minute."""
    result = positive_duration(value)
    if result < MILLISECOND:
        raise refused(f"a wait is 1ms or longer, not {value}", "write 1ms or longer")
    return result


Wait = Annotated[
    int,
    *reader(_wait, type="string", pattern=DURATION_PATTERN, **told(unit=TIME, range="1ms to ten years")),
]


class BackOffSettings(Strict, label="back_off", example="{base: 200ms, cap: 60s}"):
    """How long an unchanged batch waits before it is sent again: `base`, doubled per attempt, never above `cap`."""

    base: Wait = Field(
        default=200 * MILLISECOND,
        description="The wait before the second attempt.",
        json_schema_extra=told(evidence="recorded: gaps of 0.20 to 0.28 s (stackd's captures)"),
    )
    cap: Wait = Field(
        default=MINUTE,
        description="The longest wait.",
        json_schema_extra=told(evidence="assumed: AWS names no number"),
    )
    throttle_cap: Wait = Field(
        default=SECOND,
        description="The longest wait after a throttle or a fault of Lambda itself.",
        json_schema_extra=told(evidence="assumed: AWS names no number"),
    )

    def to_back_off(self) -> BackOff:
        """The waits as the engine takes them."""
        return BackOff(self.base, self.cap, self.throttle_cap)

    def settings(self) -> dict[str, int]:
        """As a trace's header has them, in microseconds."""
        return {"base": self.base, "cap": self.cap, "throttle_cap": self.throttle_cap}
