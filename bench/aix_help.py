"""How long does `aix --help` take?

Wall time of a whole process, which is what a person waits for, and of a Python that does nothing.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.measuring import ENVIRONMENT, HERE, alternate, report


def main() -> None:
    commands = {
        "bare Python": [HERE, "-c", "pass"],
        "ours": [HERE, "-m", "aixplain.cli", "--help"],
    }
    medians = alternate({name: _running(command) for name, command in commands.items()}, rounds=15)
    report("aix --help: wall time", medians, "ms", 1e3, at_most=150)


def _running(command: list[Path | str]) -> Callable[[], float]:
    def run() -> float:
        began = time.perf_counter()
        subprocess.run(command, check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.perf_counter() - began

    return run


if __name__ == "__main__":
    main()
