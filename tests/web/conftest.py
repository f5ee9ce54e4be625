"""A hub that runs on loopback, and Debian's Chromium before its page."""

from __future__ import annotations

import base64
import io
import shutil
import threading
import time
import wave
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect, sync_playwright

from aixplain.hub import Audio, Hub, Image, Input, ModelError, Settings, progress
from aixplain.hub.embedded import EmbeddedHub, start

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
CHROMIUM = shutil.which("chromium")
#: Milliseconds in which a page shows what it should, on a machine with much to do too.
PATIENCE = 20_000
#: What the tests saw; not kept in the repository.
SCREENS = Path(__file__).parent / "screens"
PICTURE = base64.b64encode(
    b'<svg xmlns="http://www.w3.org/2000/svg" width="320" height="180"><rect width="320" height="180" fill="teal"/></svg>'
)
EVIL = '<img src=x onerror="document.title=1"><b>bold</b>'


class Doors:
    """What the models of the hub wait for, so that a test decides when they go on."""

    def __init__(self) -> None:
        self.open = threading.Event()

    def wait(self) -> None:
        assert self.open.wait(20)


def make_hub(doors: Doors, keys: tuple[str, ...] = ()) -> Hub:
    hub = Hub(keys=keys, settings=Settings(private_webhooks=True))

    @hub.model("acme/shout", function="text-normalization", languages=["en"], target_languages=["de"])
    def shout(
        text: Annotated[str, Input(description="What is shouted.")],
        times: Annotated[int, Input(ge=1, le=5, description="How often.")] = 1,
        mood: Literal["calm", "angry"] = "calm",
        loud: bool | None = None,
        tags: list[str] | None = None,
        extra: dict[str, Any] | None = None,
        tongues: list[Literal["en", "de"]] | None = None,
    ) -> dict[str, Any]:
        """Says it louder."""
        given = {"times": times, "mood": mood, "loud": loud, "tags": tags, "extra": extra, "tongues": tongues}
        return {"text": text.upper(), **{name: value for name, value in given.items() if value is not None}}

    @hub.model("acme/echo", description=EVIL)
    def echo(text: str) -> str:
        return text

    @hub.model("acme/teller", function="text-generation")
    def teller(text: str) -> Iterator[str]:
        """Tells a story, and waits in its middle."""
        yield f"Once upon a time, {text}"
        doors.wait()
        yield " lived happily."

    @hub.model("acme/slow", asynchronous=True)
    def slow(text: str = "") -> str:
        """Gets half-way, and waits."""
        progress(0.5)
        doors.wait()
        return "at last"

    @hub.model("acme/broken")
    def broken(text: str) -> str:
        """Never works."""
        raise ModelError("The supplier is out of tokens today.", 485)

    @hub.model("acme/odd")
    def odd(number: float) -> float:
        """Takes odd numbers."""
        raise ModelError(f"Parameter 'number' has invalid value {number:g}. Expected an odd one", 400)

    @hub.model("acme/size", function="image-label-detection")
    def size(picture: Image, sounds: list[Audio] | None = None) -> dict[str, Any]:
        """How many bytes a picture has."""
        return {"bytes": picture.stat().st_size, "sounds": [each.name for each in sounds or []]}

    @hub.model("acme/draw", function="image-generation")
    def draw(text: str) -> str:
        """Draws."""
        return f"data:image/svg+xml;base64,{PICTURE.decode()}"

    @hub.model("acme/draw-elsewhere", function="text-to-image-generation")
    def draw_elsewhere(text: str) -> str:
        """Gives an address back, and says that an image is there."""
        return text

    @hub.model("acme/link")
    def link(text: str) -> str:
        """Gives an address back."""
        return text

    @hub.model("acme/many")
    def many(
        text: str,
        a: str = "",
        b: str = "",
        c: Annotated[int, Input(ge=1, le=5)] | None = None,
        d: str = "",
        e: str = "",
        f: str = "",
        g: str = "",
        h: str = "",
    ) -> str:
        """Takes many inputs."""
        return text + str(c)

    for number in range(60):
        path = f"maker-{number % 3}/filler-{number}"
        hub.model(path, function="translation", description="Fills the catalog.", languages=["fr"])(lambda text: text)
    return hub


@pytest.fixture(scope="module")
def doors() -> Doors:
    return Doors()


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory, doors: Doors) -> Iterator[Callable[..., EmbeddedHub]]:
    """Starts a hub: `serve()`, or `serve("a key")`. They end with the module."""
    running: list[EmbeddedHub] = []

    def start_one(*keys: str) -> EmbeddedHub:
        running.append(start(tmp_path_factory.mktemp("hub"), make_hub(doors, keys)))
        running[-1].wait_until_ready()
        return running[-1]

    yield start_one
    doors.open.set()
    for each in running:
        each.close()


@pytest.fixture(scope="module")
def url(serve: Callable[..., EmbeddedHub]) -> str:
    """The address of a hub without keys."""
    return serve().url


class MediaHandler(BaseHTTPRequestHandler):
    """Serves an image at /picture and audio at /sound: addresses that don't say what is there."""

    def do_GET(self) -> None:
        media_type, content = MEDIA[self.path]
        self.send_response(200)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


def silence() -> bytes:
    """A tenth of a second, as WAV."""
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(1600))
    return made.getvalue()


MEDIA = {"/picture": ("image/svg+xml", base64.b64decode(PICTURE)), "/sound": ("audio/wav", silence())}


@pytest.fixture(scope="module")
def media() -> Iterator[str]:
    """The address of a server of media beside the hub, over plain http."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), MediaHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("These tests drive Chromium, and there is none on the PATH. On Debian: apt install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """What the pages of a module share: the files that a browser keeps."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield made
    made.close()


@pytest.fixture(scope="module")
def tab(context: BrowserContext) -> Page:
    """One page for all tests of a module: another one costs more than most tests."""
    return context.new_page()


@pytest.fixture
def page(tab: Page, doors: Doors) -> Iterator[Page]:
    """A page like a new one, on which nothing may go wrong in silence: what its scripts complain of fails the test."""
    doors.open.clear()
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        complaints.extend([message.text] if is_complaint(message.text, message.type) else [])

    def meet(error: Error) -> None:
        complaints.append(str(error))

    tab.on("pageerror", meet)
    tab.on("console", hear)
    yield tab
    doors.open.set()
    tab.unroute_all()
    tab.evaluate("sessionStorage.clear(), localStorage.clear()")
    tab.goto("about:blank")
    tab.remove_listener("pageerror", meet)
    tab.remove_listener("console", hear)
    assert complaints == []


def is_complaint(text: str, kind: str) -> bool:
    """Answers that refuse are written to the console by the browser; the page shows them."""
    return kind in ("error", "warning") and not text.startswith("Failed to load resource")


@pytest.fixture
def shot(page: Page) -> Callable[[str], None]:
    """Keeps what is on the screen, for people to look at."""
    SCREENS.mkdir(exist_ok=True)

    def keep(name: str) -> None:
        page.screenshot(path=SCREENS / f"{name}.png")

    return keep


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when it is so."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
