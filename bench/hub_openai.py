"""What does the outlet for clients of OpenAI cost, beside the hub's own protocol? The same upstream answers through both."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from bench.hub_durable import Hub, load, request
from bench.hub_upstream import PACED, ROUNDS, STREAMS, read_all, streams, through
from bench.measuring import report, serving

MESSAGE = b'"messages": [{"role": "user", "content": "hello"}]'
CHAT = request("POST", "/v1/chat/completions", b'{"model": "up/bench", "max_tokens": 100, ' + MESSAGE + b"}")
CHAT_STREAM = request("POST", "/v1/chat/completions", b'{"model": "up/%s", "stream": true, ' % PACED.encode() + MESSAGE + b"}")
RUN = request("POST", "/api/v2/execute/up/bench", b'{"text": "hello", "max_tokens": 100}')
RUN_STREAM = request("POST", f"/api/v2/execute/up/{PACED}", b'{"text": "hello", "options": {"stream": true}}')


def main() -> None:
    with serving() as url, through(url) as hub:
        load(hub, CHAT, 4, 1000)
        chat, run = _alternately(lambda: load(hub, CHAT, 16).cpu, lambda: load(hub, RUN, 16).cpu)
        report("completions at /v1: a CPU-second", {"ours": 1 / chat, "at /api/v2": 1 / run}, "", at_least=6000)
        chat, run = _alternately(lambda: _chunk(hub, CHAT_STREAM), lambda: _chunk(hub, RUN_STREAM))
        report("chunks of streams at /v1: a CPU-second", {"ours": 1 / chat, "at /api/v2": 1 / run}, "", at_least=25000)


def _alternately(first: Callable[[], float], second: Callable[[], float]) -> tuple[float, float]:
    """The medians of both."""
    firsts, seconds = zip(*((first(), second()) for _ in range(ROUNDS)), strict=True)
    return statistics.median(firsts), statistics.median(seconds)


def _chunk(hub: Hub, asked: bytes) -> float:
    """Seconds of the hub's CPU a chunk."""
    before = hub.cpu
    with streams(hub, asked, STREAMS) as connections:
        chunks = read_all(connections)
    return (hub.cpu - before) / chunks


if __name__ == "__main__":
    main()
