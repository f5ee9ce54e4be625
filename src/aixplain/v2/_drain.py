"""The end of a stream whose last event came: its connection serves again once the body is read to its end.

That end follows the last event within moments, or never, so it is waited for, but not for long.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from aixplain.v2._flow import AsyncStream, Stream, TransportFailure

PATIENCE = 0.2


def finish(body: Stream) -> None:
    """Read what is left and close, blocking."""
    if _has_an_end(body.headers):
        # A thread, because a blocking read can't be told how long it may take; closing the body ends it.
        reader = threading.Thread(target=_read_to_end, args=(body,), daemon=True)
        reader.start()
        reader.join(PATIENCE)
    body.close()


async def afinish(body: AsyncStream) -> None:
    """Read what is left and close, on asyncio."""
    import asyncio  # loaded by whoever awaits this

    try:
        if _has_an_end(body.headers):
            async with asyncio.timeout(PATIENCE):
                while await body.read() is not None:
                    pass
    except (TransportFailure, TimeoutError):
        pass  # the answer is whole; only its connection is lost
    finally:
        await body.close()


def _has_an_end(headers: Mapping[str, str]) -> bool:
    """Whether the body ends before its connection does."""
    return "transfer-encoding" in headers or "content-length" in headers


def _read_to_end(body: Stream) -> None:
    try:
        while body.read() is not None:
            pass
    except TransportFailure:
        pass  # the answer is whole; only its connection is lost
