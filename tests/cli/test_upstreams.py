"""`aix hub add`, `remove`, `upstreams`, `discover`, `alias` and `sync-prices`, with a hub that runs beside them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.hub import anthropic
from tests.hub.scripted import DONE, Asked, Reply, Scripted, completion, delta, scripted, usage

from aixplain.cli import upstreams
from aixplain.hub.embedded import EmbeddedHub

Aix = Callable[..., Any]
Refused = Callable[..., str]
MODELS = {"data": [{"id": "gpt-4o", "owned_by": "openai"}, {"id": "org/embed-1"}, {"id": "whisper-1"}, {"id": "moderation"}]}
SOON = "A hub that is at work sees it within 3 seconds.\n"


@pytest.fixture(scope="module")
def service() -> Iterator[Scripted]:
    with scripted() as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(service: Scripted) -> None:
    service.asked.clear()
    service.answer = lambda asked, reply: (_models if asked.path == "/v1/models" else _chat)(asked, reply)


def _models(asked: Asked, reply: Reply) -> None:
    reply.whole(MODELS)


def _chat(asked: Asked, reply: Reply) -> None:
    if asked.json.get("stream"):
        reply.stream((delta(content="hello"), delta("stop"), usage(1000, 10), DONE))
    else:
        reply.whole(completion())


def add(aix: Aix, service: Scripted, *more: str, settings: dict[str, str] | None = None) -> str:
    done = aix("hub", "add", "up", "--url", service.url, "--data", "kept", *more, settings=settings or {})
    assert done.status == 0, done.err
    return str(done.err)


def declared(aix: Aix) -> Any:
    return json.loads(aix("hub", "upstreams", "--data", "kept", "--json", settings={}).out)


def test_the_models_of_a_service_are_read_and_their_kinds_guessed(aix: Aix, service: Scripted) -> None:
    assert add(aix, service) == f"3 models of {service.url} offered as up/…. {SOON}"
    (upstream,) = declared(aix)
    assert [(model["id"], model["function"]) for model in upstream["models"]] == [
        ("gpt-4o", "text-generation"),
        ("org/embed-1", "text-embedding"),
        ("whisper-1", "speech-recognition"),
    ]


def test_some_models_alone_and_a_kind_that_is_corrected(aix: Aix, service: Scripted) -> None:
    add(aix, service, "--models", "gpt-*", "--models", "org/*", "--kind", "org/embed-1=text-generation")
    (upstream,) = declared(aix)
    assert [(model["id"], model["function"]) for model in upstream["models"]] == [
        ("gpt-4o", "text-generation"),
        ("org/embed-1", "text-generation"),
    ]


def test_what_is_added_again_as_another_kind_is_not_both(aix: Aix, service: Scripted, hub: EmbeddedHub) -> None:
    add(aix, service)
    added = aix("hub", "add", "up", "--aixplain", "--url", hub.url, "--models", "acme/*", "--data", "kept", settings={})
    assert added.status == 0, added.err
    assert [(each["kind"], each["name"]) for each in declared(aix)] == [("relay", "up")]
    add(aix, service)
    assert [(each["kind"], each["name"]) for each in declared(aix)] == [("upstream", "up")]


def test_the_key_is_sent_and_its_variable_alone_is_kept(aix: Aix, service: Scripted, tmp_path: Path) -> None:
    add(aix, service, "--key-env", "UP_KEY", settings={"UP_KEY": "a-key-that-nobody-may-see"})
    assert service.asked[0].headers["authorization"] == "Bearer a-key-that-nobody-may-see"
    assert declared(aix)[0]["key_env"] == "UP_KEY"
    for file in (tmp_path / "kept").iterdir():
        assert b"nobody-may-see" not in file.read_bytes()


def test_the_list_names_each_and_the_key_that_is_missing(aix: Aix, service: Scripted) -> None:
    add(aix, service, "--key-env", "UP_KEY", settings={"UP_KEY": "a-key-that-nobody-may-see"})
    aix("hub", "alias", "team/default", "up/gpt-4o=3", "aixplain/summarize=0", "--data", "kept")
    lines = aix("hub", "upstreams", "--data", "kept", settings={}).out.splitlines()
    assert [line.split() for line in lines] == [
        ["name", "what", "it", "is", "key"],
        ["team/default", "up/gpt-4o=3", "aixplain/summarize=0"],
        ["up", "3", "models", "of", service.url, "UP_KEY", "(not", "set", "here)"],
    ]


def test_a_hub_that_runs_serves_what_is_added_and_drops_what_is_removed(
    started: Callable[..., Any], aix: Aix, service: Scripted, tmp_path: Path
) -> None:
    running = started("hub", "serve", "--port", "0", "--data", "kept", settings={})
    url = running.stderr.readline().split()[6]
    add(aix, service)
    aix("hub", "alias", "team/default", "up/gpt-4o", "--data", "kept", settings={})
    prices = tmp_path / "prices.json"
    prices.write_text('{"gpt-4o": {"input_cost_per_token": 0.001, "output_cost_per_token": 0.1, "mode": "chat"}}')
    priced = aix("hub", "sync-prices", "prices.json", "--data", "kept", settings={})
    assert priced.err == (
        f"1 of 3 models have their prices from prices.json. {SOON}"
        "It has none for up/org/embed-1, up/whisper-1: what they cost is unknown.\n"
    )
    until(lambda: aix("run", "team/default", "hi", "--hub", url, settings={}).out == "hello\n")

    def told() -> Any:
        return json.loads(aix("run", "up/gpt-4o", "hi", "--json", "--hub", url, settings={}).out)["usedCredits"]

    until(lambda: told() == pytest.approx(3 * 0.001 + 2 * 0.1))
    assert aix("run", "up/gpt-4o", "--stream", "hi", "--hub", url, settings={}).out.strip() == "hello"
    aix("hub", "remove", "up", "--data", "kept", settings={})
    until(lambda: aix("run", "up/gpt-4o", "hi", "--hub", url, settings={}).status == 2)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["add", "a/b", "--url", "http://127.0.0.1:9"], 2, "is no name of an upstream"),
        (["add", "..", "--url", "http://127.0.0.1:9"], 2, "is no name of an upstream"),
        (["add", "up", "--url", "127.0.0.1:9"], 2, "is no address of a service"),
        (["add", "up"], 2, "Give its address with --url, or the --vendor."),
        (["add", "up", "--vendor", "anthropic", "--aixplain"], 2, "give --vendor or --aixplain"),
        (
            ["add", "up", "--vendor", "anthropic", "--kind", "x=speech-synthesis"],
            2,
            "do one of text-embedding, text-generation",
        ),
        (["add", "up", "--url", "http://127.0.0.1:9"], 1, "Is it running?"),
        (["add", "up", "--url", "http://127.0.0.1:9", "--key-env", "NOT_SET"], 2, "NOT_SET is not set here"),
        (["add", "up", "--url", "http://127.0.0.1:9", "--kind", "gpt=chat"], 2, "--kind is MODEL=FUNCTION"),
        (["remove", "nobody"], 2, "There is no hub's database in kept."),
        (["alias", "a b", "c"], 2, "is no path of a model"),
        (["alias", "team/default", "c=many"], 2, "is no target"),
        (["alias", "team/default", "c=-1"], 2, "is no target"),
        (["alias", "team/default", "c=1", "c=0"], 2, "A model is there twice"),
        (["sync-prices", "missing.json"], 1, "missing.json"),
    ],
)
def test_what_can_not_be_done_is_a_sentence(refused: Refused, words: list[str], status: int, said: str) -> None:
    assert said in refused("hub", *words, "--data", "kept", status=status, settings={})


def test_what_is_not_there_can_not_be_removed(aix: Aix, refused: Refused) -> None:
    aix("hub", "alias", "team/default", "aixplain/summarize", "--data", "kept")
    assert "There is no upstream and no alias 'nobody'" in refused("hub", "remove", "nobody", "--data", "kept")


def test_an_alias_for_what_no_upstream_offers_says_so(aix: Aix, service: Scripted) -> None:
    add(aix, service)
    aix("hub", "alias", "team/a", "up/gpt-4o", "--data", "kept")
    told = aix("hub", "alias", "team/b", "team/a", "up/gpt-4o", "aixplain/summarize", "acme/x", "--data", "kept").err
    assert "No upstream offers team/a, acme/x. Unless a program of the hub does, it is passed over" in told


def test_a_price_by_what_is_not_counted_is_unknown_and_not_zero(aix: Aix, service: Scripted, tmp_path: Path) -> None:
    add(aix, service)
    prices = {
        "gpt-4o": {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0, "mode": "chat"},
        "embed-1": {"output_cost_per_token": 0.0, "input_cost_per_pixel": 1.9e-08},
        "whisper-1": {"input_cost_per_second": 0.0001, "output_cost_per_second": 0.0001},
    }
    (tmp_path / "prices.json").write_text(json.dumps(prices))
    told = aix("hub", "sync-prices", "prices.json", "--data", "kept").err
    assert told.startswith("2 of 3 models have their prices")
    assert "It has none for up/org/embed-1: " in told


def test_the_models_of_another_hub_have_prices_too(aix: Aix, hub: EmbeddedHub, tmp_path: Path) -> None:
    aix("hub", "add", "far", "--aixplain", "--url", hub.url, "--models", "acme/say", "--models", "acme/size", "--data", "kept")
    (tmp_path / "prices.json").write_text('{"far/acme/say": {"input_cost_per_request": 2}}')
    told = aix("hub", "sync-prices", "prices.json", "--data", "kept").err
    assert told == f"1 of 2 models have their prices from prices.json. {SOON}"  # what the other costs, its hub tells


@pytest.mark.parametrize("content", ["hello", "[]", '{"gpt-4o": {"input_cost_per_token": "many"}}'])
def test_a_list_of_prices_that_is_none_is_a_sentence(
    aix: Aix, refused: Refused, service: Scripted, tmp_path: Path, content: str
) -> None:
    add(aix, service)
    (tmp_path / "prices.json").write_text(content)
    assert "price" in refused("hub", "sync-prices", "prices.json", "--data", "kept", settings={})


def test_a_service_that_refuses_the_key_names_the_variable(refused: Refused, service: Scripted) -> None:
    service.answers({"error": {"message": "Incorrect API key: a-key-that-nobody-may-see"}}, 401)
    settings = {"UP_KEY": "a-key-that-nobody-may-see"}
    words = ("hub", "add", "up", "--url", service.url, "--key-env", "UP_KEY", "--data", "kept")
    assert "refused the key in UP_KEY (401)" in refused(*words, status=1, settings=settings)


@pytest.mark.parametrize(("more", "what"), [((), "a service that speaks OpenAI"), (("--aixplain",), "an aiXplain")])
def test_what_speaks_otherwise_is_asked_after(refused: Refused, service: Scripted, more: tuple[str, ...], what: str) -> None:
    service.answers(b"<html>", 404)
    words = ("hub", "add", "up", "--url", service.url, "--data", "kept", *more)
    assert f"Is {service.url} the address of {what}?" in refused(*words, status=1, settings={})


def test_a_service_with_no_model_that_is_wanted_is_a_sentence(refused: Refused, service: Scripted) -> None:
    words = ("hub", "add", "up", "--url", service.url, "--models", "none*", "--data", "kept")
    assert "offers no model" in refused(*words, settings={})


def test_the_models_of_a_vendor_are_read_through_the_library(aix: Aix, service: Scripted) -> None:
    service.answers(anthropic.MODELS)
    url = service.url.removesuffix("/v1")
    words = ("claude", "--vendor", "Anthropic", "--url", url, "--key-env", "CLAUDE_KEY", "--models", "claude-x,other")
    done = aix("hub", "add", *words, "--data", "kept", settings={"CLAUDE_KEY": "a-key-that-nobody-may-see"})
    assert done.err == f"1 model of anthropic at {url} offered as claude/…. {SOON}"
    (upstream,) = declared(aix)
    assert (upstream["vendor"], [model["id"] for model in upstream["models"]]) == ("anthropic", ["claude-x"])
    (_, row) = aix("hub", "upstreams", "--data", "kept", settings={}).out.splitlines()
    assert row.split() == ["claude", "1", "model", "of", "anthropic", "at", url, "CLAUDE_KEY", "(not", "set", "here)"]
    assert aix("hub", "remove", "claude", "--data", "kept", settings={}).err.startswith("claude is gone.")
    assert declared(aix) == []


def test_services_on_this_machine_are_found(
    service: Scripted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port = int(service.url.rpartition(":")[2].partition("/")[0])
    monkeypatch.setattr(upstreams, "PORTS", {9: "Nobody", port: "LM Studio"})
    upstreams.discover()
    assert capsys.readouterr().out == f"LM Studio answers with 3 models:  aix hub add lmstudio --url {service.url}\n"
    upstreams.discover(json=True)
    assert json.loads(capsys.readouterr().out) == [{"name": "LM Studio", "url": service.url, "models": 3}]


def test_a_service_that_wants_a_key_is_found(
    service: Scripted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service.answers({"error": {"message": "Unauthorized"}}, 401)
    monkeypatch.setattr(upstreams, "PORTS", {int(service.url.rpartition(":")[2].partition("/")[0]): "vLLM"})
    upstreams.discover()
    told = capsys.readouterr()
    assert told.out == f"vLLM wants a key:  aix hub add vllm --url {service.url} --key-env VARIABLE\n"
    assert told.err == ""


def test_when_nothing_answers_the_ports_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(upstreams, "PORTS", {9: "Nobody"})
    upstreams.discover()
    assert "on any of the ports 9." in capsys.readouterr().err
