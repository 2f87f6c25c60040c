"""The environments of one function: the last one used is used again, and those that nobody needs are ended."""

import asyncio
from dataclasses import dataclass, field

from streamsim.endpoint.call import Call
from streamsim.endpoint.pool import Pool, Slots
from streamsim.functions.runtime import Answer, Deployment, Invocation
from streamsim.model.units import MILLISECOND, MINUTE
from tests.endpoint.stage import Heard, answer, function

CALL = Call("id", b"{}", "arn")


@dataclass
class Counted:
    """An environment that tells when it is ended."""

    deployment: Deployment
    log_stream: str
    calls: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def invoke(self, invocation: Invocation) -> Answer:
        assert invocation.request_id == "id"
        self.calls += 1
        return answer(self.calls)

    async def reset(self) -> None:
        raise AssertionError

    async def close(self) -> None:
        self.ended.set()


def pool_of(keep_warm: int) -> tuple[Pool, list[Counted]]:
    made: list[Counted] = []

    def launch(deployment: Deployment, log_stream: str) -> Counted:
        made.append(Counted(deployment, log_stream))
        return made[-1]

    slots = Slots(10, "ConcurrentInvocationLimitExceeded")
    names = iter("abc")
    return Pool(function(keep_warm=keep_warm), launch, slots, Heard(), lambda: next(names)), made


def test_an_environment_that_nobody_calls_is_ended_and_the_next_call_gets_a_new_one() -> None:
    async def story() -> None:
        pool, made = pool_of(5 * MILLISECOND)
        await pool.invoke(CALL, "$LATEST")
        async with asyncio.timeout(10):
            await made[0].ended.wait()
        await pool.invoke(CALL, "$LATEST")
        assert [one.calls for one in made] == [1, 1]
        await pool.close()
        assert made[1].ended.is_set()

    asyncio.run(story())


def test_an_environment_is_used_again_while_it_is_warm() -> None:
    async def story() -> None:
        pool, made = pool_of(10 * MINUTE)
        await pool.invoke(CALL, "$LATEST")
        await pool.invoke(CALL, "$LATEST")
        assert [(one.calls, one.ended.is_set()) for one in made] == [(2, False)]
        await pool.invoke(CALL, "1")
        assert [one.calls for one in made] == [2, 1], "each version has its own"
        await pool.close()
        assert all(one.ended.is_set() for one in made)

    asyncio.run(story())
