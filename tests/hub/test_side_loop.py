"""Coroutines of models run on a loop beside the hub's: what blocks there stalls no request, and what they need comes along."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from aixplain.hub import Hub, progress
from aixplain.hub.mailbox import mailbox_here
from aixplain.hub.side_loop import AHEAD, on_side_loop, pieces_from_side_loop
from aixplain.hub.threads import Calls

from .conftest import Caller, wait_for

word = contextvars.ContextVar("word", default="")


class Scene:
    """What the models did, and a gate in them."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.said: list[str] = []


the_scene = Scene()


@pytest.fixture
def scene() -> Iterator[Scene]:
    """One of each test's own: what an earlier one left behind ends in that one's."""
    global the_scene
    the_scene = Scene()
    yield the_scene
    the_scene.go.set()


def models() -> Hub:
    hub = Hub(builtin=False)

    @hub.model("acme/blocks", timeout=1.0, concurrency=1)
    async def blocks(text: str) -> str:
        the_scene.said.append(text)
        assert the_scene.go.wait(20)
        return text

    @hub.model("acme/waits", asynchronous=True)
    async def waits(text: str) -> str:
        scene = the_scene
        progress(0.25)
        try:
            await asyncio.sleep(20)
        finally:
            scene.said.append(f"{text} let go")
        return text

    @hub.model("acme/counts")
    async def counts(text: str) -> AsyncIterator[str]:
        scene = the_scene
        try:
            async with asyncio.timeout(20):  # which holds the task that entered it, so there must be one for all pieces
                for number in range(1_000_000):
                    scene.said.append(str(number))
                    yield f"{number} "
        finally:
            scene.said.append("closed")

    @hub.model("acme/quick")
    def quick(text: str) -> str:
        return text

    return hub


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    return serve(models())


def test_a_coroutine_that_blocks_stalls_no_request_and_is_given_up_in_time(caller: Caller, scene: Scene) -> None:
    envelope = caller.run("acme/blocks", {"text": "x"}).json
    assert envelope["errorMessage"] == "Model 'acme/blocks' took longer than it may and was stopped."
    assert caller.run("acme/quick", {"text": "y"}).json["data"] == "y"
    assert scene.said == ["x"]


def test_the_turn_of_a_coroutine_that_blocks_ends_when_it_does(caller: Caller, scene: Scene) -> None:
    assert caller.run("acme/blocks", {"text": "first"}).json["statusCode"] == 504
    waiting = threading.Thread(target=caller.run, args=["acme/blocks", {"text": "second"}])
    waiting.start()
    assert caller.run("acme/quick", {"text": "y"}).json["data"] == "y"
    assert scene.said == ["first"]
    scene.go.set()
    waiting.join(20)
    assert scene.said == ["first", "second"]


def test_progress_comes_across_and_a_cancel_reaches_the_coroutine(caller: Caller, scene: Scene) -> None:
    address = caller.run("acme/waits", {"text": "x"}).json["data"]
    assert wait_for(lambda: caller.get(address).json.get("progress") == 0.25)
    assert caller.send("DELETE", address).json["status"] == "CANCELED"
    assert wait_for(lambda: scene.said == ["x let go"])


def test_a_stream_whose_reader_goes_away_is_closed(caller: Caller, scene: Scene) -> None:
    with caller.connect("acme/counts", {"text": "x", "stream": True}) as connection:
        assert wait_for(lambda: b"data" in connection.recv(4096))
    assert wait_for(lambda: scene.said[-1:] == ["closed"])


# --- The loop alone -------------------------------------------------------------------------------


def test_a_coroutine_runs_in_another_thread_with_the_context_of_the_caller() -> None:
    async def look() -> tuple[str, str]:
        return word.get(), threading.current_thread().name

    async def caller() -> tuple[str, str]:
        word.set("set")
        return await on_side_loop(look)

    assert asyncio.run(caller()) == ("set", "aixplain-coroutines")


@pytest.mark.parametrize(
    ("raised", "arrives"),
    [
        (KeyError("k"), KeyError),
        (SystemExit(2), RuntimeError),
        (KeyboardInterrupt(), RuntimeError),
        (StopIteration(), Exception),
    ],
)
def test_what_a_coroutine_raises_arrives_and_ends_neither_loop(raised: BaseException, arrives: type[Exception]) -> None:
    async def fail() -> None:
        raise raised

    async def work() -> str:
        return "still here"

    async def caller() -> str:
        with pytest.raises(arrives):
            await on_side_loop(fail)
        return await on_side_loop(work)

    assert asyncio.run(caller()) == "still here"


def test_who_stops_waiting_goes_on_at_once_and_is_told_when_the_clean_up_is_over() -> None:
    begun, let_go = threading.Event(), threading.Event()

    async def slow() -> None:
        begun.set()
        try:
            await asyncio.sleep(20)
        finally:
            assert let_go.wait(20)

    async def caller() -> None:
        calls, over = Calls.counted(), asyncio.Event()
        task = asyncio.create_task(on_side_loop(slow))
        assert await asyncio.to_thread(begun.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        calls.when_over(over.set)
        assert not over.is_set()
        let_go.set()
        await asyncio.wait_for(over.wait(), 20)

    asyncio.run(caller())


def test_what_is_given_up_before_it_began_never_begins() -> None:
    begun: list[str] = []
    given_up = threading.Event()

    async def work() -> None:
        begun.append("it")

    async def caller() -> None:
        task = asyncio.create_task(on_side_loop(work))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        given_up.set()
        await on_side_loop(lambda: asyncio.sleep(0))

    async def hold() -> None:
        assert given_up.wait(20)  # so that the loop over there is busy when the work arrives

    async def both() -> None:
        await asyncio.gather(on_side_loop(hold), caller())

    asyncio.run(both())
    assert begun == []


def test_a_generator_goes_a_little_ahead_of_its_reader_and_no_further() -> None:
    made: list[int] = []

    async def count() -> AsyncIterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    async def caller() -> list[str]:
        read = []
        async for piece in pieces_from_side_loop(count):
            read.append(piece)
            await on_side_loop(lambda: asyncio.sleep(0))
            assert len(made) <= len(read) + AHEAD
        return read

    assert asyncio.run(caller()) == [str(number) for number in range(100)]


def test_what_a_generator_raises_comes_after_its_pieces() -> None:
    async def fail() -> AsyncIterator[str]:
        yield "a"
        yield "b"
        raise KeyError("late")

    async def caller() -> list[str]:
        read: list[str] = []

        async def read_on() -> None:
            async for piece in pieces_from_side_loop(fail):
                read.append(piece)  # noqa: PERF401 - what came before the error counts

        with pytest.raises(KeyError, match="late"):
            await read_on()
        return read

    assert asyncio.run(caller()) == ["a", "b"]


def test_a_call_that_raises_keeps_no_other_from_coming() -> None:
    async def caller() -> list[str]:
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        failures: list[str] = []
        loop.set_exception_handler(lambda _, context: failures.append(type(context["exception"]).__name__))
        mailbox_here().put(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
        mailbox_here().put(told.set)
        await asyncio.wait_for(told.wait(), 20)
        return failures

    assert asyncio.run(caller()) == ["ZeroDivisionError"]
