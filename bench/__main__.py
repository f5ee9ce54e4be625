"""`./dev bench [NAME …] [--json FILE] [--against COMMIT]`: run the benchmarks, all or those that are named."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import re
import sys
from pathlib import Path

from bench.against import compare
from bench.environments import ROOT, Unavailable
from bench.measuring import figures, summary

QUESTIONS = (
    "import_time",
    "ready_time",
    "get",
    "search_page",
    "run_sync",
    "run_hub",
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
    "hub_durable",
    "hub_postgres",
    "hub_catalog",
    "hub_keys",
    "hub_upstream",
    "vendor_libraries",
    "hub_page",
    "aix_help",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench", description="Measure, beside the rivals; see bench/README.md.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, or some of: {', '.join(QUESTIONS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the goals and how they were met here too")
    parser.add_argument("--against", metavar="COMMIT", help="measure this commit too, in turn, and print the changes")
    parser.add_argument("--rounds", type=int, default=3, help="how often each side is measured with --against (default 3)")
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in QUESTIONS]:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(QUESTIONS)}")
    print(f"{_machine()}, load {os.getloadavg()[0]:.1f}; official {_version('official-0.2.48')}, openai {_version('openai')}")
    if asked.against:
        sys.exit(not compare(asked.against, asked.names or QUESTIONS, asked.rounds))
    try:
        for name in asked.names or QUESTIONS:
            importlib.import_module(f"bench.{name}").main()
    except Unavailable as error:
        sys.exit(f"A rival's environment can't be made: {error}")
    summary()
    if asked.json:
        asked.json.write_text(json.dumps([figure._asdict() for figure in figures], indent=1))


def _machine() -> str:
    cpus = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"Python {platform.python_version()}, {len(cpus)} × {cpus[0].split(':')[1].strip() if cpus else 'unknown CPU'}"


def _version(lock: str) -> str:
    package = "aixplain" if lock.startswith("official") else lock
    found = re.search(rf"^{package}==(\S+)", (ROOT / "requirements" / f"{lock}.lock").read_text(), re.MULTILINE)
    return found[1] if found else "?"


if __name__ == "__main__":
    main()
