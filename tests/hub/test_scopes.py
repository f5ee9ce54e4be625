"""What a key may see and use: its models, its runs, and no other key's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aixplain.hub.opening import Place

from .conftest import Answer, Caller
from .places import Replica, ask, new_key, served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="module")
def caller(folder: Path) -> Iterator[Caller]:
    with served(folder, Replica(keys=("fixed",))) as [caller]:
        yield caller


@pytest.fixture(scope="module")
def scoped(folder: Path, caller: Caller) -> str:
    """A key for what is below `team/` and for one model more, named by its id."""
    shout = caller.get("/v2/models/acme%2Fshout", **{"x-api-key": "fixed"}).json["id"]
    return new_key(Place(folder), "ada", models=("team/*", shout))[1]


def found(caller: Caller, secret: str, **wanted: object) -> list[str]:
    body = {"pageNumber": 0, "pageSize": 100, "sort": [{}], **wanted}
    page = send(caller, secret, "POST", "/v2/models/paginate", body).json
    assert page["total"] == len(page["results"])
    return sorted(model["assetInfo"]["assetPath"] for model in page["results"])


def send(caller: Caller, secret: str, method: str, path: str, content: object = None) -> Answer:
    body = None if content is None else json.dumps(content).encode()
    return caller.send(method, path, body, {"x-api-key": secret})


def test_a_search_finds_the_models_of_the_key(caller: Caller, scoped: str) -> None:
    assert found(caller, scoped) == ["acme/shout", "team/whisper"]
    assert found(caller, scoped, q="whisper") == ["team/whisper"]
    assert found(caller, scoped, q="spend") == []
    assert found(caller, scoped, path="acme/") == ["acme/shout"]
    assert len(found(caller, "fixed")) == 7


def test_a_model_of_others_is_unknown_and_not_suggested(caller: Caller, scoped: str) -> None:
    assert send(caller, scoped, "GET", "/v2/models/team%2Fwhisper").status == 200
    hidden = send(caller, scoped, "GET", "/v2/models/acme%2Fspend")
    missing = send(caller, scoped, "GET", "/v2/models/acme%2Fspendd")
    assert (hidden.status, missing.status) == (404, 404)
    assert "There is no model 'acme/spend' on this hub" in hidden.json["message"]
    assert "acme/spend'?" not in missing.json["message"]


def test_a_model_of_others_is_not_run(caller: Caller, scoped: str) -> None:
    assert ask(caller, scoped, "team/whisper").json["data"] == "HI"
    refused = ask(caller, scoped, "acme/spend", tokens=1)
    assert (refused.status, refused.json["statusCode"]) == (403, 403)
    assert "The key 'ada' is not for the model 'acme/spend'" in refused.json["message"]


def test_a_run_belongs_to_the_key_that_asked(caller: Caller, folder: Path) -> None:
    mine, yours = new_key(Place(folder))[1], new_key(Place(folder))[1]
    run = ask(caller, mine, "acme/gated").json["requestId"]
    for method, path in (("GET", "result"), ("DELETE", "result"), ("GET", "webhooks")):
        answer = send(caller, yours, method, f"/sdk/runs/{run}/{path}")
        assert (answer.status, answer.json["message"]) == (404, f"There is no run '{run}' on this hub.")
    assert send(caller, mine, "GET", f"/sdk/runs/{run}/result").json["status"] == "IN_PROGRESS"
    assert send(caller, mine, "DELETE", f"/sdk/runs/{run}/result").json["status"] == "CANCELED"


def test_those_that_administer_may_look_after_all_runs(caller: Caller, folder: Path) -> None:
    admin = new_key(Place(folder), is_admin=True)[1]
    run = ask(caller, "fixed", "acme/gated").json["requestId"]
    assert send(caller, admin, "GET", f"/sdk/runs/{run}/result").json["status"] == "IN_PROGRESS"
    assert send(caller, admin, "DELETE", f"/sdk/runs/{run}/result").json["status"] == "CANCELED"
