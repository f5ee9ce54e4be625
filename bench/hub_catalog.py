"""How fast does a hub find models in a catalog of 50,000?

The models' names and descriptions are drawn from 4,000 words, a few of them common and most of them rare, as words are; so are
the texts that are searched for, of one to three words. Ranked search and get go over HTTP, on one connection.
"""

from __future__ import annotations

import json
import random
import socket
import statistics
import time
from collections.abc import Callable

from bench.hub_durable import ask, request, running

MODELS = 50_000
HUB = f"""
import random, sys
from aixplain.hub import Hub
from bench.hub_catalog import FUNCTIONS, WEIGHTS, words
hub = Hub()
draw, vocabulary = random.Random(1), words()
for number in range({MODELS}):
    name = " ".join(draw.choices(vocabulary, WEIGHTS, k=3))
    description = " ".join(draw.choices(vocabulary, WEIGHTS, k=25))
    path = f"maker-{{number % 50}}/{{name.replace(' ', '-')}}-{{number}}"
    register = hub.model(path, function=draw.choice(FUNCTIONS), name=name, description=description)
    register(lambda text: text)
hub.serve(port=0, data=sys.argv[1], on_ready=lambda url: print(url, flush=True))
"""
FUNCTIONS = ("translation", "text-generation", "speech-recognition", "sentiment-analysis", "utilities")
WEIGHTS = [1 / (rank + 3) for rank in range(4000)]


def words() -> list[str]:
    """The vocabulary, the most common word first."""
    draw = random.Random(0)  # noqa: S311
    return ["".join(draw.choice("bcdfglmnprst") + draw.choice("aeiou") for _ in range(draw.randint(2, 5))) for _ in WEIGHTS]


def timed(times: int, call: Callable[[], object]) -> list[float]:
    """The seconds of each call, in order of length."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return sorted(found)


def main() -> None:
    draw = random.Random(2)  # noqa: S311
    vocabulary = words()
    with running(HUB) as (hub, start), socket.create_connection(hub.address) as connection:

        def search(**wanted: object) -> dict[str, object]:
            body = json.dumps({"pageNumber": 0, "pageSize": 20, "sort": [{}], **wanted}).encode()
            found: dict[str, object] = json.loads(ask(connection, request("POST", "/v2/models/paginate", body)))
            return found

        def text() -> str:
            return " ".join(draw.choices(vocabulary, WEIGHTS, k=draw.choice((1, 1, 2, 2, 3))))

        searches = timed(300, lambda: search(q=text()))
        filtered = timed(100, lambda: search(q=text(), functions=["translation"]))
        commonest = timed(20, lambda: search(q=vocabulary[0]))
        total = search(q=vocabulary[0])["total"]
        ids = [model["id"] for number in range(5) for model in search(pageNumber=500 * number)["results"]]  # type: ignore[attr-defined]
        gets = timed(500, lambda: ask(connection, request("GET", f"/v2/models/{draw.choice(ids)}")))
    print(f"\na catalog of {MODELS:,} models, which took {start:.1f} s to write and serve first")
    figures = {
        "ranked search": (searches, 20),
        "with a filter": (filtered, 20),
        f"a word of {total:,}": (commonest, None),
        "get": (gets, 1),
    }
    for name, (found, goal) in figures.items():
        middle, slow = statistics.median(found) * 1e3, found[len(found) * 95 // 100] * 1e3
        verdict = "" if goal is None else f"   goal: p50 at most {goal} ms: {'reached' if middle <= goal else 'MISSED'}"
        print(f"  {name:<22} p50 {middle:>6.2f} ms   p95 {slow:>6.2f} ms{verdict}")


if __name__ == "__main__":
    main()
