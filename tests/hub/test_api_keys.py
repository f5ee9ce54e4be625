"""`/sdk/api-keys`: keys are made, changed and ended over HTTP, under the platform's names."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub.opening import Place

from .conftest import Answer, Caller
from .places import Replica, ask, new_key, served

WHOLE = {
    "name": "ada",
    "budget": 10.5,
    "globalLimits": {"tpm": 100, "tpd": 1000, "rpm": 10, "rpd": 100, "tokenType": None},
    "assetsLimits": [{"tpm": 1, "tpd": 2, "rpm": 3, "rpd": 4, "tokenType": None, "assetId": "acme/shout"}],
    "expiresAt": "2130-01-01T00:00:00.000000Z",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def caller(place: Place) -> Iterator[Caller]:
    with served(place.data, Replica()) as [caller]:
        yield caller


@pytest.fixture(scope="module")
def admin(place: Place, caller: Caller) -> str:
    return new_key(place, "admin", is_admin=True)[1]


def send(caller: Caller, secret: str, method: str, path: str = "", content: Any = None) -> Answer:
    body = None if content is None else json.dumps(content).encode()
    return caller.send(method, f"/sdk/api-keys{path}", body, {"x-api-key": secret})


def test_a_key_is_made_told_changed_and_revoked(caller: Caller, admin: str) -> None:
    made = send(caller, admin, "POST", content=WHOLE)
    assert made.status == 201
    secret = made.json["accessKey"]
    assert ask(caller, secret).status == 200
    told = send(caller, admin, "GET", f"/{made.json['id']}").json
    assert told == {**made.json, "accessKey": f"aixh****{secret[-4:]}", "lastUsedAt": told["lastUsedAt"]}
    assert told["globalLimits"] == {"tpm": 100, "tpd": 1000, "rpm": 10, "rpd": 100}
    assert told["assetsLimits"] == [{"tpm": 1, "tpd": 2, "rpm": 3, "rpd": 4, "assetId": "acme/shout"}]
    assert (told["name"], told["budget"], told["isAdmin"], told["models"]) == ("ada", 10.5, False, None)
    assert told["expiresAt"] == "2130-01-01T00:00:00.000Z"
    assert told in send(caller, admin, "GET").json

    changed = send(caller, admin, "PUT", f"/{told['id']}", {"name": "bob", "models": ["team/*"], "assetsLimits": None})
    assert changed.json == {**told, "name": "bob", "models": ["team/*"], "assetsLimits": []}
    assert send(caller, admin, "GET", f"/{told['id']}").json == changed.json
    time.sleep(1)
    assert ask(caller, secret).status == 403

    assert send(caller, admin, "DELETE", f"/{told['id']}").status == 204
    time.sleep(1)
    assert ask(caller, secret).status == 401
    for method in ("GET", "PUT", "DELETE"):
        assert send(caller, admin, method, f"/{told['id']}", {}).status == 404


def test_a_change_that_says_null_takes_a_limit_away(caller: Caller, admin: str) -> None:
    made = send(caller, admin, "POST", content=WHOLE).json
    left = send(caller, admin, "PUT", f"/{made['id']}", {"budget": None, "globalLimits": None, "expiresAt": None}).json
    assert (left["budget"], left["expiresAt"]) == (None, None)
    assert left["globalLimits"] == {}


def test_a_model_may_be_named_by_its_id(caller: Caller, admin: str) -> None:
    id = caller.get("/v2/models/acme%2Fshout", **{"x-api-key": admin}).json["id"]
    made = send(caller, admin, "POST", content={"name": "x", "assetsLimits": [{"rpm": 3, "assetId": id}]}).json
    assert made["assetsLimits"][0]["assetId"] == "acme/shout"


def test_others_see_themselves_and_change_nothing(caller: Caller, admin: str, place: Place) -> None:
    key, secret = new_key(place, "carol")
    assert send(caller, secret, "GET", f"/{key.id}").json["name"] == "carol"
    assert send(caller, secret, "GET", f"/{key.id}/usage-limits").status == 200
    other = new_key(place, "bob")[0]
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{other.id}"), ("PUT", f"/{key.id}"), ("DELETE", f"/{key.id}")):
        refused = send(caller, secret, method, path, {"name": "x"})
        assert (refused.status, refused.json["statusCode"]) == (403, 403)
        assert "Use an admin key" in refused.json["message"]
    assert send(caller, secret, "GET", f"/{other.id}/usage-limits").status == 403
    assert send(caller, admin, "GET", f"/{other.id}/usage-limits").status == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "A key has a name, and this has none."),
        ({"name": "  "}, "A key has a name, of up to 200 characters"),
        ({"name": "x", "budget": 0}, "The limit credits is a number above zero, and not 0"),
        ({"name": "x", "globalLimits": {"rpm": -1}}, "The limit rpm is a number above zero, and not -1"),
        ({"name": "x", "globalLimits": {"rpm": 1.5}}, "The body is not what this address takes"),
        ({"name": "x", "globalLimits": {"tpm": 1, "tokenType": "output"}}, "The body is not what this address takes"),
        (
            {"name": "x", "assetsLimits": [{"rpm": 1, "assetId": "acme/nothing"}]},
            "There is no model 'acme/nothing'",
        ),
        ({"name": "x", "expiresAt": "soon"}, "expiresAt is a time like"),
        ({"name": "x", "models": [""]}, "A key's models are ids, paths and starts of paths"),
    ],
)
def test_what_makes_no_key_is_a_400(caller: Caller, admin: str, body: dict[str, Any], said: str) -> None:
    answer = send(caller, admin, "POST", content=body)
    assert (answer.status, answer.json["statusCode"]) == (400, 400)
    assert said in answer.json["message"]


def test_on_a_hub_without_keys_everyone_here_makes_the_first(tmp_path: Path) -> None:
    with served(tmp_path, Replica()) as [caller]:
        secret = caller.post("/sdk/api-keys", {"name": "first", "isAdmin": True}).json["accessKey"]
        time.sleep(1)
        assert caller.get("/sdk/api-keys").status == 401
        assert [key["name"] for key in send(caller, secret, "GET").json] == ["first"]


def test_a_name_that_is_taken_is_a_409(caller: Caller, admin: str, place: Place) -> None:
    taken, other = new_key(place, "taken")[0], new_key(place)[0]
    for answer in (
        send(caller, admin, "POST", content={"name": " taken "}),
        send(caller, admin, "PUT", f"/{other.id}", {"name": "taken"}),
    ):
        assert answer.status == 409
        assert f"There is a key named 'taken' already ({taken.id})" in answer.json["message"]
    assert send(caller, admin, "PUT", f"/{taken.id}", {"name": "taken", "budget": 3}).status == 200


def test_the_last_admin_key_goes_only_by_force(tmp_path: Path) -> None:
    with served(tmp_path, Replica()) as [caller]:
        key, secret = new_key(Place(tmp_path), "root", is_admin=True)
        time.sleep(1)
        for method, body in (
            ("DELETE", None),
            ("PUT", {"isAdmin": False}),
            ("PUT", {"expiresAt": "2001-01-01"}),
            ("PUT", {"expiresAt": "2130-01-01"}),
        ):
            answer = send(caller, secret, method, f"/{key.id}", body)
            assert answer.status == 409
            assert "force=true" in answer.json["message"]
        assert send(caller, secret, "PUT", f"/{key.id}", {"name": "chief"}).status == 200
        assert send(caller, secret, "DELETE", f"/{key.id}?force=maybe").status == 400
        assert send(caller, secret, "DELETE", f"/{key.id}?force=true").status == 204
