"""Clients: several at once, from many threads, on many loops, and closed at any moment."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aixplain import Aixplain, APIError, AsyncAixplain
from aixplain.hub import Hub
from aixplain.hub.embedded import EmbeddedHub, start
from aixplain.v2.exceptions import ResourceError

# --- Side by side ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded() -> Iterator[EmbeddedHub]:
    """A hub that takes two keys."""
    running = start(hub=Hub(keys=["first-key", "second-key"]))
    running.wait_until_ready()
    yield running
    running.close()


def test_clients_live_side_by_side_each_with_its_own_key(connect: Any, guarded: EmbeddedHub, hub: EmbeddedHub) -> None:
    first = connect(api_key="first-key", backend_url=guarded.url)
    wrong = connect(api_key="no-key-of-it", backend_url=guarded.url)
    second = connect(api_key="second-key", backend_url=guarded.url)
    other = connect(backend_url=hub.url)
    for aix in (first, second, first):
        assert aix.Model.get("aixplain/sentiment").path == "aixplain/sentiment"
    with pytest.raises(APIError, match="HTTP 401"):
        wrong.Model.get("aixplain/sentiment")
    assert other.Model.get("acme/shout").run(text="hi").data == "HI!"
    assert first.Model.context.settings.api_key == "first-key"


def test_a_client_leaves_the_environment_alone(connect: Any, hub: EmbeddedHub) -> None:
    before = dict(os.environ)
    connect(api_key="a-key", backend_url=hub.url).Model.get("acme/shout").run(text="hi")
    assert dict(os.environ) == before


def test_a_client_is_made_without_opening_anything() -> None:
    aix = Aixplain("a-key", "https://hub.example.com")
    assert aix.backend_url == "https://hub.example.com"
    assert aix._opened is None
    aix.close()


# --- Threads --------------------------------------------------------------------------------------


def in_threads(count: int, work: Callable[[], Any]) -> list[Any]:
    """What `work` gives in so many threads that start at the same moment."""
    together = threading.Barrier(count)
    results: list[Any] = []

    def run() -> None:
        together.wait()
        results.append(work())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_64_threads_use_a_new_client_at_once(hub: EmbeddedHub) -> None:
    with Aixplain(backend_url=hub.url) as aix:
        results = in_threads(64, lambda: (aix.Model, aix._transport, aix.Model.get("acme/shout").run(text="hi").data))
    assert {data for _, _, data in results} == {"HI!"}
    assert len(results) == 64
    assert len({models for models, _, _ in results}) == 1, "all threads see the same class"
    assert len({id(transport) for _, transport, _ in results}) == 1, "and share the connections"


def test_many_threads_run_loops_of_their_own_with_one_client(hub: EmbeddedHub) -> None:
    aix = AsyncAixplain(backend_url=hub.url)

    async def shout() -> str:
        model = await aix.Model.get("acme/shout")
        results = await asyncio.gather(*(model.run(text="hi") for _ in range(4)))
        return "".join(result.data for result in results)

    assert in_threads(8, lambda: asyncio.run(shout())) == ["HI!HI!HI!HI!"] * 8
    asyncio.run(aix.close())


def test_one_client_serves_one_loop_after_another(hub: EmbeddedHub) -> None:
    aix = AsyncAixplain(backend_url=hub.url)

    async def shout() -> str:
        stream = (await aix.Model.get("acme/count")).run_stream(text="n")
        first = await anext(stream)  # and leave the rest, with its connection, to the end of the loop
        return f"{first.data}{(await (await aix.Model.get('acme/shout')).run(text='hi')).data}"

    assert [asyncio.run(shout()) for _ in range(3)] == ["n0 HI!"] * 3
    asyncio.run(aix.close())


# --- Closing --------------------------------------------------------------------------------------


def test_a_client_is_closed_twice_and_used_again(connect: Any, hub: EmbeddedHub) -> None:
    aix = connect(backend_url=hub.url)
    model = aix.Model.get("acme/shout")
    aix.close()
    aix.close()
    assert model.run(text="hi").data == "HI!"
    with aix:
        assert model.run(text="hi").data == "HI!"
    assert aix.Model.get("acme/shout").id == model.id


def test_closing_a_client_ends_the_requests_of_other_threads(silent: str) -> None:
    aix = Aixplain(backend_url=silent)
    ends: list[Any] = []

    def ask() -> None:
        try:
            aix.Model.get("acme/shout")
        except ResourceError as error:
            ends.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_for_connections(4)
    aix.close()
    for thread in threads:
        thread.join(10)
    assert len(ends) == 4
    assert "This client was closed while a request to http://127.0.0.1" in str(ends[0])
    assert "the client can be used again" in str(ends[0])


def test_closing_a_client_ends_the_requests_of_other_tasks(silent: str) -> None:
    async def main() -> list[Any]:
        aix = AsyncAixplain(backend_url=silent)
        tasks = [asyncio.ensure_future(aix.Model.get("acme/shout")) for _ in range(4)]
        await asyncio.to_thread(wait_for_connections, 4)
        await aix.close()
        return await asyncio.gather(*tasks, return_exceptions=True)

    ends = asyncio.run(main())
    assert [type(end) for end in ends] == [ResourceError] * 4


def test_closing_a_client_ends_a_run_that_another_thread_polls(hub: EmbeddedHub, release: threading.Event) -> None:
    release.clear()
    aix = Aixplain(backend_url=hub.url)
    begun = threading.Event()
    ends: list[Any] = []

    def run() -> None:
        try:
            aix.Model.get("acme/gated").run(text="late", wait_time=0.01, on_progress=lambda _: begun.set())
        except ResourceError as error:
            ends.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(10)
    aix.close()
    thread.join(10)
    release.set()
    assert "A run that the service has taken may go on" in str(ends[0])


# --- A service that says nothing -------------------------------------------------------------------

_held: list[socket.socket] = []


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    _held.append(listening.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
        while _held:
            _held.pop().close()


def wait_for_connections(count: int) -> None:
    while len(_held) < count:
        time.sleep(0.01)
