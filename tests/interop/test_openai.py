"""OpenAI's own client uses the hub as it uses OpenAI, in either colour."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import openai
import pydantic
import pytest
from openai import AsyncOpenAI, OpenAI

from aixplain.hub.embedded import EmbeddedHub

HI: Any = [{"role": "user", "content": "hi"}]
SHOUT: Any = {
    "type": "function",
    "function": {"name": "shout", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}},
}


@pytest.fixture(scope="module")
def client(served: EmbeddedHub) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{served.url}/v1", api_key="a-key", max_retries=0) as client:
        yield client


def test_it_chats(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="acme/llm", messages=HI, temperature=0.5)
    assert answer.choices[0].message.content == "You said: hi"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "acme/llm"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 5


def test_it_chats_on_asyncio_and_many_at_once(served: EmbeddedHub) -> None:
    async def main() -> list[str | None]:
        async with AsyncOpenAI(base_url=f"{served.url}/v1", api_key="a-key") as client:
            asked = [client.chat.completions.create(model="acme/shout", messages=HI) for _ in range(20)]
            return [answer.choices[0].message.content for answer in await asyncio.gather(*asked)]

    assert asyncio.run(main()) == ["HI!"] * 20


def test_it_streams(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="acme/count", messages=HI, stream=True, stream_options={"include_usage": True}
    )
    choices = [chunk.choices[0] for chunk in stream]
    assert choices[0].delta.role == "assistant"
    assert "".join(choice.delta.content or "" for choice in choices) == "0 1 2 "
    assert choices[-1].finish_reason == "stop"


def test_it_streams_on_asyncio(served: EmbeddedHub) -> None:
    async def main() -> str:
        async with AsyncOpenAI(base_url=f"{served.url}/v1", api_key="a-key") as client:
            stream = await client.chat.completions.create(model="acme/count", messages=HI, stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert asyncio.run(main()) == "0 1 2 "


def test_it_is_told_the_usage_of_a_stream(client: OpenAI) -> None:
    stream = client.chat.completions.create(model="acme/llm", messages=HI, stream=True, stream_options={"include_usage": True})
    *_, last = stream
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.prompt_tokens == 3


def test_it_calls_tools(client: OpenAI) -> None:
    messages = list(HI)
    answer = client.chat.completions.create(model="acme/llm", messages=messages, tools=[SHOUT], tool_choice="auto")
    assert answer.choices[0].finish_reason == "tool_calls"
    calls: Any = answer.choices[0].message.tool_calls
    assert (calls[0].function.name, calls[0].function.arguments) == ("shout", '{"text": "hi"}')
    messages += [answer.choices[0].message, {"role": "tool", "tool_call_id": calls[0].id, "content": "HI!"}]
    answer = client.chat.completions.create(model="acme/llm", messages=messages, tools=[SHOUT])
    assert answer.choices[0].message.content == "You said: HI!"


def test_it_puts_the_tool_calls_of_a_stream_together(client: OpenAI) -> None:
    with client.chat.completions.stream(model="acme/llm", messages=HI, tools=[SHOUT]) as stream:
        answer = stream.get_final_completion()
    calls: Any = answer.choices[0].message.tool_calls
    assert [(each.function.name, each.function.arguments) for each in calls] == [("shout", '{"text": "hi"}')]
    assert answer.choices[0].finish_reason == "tool_calls"


class Greeting(pydantic.BaseModel):
    word: str


def test_it_parses_a_structured_answer(client: OpenAI) -> None:
    answer = client.chat.completions.parse(model="acme/llm", messages=HI, response_format=Greeting)
    assert answer.choices[0].message.parsed == Greeting(word="hi")


def test_it_has_vectors(client: OpenAI) -> None:
    answer = client.embeddings.create(model="acme/vectors", input=["a", "bcd"])
    assert [each.embedding for each in answer.data] == [[1.0, 0.5], [3.0, 0.5]]


def test_it_lists_models(client: OpenAI) -> None:
    listed = {model.id: model for model in client.models.list()}
    assert {"acme/llm", "acme/shout"} <= listed.keys()
    assert client.models.retrieve("acme/shout") == listed["acme/shout"]


@pytest.mark.parametrize("streams", [False, True])
def test_it_raises_what_it_would_raise_of_openai(client: OpenAI, streams: bool) -> None:
    def ask(model: str, **wanted: Any) -> Any:
        return client.chat.completions.create(model=model, messages=HI, stream=streams, **wanted)

    with pytest.raises(openai.NotFoundError, match="did you mean 'acme/shout'") as unknown:
        ask("acme/shot")
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError, match="Model 'acme/shout' has no 'seed'"):
        ask("acme/shout", seed=7)
    with pytest.raises(openai.RateLimitError, match="too many of you") as busy:
        ask("acme/busy")
    assert busy.value.response.headers["retry-after"] == "1"
    with pytest.raises(openai.AuthenticationError, match="The key was refused"):
        client.with_options(api_key="another").models.list()


def test_it_raises_when_a_stream_fails_half_way(client: OpenAI) -> None:
    told: list[Any] = []
    stream = client.chat.completions.create(model="acme/broken", messages=HI, stream=True)
    with pytest.raises(openai.APIError, match="by design"):
        told.extend(chunk.choices[0].delta.content for chunk in stream)
    assert told == ["", "one "]
