"""What concerns a whole process: forks, Ctrl-C, its end, and what is left in it. Each is shown in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest

from aixplain.hub.embedded import EmbeddedHub

Script = Callable[[str], str]

#: Python 3.12 and later warn of every fork in a process with a thread.
PRELUDE = """
import asyncio, gc, os, signal, socket, sys, threading, warnings
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

def hang_until_interrupted():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = Aixplain(backend_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        def interrupt():
            with silent.accept()[0] as asking:
                asking.recv(65536)
                os.kill(os.getpid(), signal.SIGINT)
                asking.recv(65536)  # until it goes away
        threading.Thread(target=interrupt).start()
        try:
            hanging.Model.get("acme/shout")
        except KeyboardInterrupt:
            print("interrupted", flush=True)
"""


@pytest.fixture
def script(hub: EmbeddedHub) -> Script:
    """Runs code in a Python that tells of every warning; gives what it prints. Nothing may be told."""

    def run(code: str) -> str:
        whole = PRELUDE + textwrap.dedent(code)
        # -u: what is printed before a fork is not printed again by the child
        command = [sys.executable, "-u", "-W", "error", "-c", whole, hub.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=50)
        assert done.stderr == ""
        assert done.returncode == 0
        return done.stdout

    return run


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


def test_a_child_of_a_child_works_too(script: Script) -> None:
    printed = script("""
        print(shout(), flush=True)
        in_a_child(lambda: (shout(), in_a_child(lambda: print("grandchild", shout(), flush=True))))
    """)
    assert printed == "HI!\ngrandchild HI!\n"


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


# --- Ctrl-C ---------------------------------------------------------------------------------------


def test_ctrl_c_ends_a_request_and_the_client_goes_on(script: Script) -> None:
    printed = script("""
        for _ in range(2):
            hang_until_interrupted()
        print(shout())
    """)
    assert printed == "interrupted\ninterrupted\nHI!\n"


def test_ctrl_c_in_a_child_ends_nothing_of_its_parents(script: Script) -> None:
    printed = script("""
        shout()
        pid = os.fork()
        if pid == 0:
            hang_until_interrupted()
            os._exit(0)
        print(aix.Model.get("acme/slow").run(text="slow", steps=40).data, flush=True)
        os.waitpid(pid, 0)
    """)
    assert sorted(printed.split()) == ["interrupted", "slow"]


# --- What is left, and the end --------------------------------------------------------------------


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
        use()  # what is loaded stays
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


ENDS = """
import asyncio, sys
from aixplain import AsyncAixplain

async def main():
    model = await AsyncAixplain(backend_url=sys.argv[1]).Model.get("acme/shout")
    await asyncio.gather(*(model.run(text="hi") for _ in range(64)))

asyncio.run(main())
"""


def test_a_program_that_ends_right_after_its_last_answer_ends_well(hub: EmbeddedHub) -> None:
    """With another HTTP library one in five did not: its thread was still in Python when Python ended."""
    ends = [subprocess.run([sys.executable, "-c", ENDS, hub.url], timeout=50).returncode for _ in range(15)]
    assert set(ends) == {0}
