"""Other people's clients, each in an environment of its own, as processes that talk to the test hub."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from bench import environments

from aixplain.hub.embedded import EmbeddedHub, start

from .llm import hub_with_an_llm

HERE = Path(__file__).parent
#: Making an environment takes its time, once.
MAKING = 600
#: Their telemetry stays here: whatever isn't the hub goes to a port where nobody listens.
NOWHERE_ELSE = {
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"),
    **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1"),
}


@dataclass(frozen=True)
class Client:
    """A Python with a package named aixplain, the official one of a version or ours, or with another client."""

    version: str
    python: Path

    def run(self, script: str, hub: EmbeddedHub, *arguments: str) -> str:
        """What a script of this folder prints."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.upper().startswith(("PYTHON", "AIXPLAIN_"))},
            **NOWHERE_ELSE,
            "BACKEND_URL": hub.url,
            "MODELS_RUN_URL": f"{hub.url}/api/v2/execute",
            "TEAM_API_KEY": "a-key",
            # 0.2.48 trusts neither plain http nor this host with a file, on loopback too.
            "AIXPLAIN_ALLOW_INSECURE_URLS": "1",
            "AIXPLAIN_UPLOAD_HOST_ALLOWLIST": "127.0.0.1",
        }
        command = [self.python, "-W", "ignore", HERE / script, *arguments]
        finished = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert finished.returncode == 0, f"{self.version} failed:\n{finished.stderr[-3000:]}"
        return finished.stdout


@pytest.fixture(scope="session")
def ours() -> Client:
    return Client("ours", Path(sys.executable))


@pytest.fixture(scope="session", params=["0.2.41", "0.2.48"])
def official(request: pytest.FixtureRequest) -> Client:
    """The official package: the release that the reference was written from, and the newest."""
    return Client(request.param, _made(partial(environments.official, request.param), f"the official package {request.param}"))


@pytest.fixture(scope="session")
def langchain() -> Client:
    """LangChain's client for OpenAI."""
    return Client("langchain-openai", _made(environments.langchain, "langchain-openai"))


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    """A hub with a small LLM, which wants the key `a-key`."""
    running = start(tmp_path_factory.mktemp("hub"), hub_with_an_llm())
    running.wait_until_ready()
    yield running
    running.close()


def _made(make: Callable[[], Path], what: str) -> Path:
    try:
        return make()
    except environments.Unavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{what} can't be installed here: {error}")
