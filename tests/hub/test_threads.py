"""The threads that models run in."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from aixplain.hub import threads
from aixplain.hub.threads import in_thread

word = contextvars.ContextVar("word", default="")


def alive() -> int:
    return sum(thread.name == "aixplain-model" for thread in threading.enumerate())


def test_a_call_runs_in_another_thread_with_the_context_of_the_caller() -> None:
    async def caller() -> tuple[str, str]:
        word.set("set")
        return await in_thread(lambda: (word.get(), threading.current_thread().name))

    assert asyncio.run(caller()) == ("set", "aixplain-model")


@pytest.mark.parametrize(
    ("raised", "arrives"), [(KeyError("k"), KeyError), (StopIteration(1), RuntimeError), (SystemExit(2), RuntimeError)]
)
def test_what_a_call_raises_arrives_and_ends_neither_loop_nor_thread(raised: BaseException, arrives: type[Exception]) -> None:
    def fail() -> None:
        raise raised

    async def caller() -> str:
        with pytest.raises(arrives):
            await in_thread(fail)
        return await in_thread(lambda: "still here")

    assert asyncio.run(caller()) == "still here"


def test_calls_run_side_by_side_up_to_a_bound_and_the_rest_waits() -> None:
    together = threading.Barrier(threads.MOST)

    async def caller() -> list[int]:
        return await asyncio.gather(*(in_thread(together.wait) for _ in range(2 * threads.MOST)))

    assert sorted(asyncio.run(caller())) == sorted(2 * list(range(threads.MOST)))
    assert alive() <= threads.MOST


def test_threads_leave_when_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = threads._Threads()
    monkeypatch.setattr(threads, "IDLE_SECONDS", 0.01)
    monkeypatch.setattr(threads, "_threads", pool)
    before = set(threading.enumerate())

    async def caller() -> threading.Thread:
        return await in_thread(threading.current_thread)

    used = asyncio.run(caller())
    assert used not in before
    used.join(10)
    assert not used.is_alive()
    another = asyncio.run(caller())
    assert another is not used
    another.join(10)


def test_who_stops_waiting_goes_on_at_once_and_the_call_to_its_end() -> None:
    begun, let_go, ended = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        assert let_go.wait(20)
        ended.set()

    async def caller() -> None:
        waiting = in_thread(slow)
        assert await asyncio.to_thread(begun.wait, 20)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(waiting, 0.001)

    asyncio.run(caller())
    assert not ended.is_set()
    let_go.set()
    assert ended.wait(10)
