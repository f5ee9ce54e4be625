"""What does the hub cost between a client of OpenAI and a service that speaks so, beside LiteLLM's proxy?

The scripted server is the service, with fixed answers. Both want a key, and get the same requests at /v1/chat/completions; the
hub counts them by every limit there is, of the key and of the model, and has a ledger on this disk; the proxy has no database.
Latency is what either adds to a request on one connection; CPU is its whole process, kernel included.
"""

from __future__ import annotations

import contextlib
import json
import resource
import selectors
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bench import environments
from bench.hub_durable import Hub, ask, post_all, request, running
from bench.measuring import ENVIRONMENT, report, serving

KEY = "sk-bench-0123456789abcdef0123456789abcdef"
HUB = """
import asyncio, sys
from pathlib import Path
from aixplain.hub import Hub
from aixplain.hub.backends.openai.entries import entries_of
from aixplain.hub.backends.openai.listing import Offered
from aixplain.hub.backends.openai.upstream import Upstream
from aixplain.hub.keys import digest_of, id_of
from aixplain.hub.opening import Place
from aixplain.hub.opening.books import books
from aixplain.hub.store.keys import Key, Limits
hub = Hub()
models = [Offered(name) for name in {models!r}]
for entry in entries_of(Upstream("up", {url!r} + "/v1"), models, None, 600):
    hub.add(entry)
async def keep_key():
    limits = Limits(rpm=10**9, rpd=10**9, tpm=10**9, tpd=10**9, credits=1e9)
    digest = digest_of({key!r})
    async with books(Place(Path(sys.argv[1]))) as kept:
        await kept.keys.add(Key(id_of(digest), "bench", limits=limits, model_limits={{"up/bench": limits}}), digest)
asyncio.run(keep_key())
hub.serve(port=0, data=sys.argv[1], on_ready=lambda url: print(url, flush=True))
"""
PACED, STREAMS = "openai.100.20000.chunked", 100
HELD, OPEN = "openai.2.10000000.chunked", 2000
MODELS = ["bench", PACED, HELD]
REQUESTS, ROUNDS = 1000, 5


class Latency(NamedTuple):
    """Seconds, in the middle and at the 99th of 100."""

    median: float
    slowest: float


def main() -> None:
    with serving() as url, through_hub(url) as ours, through_litellm(url) as theirs:
        served = {"LiteLLM": (theirs, ""), "ours": (ours, "up/")}
        for hub, name in served.values():
            _latency(hub.address, completion(name + "bench"))
        added = {name: _added(url, *each) for name, each in served.items()}
        cpu = {name: _middle(lambda each=each: _completion_cpu(*each)) for name, each in served.items()}
        chunk = {name: _middle(lambda each=each: _chunk_cpu(*each)) for name, each in served.items()}
        idle = {name: hub.resident for name, (hub, _) in served.items()}
        held = _resident_with_open_streams(ours)
    report(
        "before an upstream: added latency, p50", {name: each.median for name, each in added.items()}, "ms", 1e3, at_most=0.3
    )
    report("before an upstream: added latency, p99", {name: each.slowest for name, each in added.items()}, "ms", 1e3, at_most=2)
    report("completions a CPU-second", {name: 1 / each for name, each in cpu.items()}, "", at_least=6000)
    report(
        f"chunks of {STREAMS} paced streams a CPU-second", {name: 1 / each for name, each in chunk.items()}, "", at_least=25000
    )
    report("before an upstream: resident", idle, "MB")
    report(f"{OPEN} open streams of an upstream: resident", {"ours": held}, "MB", at_most=250)


@contextlib.contextmanager
def through_hub(url: str) -> Iterator[Hub]:
    """A hub before the scripted server."""
    with running(HUB.format(models=MODELS, url=url, key=KEY)) as (hub, _):
        yield hub


@contextlib.contextmanager
def through_litellm(url: str) -> Iterator[Hub]:
    """LiteLLM's proxy before the scripted server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address: tuple[str, int] = free.getsockname()
    parameters = {"api_base": f"{url}/v1", "api_key": "none"}
    models = [{"model_name": name, "litellm_params": {"model": f"openai/{name}", **parameters}} for name in MODELS]
    environment = {**ENVIRONMENT, "LITELLM_MASTER_KEY": KEY, "LITELLM_LOG": "ERROR"}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(json.dumps({"model_list": models, "litellm_settings": {"telemetry": False}}))
        python = environments.litellm()
        command = [python.with_name("litellm"), "--config", config, "--host", "127.0.0.1", "--port", str(address[1])]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, text=True)
        try:
            _wait_for(address)
            yield Hub(process, address)
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(address: tuple[str, int]) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(address).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "LiteLLM's proxy did not start"
            time.sleep(0.2)


def completion(model: str, *, stream: bool = False) -> bytes:
    """A request for a completion, as it travels."""
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 100, "stream": stream}
    return request("POST", "/v1/chat/completions", json.dumps(body).encode(), authorization=f"Bearer {KEY}")


def _middle(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(ROUNDS))


def _added(url: str, hub: Hub, prefix: str) -> Latency:
    """What is added to the times of a request."""
    parts = urlsplit(url)
    rounds = []
    for _ in range(ROUNDS):
        direct = _latency((parts.hostname or "", parts.port or 0), completion("bench"))
        through = _latency(hub.address, completion(f"{prefix}bench"))
        rounds.append(Latency(through.median - direct.median, through.slowest - direct.slowest))
    return Latency(*map(statistics.median, zip(*rounds, strict=True)))


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


def _completion_cpu(hub: Hub, prefix: str) -> float:
    """Seconds of CPU a completion, on 16 connections."""
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        connections = [stack.enter_context(socket.create_connection(hub.address)) for _ in range(16)]
        before = hub.cpu
        post_all(selector, connections, completion(f"{prefix}bench"), REQUESTS)
        return (hub.cpu - before) / REQUESTS


def _chunk_cpu(hub: Hub, prefix: str) -> float:
    """Seconds of CPU a chunk."""
    before = hub.cpu
    with _streams(hub, prefix + PACED, STREAMS) as connections:
        chunks = _read_all(connections)
    return (hub.cpu - before) / chunks


@contextlib.contextmanager
def _streams(hub: Hub, model: str, count: int) -> Iterator[list[socket.socket]]:
    """So many streams, each asked for on a connection of its own."""
    asked = completion(model, stream=True)
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
                assert data, "a stream was cut"
                events += data.count(b"data: ")
                if b"[DONE]" in data:
                    selector.unregister(connection)
    return events


def _resident_with_open_streams(hub: Hub) -> float:
    """Megabytes, once each stream has given its first chunk."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN * 2 + 1000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with _streams(hub, f"up/{HELD}", OPEN) as connections:
        for connection in connections:
            data = b""
            while b"data: " not in data:
                data += connection.recv(65536)
                assert data.startswith(b"HTTP/1.1 200"), data
        return hub.resident


if __name__ == "__main__":
    main()
