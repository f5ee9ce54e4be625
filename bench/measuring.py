"""Alternating runs, medians and ratios, printed as a table."""

from __future__ import annotations

import contextlib
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.environments import ROOT, ours

HERE = Path(sys.executable)
#: Without the settings that slow Python down, such as PYTHONDONTWRITEBYTECODE. The official package wants the last one.
ENVIRONMENT = {
    **{key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
    "AIXPLAIN_ALLOW_INSECURE_URLS": "1",
}
OUR_ENVIRONMENT = {**ENVIRONMENT, "PYTHONPATH": str(ROOT / "src")}


def _environment(python: Path) -> dict[str, str]:
    return OUR_ENVIRONMENT if python == ours() else ENVIRONMENT


def cpu_of(python: Path, code: str) -> float:
    """Seconds of CPU, user and system, that a fresh process takes for this code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([python, "-c", code], check=True, env=_environment(python))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def number_from(python: Path, code: str) -> float:
    """The number that this code prints in a fresh process."""
    printed = subprocess.run([python, "-c", code], check=True, env=_environment(python), capture_output=True, text=True).stdout
    return float(printed.split()[-1])


def alternate(measures: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each, measured in turn: A B A B …, after one round that doesn't count."""
    for measure in measures.values():
        measure()
    samples: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            samples[name].append(measure())
    return {name: statistics.median(values) for name, values in samples.items()}


def report(title: str, medians: dict[str, float], unit: str, scale: float, *, ours: str, goal: tuple[str, float]) -> None:
    """Print the medians, our share of each rival's, and how that stands to the goal."""
    print(f"\n{title}")
    for name, value in medians.items():
        share = "" if name == ours else f"   ours is 1/{value / medians[ours]:.1f} of it"
        print(f"  {name:<22}{value * scale:>10.2f} {unit}{share}")
    rival, factor = goal
    reached = medians[rival] / medians[ours]
    print(f"  goal: at most 1/{factor:g} of {rival}: {'reached' if reached >= factor else 'MISSED'} (1/{reached:.1f})")


HUB = """
import sys
from aixplain.hub import Hub
hub = Hub(builtin=False)
@hub.model("bench/echo", function="utilities")
def echo(text: str, temperature: float = 0.5) -> str:
    return text
hub.serve(port=0, on_ready=lambda url: print(url, flush=True))
"""


@contextlib.contextmanager
def hub_process() -> Iterator[str]:
    """A hub with one trivial model, in a process of its own; its address."""
    process = subprocess.Popen([HERE, "-c", HUB], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)
        time.sleep(0.1)
