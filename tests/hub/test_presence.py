"""What is worked out for a caller who leaves is canceled, and nothing else is."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import ClientDisconnect

from aixplain.hub.presence import Presence


def test_the_work_for_a_caller_who_stays_is_given() -> None:
    async def main() -> None:
        presence = Presence()
        assert await presence.during(asyncio.sleep(0, "done")) == "done"
        presence.end()
        await asyncio.sleep(0)

    asyncio.run(main())


def test_the_work_for_a_caller_who_leaves_is_canceled_and_cleans_up() -> None:
    async def main() -> None:
        presence, steps = Presence(), list[str]()

        async def work() -> None:
            try:
                await asyncio.sleep(30)
            finally:
                await asyncio.sleep(0)
                steps.append("cleaned up")

        asyncio.get_running_loop().call_later(0.01, presence.end)
        with pytest.raises(ClientDisconnect):
            await presence.during(work())
        assert steps == ["cleaned up"]
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    asyncio.run(main())


def test_a_caller_who_is_refused_and_then_leaves_does_not_disturb_the_clean_up() -> None:
    async def main() -> None:
        presence, steps = Presence(), list[str]()

        async def work() -> None:
            try:
                presence.end()
                await asyncio.sleep(30)
            finally:
                presence.end()
                await asyncio.sleep(0)
                steps.append("cleaned up")

        with pytest.raises(ClientDisconnect):
            await presence.during(work())
        assert steps == ["cleaned up"]

    asyncio.run(main())


def test_the_work_for_a_caller_who_is_gone_already_ends_at_its_first_wait() -> None:
    async def main() -> None:
        presence = Presence()
        presence.end()
        with pytest.raises(ClientDisconnect):
            await presence.during(asyncio.sleep(30))

    asyncio.run(main())


def test_another_cancellation_stays_one_also_when_the_caller_leaves_as_well() -> None:
    async def main() -> None:
        for leaves in (False, True):
            presence = Presence()
            task = asyncio.ensure_future(presence.during(asyncio.sleep(30)))
            await asyncio.sleep(0)
            if leaves:
                presence.end()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
