"""On asyncio: no disk holds the loop up, and no cancellation of a transfer is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

from aixplain.v2._flow import Request
from aixplain.v2._http.loops import AsyncSocketTransport
from aixplain.v2._http.options import Options


class SlowFile:
    """The content of a request, whose every piece waits until the loop has done something else."""

    size = 3

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()

    def __iter__(self) -> Iterator[bytes]:
        for piece in (b"a", b"b", b"c"):
            went_on = threading.Event()
            self.loop.call_soon_threadsafe(went_on.set)
            assert went_on.wait(10), "the loop stood still meanwhile"
            yield piece


def test_a_disk_that_is_read_does_not_hold_the_loop_up(store: Any) -> None:
    async def main() -> None:
        transport = AsyncSocketTransport(Options(direct=True))
        await transport.request(Request("PUT", f"{store.url}/put", {}, SlowFile(), timeout=20))
        await transport.close()

    asyncio.run(main())
    assert store.asked("PUT")[0].body == b"abc"


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
    stream: Any = await transport.stream(request)

    async def read() -> None:
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
