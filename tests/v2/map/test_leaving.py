"""A map that is left early, interrupted, dropped or forgotten leaves no thread, no task and no run behind."""

from __future__ import annotations

import asyncio
import gc
import itertools
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest

from aixplain import Aixplain, AsyncAixplain

VALUES = ["go", "hold 0", "hold 1", "hold 2"]
HELD = ["hold-0", "hold-1", "hold-2"]


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "aixplain-map"]


def tasks() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "aixplain-map"]


@pytest.fixture
def held(service: Any) -> Any:
    """Whether all runs that never end are being polled."""
    return lambda: sorted(service.polled) == HELD


# --- Both colours


def test_a_run_that_is_never_answered_keeps_nobody(model: Any, service: Any) -> None:
    with model.map(["go", "stuck a", "stuck b"], concurrency=3) as items:
        reader = iter(items)
        assert next(reader).result.data == "GO"
    assert not threads()
    assert len(service.texts) <= 3


def test_a_run_that_is_just_being_accepted_is_canceled(
    model: Any, service: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for colour in ("threads", "tasks"):
        monkeypatch.setattr(f"aixplain.v2._map.{colour}.GRACE", 1.5)
    with model.map(["go", "hold late"], concurrency=2) as items:
        reader = iter(items)
        next(reader)
        until(lambda: "hold late" in service.texts, model)
    assert service.canceled == ["hold-late"]


def test_other_calls_of_the_client_go_on_when_a_map_is_left(model: Any, service: Any) -> None:
    with model.map(["go", "stuck"], concurrency=2) as items:
        reader = iter(items)
        next(reader)
    assert model.run(text="after").data == "AFTER"


def test_a_value_that_interrupts_stops_the_map_at_once(model: Any, service: Any) -> None:
    def interrupted() -> Any:
        yield "stuck"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(model.map(interrupted()))
    assert not threads()


# --- Blocking


def test_leaving_the_loop_stops_the_threads_and_cancels_the_runs(service: Any, until: Any, held: Any) -> None:
    with Aixplain(backend_url=service.url) as aix:
        for _ in aix.Model.get("m1").map(VALUES):
            until(held)
            break
        assert not threads()
        assert sorted(service.canceled) == HELD


def test_a_map_with_a_name_can_be_read_on_until_it_is_closed(service: Any) -> None:
    with Aixplain(backend_url=service.url) as aix:
        items = aix.Model.get("m1").map(list("abcdefg"))
        batches = [[item.index for item in itertools.islice(items, 3)] for _ in range(2)]
        assert batches == [[0, 1, 2], [3, 4, 5]]
        items.close()
        assert list(items) == []
        assert not threads()


def test_an_error_in_the_loop_stops_the_map(service: Any, until: Any, held: Any) -> None:
    with Aixplain(backend_url=service.url) as aix:
        model = aix.Model.get("m1")

        def use() -> None:
            for _ in model.map(VALUES):
                until(held)
                raise LookupError

        with pytest.raises(LookupError):
            use()
        assert not threads()
        assert sorted(service.canceled) == HELD


@pytest.mark.parametrize("cyclic", [False, True])
def test_a_map_that_is_dropped_stops(service: Any, until: Any, held: Any, cyclic: bool) -> None:
    with Aixplain(backend_url=service.url) as aix:
        items = aix.Model.get("m1").map(VALUES)
        next(items)
        until(held)
        if cyclic:
            items.itself = items  # type: ignore[attr-defined]
        del items
        gc.collect()
        assert not threads()
        assert sorted(service.canceled) == HELD


BLOCKING = """
import sys
from aixplain import Aixplain
items = Aixplain(backend_url=sys.argv[1]).Model.get("m1").map(sys.argv[2:])
for item in items:
    print(item.result.data, flush=True)
"""
ON_ASYNCIO = """
import asyncio, sys
from aixplain import AsyncAixplain
async def main():
    async with AsyncAixplain(backend_url=sys.argv[1]) as aix:
        async for item in (await aix.Model.get("m1")).map(sys.argv[2:]):
            print(item.result.data, flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("script", [BLOCKING, ON_ASYNCIO])
def test_ctrl_c_ends_it(service: Any, until: Any, held: Any, script: str) -> None:
    command = [sys.executable, "-c", script, service.url, *VALUES]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until(held)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (out, process.returncode) == ("GO\n", -signal.SIGINT)
    assert err.endswith("KeyboardInterrupt\n")
    assert "ignored" not in err
    assert sorted(service.canceled) == HELD


def test_a_program_that_ends_with_an_open_map_ends(service: Any) -> None:
    script = BLOCKING.replace("for item in items:\n    print(item.result.data, flush=True)", "print(next(items).result.data)")
    command = [sys.executable, "-c", script, service.url, *VALUES]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("GO\n", "", 0)


# --- On asyncio


def on_asyncio(service: Any, scenario: Any) -> None:
    async def main() -> None:
        async with AsyncAixplain(backend_url=service.url) as aix:
            await scenario(await aix.Model.get("m1"))

    asyncio.run(main())


async def until_async(happened: Any) -> None:
    for _ in range(1000):
        if happened():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen in ten seconds")


def test_leaving_the_block_ends_the_tasks_and_cancels_the_runs(service: Any, held: Any) -> None:
    async def scenario(model: Any) -> None:
        async with model.map(VALUES) as items:
            async for _ in items:
                await until_async(held)
                break
        assert not tasks()
        assert sorted(service.canceled) == HELD
        assert [item async for item in items] == []

    on_asyncio(service, scenario)


def test_a_loop_that_is_left_ends_the_tasks_soon_after(service: Any, held: Any) -> None:
    async def scenario(model: Any) -> None:
        async for _ in model.map(VALUES):
            await until_async(held)
            break
        await until_async(lambda: not tasks())
        assert sorted(service.canceled) == HELD

    on_asyncio(service, scenario)


def test_a_named_map_can_be_read_on_until_it_is_closed(service: Any) -> None:
    async def scenario(model: Any) -> None:
        items = model.map(list("abcdefg"))
        async for item in items:
            if item.index == 2:
                break
        assert (await anext(items)).index == 3
        await items.close()
        assert [item async for item in items] == []
        assert not tasks()

    on_asyncio(service, scenario)


def test_a_loop_that_is_left_at_the_end_of_the_program_ends_too(service: Any, held: Any) -> None:
    async def scenario(model: Any) -> None:
        async with model.map(VALUES) as items:
            async for _ in items:
                await until_async(held)
                break

    on_asyncio(service, scenario)
    gc.collect()
    assert sorted(service.canceled) == HELD


def test_the_end_of_the_program_does_not_wait_for_a_loop_that_was_left_without_with(service: Any, held: Any) -> None:
    async def scenario(model: Any) -> None:
        async for _ in model.map(VALUES):
            await until_async(held)
            break

    on_asyncio(service, scenario)  # the loop's end cancels what would have canceled the runs
    gc.collect()
    assert not threads()


def test_cancellation_ends_the_tasks_and_cancels_the_runs(service: Any, held: Any) -> None:
    async def scenario(model: Any) -> None:
        async def read() -> None:
            async for _ in model.map(VALUES):
                pass

        reader = asyncio.ensure_future(read())
        await until_async(held)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        assert not tasks()
        assert sorted(service.canceled) == HELD

    on_asyncio(service, scenario)


def test_a_timeout_around_the_loop_is_kept(service: Any) -> None:
    async def scenario(model: Any) -> None:
        async def read() -> None:
            async with asyncio.timeout(0.2):
                async for _ in model.map(VALUES):
                    pass

        with pytest.raises(TimeoutError):
            await read()
        assert not tasks()

    on_asyncio(service, scenario)
