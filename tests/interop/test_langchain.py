"""LangChain's client for OpenAI, in an environment of its own, uses the hub as it uses OpenAI."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aixplain.hub.embedded import EmbeddedHub

pytestmark = pytest.mark.timeout(600)  # the first test makes the environment


@pytest.fixture(scope="module")
def found(langchain: Any, served: EmbeddedHub) -> Any:
    return json.loads(langchain.run("with_langchain.py", served, served.url))


def test_it_chats(found: Any) -> None:
    assert found["invoke"] == "You said: hi"
    assert found["usage"]["total_tokens"] == 5
    assert found["function"] == "HI!"


def test_it_streams(found: Any) -> None:
    assert "".join(found["stream"]) == "0 1 2 "
    assert len([piece for piece in found["stream"] if piece]) == 3


def test_it_calls_tools(found: Any) -> None:
    assert found["calls"] == [["shout", {"text": "hi"}]]
    assert found["streamed calls"] == ["shout"]
    assert found["after the calls"] == "You said: HI!"


def test_it_parses_a_structured_answer(found: Any) -> None:
    assert found["structured"] == "hi"


def test_it_has_vectors(found: Any) -> None:
    assert found["vectors"] == [[1.0, 0.5], [2.0, 0.5]]


def test_it_is_told_what_a_model_does_not_take(found: Any) -> None:
    assert "Model 'acme/shout' takes no messages of the system" in found["refused"]
