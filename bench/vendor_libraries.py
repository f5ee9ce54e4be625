"""Which library asks vendors that don't speak OpenAI at the least cost?

Each in an environment of its own, with what it needs for Anthropic, before the scripted server in Anthropic's shape, whose
answer has thoughts, a text and a call of a tool. The vendor's own client is the least that a library over it can cost. Packages
and their files are those of the environment; the start is a fresh process's, up to its first answer; resident is after that.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

from bench import environments
from bench.measuring import APART, ENVIRONMENT, Client, Worker, alternate, report, serving

#: The libraries, and the lock files of their environments.
LIBRARIES = {
    "litellm": "litellm-library",
    "langchain": "langchain-anthropic",
    "pydantic-ai": "pydantic-ai",
    "aisuite": "aisuite",
    "anthropic": "anthropic",
    "any-llm": "any-llm",
}
STREAM = "anthropic.1000.0.chunked"
ROUNDS = 5


def main() -> None:
    clients = {name: _client(name, lock) for name, lock in LIBRARIES.items()}
    with serving(APART) as url:
        opened = {name: _opened(client, url) for name, client in clients.items()}
        with contextlib.ExitStack() as stack:
            workers = {
                name: stack.enter_context(contextlib.closing(Worker(client, url, APART.clients)))
                for name, client in clients.items()
            }
            _tell(workers)
            ask = partial(_alternately, workers)
            cpu, latency = ask("run", [1, 200]), ask("latency", 200)
            chunk = ask("stream", STREAM)
            for name, worker in workers.items():
                print(f"  {name:<22}looked up: {', '.join(worker.ask('reached', None)) or 'nobody'}")
    for number, (what, unit, scale) in enumerate([("start", "s", 1), ("start: CPU", "s", 1), ("resident", "MB", 1e-6)]):
        report(f"a library for vendors, {what}", {name: told[number] for name, told in opened.items()}, unit, scale)
    report("a library for vendors: CPU a completion", cpu, "ms", 1e3)
    report("a library for vendors: a completion, p50", latency, "ms", 1e3)
    report("a library for vendors: CPU a chunk", chunk, "µs", 1e6)


def _client(name: str, lock: str) -> Client:
    # LiteLLM would fetch its list of prices from elsewhere; all are measured without.
    environment = {**ENVIRONMENT, "LIBRARY": name, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    return Client(partial(environments.vendor_library, lock), "with_vendor_library.py", environment)


def _opened(client: Client, url: str) -> list[float]:
    """The middle of seconds, seconds of CPU and bytes of fresh processes, after one that doesn't count."""
    rounds = []
    for _ in range(ROUNDS + 1):
        with contextlib.closing(Worker(client, url, APART.clients)) as worker:
            rounds.append(worker.ask("opened", None))
    return [sorted(values)[ROUNDS // 2] for values in zip(*rounds[1:], strict=True)]


def _tell(workers: dict[str, Worker]) -> None:
    """What is installed, and what of the answer comes through."""
    for name, worker in workers.items():
        packages, size = worker.ask("installed", None)
        through = ", ".join(worker.ask("came through", None))
        print(f"  {name:<22}{packages:>4.0f} packages {size / 1e6:>6.0f} MB   comes through: {through}")


def _alternately(workers: dict[str, Worker], task: str, argument: Any) -> dict[str, float]:
    asking: dict[str, Callable[[], float]] = {name: partial(worker.ask, task, argument) for name, worker in workers.items()}
    return alternate(asking, ROUNDS)


if __name__ == "__main__":
    main()
