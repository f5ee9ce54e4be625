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
from typing import Any

from bench.hub_durable import ask, request, running
from bench.measuring import report

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
    draw = random.Random(0)
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
    draw = random.Random(2)
    vocabulary = words()
    with running(HUB) as (hub, start), socket.create_connection(hub.address) as connection:

        def search(**wanted: object) -> dict[str, Any]:
            body = json.dumps({"pageNumber": 0, "pageSize": 20, "sort": [{}], **wanted}).encode()
            found: dict[str, Any] = json.loads(ask(connection, request("POST", "/v2/models/paginate", body)))
            return found

        def text() -> str:
            return " ".join(draw.choices(vocabulary, WEIGHTS, k=draw.choice((1, 1, 2, 2, 3))))

        searches = timed(300, lambda: search(q=text()))
        filtered = timed(100, lambda: search(q=text(), functions=["translation"]))
        commonest = timed(20, lambda: search(q=vocabulary[0]))
        total = search(q=vocabulary[0])["total"]
        ids = [model["id"] for number in range(5) for model in search(pageNumber=500 * number)["results"]]
        gets = timed(500, lambda: ask(connection, request("GET", f"/v2/models/{draw.choice(ids)}")))
    texts = {f"a word of {total:,}": commonest, "texts and a filter": filtered, "texts": searches}
    for share, name in ((50, "p50"), (95, "p95")):
        values = {text: found[len(found) * share // 100] for text, found in texts.items()}
        report(f"ranked search among {MODELS:,} models, {name}", values, "ms", 1e3, at_most=20 if share == 50 else None)
    report(f"get among {MODELS:,} models, p50", {"ours": statistics.median(gets)}, "ms", 1e3, at_most=1)
    report(f"first start over {MODELS:,} models", {"ours": start}, "s")


if __name__ == "__main__":
    main()
