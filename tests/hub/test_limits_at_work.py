"""Limits hold exactly, however many ask at once and whichever hub: over one file, and two hubs over one PostgreSQL."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aixplain.hub import Settings
from aixplain.hub.opening import Place
from aixplain.hub.store.keys import Limits

from .conftest import Answer, Caller
from .places import Replica, ask, limited, new_key, served

Hubs = list[Caller]
pytestmark = pytest.mark.usefixtures("one_day")


@pytest.fixture(scope="module", params=["one file", "two replicas"])
def at_work(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Hubs]]:
    """Where the hubs keep what they have, and a caller of each."""
    folder, url = tmp_path_factory.mktemp("hub"), None
    if request.param == "two replicas":
        url = request.getfixturevalue("postgres").make_database(f"limits_{folder.name}")
    with served(folder, *[Replica(url, keys=("fixed",))] * (2 if url else 1)) as callers:
        yield Place(folder, url), callers


@pytest.fixture
def place(at_work: tuple[Place, Hubs]) -> Place:
    return at_work[0]


@pytest.fixture
def hubs(at_work: tuple[Place, Hubs]) -> Hubs:
    return at_work[1]


def many(hubs: Hubs, secret: str, times: int, path: str = "acme/shout") -> Counter[int]:
    """How often each status is the answer to requests at once, of the hubs in turn."""
    with ThreadPoolExecutor(16) as threads:
        answers = threads.map(lambda number: ask(hubs[number % len(hubs)], secret, path), range(times))
        return Counter(answer.status for answer in answers)


def told(answer: Answer) -> str:
    """Why a request was refused, which the header says in seconds too."""
    assert (answer.status, answer.json["statusCode"]) == (429, 429)
    seconds = int(answer.headers["retry-after"])
    assert f"It may go on in {seconds} seconds." in answer.json["message"]
    assert 0 < seconds <= 31 * 24 * 3600
    return str(answer.json["message"])


def test_of_many_at_once_just_as_many_as_may_are_let_in(hubs: Hubs, place: Place) -> None:
    secret = limited(place, rpd=25)
    assert many(hubs, secret, 80) == {200: 25, 429: 55}
    assert "25 requests of this day (rpd)" in told(ask(hubs[-1], secret))


def test_a_models_own_limit_holds_beside_that_of_the_key(hubs: Hubs, place: Place) -> None:
    secret = new_key(place, limits=Limits(rpd=12), model_limits={"acme/shout": Limits(rpd=5)})[1]
    assert many(hubs, secret, 20) == {200: 5, 429: 15}
    assert "for the model acme/shout" in told(ask(hubs[0], secret))
    assert many(hubs, secret, 20, "team/whisper") == {200: 7, 429: 13}


def test_runs_in_the_background_and_streams_count_and_looking_does_not(hubs: Hubs, place: Place) -> None:
    secret, header = limited(place, rpd=2), "x-api-key"
    accepted = ask(hubs[0], secret, "acme/gated")
    run = f"/sdk/runs/{accepted.json['requestId']}/result"
    for _ in range(3):
        assert hubs[-1].get(run, **{header: secret}).status == 200
        assert hubs[0].get("/v2/models/acme%2Fshout", **{header: secret}).status == 200
    assert hubs[-1].send("DELETE", run, headers={header: secret}).json["status"] == "CANCELED"
    streamed = ask(hubs[0], secret, "acme/pieces", text="hi", options={"stream": True})
    assert streamed.events[-1] == "[DONE]"
    assert "2 requests" in told(ask(hubs[0], secret, "acme/pieces", text="hi", options={"stream": True}))
    assert "2 requests" in told(ask(hubs[0], secret, "acme/gated"))


def test_what_runs_use_is_added_when_they_end(hubs: Hubs, place: Place) -> None:
    secret = limited(place, tpd=100, credits=1)
    assert ask(hubs[0], secret, "acme/spend", tokens=99).status == 200
    assert ask(hubs[-1], secret, "acme/spend", tokens=0, credits=0.5).status == 200
    assert ask(hubs[0], secret, "acme/spend", tokens=7).status == 200
    assert "100 tokens of this day (tpd)" in told(ask(hubs[-1], secret, "acme/spend", tokens=1))
    other = limited(place, credits=1)
    assert ask(hubs[0], other, "acme/spend", tokens=0, credits=1.5).status == 200
    assert "1.0 credits of this month" in told(ask(hubs[-1], other, "acme/spend", tokens=0))


def test_the_same_request_again_counts_once(hubs: Hubs, place: Place) -> None:
    secret = limited(place, rpd=1)
    headers = {"x-api-key": secret, "idempotency-key": "again"}
    answers = [hubs[0].send("POST", "/api/v2/execute/acme/shout", b'{"text": "hi"}', headers) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert len({answer.json["requestId"] for answer in answers}) == 1


def test_what_is_refused_before_it_runs_for_its_inputs_does_not_count(hubs: Hubs, place: Place) -> None:
    secret = limited(place, rpd=1)
    assert ask(hubs[0], secret, "acme/shout", text=7).status == 400
    assert ask(hubs[0], secret).status == 200


def test_what_there_is_no_room_for_does_not_count(tmp_path: Path) -> None:
    secret = limited(Place(tmp_path), rpd=1)
    with served(tmp_path, Replica(settings=Settings(longest_queue=0, most_streams=0))) as [hub]:
        assert ask(hub, secret, "acme/gated", text="hi").status == 503
        assert ask(hub, secret, "acme/pieces", text="hi", stream=True).status == 503
        assert ask(hub, secret, "acme/shout", text="hi", stream=True).status == 400  # it doesn't stream
        assert ask(hub, secret).status == 200
        assert ask(hub, secret).status == 429


def test_fixed_keys_have_no_limits(hubs: Hubs) -> None:
    assert many(hubs, "fixed", 40) == {200: 40}


def test_limits_are_told_beside_what_was_used(hubs: Hubs, place: Place) -> None:
    secret = new_key(place, limits=Limits(rpd=9, tpd=100), model_limits={"acme/spend": Limits(credits=2)})[1]
    ask(hubs[0], secret, "acme/spend", tokens=30, credits=0.5)
    ask(hubs[-1], secret)
    whole, spend = hubs[-1].get("/sdk/api-keys/usage-limits", **{"x-api-key": secret}).json
    assert whole == {
        "assetId": None,
        "requestCount": 2,
        "requestCountLimit": 9,
        "tokenCount": 30,
        "tokenCountLimit": 100,
        "usedCredits": 0.5,
        "budget": None,
    }
    assert (spend["assetId"], spend["requestCount"], spend["budget"]) == ("acme/spend", 1, 2.0)


@pytest.mark.parametrize("kind", ["one file", "two replicas"])
def test_a_restart_forgets_nothing_and_reserves_nothing(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    place = Place(tmp_path, request.getfixturevalue("database") if kind == "two replicas" else None)
    secret = limited(place, rpd=6, tpd=1000, credits=5)
    with served(tmp_path, Replica(place.database)) as [hub]:
        assert many([hub], secret, 3) == {200: 3}
        ask(hub, secret, "acme/spend", tokens=999, credits=1)
        assert ask(hub, secret, "acme/gated").status == 201
    with served(tmp_path, Replica(place.database)) as [hub]:
        [whole] = hub.get("/sdk/api-keys/usage-limits", **{"x-api-key": secret}).json
        assert (whole["requestCount"], whole["tokenCount"], whole["usedCredits"]) == (5, 999, 1.0)
        assert many([hub], secret, 4) == {200: 1, 429: 3}


def test_a_limit_that_is_changed_holds_within_a_second_and_knows_what_was_used(hubs: Hubs, place: Place) -> None:
    admin, (key, secret) = new_key(place, is_admin=True)[1], new_key(place)
    assert many(hubs, secret, 6) == {200: 6}
    body = b'{"globalLimits": {"rpd": 8}}'
    assert hubs[0].send("PUT", f"/sdk/api-keys/{key.id}", body, {"x-api-key": admin}).status == 200
    time.sleep(1)
    assert many(hubs, secret, 6) == {200: 2, 429: 4}
