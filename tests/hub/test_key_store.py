"""What every store of keys does, beside the hubs that use it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aixplain.hub.keys import digest_of, id_of, make
from aixplain.hub.opening import Place
from aixplain.hub.opening.books import Books
from aixplain.hub.store.keys import Key, LastAdminKey, Limits, NameTaken

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
        assert not await kept.keys.replace(key, 6.0)
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
        assert await kept.keys.replace(other, 6.0)
        assert await kept.keys.all() == [other]
        assert not await kept.keys.replace(Key("nobody", "nobody"), 6.0)

    with_books(place, scene)


def test_when_keys_were_used_last_is_noted(place: Place) -> None:
    async def scene(kept: Books) -> None:
        first, _ = await make(kept.keys, ADA)
        second, _ = await make(kept.keys, msgspec.structs.replace(ADA, name="bob"))
        await kept.keys.note_used({first.id: 7.0, "somebody": 8.0})
        used = {key.id: key.used_at for key in await kept.keys.all()}
        assert used == {first.id: 7.0, second.id: None}

    with_books(place, scene)


def test_a_name_belongs_to_one_key_until_that_is_revoked(place: Place) -> None:
    async def scene(kept: Books) -> None:
        first, _ = await make(kept.keys, ADA)
        with pytest.raises(NameTaken, match=f"'{ADA.name}' already \\({first.id}\\)"):
            await make(kept.keys, ADA)
        second, _ = await make(kept.keys, msgspec.structs.replace(ADA, name="bob"))
        with pytest.raises(NameTaken):
            await kept.keys.replace(msgspec.structs.replace(second, name=ADA.name), 5.0)
        assert await kept.keys.revoke(first.id, 5.0)
        assert await kept.keys.replace(msgspec.structs.replace(second, name=ADA.name), 6.0)

    with_books(place, scene)


def test_of_many_keys_that_are_made_with_one_name_concurrently_one_is_kept(place: Place) -> None:
    async def scene(kept: Books) -> None:
        made = await asyncio.gather(*(make(kept.keys, ADA) for _ in range(8)), return_exceptions=True)
        assert sum(isinstance(each, NameTaken) for each in made) == 7
        assert len(await kept.keys.all()) == 1

    with_books(place, scene)


def test_keys_with_the_same_name_of_an_older_hub_can_be_changed_and_revoked(tmp_path: Path) -> None:
    async def scene(kept: Books) -> None:
        first, _ = await make(kept.keys, ADA)
        second, _ = await make(kept.keys, msgspec.structs.replace(ADA, name="bob"))
        with contextlib.closing(sqlite3.connect(tmp_path / "hub.sqlite")) as file, file:
            file.execute("UPDATE keys SET name = ?", [ADA.name])
        [_, twin] = await kept.keys.all()
        assert await kept.keys.replace(msgspec.structs.replace(twin, models=("team/*",)), 5.0)
        assert await kept.keys.revoke(second.id, 6.0)
        assert [key.id for key in await kept.keys.all()] == [first.id]

    with_books(Place(tmp_path), scene)


ROOT = Key("new", "root", is_admin=True)


@pytest.mark.parametrize(
    "change", [{"is_admin": False}, {"expires_at": 4.0}, {"expires_at": 50.0}], ids=["demoted", "expired", "expires soon"]
)
def test_the_last_admin_key_is_changed_only_by_force(place: Place, change: dict[str, Any]) -> None:
    async def scene(kept: Books) -> None:
        root, _ = await make(kept.keys, ROOT)
        await make(kept.keys, ADA)
        await make(kept.keys, msgspec.structs.replace(ROOT, name="expired", expires_at=2.0))
        assert await kept.keys.replace(msgspec.structs.replace(root, name="chief"), 5.0)
        with pytest.raises(LastAdminKey, match="'chief'"):
            await kept.keys.replace(msgspec.structs.replace(root, name="chief", **change), 5.0)
        assert await kept.keys.replace(msgspec.structs.replace(root, name="chief", **change), 5.0, force=True)

    with_books(place, scene)


def test_the_last_admin_key_is_revoked_only_by_force(place: Place) -> None:
    async def scene(kept: Books) -> None:
        root, _ = await make(kept.keys, ROOT)
        second, _ = await make(kept.keys, msgspec.structs.replace(ROOT, name="second"))
        revoked = await asyncio.gather(*(kept.keys.revoke(key.id, 5.0) for key in (root, second)), return_exceptions=True)
        assert sorted(isinstance(each, LastAdminKey) for each in revoked) == [False, True]
        [left] = await kept.keys.all()
        assert await kept.keys.revoke(left.id, 6.0, force=True)

    with_books(place, scene)


@pytest.mark.parametrize("told", [{"name": " "}, {"name": "a\nb"}, {"name": "x" * 201}, {"models": ("",)}])
def test_what_is_no_key_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="A key"):
        msgspec.structs.replace(ADA, **told)


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf")])
def test_a_limit_is_above_zero(limit: float) -> None:
    with pytest.raises(ValueError, match="The limit credits is a number above zero"):
        Limits(credits=limit)


def test_several_programs_may_be_the_first_to_open_a_file(tmp_path: Path) -> None:
    program = "from pathlib import Path; from aixplain.hub.store.sqlite.file import SqliteStore; SqliteStore(Path('h')).close()"
    running = [subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path) for _ in range(4)]
    assert [process.wait(30) for process in running] == [0, 0, 0, 0]
