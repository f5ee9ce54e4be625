"""What does the hub cost between a client and a service that speaks OpenAI?

The scripted server is the service, with fixed answers; the hub has its ledger on this disk. Latency is what the hub adds to a
request on one connection; CPU is the hub's whole process, kernel included. A run is in the ledger before its answer leaves.
"""

from __future__ import annotations

import contextlib
import resource
import selectors
import socket
import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.hub_durable import Hub, ask, load, request, running
from bench.measuring import report, serving

HUB = """
import sys
from aixplain.hub import Hub
from aixplain.hub.backends.openai.entries import entries_of
from aixplain.hub.backends.openai.listing import Offered
from aixplain.hub.backends.openai.upstream import Upstream
hub = Hub()
models = [Offered(name) for name in {models!r}]
for entry in entries_of(Upstream("up", {url!r} + "/v1"), models, None, 600):
    hub.add(entry)
hub.serve(port=0, data=sys.argv[1], on_ready=lambda url: print(url, flush=True))
"""
PACED, STREAMS = "openai.100.20000.chunked", 100
HELD, OPEN = "openai.2.10000000.chunked", 2000
ASKED = b'{"text": "hello", "max_tokens": 100}'
DIRECT = b'{"model": "bench", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 100}'
STREAMED = b'{"text": "hello", "options": {"stream": true}}'
REQUESTS, ROUNDS = 2000, 5


class Latency(NamedTuple):
    """Seconds, in the middle and at the 99th of 100."""

    median: float
    slowest: float


def main() -> None:
    with serving() as url, through(url) as hub:
        load(hub, "up/bench", 4, 1000)
        added = [_added(hub, url) for _ in range(ROUNDS)]
        cpu = statistics.median(load(hub, "up/bench", 16).cpu for _ in range(ROUNDS))
        chunk = statistics.median(_chunk_cpu(hub) for _ in range(ROUNDS))
        idle = hub.resident
        held = _resident_with_open_streams(hub)
    report(
        "the hub before an upstream: added latency, p50",
        {"ours": statistics.median(each.median for each in added)},
        "ms",
        1e3,
        at_most=0.3,
    )
    report(
        "the hub before an upstream: added latency, p99",
        {"ours": statistics.median(each.slowest for each in added)},
        "ms",
        1e3,
        at_most=2,
    )
    report("completions by an upstream: a CPU-second", {"ours": 1 / cpu}, "", at_least=6000)
    report(f"chunks of {STREAMS} paced streams of an upstream: a CPU-second", {"ours": 1 / chunk}, "", at_least=25000)
    report(f"a hub with {OPEN} open streams of an upstream: resident", {"without": idle, "ours": held}, "MB", at_most=250)


@contextlib.contextmanager
def through(url: str) -> Iterator[Hub]:
    """A hub before the scripted server."""
    with running(HUB.format(models=["bench", PACED, HELD], url=url)) as (hub, _):
        yield hub


def _added(hub: Hub, url: str) -> Latency:
    """What the hub adds to the times of a request."""
    parts = urlsplit(url)
    direct = _latency((parts.hostname or "", parts.port or 0), request("POST", "/v1/chat/completions", DIRECT))
    ours = _latency(hub.address, request("POST", "/api/v2/execute/up/bench", ASKED))
    return Latency(ours.median - direct.median, ours.slowest - direct.slowest)


def _latency(address: tuple[str, int], asked: bytes) -> Latency:
    times = []
    with socket.create_connection(address) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(REQUESTS):
            began = time.perf_counter()
            ask(connection, asked)
            times.append(time.perf_counter() - began)
    times.sort()
    return Latency(times[len(times) // 2], times[len(times) * 99 // 100])


def _chunk_cpu(hub: Hub) -> float:
    """Seconds of the hub's CPU a chunk."""
    before = hub.cpu
    with _streams(hub, PACED, STREAMS) as connections:
        chunks = _read_all(connections)
    return (hub.cpu - before) / chunks


@contextlib.contextmanager
def _streams(hub: Hub, model: str, count: int) -> Iterator[list[socket.socket]]:
    """So many streams, each asked for on a connection of its own."""
    asked = request("POST", f"/api/v2/execute/up/{model}", STREAMED)
    with contextlib.ExitStack() as stack:
        connections = []
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection(hub.address))
            connection.sendall(asked)
            connections.append(connection)
        yield connections


def _read_all(connections: list[socket.socket]) -> int:
    """Read streams to their ends; gives the number of their events."""
    events = 0
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                data = connection.recv(65536)
                events += data.count(b"data: ")
                if b"[DONE]" in data or not data:
                    selector.unregister(connection)
    return events


def _resident_with_open_streams(hub: Hub) -> float:
    """Megabytes, once each stream has given its first chunk."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN * 2 + 1000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with _streams(hub, HELD, OPEN) as connections:
        for connection in connections:
            data = b""
            while b"data: " not in data:
                data += connection.recv(65536)
        return hub.resident


if __name__ == "__main__":
    main()
