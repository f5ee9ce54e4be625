"""Ours on asyncio; the official package has no such colour."""

from __future__ import annotations

from typing import Any

from worker import URL, cpu_each_on_asyncio, serve

from aixplain.v2 import AsyncAixplain

aix = AsyncAixplain(api_key="bench", backend_url=URL, model_url=URL + "/api/v2/execute")
model: Any = None


async def run() -> None:
    global model
    if model is None:
        model = await aix.Model.get("bench")
    assert (await model.run(text="hello")).data


serve({"run": cpu_each_on_asyncio(run)})
