"""Clients in processes of their own, asked in turn; medians and ratios, printed as a table beside the goals."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench import environments
from bench.environments import ROOT

HERE = Path(sys.executable)
CLIENTS_FOLDER = ROOT / "bench" / "clients"
#: Without the settings that slow Python down, such as PYTHONDONTWRITEBYTECODE. The official package wants the last one.
ENVIRONMENT = {
    **{key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
    "AIXPLAIN_ALLOW_INSECURE_URLS": "1",
}


class Client(NamedTuple):
    """Who is measured: in which environment, by which script."""

    python: Callable[[], Path]
    script: str = "with_aixplain.py"
    environment: Mapping[str, str] = ENVIRONMENT


OUR_ENVIRONMENT = {**ENVIRONMENT, "PYTHONPATH": str(ROOT / "src")}
CLIENTS = {
    "official": Client(lambda: environments.official("0.2.48")),
    "openai": Client(environments.openai, "with_openai.py"),
    "bare socket": Client(environments.ours, "with_socket.py"),
    "ours": Client(environments.ours, environment=OUR_ENVIRONMENT),
    "ours on asyncio": Client(environments.ours, "with_aixplain_async.py", OUR_ENVIRONMENT),
}


class Placement(NamedTuple):
    """Which CPUs the server and the clients may use. To sleep and wake costs the more, the further apart they are."""

    server: set[int]
    clients: set[int]


_CPUS = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
ANYWHERE = Placement(set(_CPUS), set(_CPUS))
#: As with a service elsewhere: whoever waits for it sleeps for good.
APART = Placement(set(_CPUS[-1:]), set(_CPUS[:-1])) if len(_CPUS) > 1 else ANYWHERE
#: As the kernel likes it with a service on the same machine: whoever waits hands over. Here a client's own work weighs most.
TOGETHER = Placement(set(_CPUS[-1:]), set(_CPUS[-1:]))
PLACES = {"the server on another CPU": APART, "the server on the same CPU": TOGETHER}


# --- Processes ------------------------------------------------------------------------------------


def cpu_of(name: str, code: str) -> float:
    """Seconds of CPU, user and system, that a fresh process of this client's Python takes for this code."""
    client = CLIENTS[name]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([client.python(), "-c", code], check=True, env=client.environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Worker:
    """A client in a process of its own, which does the tasks that it is asked for."""

    def __init__(self, client: Client, url: str, cpus: set[int]) -> None:
        command = [client.python(), CLIENTS_FOLDER / client.script, url]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=client.environment)
        _pin(self._process, cpus)

    def start(self, task: str, argument: Any) -> None:
        """Ask for a task; `finish` waits for it."""
        assert self._process.stdin is not None
        print(json.dumps([task, argument]), file=self._process.stdin, flush=True)

    def finish(self) -> Any:
        """What the task gave."""
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline() or sys.exit("A client's process failed; it says why above."))

    def ask(self, task: str, argument: Any) -> Any:
        """Do a task, and give its figure."""
        self.start(task, argument)
        return self.finish()

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(10)


def _pin(process: subprocess.Popen[str], cpus: set[int]) -> None:
    if cpus and sys.platform == "linux":
        os.sched_setaffinity(process.pid, cpus)


@contextlib.contextmanager
def serving(placement: Placement = ANYWHERE) -> Iterator[str]:
    """The scripted server in a process of its own; its address."""
    process = subprocess.Popen([HERE, "-m", "bench.server"], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=ROOT)
    _pin(process, placement.server)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def working(url: str, *names: str, placement: Placement = ANYWHERE) -> Iterator[dict[str, Worker]]:
    """A process for each of these clients."""
    with contextlib.ExitStack() as stack:
        workers = {}
        for name in names:
            workers[name] = stack.enter_context(contextlib.closing(Worker(CLIENTS[name], url, placement.clients)))
        yield workers


# --- Figures --------------------------------------------------------------------------------------


def alternate(measures: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each, measured in turn: A B A B …, after one round that doesn't count."""
    for measure in measures.values():
        measure()
    samples: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            samples[name].append(measure())
    return {name: statistics.median(values) for name, values in samples.items()}


def in_turn(tasks: Mapping[str, tuple[str, Any]], rounds: int, placement: Placement = APART) -> dict[str, float]:
    """The median of each client's task, `{client: (task, argument)}`, asked of processes that stay."""
    with serving(placement) as url, working(url, *tasks, placement=placement) as workers:
        return alternate({name: _asking(workers[name], *task) for name, task in tasks.items()}, rounds)


def _asking(worker: Worker, task: str, argument: Any) -> Callable[[], float]:
    return lambda: worker.ask(task, argument)


def in_fresh_processes(tasks: Mapping[str, tuple[str, Any]], rounds: int = 1) -> dict[str, float]:
    """The median of each client's task, each time in a process that did nothing else: for memory."""
    samples: dict[str, list[float]] = {name: [] for name in tasks}
    with serving() as url:
        for _ in range(rounds):
            for name, task in tasks.items():
                with working(url, name) as workers:
                    samples[name].append(workers[name].ask(*task))
    return {name: statistics.median(values) for name, values in samples.items()}


# --- The table ------------------------------------------------------------------------------------


class Figure(NamedTuple):
    """One cell of the table: how ours stands to a rival, or to a bound."""

    what: str
    against: str
    goal: str
    reached: bool
    measured: str


figures: list[Figure] = []


def report(
    what: str,
    values: Mapping[str, float],
    unit: str,
    scale: float = 1.0,
    *,
    goals: Mapping[str, float] | None = None,
    at_most: float | None = None,
    at_least: float | None = None,
) -> None:
    """Print each client's value, what ours is of it, and the goal: `goals={"official": 1 / 12}`, or a bound in `unit`.

    The last of `values` is ours.
    """
    print(f"\n{what}")
    *_, ours = values.values()
    for name, value in values.items():
        goal = (goals or {}).get(name)
        ratio = _ratio(ours / value) if value and value is not ours else ""
        verdict = "" if goal is None else _judge(what, name, f"≤ {_ratio(goal)}", ours <= goal * value, ratio)
        if value is ours and at_most is not None:
            verdict = _judge(what, "", f"≤ {at_most:g} {unit}", ours * scale <= at_most, f"{ours * scale:.3g} {unit}")
        if value is ours and at_least is not None:
            verdict = _judge(what, "", f"{at_least:g} {unit}", ours * scale >= at_least, f"{ours * scale:.3g} {unit}")
        print(f"  {name:<16}{value * scale:>12,.2f} {unit:<4}{ratio and 'ours is ' + ratio:<20}{verdict}".rstrip())


def _judge(what: str, against: str, goal: str, reached: bool, measured: str) -> str:
    figures.append(Figure(what, against, goal, reached, measured))
    return f"goal {goal:<9} {'reached' if reached else 'MISSED'}"


def _ratio(share: float) -> str:
    """A share as people say it: 1/12.5, or 1.3 ×."""
    return f"1/{1 / share:.3g}" if share < 1 else f"{share:.3g} ×"


def summary() -> None:
    """Every goal that was missed, and how many were reached."""
    missed = [figure for figure in figures if not figure.reached]
    print(f"\n{len(figures) - len(missed)} of {len(figures)} goals reached" + (", missed:" if missed else ""))
    for figure in missed:
        against = f" of {figure.against}" if figure.against else ""
        print(f"  {figure.what}: {figure.measured}{against}, goal {figure.goal}")
