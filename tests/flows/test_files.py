"""Files on their way up, and steps that touch the disk: what is sent again, where it may go, who waits for whom."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aixplain.v2 import _operations as operations
from aixplain.v2._files.disk import Pour, Work
from aixplain.v2._files.local import LocalFile
from aixplain.v2._files.uploads import PLATFORM_LIMITS
from aixplain.v2._flow import Operation, Request, TransportFailure, TransportTimeout, adrive, drive
from aixplain.v2._operations import Run
from aixplain.v2._send import begin, send
from aixplain.v2._settings import Settings, resolve
from aixplain.v2.exceptions import ConfigurationError, FileUploadError

STORE = "https://9.9.9.9/put?signature=s"
PLACE = {"key": "k", "uploadUrl": STORE, "downloadUrl": "https://9.9.9.9/get"}
DONE = {"status": "SUCCESS", "completed": True, "data": "done"}
MB = 1024 * 1024


@pytest.fixture
def platform() -> Settings:
    """A client of the platform."""
    return resolve("the-key", "https://platform-api.aixplain.com")


def run_with(settings: Settings, file: LocalFile) -> Operation[Any]:
    return operations.run(settings, Run("m", {"file": ""}, files={"file": file}))


def sparse(folder: Path, size: int) -> Path:
    path = folder / "film.mp4"
    with path.open("wb") as file:
        file.truncate(size)
    return path


# --- Limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "largest"), [("audio", 50), ("image", 25), ("document", 25), ("video", 300)])
def test_the_platforms_limits_are_told_before_anything_is_sent(
    world: Any, platform: Settings, answer: Any, tmp_path: Path, kind: str, largest: int
) -> None:
    assert PLATFORM_LIMITS[kind] == largest * MB
    path = sparse(tmp_path, largest * MB + 1)
    words = rf"film.mp4 is too large: the platform takes {kind} files of up to {largest} MB, and it has {largest}.0 MB. Nothing"
    with pytest.raises(FileUploadError, match=words):
        world().play(run_with(platform, LocalFile(kind, "film.mp4", path)))
    path = sparse(tmp_path, largest * MB)
    world(answer(200, PLACE), answer(), answer(200, DONE)).play(run_with(platform, LocalFile(kind, "film.mp4", path)))


def test_a_hub_says_itself_what_is_too_large(world: Any, settings: Settings, answer: Any, tmp_path: Path) -> None:
    path = sparse(tmp_path, 26 * MB)
    hub = world(answer(200, PLACE), answer(), answer(200, DONE))
    assert hub.play(run_with(settings, LocalFile("image", "film.mp4", path))).data == "done"


def test_an_endless_pipe_is_read_no_further_than_its_limit(world: Any, platform: Settings) -> None:
    class Endless:
        given = 0

        def read(self, size: int = -1, /) -> bytes:
            self.given += size
            return bytes(size)

    endless = Endless()
    with pytest.raises(FileUploadError, match="takes image files of up to 25 MB, and it has more"):
        world().play(run_with(platform, LocalFile("image", "pipe", endless)))
    assert endless.given < 26 * MB


# --- The store ------------------------------------------------------------------------------------


def test_a_put_is_sent_again_like_all_that_may_be_repeated(world: Any, settings: Settings, answer: Any) -> None:
    answers = [TransportFailure("broken"), answer(503), answer(429, retry_after="2"), answer()]
    hub = world(answer(200, PLACE), *answers, answer(200, DONE))
    hub.play(run_with(settings, LocalFile("document", "a.txt", b"x")))
    assert [request.method for request in hub.requests] == ["POST", "PUT", "PUT", "PUT", "PUT", "POST"]
    assert hub.slept[2] == 2


def test_what_a_store_says_of_idempotency_keys_says_nothing_of_the_service(world: Any, settings: Settings, answer: Any) -> None:
    hub = world(answer(200, PLACE), answer(200, idempotency_key_kept="1"), answer(200, DONE))
    hub.play(run_with(settings, LocalFile("document", "a.txt", b"x")))
    assert not settings.keeps_keys


@pytest.mark.parametrize("status", [307, 308])
def test_a_store_may_send_the_put_on(world: Any, settings: Settings, answer: Any, status: int) -> None:
    hub = world(answer(200, PLACE), answer(status, location="https://9.9.9.10/eu"), answer(), answer(200, DONE))
    hub.play(run_with(settings, LocalFile("document", "a.txt", b"x")))
    assert hub.urls[2] == "https://9.9.9.10/eu"
    assert b"".join(hub.requests[2].content) == b"x"


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_put_is_never_made_a_get(world: Any, settings: Settings, answer: Any, status: int) -> None:
    hub = world(answer(200, PLACE), answer(status, location="https://9.9.9.10/eu"))
    with pytest.raises(FileUploadError, match=rf"a.txt .* was not taken: .*HTTP {status}"):
        hub.play(run_with(settings, LocalFile("document", "a.txt", b"x")))


@pytest.mark.parametrize("place", ["http://9.9.9.9/put", "http://store.example/put"])
@pytest.mark.parametrize("redirects", [False, True])
def test_a_file_is_not_sent_in_the_clear_for_a_service_that_is_not(
    world: Any, platform: Settings, answer: Any, place: str, redirects: bool
) -> None:
    answers = [answer(200, PLACE), answer(307, location=place)] if redirects else [answer(200, {**PLACE, "uploadUrl": place})]
    hub = world(*answers)
    with pytest.raises(FileUploadError, match=r"a.txt was not sent: http://\S+ is plain http"):
        hub.play(run_with(platform, LocalFile("document", "a.txt", b"x")))
    assert place not in hub.urls


@pytest.mark.parametrize(
    "place", ["https://127.0.0.1:9200/index", "https://169.254.169.254/x", "file:///etc/passwd", "ftp://9.9.9.9/x"]
)
def test_a_service_can_not_have_a_file_put_inside_another_network(
    world: Any, platform: Settings, answer: Any, place: str
) -> None:
    hub = world(answer(200, {**PLACE, "uploadUrl": place}))
    with pytest.raises(FileUploadError, match=r"a.txt .* was not taken: .*nothing was asked"):
        hub.play(run_with(platform, LocalFile("document", "a.txt", b"x")))
    assert len(hub.requests) == 1


def test_a_redirect_away_takes_neither_spelling_of_the_key_along(world: Any, settings: Settings, answer: Any) -> None:
    def anywhere(url: str) -> Operation[None]:
        return
        yield

    def operation() -> Operation[Any]:
        deadline = yield from begin(10)
        named = {"x-api-key": "the-key", "authorization": "token the-key", "accept": "*/*"}
        request = Request("GET", "http://127.0.0.1:8180/a", named)
        return (yield from send(settings, request, deadline, repeatable=True, admits=anywhere))

    hub = world(
        answer(302, location="/b"),
        answer(302, location="https://9.9.9.9/c"),
        answer(302, location="http://127.0.0.1:8180/d"),
        answer(),
    )
    hub.play(operation())
    assert [request.headers.get("x-api-key") for request in hub.requests] == ["the-key", "the-key", None, None]
    assert hub.requests[2].headers == {"accept": "*/*"}


def test_a_redirect_that_is_not_admitted_is_not_followed(world: Any, settings: Settings, answer: Any) -> None:
    hub = world(answer(200, PLACE), answer(307, location="http://169.254.169.254/x"))
    with pytest.raises(FileUploadError, match="nothing was asked") as error:
        hub.play(run_with(settings, LocalFile("document", "a.txt", b"x")))
    assert isinstance(error.value.__cause__, ConfigurationError)
    assert len(hub.requests) == 2


# --- The disk, beside the loop --------------------------------------------------------------------


class Ground:
    """A transport whose only step is the disk's."""


