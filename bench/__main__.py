"""`./dev bench [NAME …]`: run the benchmarks, all or those that are named."""

from __future__ import annotations

import importlib
import platform
import sys
from pathlib import Path

QUESTIONS = ("import_time", "run_cpu", "hub_durable", "hub_catalog")


def main() -> None:
    unknown = [name for name in sys.argv[1:] if name not in QUESTIONS]
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(unknown)}; there are: {', '.join(QUESTIONS)}")
    cpus = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    print(f"Python {platform.python_version()}, {len(cpus)} × {cpus[0].split(':')[1].strip() if cpus else 'unknown CPU'}")
    for name in sys.argv[1:] or QUESTIONS:
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
