"""A real service that speaks OpenAI, llama.cpp's own, behind the hub and before our client."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bench import environments

from aixplain import Aixplain
from aixplain.hub import Hub
from aixplain.hub.backends.openai.listing import offered
from aixplain.hub.backends.openai.upstream import Upstream
from aixplain.hub.declarations import Spec, UpstreamSpec, declared
from aixplain.hub.embedded import start
from aixplain.hub.store.sqlite.declared import SqliteDeclared
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.v2.exceptions import APIError

SERVER = Path(__file__).parent / "llama_cpp.py"
WIDTH = 32


@pytest.fixture(scope="module")
def python() -> Path:
    try:
        return environments.llama_cpp()
    except environments.Unavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"llama.cpp can't be installed here: {error}")


@contextlib.contextmanager
def serving(python: Path, what: str, folder: Path) -> Iterator[str]:
    """Its address."""
    process = subprocess.Popen([python, SERVER, what, folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip() + "/v1"
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def aix(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aixplain]:
    folder = tmp_path_factory.mktemp("hub")
    with serving(python, "chat", folder) as chat, serving(python, "embedding", folder) as embedding:
        specs: list[Spec] = [_read("llama", chat), _read("vectors", embedding)]
        with closing(SqliteStore(folder / "hub.sqlite")) as store:
            asyncio.run(SqliteDeclared(store).put([declared(spec) for spec in specs]))
        hub = start(folder, Hub(builtin=False))
        with closing(hub), Aixplain(backend_url=hub.url) as client:
            hub.wait_until_ready()
            yield client


def _read(name: str, url: str) -> UpstreamSpec:
    return UpstreamSpec(name, url, models=tuple(asyncio.run(offered(Upstream(name, url)))))


def test_its_models_are_listed_with_what_they_do(aix: Aixplain) -> None:
    assert {model.path: str(model.function) for model in aix.Model.search()} == {
        "llama/tiny-chat": "text-generation",
        "vectors/tiny-embedding": "text-embedding",
    }


def test_it_answers_with_tokens_and_a_reason_to_end(aix: Aixplain) -> None:
    result = aix.Model.get("llama/tiny-chat").run(text="hi", context="Be brief.", max_tokens=5, temperature=0)
    assert isinstance(result.data, str)
    assert result.usage is not None
    assert result.usage.completion_tokens == 5
    assert result.usage.total_tokens == result.usage.prompt_tokens + 5
    (detail,) = result.details
    assert (detail.finish_reason, detail.message.role, detail.message.content) == ("length", "assistant", result.data)


def test_it_streams_the_same(aix: Aixplain) -> None:
    model = aix.Model.get("llama/tiny-chat")
    asked: dict[str, Any] = {"text": "hi", "max_tokens": 20, "temperature": 0, "seed": 1}
    whole = model.run(**asked)
    stream = model.run_stream(**asked)
    assert "".join(str(chunk.data) for chunk in stream if chunk.data) == whole.data
    result = stream.result()
    assert result.usage.completion_tokens == whole.usage.completion_tokens == 20
    assert result.details[0].finish_reason == "length"


def test_what_it_is_asked_reaches_it(aix: Aixplain) -> None:
    shape = {"type": "json_schema", "json_schema": {"schema": {"type": "boolean"}}}
    data = aix.Model.get("llama/tiny-chat").run(messages=[{"role": "user", "content": "?"}], response_format=shape, seed=1).data
    assert data.strip() in ("true", "false")


def test_it_refuses_in_its_own_words(aix: Aixplain) -> None:
    with pytest.raises(APIError, match="exceeds the available context size") as caught:
        aix.Model.get("llama/tiny-chat").run(text="long " * 1000)
    assert caught.value.status_code == 400


def test_texts_become_vectors(aix: Aixplain) -> None:
    model = aix.Model.get("vectors/tiny-embedding")
    first, second = model.run(text=["one", "two"]).data
    assert model.run(text="one").data == pytest.approx(first, abs=1e-3)
    assert len(first) == len(second) == WIDTH
    assert first != pytest.approx(second, abs=1e-3)