def on_asyncio(operation: Any) -> Any:
    async def main() -> Any:
        return await adrive(operation, Ground())  # type: ignore[arg-type]

    with asyncio.Runner() as runner:
        return runner.run(main())


def blocking(operation: Any) -> Any:
    return drive(operation, Ground())  # type: ignore[arg-type]


@pytest.mark.parametrize("driver", [blocking, on_asyncio])
def test_work_has_its_value_its_error_and_its_end(driver: Any) -> None:
    def operation(call: Any, timeout: float) -> Operation[Any]:
        return (yield Work(call, timeout))

    assert driver(operation(lambda: 7, 10)) == 7
    with pytest.raises(ZeroDivisionError):
        driver(operation(lambda: 1 / 0, 10))
    with pytest.raises(TimeoutError, match="its own"):
        driver(operation(_raise_timeout, 10))
    hung = threading.Event()
    with pytest.raises(TransportTimeout):
        driver(operation(lambda: hung.wait(30), 0.05))
    hung.set()


def _raise_timeout() -> None:
    raise TimeoutError("its own")


class Slow:
    """A sink, or a file, whose every call waits until the loop has done something else."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.got = b""
        self.ended = False

    def wait_for_the_loop(self) -> None:
        went_on = threading.Event()
        self.loop.call_soon_threadsafe(went_on.set)
        assert went_on.wait(10), "the loop stood still meanwhile"

    def begin(self, headers: Mapping[str, str]) -> None:
        self.wait_for_the_loop()

    def write(self, content: bytes) -> None:
        self.wait_for_the_loop()
        self.got += content

    def end(self) -> None:
        self.wait_for_the_loop()
        self.ended = True

    def read(self, size: int = -1, /) -> bytes:
        self.wait_for_the_loop()
        return b""


class Pieces:
    """The open body of an answer, on asyncio."""

    def __init__(self, *pieces: bytes) -> None:
        self.headers: dict[str, str] = {}
        self.pieces = [*pieces, None]
        self.closed = False

    async def read(self) -> bytes | None:
        return self.pieces.pop(0)

    async def close(self) -> None:
        self.closed = True


def test_a_disk_that_is_written_does_not_hold_the_loop_up() -> None:
    async def main() -> tuple[Slow, Pieces]:
        sink, stream = Slow(), Pieces(b"a" * 300_000, b"b", b"c")
        await Pour(stream, sink).aperform(Ground())  # type: ignore[arg-type]
        return sink, stream

    sink, stream = asyncio.run(main())
    assert sink.got == b"a" * 300_000 + b"bc"
    assert sink.ended
    assert stream.closed
