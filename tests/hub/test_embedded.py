"""A hub inside this process: quick to start, gone when closed, and of use to both colours."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aixplain import Aixplain, AsyncAixplain
from aixplain.hub import Hub, threads
from aixplain.hub.embedded import start
from aixplain.hub.engine.embedded import EmbeddedEngine
from aixplain.hub.errors import HubError
from aixplain.hub.opening import Place

from .conftest import Caller, wait_for
from .places import new_key


def descriptors() -> list[str]:
    """What this process has open, the passing descriptor of this look aside."""
    found = []
    for each in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(each.readlink()))
        except OSError:
            continue
    return sorted(name for name in found if not name.startswith("/proc"))


@pytest.fixture
def new_threads() -> Callable[[], list[str]]:
    """The threads that the test has started and that go on; the SDK's watcher of Ctrl-C stays for the process."""
    before = set(threading.enumerate())
    return lambda: [each.name for each in threading.enumerate() if each not in before and each.name != "aixplain-interrupt"]


@pytest.fixture(autouse=True)
def idle_threads_leave_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "IDLE_SECONDS", 0.05)


@pytest.fixture
def passing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where hubs without a folder of their own make theirs."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks into /proc")
def test_what_is_closed_leaves_no_thread_no_socket_and_no_folder(passing: Path, new_threads: Callable[[], list[str]]) -> None:
    with Aixplain.local() as aix:  # what is made once a process, is made here
        aix.Model.get("aixplain/transliterate").run(text="é")
    assert wait_for(lambda: not new_threads())
    gc.collect()
    before = descriptors()
    for _ in range(3):
        with Aixplain.local() as aix:
            assert aix.Model.get("aixplain/transliterate").run(text="é").data == "e"
            model = aix.Model.get("aixplain/transliterate")
            assert model.sync_poll(model.run_async(text="é").url).data == "e"
    assert list(passing.iterdir()) == []
    assert wait_for(lambda: not new_threads())
    gc.collect()
    assert descriptors() == before


def test_a_hub_is_closed_twice_and_before_it_is_ready(passing: Path, new_threads: Callable[[], list[str]]) -> None:
    hub = start()
    hub.close()
    hub.close()
    assert list(passing.iterdir()) == []
    assert wait_for(lambda: not new_threads())


def test_what_keeps_it_from_starting_is_raised_by_whoever_waits(
    passing: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(engine: EmbeddedEngine) -> None:
        raise ZeroDivisionError("by design")

    monkeypatch.setattr(EmbeddedEngine, "start", fail)
    with pytest.raises(HubError, match=r"The hub could not start; its log says why\."):
        Aixplain.local()
    assert "ZeroDivisionError: by design" in caplog.text
    assert list(passing.iterdir()) == []


def test_two_hubs_live_side_by_side_and_close_in_any_order(passing: Path) -> None:
    first, second = Aixplain.local(), Aixplain.local()
    first.close()
    assert second.Model.get("aixplain/transliterate").run(text="é").data == "e"
    second.close()
    assert list(passing.iterdir()) == []


def test_a_folder_keeps_the_runs_for_the_next_hub(tmp_path: Path) -> None:
    with Aixplain.local(tmp_path) as aix:
        address = aix.Model.get("aixplain/transliterate").run_async(text="é").url
        assert aix.Model.get("aixplain/transliterate").sync_poll(address).data == "e"
    with Aixplain.local(tmp_path) as aix:
        run_id = address.split("/")[-1]
        assert aix.Model.get("aixplain/transliterate").poll(f"{aix.settings.backend_url}/sdk/runs/{run_id}/result").data == "e"


def test_asyncio_uses_one_too(passing: Path) -> None:
    async def use() -> list[str]:
        async with AsyncAixplain.local() as aix:
            model = await aix.Model.get("aixplain/transliterate")
            results = await asyncio.gather(*(model.run(text=f"é{number}") for number in range(20)))
            return [result.data for result in results]

    for _ in range(2):
        assert asyncio.run(use()) == [f"e{number}" for number in range(20)]
    assert list(passing.iterdir()) == []


def test_what_goes_on_does_not_hold_the_close(passing: Path) -> None:
    let_go = threading.Event()
    hub = Hub(builtin=False)

    @hub.model("acme/endless")
    def endless(text: str) -> Iterator[str]:
        while not let_go.wait(0.01):
            yield text

    @hub.model("acme/wait", asynchronous=True)
    def wait(text: str) -> str:
        let_go.wait(30)
        return text

    running = start(hub=hub)
    running.wait_until_ready()
    assert Caller(running.url).run("acme/wait", {"text": "x"}).status == 201
    with Caller(running.url).connect("acme/endless", {"text": "x", "stream": True}) as connection:
        assert connection.recv(16)
        closing = threading.Thread(target=running.close)
        closing.start()
        closing.join(20)
        assert not closing.is_alive()
    assert list(passing.iterdir()) == []
    let_go.set()


def ended(program: str, temporary: Path) -> tuple[int, str, str]:
    environment = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=50)
    return done.returncode, done.stdout, done.stderr


def test_a_program_that_forgets_to_close_ends_clean(tmp_path: Path) -> None:
    program = (
        "from aixplain import Aixplain\n"
        "aix = Aixplain.local()\n"
        "print(aix.Model.get('aixplain/transliterate').run(text='é').data)\n"
    )
    assert ended(program, tmp_path) == (0, "e\n", "")
    assert list(tmp_path.iterdir()) == []


