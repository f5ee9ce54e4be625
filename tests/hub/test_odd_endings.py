"""However oddly a model ends, its run is over, and is noted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

import pytest

from aixplain.hub import Hub, ModelError, Output, Usage
from aixplain.hub.answers import Answers
from aixplain.hub.runs import Asked
from aixplain.hub.store.runs import Earlier

from .conftest import Caller


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    hub = Hub(builtin=False)

    @hub.model("acme/unwritable")
    async def unwritable(text: str) -> str:
        raise ModelError("half a letter: \ud800")

    @hub.model("acme/countless")
    async def countless(text: str) -> Output:
        return Output(text, usage=Usage(2**70, 2**70))

    return serve(hub)


def test_words_that_nobody_can_write_end_a_run(caller: Caller) -> None:
    accepted = caller.post("/api/v1/execute/acme/unwritable", {"data": "x"}).json
    for envelope in (caller.result(accepted["data"]), caller.run("acme/unwritable", {"text": "x"}).json):
        assert (envelope["status"], envelope["statusCode"]) == ("FAILED", 400)
        assert "half a letter: ?" in envelope["errorMessage"]


def test_more_tokens_than_a_database_counts_end_a_run(caller: Caller) -> None:
    accepted = caller.post("/api/v1/execute/acme/countless", {"data": "x"}).json
    assert caller.result(accepted["data"])["status"] == "SUCCESS"
    [run] = caller.get("/sdk/runs?model=acme/countless").json["results"]
    assert run["state"] == "finished"


def test_an_answer_that_is_made_elsewhere_is_waited_for_until_the_deadline() -> None:
    class Elsewhere:
        async def claim(self, run_id: str, model: str, asked: Asked, started_at: float) -> Earlier:
            return Earlier("another", asked.digest, "started", None)

    asked = Asked("", "key", b"digest", seconds=0.2)
    waiting = Answers(cast(Any, Elsewhere()), cast(Any, None))._claim("run", cast(Any, _Entry()), asked, time.time())
    ending = asyncio.run(asyncio.wait_for(waiting, 20))
    assert ending is not None
    assert ending.state == "expired"


class _Entry:
    path = "acme/any"
