"""Saving results: from the service, from other hosts, from what is in the result itself."""

from __future__ import annotations

import asyncio
import base64
import copy
import inspect
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from aixplain import APIError, AsyncAixplain, ConnectionLostError, FileSaveError, TimeoutError, ValidationError
from aixplain.hub import Document, Hub
from aixplain.hub.embedded import EmbeddedHub, start
from aixplain.v2._files.outside import reach_of
from aixplain.v2._http import pins
from aixplain.v2.exceptions import ConfigurationError
from aixplain.v2.model import Model, ModelResult

KEY = "the-secret-key"


@pytest.fixture
def result_of(connect: Any, service: Any, says: Any) -> Any:
    """`result_of(data)` runs the model of a service that answers with this."""

    def run(data: Any, **envelope: Any) -> Any:
        server = service()
        answer = {"status": "SUCCESS", "completed": True, "data": data, **envelope}
        server.plans["POST", "/api/v2/execute/m"] = [says(200, answer)]
        return connect(api_key=KEY, backend_url=server.url).Model.get("m").run(file="https://example.com/x")

    return run


@pytest.fixture
def save(connect: Any) -> Any:
    """Saves a result as its colour does: `result.save(…)` or `await result.save(…)`."""
    colour = connect(backend_url="http://127.0.0.1:1")

    def save(result: Any, *where: Any, **how: Any) -> Any:
        saved = result.save(*where, **how)
        return colour.runner.run(saved) if inspect.isawaitable(saved) else saved

    return save


def left_in(folder: Path) -> list[str]:
    """All that is in a folder, passing files too."""
    return sorted(each.name for each in folder.iterdir())


# --- What is saved, and under which name ----------------------------------------------------------


def test_an_address_is_fetched_to_a_file(result_of: Any, save: Any, place: Any, says: Any, tmp_path: Path) -> None:
    content = os.urandom(700_000)
    address = place.on("GET", "/speech.wav", says(200, content))
    assert save(result_of(address), tmp_path / "a.wav") == tmp_path / "a.wav"
    assert (tmp_path / "a.wav").read_bytes() == content
    assert left_in(tmp_path) == ["a.wav"]


def test_a_file_of_the_hub_comes_back(connect: Any, save: Any, keeper: EmbeddedHub, letter: Path, tmp_path: Path) -> None:
    result = connect(backend_url=keeper.url).Model.get("acme/keep").run(document=letter)
    assert save(result, f"{tmp_path}/out/") == tmp_path / "out" / "letter.txt"
    assert (tmp_path / "out" / "letter.txt").read_bytes() == letter.read_bytes()


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    """A hub with a model that answers with the address of the file that it got."""
    hub = Hub()

    @hub.model("acme/keep")
    def keep(document: Document) -> str:
        """Gives back what it got."""
        return f"{running.url}/files/{document.parent.name}/{quote(document.name)}"

    running = start(tmp_path_factory.mktemp("keeper"), hub)
    running.wait_until_ready()
    yield running
    running.close()


@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        ("/a/speech.wav", {}, "speech.wav"),
        ("/a/speech", {"content_type": "audio/mpeg"}, "speech.mp3"),
        ("/a/speech.wav?X-Signature=abc", {"content_type": "audio/mpeg"}, "speech.wav"),
        ("/x", {"content_disposition": 'attachment; filename="na me.png"'}, "na me.png"),
        ("/x", {"content_disposition": "attachment; filename*=UTF-8''caf%C3%A9.png"}, "café.png"),
        ("/x", {"content_disposition": 'attachment; filename="../../evil.sh"'}, "evil.sh"),
        ("/x/%2e%2e%2f.bashrc", {"content_type": "text/plain"}, "bashrc.txt"),
        ("/", {"content_type": "image/png"}, "result.png"),
        ("/x/" + "n" * 300 + ".png", {}, "n" * 196 + ".png"),
    ],
)
def test_in_a_folder_an_output_has_the_name_that_its_host_gives(
    result_of: Any, save: Any, place: Any, says: Any, tmp_path: Path, path: str, headers: dict[str, str], name: str
) -> None:
    place.on("GET", path.partition("?")[0], says(200, b"x", **headers))
    assert save(result_of(place.url + path), tmp_path) == tmp_path / name
    assert left_in(tmp_path) == [name]