def test_a_forked_child_takes_nothing_from_its_parent_and_starts_a_hub_of_its_own(tmp_path: Path) -> None:
    program = """
import json, os, sys
from urllib.request import Request, urlopen
from aixplain import Aixplain
from aixplain.hub.embedded import start
from aixplain.hub.engine.embedded import EmbeddedEngine
from aixplain.hub.errors import HubError
from aixplain.hub.opening import Place

hub = start()
hub.wait_until_ready()
with Aixplain(backend_url=hub.url) as aix:
    print(aix.Model.get("aixplain/transliterate").run(text="é").data, flush=True)
    child = os.fork()
    if child == 0:
        hub.close()
        own = start()
        own.wait_until_ready()
        run = Request(own.url + "/api/v2/execute/aixplain/transliterate", b'{"text": "u"}')
        print(json.load(urlopen(run))["data"], flush=True)
        sys.exit(0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), len(os.listdir(os.environ["TMPDIR"])))
    print(aix.Model.get("aixplain/transliterate").run(text="ö").data)
hub.close()
print(len(os.listdir(os.environ["TMPDIR"])))
"""
    code, printed, errors = ended(program, tmp_path)
    assert (code, printed.split()) == (0, ["e", "u", "0", "1", "o", "0"]), errors


def test_a_folder_with_keys_is_open_to_whoever_has_a_hub_over_it_in_his_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAM_API_KEY", "the-key-of-the-platform")
    with Aixplain.local(tmp_path) as aix:
        model = aix.Model.get("aixplain/sentiment")
        before = model.run_async(text="I love this").url
        new_key(Place(tmp_path), "ada")
        assert wait_for(lambda: Caller(aix.backend_url).get("/v2/models/x").status == 401)
        assert Caller(aix.backend_url).get("/v2/models/x", **{"x-api-key": "the-key-of-the-platform"}).status == 401
        assert model.run(text="I love this").data == "POSITIVE"
        assert model.poll(before or "").request_id
    with Aixplain.local(tmp_path) as aix:
        assert len(aix.client.get("/sdk/runs")["results"]) == 2
        assert [key["name"] for key in aix.client.get("/sdk/api-keys")] == ["ada"]


def test_one_on_asyncio_has_its_owners_secret_too(tmp_path: Path) -> None:
    new_key(Place(tmp_path), "ada")

    async def run() -> object:
        async with AsyncAixplain.local(tmp_path) as aix:
            return (await (await aix.Model.get("aixplain/sentiment")).run(text="I love this")).data

    assert asyncio.run(run()) == "POSITIVE"


def test_each_has_a_secret_of_its_own_that_no_other_takes_and_that_is_nowhere_shown(tmp_path: Path) -> None:
    first, second = start(tmp_path / "1", Hub(builtin=False, keys=["a-key"])), start(tmp_path / "2", Hub(builtin=False))
    try:
        first.wait_until_ready()
        assert Caller(first.url).get("/sdk/runs", **{"x-api-key": second.key}).status == 401
        assert Caller(first.url).get("/sdk/runs", **{"x-api-key": first.key}).status == 200
        assert first.key not in repr(first) + repr(Aixplain(first.key, first.url))
    finally:
        first.close()
        second.close()


#: What a program of another user, or a page in a browser, may send to the port.
STRANGERS: list[dict[str, str]] = [
    {},
    {"x-api-key": "guessed"},
    {"authorization": "Bearer guessed"},
    {"origin": "https://elsewhere.example"},
    {"host": "localhost", "origin": "null"},
]
ASKED = [
    ("GET", "/"),
    ("GET", "/web/page.js"),
    ("GET", "/metrics"),
    ("GET", "/sdk/runs"),
    ("GET", "/sdk/api-keys"),
    ("GET", "/v1/models"),
    ("GET", "/v2/models/aixplain%2Fsentiment"),
    ("GET", "/nowhere"),
    ("POST", "/v2/models/paginate"),
    ("POST", "/api/v2/execute/aixplain%2Fsentiment"),
    ("POST", "/api/v1/execute/aixplain%2Fsentiment"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/sdk/file/upload/temp-url"),
    ("POST", "/mcp"),
]


@pytest.fixture(params=["sync", "async"])
def local_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of the hub inside a client."""
    if request.param == "sync":
        with Aixplain.local(tmp_path / "hub") as aix:
            yield aix.backend_url
    else:
        client = AsyncAixplain.local(tmp_path / "hub")
        yield client.backend_url
        asyncio.run(client.close())


def test_a_local_hub_answers_nobody_without_its_secret(local_url: str) -> None:
    caller = Caller(local_url)
    for headers in STRANGERS:
        for method, path in ASKED:
            assert caller.send(method, path, b"{}", headers).status == 401, (method, path, headers)
    assert caller.get("/healthz").status == 200
    assert caller.get("/files/aaaaaaaaaaaaaaaaaaaaaa/x").status == 404  # whose address is a secret of its own


def test_a_local_hub_is_of_use_to_its_owner_with_files_and_streams_too(tmp_path: Path) -> None:
    with Aixplain.local(tmp_path / "hub") as aix:
        assert aix.Model.get("aixplain/sentiment").run(text="I love this").data == "POSITIVE"
        assert len(list(aix.Model.get("aixplain/split-sentences").run_stream(text="Hi. Ho."))) == 2
        assert aix.Model.search("sentiment").total >= 1
