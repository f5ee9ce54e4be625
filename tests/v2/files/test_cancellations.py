"""A cancellation on asyncio is never lost, also when it comes together with what is awaited."""

from __future__ import annotations

import asyncio
from typing import Any

from aixplain.v2._flow import Request
from aixplain.v2._http.loops import AsyncSocketTransport
from aixplain.v2._http.options import Options


def test_reads_that_are_cancelled_as_they_end_are_cancelled(place: Any) -> None:
    def trickle(handler: Any) -> None:
        handler.answer(200, b"", content_length="1000000")
        for _ in range(100):
            handler.wfile.write(bytes(100))

    async def main() -> list[bool]:
        transport = AsyncSocketTransport(Options(direct=True))
        request = Request("GET", place.on("GET", "/a", trickle), timeout=20)
        ended = [await cancel_after(number % 20, transport, request) for number in range(60)]
        await transport.close()
        return ended

    assert asyncio.run(main()) == [True] * 60


async def cancel_after(turns: int, transport: AsyncSocketTransport, request: Request) -> bool:
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
