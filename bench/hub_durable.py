"""How many durable runs a second does a hub do, how fast does it accept them, and what does it cost at rest?

A hub with the built-in models, unused, and one model that does nothing, over a file on this disk; the load comes from this
process, on a few connections, each of which posts its next run when the last one was accepted. A run counts when it has
ended in the database. CPU is the hub's whole process, kernel included.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.measuring import ENVIRONMENT, HERE, report

HUB = """
import sys
from aixplain.hub import Hub
hub = Hub()
@hub.model("bench/coroutine", asynchronous=True)
async def coroutine(text: str) -> str:
    return text
@hub.model("bench/function", asynchronous=True)
def function(text: str) -> str:
    return text
hub.serve(port=0, data=sys.argv[1], on_ready=lambda url: print(url, flush=True))
"""
BODY = b'{"text": "hello"}'
RUNS, ROUNDS = 5000, 5


class Load(NamedTuple):
    """What a load met: runs a second to their end, seconds of an accept in the middle and at the 99th of 100, CPU a run."""

    rate: float
    median: float
    slowest: float
    cpu: float


class Hub(NamedTuple):
    """A hub in a process of its own."""

    process: subprocess.Popen[str]
    address: tuple[str, int]

    @property
    def resident(self) -> float:
        """Megabytes."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    @property
    def cpu(self) -> float:
        """Seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def running(code: str = HUB) -> Iterator[tuple[Hub, float]]:
    """A hub over a folder of its own, and the seconds from its start to its first answer."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=Path.cwd()) as folder:
        began = time.perf_counter()
        process = subprocess.Popen([HERE, "-c", code, folder], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        try:
            assert process.stdout is not None
            parts = urlsplit(process.stdout.readline().strip())
            hub = Hub(process, (parts.hostname or "", parts.port or 0))
            with socket.create_connection(hub.address) as connection:
                ask(connection, request("GET", "/healthz"))
            yield hub, time.perf_counter() - began
        finally:
            process.terminate()
            process.wait(10)


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """A request as it travels."""
    told = {"host": "localhost", "content-type": "application/json", "content-length": str(len(body)), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def ask(connection: socket.socket, asked: bytes) -> bytes:
    """The body of the answer."""
    connection.sendall(asked)
    with connection.makefile("rb") as answer:
        length = 0
        while (line := answer.readline()) != b"\r\n":
            assert line, "the hub closed the connection"
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        return answer.read(length)


def load(hub: Hub, model: str, connections: int, runs: int = RUNS) -> Load:
    """Post runs on some connections, until all have ended."""
    asked = request("POST", f"/api/v2/execute/{model}", BODY)
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        sockets = [stack.enter_context(socket.create_connection(hub.address)) for _ in range(connections)]
        cpu, began = hub.cpu, time.perf_counter()
        accepts = post_all(selector, sockets, asked, runs)
        open_runs = request("GET", "/sdk/runs?status=IN_PROGRESS&pageSize=1")
        while json.loads(ask(sockets[0], open_runs))["total"]:
            time.sleep(0.002)
        seconds = time.perf_counter() - began
        accepts.sort()
        return Load(runs / seconds, accepts[len(accepts) // 2], accepts[len(accepts) * 99 // 100], (hub.cpu - cpu) / runs)


def post_all(selector: selectors.BaseSelector, sockets: list[socket.socket], asked: bytes, runs: int) -> list[float]:
    """The seconds of each accept."""
    sent: dict[socket.socket, float] = {}
    accepts: list[float] = []
    for number, each in enumerate(sockets):
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(each, selectors.EVENT_READ, number)
        sent[each] = time.perf_counter()
        each.sendall(asked)
    posted = len(sockets)
    while len(accepts) < runs:
        for key, _ in selector.select():
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            if not connection.recv(65536).endswith(b"}"):
                continue
            now = time.perf_counter()
            accepts.append(now - sent[connection])
            if posted < runs:
                posted += 1
                sent[connection] = now
                connection.sendall(asked)
    return accepts


def middle(loads: list[Load]) -> Load:
    """The median of each figure."""
    return Load(*map(statistics.median, zip(*loads, strict=True)))


def flush_seconds() -> float:
    """What the disk takes to keep 4 KB, in the middle: no accept can be faster."""
    with tempfile.TemporaryFile(dir=Path.cwd()) as file:
        times = []
        for _ in range(200):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    with running() as (hub, start):
        idle = hub.resident
        load(hub, "bench/coroutine", 4, 1000)
        few = middle([load(hub, "bench/coroutine", 5) for _ in range(ROUNDS)])
        many = middle([load(hub, "bench/coroutine", 16) for _ in range(ROUNDS)])
        threads = middle([load(hub, "bench/function", 5) for _ in range(ROUNDS)])
        loaded = hub.resident
    rates = {"16 connections": many.rate, "5, in threads": threads.rate, "5 connections": few.rate}
    report("durable runs, to their end, a second", rates, "", at_least=5000)
    accepts = {"a flush alone": flush_seconds(), "16 connections": many.median, "5, in threads": threads.median}
    report("durable runs: accept, p50", {**accepts, "5 connections": few.median}, "ms", 1e3, at_most=1)
    slowest = {"16 connections": many.slowest, "5, in threads": threads.slowest, "5 connections": few.slowest}
    report("durable runs: accept, p99", slowest, "ms", 1e3)
    cpu = {"16 connections": many.cpu, "5, in threads": threads.cpu, "5 connections": few.cpu}
    report("durable runs: the hub's CPU a run", cpu, "µs", 1e6)
    report("a hub's start to its first answer", {"ours": start}, "s", at_most=0.5)
    report("a hub at rest, built-in models unused: resident", {"ours": idle}, "MB", at_most=60)
    report("a hub after 75,000 runs: resident", {"ours": loaded}, "MB", at_most=80)


if __name__ == "__main__":
    main()
