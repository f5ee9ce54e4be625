"""How much memory does a page of 100 models hold?

Growth of resident memory, native buffers included, over ten pages that are kept, a page, in a fresh process.
"""

from __future__ import annotations

from bench.measuring import in_fresh_processes, report


def main() -> None:
    values = in_fresh_processes({"official": ("page held", 10), "ours": ("page held", 10)}, rounds=3)
    report("held by a page of 100: resident", values, "kB", 1e-3, goals={"official": 1 / 3})


if __name__ == "__main__":
    main()
