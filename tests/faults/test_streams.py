"""Streams on a bad day: cut, stalled, left, read by another library; and connections that are used again."""

from __future__ import annotations

import asyncio
import builtins
import threading
import time
from typing import Any

import pytest
import requests

from aixplain import Aixplain, AsyncAixplain
from aixplain.v2.exceptions import IncompleteStreamError, StreamTimeoutError, TimeoutError
from aixplain.v2.model import ModelResponseStreamer

MODEL = {"id": "m", "name": "M", "supportsStreaming": True}
TOKEN = b'data: {"data": "tok"}\n\n'
END = b"data: [DONE]\n\n"


@pytest.mark.parametrize("chunked", [True, False])
def test_a_cut_stream_keeps_what_came_and_never_looks_like_success(service: Any, model_of: Any, chunked: bool) -> None:
    def serve(connection: Any) -> None:
        connection.read_request()
        connection.begin_stream(chunked=chunked)
        connection.send_chunk(TOKEN) if chunked else connection.send(TOKEN)

    stream = model_of(service(serve)).run_stream(text="x")
    found: list[Any] = []
    with pytest.raises(IncompleteStreamError) as error:
        found.extend(chunk.data for chunk in stream)
    assert (found, error.value.partial, stream.status) == (["tok"], "tok", "FAILED")


def test_a_stream_that_stalls_ends_at_the_deadline(service: Any, model_of: Any) -> None:
    over = threading.Event()

    def serve(connection: Any) -> None:
        connection.read_request()
        connection.begin_stream()
        connection.send(TOKEN)
        over.wait(10)

    stream = model_of(service(serve)).run_stream(text="x", timeout=1.5)
    with pytest.raises(StreamTimeoutError) as error:
        list(stream)
    over.set()
    assert isinstance(error.value, TimeoutError)
    assert error.value.partial == "tok"


def test_a_stream_that_nothing_refers_to_closes_its_connection(service: Any) -> None:
    closed: list[bool] = []
    told = threading.Event()

    def serve(connection: Any) -> None:
        connection.read_request()
        connection.begin_stream()
        connection.send(TOKEN * 3)
        closed.append(connection.is_closed_by_peer())
        told.set()

    model = Aixplain(backend_url=service(serve).url).Model.from_dict(MODEL)
    for chunk in model.run_stream(text="x"):
        assert chunk.data == "tok"
        break
    assert told.wait(10)
    assert closed == [True]


def test_an_asyncio_stream_that_nothing_refers_to_closes_its_connection(service: Any) -> None:
    closed: list[bool] = []
    told = threading.Event()

    def serve(connection: Any) -> None:
        connection.read_request()
        connection.begin_stream()
        connection.send(TOKEN * 3)
        closed.append(connection.is_closed_by_peer())
        told.set()

    async def leave_early(url: str) -> None:
        async with AsyncAixplain(backend_url=url) as aix:
            async for chunk in aix.Model.from_dict(MODEL).run_stream(text="x"):
                assert chunk.data == "tok"
                break
            assert await asyncio.to_thread(told.wait, 10)

    asyncio.run(leave_early(service(serve).url))
    assert closed == [True]


def test_a_connection_serves_again_after_a_whole_stream(service: Any, model_of: Any) -> None:
    def serve(connection: Any) -> None:
        while True:
            connection.read_request()
            connection.begin_stream(chunked=True)
            connection.send_chunk(TOKEN + END)
            connection.send(b"0\r\n\r\n")

    running = service(serve)
    model = model_of(running)
    for _ in range(5):
        assert model.run_stream(text="x").text() == "tok"
    assert len(running.connections) == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_a_service_may_end_the_connection_late_after_the_end(service: Any, model_of: Any, chunked: bool) -> None:
    over = threading.Event()
    waited_in_vain = []

    def serve(connection: Any) -> None:
        connection.read_request()
        connection.begin_stream(chunked=chunked)
        (connection.send_chunk if chunked else connection.send)(TOKEN + END)
        waited_in_vain.append(not over.wait(10))

    assert model_of(service(serve)).run_stream(text="x").text() == "tok"
    assert waited_in_vain == []
    over.set()


def test_a_stream_that_the_service_refuses_for_now_is_asked_for_again(service: Any, model_of: Any) -> None:
    def serve(connection: Any) -> None:
        connection.read_request()
        connection.answer(429, {"message": "slow down"}, retry_after="0")
        connection.read_request()
        connection.begin_stream()
        connection.send(TOKEN + END)

    assert model_of(service(serve)).run_stream(text="x").text() == "tok"


def test_a_streamer_reads_an_answer_of_the_library_requests(service: Any) -> None:
    more = threading.Event()

    def serve(connection: Any) -> None:
        connection.read_request()
        connection.begin_stream(chunked=True)
        connection.send_chunk(TOKEN)
        assert more.wait(10)
        connection.send_chunk(TOKEN + END)
        connection.send(b"0\r\n\r\n")

    response = requests.post(service(serve).url, json={}, stream=True, timeout=10)
    with ModelResponseStreamer(response) as stream:
        assert next(stream).data == "tok"  # before the rest was sent
        more.set()
        assert [chunk.data for chunk in stream] == ["tok"]
    assert stream.status == "SUCCESS"


def test_a_cut_answer_of_the_library_requests_is_a_cut_stream(service: Any) -> None:
    def serve(connection: Any) -> None:
        connection.read_request()
        connection.begin_stream(chunked=True)
        connection.send_chunk(TOKEN)

    stream = ModelResponseStreamer(requests.post(service(serve).url, json={}, stream=True, timeout=10))
    with pytest.raises(IncompleteStreamError) as error:
        list(stream)
    assert error.value.partial == "tok"


def test_a_read_that_is_canceled_loses_nothing_of_an_asyncio_stream(service: Any) -> None:
    more = threading.Event()

    def serve(connection: Any) -> None:
        connection.read_request()
        connection.begin_stream()
        connection.send(TOKEN)
        assert more.wait(10)
        connection.send(TOKEN + END)

    async def read() -> list[Any]:
        url = service(serve).url
        async with AsyncAixplain(api_key="k", backend_url=url, model_url=url) as aix:
            stream = aix.Model.from_dict(MODEL).run_stream(text="x")
            found = [(await anext(stream)).data]
            with pytest.raises(builtins.TimeoutError):
                async with asyncio.timeout(0.01):
                    await anext(stream)
            more.set()
            return found + [chunk.data async for chunk in stream]

    assert asyncio.run(read()) == ["tok", "tok"]


def test_a_thread_that_waits_for_a_chunk_is_told_when_another_closes_the_stream(service: Any) -> None:
    over = threading.Event()

    def serve(connection: Any) -> None:
        connection.read_request()
        connection.begin_stream()
        connection.send(TOKEN)
        over.wait(10)

    stream = Aixplain(backend_url=service(serve).url).Model.from_dict(MODEL).run_stream(text="x")
    assert next(stream).data == "tok"
    found: list[Any] = []
    reader = threading.Thread(target=lambda: found.append(list(stream)))
    reader.start()
    time.sleep(0.1)  # by now it waits
    stream.close()
    reader.join(3)
    over.set()
    assert found == [[]]
