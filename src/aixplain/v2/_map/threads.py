"""A map in the blocking colour: inputs are pulled where items are asked for, runs are made in threads."""

from __future__ import annotations

import atexit
import contextvars
import threading
import time
from collections.abc import Generator, Iterator
from queue import SimpleQueue
from typing import Any

from aixplain.v2._flow import Request, Response, Stream, Transport, TransportFailure, drive
from aixplain.v2._http.blocking import SocketTransport
from aixplain.v2._map.book import Book, Job
from aixplain.v2._map.plan import GRACE, MapItem, Plan


def walk(plan: Plan, inputs: Iterator[Any], transport: Transport) -> Generator[MapItem, None, None]:
    """The items of a map. The iterable is pulled by whoever asks for the next item, never from a thread of ours."""
    book = Book(plan)
    crew = _Crew(plan, book, transport)
    try:
        for _ in book.open():
            pass
        drive(plan.send_files(), transport)
        while True:
            crew.collect(wait=False)
            while book.may_pull:
                if job := _pull(book, inputs):
                    crew.put(job)
            if item := book.due():
                yield item
            elif book.running:
                crew.collect(wait=True)
            else:
                break
        book.raise_for_end()
    finally:
        crew.stop()
        book.close()


def _pull(book: Book, inputs: Iterator[Any]) -> Job | None:
    try:
        return book.take(next(inputs))
    except StopIteration:
        book.end()
    except Exception as error:  # noqa: BLE001 - the caller's iterable; what was started is finished, then this is raised
        book.fail(error)
    return None


class _Crew:
    """Threads that make runs, as many as are at work at a time, and no more than the map's concurrency."""

    def __init__(self, plan: Plan, book: Book, transport: Transport) -> None:
        self._plan, self._book, self._transport = plan, book, transport
        # Connections of its own, which can be broken off without harm to other calls of the client.
        self._apart = transport.apart() if isinstance(transport, SocketTransport) else None
        self._halt = threading.Event()
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._finished: SimpleQueue[MapItem | BaseException] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def put(self, job: Job) -> None:
        """Have this run made."""
        if len(self._threads) < self._book.running:
            self._start_thread()
        self._jobs.put(job)

    def _start_thread(self) -> None:
        if not self._threads:
            atexit.register(self.stop)  # a map that is open when the program ends
        line = _Line(self._transport, self._apart, self._halt)
        work = contextvars.copy_context().run
        self._threads.append(threading.Thread(target=work, args=(self._work, line), name="aixplain-map", daemon=True))
        self._threads[-1].start()

    def _work(self, line: _Line) -> None:
        try:
            while (job := self._jobs.get()) is not None and not self._halt.is_set():
                item = self._made(job, line)
                self._book.settle(job, item)
                self._finished.put(item)
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - raised where the items are read, which would else wait for ever
            self._finished.put(error)

    def _made(self, job: Job, line: _Line) -> MapItem:
        try:
            return MapItem(job.index, job.inputs, drive(self._plan.run(job.inputs), line))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one input, the others are run
            return MapItem(job.index, job.inputs, error=error)

    def collect(self, *, wait: bool) -> None:
        """Hand over what is finished; with `wait`, at least one item."""
        while wait or not self._finished.empty():
            item = self._finished.get()
            if isinstance(item, BaseException):
                raise item
            self._book.admit(item)
            wait = False

    def stop(self) -> None:
        """End all threads: at once those that have nothing to do, the others after a grace."""
        self._halt.set()
        for _ in self._threads:
            self._jobs.put(None)
        until = time.monotonic() + GRACE
        for thread in self._others():
            thread.join(max(0.0, until - time.monotonic()))
        if self._apart is not None:
            self._apart.close()
        for thread in self._others():
            thread.join()
        self._threads.clear()
        atexit.unregister(self.stop)

    def _others(self) -> list[threading.Thread]:
        # The garbage collector may close a map that was dropped from any thread, from one of these too.
        return [each for each in self._threads if each.is_alive() and each is not threading.current_thread()]


class _Stopped(BaseException):
    """Nobody waits for this run any more. It is no error, as asyncio's cancellation is none."""


class _Line:
    """A thread's way to the service. Once the map is stopped, the step that its run is at ends in `_Stopped`.

    What the run then still asks for, to have itself canceled, goes the client's common way.
    """

    def __init__(self, common: Transport, apart: SocketTransport | None, halt: threading.Event) -> None:
        self._common, self._apart, self._halt = common, apart, halt
        self._way: Transport = apart or common
        self._stopped = False
        self.now = common.now

    def request(self, request: Request) -> Response:
        self._check()
        try:
            return self._way.request(request)
        except TransportFailure:
            self._check()
            raise

    def stream(self, request: Request) -> Stream | Response:
        return self._way.stream(request)

    def sleep(self, seconds: float) -> None:
        self._check()
        if self._apart is not None and not self._stopped:
            self._halt.wait(seconds)
        else:
            self._way.sleep(seconds)
        self._check()

    def _check(self) -> None:
        if self._halt.is_set() and not self._stopped:
            self._stopped = True
            self._way = self._common
            raise _Stopped

    def close(self) -> None:
        pass
