"""The catalog on the wire: what a search finds, in which order, on which page, and what a model tells of itself."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aixplain._wire.messages import Search
from aixplain.hub import Hub
from aixplain.hub.embedded import start
from aixplain.hub.store.sqlite.catalog import changes, replace_models
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.store.sqlite.search import search

from .conftest import Caller


def test_the_nearest_of_many_models_is_told(tmp_path: Path) -> None:
    hub = Hub(builtin=False)
    for number in range(700):
        hub.model(f"maker-{number % 7}/model-{number}")(lambda text: text)
    hub.model("globex/summary")(lambda text: text)
    running = start(tmp_path, hub)
    try:
        caller = Caller(running.url)
        assert "did you mean 'globex/summary'" in caller.get("/v2/models/globex%2Fsumary").json["message"]
        assert caller.get("/v2/models/zzz").json["message"] == "There is no model 'zzz' on this hub."
    finally:
        running.close()


def library() -> Hub:
    """A catalog in which every filter has something to keep and something to leave out."""
    hub = Hub(builtin=False)
    known: list[tuple[str, dict[str, Any]]] = [
        ("acme/translate", {"function": "translation", "languages": ["en", "de"], "target_languages": ["fr"]}),
        ("acme/translate-pro", {"function": "translation", "languages": ["en"], "target_languages": ["ja", "fr"]}),
        ("globex/summary", {"function": "text-summarization", "languages": ["en"], "developer": "Globex Labs"}),
        ("globex/spell", {"function": "text-normalization", "languages": ["mul"], "name": "Ångström speller"}),
        ("Globex/Upper", {"function": "text-normalization", "name": "alphabet"}),
    ]
    for path, facts in known:

        @hub.model(path, description=f"What {path.partition('/')[2]} does", **facts)
        def model(text: str) -> str:
            return text

    return hub


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    running = start(tmp_path_factory.mktemp("library"), library())
    running.wait_until_ready()
    yield Caller(running.url)
    running.close()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"functions": ["translation"]}, {"acme/translate", "acme/translate-pro"}),
        ({"functions": [{"id": "translation"}]}, {"acme/translate", "acme/translate-pro"}),
        ({"functions": [{"id": "translation", "name": "Translation"}, "utilities"]}, {"acme/translate", "acme/translate-pro"}),
        ({"functions": ["speech-recognition"]}, set()),
        ({"developers": ["Globex Labs"]}, {"globex/summary"}),
        ({"developers": ["globex labs"]}, {"globex/summary"}),
        ({"path": "globex/"}, {"globex/summary", "globex/spell"}),
        ({"path": "acme/translate"}, {"acme/translate", "acme/translate-pro"}),
        ({"path": "%"}, set()),
        ({"sourceLanguages": ["de"]}, {"acme/translate", "globex/spell"}),
        ({"sourceLanguages": ["de", "en"]}, {"acme/translate", "acme/translate-pro", "globex/summary", "globex/spell"}),
        ({"targetLanguages": ["ja"]}, {"acme/translate-pro"}),
        ({"sourceLanguages": ["de"], "targetLanguages": ["fr"]}, {"acme/translate"}),
        ({"functions": ["translation"], "targetLanguages": ["ja"], "q": "translate"}, {"acme/translate-pro"}),
        ({"suppliers": ["openai"]}, set()),
        ({"suppliers": [1777]}, set()),
        ({"hosts": ["elsewhere"]}, set()),
        ({"status": ["deleted"]}, set()),
        ({"ownership": "PRIVATE"}, set()),
        ({"ownership": ["TEAM", "PRIVATE"]}, set()),
        ({"isFineTunable": True}, set()),
        ({"saved": True}, set()),
    ],
)
def test_each_filter_keeps_what_matches_and_nothing_else(caller: Caller, wanted: Any, found: set[str]) -> None:
    assert set(caller.found(**wanted)) == found


@pytest.mark.parametrize(
    "wanted",
    [
        {"suppliers": ["aixplain"]},
        {"suppliers": ["openai", "AIXPLAIN"]},
        {"hosts": ["aixplain-hub"]},
        {"status": ["draft", "onboarded"]},
        {"ownership": "PUBLIC"},
        {"isFineTunable": False},
        {"saved": False},
        {"functions": [], "suppliers": [], "q": "", "path": ""},
        {"functions": None, "q": None, "saved": None},
        {"unknownFilter": 1},
    ],
)
def test_a_filter_that_all_meet_or_that_is_empty_keeps_all(caller: Caller, wanted: Any) -> None:
    assert len(caller.found(**wanted)) == 5


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("summaries", "globex/summary"),
        ("summar", "globex/summary"),
        ("text summarization", "globex/summary"),
        ("translation", "acme/translate"),
        ("translating", "acme/translate"),
        ("translate pro", "acme/translate-pro"),
        ("translate-pro", "acme/translate-pro"),
        ("ACME/translate-pro", "acme/translate-pro"),
        ("angstrom", "globex/spell"),
        ("ÅNGSTRÖM", "globex/spell"),
        ("globex labs", "globex/summary"),
        ("pro xylophone", "acme/translate-pro"),
        ("summarise", "globex/summary"),
        ("a model for summaries", "globex/summary"),
        ("tldr", "globex/summary"),
        ("mt", "acme/translate"),
        ("trasnlate", "acme/translate"),
        ("sumarize", "globex/summary"),
        ("machin translation", "acme/translate"),
    ],
)
def test_the_best_match_comes_first(caller: Caller, query: str, first: str) -> None:
    assert caller.found(q=query)[0] == first


@pytest.mark.parametrize("query", ["stt", "ocr", "xyz", "trl", "speech to text"])
def test_other_functions_and_misspelt_short_words_find_nothing(caller: Caller, query: str) -> None:
    found = caller.search(q=query)
    assert (found["results"], found["total"]) == ([], 0)


def test_a_synonym_has_whole_pages_and_facets(caller: Caller) -> None:
    first, second = (caller.search(q="mt", pageSize=1, pageNumber=number) for number in (0, 1))
    assert (first["total"], first["pageTotal"], second["total"]) == (2, 2, 2)
    assert first["results"][0]["id"] != second["results"][0]["id"]


def test_no_match_is_an_empty_page(caller: Caller) -> None:
    assert caller.search(q="xylophone") == {"results": [], "total": 0, "pageTotal": 0, "pageNumber": 0}


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"sort": [{"field": "name", "dir": 1}]}, ["alphabet", "Summary", "Translate", "Translate pro", "Ångström speller"]),
        ({"sort": [{"field": "name", "dir": -1}]}, ["Ångström speller", "Translate pro", "Translate", "Summary", "alphabet"]),
        ({"sortBy": "name", "sortOrder": -1}, ["Ångström speller", "Translate pro", "Translate", "Summary", "alphabet"]),
        ({"sortBy": "NAME", "sortOrder": "DESC"}, ["Ångström speller", "Translate pro", "Translate", "Summary", "alphabet"]),
        (
            {"sort": [{"field": "name", "dir": 1}], "sortBy": "name", "sortOrder": -1},
            ["alphabet", "Summary", "Translate", "Translate pro", "Ångström speller"],
        ),
        (
            {"sort": [{"field": "createdAt", "dir": -1}]},
            ["Translate", "Translate pro", "Summary", "Ångström speller", "alphabet"],
        ),
    ],
)
def test_sort_orders_and_wins_over_its_older_spelling(caller: Caller, wanted: Any, names: list[str]) -> None:
    assert [model["name"] for model in caller.search(**wanted)["results"]] == names


@pytest.mark.parametrize("field", ["name", "createdAt", "updatedAt", "normalizedPrice", "totalSubscribed"])
def test_every_field_of_the_protocol_sorts(caller: Caller, field: str) -> None:
    assert len(caller.found(sort=[{"field": field, "dir": -1}])) == 5


def test_a_sort_beats_the_rank_of_a_text_search(caller: Caller) -> None:
    assert caller.found(q="translate pro", sort=[{"field": "name", "dir": 1}]) == ["acme/translate-pro"]
    assert caller.found(q="translate", sort=[{"field": "name", "dir": -1}]) == ["acme/translate-pro", "acme/translate"]


@pytest.mark.parametrize(
    ("asked", "number", "count", "pages"),
    [
        ({"pageNumber": 0, "pageSize": 2}, 0, 2, 3),
        ({"pageNumber": 2, "pageSize": 2}, 2, 1, 3),
        ({"pageNumber": 9, "pageSize": 2}, 9, 0, 3),
        ({"pageNumber": -1, "pageSize": 2}, 0, 2, 3),
        ({"pageNumber": 0, "pageSize": 0}, 0, 1, 5),
        ({"pageNumber": 0, "pageSize": -7}, 0, 1, 5),
        ({"pageNumber": 0, "pageSize": 10**30}, 0, 5, 1),
        ({"pageNumber": 10**30, "pageSize": 1000}, 2**40, 0, 1),
    ],
)
def test_a_page_has_bounds(caller: Caller, asked: Any, number: int, count: int, pages: int) -> None:
    page = caller.search(**asked)
    assert (page["pageNumber"], len(page["results"]), page["pageTotal"], page["total"]) == (number, count, pages, 5)


def test_a_body_with_nothing_in_it_asks_for_the_first_page(caller: Caller) -> None:
    assert caller.send("POST", "/v2/models/paginate").json["total"] == 5


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"pageSize": "many"}, "`int`"),
        ({"pageNumber": None}, "`int`"),
        ({"functions": "translation"}, "`$.functions`"),
        ({"functions": [{"name": "no id"}]}, "`id`"),
        ({"sort": {}}, "`$.sort`"),
        ({"sort": [None]}, "`$.sort[0]`"),
        ({"sort": [{"field": "beauty"}]}, "'beauty' is nothing to sort by; there are name, createdAt"),
        ({"sort": [{"field": ["name"]}]}, "nothing to sort by"),
        ({"sortBy": "beauty"}, "nothing to sort by"),
        ({"saved": "yes"}, "`$.saved`"),
        ({"q": 7}, "`$.q`"),
        ({"status": ["onboarded"] * 5000}, "1000 values at most"),
    ],
)
def test_a_filter_that_cannot_be_is_a_400_that_names_it(caller: Caller, wanted: Any, words: str) -> None:
    answer = caller.post("/v2/models/paginate", wanted)
    assert answer.status == answer.json["statusCode"] == 400
    assert words in answer.json["message"]


def test_a_model_is_got_by_id_and_by_path_encoded_whole_or_not(caller: Caller) -> None:
    model = caller.get("/v2/models/acme/translate").json
    assert caller.get("/v2/models/acme%2Ftranslate").json == model
    assert caller.get(f"/v2/models/{model['id']}").json == model
    assert model["id"] != caller.get("/v2/models/acme/translate-pro").json["id"]


def test_a_host_narrows_a_get(caller: Caller) -> None:
    assert caller.get("/v2/models/acme%2Ftranslate?host=aixplain-hub").status == 200
    answer = caller.get("/v2/models/acme%2Ftranslate?host=openai")
    assert answer.status == 404
    assert "of the host 'openai'" in answer.json["message"]


@pytest.mark.parametrize("key", ["acme/transalte", "acme", "ACME/translate", "0" * 24, "a b", "日本", "%", "x" * 5000])
def test_an_unknown_model_is_a_404_that_names_it(caller: Caller, key: str) -> None:
    answer = caller.get(f"/v2/models/{quote(key, safe='')}")
    assert answer.status == answer.json["statusCode"] == 404
    assert f"There is no model '{key}' on this hub" in answer.json["message"]
    assert answer.json["error"] == "Not Found"


def test_a_misspelt_model_is_told_the_nearest(caller: Caller) -> None:
    assert "did you mean 'acme/translate'" in caller.get("/v2/models/acme%2Ftransalte").json["message"]


def test_a_model_has_every_key_of_the_protocol(caller: Caller) -> None:
    model = caller.get("/v2/models/acme%2Ftranslate").json
    assert model["function"] == {"id": "translation", "name": "Translation"}
    assert model["vendor"] == {"id": 1, "name": "aiXplain", "code": "aixplain"}
    assert model["assetInfo"] == {"assetPath": "acme/translate", "instanceId": "acme/translate"}
    assert (model["status"], model["developer"], model["host"]) == ("onboarded", "acme", "aixplain-hub")
    assert (model["functionType"], model["type"], model["serviceName"]) == ("ai", "model", None)
    assert (model["supportsStreaming"], model["supportsBYOC"], model["connectionType"]) == (False, False, ["synchronous"])
    assert model["pricing"] == {"price": 0.0, "unitType": "REQUEST", "unitTypeScale": None}
    assert model["createdAt"] == model["updatedAt"]
    assert model["createdAt"].endswith("Z")
    assert {each["name"]: each["value"] for each in model["attributes"]} == {"languages": "en, de", "target languages": "fr"}
    [param] = model["params"]
    assert (param["name"], param["required"], param["dataType"], param["multipleValues"]) == ("text", True, "text", False)


def test_a_page_holds_the_same_models_as_a_get(caller: Caller) -> None:
    [on_page] = caller.search(path="globex/summary")["results"]
    assert on_page == caller.get("/v2/models/globex%2Fsummary").json


def open_store(path: Path, hub: Hub) -> SqliteStore:
    return SqliteStore(path, lambda connection: replace_models(connection, hub.entries.values()))


def stored(store: SqliteStore) -> dict[str, Any]:
    page = json.loads(search(store.reader(), Search(page_size=100)))
    return {model["assetInfo"]["assetPath"]: model for model in page["results"]}


def test_a_restart_keeps_what_is_the_same_and_takes_over_what_changed(tmp_path: Path) -> None:
    def hub(text: str, *paths: str) -> Hub:
        made = Hub(builtin=False)
        for path in paths:
            made.model(path, description=text)(lambda text: text)
        return made

    store = open_store(tmp_path / "hub.sqlite", hub("old", "acme/a", "acme/b"))
    before = stored(store)
    store.close()
    store = open_store(tmp_path / "hub.sqlite", hub("old", "acme/a", "acme/c"))
    assert stored(store)["acme/a"] == before["acme/a"]
    assert set(stored(store)) == {"acme/a", "acme/c"}
    store.close()
    store = open_store(tmp_path / "hub.sqlite", hub("new words", "acme/a"))
    [after] = stored(store).values()
    assert (after["createdAt"], after["description"]) == (before["acme/a"]["createdAt"], "new words")
    assert after["updatedAt"] > after["createdAt"]
    assert json.loads(search(store.reader(), Search(q="old")))["total"] == 0
    store.close()


def test_a_model_that_changes_is_found_after_every_step_of_the_change(tmp_path: Path) -> None:
    def hub(text: str) -> Hub:
        made = Hub(builtin=False)
        for number in range(50):
            made.model(f"acme/{number}", description=text)(lambda text: text)
        return made

    store = open_store(tmp_path / "hub.sqlite", hub("old"))
    with sqlite3.connect(tmp_path / "hub.sqlite") as connection:
        connection.row_factory = sqlite3.Row
        steps = list(changes(connection, hub("new").entries.values()))
        assert len(steps) > 1
        for step in steps:
            step(connection)
            connection.commit()
            assert len(stored(store)) == 50
    connection.close()
    assert {model["description"] for model in stored(store).values()} == {"new"}
    store.close()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    store = open_store(tmp_path_factory.mktemp("store") / "hub.sqlite", library())
    yield store.reader()
    store.close()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_no_text_breaks_a_search(reader: sqlite3.Connection, text: str) -> None:
    for query in (text, f"translate {text}", text * 50):
        assert json.loads(search(reader, Search(q=query)))["total"] >= 0


SPELLS = ("AND", "NOT translate", "NEAR(a b)", '"', "a*", "^", "name:x", "_", "\0", "²", "हिन्दी", "a " * 9999)


@pytest.mark.parametrize("text", SPELLS)
def test_the_index_has_a_language_of_its_own_that_no_text_speaks(reader: sqlite3.Connection, text: str) -> None:
    assert json.loads(search(reader, Search(q=text)))["total"] >= 0
