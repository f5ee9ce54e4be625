"""Models as tools, for the official client of the Model Context Protocol, in both of the ways in which it can speak."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import mcp_types as types
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from aixplain.hub import Hub, ModelError, progress

from .conftest import Caller, states, wait_for

Scene = Callable[[Client], Awaitable[Any]]
begun, left, go_on = threading.Event(), threading.Event(), threading.Event()


async def wait_until_left() -> None:
    begun.set()
    try:
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        left.set()
        raise


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    hub = Hub(builtin=False)

    @hub.model("acme/shout")
    def shout(text: str, times: int = 1) -> str:
        """Says it louder."""
        return text.upper() + "!" * times

    @hub.model("acme/v1.5")
    def facts(text: str) -> dict[str, Any]:
        return {"length": len(text)}

    @hub.model("acme/steps", asynchronous=True)
    def steps(text: str) -> str:
        progress(0.5)
        assert go_on.wait(20)
        return text

    @hub.model("acme/refuse")
    def refuse(text: str) -> str:
        raise ModelError("this text is not for me", 495)

    @hub.model("acme/pictures")
    def pictures(text: str) -> list[str]:
        return ["https://hub.example/files/a%20b.png", text]

    @hub.model("acme/hang")
    async def hang(text: str) -> None:
        await wait_until_left()

    @hub.model("acme/hang-behind", asynchronous=True)
    async def hang_behind(text: str) -> None:
        await wait_until_left()

    return serve(hub)


@pytest.fixture(autouse=True)
def nothing_happened() -> None:
    for event in (begun, left, go_on):
        event.clear()


@pytest.fixture(params=["auto", "legacy"])
def play(request: pytest.FixtureRequest, caller: Caller) -> Callable[..., Any]:
    """Plays a scene with a client: `auto` speaks the release 2026-07-28, `legacy` begins with a handshake, as before it."""

    def play_it(scene: Scene, path: str = "/mcp") -> Any:
        async def main() -> Any:
            async with Client(caller.url + path, mode=request.param) as client:
                return await scene(client)

        return asyncio.run(main())

    return play_it


def text_of(result: types.CallToolResult) -> str:
    first = result.content[0]
    assert isinstance(first, types.TextContent)
    return first.text


def test_every_model_is_a_tool(play: Callable[..., Any], caller: Caller) -> None:
    found = play(lambda client: client.list_tools())
    assert len(found.tools) == len(caller.found())
    tools = {tool.name: tool for tool in found.tools}
    assert {"acme__shout", "acme__hang-behind"} <= tools.keys()
    shout = tools["acme__shout"]
    assert (shout.title, shout.description) == ("Shout", "Says it louder.")
    assert shout.input_schema["properties"]["times"] == {"type": "number", "default": 1}
    assert shout.input_schema["required"] == ["text"]


def test_a_tool_runs_its_model(play: Callable[..., Any], caller: Caller) -> None:
    result = play(lambda client: client.call_tool("acme__shout", {"text": "hi", "times": 2}))
    assert (text_of(result), result.is_error) == ("HI!!", False)
    assert caller.get("/sdk/runs?pageSize=1").json["results"][0]["requestId"] == result.meta["requestId"]


def test_a_path_that_is_no_name_has_one(play: Callable[..., Any]) -> None:
    async def scene(client: Client) -> Any:
        (name,) = [tool.name for tool in (await client.list_tools()).tools if tool.title == "V1.5"]
        return await client.call_tool(name, {"text": "four"})

    assert play(scene).structured_content == {"length": 4}


@pytest.mark.parametrize("path", ["/mcp/acme/shout", "/mcp/acme%2Fshout"])
def test_an_address_of_one_model_has_one_tool(play: Callable[..., Any], path: str) -> None:
    async def scene(client: Client) -> Any:
        (tool,) = (await client.list_tools()).tools
        with pytest.raises(MCPError, match="There is no tool 'acme__refuse' here"):
            await client.call_tool("acme__refuse", {"text": "x"})
        return await client.call_tool(tool.name, {"text": "x"})

    assert text_of(play(scene, path)) == "X!"


def test_an_unknown_model_or_tool_is_a_sentence(play: Callable[..., Any]) -> None:
    async def listed(client: Client) -> None:
        with pytest.raises(MCPError, match="did you mean 'acme/shout'"):
            await client.list_tools()

    async def called(client: Client) -> None:
        with pytest.raises(MCPError, match="There is no model 'acme/shot'"):
            await client.call_tool("acme__shot", {})

    play(listed, "/mcp/acme/shot")
    play(called)


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("acme__shout", {"txt": "x"}, "Required parameter 'text' is missing; Parameter 'txt' not found (did you mean 'text'?)"),
        ("acme__shout", {"text": "x", "stream": True}, "does not support streaming"),
        ("acme__refuse", {"text": "x"}, "this text is not for me"),
    ],
)
def test_what_goes_wrong_is_told_to_the_llm(play: Callable[..., Any], tool: str, arguments: Any, words: str) -> None:
    result = play(lambda client: client.call_tool(tool, arguments))
    assert result.is_error
    assert words in text_of(result)


def test_files_are_links(play: Callable[..., Any]) -> None:
    result = play(lambda client: client.call_tool("acme__pictures", {"text": "no address"}))
    _, link = result.content
    assert (link.type, link.name, link.mime_type) == ("resource_link", "a b.png", "image/png")
    assert str(link.uri) == "https://hub.example/files/a%20b.png"


def test_a_long_run_tells_how_far_it_is(play: Callable[..., Any]) -> None:
    told = []

    async def hear(done: float, total: float | None, message: str | None) -> None:
        told.append((done, total))
        go_on.set()

    assert text_of(play(lambda client: client.call_tool("acme__steps", {"text": "hi"}, progress_callback=hear))) == "hi"
    assert set(told) == {(0.5, 1.0)}


@pytest.mark.parametrize("tool", ["acme__hang", "acme__hang-behind"])
def test_a_call_that_is_given_up_stops_its_run(play: Callable[..., Any], caller: Caller, tool: str) -> None:
    """Also when its client stays: it says so by closing the answer or, in the older way, in a notification."""

    async def scene(client: Client) -> Any:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, tool, {"text": "hi"})
            assert await asyncio.to_thread(begun.wait, 20)
            group.cancel_scope.cancel()
        assert await asyncio.to_thread(left.wait, 20)
        return await client.call_tool("acme__shout", {"text": "still here"})

    assert text_of(play(scene)) == "STILL HERE!"
    model = tool.replace("__", "/")
    assert wait_for(lambda: states(caller, model)[:1] == ["canceled"])


def test_there_are_no_sessions_to_open_or_close(caller: Caller) -> None:
    assert caller.get("/mcp").status == caller.send("DELETE", "/mcp").status == 405


def test_a_long_list_has_pages(serve: Callable[..., Caller]) -> None:
    hub = Hub(builtin=False)
    for number in range(101):
        hub.model(f"acme/n{number:03}")(lambda text: text)
    caller = serve(hub)

    async def main() -> list[str]:
        async with Client(f"{caller.url}/mcp") as client:
            first = await client.list_tools()
            second = await client.list_tools(cursor=first.next_cursor)
            with pytest.raises(MCPError, match="is no cursor of this list"):
                await client.list_tools(cursor="x")
            assert second.next_cursor is None
            return [tool.name for tool in (*first.tools, *second.tools)]

    assert asyncio.run(main()) == [f"acme__n{number:03}" for number in range(101)]


@asynccontextmanager
async def with_key(url: str, key: str) -> AsyncIterator[Client]:
    async with httpx2.AsyncClient(headers={"authorization": f"Bearer {key}"}) as http:
        async with Client(streamable_http_client(url, http_client=http)) as client:
            yield client


def test_a_hub_with_keys_wants_one(serve: Callable[..., Caller]) -> None:
    caller = serve(Hub(builtin=False, keys=["a-key"]))
    assert caller.post("/mcp", {}).status == 401

    async def main() -> int:
        async with with_key(f"{caller.url}/mcp", "a-key") as client:
            return len((await client.list_tools()).tools)

    assert asyncio.run(main()) == 0


WITHOUT = """
import sys
from http.client import HTTPConnection
from urllib.parse import urlsplit

{before}
from aixplain.hub.embedded import start

hub = start(sys.argv[1])
hub.wait_until_ready()
for path in ("/v1/models", "/mcp"):
    connection = HTTPConnection(urlsplit(hub.url).netloc)
    connection.request("GET" if path != "/mcp" else "POST", path, b"{{}}", {{"content-type": "application/json"}})
    answer = connection.getresponse()
    print(answer.status, "pydantic" in sys.modules, answer.read().decode()[:200])
hub.close()
"""


def run(before: str, folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(before=before), folder], capture_output=True, text=True, check=True, timeout=50
    )
    return done.stdout.splitlines()


def test_the_package_is_loaded_by_the_first_request_for_it(tmp_path: Path) -> None:
    models, tools = run("", tmp_path)
    assert models.startswith("200 False")
    assert tools.split()[1] == "True"


HIDDEN = """
import importlib.util as util
find = util.find_spec
util.find_spec = lambda *names: None if names == ("mcp",) else find(*names)
"""


def test_without_the_package_it_is_said_how_to_install_it(tmp_path: Path) -> None:
    _, tools = run(HIDDEN, tmp_path)
    assert tools.startswith("501 False")
    assert "pip install 'aixplain-models[hub,mcp]'" in tools
