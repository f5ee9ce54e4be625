"""Durations wherever a call takes one: taken or refused before any request."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aixplain import ConfigurationError, InputError, TimeoutError
from aixplain.v2.model import ModelResult

TEXT = {"name": "text", "dataType": "text"}
SUCCESS = {"status": "SUCCESS", "completed": True, "data": "done"}
TAKEN: list[Any] = [5, 0.5e9, 1e10, 10**400, math.inf, None, timedelta(seconds=20), Decimal(20)]
REFUSED: list[Any] = [math.nan, -1, -math.inf, "5", True, [], timedelta(seconds=-1)]

CALLS: dict[str, Callable[[Any, Any, Path], Any]] = {
    "run": lambda model, value, path: model.run(text="x", timeout=value).data,
    "run_async": lambda model, value, path: model.run_async(text="x", timeout=value).data,
    "sync_poll": lambda model, value, path: model.sync_poll("7", timeout=value).data,
    "map": lambda model, value, path: list(model.map(["x"], timeout=value)),
    "save": lambda model, value, path: model.save(ModelResult("SUCCESS", True, data="x"), path / "a.txt", timeout=value),
}


@pytest.fixture(params=sorted(set(CALLS) - {"map", "save"}))
def call(request: pytest.FixtureRequest, model_with: Any, service: Any, tmp_path: Path) -> Callable[[Any], Any]:
    service.answer = SUCCESS
    model = model_with(TEXT)
    return lambda value: CALLS[request.param](model, value, tmp_path)


@pytest.mark.parametrize("value", TAKEN, ids=lambda value: repr(value)[:20])
def test_a_timeout_may_be_of_any_length(call: Any, value: Any) -> None:
    assert call(value) == "done"


@pytest.mark.parametrize("value", REFUSED, ids=repr)
def test_what_is_no_timeout_is_refused_before_any_request(call: Any, service: Any, value: Any) -> None:
    with pytest.raises(InputError, match=r"^timeout is a number of seconds of 0 or more, not"):
        call(value)
    assert service.asked == []


def test_a_timeout_of_zero_is_over_before_any_request(call: Any, service: Any) -> None:
    with pytest.raises(TimeoutError, match="timed out after 0 seconds"):
        call(0)
    assert service.asked == []


@pytest.mark.parametrize("value", [*REFUSED, math.inf], ids=repr)
@pytest.mark.parametrize("name", ["wait_time", "run_retry_wait"])
def test_what_is_no_wait_is_refused_before_any_request(model_with: Any, service: Any, name: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"^{name} is a number of seconds of 0 or more, not"):
        model_with(TEXT).run(text="x", **{name: value})
    assert service.asked == []


@pytest.mark.parametrize("value", [-1, 1.5, True, "2", None], ids=repr)
def test_a_number_of_retries_is_a_whole_number(model_with: Any, service: Any, value: Any) -> None:
    with pytest.raises(InputError, match="run_retries is a whole number of 0 or more"):
        model_with(TEXT).run(text="x", run_retries=value)
    assert service.asked == []


@pytest.mark.parametrize("value", REFUSED, ids=repr)
def test_a_map_and_a_save_refuse_it_too(model_with: Any, service: Any, tmp_path: Path, value: Any) -> None:
    model = model_with(TEXT)
    for name in ("map", "save"):
        with pytest.raises(InputError, match=r"^timeout is a number of seconds"):
            CALLS[name](model, value, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["connect_timeout", "read_timeout"])
def test_the_times_of_a_client_may_be_of_any_length_and_kind(connect: Any, name: str) -> None:
    for value, seconds in ((5, 5), (timedelta(minutes=1), 60), (Decimal("0.5"), 0.5), (1e10, 1e6)):
        settings = connect(backend_url="http://127.0.0.1:8180", **{name: value}).settings
        assert getattr(settings, name) == seconds
    for value in (timedelta(0), "5", []):
        with pytest.raises(ConfigurationError, match=f"{name} is a number of seconds above 0, not"):
            connect(backend_url="http://127.0.0.1:8180", **{name: value})
