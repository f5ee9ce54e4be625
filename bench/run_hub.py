"""What does one blocking `run` cost against our own hub on loopback, beside official 0.2.41, the release of the reference?

CPU of the client's process a run, all threads; a fresh process each time. The hub serves one trivial model, and keeps each
run on the disk before it answers, so both clients sleep for most of a run.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.environments import official, ours
from bench.measuring import ENVIRONMENT, HERE, OUR_ENVIRONMENT, alternate, report

HUB = """
from aixplain.hub import Hub
hub = Hub(builtin=False)
@hub.model("bench/echo")
def echo(text: str, temperature: float = 0.5) -> str:
    return text
hub.serve(port=0, on_ready=lambda url: print(url, flush=True))
"""

RUNS = """
import time
from aixplain.v2 import Aixplain
aix = Aixplain(api_key="bench", backend_url={url!r}, model_url={url!r} + "/api/v2/execute")
model = aix.Model.get("bench/echo")
for _ in range(50):
    model.run(text="hello")
before = time.process_time()
for _ in range({runs}):
    assert model.run(text="hello").data == "hello"
print((time.process_time() - before) / {runs})
"""


def main() -> None:
    with hub() as url:
        measures = {
            "official": lambda: cpu_a_run(official("0.2.41"), ENVIRONMENT, RUNS.format(url=url, runs=300)),
            "ours": lambda: cpu_a_run(ours(), OUR_ENVIRONMENT, RUNS.format(url=url, runs=2000)),
        }
        values = alternate(measures, rounds=7)
    report("run on our hub, beside official 0.2.41: CPU a run", values, "µs", 1e6, goals={"official": 1 / 10})


@contextlib.contextmanager
def hub() -> Iterator[str]:
    """A hub in a process of its own; its address."""
    process = subprocess.Popen([HERE, "-c", HUB], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


def cpu_a_run(python: Path, environment: dict[str, str], code: str) -> float:
    """Seconds, as the code prints them."""
    return float(subprocess.run([python, "-c", code], check=True, env=environment, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
