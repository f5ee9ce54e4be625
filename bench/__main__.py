"""`./dev bench [NAME …]`: run the benchmarks, all or those that are named."""

from __future__ import annotations

import importlib
import os
import platform
import re
import sys
from pathlib import Path

from bench.environments import ROOT
from bench.measuring import summary

QUESTIONS = (
    "import_time",
    "ready_time",
    "get",
    "search_page",
    "run_sync",
    "run_threads",
    "run_asyncio",
    "stream_openai_chunks",
    "stream_data_chunks",
    "stream_paced",
    "stream_connections",
    "stream_lateness",
    "stream_memory",
    "map_memory",
    "page_memory",
    "polling",
)


def main() -> None:
    unknown = [name for name in sys.argv[1:] if name not in QUESTIONS]
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(unknown)}; there are: {', '.join(QUESTIONS)}")
    print(f"{_machine()}, load {os.getloadavg()[0]:.1f}; official {_version('official-0.2.48')}, openai {_version('openai')}")
    for name in sys.argv[1:] or QUESTIONS:
        importlib.import_module(f"bench.{name}").main()
    summary()


def _machine() -> str:
    cpus = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"Python {platform.python_version()}, {len(cpus)} × {cpus[0].split(':')[1].strip() if cpus else 'unknown CPU'}"


def _version(lock: str) -> str:
    package = "aixplain" if lock.startswith("official") else lock
    found = re.search(rf"^{package}==(\S+)", (ROOT / "requirements" / f"{lock}.lock").read_text(), re.MULTILINE)
    return found[1] if found else "?"


if __name__ == "__main__":
    main()
