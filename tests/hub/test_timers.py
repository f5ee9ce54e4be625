"""Many timers that share one of the loop: those that are due ring in their order, those that were canceled don't."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TypeVar

import pytest

from aixplain.hub.timers import Timers, timers_here

T = TypeVar("T")


async def rung(heard: list[T], count: int) -> list[T]:
    """What was heard, once it is so many."""
    async with asyncio.timeout(20):
        while len(heard) < count:  # noqa: ASYNC110 - those who ring tell nobody else
            await asyncio.sleep(0.01)
    return heard


def test_timers_ring_in_the_order_of_their_times_however_they_were_set() -> None:
    async def main() -> None:
        heard = list[float]()
        for seconds in (0.06, 0.02, 30, 0.04, 0.02):
            timers_here().call_later(seconds, partial(heard.append, seconds))
        assert await rung(heard, 4) == [0.02, 0.02, 0.04, 0.06]

    asyncio.run(main())


def test_a_timer_that_is_due_before_those_that_were_set_earlier_rings_first() -> None:
    async def main() -> None:
        timers, heard = timers_here(), list[str]()
        timers.call_later(30, partial(heard.append, "late"))
        await asyncio.sleep(0)
        timers.call_later(0.01, partial(heard.append, "soon"))
        assert await rung(heard, 1) == ["soon"]

    asyncio.run(main())


def test_a_canceled_timer_rings_never_and_may_be_canceled_again() -> None:
    async def main() -> None:
        heard = list[str]()
        canceled = timers_here().call_later(0.01, partial(heard.append, "canceled"))
        timers_here().call_later(0.01, partial(heard.append, "kept"))
        canceled.cancel()
        assert await rung(heard, 1) == ["kept"]
        canceled.cancel()

    asyncio.run(main())


def test_a_timer_may_cancel_one_that_is_due_at_the_same_time() -> None:
    async def main() -> None:
        heard, timers, loop = list[str](), timers_here(), asyncio.get_running_loop()
        when = loop.time() + 0.01
        timers.call_at(when, lambda: second.cancel())
        second = timers.call_at(when + 1e-6, partial(heard.append, "second"))
        timers.call_at(when + 2e-6, partial(heard.append, "third"))
        assert await rung(heard, 1) == ["third"]

    asyncio.run(main())


def test_a_call_that_raises_is_told_to_the_loop_and_keeps_no_other_from_ringing() -> None:
    async def main() -> None:
        heard, told = list[str](), list[object]()
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["exception"]))
        timers_here().call_later(0.01, lambda: 1 / 0)  # type: ignore[arg-type, return-value]
        timers_here().call_later(0.01, partial(heard.append, "after"))
        assert await rung(heard, 1) == ["after"]
        assert [type(error) for error in told] == [ZeroDivisionError]

    asyncio.run(main())


@pytest.mark.parametrize("loops", [2])
def test_each_loop_has_timers_of_its_own(loops: int) -> None:
    async def main() -> Timers:
        assert timers_here() is timers_here()
        return timers_here()

    assert len({id(timers) for timers in [asyncio.run(main()) for _ in range(loops)]}) == loops
