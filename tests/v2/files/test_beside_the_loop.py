"""On asyncio no disk holds the loop up."""

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