def test_a_list_of_addresses_goes_into_a_folder_in_its_order(
    result_of: Any, save: Any, place: Any, says: Any, tmp_path: Path
) -> None:
    addresses = [place.on("GET", f"/{folder}/image.png", says(200, folder.encode())) for folder in "abc"]
    saved = save(result_of(addresses), tmp_path / "images")
    assert [path.name for path in saved] == ["image.png", "image-2.png", "image-3.png"]
    assert [path.read_bytes() for path in saved] == [b"a", b"b", b"c"]


def test_a_list_of_one_goes_to_a_file_and_is_a_list_still(
    result_of: Any, save: Any, place: Any, says: Any, tmp_path: Path
) -> None:
    address = place.on("GET", "/image.png", says(200, b"x"))
    assert save(result_of([address]), tmp_path / "one.png") == [tmp_path / "one.png"]


def test_addresses_by_name_keep_their_names(result_of: Any, save: Any, place: Any, says: Any, tmp_path: Path) -> None:
    audio = place.on("GET", "/1", says(200, b"a", content_type="audio/wav"))
    image = place.on("GET", "/2.png", says(200, b"i"))
    saved = save(result_of({"voice": audio, "../cover": image, "seconds": 3}), tmp_path)
    assert saved == [tmp_path / "voice.wav", tmp_path / "cover.png"]


@pytest.mark.parametrize(
    ("data", "content", "name"),
    [
        ("déjà vu\n", "déjà vu\n".encode(), "result.txt"),
        ("see https://example.com/x for more", b"see https://example.com/x for more", "result.txt"),
        ("data: none", b"data: none", "result.txt"),
        ("", b"", "result.txt"),
        ({"a": [1, "é"]}, '{\n  "a": [\n    1,\n    "é"\n  ]\n}'.encode(), "result.json"),
        ({"answer": "x", "sources": ["https://example.com/x"]}, None, "result.json"),
        (0, b"0", "result.json"),
        ("data:image/png;base64," + base64.b64encode(b"\x89PNG").decode(), b"\x89PNG", "result.png"),
        ("data:text/plain;charset=utf-8,a%20b", b"a b", "result.txt"),
    ],
)
def test_what_is_no_address_is_saved_as_it_is(
    result_of: Any, save: Any, tmp_path: Path, data: Any, content: bytes | None, name: str
) -> None:
    result = result_of(data)
    assert save(result, tmp_path) == tmp_path / name
    assert save(result, tmp_path / "given") == tmp_path / "given"
    assert (tmp_path / "given").read_bytes() == (tmp_path / name).read_bytes()
    assert content is None or (tmp_path / name).read_bytes() == content


def test_a_data_address_in_a_list_is_an_output_too(result_of: Any, save: Any, tmp_path: Path) -> None:
    assert save(result_of(["data:text/plain,a", "data:text/plain,b"]), tmp_path) == [
        tmp_path / "result.txt",
        tmp_path / "result-2.txt",
    ]


