"""Files among the inputs: sent up by the run, from disk, over a real wire."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from aixplain import FileUploadError, InputError, TimeoutError
from aixplain.hub.files.quota import Quota

KEY = "the-secret-key"
ANNOUNCED = "/sdk/file/upload/temp-url"


@pytest.fixture
def model_of(connect: Any) -> Any:
    """The model `m` of a service, for a client with a key."""
    return lambda server: connect(api_key=KEY, backend_url=server.url).Model.get("m")


@pytest.fixture
def run(model_of: Any, service: Any) -> Any:
    """Runs the model of a service that keeps its files in a store elsewhere, and gives the service."""

    def run(value: Any, *, timeout: float = 20, **parameter: Any) -> Any:
        server = service(**parameter)
        model_of(server).run(file=value, timeout=timeout)
        return server

    return run


def sent_input(server: Any) -> Any:
    return json.loads(server.asked("POST")[-1].body)["file"]


def announced(server: Any) -> tuple[str, str]:
    wanted = json.loads(server.asked("POST")[0].body)
    return wanted["originalName"], wanted["contentType"]


# --- What may be given ----------------------------------------------------------------------------


def test_a_path_goes_to_the_store_and_its_address_is_the_input(run: Any, store: Any, letter: Path) -> None:
    server = run(letter)
    (put,) = store.asked("PUT")
    assert put.body == letter.read_bytes()
    assert announced(server) == ("letter.txt", "text/plain")
    assert sent_input(server) == f"{store.url}/get"


def test_a_store_gets_the_length_the_type_and_no_key(run: Any, store: Any, letter: Path) -> None:
    run(letter)
    (put,) = store.asked("PUT")
    assert put.headers["content-length"] == "1234"
    assert put.headers["content-type"] == "text/plain"
    assert "transfer-encoding" not in put.headers
    assert KEY not in str(put.headers)
    assert put.path == "/put?signature=s"


def test_the_service_is_asked_for_a_place_with_both_spellings_of_the_key(run: Any, letter: Path) -> None:
    asked = run(letter).asked("POST")[0]
    assert (asked.headers["x-api-key"], asked.headers["authorization"]) == (KEY, f"token {KEY}")


def test_a_string_that_names_a_file_is_the_file(run: Any, store: Any, letter: Path) -> None:
    run(str(letter))
    assert store.asked("PUT")[0].body == letter.read_bytes()


@pytest.mark.parametrize(
    "address", ["https://example.com/a.txt", "s3://bucket/a b.txt", "data:text/plain,hi", "x" * 5000, "two\nlines"]
)
def test_another_string_is_an_address(run: Any, store: Any, address: str) -> None:
    server = run(address)
    assert store.seen == []
    assert sent_input(server) == address


@pytest.mark.parametrize(
    "name", ["nothing-here.txt", "no/such/folder/a.txt", "/nothing-here.txt", "C:\\a.txt", "~/a.txt", "ü" * 300]
)
def test_a_string_that_names_no_file_is_refused_before_anything_is_sent(run: Any, store: Any, name: str) -> None:
    with pytest.raises(FileUploadError, match=r"is not there|can't be read") as error:
        run(name)
    assert name[:20] in str(error.value)
    assert store.seen == []


def test_a_file_whose_name_is_not_text_goes_up(run: Any, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt"))
    path.write_text("hello")
    assert announced(run(path))[0] == "?.txt"
    path.unlink()
    with pytest.raises(FileUploadError, match=r"\?\.txt is not there"):
        run(path)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO])
def test_bytes_go_up_under_the_name_of_the_input(run: Any, store: Any, kind: Any) -> None:
    assert announced(run(kind(b"some bytes"))) == ("file.txt", "text/plain")
    assert store.asked("PUT")[0].body == b"some bytes"


def test_an_open_file_keeps_its_name_and_stays_open(run: Any, store: Any, letter: Path) -> None:
    with letter.open("rb") as file:
        assert announced(run(file)) == ("letter.txt", "text/plain")
        assert not file.closed
    assert store.asked("PUT")[0].body == letter.read_bytes()


def test_an_open_file_is_read_from_where_it_stands(run: Any, store: Any) -> None:
    file = io.BytesIO(b"head,body")
    file.seek(5)
    run(file)
    assert store.asked("PUT")[0].body == b"body"


def test_a_named_temporary_file_is_an_open_file(run: Any, store: Any) -> None:
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(b"a,b\n")
        file.seek(0)
        assert announced(run(file)) == (Path(file.name).name, "text/csv")
    assert store.asked("PUT")[0].body == b"a,b\n"


def test_a_member_of_an_archive_and_an_unpacked_file_are_open_files(run: Any, store: Any, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("talk.wav", b"RIFF....WAVE")
        with archive.open("talk.wav") as member:
            run(member)
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"unpacked" * 100))
    with gzip.open(tmp_path / "b.gz") as unpacked:
        run(unpacked)
    assert [put.body for put in store.asked("PUT")] == [b"RIFF....WAVE", b"unpacked" * 100]


def test_a_pipe_is_copied_first_so_that_its_length_is_known(run: Any, store: Any) -> None:
    content = os.urandom(300_000)
    with open_pipe(content) as pipe:
        run(pipe)
    (put,) = store.asked("PUT")
    assert (put.body, put.headers["content-length"]) == (content, "300000")
    assert "transfer-encoding" not in put.headers


def test_a_named_pipe_is_a_path_as_any_other(run: Any, store: Any, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    threading.Thread(target=lambda: fifo.write_bytes(b"through the pipe")).start()
    run(fifo)
    assert store.asked("PUT")[0].body == b"through the pipe"


def test_a_list_may_mix_files_and_addresses(run: Any, store: Any, letter: Path) -> None:
    server = run([letter, "https://example.com/a.txt", b"bytes"], multipleValues=True)
    assert sent_input(server) == [f"{store.url}/get", "https://example.com/a.txt", f"{store.url}/get"]
    assert [put.body for put in store.asked("PUT")] == [letter.read_bytes(), b"bytes"]


def test_one_file_serves_where_several_are_taken(run: Any, store: Any, letter: Path) -> None:
    assert sent_input(run(letter, multipleValues=True)) == f"{store.url}/get"


def test_several_files_where_one_is_taken_are_refused_before_anything_is_sent(run: Any, store: Any, letter: Path) -> None:
    with pytest.raises(InputError, match=r"Parameter 'file' has invalid type\. Expected document, got list"):
        run([letter, letter])
    assert store.seen == []


def test_files_may_be_set_as_inputs_and_run_later(connect: Any, service: Any, store: Any, letter: Path) -> None:
    server = service(multipleValues=True)
    model = connect(backend_url=server.url).Model.get("m")
    model.inputs.file = [letter, b"x"]
    model.run()
    model.run()
    assert len(store.asked("PUT")) == 4


def test_a_stream_and_a_submitted_run_send_their_files_too(aix: Any, letter: Path) -> None:
    model = aix.Model.get("acme/size")
    accepted = model.run_async(document=letter)
    assert model.sync_poll(accepted.url).data == 1234


# --- Content types --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind", "name", "content_type"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image", "file.png", "image/png"),
        (b"\xff\xd8\xff\xe0....", "image", "file.jpg", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image", "file.webp", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio", "file.wav", "audio/wav"),
        (b"ID3\x04....", "audio", "file.mp3", "audio/mpeg"),
        (b"\0\0\0\x20ftypisom....", "video", "file.mp4", "video/mp4"),
        (b"\0\0\0\x20ftypisom....", "audio", "file.m4a", "audio/mp4"),
        (b"OggS....", "video", "file.ogg", "video/ogg"),
        (b"%PDF-1.7", "document", "file.pdf", "application/pdf"),
        ("déjà vu".encode(), "document", "file.txt", "text/plain"),
        (b"\0\1\2\3\xff", "document", "file", "application/octet-stream"),
    ],
)
def test_bytes_tell_their_type_by_how_they_begin(run: Any, content: bytes, kind: str, name: str, content_type: str) -> None:
    assert announced(run(content, data_type=kind)) == (name, content_type)


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.WAV", "audio/wav"),
        ("a.m4a", "audio/mp4"),
        ("pages.csv.gz", "application/gzip"),
        ("letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("recording", "audio/mpeg"),
        ("a.unheard-of", "audio/mpeg"),
    ],
)
def test_a_name_tells_the_type_and_the_content_where_it_does_not(
    run: Any, tmp_path: Path, name: str, content_type: str
) -> None:
    (tmp_path / name).write_bytes(b"ID3\x04....")
    assert announced(run(tmp_path / name)) == (name, content_type)


# --- What can't be sent ---------------------------------------------------------------------------


def closed_file() -> io.BytesIO:
    file = io.BytesIO(b"x")
    file.close()
    return file


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda tmp: tmp / "none.txt", "is not there. Check the path"),
        (lambda tmp: Path("~/none.txt"), r"A ~ is not resolved by itself: Path\(…\)\.expanduser\(\) does"),
        (lambda tmp: tmp, "is a folder"),
        (lambda tmp: tmp / "letter.txt" / "none", "is not there"),
        (lambda tmp: Path("a\0b"), "can't be read: embedded null byte"),
        (lambda tmp: Path("x" * 300), "can't be read: .*File name too long"),
        (lambda tmp: b"", r"file is empty \(0 bytes\)"),
        (lambda tmp: (tmp / "letter.txt").open(), "letter.txt is open as text. Open it with open"),
        (lambda tmp: io.StringIO("text"), "file is open as text"),
        (lambda tmp: tempfile.NamedTemporaryFile("w+"), "does not read as bytes. Open it in binary mode"),  # noqa: SIM115
        (lambda tmp: closed_file(), "file can't be read: I/O operation on closed file"),
        (lambda tmp: (tmp / "new.txt").open("wb"), "new.txt is not open for reading"),
    ],
)
def test_what_can_not_be_sent_is_a_sentence_before_anything_is_sent(
    connect: Any, service: Any, letter: Path, make: Any, words: str
) -> None:
    server = service()
    value = make(letter.parent)
    with pytest.raises(FileUploadError, match=words):
        connect(backend_url=server.url).Model.get("m").run(file=value)
    assert server.asked("POST") == []
    if hasattr(value, "close"):
        value.close()


def test_a_file_at_its_end_is_told_from_an_empty_one(run: Any) -> None:
    file = io.BytesIO(b"read already")
    file.read()
    with pytest.raises(FileUploadError, match=r"file is empty from where it stands.*file.seek\(0\)"):
        run(file)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_is_not_yours_to_read_is_said_before_anything_is_sent(run: Any, letter: Path) -> None:
    letter.chmod(0)
    with pytest.raises(FileUploadError, match="you have no permission"):
        run(letter)


def test_when_one_of_several_files_can_not_be_sent_none_is(connect: Any, service: Any, letter: Path) -> None:
    server = service(multipleValues=True)
    with pytest.raises(FileUploadError, match="file is empty"):
        connect(backend_url=server.url).Model.get("m").run(file=[letter, b""])
    assert server.asked("POST") == []


@pytest.mark.parametrize(
    ("change", "words"),
    [(-600_000, "had 1000000 bytes, and now has 400000"), (5, "had 1000000 bytes, and now has more")],
)
def test_a_file_that_changes_while_it_is_sent_is_not_taken_for_whole(
    model_of: Any, service: Any, store: Any, says: Any, tmp_path: Path, change: int, words: str
) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"x" * 1_000_000)
    server = service()
    (announce,) = server.plans["POST", ANNOUNCED]

    def resize(handler: Any) -> None:
        os.truncate(path, 1_000_000 + change)  # between the look at its size and the reading
        announce(handler)

    server.plans["POST", ANNOUNCED] = [resize]
    with pytest.raises(FileUploadError, match=words):
        model_of(server).run(file=path)
    assert [seen.path for seen in server.asked("POST")] == [ANNOUNCED]


# --- What may go wrong on the way -----------------------------------------------------------------


def lose_half(handler: Any) -> None:
    handler.see(handler.rfile.read(int(handler.headers["content-length"]) // 2))
    handler.hang_up()


def test_a_lost_connection_and_a_failing_store_are_tried_again_from_the_start(
    run: Any, store: Any, says: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(os.urandom(900_000))
    store.plans["PUT", "/put"] = [lose_half, says(503), says()]
    run(path)
    first, second, third = store.asked("PUT")
    assert len(first.body) == 450_000
    assert second.body == third.body == path.read_bytes()


@pytest.mark.parametrize("make", [io.BytesIO, lambda content: open_pipe(content)])
def test_an_open_file_and_a_pipe_are_sent_again_too(run: Any, store: Any, says: Any, make: Any) -> None:
    content = os.urandom(300_000)
    store.plans["PUT", "/put"] = [lose_half, says()]
    with make(content) as file:
        run(file)
    assert store.asked("PUT")[1].body == content


def open_pipe(content: bytes) -> Any:
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as file:
            file.write(content)

    threading.Thread(target=write).start()
    return os.fdopen(reading, "rb")


def test_a_store_that_stays_down_is_given_up_with_its_attempts(run: Any, store: Any, says: Any, letter: Path) -> None:
    store.plans["PUT", "/put"] = [says(500, b"<Error><Message>We encountered an internal error</Message></Error>")]
    with pytest.raises(
        FileUploadError, match=r"letter.txt \(0.0 MB\) was not taken: We encountered an internal error"
    ) as error:
        run(letter)
    assert [attempt.status for attempt in error.value.attempts] == [500] * 4


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, b"<Error><Message>Request has expired</Message></Error>", "Request has expired .HTTP 403: its address may"),
        (413, {"message": "The file is larger than 300 MB."}, "larger than 300 MB. .HTTP 413: .*make it smaller"),
        (400, b"", "The request was not understood .HTTP 400"),
    ],
)
def test_a_store_that_refuses_is_asked_once_and_told_in_its_words(
    run: Any, store: Any, says: Any, letter: Path, status: int, body: Any, words: str
) -> None:
    store.plans["PUT", "/put"] = [says(status, body)]
    with pytest.raises(FileUploadError, match=words) as error:
        run(letter)
    assert len(store.asked("PUT")) == 1
    assert "signature=s" not in f"{error.value} {error.value.curl}"


def test_a_store_that_refuses_before_it_has_read_all_is_heard(run: Any, store: Any, tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(5_000_000))

    def refuse(handler: Any) -> None:
        handler.answer(413, {"message": "too large for me"}, connection="close")
        handler.see(handler.read_body())  # read on, as a server does that wants to be heard
        handler.hang_up()

    store.plans["PUT", "/put"] = [refuse]
    with pytest.raises(FileUploadError, match="too large for me"):
        run(path)


def test_the_hub_tells_its_limit(aix: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check, small = Quota.check_file, Quota(largest_file=1024 * 1024)
    monkeypatch.setattr(Quota, "check_file", lambda _, size: check(small, size))
    path = tmp_path / "large.txt"
    path.write_bytes(bytes(40_000_000))
    with pytest.raises(FileUploadError, match=r"large.txt \(38.1 MB\) was not taken: .*larger than 1 MB"):
        aix.Model.get("acme/size").run(document=path)


def test_a_redirect_leads_on_without_the_key(run: Any, store: Any, serve: Any, says: Any, letter: Path, place: Any) -> None:
    region = place.on("PUT", "/eu/put", says())
    store.plans["PUT", "/put"] = [says(307, location=region)]
    run(letter)
    (put,) = place.asked("PUT")
    assert put.body == letter.read_bytes()
    assert KEY not in str(put.headers)


def test_a_store_on_the_services_own_origin_gets_no_key_either(model_of: Any, service: Any, says: Any, letter: Path) -> None:
    server = service()
    answer = {"uploadUrl": "/files/1", "downloadUrl": "/files/1"}
    server.plans["POST", ANNOUNCED] = [says(200, answer)]
    server.on("PUT", "/files/1", says())
    model_of(server).run(file=letter)
    assert KEY not in str(server.asked("PUT")[0].headers)
    assert sent_input(server) == f"{server.url}/files/1"


def test_an_upload_that_hangs_ends_at_the_deadline_and_names_the_file(run: Any, store: Any, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(30_000_000))
    leave = threading.Event()

    def hang(handler: Any) -> None:
        handler.rfile.read(10_000)
        leave.wait(20)
        handler.hang_up()

    store.plans["PUT", "/put"] = [hang]
    with pytest.raises(TimeoutError, match=r"timed out after 1.5 seconds \(film.mp4 was going up, \d+% of 28.6 MB sent\)"):
        run(path, timeout=1.5)
    leave.set()


def test_a_pipe_that_nobody_writes_to_ends_at_the_deadline(run: Any) -> None:
    reading, writing = os.pipe()
    pipe = os.fdopen(reading, "rb")
    with pipe, os.fdopen(writing, "wb"), pytest.raises(TimeoutError, match="file was not read in time; does a pipe wait"):
        run(pipe, timeout=0.3)


def test_a_store_that_can_not_be_reached_is_not_taken_for_the_service(model_of: Any, service: Any, says: Any) -> None:
    server = service()
    server.plans["POST", ANNOUNCED] = [says(200, {"uploadUrl": "http://127.0.0.1:1/put", "downloadUrl": "x"})]
    with pytest.raises(FileUploadError, match=r"was not taken: http://127\.0\.0\.1:1 can't be reached") as error:
        model_of(server).run(file=b"x")
    assert "aix hub serve" not in str(error.value)


def test_a_service_that_names_no_place_is_told(model_of: Any, service: Any, says: Any) -> None:
    server = service()
    server.plans["POST", ANNOUNCED] = [says(200, {"key": "k"})]
    with pytest.raises(FileUploadError, match="was not sent: the service named no place for it"):
        model_of(server).run(file=b"x")


# --- Large files ----------------------------------------------------------------------------------

MEASURED = """
import asyncio, resource, sys, tracemalloc
from aixplain import Aixplain, AsyncAixplain

