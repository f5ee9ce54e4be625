"""The official package and ours run this same code: ours stands in its place."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from worker import (
    URL,
    connections_kept,
    cpu_each,
    cpu_each_chunk,
    cpu_each_in_threads,
    growth,
    held,
    lateness,
    serve,
)

from aixplain.v2 import Aixplain

aix = Aixplain(api_key="bench", backend_url=URL, model_url=URL + "/api/v2/execute")
model = aix.Model.get("bench")


def run() -> None:
    assert model.run(text="hello").data


def chunks(name: str) -> Iterator[Any]:
    return iter(aix.Model.get(name).run_stream(text="hello"))


def texts(name: str) -> Iterator[str]:
    return (chunk.data for chunk in chunks(name))


def drain() -> None:
    for _ in chunks("data.20.1000.chunked"):
        pass


def stream_growth(name: str) -> int:
    return growth(chunks(name), settled=2000)


def mapped(count: int) -> Iterator[Any]:
    for item in model.map(({"text": "hello"} for _ in range(count)), concurrency=16):
        assert item.result is not None, item.error
        yield item


def map_growth(count: int) -> int:
    return growth(mapped(count), settled=2000)


def added_by_polling(argument: tuple[str, float, int]) -> float:
    """Seconds from the end of a run to its result, in the mean of several runs, whose ends fall evenly around `seconds`."""
    name, seconds, times = argument
    slow = aix.Model.get(name)

    def added(number: int) -> float:
        time.sleep(number / times)
        ended = slow.run(text=str(seconds * (0.8 + 0.4 * number / times))).data
        return time.monotonic() - float(ended)

    with ThreadPoolExecutor(times) as pool:
        return sum(pool.map(added, range(times))) / times


serve(
    {
        "get": cpu_each(lambda: aix.Model.get("bench")),
        "get and read": cpu_each(lambda: aix.Model.get("bench").inputs.temperature),
        "search": cpu_each(lambda: aix.Model.search(page_size=100)),
        "run": cpu_each(run),
        "run in threads": cpu_each_in_threads(run),
        "stream": cpu_each_chunk(chunks),
        "lateness": lateness(texts),
        "kept": connections_kept(drain, run),
        "page held": held(lambda: aix.Model.search(page_size=100)),
        "stream growth": stream_growth,
        "map growth": map_growth,
        "polling": added_by_polling,
    }
)
