"""By how much does a process grow while `map` runs a model over a million inputs, and nobody keeps the results?

Resident memory, native buffers included, at its highest between result 2,000 and the end, in a fresh process.
"""

from __future__ import annotations

from bench.measuring import in_fresh_processes, report


def main() -> None:
    values = in_fresh_processes({"ours": ("map growth", 1_000_000)})
    report("growth over map of a million inputs: resident", values, "MiB", 1 / 2**20, at_most=10)


if __name__ == "__main__":
    main()
