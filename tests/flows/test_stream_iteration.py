"""A stream is one iterator, however it is read: no chunk is lost, and none comes twice."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from aixplain.v2._streams.streamers import AsyncModelResponseStreamer, ModelResponseStreamer
from aixplain.v2.exceptions import IncompleteStreamError, ResourceError, StreamFailedError

WORDS = ["one ", "two ", "three ", "four"]
EVENTS = [b'data: {"data": "%s"}\n\n' % word.encode() for word in WORDS] + [b"data: [DONE]\n\n"]


@pytest.fixture(params=["one packet", "many packets"])
def packets(request: pytest.FixtureRequest) -> list[bytes]:
    return [b"".join(EVENTS)] if request.param == "one packet" else EVENTS


@pytest.fixture
def stream(body: Any, packets: list[bytes]) -> ModelResponseStreamer:
    return ModelResponseStreamer(body(*packets))


@pytest.fixture
def async_stream(packets: list[bytes]) -> Callable[[], AsyncModelResponseStreamer]:
    """Makes a stream for the loop that runs."""

    async def start() -> AsyncBody:
        return AsyncBody(packets)

    return lambda: AsyncModelResponseStreamer(start)


class AsyncBody:
    """The open body of an answer, whose packets come one loop iteration apart."""

    headers = {"content-type": "text/event-stream"}

    def __init__(self, packets: list[bytes]) -> None:
        self._packets = iter(packets)
        self.closed = False

    async def read(self) -> bytes | None:
        await asyncio.sleep(0)
        return next(self._packets, None)

    async def close(self) -> None:
        self.closed = True


def until_break(stream: ModelResponseStreamer) -> str:
    for chunk in stream:
        return str(chunk.data)
    raise AssertionError("no chunk")


def test_iter_gives_the_stream_itself(stream: ModelResponseStreamer) -> None:
    assert iter(stream) is stream


@pytest.mark.parametrize(
    "begin",
    [
        lambda stream: [next(stream).data],
        lambda stream: [until_break(stream)],
        lambda stream: [chunk.data for _, chunk in zip(range(2), stream, strict=False)],
        lambda stream: [chunk.data for chunk in itertools.islice(stream, 2)],
        lambda stream: [next(iter(stream)).data, until_break(stream)],
    ],
    ids=["next", "break", "zip", "islice", "iter and break"],
)
def test_the_next_reader_continues_where_the_last_one_stopped(
    stream: ModelResponseStreamer, begin: Callable[[Iterator[Any]], list[str]]
) -> None:
    begun = begin(stream)
    assert begun + [chunk.data for chunk in stream] == WORDS
    assert stream.status == "SUCCESS"
    assert list(stream) == []


def test_the_result_has_what_was_read_before(stream: ModelResponseStreamer) -> None:
    next(stream)
    assert stream.text() == "".join(WORDS)


def test_a_failure_is_raised_again_and_never_ends_quietly(body: Any) -> None:
    stream = ModelResponseStreamer(body(EVENTS[0], b'data: {"error": "no memory"}\n\n'))
    assert next(stream).data == "one "
    for _ in range(2):
        with pytest.raises(StreamFailedError, match="no memory"):
            next(stream)
    assert stream.status == "FAILED"


def test_threads_that_read_one_stream_get_disjoint_chunks(body: Any) -> None:
    many = [b'data: {"data": "%d"}\n\n' % number for number in range(2000)]
    stream, found = ModelResponseStreamer(body(*many, EVENTS[-1])), []
    readers = [threading.Thread(target=lambda: found.extend([chunk.data for chunk in stream])) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(20)
    assert sorted(map(int, found)) == list(range(2000))


# --- asyncio --------------------------------------------------------------------------------------


async def first_of(stream: AsyncIterator[Any]) -> str:
    async for chunk in stream:
        return str(chunk.data)
    raise AssertionError("no chunk")


def test_an_asyncio_stream_continues_after_a_break(async_stream: Callable[[], AsyncModelResponseStreamer]) -> None:
    async def read() -> None:
        stream = async_stream()
        assert aiter(stream) is stream
        found = [await first_of(stream), (await anext(stream)).data]
        assert found + [chunk.data async for chunk in stream] == WORDS
        assert stream.status == "SUCCESS"

    asyncio.run(read())


def test_a_second_task_that_reads_is_refused_and_the_first_loses_nothing() -> None:
    async def read() -> None:
        async def start() -> AsyncBody:
            return AsyncBody(EVENTS)

        stream = AsyncModelResponseStreamer(start)
        first = asyncio.create_task(stream.result())
        await asyncio.sleep(0)
        with pytest.raises(ResourceError, match="Another task is reading this stream"):
            await anext(stream)
        assert (await first).data == "".join(WORDS)

    asyncio.run(read())


def test_a_read_that_is_canceled_leaves_the_stream_as_it_was() -> None:
    async def read() -> None:
        async def start() -> AsyncBody:
            return AsyncBody(EVENTS)

        stream = AsyncModelResponseStreamer(start)
        assert (await anext(stream)).data == "one "
        reading = asyncio.create_task(anext(stream))  # type: ignore[arg-type] # a coroutine, as every __anext__ of a class
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert [chunk.data async for chunk in stream] == WORDS[1:]

    asyncio.run(read())


def test_contextlib_closes_a_stream(stream: ModelResponseStreamer) -> None:
    with contextlib.closing(stream) as closing:
        next(closing)
    assert list(stream) == []


def test_contextlib_closes_an_asyncio_stream() -> None:
    async def read() -> None:
        body = AsyncBody(EVENTS)

        async def start() -> AsyncBody:
            return body

        async with contextlib.aclosing(AsyncModelResponseStreamer(start)) as stream:
            await anext(stream)
        assert body.closed
        assert [chunk async for chunk in stream] == []

    asyncio.run(read())


def test_a_stream_that_is_read_inside_its_own_read_is_refused(body: Any) -> None:
    class Reentrant:
        def iter_lines(self) -> Iterator[bytes]:
            next(stream)
            yield b"data: [DONE]"

        def close(self) -> None: ...

    stream = ModelResponseStreamer(Reentrant())
    with pytest.raises(IncompleteStreamError, match="is being read"):
        list(stream)
