"""Models of a vendor that doesn't speak OpenAI, through the library, before a scripted service in Anthropic's shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from aixplain.hub import Hub
from aixplain.hub.backends.openai.listing import Offered
from aixplain.hub.declarations import UpstreamSpec

from . import anthropic
from .conftest import Caller
from .scripted import Scripted, scripted

KEY = "sk-ant-that-nobody-may-see"


@pytest.fixture(scope="module")
def service() -> Iterator[Scripted]:
    with scripted() as running:
        yield running


@pytest.fixture(scope="module")
def caller(serve_declared: Callable[..., Caller], service: Scripted) -> Iterator[Caller]:
    models = (Offered("claude-x"),)
    url = service.url.removesuffix("/v1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAUDE_KEY", KEY)
        yield serve_declared(Hub(builtin=False), UpstreamSpec("claude", url, "CLAUDE_KEY", models, vendor="anthropic"))


def test_a_model_answers(caller: Caller, service: Scripted) -> None:
    service.answers(anthropic.message(anthropic.says("hello")))
    answer = caller.run("claude/claude-x", {"text": "hi", "context": "Be kind."})
    assert answer.json["data"] == "hello"
