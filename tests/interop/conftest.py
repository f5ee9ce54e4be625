"""Other people's clients, each in an environment of its own, as processes that talk to the test hub."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench import environments

from aixplain.hub.embedded import EmbeddedHub

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
    """A Python with a package named aixplain: the official one of a version, or ours."""

    version: str
    python: Path

    def run(self, script: str, hub: EmbeddedHub) -> str:
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
        command = [self.python, "-W", "ignore", HERE / script]
        finished = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert finished.returncode == 0, f"{self.version} failed:\n{finished.stderr[-3000:]}"
        return finished.stdout


@pytest.fixture(scope="session")
def ours() -> Client:
    return Client("ours", Path(sys.executable))


@pytest.fixture(scope="session", params=["0.2.41", "0.2.48"])
def official(request: pytest.FixtureRequest) -> Client:
    """The official package: the release that the reference was written from, and the newest."""
    return Client(request.param, _made(request.param))


def _made(version: str) -> Path:
    try:
        return environments.official(version)
    except environments.Unavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the official package {version} can't be installed here: {error}")
