"""A library that asks Anthropic, against the server's outlet in Anthropic's shape; which one is in the variable LIBRARY."""

from __future__ import annotations

import importlib.metadata
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from worker import URL, cpu_each_on_asyncio, resident, runner, serve

LIBRARY = os.environ["LIBRARY"]
KEY, PROMPT, MOST = "bench", "hello", 4096
MESSAGES: Any = [{"role": "user", "content": PROMPT}]
TOOL: Any = {"type": "function", "function": {"name": "shout", "parameters": {"type": "object", "properties": {"text": {}}}}}
REACHED: set[str] = set()


def note_addresses(event: str, arguments: tuple[Any, ...]) -> None:
    """Whom this process looks up: a library that fetches or tells things does."""
    if event == "socket.getaddrinfo" and arguments[0] not in ("127.0.0.1", None):
        REACHED.add(str(arguments[0]))


sys.addaudithook(note_addresses)
began = time.perf_counter(), time.process_time()

#: For each library: the whole answer, as what came through of it, and a stream.
Made = tuple[Callable[[], Any], Callable[[str], AsyncIterator[Any]]]


def with_any_llm(url: str) -> Made:
    from any_llm import AnyLLM

    client = AnyLLM.create("anthropic", KEY, url, unified_exceptions=True, max_retries=0)

    async def whole() -> Any:
        answer: Any = await client.acompletion("bench", MESSAGES, max_tokens=MOST, tools=[TOOL], timeout=600)
        (choice,) = answer.choices
        message = choice.message
        return message.content, message.reasoning.content, message.tool_calls, answer.usage.total_tokens, choice.finish_reason

    async def stream(name: str) -> AsyncIterator[Any]:
        answer: Any = await client.acompletion(name, MESSAGES, max_tokens=MOST, tools=[TOOL], stream=True)
        async for chunk in answer:
            yield chunk.choices[0].delta.content if chunk.choices else None

    return whole, stream


def with_litellm(url: str) -> Made:
    import litellm

    litellm.suppress_debug_info = True  # which goes to stdout
    call: Any = {"api_base": url, "api_key": KEY, "messages": MESSAGES, "max_tokens": MOST, "tools": [TOOL], "num_retries": 0}

    async def whole() -> Any:
        answer: Any = await litellm.acompletion(model="anthropic/bench", **call)
        (choice,) = answer.choices
        message = choice.message
        return message.content, message.reasoning_content, message.tool_calls, answer.usage.total_tokens, choice.finish_reason

    async def stream(name: str) -> AsyncIterator[Any]:
        answer: Any = await litellm.acompletion(model=f"anthropic/{name}", stream=True, **call)
        async for chunk in answer:
            yield chunk.choices[0].delta.content if chunk.choices else None

    return whole, stream


def with_langchain(url: str) -> Made:
    from langchain_anthropic import ChatAnthropic

    def model(name: str) -> Any:
        told: Any = {"model_name": name, "base_url": url, "api_key": KEY, "max_tokens": MOST, "max_retries": 0}
        made: Any = ChatAnthropic(**told)
        return made.bind_tools([TOOL])

    bench = model("bench")

    async def whole() -> Any:
        answer = await bench.ainvoke(PROMPT)
        thinking, text, *_ = answer.content
        told = answer.response_metadata
        return text["text"], thinking["thinking"], answer.tool_calls, answer.usage_metadata["total_tokens"], told["stop_reason"]

    async def stream(name: str) -> AsyncIterator[Any]:
        async for chunk in model(name).astream(PROMPT):
            yield next((part["text"] for part in chunk.content if "text" in part), None)

    return whole, stream


def with_pydantic_ai(url: str) -> Made:
    from pydantic_ai.direct import model_request, model_request_stream
    from pydantic_ai.messages import ModelRequest
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.tools import ToolDefinition

    provider = AnthropicProvider(api_key=KEY, base_url=url)
    schema = {"type": "object", "properties": {"text": {}}}
    tools = ModelRequestParameters(function_tools=[ToolDefinition(name="shout", parameters_json_schema=schema)])

    def asked(name: str) -> Any:
        return AnthropicModel(name, provider=provider), [ModelRequest.user_text_prompt(PROMPT)]

    async def whole() -> Any:
        answer = await model_request(*asked("bench"), model_request_parameters=tools, model_settings={"max_tokens": MOST})
        return answer.text, answer.thinking, answer.tool_calls, answer.usage.total_tokens, answer.finish_reason

    async def stream(name: str) -> AsyncIterator[Any]:
        told: Any = {"model_request_parameters": tools, "model_settings": {"max_tokens": MOST}}
        async with model_request_stream(*asked(name), **told) as answer:
            async for event in answer:
                begun = getattr(getattr(event, "part", None), "content", None)  # has the first token
                yield begun or getattr(getattr(event, "delta", None), "content_delta", None)

    return whole, stream


