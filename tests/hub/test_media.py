"""Embeddings, sound and pictures of services that speak OpenAI."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aixplain.hub import Hub
from aixplain.hub.backends.openai.listing import EMBEDDING, IMAGES, SPEECH, TRANSCRIPTION, Offered
from aixplain.hub.declarations import UpstreamSpec

from .conftest import Caller
from .scripted import Scripted, scripted

PNG = b"\x89PNG and so on"


@pytest.fixture(scope="module")
def service() -> Iterator[Scripted]:
    with scripted() as running:
        yield running


MODELS = (Offered("emb", EMBEDDING), Offered("ear", TRANSCRIPTION), Offered("voice", SPEECH), Offered("eye", IMAGES))


@pytest.fixture(scope="module")
def caller(serve_declared: Callable[..., Caller], service: Scripted) -> Caller:
    return serve_declared(Hub(builtin=False), UpstreamSpec("up", service.url, models=MODELS))


@pytest.mark.parametrize(("texts", "vectors"), [("a", [0.5, 1]), (["a", "b"], [[0.5, 1], [2, 3]])])
def test_texts_become_vectors_in_their_order(caller: Caller, service: Scripted, texts: Any, vectors: Any) -> None:
    found = vectors if isinstance(texts, list) else [vectors]
    items = [{"index": index, "embedding": vector} for index, vector in enumerate(found)]
    service.answers({"data": items[::-1], "usage": {"prompt_tokens": 4, "total_tokens": 4}})
    envelope = caller.run("up/emb", {"text": texts, "dimensions": "2"}).json
    assert envelope["data"] == vectors
    assert envelope["usage"]["prompt_tokens"] == 4
    assert service.asked[-1].json == {"model": "emb", "input": texts, "encoding_format": "float", "dimensions": 2}


def test_too_few_vectors_are_a_failure(caller: Caller, service: Scripted) -> None:
    service.answers({"data": []})
    assert caller.run("up/emb", {"text": "a"}).json["statusCode"] == 485


def sent_up(caller: Caller, name: str, content: bytes) -> str:
    announced = caller.post("/sdk/file/upload/temp-url", {"contentType": "audio/wav", "originalName": name}).json
    assert caller.send("PUT", announced["uploadUrl"], content).status == 200
    address: str = announced["downloadUrl"]
    return address


def test_sound_goes_to_the_service_as_a_file_and_comes_back_as_text(caller: Caller, service: Scripted) -> None:
    service.answers({"text": "hello", "usage": {"type": "duration", "seconds": 3}})
    sound = bytes(range(256)) * 4000
    envelope = caller.run("up/ear", {"source_audio": sent_up(caller, "a b.wav", sound), "language": "en"}).json
    assert envelope["data"] == "hello"
    asked = service.asked[-1]
    assert asked.path == "/v1/audio/transcriptions"
    boundary = asked.headers["content-type"].partition("boundary=")[2].encode()
    parts = asked.body.split(b"--" + boundary)
    assert b'name="language"\r\n\r\nen\r\n' in parts[3]
    assert b'filename="a b.wav"' in parts[4]
    assert parts[4].partition(b"\r\n\r\n")[2] == sound + b"\r\n"


def test_a_voice_is_a_file_of_the_hub(caller: Caller, service: Scripted) -> None:
    service.answers(b"sound", content_type="audio/mpeg")
    data = caller.run("up/voice", {"text": "hello", "speed": "1.5"}).json["data"]
    assert service.asked[-1].json == {
        "model": "voice",
        "input": "hello",
        "voice": "alloy",
        "response_format": "mp3",
        "speed": 1.5,
    }
    assert data.startswith(caller.url)
    assert data.endswith("/speech.mp3")
    assert caller.get(data).body == b"sound"


def test_a_run_in_the_background_gives_the_address_too(caller: Caller, service: Scripted) -> None:
    service.answers(b"sound", content_type="audio/mpeg")
    accepted = caller.post("/api/v1/execute/up/voice", {"data": "hello"}).json
    assert caller.get(caller.result(accepted["data"])["data"]).body == b"sound"


def test_a_text_that_looks_like_the_path_of_a_file_stays_as_it_is(caller: Caller, service: Scripted) -> None:
    service.answers({"text": "/files/x"})
    assert caller.run("up/ear", {"source_audio": sent_up(caller, "a.wav", b"a")}).json["data"] == "/files/x"


def test_pictures_are_files_of_the_hub_or_where_the_service_has_them(caller: Caller, service: Scripted) -> None:
    elsewhere = "https://example.com/1.png"
    service.answers({"data": [{"b64_json": base64.b64encode(PNG).decode()}, {"url": elsewhere}]})
    kept, there = caller.run("up/eye", {"text": "a cat", "n": 2}).json["data"]
    assert there == elsewhere
    assert kept.endswith("/image.png")
    assert caller.get(kept).body == PNG
    assert service.asked[-1].json == {"model": "eye", "prompt": "a cat", "n": 2}


@pytest.mark.parametrize("content", [{"data": []}, {"data": [{}]}, {"data": [{"b64_json": "?"}]}, {}])
def test_no_picture_is_a_failure(caller: Caller, service: Scripted, content: Any) -> None:
    service.answers(content)
    assert caller.run("up/eye", {"text": "a cat"}).json["statusCode"] == 485
