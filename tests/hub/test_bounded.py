"""Built-in models keep their bounds: no input stops the hub, runs on for nobody, or leaves a process behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub import Hub, Input, ModelError, Models
from aixplain.hub.backends import bounded
from aixplain.hub.backends.bounded import BoundedBackend, Bounds
from aixplain.hub.backends.builtin import TASKS, all_models, entries
from aixplain.hub.backends.builtin.bounds import BOUNDS
from aixplain.hub.backends.functions import FunctionBackend
from aixplain.hub.processes.pool import close_workers

from . import bounded_models
from .conftest import Caller, states, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

SLOW = "日。" * 200_000


def workers(parent: int) -> list[int]:
    """The worker processes of a process."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if f"\nPPid:\t{parent}\n" in status.read_text() and b"aixplain.hub.processes.child" in _command(status.parent):
                found.append(int(status.parent.name))
    return found


def _command(process: Path) -> bytes:
    """How a process was started; nothing for one that has ended."""
    return (process / "cmdline").read_bytes()


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    """A hub whose worker processes end soon after their work."""
    with pytest.MonkeyPatch.context() as patch:
        for path, bounds in BOUNDS.items():
            patch.setitem(BOUNDS, path, replace(bounds, idle_seconds=0.2))
        entries.cache_clear()
        hub = Hub()
    entries.cache_clear()
    return serve(hub)


def work(inputs: dict[str, Any], **bounds: Any) -> Any:
    """What the model of `bounded_models` gives within these bounds."""

    async def main() -> Any:
        try:
            is_short = lambda given: given["text"] == "short"  # noqa: E731
            return (
                await BoundedBackend(FunctionBackend(bounded_models.work), Bounds(is_short, **bounds)).run(
                    inputs, lambda _: None
                )
            ).data
        finally:
            await close_workers()

    return asyncio.run(main())


def test_every_built_in_model_has_bounds_and_declares_how_much_text_it_takes() -> None:
    models = all_models().entries
    assert set(models) == set(BOUNDS)
    assert len(models) == len(TASKS)
    for path, entry in models.items():
        assert isinstance(entry.backend, BoundedBackend), path
        for parameter in entry.parameters:
            assert parameter.name != "text" or (parameter.max_length or 0) >= 100_000, path


@pytest.mark.parametrize("path", sorted(path for path in BOUNDS if path != "aixplain/document-text"))
def test_a_text_that_is_too_long_is_refused_before_it_is_looked_at(caller: Caller, path: str) -> None:
    answer = caller.run(path, {"text": "a" * 1_000_001})
    assert answer.status == 400
    assert "Expected at most" in answer.json["message"]
    assert "characters, got 1,000,001" in answer.json["message"]


def test_a_short_input_stays_in_the_process_of_the_hub_and_a_long_one_does_not() -> None:
    assert work({"text": "short"}) == os.getpid()
    assert work({"text": "long"}) != os.getpid()


def test_a_run_that_takes_too_long_is_stopped_with_a_sentence() -> None:
    with pytest.raises(ModelError, match=r"takes the model more than 0\.5 seconds.*several parts") as raised:
        work({"text": "sleep"}, seconds=0.5)
    assert raised.value.status == 504


def test_a_process_that_has_nothing_to_do_ends() -> None:
    async def main() -> None:
        backend = BoundedBackend(FunctionBackend(bounded_models.work), Bounds(lambda _: False, idle_seconds=0.5))
        await backend.run({"text": "long"}, lambda _: None)
        assert len(workers(os.getpid())) == 1
        assert await asyncio.to_thread(wait_for, lambda: workers(os.getpid()) == [])
        await close_workers()

    asyncio.run(main())


def test_long_runs_wait_for_one_another_and_short_ones_for_none_of_them() -> None:
    async def main() -> None:
        backend = BoundedBackend(FunctionBackend(bounded_models.work), Bounds(lambda given: given["text"] == "short"))
        going_on = [asyncio.ensure_future(backend.run({"text": "sleep"}, lambda _: None)) for _ in range(6)]
        assert await asyncio.to_thread(wait_for, lambda: len(workers(os.getpid())) == bounded.PROCESSES)
        assert (await backend.run({"text": "short"}, lambda _: None)).data == os.getpid()
        assert len(workers(os.getpid())) == bounded.PROCESSES
        for each in going_on:
            each.cancel()
        await asyncio.wait(going_on)
        await close_workers()
        assert workers(os.getpid()) == []

    asyncio.run(main())


