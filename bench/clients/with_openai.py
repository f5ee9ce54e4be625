"""OpenAI's client, against the server's OpenAI-shaped outlet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openai import AsyncOpenAI, OpenAI
from worker import URL, connections_kept, cpu_each, cpu_each_chunk, cpu_each_in_threads, cpu_each_on_asyncio, serve

client = OpenAI(api_key="bench", base_url=URL + "/v1")
async_client = AsyncOpenAI(api_key="bench", base_url=URL + "/v1")
CALL: Any = {"messages": [{"role": "user", "content": "hello"}], "temperature": 0.7, "max_tokens": 4096, "top_p": 1.0}


def run() -> None:
    assert client.chat.completions.create(model="bench", **CALL).choices[0].message.content


async def arun() -> None:
    assert (await async_client.chat.completions.create(model="bench", **CALL)).choices[0].message.content


def chunks(name: str) -> Iterator[Any]:
    return iter(client.chat.completions.create(model=name, stream=True, **CALL))


def drain() -> None:
    for _ in chunks("openai.20.1000.chunked"):
        pass


serve(
    {
        "get": cpu_each(lambda: client.models.retrieve("bench")),
        "run": cpu_each(run),
        "run in threads": cpu_each_in_threads(run),
        "run on asyncio": cpu_each_on_asyncio(arun),
        "stream": cpu_each_chunk(chunks),
        "kept": connections_kept(drain, run),
    }
)
