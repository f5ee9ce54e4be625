"""The official package reads the streams of an upstream that speaks OpenAI, through the hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.hub.scripted import DONE, delta, scripted, usage

from aixplain.hub import Hub
from aixplain.hub.backends.openai.entries import entries_of
from aixplain.hub.backends.openai.listing import Offered
from aixplain.hub.backends.openai.upstream import Upstream
from aixplain.hub.embedded import EmbeddedHub, start

pytestmark = pytest.mark.timeout(600)  # the first test makes the environment


async def keep(name: str, content: bytes) -> str:
    return name


@pytest.fixture(scope="module")
def before_an_upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    with scripted() as service:
        service.streams(
            delta(role="assistant", content=""), delta(content="hel"), delta(content="lo"), delta("stop"), usage(3, 2), DONE
        )
        hub = Hub(builtin=False, keys=["a-key"])
        for entry in entries_of(Upstream("up", service.url), [Offered("m")], keep, timeout=20):
            hub.add(entry)
        running = start(Path(tmp_path_factory.mktemp("hub")), hub)
        running.wait_until_ready()
        yield running
        running.close()


def test_the_text_arrives_and_what_was_used_breaks_nothing(official: Any, before_an_upstream: EmbeddedHub) -> None:
    told = json.loads(official.run("chat_streams.py", before_an_upstream))
    assert "".join(piece or "" for piece in told["pieces"]) == "hello"
    assert told["status"] == "SUCCESS"
