"""What the clients' processes have in common: tasks by name, asked for over a pipe; CPU of this process, all its threads.

Each client runs in an environment of its own, so this file imports the standard library alone.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import json
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

URL = sys.argv[1]
#: Calls before the clock starts, a round: connections open, and whatever is made once is made.
WARM_UP = 10


def serve(tasks: dict[str, Callable[[Any], Any]]) -> None:
    """Do one task a line, `["name", argument]`, and answer with a line of JSON."""
    for line in sys.stdin:
        name, argument = json.loads(line)
        print(json.dumps(tasks[name](argument)), flush=True)


def cpu_each(call: Callable[[], Any]) -> Callable[[int], float]:
    """A task: seconds of CPU that one call takes, over so many calls."""

    def task(times: int) -> float:
        for _ in range(min(WARM_UP, times)):
            call()
        before = time.process_time()
        for _ in range(times):
            call()
        return (time.process_time() - before) / times

    return task


def cpu_each_in_threads(call: Callable[[], Any], threads: int = 64) -> Callable[[int], float]:
    """A task: the same from many threads at once."""

    def task(times: int) -> float:
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: call(), range(threads)))
            before = time.process_time()
            list(pool.map(lambda _: [call() for _ in range(times // threads)], range(threads)))
            return (time.process_time() - before) / times

    return task


#: Connections belong to the loop that opened them, so all tasks of a client share one.
runner = asyncio.Runner()


def cpu_each_on_asyncio(call: Callable[[], Awaitable[Any]]) -> Callable[[list[int]], float]:
    """A task: the same on asyncio, `[at once, times]`."""

    async def repeat(times: int) -> None:
        for _ in range(times):
            await call()

    async def measure(at_once: int, times: int) -> float:
        await asyncio.gather(*(repeat(1) for _ in range(at_once)))
        before = time.process_time()
        await asyncio.gather(*(repeat(times // at_once) for _ in range(at_once)))
        return (time.process_time() - before) / times

    return lambda argument: runner.run(measure(*argument))


def cpu_each_chunk(stream: Callable[[str], Iterator[Any]]) -> Callable[[str], float]:
    """A task: seconds of CPU that one chunk of a stream takes, from the request to the end; the argument names the stream."""

    def task(name: str) -> float:
        before = time.process_time()
        count = sum(1 for _ in stream(name))
        spent = time.process_time() - before
        wanted = int(name.split(".")[1])
        assert wanted <= count <= wanted + 2, f"{count} chunks of {wanted}"
        return spent / wanted

    return task


def lateness(stream: Callable[[str], Iterator[str]]) -> Callable[[str], float]:
    """A task: seconds from the sending of a token to its arrival in the loop, in the mean."""

    def task(name: str) -> float:
        late = [time.monotonic() - float(text) for text in stream(name) if text]
        return sum(late) / len(late)

    return task


def connections_kept(drain: Callable[[], Any], run: Callable[[], Any]) -> Callable[[int], int]:
    """A task: how many streams, read to their end, left a connection that the next request used."""

    def task(times: int) -> int:
        _connections_kept()
        for _ in range(times):
            drain()
            run()
        return _connections_kept()

    return task


def _connections_kept() -> int:
    with urllib.request.urlopen(URL + "/bench/kept") as answer:  # noqa: S310 - the server of this benchmark
        return int(answer.read())


def resident() -> int:
    """Bytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def growth(things: Iterator[Any], *, settled: int, every: int = 1000) -> int:
    """The most by which this process grows while it walks over things, after the first ones; none is kept."""
    start = most = 0
    for number, _ in enumerate(things):
        if number == settled:
            start = most = resident()
        elif number % every == 0 and number > settled:
            most = max(most, resident())
    return max(most, resident()) - start


def held(make: Callable[[], Any]) -> Callable[[int], float]:
    """A task: bytes that one of the things made takes, over so many."""

    def task(times: int) -> float:
        kept = [make() for _ in range(3)]
        gc.collect()
        before = resident()
        kept += [make() for _ in range(times)]
        gc.collect()
        return (resident() - before) / times

    return task