colour, url, path = sys.argv[1:]


async def on_asyncio():
    async with AsyncAixplain(backend_url=url) as aix:
        model = await aix.Model.get("m")
        await model.run(file=b"warm")
        start()
        await model.run(file=path)


def blocking():
    with Aixplain(backend_url=url) as aix:
        model = aix.Model.get("m")
        model.run(file=b"warm")
        start()
        model.run(file=path)


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
def test_a_large_file_does_not_pass_through_the_memory(service: Any, store: Any, tmp_path: Path, colour: str) -> None:
    path = tmp_path / "film.mp4"
    path.touch()
    os.truncate(path, 120 * 2**20)

    def count(handler: Any) -> None:
        left = int(handler.headers["content-length"])
        while left:
            left -= len(handler.rfile.read(min(left, 2**20)))
        handler.see(b"")
        handler.answer()

    store.plans["PUT", "/put"] = [count]
    words = [sys.executable, "-c", MEASURED, colour, service().url, str(path)]
    told = subprocess.run(words, capture_output=True, text=True, check=True, timeout=50).stdout.split()
    python, resident = map(int, told)
    assert python < 8
    assert resident < 40
    assert store.asked("PUT")[-1].headers["content-length"] == str(120 * 2**20)


@pytest.mark.parametrize("wanted", [True, False])
def test_a_bar_is_drawn_for_a_large_file_or_when_it_is_wanted(
    connect: Any, service: Any, tmp_path: Path, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()
    monkeypatch.setattr("aixplain.v2._progress._screen_here", lambda: screen)
    path = tmp_path / "film.mp4"
    path.touch()
    os.truncate(path, 1000 if wanted else 16 * 2**20)
    connect(backend_url=service().url).Model.get("m").run(file=path, show_progress=wanted)
    assert "film.mp4" in screen.labels
    assert screen.cleared


def test_a_small_file_draws_no_bar_by_itself(run: Any, letter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("aixplain.v2._progress._screen_here", lambda: screen)
    run(letter)
    assert screen.labels == []


class Screen:
    """Notes what is drawn."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.cleared = False

    def draw(self, label: str, share: float | None, note: str) -> None:
        self.labels.append(label)

    def clear(self) -> None:
        self.cleared = True