def with_aisuite(url: str) -> Made:
    import aisuite

    client: Any = aisuite.Client({"anthropic": {"api_key": KEY, "base_url": url, "max_retries": 0}})
    create = client.chat.completions.acreate  # without tools: 0.2.0 fails over them unless its extra `mcp` is there

    async def whole() -> Any:
        answer = await create("anthropic:bench", MESSAGES, max_tokens=MOST)
        (choice,) = answer.choices
        used = getattr(answer, "usage", None)
        message = choice.message
        reasoning = getattr(message, "reasoning_content", None)
        return message.content, reasoning, message.tool_calls, used and used.total_tokens, choice.finish_reason

    async def stream(name: str) -> AsyncIterator[Any]:
        async for chunk in await create(f"anthropic:{name}", MESSAGES, max_tokens=MOST, stream=True):
            yield chunk.choices[0].delta.content if chunk.choices else None

    return whole, stream


def with_anthropic(url: str) -> Made:
    from anthropic import AsyncAnthropic

    client = AsyncAnthropic(api_key=KEY, base_url=url, max_retries=0)
    tools: Any = [{"name": "shout", "input_schema": {"type": "object", "properties": {"text": {}}}}]
    call: Any = {"messages": MESSAGES, "max_tokens": MOST, "tools": tools, "timeout": 600}

    async def whole() -> Any:
        answer: Any = await client.messages.create(model="bench", **call)
        thinking, text, tool_call = answer.content
        return text.text, thinking.thinking, [tool_call], answer.usage.output_tokens, answer.stop_reason

    async def stream(name: str) -> AsyncIterator[Any]:
        async for event in await client.messages.create(model=name, stream=True, **call):
            yield getattr(getattr(event, "delta", None), "text", None)

    return whole, stream


LIBRARIES = {
    "any-llm": with_any_llm,
    "litellm": with_litellm,
    "langchain": with_langchain,
    "pydantic-ai": with_pydantic_ai,
    "aisuite": with_aisuite,
    "anthropic": with_anthropic,
}


def installed() -> list[float]:
    """How many packages this environment has but for pip, and the bytes of their files."""
    found = [each for each in importlib.metadata.distributions() if each.name not in ("pip", "setuptools")]
    paths = [Path(str(file.locate())) for each in found for file in each.files or () if "__pycache__" not in file.parts]
    return [len(found), sum(path.stat().st_size for path in paths if path.is_file())]


def came_through(whole: Callable[[], Any]) -> list[str]:
    """What of the answer the library passed on."""
    names = "text", "reasoning", "tool calls", "usage", "finish reason"
    return [name for name, value in zip(names, runner.run(whole()), strict=True) if value]


async def latency(whole: Callable[[], Any], times: int) -> float:
    """The middle of the seconds that one completion takes, one after another."""
    taken = []
    for _ in range(times):
        before = time.perf_counter()
        await whole()
        taken.append(time.perf_counter() - before)
    return sorted(taken)[times // 2]


async def chunk_cpu(stream: AsyncIterator[Any], wanted: int) -> float:
    """Seconds of CPU of one token, from the request to the end."""
    before = time.process_time()
    count = 0
    async for text in stream:
        count += text in (" tok", " tik")
    assert count == wanted, f"{count} tokens of {wanted}"
    return (time.process_time() - before) / wanted


def main() -> None:
    whole, stream = LIBRARIES[LIBRARY](URL)
    runner.run(whole())  # some load a vendor's client when it is first asked
    opened = [time.perf_counter() - began[0], time.process_time() - began[1], resident()]
    tasks: dict[str, Callable[[Any], Any]] = {
        "opened": lambda _: opened,
        "installed": lambda _: installed(),
        "came through": lambda _: came_through(whole),
        "run": cpu_each_on_asyncio(whole),
        "latency": lambda times: runner.run(latency(whole, times)),
        "stream": lambda name: runner.run(chunk_cpu(stream(name), int(name.split(".")[1]))),
        "reached": lambda _: sorted(REACHED),
    }
    serve(tasks)


if __name__ == "__main__":
    main()
