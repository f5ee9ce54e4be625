"""A map spends what it may, and says when it stops."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from aixplain import BudgetReachedError
from aixplain.v2._map.budget import Budget


def read(items: Any) -> tuple[list[Any], BudgetReachedError | None]:
    """What came out, and what it ended with."""
    seen: list[Any] = []
    try:
        seen.extend(item.result.data if item.result else None for item in items)
    except BudgetReachedError as stop:
        return seen, stop
    return seen, None


def costs(*credits: float) -> list[str]:
    return [f"cost {each} {place}" for place, each in enumerate(credits)]


def test_when_the_budget_is_used_up_no_run_is_started(model: Any, service: Any) -> None:
    seen, stop = read(model.map(map(str, itertools.count()), concurrency=1, budget=3))
    assert seen == ["0", "1", "2"]
    assert service.texts == ["0", "1", "2"]
    assert stop is not None
    assert (stop.budget, stop.used_credits) == (3, 3)
    assert "stopped before input 3: 3 of 3 credits are used up" in str(stop)


def test_runs_on_their_way_count_too_so_that_it_is_hardly_overrun(model: Any, service: Any) -> None:
    seen, stop = read(model.map(map(str, range(100)), concurrency=4, budget=6, ordered=False))
    assert sorted(seen) == ["0", "1", "2", "3", "4", "5"]
    assert stop is not None
    assert stop.used_credits == 6


def test_runs_that_were_started_are_finished_and_given_out(model: Any) -> None:
    seen, stop = read(model.map(["meet 9", "meet 9", "meet 9", "a", "b"], concurrency=3, budget=4))
    assert seen == ["MEET 9"] * 3
    assert stop is not None
    assert stop.used_credits == 27


def test_a_budget_that_is_reached_with_the_last_input_stops_nothing(model: Any) -> None:
    assert read(model.map(costs(1, 2, 3), concurrency=1, budget=6)) == (["COST 1 0", "COST 2 1", "COST 3 2"], None)


def test_a_budget_of_nothing_buys_nothing(model: Any, service: Any) -> None:
    seen, stop = read(model.map(["a"], budget=0))
    assert (seen, service.texts) == ([], [])
    assert "0 of 0 credits are used up" in str(stop)


def test_what_is_not_run_costs_nothing(model: Any, service: Any) -> None:
    values = [7, "refuse a", "refuse b", "refuse c", {"size": 1}, "a", "b", "c"]
    seen, stop = read(model.map(values, concurrency=1, budget=2))
    assert seen == [None, None, None, None, None, "A", "B"]
    assert stop is not None
    assert stop.used_credits == 2


def test_a_run_that_tells_no_cost_is_taken_for_the_dearest_that_did(model: Any, service: Any) -> None:
    values = ["cost 2", "cost 1", "free", "fail", "a"]
    seen, stop = read(model.map(values, concurrency=1, budget=7))
    assert seen == ["COST 2", "COST 1", "FREE", None]
    assert stop is not None
    assert stop.used_credits == 7


def test_a_service_that_tells_no_cost_is_not_trusted_for_long(model: Any, service: Any) -> None:
    seen, stop = read(model.map(["free"] * 100, concurrency=2, budget=100))
    assert seen == ["FREE", "FREE"]
    assert "none of 2 runs told what it cost, so a budget of 100 credits can't be held" in str(stop)


def test_runs_that_cost_nothing_go_on(model: Any) -> None:
    assert read(model.map(["cost 0"] * 20, concurrency=2, budget=0.5)) == (["COST 0"] * 20, None)


def test_a_service_that_cannot_be_reached_costs_nothing(connect: Any, service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aixplain.v2._send.ATTEMPTS", 1)
    model = connect(backend_url=service.url, model_url="http://127.0.0.1:1/api/v2/execute").Model.get("m1")
    seen, stop = read(model.map(["a"] * 8, concurrency=2, budget=1))
    assert (seen, stop) == ([None] * 8, None)


def test_what_a_checkpoint_has_is_of_the_same_budget(model: Any, service: Any, tmp_path: Path) -> None:
    file = tmp_path / "done.jsonl"
    values = ["a", "b", "c", "d"]
    assert read(model.map(values, concurrency=1, budget=2, checkpoint=file))[0] == ["A", "B"]
    seen, stop = read(model.map(values, concurrency=1, budget=2, checkpoint=file))
    assert (seen, service.texts) == (["A", "B"], ["a", "b"])
    assert stop is not None
    assert "goes on from here" in str(stop)
    assert read(model.map(values, concurrency=1, budget=10, checkpoint=file)) == (["A", "B", "C", "D"], None)
    assert service.texts == ["a", "b", "c", "d"]


def test_without_a_limit_everything_is_admitted() -> None:
    budget = Budget(None, on_credit=1)
    for _ in range(10):
        budget.count(None)
    assert budget.admits(running=100)
