"""User code that both type checkers accept, and whose types they know. `./dev check` reads it; nothing runs it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, assert_type

from aixplain import Aixplain, APIError, AsyncAixplain, TimeoutError
from aixplain.v2 import AssetStatus, Function, Language, ResponseStatus, SortBy, SortOrder, Supplier
from aixplain.v2.client import AixplainClient, AsyncAixplainClient
from aixplain.v2.model import (
    AsyncModel,
    AsyncModelResponseStreamer,
    AsyncPage,
    Detail,
    InputsProxy,
    Model,
    ModelResponseStreamer,
    ModelResult,
    Page,
    Parameter,
    StreamChunk,
    ToolableMixin,
    ToolDict,
    Usage,
    VendorInfo,
    find_function_by_id,
    find_supplier_by_id,
)


def connect(folder: Path) -> None:
    assert_type(Aixplain(), Aixplain)
    assert_type(Aixplain("key", "http://127.0.0.1:8180", strict=True), Aixplain)
    with Aixplain.local(folder) as aix:
        assert_type(aix, Aixplain)
        assert_type(aix.Model, type[Model])
        assert_type(aix.client, AixplainClient)
        assert_type(aix.client.get("v2/models/x"), Any)


def find(aix: Aixplain) -> None:
    assert_type(aix.Model.get("acme/shout"), Model)
    assert_type(aix.Model.get("acme/shout", host="acme", api_key="key"), Model)
    page = aix.Model.search("louder", functions=Function.TRANSLATION, page_size=5)
    assert_type(page, Page[Model])
    assert_type([model.name for model in page], list[str | None])
    assert_type(page[0], Model)
    assert_type(page[1:], list[Model])
    assert_type(page["results"], Any)
    assert_type(page.results, list[Model])
    assert_type(page.next(), Page[Model] | None)
    assert_type(list(page.all()), list[Model])
    assert_type((page.total, page.page_number, len(page), page.has_next), tuple[int, int, int, bool])


def filter_in_every_spelling(aix: Aixplain) -> list[Page[Model]]:
    return [
        aix.Model.search(query="louder"),
        aix.Model.search(q="louder"),
        aix.Model.search(functions=[Function.TRANSLATION, "text-generation"]),
        aix.Model.search(functions="translation", vendors=Supplier.OPENAI, suppliers=["openai"]),
        aix.Model.search(source_languages=Language.SPANISH, target_languages=["fr", Language.ENGLISH]),
        aix.Model.search(status=[AssetStatus.ONBOARDED], host="openai", developer="OpenAI", path="openai/gpt"),
        aix.Model.search(sort_by=SortBy.CREATED_AT, sort_order=SortOrder.DESC, page_number=1),
        aix.Model.search(is_finetunable=True, saved=False, ownership="PRIVATE", api_key="key"),
    ]


def read(model: Model) -> None:
    assert_type((model.id, model.path, model.description), tuple[str | None, str | None, str | None])
    assert_type(model.vendor, VendorInfo | None)
    assert_type(model.supports_streaming, bool | None)
    assert_type(model.params, list[Parameter])
    assert_type((model.is_sync_only, model.is_async_capable), tuple[bool, bool])
    assert_type(model.inputs, InputsProxy)
    assert_type(model.inputs.temperature, Any)
    assert_type(model.inputs.get_parameter_names(), list[str])
    model.inputs.temperature = 0.7
    model.inputs["temperature"] = 0.7
    model.inputs = {"temperature": 0.7}
    model.inputs.update(temperature=0.7)


def run(model: Model) -> None:
    result = model.run(text="x")
    assert_type(result, ModelResult)
    assert_type(result.data, Any)
    assert_type(result.details, list[Detail] | dict[str, Any] | None)
    assert_type(result.usage, Usage | None)
    assert_type((result.status, result.run_time), tuple[str, float | None])
    assert_type(model.run(text="x", timeout=10, wait_time=0.5, stream=False), ModelResult)
    assert_type(model.run(data="x", options={"raw": True}, identifier="me"), ModelResult)
    assert_type(model.run(document=Path("letter.pdf"), on_progress=lambda result: print(result.progress)), ModelResult)


def follow(model: Model) -> ModelResult:
    accepted = model.run_async(text="x")
    assert_type(accepted, ModelResult)
    assert accepted.url is not None
    assert_type(model.poll(accepted.url), ModelResult)
    model.cancel(accepted)
    return model.sync_poll(accepted.url, timeout=60, wait_time=1)


def stream(model: Model, wanted: bool) -> Iterator[str]:
    assert_type(model.run(text="x", stream=True), ModelResponseStreamer)
    assert_type(model.run(text="x", stream=True, timeout=10), ModelResponseStreamer)
    assert_type(model.run(text="x", stream=wanted), ModelResult | ModelResponseStreamer)
    with model.run_stream(text="x") as chunks:
        assert_type(chunks, ModelResponseStreamer)
        assert_type(chunks.status, ResponseStatus)
        for chunk in chunks:
            assert_type(chunk, StreamChunk)
            yield chunk.data


def use_as_a_tool(model: Model) -> ToolableMixin:
    tool = model.as_tool()
    assert_type(tool, ToolDict)
    assert_type(tool["assetId"], str)
    assert_type(tool["parameters"], list[dict[str, Any]])
    assert_type(model.get_parameters(), list[dict[str, Any]])
    return model


def look_up() -> None:
    assert_type(find_function_by_id("translation"), Function | None)
    assert_type(find_supplier_by_id(1777), Supplier | None)


def fail(model: Model) -> ModelResult | None:
    try:
        return model.run(text="x")
    except TimeoutError as error:
        assert_type(error.poll_url, str | None)
    except APIError as error:
        assert_type((error.message, error.status_code, error.request_id), tuple[str, int, str | None])
    return None


async def connect_on_asyncio() -> None:
    async with AsyncAixplain.local() as aix:
        assert_type(aix, AsyncAixplain)
        assert_type(aix.Model, type[AsyncModel])
        assert_type(aix.client, AsyncAixplainClient)
        assert_type(await aix.client.get("v2/models/x"), Any)


async def find_and_run_on_asyncio(aix: AsyncAixplain) -> None:
    model = await aix.Model.get("acme/shout")
    assert_type(model, AsyncModel)
    page = await aix.Model.search("louder", functions=Function.TRANSLATION)
    assert_type(page, AsyncPage[AsyncModel])
    assert_type(page[0], AsyncModel)
    assert_type([each.name for each in page], list[str | None])
    assert_type(await page.next(), AsyncPage[AsyncModel] | None)
    assert_type([each async for each in page.all()], list[AsyncModel])
    assert_type((await model.run(text="x")).data, Any)
    assert_type(await model.run(text="x"), ModelResult)
    accepted = await model.run_async(text="x")
    assert accepted.url is not None
    assert_type(await model.poll(accepted.url), ModelResult)
    assert_type(await model.sync_poll(accepted.url), ModelResult)
    assert_type(model.as_tool(), ToolDict)


async def stream_on_asyncio(model: AsyncModel) -> AsyncIterator[str]:
    assert_type(await model.run(text="x", stream=True), AsyncModelResponseStreamer)
    async with model.run_stream(text="x") as chunks:
        assert_type(chunks, AsyncModelResponseStreamer)
        async for chunk in chunks:
            assert_type(chunk, StreamChunk)
            yield chunk.data


def take_either_colour_s_iterators(model: Model, other: AsyncModel) -> tuple[Iterator[StreamChunk], AsyncIterator[StreamChunk]]:
    return model.run_stream(text="x"), other.run_stream(text="x")


def pass_methods_on(model: Model) -> Callable[..., ModelResult]:
    return model.run_async
