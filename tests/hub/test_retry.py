"""A run is run anew by its id, for its caller, where the hub still has its inputs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aixplain.hub import Hub, Settings
from aixplain.hub.embedded import start

from .conftest import Answer, Caller, wait_for

gate = threading.Event()


@pytest.fixture
def caller(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Caller]:
    """A caller of a hub that keeps inputs, or doesn't."""
    gate.clear()
    hub = Hub(builtin=False, keys=["mine", "yours"], settings=Settings(keeps_contents=request.param))

    @hub.model("acme/shout", asynchronous=True)
    def shout(text: str) -> str:
        assert text != "wait" or gate.wait(20)
        return text.upper()

    running = start(tmp_path / "kept", hub)
    yield Caller(running.url)
    gate.set()
    running.close()


def run(caller: Caller, text: str) -> str:
    """A run of the caller `mine`: its id."""
    body = f'{{"text": "{text}"}}'.encode()
    answer = caller.send("POST", "/api/v2/execute/acme%2Fshout", body, {"x-api-key": "mine"})
    return str(answer.json["requestId"])


def retry(caller: Caller, id: str, key: str = "mine") -> Answer:
    return caller.send("POST", f"/sdk/runs/{id}/retry", headers={"x-api-key": key})


def is_over(caller: Caller, id: str) -> bool:
    return bool(caller.get(f"/sdk/runs/{id}/result", **{"x-api-key": "mine"}).json["completed"])


@pytest.mark.parametrize("caller", [True], indirect=True)
def test_what_is_kept_is_run_anew_in_the_background(caller: Caller) -> None:
    id = run(caller, "hi")
    assert wait_for(lambda: is_over(caller, id))
    answer = retry(caller, id)
    assert (answer.status, answer.json["status"]) == (201, "IN_PROGRESS")
    anew = answer.json["requestId"]
    assert anew != id
    assert wait_for(lambda: is_over(caller, anew))
    assert caller.get(answer.json["data"], **{"x-api-key": "mine"}).json["data"] == "HI"


@pytest.mark.parametrize("caller", [False], indirect=True)
def test_what_can_not_be_run_anew_is_told_why(caller: Caller) -> None:
    id = run(caller, "wait")
    assert retry(caller, id).status == 409
    assert retry(caller, id, "yours").status == 404
    gate.set()
    assert wait_for(lambda: is_over(caller, id))
    answer = retry(caller, id)
    assert answer.status == 410
    assert answer.json["message"] == f"The run '{id}' is over (finished), and its inputs are not kept. Run the model anew."
