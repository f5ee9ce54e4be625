"""How long after a run ended does its caller have the result?

Wall time, the mean of 32 runs at once whose lengths fall evenly around 0.3, 1, 5 and 30 s: the server puts the moment
of the end into the result, and the client subtracts it from its own, on the clock that both share. All clients at the
same time; one server answers polls at once, one holds them as `Prefer: wait` asks.
"""

from __future__ import annotations

from bench.measuring import Worker, report, serving, working

GOALS = {0.3: 1 / 3, 1.0: 1 / 3, 5.0: 1 / 2, 30.0: 2 / 3}
RUNS = 32


def main() -> None:
    with serving() as url, working(url, "official", "ours") as workers, working(url, "ours") as others:
        asked = {"official": (workers["official"], "slow-plain"), "ours": (workers["ours"], "slow-plain")}
        for seconds, goal in GOALS.items():
            values = _added(seconds, {**asked, "held": (others["ours"], "slow-held")})
            held = values.pop("held")
            report(f"added by polling to {seconds:g} s: wall", values, "ms", 1e3, goals={"official": goal})
            report(f"added by a held poll to {seconds:g} s: wall", {"ours": held}, "ms", 1e3, at_most=5)


def _added(seconds: float, asked: dict[str, tuple[Worker, str]]) -> dict[str, float]:
    for worker, model in asked.values():
        worker.start("polling", [model, seconds, RUNS])
    return {name: worker.finish() for name, (worker, _) in asked.items()}


if __name__ == "__main__":
    main()
