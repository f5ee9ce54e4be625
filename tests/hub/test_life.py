"""A run's life on the wire: polls that are held until it ends, and runs that nobody wants any more."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from aixplain.hub import Hub, progress
from aixplain.hub.embedded import EmbeddedHub, start

from .conftest import Answer, Caller, wait_for


class Scene:
    """What the models of these tests do: they wait until the test lets them go, and tell how they ended."""

    def __init__(self) -> None:
        self.entered, self.go, self.ended = threading.Event(), threading.Event(), threading.Event()

    def hold(self) -> None:
        self.entered.set()
        assert self.go.wait(20)


the_scene = Scene()


@pytest.fixture
def scene() -> Iterator[Scene]:
    """One of each test's own: what an earlier one left behind ends in that one's."""
    global the_scene
    the_scene = Scene()
    yield the_scene
    the_scene.go.set()


def models() -> Hub:
    hub = Hub(builtin=False)

    @hub.model("acme/wait", asynchronous=True)
    def wait(text: str) -> str:
        scene = the_scene
        scene.hold()
        scene.ended.set()
        return text.upper()

    @hub.model("acme/progress", asynchronous=True)
    def tell(text: str) -> None:
        scene = the_scene
        while not scene.go.is_set():
            progress(0.5)
            time.sleep(0.001)
        progress(0.7)
        scene.ended.set()

    @hub.model("acme/quick", asynchronous=True)
    def quick(text: str) -> str:
        return text.upper()

    @hub.model("acme/coroutine", asynchronous=True)
    async def coroutine(text: str) -> str:
        scene = the_scene
        try:
            scene.entered.set()
            await asyncio.sleep(20)
        finally:
            await asyncio.sleep(0)
            scene.ended.set()
        return text

    @hub.model("acme/stubborn", asynchronous=True)
    async def stubborn(text: str) -> str:
        scene = the_scene
        try:
            scene.entered.set()
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            scene.ended.set()
        return text

    @hub.model("acme/pieces", asynchronous=True)
    def pieces(text: str) -> Iterator[str]:
        scene = the_scene
        try:
            while True:
                scene.entered.set()
                time.sleep(0.001)
                yield text
        finally:
            scene.ended.set()

    @hub.model("acme/pieces-async", asynchronous=True)
    async def pieces_async(text: str) -> AsyncIterator[str]:
        scene = the_scene
        try:
            while True:
                scene.entered.set()
                await asyncio.sleep(0.001)
                yield text
        finally:
            scene.ended.set()

    return hub


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    return serve(models())


def accepted(caller: Caller, path: str) -> str:
    """The poll address of a run that was accepted just now."""
    answer = caller.run(path, {"text": "hi"})
    assert answer.status == 201
    return str(answer.json["data"])


def cancel(caller: Caller, address: str) -> Answer:
    return caller.send("DELETE", address)


def held(caller: Caller, address: str, seconds: int = 30) -> tuple[threading.Thread, list[Answer]]:
    """A poll that is held, in a thread of its own, and where its answer goes."""
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(caller.get(address, prefer=f"wait={seconds}")))
    thread.start()
    return thread, answers


# --- Held polls -----------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/sdk/runs/{}/result", "/api/v1/data/{}"])
def test_a_poll_that_may_be_held_is_answered_as_soon_as_the_run_ends(caller: Caller, scene: Scene, address: str) -> None:
    run_id = caller.run("acme/wait", {"text": "hi"}).json["requestId"]
    thread, answers = held(caller, address.format(run_id))
    assert scene.entered.wait(20)
    thread.join(0.1)
    assert not answers
    scene.go.set()
    thread.join(20)
    assert answers[0].json["data"] == "HI"
    assert answers[0].headers["preference-applied"] == "wait=30"


def test_a_hundred_polls_of_one_run_are_held_and_answered_together(caller: Caller, scene: Scene) -> None:
    address = accepted(caller, "acme/wait")
    polls = [held(caller, address) for _ in range(100)]
    scene.go.set()
    for thread, answers in polls:
        thread.join(20)
        assert answers[0].json["data"] == "HI"


def test_a_poll_that_was_held_for_its_time_says_that_the_run_goes_on(caller: Caller, scene: Scene) -> None:
    answer = caller.get(accepted(caller, "acme/wait"), prefer="wait=1")
    assert (answer.json["status"], answer.headers["preference-applied"]) == ("IN_PROGRESS", "wait=1")


def test_a_poll_of_a_run_that_is_over_is_not_held(caller: Caller) -> None:
    address = accepted(caller, "acme/quick")
    assert caller.result(address)["data"] == "HI"
    assert caller.get(address, prefer="wait=60").json["data"] == "HI"


@pytest.mark.parametrize(
    ("preference", "applied"),
    [
        ("wait=2000", "wait=60"),
        ("respond-async, wait=7", "wait=7"),
        ('Wait = "8"', "wait=8"),
        ("wait=0", None),
        ("wait=-1", None),
        ("wait=soon", None),
        ("await=5", None),
        ("", None),
    ],
)
def test_a_preference_is_read_as_its_standard_says_and_bounded(caller: Caller, preference: str, applied: str | None) -> None:
    address = accepted(caller, "acme/quick")
    caller.result(address)
    assert caller.get(address, prefer=preference).headers.get("preference-applied") == applied


def test_an_unknown_run_is_a_404_at_once_however_long_it_may_be_held(caller: Caller) -> None:
    assert caller.get("/sdk/runs/nothing/result", prefer="wait=60").status == 404


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[EmbeddedHub, Caller]]:
    """A hub that a test may stop."""
    running = start(tmp_path, models())
    running.wait_until_ready()
    yield running, Caller(running.url)
    running.close()


def test_a_client_that_goes_away_frees_its_held_poll(own: tuple[EmbeddedHub, Caller], scene: Scene) -> None:
    running, caller = own
    watchers = running._server._app.state.runs._watchers
    address = accepted(caller, "acme/wait").removeprefix(caller.url)
    with socket.create_connection(caller.address) as connection:
        connection.sendall(f"GET {address} HTTP/1.1\r\nhost: localhost\r\nprefer: wait=60\r\n\r\n".encode())
        assert wait_for(lambda: len(watchers) == 1)
    assert wait_for(lambda: len(watchers) == 0)


def test_a_hub_that_stops_answers_the_polls_that_it_holds(own: tuple[EmbeddedHub, Caller], scene: Scene) -> None:
    running, caller = own
    polls = [held(caller, accepted(caller, "acme/wait"), 60) for _ in range(3)]
    assert wait_for(lambda: len(running._server._app.state.runs._watchers) == 3)
    running.close()
    for thread, answers in polls:
        thread.join(20)
        assert answers[0].json["status"] == "IN_PROGRESS"


# --- Cancel ---------------------------------------------------------------------------------------


def is_canceled(answer: Answer, address: str) -> bool:
    envelope = answer.json
    assert set(envelope) == {"status", "completed", "errorMessage", "requestId"}
    assert envelope["requestId"] in address
    return (answer.status, envelope["status"], envelope["completed"]) == (200, "CANCELED", True)


def test_a_run_that_waits_is_canceled_at_once_and_never_begun(own: tuple[EmbeddedHub, Caller], scene: Scene) -> None:
    _, caller = own
    busy = [accepted(caller, "acme/wait") for _ in range(4)]
    late = accepted(caller, "acme/coroutine")
    assert is_canceled(cancel(caller, late), late)
    assert is_canceled(caller.get(late), late)
    scene.go.set()
    assert [caller.result(address)["data"] for address in busy] == ["HI"] * len(busy)
    scene.ended.clear()
    assert caller.result(accepted(caller, "acme/quick"))["data"] == "HI"
    assert not scene.ended.is_set()


@pytest.mark.parametrize("path", ["acme/coroutine", "acme/stubborn", "acme/pieces", "acme/pieces-async"])
@pytest.mark.parametrize("place", ["/sdk/runs/{}/result", "/api/v1/data/{}"])
def test_a_run_that_goes_on_is_stopped(caller: Caller, scene: Scene, path: str, place: str) -> None:
    run_id = caller.run(path, {"text": "hi"}).json["requestId"]
    assert scene.entered.wait(20)
    assert is_canceled(cancel(caller, place.format(run_id)), run_id)
    assert scene.ended.wait(20)
    assert is_canceled(caller.get(place.format(run_id)), run_id)


def test_a_thread_cannot_be_stopped_so_its_answer_is_dropped(caller: Caller, scene: Scene) -> None:
    address = accepted(caller, "acme/wait")
    assert scene.entered.wait(20)
    assert is_canceled(cancel(caller, address), address)
    scene.go.set()
    assert scene.ended.wait(20)
    assert caller.result(accepted(caller, "acme/quick"))["data"] == "HI"
    assert is_canceled(caller.get(address), address)


def test_the_progress_of_a_run_that_was_given_up_is_not_kept(own: tuple[EmbeddedHub, Caller], scene: Scene) -> None:
    running, caller = own
    address = accepted(caller, "acme/progress")
    assert wait_for(lambda: caller.get(address).json["progress"] is not None)
    cancel(caller, address)
    scene.go.set()
    assert scene.ended.wait(20)
    assert caller.result(accepted(caller, "acme/quick"))["data"] == "HI"  # what was told before has arrived
    assert wait_for(lambda: running._server._app.state.runs._progress == {})


def test_a_cancel_frees_the_worker_and_answers_who_is_held(caller: Caller, scene: Scene) -> None:
    addresses = [accepted(caller, "acme/wait") for _ in range(4)]
    polls = [held(caller, address) for address in addresses]
    assert scene.entered.wait(20)
    for address in addresses:
        cancel(caller, address)
    for (thread, answers), address in zip(polls, addresses, strict=True):
        thread.join(20)
        assert is_canceled(answers[0], address)
    assert caller.result(accepted(caller, "acme/quick"))["data"] == "HI"


def test_a_second_cancel_changes_nothing(caller: Caller, scene: Scene) -> None:
    address = accepted(caller, "acme/wait")
    first, second = cancel(caller, address), cancel(caller, address)
    assert is_canceled(second, address)
    assert first.body == second.body


def test_a_run_that_is_over_cannot_be_canceled(caller: Caller) -> None:
    address = accepted(caller, "acme/quick")
    ended = caller.result(address)
    answer = cancel(caller, address)
    assert (answer.status, answer.json["statusCode"]) == (409, 409)
    assert "is over (finished), so there is nothing to cancel." in answer.json["message"]
    assert caller.get(address).json == ended


@pytest.mark.parametrize("place", ["/sdk/runs/{}/result", "/api/v1/data/{}"])
def test_a_run_that_never_was_cannot_be_canceled(caller: Caller, place: str) -> None:
    answer = cancel(caller, place.format("nothing"))
    assert (answer.status, answer.json["message"]) == (404, "There is no run 'nothing' on this hub.")


def test_a_canceled_run_stays_so_when_the_hub_starts_again(tmp_path: Path, scene: Scene) -> None:
    first = start(tmp_path, models())
    caller = Caller(first.url)
    run_id = accepted(caller, "acme/wait").split("/")[-2]
    cancel(caller, f"/api/v1/data/{run_id}")
    first.close()
    again = start(tmp_path, models())
    assert is_canceled(Caller(again.url).get(f"/api/v1/data/{run_id}"), run_id)
    again.close()
