"""Mistakes in user code that both type checkers find. An ignored line without one would itself be an error."""

# pyright: reportUnnecessaryTypeIgnoreComment=error

from __future__ import annotations

from aixplain import Aixplain, AsyncAixplain
from aixplain.v2.model import AsyncModel, Model, ModelResponseStreamer, ModelResult


def connect() -> None:
    Aixplain(backend="http://127.0.0.1:8180")  # type: ignore[call-arg]
    Aixplain(backend_url=8180)  # type: ignore[arg-type]
    Aixplain("key", None, None, None, True)  # type: ignore[call-arg, arg-type]


def find(aix: Aixplain) -> None:
    aix.Model.search(function="translation")  # type: ignore[call-arg]
    aix.Model.search(page_size="5")  # type: ignore[arg-type]
    aix.Model.search(functions=7)  # type: ignore[arg-type]
    aix.Model.get()  # type: ignore[call-arg]
    aix.Model.get("acme/shout", hosts="acme")  # type: ignore[call-arg]
    aix.Model.search("louder")[0.5]  # type: ignore[call-overload]


def run(model: Model) -> None:
    model.run("x")  # type: ignore[call-overload]
    model.run(text="x", timeout="soon")  # type: ignore[call-overload]
    model.poll()  # type: ignore[call-arg]
    model.sync_poll("http://127.0.0.1:8180/x", wait_time="long")  # type: ignore[arg-type]
    model.as_tool()["asset"]  # type: ignore[typeddict-item]
    print(model.nothing)  # type: ignore[attr-defined]


def mistake_a_stream_for_a_result(model: Model) -> ModelResult:
    return model.run(text="x", stream=True)  # type: ignore[return-value]


def mistake_a_result_for_a_stream(model: Model) -> ModelResponseStreamer:
    return model.run(text="x")  # type: ignore[return-value]


async def forget_to_await(aix: AsyncAixplain, model: AsyncModel) -> None:
    print(aix.Model.get("acme/shout").id)  # type: ignore[attr-defined]
    print(model.run(text="x").data)  # type: ignore[attr-defined]
    for chunk in model.run_stream(text="x"):  # type: ignore[attr-defined]
        print(chunk)
    await model.run_stream(text="x")  # type: ignore[misc]
