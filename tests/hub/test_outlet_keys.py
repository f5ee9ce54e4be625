"""Scopes and limits of keys hold for clients of OpenAI and of MCP as they do for the hub's own protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from aixplain.hub.opening import Place

from .conftest import Answer, Caller
from .places import Replica, limited, new_key, served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="module")
def caller(folder: Path) -> Iterator[Caller]:
    with served(folder, Replica(keys=("fixed",))) as [caller]:
        yield caller


def send(caller: Caller, secret: str, path: str, content: Any = None) -> Answer:
    body = None if content is None else json.dumps(content).encode()
    return caller.send("GET" if body is None else "POST", path, body, {"authorization": f"Bearer {secret}"})


def chat(caller: Caller, secret: str, model: str) -> Answer:
    wanted = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    return send(caller, secret, "/v1/chat/completions", wanted)


def call(caller: Caller, secret: str, tool: str) -> tuple[list[str], Any]:
    """The tools that a key has, and what one of them answers."""

    async def main() -> Any:
        async with httpx2.AsyncClient(headers={"authorization": f"Bearer {secret}"}) as http:
            async with Client(streamable_http_client(f"{caller.url}/mcp", http_client=http)) as client:
                tools = [each.name for each in (await client.list_tools()).tools]
                return tools, await client.call_tool(tool, {"text": "hi"})

    return asyncio.run(main())  # type: ignore[no-any-return]


def test_a_key_sees_and_runs_the_models_of_its_scope(caller: Caller, folder: Path) -> None:
    secret = new_key(Place(folder), models=("team/*",))[1]
    assert [each["id"] for each in send(caller, secret, "/v1/models").json["data"]] == ["team/whisper"]
    assert chat(caller, secret, "team/whisper").status == 200
    refused = chat(caller, secret, "acme/shout")
    assert (refused.status, refused.json["error"]["type"]) == (403, "permission_error")
    tools, answer = call(caller, secret, "team__whisper")
    assert (tools, answer.is_error) == (["team__whisper"], False)


def test_a_limit_is_told_in_the_shape_of_each(caller: Caller, folder: Path) -> None:
    secret = limited(Place(folder), rpd=1)
    assert chat(caller, secret, "acme/shout").status == 200
    refused = chat(caller, secret, "acme/shout")
    assert (refused.status, refused.json["error"]["code"]) == (429, "rate_limit_exceeded")
    assert int(refused.headers["retry-after"]) > 0
    _, answer = call(caller, secret, "acme__shout")
    assert answer.is_error
    assert "requests of this day (rpd)" in answer.content[0].text
