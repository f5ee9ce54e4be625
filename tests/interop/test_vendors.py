"""A hub before a scripted Gemini, through any-llm and Google's own library, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import environments
from tests.hub.scripted import Asked, Reply, Scripted, event, scripted

from aixplain import Aixplain
from aixplain.v2.exceptions import APIError

pytestmark = pytest.mark.timeout(600)  # the first test makes the environment

KEY = "AIza-that-nobody-may-see"
MODELS = {"models": [{"name": "models/gemini-x"}, {"name": "models/gemini-embedding-x"}, {"name": "models/imagen-x"}]}
TOOL = {"name": "shout", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}}
USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}


def candidate(*parts: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    """An answer of Gemini's, or a piece of one."""
    told = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    return {"candidates": [told | ({"finishReason": reason} if reason else {})], "usageMetadata": USAGE, "modelVersion": "x"}


CALL = {"functionCall": {"name": "shout", "args": {"text": "hi"}}, "thoughtSignature": "c2ln"}


@pytest.fixture(scope="module")
def python() -> Path:
    try:
        return environments.vendors()
    except environments.Unavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the libraries of vendors can't be installed here: {error}")


@pytest.fixture(scope="module")
def service() -> Iterator[Scripted]:
    with scripted() as running:
        yield running


@pytest.fixture(scope="module")
def aix(python: Path, service: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aixplain]:
    """A client of a hub to which Gemini was added on the command line."""
    root = Path(__file__).parent.parent.parent
    kept = {
        name: value for name, value in os.environ.items() if not name.upper().startswith(("PYTHON", "AIXPLAIN_", "GOOGLE_"))
    }
    environment = {**kept, "PYTHONPATH": str(root / "src"), "GOOGLE_KEY": KEY}
    folder = str(tmp_path_factory.mktemp("hub"))
    command: list[str | Path] = [python, "-m", "aixplain.cli", "hub"]
    service.answers(MODELS)
    url = service.url.removesuffix("/v1")
    added = [*command, "add", "google", "--vendor", "gemini", "--url", url, "--key-env", "GOOGLE_KEY", "--data", folder]
    done = subprocess.run(added, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr.startswith(f"2 models of gemini at {url} offered as google/…."), done.stderr
    served = [*command, "serve", "--port", "0", "--data", folder]
    with subprocess.Popen(served, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            with Aixplain(backend_url=process.stderr.readline().split()[6]) as client:
                yield client
        finally:
            process.terminate()


def test_its_models_are_listed_with_what_they_do(aix: Aixplain) -> None:
    assert {model.path: str(model.function) for model in aix.Model.search("gemini")} == {
        "google/gemini-x": "text-generation",
        "google/gemini-embedding-x": "text-embedding",
    }


def test_it_answers_with_tokens_and_a_reason_to_end(aix: Aixplain, service: Scripted) -> None:
    service.answers(candidate({"text": "hmm", "thought": True}, {"text": "hello"}, reason="STOP"))
    result = aix.Model.get("google/gemini-x").run(text="hi", context="Be kind.", max_tokens=9, seed=1)
    asked = service.asked[-1]
    assert asked.path.endswith("/models/gemini-x:generateContent")
    assert asked.headers["x-goog-api-key"] == KEY
    assert asked.json["systemInstruction"]["parts"] == [{"text": "Be kind."}]
    assert asked.json["generationConfig"].items() >= {"maxOutputTokens": 9, "seed": 1}.items()
    assert (result.data, result.usage.total_tokens) == ("hello", 5)
    assert (result.details[0].finish_reason, result.details[0].message.to_dict()["reasoning"]) == ("stop", "hmm")


def test_no_input_sends_the_hubs_key_elsewhere(aix: Aixplain, service: Scripted) -> None:
    """Google's client takes an address beside what it asks."""
    asked, elsewhere = len(service.asked), {"base_url": "http://127.0.0.1:9"}
    for name, value in {"http_options": elsewhere, "extra_body": {"http_options": elsewhere}}.items():
        with pytest.warns(match=name), pytest.raises(APIError, match=f"Parameter '{name}' not found"):
            aix.Model.get("google/gemini-x").run(text="hi", **{name: value})
    assert len(service.asked) == asked


def test_it_streams_and_calls_tools(aix: Aixplain, service: Scripted) -> None:
    service.streams(event(candidate({"text": "hel"})), event(candidate({"text": "lo"})), event(candidate(CALL, reason="STOP")))
    stream = aix.Model.get("google/gemini-x").run_stream(text="hi", tools=[{"type": "function", "function": TOOL}])
    assert "".join(str(chunk.data) for chunk in stream if chunk.data) == "hello"
    result = stream.result()
    (call,) = result.details[0].message.tool_calls
    assert (call["function"]["name"], call["function"]["arguments"]) == ("shout", '{"text": "hi"}')
    assert result.usage.total_tokens == 5
    assert result.details[0].finish_reason in ("stop", "tool_calls")


def test_a_call_of_a_tool_alone_has_no_content(aix: Aixplain, service: Scripted) -> None:
    service.answers(candidate(CALL, reason="STOP"))
    result = aix.Model.get("google/gemini-x").run(text="hi", tools=[{"type": "function", "function": TOOL}])
    message = result.details[0].message.to_dict()
    assert (result.data, message["content"]) == ("", None)
    assert message["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "c2ln"}}


def test_texts_become_vectors(aix: Aixplain, service: Scripted) -> None:
    def embed(asked: Asked, reply: Reply) -> None:
        reply.whole({"embeddings": [{"values": [1.0, 0.5]} for _ in asked.json["requests"]]})

    service.answer = embed
    model = aix.Model.get("google/gemini-embedding-x")
    assert model.run(text="one", dimensions=2).data == [1.0, 0.5]
    assert service.asked[-1].json["requests"][0]["outputDimensionality"] == 2
    assert model.run(text=["one", "two"]).data == [[1.0, 0.5], [1.0, 0.5]]


@pytest.mark.parametrize(
    ("status", "words", "ours"),
    [
        (400, "API key not valid. Please pass a valid API key.", 485),
        (400, "too long", 400),
        (429, "slow", 429),
        (503, "busy", 503),
    ],
)
def test_its_errors_are_told_in_its_words(aix: Aixplain, service: Scripted, status: int, words: str, ours: int) -> None:
    service.answers({"error": {"code": status, "message": words, "status": "X"}}, status)
    with pytest.raises(APIError, match="refused this hub's key" if ours == 485 else words) as caught:
        aix.Model.get("google/gemini-x").run(text="hi", run_retries=0)
    assert caught.value.status_code == ours
    assert KEY not in str(caught.value)