# --- What can't be saved --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (ModelResult("IN_PROGRESS", data="http://127.0.0.1:1/sdk/runs/1/result"), "The run is not over"),
        (ModelResult("FAILED", True), "There is nothing to save: the run ended as FAILED"),
        (ModelResult("SUCCESS", True), "There is nothing to save: .* its data is None"),
        (ModelResult("SUCCESS", True, data="data:image/png;base64,#"), "The result's data address is broken"),
    ],
)
def test_a_result_that_has_nothing_to_save_says_so(aix: Any, tmp_path: Path, result: ModelResult, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        aix.Model.save(result, tmp_path / "x")
    assert left_in(tmp_path) == []


def test_a_shallow_copy_stays_with_its_client(result_of: Any, save: Any, tmp_path: Path) -> None:
    assert save(copy.copy(result_of("hi")), tmp_path) == tmp_path / "result.txt"


@pytest.mark.parametrize("lose", [copy.deepcopy, lambda result: pickle.loads(pickle.dumps(result))])
def test_what_was_unpickled_belongs_to_no_client_and_any_client_saves_it(
    result_of: Any, connect: Any, hub: EmbeddedHub, tmp_path: Path, lose: Any
) -> None:
    lost = lose(result_of("hi"))
    assert lost == result_of("hi")
    assert KEY.encode() not in pickle.dumps(lost)
    with pytest.raises(ValidationError, match="belongs to no client"):
        lost.save(tmp_path / "x")
    assert connect(backend_url=hub.url).Model.save(lost, tmp_path / "x") == tmp_path / "x"
    assert (tmp_path / "x").read_text() == "hi"


def test_a_file_that_is_there_is_replaced_only_when_asked(
    result_of: Any, save: Any, place: Any, says: Any, tmp_path: Path
) -> None:
    result = result_of(place.on("GET", "/a.txt", says(200, b"new")))
    (tmp_path / "a.txt").write_text("old")
    for path in (tmp_path / "a.txt", tmp_path):
        with pytest.raises(FileSaveError, match=r"a.txt is there already, and was not touched. .*overwrite=True") as error:
            save(result, path)
        assert isinstance(error.value, OSError)
    assert (tmp_path / "a.txt").read_text() == "old"
    save(result, tmp_path, overwrite=True)
    assert (tmp_path / "a.txt").read_text() == "new"
    assert left_in(tmp_path) == ["a.txt"]


def test_a_refused_overwrite_asks_nobody(result_of: Any, save: Any, place: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    with pytest.raises(FileSaveError):
        save(result_of(f"{place.url}/a.txt"), tmp_path / "a.txt")
    assert place.seen == []


def test_places_that_can_not_be_written_are_sentences(result_of: Any, save: Any, place: Any, says: Any, tmp_path: Path) -> None:
    address = place.on("GET", "/a.txt", says(200, b"x"))
    (tmp_path / "file").touch()
    with pytest.raises(FileSaveError, match=r"there is no folder .*nowhere"):
        save(result_of(address), tmp_path / "nowhere" / "a.txt")
    with pytest.raises(FileSaveError, match="can't be written: Not a directory"):
        save(result_of(address), tmp_path / "file" / "a.txt")
    with pytest.raises(FileSaveError, match="is a file, and there are several outputs"):
        save(result_of([address, address]), tmp_path / "file")
    with pytest.raises(FileSaveError, match="can't be written: embedded null byte"):
        save(result_of(address), tmp_path / "a\0b")


def test_what_is_no_ordinary_file_is_never_replaced(result_of: Any, save: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(FileSaveError, match="is no ordinary file"):
        save(result_of("hi"), tmp_path / "fifo", overwrite=True)
    assert (tmp_path / "fifo").is_fifo()


def test_when_one_of_several_fails_the_error_notes_which_are_saved(
    result_of: Any, save: Any, place: Any, says: Any, tmp_path: Path
) -> None:
    addresses = [place.on("GET", "/a.png", says(200, b"a")), place.on("GET", "/b.png", says(404))]
    with pytest.raises(APIError) as error:
        save(result_of(addresses), tmp_path)
    assert error.value.__notes__ == [f"Saved before that: {tmp_path / 'a.png'}"]
    assert left_in(tmp_path) == ["a.png"]


def test_a_full_disk_leaves_nothing_behind(result_of: Any, save: Any, place: Any, says: Any, tmp_path: Path) -> None:
    address = place.on("GET", "/a.bin", says(200, bytes(4_000_000)))
    result = result_of(address)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(FileSaveError, match=r"a\.bin can't be written: File too large"):
            save(result, tmp_path / "a.bin")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert left_in(tmp_path) == []


# --- The wire -------------------------------------------------------------------------------------


def half(handler: Any) -> None:
    """Promise 1,000,000 bytes, give half of them, hang up."""
    handler.see(b"")
    handler.answer(200, bytes(500_000), content_length="1000000")
    handler.hang_up()


def test_a_download_that_breaks_is_begun_again(result_of: Any, save: Any, place: Any, says: Any, tmp_path: Path) -> None:
    content = os.urandom(1_000_000)
    address = place.on("GET", "/a.bin", half, says(503), half, says(200, content))
    save(result_of(address), tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == content
    assert left_in(tmp_path) == ["a.bin"]


def test_a_download_that_stays_broken_leaves_nothing_that_looks_whole(
    result_of: Any, save: Any, place: Any, tmp_path: Path
) -> None:
    address = place.on("GET", "/a.bin", half)
    with pytest.raises(ConnectionLostError, match=r"broke off after 0.\d MB: .*Nothing was saved; try again"):
        save(result_of(address), tmp_path)
    assert left_in(tmp_path) == []


def test_a_download_that_hangs_ends_at_the_deadline(result_of: Any, save: Any, place: Any, tmp_path: Path) -> None:
    leave = threading.Event()

    def hang(handler: Any) -> None:
        handler.answer(200, bytes(500_000), content_length="1000000")
        leave.wait(20)
        handler.hang_up()

    address = place.on("GET", "/a.bin", hang)
    with pytest.raises(
        TimeoutError, match=r"timed out after 1.5 seconds \(an output was coming from http://127.0.0.1:\d+, after"
    ):
        save(result_of(address), tmp_path, timeout=1.5)
    leave.set()
    assert left_in(tmp_path) == []


def test_another_host_never_sees_the_key(result_of: Any, save: Any, place: Any, says: Any, tmp_path: Path) -> None:
    save(result_of(place.on("GET", "/a.png", says(200, b"x"))), tmp_path, api_key="another-key")
    (seen,) = place.seen
    assert KEY not in str(seen.headers)
    assert "another-key" not in str(seen.headers)


def test_the_service_itself_gets_the_key_and_a_redirect_from_it_does_not(
    connect: Any, service: Any, place: Any, says: Any, tmp_path: Path
) -> None:
    server = service()
    address = server.on(
        "GET", "/media/1", says(302, location=place.on("GET", "/a.png", says(200, b"x", content_type="image/png")))
    )
    aix = connect(api_key=KEY, backend_url=server.url)
    assert aix.Model.save(ModelResult("SUCCESS", True, data=address), tmp_path) == tmp_path / "1.png"
    assert server.asked("GET")[0].headers["x-api-key"] == KEY
    assert KEY not in str(place.seen[0].headers)


def test_a_key_given_to_the_call_serves_for_it(connect: Any, service: Any, says: Any, tmp_path: Path) -> None:
    server = service()
    result = ModelResult("SUCCESS", True, data=server.on("GET", "/a.png", says(200, b"x")))
    connect(api_key=KEY, backend_url=server.url).Model.save(result, tmp_path, api_key="another-key")
    assert server.asked("GET")[0].headers["x-api-key"] == "another-key"


def test_a_host_that_refuses_is_told_in_its_words(result_of: Any, save: Any, place: Any, says: Any, tmp_path: Path) -> None:
    words = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
    address = place.on("GET", "/a.png", says(403, words)) + "?X-Signature=secret"
    with pytest.raises(APIError, match=r"did not give the output: Request has expired .HTTP 403: its address may") as error:
        save(result_of(address), tmp_path)
    assert error.value.status_code == 403
    assert "secret" not in f"{error.value} {error.value.curl}"
    assert left_in(tmp_path) == []


def test_a_host_that_can_not_be_reached_is_not_taken_for_the_service(result_of: Any, save: Any, tmp_path: Path) -> None:
    with pytest.raises(ConnectionLostError, match=r"The output was not saved: http://127.0.0.1:1 can't be reached") as error:
        save(result_of("http://127.0.0.1:1/a.png"), tmp_path)
    assert "aix hub serve" not in str(error.value)


# --- Where a result may lead ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://100.100.100.200/",
        "http://0.0.0.0:8000/",
        "http://[::]:8000/",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://2852039166/",
        "http://224.0.0.1/",
        "http://%31%36%39.254.169.254/",
        "http://１６９.254.169.254/",
    ],
)
def test_no_result_leads_to_an_address_that_nobody_should_ask(result_of: Any, save: Any, tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigurationError, match="nothing was asked"):
        save(result_of(address), tmp_path)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "192.168.1.1", "100.64.0.1", "127.1", "2130706433"]
)
def test_a_service_on_the_internet_leads_no_one_inside(connect: Any, tmp_path: Path, host: str) -> None:
    aix = connect(api_key=KEY, backend_url="https://9.9.9.9")
    with pytest.raises(ConfigurationError, match=r"is inside a network where https://9.9.9.9, which named it, has no business"):
        aix.Model.save(ModelResult("SUCCESS", True, data=f"http://{host}:1/x"), tmp_path)


