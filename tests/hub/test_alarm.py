"""One limit over many waits, which leaves alone what goes on between them."""

from __future__ import annotations

import asyncio

import pytest

from aixplain.hub.alarm import Alarm


async def alarm_in(seconds: float) -> Alarm:
    return Alarm(asyncio.get_running_loop().time() + seconds)


def test_what_is_in_time_is_given() -> None:
    async def main() -> None:
        alarm = await alarm_in(30)
        assert [await alarm.wait(asyncio.sleep(0, number)) for number in range(3)] == [0, 1, 2]
        alarm.turn_off()

    asyncio.run(main())


def test_a_wait_ends_when_the_time_comes_and_so_does_each_after_it() -> None:
    async def main() -> None:
        alarm = await alarm_in(0.01)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await alarm.wait(asyncio.sleep(30))
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        await asyncio.sleep(0)

    asyncio.run(main())


def test_what_goes_on_between_the_waits_is_left_alone() -> None:
    async def main() -> None:
        alarm = await alarm_in(0.01)
        async with asyncio.timeout(20):
            while not alarm.rang:  # noqa: ASYNC110 - it rings for nobody
                await asyncio.sleep(0.01)

    asyncio.run(main())


def test_another_cancellation_stays_one() -> None:
    async def main() -> None:
        alarm = await alarm_in(30)
        task = asyncio.ensure_future(alarm.wait(asyncio.sleep(30)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        alarm.turn_off()

    asyncio.run(main())
