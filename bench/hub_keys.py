"""What do keys, limits and the ledger's sums cost a hub?

To find a key and to count a request is timed inside one process, on a loop as the hub does it; the sums over a ledger of a
million runs in a file on the disk, beside the same sums made from the runs themselves.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from aixplain.hub.keys import Keyring, make
from aixplain.hub.limits import MemoryLimiter, Windows
from aixplain.hub.store.keys import Key, Limits
from aixplain.hub.store.runs import Ending
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.store.sqlite.keys import SqliteKeys
from aixplain.hub.store.sqlite.usage import SqliteUsage
from aixplain.hub.store.usage import PARTS, UsageWanted
from bench.measuring import alternate, report

TIMES = 20_000
RUNS, KEYS, MODELS, DAYS = 1_000_000, 20, 30, 90
LIMITS = Limits(rpm=10**9, rpd=10**9, tpm=10**9, tpd=10**9, credits=1e9)
ENDING = Ending("finished", b"{}", prompt_tokens=3, completion_tokens=4, credits=0.5)
#: The sums by day, model and key, without a table of sums.
FROM_RUNS = """
SELECT CAST(ended_at / 86400 AS INTEGER), model, caller, count(*), sum(state = 'finished'), sum(state = 'canceled'),
    sum(prompt_tokens), sum(completion_tokens), sum(credits), sum(ended_at - started_at)
FROM runs WHERE ended_at >= ? GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
ONE_RUN = "INSERT INTO runs (id, model, caller, state, attempts, accepted_at, started_at, ended_at, prompt_tokens, credits)"


async def each(times: int, call: Callable[[], Awaitable[object]]) -> float:
    """The seconds that a call takes of this process."""
    began = time.process_time()
    for _ in range(times):
        await call()
    return (time.process_time() - began) / times


async def keys_and_limits(folder: Path) -> None:
    """Find a key, and count a request with every limit there is, of the key and of the model."""
    with closing(SqliteStore(folder / "keys.sqlite")) as store:
        keys = SqliteKeys(store)
        key, secret = await make(keys, Key("new", "ada", limits=LIMITS, model_limits={"acme/shout": LIMITS}))
        keyring, limiter = Keyring(keys, ()), MemoryLimiter(SqliteUsage(store).spent)

        async def run() -> None:
            found = await keyring.find(secret)
            assert found is not None
            await limiter.admit(found, "acme/shout")
            limiter.add(key.id, "acme/shout", ENDING)

        async def unlimited() -> None:
            await keyring.find(secret)
            await limiter.admit(Key("1", "bob"), "acme/shout")

        values = {"no limits": await each(TIMES, unlimited), "all limits": await each(TIMES, run)}
    report("a key found, a request checked, counted and added up: CPU", values, "µs", 1e6, at_most=10)


def fill(folder: Path) -> SqliteStore:
    """A ledger of a million runs."""
    draw, now = random.Random(1), time.time()
    store = SqliteStore(folder / "hub.sqlite")
    file = sqlite3.connect(folder / "hub.sqlite")
    rows = (
        (
            f"{number}",
            f"maker/model-{draw.randrange(MODELS)}",
            f"key-{draw.randrange(KEYS)}",
            draw.choice(("finished", "finished", "finished", "failed")),
            *(ended := now - draw.random() * DAYS * 86400, ended, ended + 1),
            100,
            0.01,
        )
        for number in range(RUNS)
    )
    file.executemany(f"{ONE_RUN} VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?)", rows)
    file.execute(
        "INSERT INTO usage SELECT CAST(ended_at / 86400 AS INTEGER), caller, model, state, count(*), sum(prompt_tokens), "
        "sum(completion_tokens), sum(credits), sum(ended_at - started_at) FROM runs GROUP BY 1, 2, 3, 4"
    )
    file.commit()
    file.close()
    return store


def sums(folder: Path) -> None:
    """The sums of thirty days, of ninety, and what a key with limits begins with."""
    with closing(fill(folder)) as store:
        usage, windows = SqliteUsage(store), Windows.at(time.time())

        def from_runs(days: int) -> float:
            began = time.perf_counter()
            store.reader().execute(FROM_RUNS, [(windows.day + 1 - days) * 86400]).fetchall()
            return time.perf_counter() - began

        def from_sums(days: int) -> float:
            wanted = UsageWanted(windows.day + 1 - days, windows.day + 1, PARTS)
            began = time.perf_counter()
            asyncio.run(usage.sums(wanted))
            return time.perf_counter() - began

        for days in (30, DAYS):
            measures = {"from the runs": partial(from_runs, days), "ours": partial(from_sums, days)}
            report(f"sums by day, model and key of {days} days, {RUNS:,} runs in 90", alternate(measures, 3), "ms", 1e3)
        began = time.perf_counter()
        usage.spent("key-1", windows.minute * 60, windows.day, windows.month)
        report("what a key's counting begins with", {"ours": time.perf_counter() - began}, "ms", 1e3)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(keys_and_limits(folder))
        sums(folder)


if __name__ == "__main__":
    main()
