"""What every store of keys does, beside the hubs that use it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from aixplain.hub.keys import digest_of, id_of, make
from aixplain.hub.opening import Place
from aixplain.hub.opening.books import Books
from aixplain.hub.store.keys import Key, Limits

from .places import with_books

ADA = Key(
    "new",
    "ada",
    models=("team/*", "acme/shout"),
    limits=Limits(rpm=60, credits=0.5),
    model_limits={"acme/shout": Limits(tpd=1000)},
    expires_at=4e9,
)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path, None if request.param == "sqlite" else request.getfixturevalue("database"))


def test_a_key_is_found_by_its_digest_with_all_that_it_may(place: Place) -> None:
    async def scene(kept: Books) -> None:
        assert not await kept.keys.any()
        key, secret = await make(kept.keys, ADA)
        assert secret.startswith("aixh_")
        assert key.hint == f"aixh****{secret[-4:]}"
        assert key.id == id_of(digest_of(secret))
        assert await kept.keys.find(digest_of(secret)) == key
        assert await kept.keys.find(digest_of("another")) is None
        assert await kept.keys.all() == [key]
        assert await kept.keys.any()

    with_books(place, scene)


def test_a_key_itself_is_nowhere_in_the_database(tmp_path: Path) -> None:
    _, secret = with_books(Place(tmp_path), lambda kept: make(kept.keys, ADA))
    assert not any(secret[9:-4].encode() in path.read_bytes() for path in tmp_path.iterdir())


def test_a_key_is_revoked_once_and_for_good(place: Place) -> None:
    async def scene(kept: Books) -> None:
        key, secret = await make(kept.keys, ADA)
        assert await kept.keys.revoke(key.id, 5.0)
        assert not await kept.keys.revoke(key.id, 6.0)
        assert not await kept.keys.replace(key)
        found = await kept.keys.find(digest_of(secret))
        assert found is not None
        assert found.revoked_at == 5.0
        assert await kept.keys.all() == []
        assert await kept.keys.any()

    with_books(place, scene)


def test_what_a_key_may_is_changed(place: Place) -> None:
    async def scene(kept: Books) -> None:
        key, _ = await make(kept.keys, ADA)
        other = Key(key.id, "bob", key.hint, is_admin=True, created_at=key.created_at)
        assert await kept.keys.replace(other)
        assert await kept.keys.all() == [other]
        assert not await kept.keys.replace(Key("nobody", "nobody"))

    with_books(place, scene)


def test_when_keys_were_used_last_is_noted(place: Place) -> None:
    async def scene(kept: Books) -> None:
        first, _ = await make(kept.keys, ADA)
        second, _ = await make(kept.keys, ADA)
        await kept.keys.note_used({first.id: 7.0, "somebody": 8.0})
        used = {key.id: key.used_at for key in await kept.keys.all()}
        assert used == {first.id: 7.0, second.id: None}

    with_books(place, scene)


@pytest.mark.parametrize("told", [{"name": " "}, {"name": "a\nb"}, {"name": "x" * 201}, {"models": ("",)}])
def test_what_is_no_key_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="A key"):
        msgspec.structs.replace(ADA, **told)


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf")])
def test_a_limit_is_above_zero(limit: float) -> None:
    with pytest.raises(ValueError, match="The limit credits is a number above zero"):
        Limits(credits=limit)
