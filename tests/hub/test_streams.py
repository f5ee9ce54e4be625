"""Streams on the wire: both shapes, both ways to ask, and readers who go away."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from aixplain.hub import Hub, ModelError

from .conftest import Caller


class Watch:
    """What happened to the generator of a stream that nobody ends."""

    def __init__(self) -> None:
        self.started, self.closed = threading.Event(), threading.Event()


the_watch = Watch()


@pytest.fixture
def watch() -> Watch:
    """One of each test's own: what an earlier one left behind is seen in that one's."""
    global the_watch
    the_watch = Watch()
    return the_watch


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    hub = Hub(builtin=False)

    @hub.model("acme/count")
    def count(text: str, upto: int = 3) -> Iterator[str]:
        for number in range(upto):
            yield f"{text}{number}"

    @hub.model("acme/count-async", asynchronous=True)
    async def count_async(text: str) -> AsyncIterator[str]:
        for number in range(3):
            await asyncio.sleep(0)
            yield f"{text}{number}"

    @hub.model("acme/endless")
    def endless(text: str) -> Iterator[str]:
        watch = the_watch
        try:
            while True:
                watch.started.set()
                yield text
                time.sleep(0.001)
        finally:
            time.sleep(0.01)
            watch.closed.set()

    @hub.model("acme/endless-async")
    async def endless_async(text: str) -> AsyncIterator[str]:
        watch = the_watch
        try:
            while True:
                watch.started.set()
                yield text
                await asyncio.sleep(0.001)
        finally:
            await asyncio.sleep(0.01)
            await asyncio.sleep(0.01)
            watch.closed.set()

    @hub.model("acme/silent")
    def silent(text: str) -> Iterator[str]:
        the_watch.started.set()
        yield from ()

    @hub.model("acme/refuse")
    def refuse(text: str) -> Iterator[str]:
        yield text
        raise ModelError("no more of this", 402)

    @hub.model("acme/break")
    async def broken(text: str) -> AsyncIterator[str]:
        yield text
        raise KeyError("missing")

    @hub.model("acme/odd")
    def odd(text: str) -> Iterator[object]:
        yield from ("a\nb", "\u2028", "", 7, "\N{GRINNING FACE}")

    return serve(hub)


@pytest.mark.parametrize("asked", [{"options": {"stream": True}}, {"stream": True}, {"stream": True, "options": {}}])
@pytest.mark.parametrize("path", ["acme/count", "acme/count-async"])
def test_a_stream_is_asked_for_in_either_way_and_comes_in_pieces(caller: Caller, path: str, asked: dict[str, object]) -> None:
    answer = caller.run(path, {"text": "n", **asked})
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.events == [{"data": "n0"}, {"data": "n1"}, {"data": "n2"}, "[DONE]"]


def test_the_raw_option_gives_the_chunks_of_openai(caller: Caller) -> None:
    *chunks, done = caller.run("acme/count", {"text": "n", "options": {"stream": True, "raw": True}}).events
    assert done == "[DONE]"
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [{"content": "n0"}, {"content": "n1"}, {"content": "n2"}, {}]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, None, "stop"]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert {chunk["model"] for chunk in chunks} == {"acme/count"}
    assert len({chunk["id"] for chunk in chunks}) == 1


def test_raw_without_stream_is_one_plain_answer(caller: Caller) -> None:
    assert caller.run("acme/count", {"text": "n", "options": {"raw": True}}).json["data"] == "n0n1n2"


def test_an_async_only_model_that_yields_streams_too_and_is_accepted_without(caller: Caller) -> None:
    assert caller.run("acme/count-async", {"text": "n", "stream": True}).events[-1] == "[DONE]"
    assert caller.run("acme/count-async", {"text": "n"}).status == 201


def test_a_stream_with_no_pieces_still_ends_well(caller: Caller) -> None:
    assert caller.run("acme/silent", {"text": "n", "stream": True}).events == ["[DONE]"]


def test_any_text_is_a_piece_and_what_is_no_text_becomes_it(caller: Caller) -> None:
    *pieces, _ = caller.run("acme/odd", {"text": "n", "stream": True}).events
    assert [piece["data"] for piece in pieces] == ["a\nb", "\u2028", "", "7", "\N{GRINNING FACE}"]


@pytest.mark.parametrize("raw", [False, True])
def test_a_model_that_fails_half_way_says_so_after_what_came(caller: Caller, raw: bool) -> None:
    first, failure = caller.run("acme/refuse", {"text": "one", "options": {"stream": True, "raw": raw}}).events
    assert "one" in str(first)
    assert failure == {"status": "FAILED", "error": {"message": "no more of this"}, "statusCode": 402}


def test_a_model_that_breaks_half_way_is_told_cleanly(caller: Caller) -> None:
    events = caller.run("acme/break", {"text": "one", "stream": True}).events
    assert events[0] == {"data": "one"}
    assert events[1]["error"]["message"] == "Model 'acme/break' failed: KeyError: 'missing'"
    assert len(events) == 2


@pytest.mark.parametrize("path", ["acme/endless", "acme/endless-async"])
def test_a_reader_who_goes_away_closes_the_generator_and_lets_it_clean_up(caller: Caller, watch: Watch, path: str) -> None:
    with caller.connect(path, {"text": "x", "stream": True}) as connection:
        assert b"200 OK" in connection.recv(100)
        assert watch.started.wait(10)
    assert watch.closed.wait(10)


def test_a_hundred_readers_who_go_away_leave_no_thread_behind(caller: Caller, watch: Watch) -> None:
    connections = [caller.connect("acme/endless", {"text": "x", "stream": True}) for _ in range(100)]
    for connection in connections:
        assert connection.recv(16)
    for connection in connections:
        connection.close()
    assert caller.run("acme/count", {"text": "n", "stream": True}).events[-1] == "[DONE]"
    assert sum(thread.name == "aixplain-model" for thread in threading.enumerate()) <= 32
