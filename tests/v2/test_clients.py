"""Clients: several at once, from many threads, on many loops, across a fork, and closed at any moment.

What concerns a whole process, such as a fork or the threads that are left, is shown in a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aixplain import Aixplain, APIError, AsyncAixplain
from aixplain.hub import Hub
from aixplain.hub.embedded import EmbeddedHub, start
from aixplain.v2.exceptions import ResourceError

Script = Callable[[str], str]

#: Python 3.12 and later warn of every fork in a process with a thread, and the HTTP library has one.
PRELUDE = """
import asyncio, gc, os, sys, threading, warnings
from aixplain import Aixplain, AsyncAixplain
warnings.filterwarnings("ignore", ".*fork.*", DeprecationWarning)
url = sys.argv[1]
aix = Aixplain(backend_url=url)

def shout():
    return aix.Model.get("acme/shout").run(text="hi").data

def in_a_child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            sys.stderr.write(f"in the child: {error!r}\\n")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    os.waitpid(pid, 0)
"""


@pytest.fixture
def script(hub: EmbeddedHub) -> Script:
    """Runs code in a Python that tells of every warning; gives what it prints. Nothing may be told."""

    def run(code: str) -> str:
        whole = PRELUDE + textwrap.dedent(code)
        command = [sys.executable, "-X", "dev", "-W", "error", "-c", whole, hub.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=50)
        assert done.stderr == ""
        assert done.returncode == 0
        return done.stdout

    return run


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


# --- Forks ----------------------------------------------------------------------------------------


def test_after_a_fork_the_client_works_in_both_processes(script: Script) -> None:
    printed = script("""
        print("parent", shout())
        in_a_child(lambda: print("child", shout(), flush=True))
        print("parent", shout())
        aix.close()
    """)
    assert printed.split("\n")[:-1] == ["parent HI!", "child HI!", "parent HI!"]


def test_a_child_that_closes_the_client_takes_nothing_from_its_parent(script: Script) -> None:
    printed = script("""
        with aix, aix.Model.get("acme/count").run_stream(text="n", upto=2000) as stream:
            first = next(stream).data
            def leave():
                with aix, stream:
                    pass
                aix.close()
                shout()
                del globals()["aix"], globals()["stream"]
                gc.collect()
            in_a_child(leave)
            rest = "".join(chunk.data for chunk in stream)
            print(first, rest == "".join(f"n{number} " for number in range(1, 2000)), shout())
    """)
    assert printed == "n0  True HI!\n"


def test_a_stream_of_the_parent_says_so_in_the_child(script: Script) -> None:
    printed = script("""
        stream = aix.Model.get("acme/count").run_stream(text="n", upto=100_000)
        next(stream)
        def read():
            try:
                list(stream)
            except ConnectionError as error:
                print(error, flush=True)
        in_a_child(read)
        stream.close()
    """)
    assert "opened before the process forked, and belongs to the parent" in printed


def test_a_fork_in_the_middle_of_other_threads_calls_leaves_a_child_that_works(script: Script) -> None:
    printed = script("""
        going = True
        def work():
            while going:
                shout()
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        shout()
        for number in range(5):
            in_a_child(lambda: print("child", number, shout(), flush=True))
        going = False
        for thread in threads:
            thread.join()
        print("parent", shout())
    """)
    assert printed.split("\n")[:-1] == [*(f"child {number} HI!" for number in range(5)), "parent HI!"]


def test_an_asyncio_client_works_in_a_child_too(script: Script) -> None:
    printed = script("""
        other = AsyncAixplain(backend_url=url)
        async def main():
            model = await other.Model.get("acme/shout")
            return [result.data for result in await asyncio.gather(*(model.run(text="hi") for _ in range(3)))]
        print(asyncio.run(main()), flush=True)
        in_a_child(lambda: print(asyncio.run(main()), flush=True))
        print(asyncio.run(main()))
    """)
    assert printed == "['HI!', 'HI!', 'HI!']\n" * 3


def test_workers_of_multiprocessing_use_what_their_parent_made(script: Script) -> None:
    printed = script("""
        import multiprocessing
        model = aix.Model.get("acme/shout")
        def work(number):
            return model.run(text=f"n{number}").data
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(pool.map(work, range(6)))
        print(work(6))
    """)
    assert printed == "['N0!', 'N1!', 'N2!', 'N3!', 'N4!', 'N5!']\nN6!\n"


def test_a_child_of_a_child_works_as_long_as_one_of_the_three_left_the_client_alone(script: Script) -> None:
    printed = script("""
        print(shout(), flush=True)
        in_a_child(lambda: in_a_child(lambda: print("grandchild", shout(), flush=True)))
    """)
    assert printed == "HI!\ngrandchild HI!\n"


def test_a_third_generation_of_users_works_with_httpx2(script: Script) -> None:
    printed = script("""
        shout()
        def child():
            shout()
            in_a_child(lambda: print(type(aix._transport).__name__, shout(), flush=True))
        in_a_child(child)
    """)
    assert printed == "Httpx2Transport HI!\n"


def test_without_httpx2_a_third_generation_is_told_what_to_do(script: Script) -> None:
    printed = script("""
        sys.modules["httpx2"] = None
        shout()
        def grandchild():
            try:
                shout()
            except Exception as error:
                print(type(error).__name__, error, flush=True)
        in_a_child(lambda: (shout(), in_a_child(grandchild)))
    """)
    assert printed.startswith("ConfigurationError This process was forked from one that was forked itself")
    assert "set_start_method('spawn')" in printed


def test_a_child_leaves_the_embedded_hub_of_its_parent_running(script: Script) -> None:
    printed = script("""
        with Aixplain.local() as local:
            model = local.Model.get("aixplain/sentiment")
            def leave():
                with local:
                    print("child", model.run(text="I love it").data, flush=True)
            in_a_child(leave)
            print("parent", model.run(text="I love it").data)
    """)
    assert printed == "child POSITIVE\nparent POSITIVE\n"


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


def test_nothing_is_left_of_a_closed_client(script: Script) -> None:
    printed = script("""
        def open_files():
            return sorted(os.readlink(f"/proc/self/fd/{fd}").split(":")[0] for fd in os.listdir("/proc/self/fd")
                          if os.path.exists(f"/proc/self/fd/{fd}"))
        async def on_asyncio():
            async with AsyncAixplain(backend_url=url) as other:
                await (await other.Model.get("acme/shout")).run(text="hi")
        def use():
            with Aixplain(backend_url=url) as other:
                other.Model.get("acme/count").run_stream(text="n", upto=1000).__next__()
                other.Model.get("acme/shout").run(text="hi")
            asyncio.run(on_asyncio())
            gc.collect()
        use()  # the HTTP library keeps a thread of its own for the process
        before = open_files(), len(os.listdir("/proc/self/task"))
        for _ in range(5):
            use()
        print(threading.enumerate() == [threading.main_thread()], (open_files(), len(os.listdir("/proc/self/task"))) == before)
    """)
    assert printed == "True True\n"


def test_a_client_that_nobody_closes_complains_of_nothing(script: Script) -> None:
    printed = script("""
        async def main():
            model = await AsyncAixplain(backend_url=url).Model.get("acme/shout")
            return (await model.run(text="hi")).data
        print(Aixplain(backend_url=url).Model.get("acme/shout").run(text="hi").data, asyncio.run(main()))
        del aix
        gc.collect()
    """)
    assert printed == "HI! HI!\n"


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