def test_a_stream_that_nobody_reads_keeps_no_process_for_longer_than_a_run_may_take() -> None:
    async def main() -> None:
        backend = BoundedBackend(
            FunctionBackend(bounded_models.endless), Bounds(lambda _: False, seconds=1.0, idle_seconds=0.1)
        )
        pieces = backend.stream({"text": "x"})
        assert await anext(pieces) == "piece"
        assert await asyncio.to_thread(wait_for, lambda: workers(os.getpid()) == [])
        with pytest.raises(ModelError, match="more than 1 seconds"):
            async for _ in pieces:
                pass
        await close_workers()

    asyncio.run(main())


def test_a_stream_that_is_left_ends_its_process() -> None:
    async def main() -> None:
        backend = BoundedBackend(FunctionBackend(bounded_models.endless), Bounds(lambda _: False))
        pieces = backend.stream({"text": "x"})
        assert await anext(pieces) == "piece"
        await pieces.aclose()
        await close_workers()
        assert workers(os.getpid()) == []

    asyncio.run(main())


def test_a_stream_gives_all_its_pieces_and_what_it_raises() -> None:
    async def main(text: str) -> list[Any]:
        backend = BoundedBackend(FunctionBackend(bounded_models.counted), Bounds(lambda given: given["text"] == "short"))
        try:
            return [piece async for piece in backend.stream({"text": text})]
        finally:
            await close_workers()

    assert asyncio.run(main("short")) == asyncio.run(main("long")) == [str(number) for number in range(1000)]
    with pytest.raises(ModelError, match="no more"):
        asyncio.run(main("raise"))


@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "one"}])
def test_a_caller_who_leaves_ends_the_work(caller: Caller, headers: dict[str, str]) -> None:
    connection = caller.connect("aixplain%2Fsplit-sentences", {"text": SLOW}, headers)
    assert wait_for(lambda: len(workers(os.getpid())) == 1)
    connection.close()
    assert wait_for(lambda: workers(os.getpid()) == [])
    assert states(caller, "aixplain/split-sentences")[0] == "canceled"


def test_a_hub_stays_quick_while_slow_texts_are_split(caller: Caller) -> None:
    """Sentence segmentation holds the interpreter lock for as long as it takes."""
    connections = [caller.connect("aixplain%2Fsplit-sentences", {"text": SLOW}) for _ in range(bounded.PROCESSES + 1)]
    assert wait_for(lambda: len(workers(os.getpid())) == bounded.PROCESSES)
    for _ in range(20):
        assert caller.get("/healthz").status == 200
    assert caller.run("aixplain/split-sentences", {"text": "Hi. Ho."}).json["data"] == "Hi.\nHo.\n"
    assert len(workers(os.getpid())) == bounded.PROCESSES  # they were at it all the time
    for connection in connections:
        connection.close()
    assert wait_for(lambda: workers(os.getpid()) == [])


def test_a_hub_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    program = (
        "import asyncio; from aixplain.hub.backends.builtin import all_models\n"
        "backend = all_models().entries['aixplain/split-sentences'].backend\n"
        f"asyncio.run(backend.run({{'text': {SLOW[:2]!r} * 200_000}}, lambda _: None))"
    )
    with subprocess.Popen([sys.executable, "-c", program]) as hub:
        assert wait_for(lambda: len(workers(hub.pid)) == 1)
        [worker] = workers(hub.pid)
        time.sleep(0.3)  # it may have begun the work, or not: either way it ends
        hub.send_signal(signal.SIGKILL)
    assert wait_for(lambda: not Path(f"/proc/{worker}/cmdline").exists() or not Path(f"/proc/{worker}/cmdline").read_bytes())


def test_the_length_of_a_text_is_part_of_its_input() -> None:
    models = Models()

    @models.model("acme/shout")
    def shout(text: bounded_models.Short) -> str:
        return text.upper()

    assert models.entries["acme/shout"].parameters[0].max_length == 5
    with pytest.raises(ValueError, match="at most 0 characters"):
        Input(longest=0)