def test_a_service_in_a_private_network_leads_no_further_than_that(connect: Any, tmp_path: Path) -> None:
    aix = connect(api_key=KEY, backend_url="https://10.0.0.1")
    with pytest.raises(ConfigurationError, match="has no business"):
        aix.Model.save(ModelResult("SUCCESS", True, data="http://127.0.0.1:1/x"), tmp_path)


def test_a_name_that_leads_inside_is_no_way_around(connect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"media.example": "10.0.0.1", "service.example": "9.9.9.9"}
    known = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("9.9.9.9", 0))]
    lookup = lambda host, *_, **__: [*known, (socket.AF_INET, socket.SOCK_STREAM, 6, "", (found[host], 0))]  # noqa: E731
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    aix = connect(api_key=KEY, backend_url="https://service.example")
    with pytest.raises(ConfigurationError, match=r"https://media\.example is inside a network"):
        aix.Model.save(ModelResult("SUCCESS", True, data="https://media.example/x"), tmp_path)


def test_the_connection_goes_to_the_address_that_was_looked_at(
    connect: Any, place: Any, says: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who answers for the name gives another address to each look-up (DNS rebinding)."""
    look_up, asked = socket.getaddrinfo, list[object]()

    def rebound(host: Any, *rest: Any, **named: Any) -> Any:
        if host not in ("media.example", b"media.example"):
            return look_up(host, *rest, **named)
        asked.append(host)
        return look_up("127.0.0.1" if len(asked) == 1 else "127.0.0.9", *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    monkeypatch.setattr(pins, "_pins", {})
    address = place.on("GET", "/a.png", says(200, b"x")).replace("127.0.0.1", "media.example")
    aix = connect(api_key=KEY, backend_url="http://127.0.0.1:1")
    assert aix.Model.save(ModelResult("SUCCESS", True, data=address), tmp_path).read_bytes() == b"x"
    assert len(asked) == 1


def test_a_redirect_is_no_way_around_either(result_of: Any, save: Any, place: Any, says: Any, tmp_path: Path) -> None:
    address = place.on("GET", "/a", says(302, location="http://169.254.169.254/latest/meta-data/"))
    with pytest.raises(ConfigurationError, match="nothing was asked"):
        save(result_of(address), tmp_path)


def test_a_trusted_host_may_be_anywhere(
    connect: Any, place: Any, says: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIXPLAIN_TRUSTED_HOSTS", place.url)
    address = place.on("GET", "/a.png", says(200, b"x"))
    aix = connect(api_key=KEY, backend_url="https://9.9.9.9")
    assert aix.Model.save(ModelResult("SUCCESS", True, data=address), tmp_path) == tmp_path / "a.png"
    assert place.seen[0].headers["x-api-key"] == KEY


def test_a_host_that_nobody_knows_is_a_sentence(connect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    aix = connect(api_key=KEY, backend_url="https://9.9.9.9")
    with pytest.raises(ConnectionLostError, match=r"nowhere.invalid can't be found: .*Is this machine online"):
        aix.Model.save(ModelResult("SUCCESS", True, data="https://nowhere.invalid/x"), tmp_path)


def test_behind_a_proxy_a_name_may_be_the_proxys_to_find(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert reach_of("nowhere.invalid") == 0


# --- Both doors, and large files ------------------------------------------------------------------


def test_the_door_of_a_result_and_that_of_a_client_take_the_same() -> None:
    result, client = (list(inspect.signature(method).parameters.values()) for method in (ModelResult.save, Model.save))
    assert [(each.name, each.kind, each.default) for each in result[1:]] == [
        (each.name, each.kind, each.default) for each in client[1:]
    ]


MEASURED = """
import asyncio, resource, sys, tracemalloc
from aixplain import Aixplain, AsyncAixplain
from aixplain.v2.model import ModelResult

colour, url, large, small, folder = sys.argv[1:]
small, large = (ModelResult("SUCCESS", True, data=address) for address in (small, large))


async def on_asyncio():
    async with AsyncAixplain(backend_url=url) as aix:
        await aix.Model.save(small, folder)
        start()
        await aix.Model.save(large, folder)


def blocking():
    with Aixplain(backend_url=url) as aix:
        aix.Model.save(small, folder)
        start()
        aix.Model.save(large, folder)


def resident():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def start():
    global before
    before = resident()
    tracemalloc.start()


asyncio.run(on_asyncio()) if colour == "async" else blocking()
print(tracemalloc.get_traced_memory()[1] // 2**20, resident() - before)
"""


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_large_output_does_not_pass_through_the_memory(place: Any, says: Any, tmp_path: Path, colour: str) -> None:
    def give(handler: Any) -> None:
        handler.answer(200, b"", content_length=str(120 * 2**20))
        for _ in range(120):
            handler.wfile.write(bytes(2**20))

    large, small = place.on("GET", "/film.mp4", give), place.on("GET", "/a.png", says(200, b"x"))
    words = [sys.executable, "-c", MEASURED, colour, place.url, large, small, str(tmp_path)]
    told = subprocess.run(words, capture_output=True, text=True, check=True, timeout=50).stdout.split()
    python, resident = map(int, told)
    assert python < 12
    assert resident < 50
    assert (tmp_path / "film.mp4").stat().st_size == 120 * 2**20


def test_an_asyncio_save_that_is_cancelled_leaves_nothing(hub: EmbeddedHub, place: Any, tmp_path: Path) -> None:
    leave = threading.Event()

    def hang(handler: Any) -> None:
        handler.answer(200, bytes(2_000_000), content_length="3000000")
        leave.wait(30)
        handler.hang_up()

    result = ModelResult("SUCCESS", True, data=place.on("GET", "/a.bin", hang))

    async def main() -> None:
        async with AsyncAixplain(backend_url=hub.url) as aix:
            saving = asyncio.ensure_future(aix.Model.save(result, tmp_path))
            while not left_in(tmp_path) and not saving.done():  # noqa: ASYNC110 - nobody tells of the first bytes
                await asyncio.sleep(0.01)
            assert saving.cancel(), saving.exception()
            with pytest.raises(asyncio.CancelledError):
                await saving
            assert left_in(tmp_path) == []

    asyncio.run(main())
    leave.set()


def test_a_ctrl_c_ends_a_blocking_download_and_leaves_nothing(place: Any, tmp_path: Path) -> None:
    asked, leave = threading.Event(), threading.Event()

    def hang(handler: Any) -> None:
        handler.answer(200, bytes(100_000), content_length="1000000")
        asked.set()
        leave.wait(30)
        handler.hang_up()

    code = """
import sys
from aixplain import Aixplain
from aixplain.v2.model import ModelResult
with Aixplain(backend_url=sys.argv[1]) as aix:
    aix.Model.save(ModelResult("SUCCESS", True, data=sys.argv[2]), sys.argv[3])
"""
    words = [sys.executable, "-c", code, place.url, place.on("GET", "/a.bin", hang), str(tmp_path)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        assert asked.wait(20)
        while not left_in(tmp_path):  # until the first bytes are on the disk
            threading.Event().wait(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    leave.set()
    assert "KeyboardInterrupt" in told
    assert left_in(tmp_path) == []
