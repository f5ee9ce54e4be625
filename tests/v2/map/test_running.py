"""How a map pulls, waits, tells and ends, in both colours."""

from __future__ import annotations

import asyncio
import gc
import io
import itertools
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from aixplain import Aixplain, AsyncAixplain
from aixplain.v2 import MapItem, _progress
from aixplain.v2._flow import Request, Response


def test_values_are_pulled_only_as_there_is_room_and_items_are_not_kept(model: Any) -> None:
    pulled: list[int] = []

    def endless() -> Iterator[str]:
        for number in itertools.count():
            pulled.append(number)
            yield str(number)

    gc.collect()  # what other tests left
    with model.map(endless(), concurrency=2) as items:
        for number, item in zip(range(100), items, strict=False):  # in this order it asks for no item more
            assert item.index == number
            assert len(pulled) <= number + 1 + 2 * 4
        assert sum(isinstance(each, MapItem) for each in gc.get_objects()) <= 2 * 4 + 1


def test_a_slow_run_is_overtaken_only_so_far(model: Any, service: Any, until: Any) -> None:
    with model.map(["stuck", *map(str, range(100))], concurrency=2, timeout=0.5) as items:
        reader = iter(items)
        assert next(reader).error is not None
    assert len(service.texts) <= 1 + 2 * 4 + 2


def test_a_service_that_has_too_much_is_tried_again_as_it_asks(model: Any, service: Any) -> None:
    assert [item.result.data for item in model.map(["busy a", "busy b"])] == ["BUSY A", "BUSY B"]
    assert sorted(service.texts) == ["busy a", "busy a", "busy b", "busy b"]


def test_the_error_of_the_iterable_comes_through_when_what_was_started_is_out(model: Any) -> None:
    def broken() -> Iterator[str]:
        yield "a"
        yield "b"
        raise LookupError("the rows are gone")

    seen = []
    with pytest.raises(LookupError, match="the rows are gone"):
        seen.extend(item.result.data for item in model.map(broken()))
    assert seen == ["A", "B"]


def test_when_it_is_over_it_stays_over(model: Any) -> None:
    items = model.map(["a"])
    assert len(list(items)) == 1
    assert list(items) == []
    items.close()
    items.close()


def test_one_that_was_never_begun_closes_too(model: Any, service: Any) -> None:
    with model.map(["a"]):
        pass
    assert service.texts == []


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("counted", [True, False])
def test_a_bar_tells_how_many_are_over_and_failed(model: Any, monkeypatch: pytest.MonkeyPatch, counted: bool) -> None:
    monkeypatch.setattr(_progress, "SHORTEST_PAUSE", 0)
    monkeypatch.setattr(sys, "stderr", Screen())
    values = ["a", "fail", "b", "c"]
    list(model.map(values if counted else iter(values), concurrency=1, show_progress=True))
    shown = sys.stderr.getvalue()  # type: ignore[attr-defined]
    for words in ("M ", " 50% 2/4, 1 failed", "100% 4/4") if counted else ("M ", "… 2/?, 1 failed"):
        assert words in shown
    assert shown.endswith("\r\x1b[K")


# --- Blocking


def test_threads_are_used_again_and_no_more_than_the_runs_at_a_time(service: Any) -> None:
    most = 0
    with Aixplain(backend_url=service.url) as aix:
        for _ in aix.Model.get("m1").map(map(str, range(60)), concurrency=3):
            most = max(most, sum(thread.name == "aixplain-map" for thread in threading.enumerate()))
    assert 1 <= most <= 3


USER: ContextVar[str] = ContextVar("USER")
MODEL = b'{"id": "m1", "name": "M"}'


class Instant:
    """A transport of one's own, which answers with the caller's context."""

    failure: BaseException | None = None

    def request(self, request: Request) -> Response:
        if request.method == "GET":
            return Response(200, {}, MODEL)
        if self.failure is not None:
            raise self.failure
        return Response(200, {}, b'{"status": "SUCCESS", "data": "%s"}' % USER.get("nobody").encode())

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here is worth waiting for")

    def now(self) -> float:
        return 0.0

    def close(self) -> None:
        pass

    stream: Any = None


def test_runs_are_made_in_the_context_of_the_caller() -> None:
    USER.set("ada")
    model = Aixplain("key", "http://127.0.0.1:1", transport=Instant()).Model.get("m1")
    assert {item.result.data for item in model.map(["a", "b"]) if item.result} == {"ada"}


def test_what_ends_a_thread_is_raised_where_the_items_are_read() -> None:
    transport = Instant()
    model = Aixplain("key", "http://127.0.0.1:1", transport=transport).Model.get("m1")
    transport.failure = SystemExit(7)
    with pytest.raises(SystemExit):
        list(model.map(["a", "b", "c"]))


def test_an_unexpected_error_of_the_transport_is_a_failure_of_its_item() -> None:
    transport = Instant()
    model = Aixplain("key", "http://127.0.0.1:1", transport=transport).Model.get("m1")
    transport.failure = ArithmeticError("odd")
    assert [type(item.error) for item in model.map(["a", "b"])] == [ArithmeticError, ArithmeticError]


# --- On asyncio


def on_asyncio(service: Any, scenario: Any) -> Any:
    async def main() -> Any:
        async with AsyncAixplain(backend_url=service.url) as aix:
            return await scenario(await aix.Model.get("m1"))

    return asyncio.run(main())


def test_an_asynchronous_iterable_may_take_its_time(service: Any) -> None:
    async def scenario(model: Any) -> list[Any]:
        asked = asyncio.Event()

        async def values() -> AsyncIterator[str]:
            yield "a"
            await asked.wait()
            yield "b"

        seen = []
        async for item in model.map(values(), concurrency=4):
            seen.append(item.result.data)
            asked.set()  # so "a" came out while the next value was waited for
        return seen

    assert on_asyncio(service, scenario) == ["A", "B"]


def test_the_error_of_an_asynchronous_iterable_comes_through(service: Any) -> None:
    async def scenario(model: Any) -> Any:
        async def values() -> AsyncIterator[str]:
            yield "a"
            raise LookupError("the rows are gone")

        items = model.map(values())
        first = await anext(items)
        with pytest.raises(LookupError, match="the rows are gone"):
            await anext(items)
        return first.result.data

    assert on_asyncio(service, scenario) == "A"


def test_other_tasks_go_on_while_items_are_waited_for(service: Any) -> None:
    async def scenario(model: Any) -> Any:
        maps = [asyncio.ensure_future(collected(model.map([f"{place} {each}" for each in range(20)]))) for place in range(3)]
        return await asyncio.gather(*maps)

    async def collected(items: Any) -> list[Any]:
        return [item.result.data async for item in items]

    assert on_asyncio(service, scenario) == [[f"{place} {each}" for each in range(20)] for place in range(3)]


def test_a_task_that_somebody_else_cancels_is_noticed(service: Any) -> None:
    async def scenario(model: Any) -> None:
        async with model.map(["go", "hold"], concurrency=2) as items:
            await anext(items)
            for task in asyncio.all_tasks():
                if task.get_name() == "aixplain-map":
                    task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await anext(items)

    on_asyncio(service, scenario)
