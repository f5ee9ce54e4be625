"""A map on asyncio: a few tasks pull inputs and make runs, one after another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any

from aixplain.v2._flow import AsyncTransport, adrive
from aixplain.v2._map.book import Book, Job
from aixplain.v2._map.plan import GRACE, MapItem, Plan


async def walk(plan: Plan, inputs: AsyncIterator[Any], transport: AsyncTransport) -> AsyncGenerator[MapItem, None]:
    """The items of a map."""
    book = Book(plan)
    crew = _Crew(plan, book, inputs, transport)
    try:
        for _ in book.open():
            await asyncio.sleep(0)
        await adrive(plan.send_files(), transport)
        crew.start()
        while True:
            while item := book.due():
                yield item
                crew.call_one()
            if not crew.working:
                break
            await crew.news()
        await crew.raise_for_tasks()
        book.raise_for_end()
    finally:
        await crew.stop()
        book.close()


def inputs_of(values: Iterable[Any] | AsyncIterable[Any]) -> AsyncIterator[Any]:
    """The inputs, one after another, of an iterable of either kind."""
    return aiter(values) if isinstance(values, AsyncIterable) else _Walk(iter(values))


class _Walk(AsyncIterator[Any]):
    """An iterator, read on asyncio. No generator: it needs no closing."""

    def __init__(self, iterator: Iterator[Any]) -> None:
        self._iterator = iterator

    async def __anext__(self) -> Any:
        try:
            return next(self._iterator)
        except StopIteration:
            raise StopAsyncIteration from None


class _Crew:
    """Tasks that pull inputs, one task at a time, and make their runs; as many as the map's concurrency."""

    def __init__(self, plan: Plan, book: Book, inputs: AsyncIterator[Any], transport: AsyncTransport) -> None:
        self._plan, self._book, self._inputs, self._transport = plan, book, inputs, transport
        self._tasks: list[asyncio.Task[None]] = []
        self._pulling = False
        self._parked: deque[asyncio.Future[None]] = deque()
        self._news = asyncio.Event()
        self.working = 0

    def start(self) -> None:
        """Start the tasks; none that would find nothing to do."""
        most, total = self._plan.concurrency, self._plan.total
        self.working = most if total is None else min(most, max(total, 1))
        self._tasks = [asyncio.create_task(self._work(), name="aixplain-map") for _ in range(self.working)]

    async def _work(self) -> None:
        try:
            while job := await self._next_job():
                item = await self._made(job)
                self._book.settle(job, item)
                self._book.admit(item)
                self._news.set()
        finally:
            self.working -= 1
            self._news.set()

    async def _next_job(self) -> Job | None:
        while self._book.is_open:
            if self._pulling or not self._book.may_pull:
                await self._park()
                continue
            self._pulling = True  # an asynchronous iterable is asked once at a time
            try:
                job = await self._pull()
            finally:
                self._pulling = False
                self.call_one()
            if job:
                return job
            self._news.set()  # of an item that was done before
        self._call_all()
        return None

    async def _park(self) -> None:
        parked = asyncio.get_running_loop().create_future()
        self._parked.append(parked)
        await parked

    def call_one(self) -> None:
        """Have one of the waiting tasks look for work, when there may be some."""
        if self._parked and self._book.may_pull:
            self._wake_one()

    def _call_all(self) -> None:
        while self._parked:
            self._wake_one()

    def _wake_one(self) -> None:
        parked = self._parked.popleft()
        if not parked.done():
            parked.set_result(None)

    async def _pull(self) -> Job | None:
        try:
            value = await anext(self._inputs)
            return self._book.take(value) if self._book.is_open else None
        except StopAsyncIteration:
            self._book.end()
        except Exception as error:  # noqa: BLE001 - the caller's iterable; what was started is finished, then this is raised
            self._book.fail(error)
        return None

    async def _made(self, job: Job) -> MapItem:
        try:
            return MapItem(job.index, job.inputs, await adrive(self._plan.run(job.inputs), self._transport))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one input, the others are run
            return MapItem(job.index, job.inputs, error=error)

    async def news(self) -> None:
        """Wait until something is over."""
        self._news.clear()
        await self._news.wait()

    async def raise_for_tasks(self) -> None:
        """Raise what ended a task that should have gone on."""
        await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        """End all tasks: at once those that have nothing to do, the others after a grace."""
        self._book.end()
        self._call_all()
        try:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=GRACE)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
