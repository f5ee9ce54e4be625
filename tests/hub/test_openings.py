"""A hub opened without its server: the same parts over one file and over a shared database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from aixplain.hub import Hub
from aixplain.hub.metrics import Metrics
from aixplain.hub.opening import Place, at_work, opening
from aixplain.hub.runs import Asked, new_order


@pytest.fixture(params=["one file", "many machines"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    database = request.getfixturevalue("database") if request.param == "many machines" else None
    return Place(tmp_path, database)


async def comes_true(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what it waits for tells nobody
            await asyncio.sleep(0.01)


def test_an_engine_tells_how_many_runs_wait(place: Place) -> None:
    hub, gate = Hub(builtin=False), threading.Event()

    @hub.model("acme/gated", concurrency=2)
    def gated(text: str) -> str:
        assert gate.wait(20)
        return text

    async def scene() -> None:
        async with opening(place, hub.entries, hub.settings, Metrics()).opened() as opened, at_work(opened):
            ids = [new_order("acme/gated", {"text": str(number)}, Asked(), 0) for number in range(7)]
            for order in ids:
                assert await opened.engine.accept(order) is None
            await comes_true(lambda: opened.engine.backlog == 5)
            gate.set()
            await comes_true(lambda: opened.engine.backlog == 0)
            for order in ids:
                standing = await opened.runs.attend(order.id, 20)
                assert standing is not None
                assert standing.state == "finished"

    asyncio.run(scene())


def test_a_model_that_is_offered_no_more_while_its_runs_wait_keeps_no_other_waiting(place: Place) -> None:
    hub, gate = Hub(builtin=False), threading.Event()

    @hub.model("acme/going", concurrency=1)
    def going(text: str) -> str:
        assert gate.wait(20)
        return text

    @hub.model("acme/staying", concurrency=1)
    def staying(text: str) -> str:
        return text

    async def scene() -> None:
        async with opening(place, hub.entries, hub.settings, Metrics()).opened() as opened, at_work(opened):
            for _ in range(3):
                await opened.engine.accept(new_order("acme/going", {"text": "x"}, Asked(), 0))
            await comes_true(lambda: opened.engine.backlog == 2)
            del hub.entries["acme/going"]
            gate.set()
            orders = [new_order("acme/staying", {"text": "x"}, Asked(), 0) for _ in range(9)]
            for order in orders:
                await opened.engine.accept(order)
            for order in orders:
                standing = await opened.runs.attend(order.id, 20)
                assert standing is not None
                assert standing.state == "finished"
            assert opened.engine.is_at_work

    asyncio.run(scene())


def test_what_goes_on_when_a_hub_stops_waits_for_the_next_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aixplain.hub.engine.attempts.LAST_SECONDS", 0.01)
    hub, begun = Hub(builtin=False), 0

    @hub.model("acme/once-more")
    async def once_more(text: str) -> str:
        nonlocal begun
        begun += 1
        if begun == 1:
            await asyncio.Event().wait()
        return text.upper()

    order = new_order("acme/once-more", {"text": "hi"}, Asked(), 0)

    async def first() -> None:
        async with opening(place, hub.entries, hub.settings, Metrics()).opened() as opened, at_work(opened):
            await opened.engine.accept(order)
            await comes_true(lambda: begun == 1)

    async def second() -> None:
        async with opening(place, hub.entries, hub.settings, Metrics()).opened() as opened, at_work(opened):
            standing = await opened.runs.attend(order.id, 20)
            assert standing is not None
            assert standing.state == "finished"

    asyncio.run(first())
    asyncio.run(second())
    assert begun == 2
