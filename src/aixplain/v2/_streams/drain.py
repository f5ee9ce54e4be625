"""The end of a stream whose last event came: its connection serves again once the body is read to its end.

That end follows the last event within moments, or never, so it is waited for, but not for long.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from aixplain.v2._flow import AsyncStream, Stream, TransportFailure

PATIENCE = 0.2


@runtime_checkable
class Drainable(Protocol):
    """A body whose reads can be told how long they may take."""

    def drain(self, seconds: float) -> None:
        """Read the rest, if it comes in this time. Raises `TransportFailure`."""
        ...


def finish(body: Stream) -> None:
    """Read what is left and close, blocking. A body of another library is closed as it is, with its connection."""
    try:
        if isinstance(body, Drainable) and _has_an_end(body.headers):
            body.drain(PATIENCE)
    except TransportFailure:
        pass  # the answer is whole; only its connection is lost
    finally:
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
