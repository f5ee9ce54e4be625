"""A cancellation on asyncio is never lost, also when it comes together with what is awaited."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aixplain.v2._flow import Request
from aixplain.v2._transport import AsyncPyreqwestTransport, _cancellable


async def loses_cancellations(gate: asyncio.Event) -> str:
    """What the HTTP library does when its answer is there already."""
    try:
        await gate.wait()
    except asyncio.CancelledError:
        return "the answer"
    return "the answer"


def test_a_cancellation_that_the_library_loses_is_raised_still() -> None:
    async def main() -> None:
        task = asyncio.ensure_future(_cancellable(loses_cancellations(asyncio.Event())))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_a_cancelled_call_may_still_await_while_it_cleans_up() -> None:
    async def cleaning_up() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            gate = asyncio.Event()
            gate.set()
            return await _cancellable(loses_cancellations(gate))
        raise AssertionError("nobody sets this event")

    async def main() -> str:
        task = asyncio.ensure_future(cleaning_up())
        await asyncio.sleep(0)
        task.cancel()
        return await task

    assert asyncio.run(main()) == "the answer"


def test_reads_that_are_cancelled_as_they_end_are_cancelled(place: Any) -> None:
    def trickle(handler: Any) -> None:
        handler.answer(200, b"", content_length="1000000")
        for _ in range(100):
            handler.wfile.write(bytes(100))

    async def main() -> list[bool]:
        transport = AsyncPyreqwestTransport(direct=True)
        request = Request("GET", place.on("GET", "/a", trickle), timeout=20)
        ended = [await cancel_after(number % 20, transport, request) for number in range(60)]
        await transport.close()
        return ended

    assert asyncio.run(main()) == [True] * 60


async def cancel_after(turns: int, transport: AsyncPyreqwestTransport, request: Request) -> bool:
    """Cancel the reading of a body that never ends after so many turns of the loop."""

    async def read() -> None:
        stream: Any = await transport.stream(request)
        try:
            while await stream.read() is not None:
                pass
        finally:
            await stream.close()

    reading = asyncio.ensure_future(read())
    for _ in range(turns):
        await asyncio.sleep(0.0002)
    reading.cancel()
    await asyncio.wait([reading], timeout=10)
    return reading.cancelled()
