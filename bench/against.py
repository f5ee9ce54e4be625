"""`./dev bench --against COMMIT [NAME …]`: measure this checkout and an earlier commit in turn; print the change of each line.

The earlier commit gets a worktree and an environment of its own. Each round runs a benchmark there and here, in alternating
order, so that a busy machine slows both. Rivals are measured in both runs, too: how far their figures differ is the noise.
"""

from __future__ import annotations

import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.environments import ROOT

#: A change that is more than this is marked.
TOLERANCE = 0.05
LINE = re.compile(r"  (?P<name>\S.{0,30}?)\s+(?P<value>[\d,]+\.\d\d) (?P<unit>\S*)")
RIVALS = ("official", "openai", "bare socket", "litellm", "a flush alone")


class Line(NamedTuple):
    """A line of a benchmark's table."""

    what: str
    name: str
    unit: str

    @property
    def is_rate(self) -> bool:
        """Return True if more is better: rates have no unit."""
        return not self.unit


def compare(commit: str, names: Sequence[str], rounds: int) -> bool:
    """Measure both, print the table, and return True if no line is more than `TOLERANCE` worse."""
    worse: list[Line] = []
    with _checkout(commit) as other:
        for name in names:
            samples: dict[Line, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
            for number in range(rounds):
                for side in (0, 1) if number % 2 == 0 else (1, 0):
                    for line, value in _measure((other, ROOT)[side], name):
                        samples[line][side].append(value)
            lines = {line: both for line, both in samples.items() if all(both)}
            _print(name, lines, commit)
            worse.extend(line for line, both in lines.items() if _is_worse(line, both))
    print(f"\n{len(worse)} lines are more than {TOLERANCE:.0%} worse than {commit}")
    for line in worse:
        print(f"  {line.what}: {line.name}")
    return not worse


@contextlib.contextmanager
def _checkout(commit: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="aixplain-bench-") as folder:
        path = Path(folder, "checkout")
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", path, commit], cwd=ROOT, check=True)
        try:
            interop = ROOT / ".interop"
            interop.mkdir(exist_ok=True)
            (path / ".interop").symlink_to(interop.resolve())
            subprocess.run([path / "dev", "setup"], check=True)
            yield path
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", path], cwd=ROOT, check=False)


def _measure(checkout: Path, name: str) -> Iterator[tuple[Line, float]]:
    done = subprocess.run([checkout / "dev", "bench", name], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name} failed in {checkout}; it says why above.")
    what = ""
    for text in done.stdout.splitlines():
        if found := LINE.match(text):
            yield Line(what, found["name"], found["unit"]), float(found["value"].replace(",", ""))
        elif text and not text.startswith(" "):
            what = text


def _change(both: tuple[list[float], list[float]]) -> float:
    before, now = (statistics.median(values) for values in both)
    return now / before - 1 if before else 0.0


def _is_worse(line: Line, both: tuple[list[float], list[float]]) -> bool:
    change = -_change(both) if line.is_rate else _change(both)
    return not line.name.lower().startswith(RIVALS) and change > TOLERANCE


def _print(name: str, lines: dict[Line, tuple[list[float], list[float]]], commit: str) -> None:
    print(f"\n{name}: {commit}, this checkout, change")
    for line, both in lines.items():
        before, now = (statistics.median(values) for values in both)
        mark = " WORSE" if _is_worse(line, both) else ""
        print(
            f"  {line.what[:70]:<70} {line.name:<18}{before:>12,.2f}{now:>12,.2f} {line.unit:<4}{_change(both):>+7.1%}{mark}",
            flush=True,
        )
