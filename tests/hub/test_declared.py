"""What is declared to hubs, over both databases: kept, changed, forgotten, and seen by every hub that is at work."""

from __future__ import annotations

from pathlib import Path

import pytest

from aixplain.hub.backends.openai.listing import Offered
from aixplain.hub.declarations import AliasSpec, PriceSpec, Spec, Target, UpstreamSpec, declared, specs
from aixplain.hub.opening import Place
from aixplain.hub.opening.books import Books
from aixplain.hub.prices import Price

from .conftest import Caller, wait_for
from .places import Replica, served, with_books

UPSTREAM = UpstreamSpec("up", "http://127.0.0.1:9/v1", "UP_KEY", (Offered("m"), Offered("e", "text-embedding")))
ALIAS = AliasSpec("team/default", (Target("up/m", 3), Target("acme/shout", 0)), 5.0)
PRICE = PriceSpec("up/m", Price(0.5, 2.0))


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path, None if request.param == "sqlite" else request.getfixturevalue("database"))


def declare(place: Place, *told: Spec) -> None:
    with_books(place, lambda kept: kept.declared.put([declared(each) for each in told]))


def test_what_is_declared_is_kept_replaced_and_forgotten(place: Place) -> None:
    async def scene(kept: Books) -> None:
        store = kept.declared
        await store.put([declared(each) for each in (UPSTREAM, ALIAS, PRICE)])
        assert specs(await store.all(), UpstreamSpec) == [UPSTREAM]
        assert specs(await store.all(), AliasSpec) == [ALIAS]
        assert specs(await store.all(), PriceSpec) == [PRICE]
        await store.put([declared(AliasSpec("team/default", ()))])
        assert [alias.targets for alias in specs(await store.all(), AliasSpec)] == [()]
        assert await store.remove("alias", "team/default")
        assert not await store.remove("alias", "team/default")
        assert not await store.remove("alias", "up")
        assert len(await store.all()) == 2

    with_books(place, scene)


def test_every_hub_that_is_at_work_sees_it_soon(place: Place, tmp_path: Path) -> None:
    hubs = [Replica(place.database), Replica(place.database)] if place.database else [Replica()]
    with served(tmp_path, *hubs) as callers:
        declare(place, ALIAS, UPSTREAM)
        for caller in callers:
            assert wait_for(lambda caller=caller: "team/default" in caller.found(path="team"))
            assert caller.found(path="up/") == ["up/e", "up/m"]
            assert caller.run("team/default", {"text": "hi"}).json["data"] == "HI"
            newest = caller.get("/sdk/runs?model=team/default").json["results"][0]
            assert [tried["model"] for tried in newest["tried"]] == ["up/m", "acme/shout"]
            accepted = caller.post("/api/v1/execute/team/default", {"data": "hi"}).json
            assert caller.result(accepted["data"])["data"] == "HI"
            newest = caller.get("/sdk/runs?model=team/default").json["results"][0]
            assert newest["tried"][-1]["model"] == "acme/shout"
        with_books(place, lambda kept: kept.declared.remove("upstream", "up"))
        for caller in callers:
            assert wait_for(lambda caller=caller: not caller.found(path="up/"))


def test_a_hub_that_starts_serves_it_from_the_first_request(place: Place, tmp_path: Path) -> None:
    declare(place, UPSTREAM, PRICE)
    with served(tmp_path, Replica(place.database)) as [caller]:
        assert price_of(caller) == {"price": 500.0, "unitType": "TOKEN", "unitTypeScale": "K"}


def price_of(caller: Caller) -> object:
    return caller.get("/v2/models/up%2Fm").json["pricing"]
