"""The same request, sent again with its idempotency key: one run, one answer, in each way to run."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub import Hub, ModelError
from aixplain.hub.embedded import start

from .conftest import Answer, Caller, wait_for

KEPT = "idempotency-key-kept"


class Count:
    """How often the models ran, and a gate in them."""

    def __init__(self) -> None:
        self.runs, self.entered, self.go = 0, threading.Event(), threading.Event()

    def run(self) -> int:
        self.runs += 1
        self.entered.set()
        assert self.go.wait(20)
        return self.runs


the_count = Count()


@pytest.fixture
def count() -> Iterator[Count]:
    """One of each test's own: what an earlier one left behind counts in that one's."""
    global the_count
    the_count = Count()
    the_count.go.set()
    yield the_count
    the_count.go.set()


def models() -> Hub:
    hub = Hub(builtin=False, keys=["first", "second"])

    @hub.model("acme/sync")
    def sync(text: str) -> str:
        return f"{text}{the_count.run()}"

    @hub.model("acme/other")
    def other(text: str) -> str:
        return f"{text}{the_count.run()}"

    @hub.model("acme/background", asynchronous=True)
    def background(text: str) -> str:
        return f"{text}{the_count.run()}"

    @hub.model("acme/refuse")
    def refuse(text: str) -> str:
        raise ModelError(f"no {the_count.run()}", 495)

    @hub.model("acme/pieces")
    def pieces(text: str) -> Iterator[str]:
        number = the_count.run()
        yield text
        yield str(number)

    @hub.model("acme/endless")
    def endless(text: str) -> Iterator[str]:
        count = the_count
        while True:
            count.run()
            yield text

    return hub


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    return serve(models())


def post(caller: Caller, path: str, inputs: Any, key: str | None = None, *, by: str = "first", version: str = "v2") -> Answer:
    headers = {"x-api-key": by, **({} if key is None else {"idempotency-key": key})}
    return caller.send("POST", f"/api/{version}/execute/{path}", json.dumps(inputs).encode(), headers)


def stop_reading(caller: Caller, path: str, key: str) -> None:
    """Ask for a stream, and go away in its middle."""
    body = b'{"text": "x", "stream": true}'
    with caller.connect(path, {"text": "x", "stream": True}, {"x-api-key": "first", "idempotency-key": key}) as connection:
        assert b"200 OK" in connection.recv(100), body


def result(caller: Caller, answer: Answer) -> Any:
    while (envelope := caller.get(answer.json["data"], **{"x-api-key": "first", "prefer": "wait=9"}).json)[
        "completed"
    ] is False:
        pass
    return envelope


# --- At once --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["acme/sync", "acme/refuse"])
def test_a_request_that_comes_again_gets_the_answer_that_it_had(caller: Caller, count: Count, path: str) -> None:
    first, second = post(caller, path, {"text": "a"}, f"again {path}"), post(caller, path, {"text": "a"}, f"again {path}")
    assert first.body == second.body
    assert count.runs == 1


def test_a_request_that_comes_while_it_is_answered_joins(caller: Caller, count: Count) -> None:
    count.go.clear()
    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda: answers.append(post(caller, "acme/sync", {"text": "a"}, "join"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    assert count.entered.wait(20)
    threads[0].join(0.2)
    count.go.set()
    for thread in threads:
        thread.join(20)
    assert {answer.body for answer in answers} == {answers[0].body}
    assert (len(answers), count.runs) == (8, 1)


def test_a_client_that_lost_its_connection_gets_the_answer_when_it_comes_again(caller: Caller, count: Count) -> None:
    count.go.clear()
    with caller.connect("acme/sync", {"text": "a"}, {"x-api-key": "first", "idempotency-key": "lost"}):
        assert count.entered.wait(20)
    count.go.set()
    assert post(caller, "acme/sync", {"text": "a"}, "lost").json["data"] == "a1"
    assert count.runs == 1


def test_without_a_key_each_request_is_one_of_its_own(caller: Caller, count: Count) -> None:
    assert [post(caller, "acme/sync", {"text": "a"}).json["data"] for _ in range(2)] == ["a1", "a2"]


def test_a_request_that_was_refused_may_come_again(caller: Caller, count: Count) -> None:
    assert post(caller, "acme/sync", {"txt": "a"}, "refused").status == 400
    assert post(caller, "acme/sync", {"text": "a"}, "refused").json["data"] == "a1"


# --- In the background ----------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "version"), [("acme/background", "v2"), ("acme/sync", "v1")])
def test_a_run_in_the_background_is_accepted_once(caller: Caller, count: Count, path: str, version: str) -> None:
    key = f"background {version}"
    first, second = (post(caller, path, {"text": "a"}, key, version=version) for _ in range(2))
    assert first.status == second.status == 201
    assert first.body == second.body
    assert result(caller, first)["data"] == "a1"
    third = post(caller, path, {"text": "a"}, key, version=version)
    assert result(caller, third)["data"] == "a1"
    assert count.runs == 1


def test_many_at_once_are_one_run(caller: Caller, count: Count) -> None:
    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda: answers.append(post(caller, "acme/background", {"text": "a"}, "many")))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len({answer.json["requestId"] for answer in answers}) == 1
    assert result(caller, answers[0])["data"] == "a1"


# --- Another request ------------------------------------------------------------------------------


def is_conflict(answer: Answer) -> bool:
    return answer.status == answer.json["statusCode"] == 409 and "send this one with a new key" in answer.json["message"]


@pytest.mark.parametrize("path", ["acme/sync", "acme/background", "acme/pieces"])
def test_another_body_with_the_same_key_is_a_409(caller: Caller, count: Count, path: str) -> None:
    key = f"other {path}"
    inputs = {"text": "a", "stream": path == "acme/pieces"}
    first = post(caller, path, inputs, key)
    assert first.status in (200, 201)
    assert is_conflict(post(caller, path, {**inputs, "text": "b"}, key))
    if path == "acme/background":
        result(caller, first)
    assert count.runs <= 1


def test_another_body_while_the_first_is_answered_is_a_409(caller: Caller, count: Count) -> None:
    count.go.clear()
    with caller.connect("acme/sync", {"text": "a"}, {"x-api-key": "first", "idempotency-key": "busy"}):
        assert count.entered.wait(20)
        assert is_conflict(post(caller, "acme/sync", {"text": "b"}, "busy"))
        assert is_conflict(post(caller, "acme/sync", {"text": "a"}, "busy", version="v1"))


def test_another_way_to_ask_with_the_same_key_is_a_409(caller: Caller, count: Count) -> None:
    assert post(caller, "acme/sync", {"text": "a"}, "way").status == 200
    assert is_conflict(post(caller, "acme/sync", {"text": "a"}, "way", version="v1"))
    assert is_conflict(post(caller, "acme/sync", {"data": "a"}, "way", version="v1"))


def test_a_key_belongs_to_an_api_key_and_a_model(caller: Caller, count: Count) -> None:
    assert post(caller, "acme/sync", {"text": "a"}, "scope").json["data"] == "a1"
    assert post(caller, "acme/sync", {"text": "a"}, "scope", by="second").json["data"] == "a2"
    assert post(caller, "acme/other", {"text": "b"}, "scope").json["data"] == "b3"


# --- Streams --------------------------------------------------------------------------------------


def test_a_stream_that_came_to_its_end_is_given_again_in_one_piece(caller: Caller, count: Count) -> None:
    first, second = (post(caller, "acme/pieces", {"text": "a", "stream": True}, "stream") for _ in range(2))
    assert first.events == [{"data": "a"}, {"data": "1"}, "[DONE]"]
    assert (second.json["status"], second.json["data"]) == ("SUCCESS", "a1")
    assert second.headers["content-type"] == "application/json"


def test_a_stream_that_goes_on_has_one_reader(caller: Caller, count: Count) -> None:
    with caller.connect(
        "acme/endless", {"text": "x", "stream": True}, {"x-api-key": "first", "idempotency-key": "read"}
    ) as connection:
        assert b"200 OK" in connection.recv(100)
        answer = post(caller, "acme/endless", {"text": "x", "stream": True}, "read")
        assert (answer.status, "is being streamed to somebody else" in answer.json["message"]) == (409, True)


def test_a_stream_that_was_left_is_begun_anew(caller: Caller, count: Count) -> None:
    headers = {"x-api-key": "first", "idempotency-key": "left"}

    def read() -> bool:
        with caller.connect("acme/endless", {"text": "x", "stream": True}, headers) as connection:
            return b"200 OK" in connection.recv(100)

    assert read()
    assert wait_for(read)


# --- The key itself, and what the hub says of it --------------------------------------------------


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ".encode().decode("latin-1"), "a\tb"])
def test_a_key_that_is_none_is_a_400(caller: Caller, key: str) -> None:
    answer = post(caller, "acme/sync", {"text": "a"}, key)
    assert (answer.status, "1 to 255 printable ASCII characters" in answer.json["message"]) == (400, True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/healthz"),
        ("GET", "/nowhere"),
        ("GET", "/v2/models/acme%2Fsync"),
        ("PUT", "/healthz"),
        ("POST", "/api/v2/execute/acme/sync"),
        ("POST", "/api/v2/execute/acme/pieces"),
    ],
)
@pytest.mark.parametrize("api_key", ["first", "wrong"])
def test_every_answer_says_that_keys_are_kept(caller: Caller, count: Count, method: str, path: str, api_key: str) -> None:
    body = b'{"text": "a", "stream": true}' if path.endswith("pieces") else b'{"text": "a"}'
    answer = caller.send(method, path, body if method == "POST" else None, {"x-api-key": api_key})
    assert answer.headers[KEPT] == "true"


def test_answers_are_kept_when_the_hub_starts_again(tmp_path: Path, count: Count) -> None:
    first = start(tmp_path, models())
    answers = [post(Caller(first.url), path, {"text": "a"}, "restart") for path in ("acme/sync", "acme/background")]
    first.close()
    again = start(tmp_path, models())
    caller = Caller(again.url)
    assert post(caller, "acme/sync", {"text": "a"}, "restart").body == answers[0].body
    assert post(caller, "acme/background", {"text": "a"}, "restart").json["requestId"] == answers[1].json["requestId"]
    again.close()
    assert count.runs == 2


def test_the_ledger_has_one_row_a_run_and_no_answer_that_nobody_may_ask_for(tmp_path: Path, count: Count) -> None:
    hub = start(tmp_path, models())
    caller = Caller(hub.url)
    for key in (None, "a", "a"):
        post(caller, "acme/sync", {"text": "a"}, key)
    post(caller, "acme/refuse", {"text": "a"}, "a")
    post(caller, "acme/pieces", {"text": "a", "stream": True})
    stop_reading(caller, "acme/endless", "a")
    rows: list[Any] = []

    def all_there() -> bool:
        with sqlite3.connect(tmp_path / "hub.sqlite") as connection:
            rows[:] = connection.execute("SELECT model, state, result IS NULL, status, error FROM runs ORDER BY accepted_at")
        connection.close()
        return len(rows) == 5

    assert wait_for(all_there)
    hub.close()
    assert rows == [
        ("acme/sync", "finished", 1, None, None),
        ("acme/sync", "finished", 0, None, None),
        ("acme/refuse", "failed", 0, 495, "no 3"),
        ("acme/pieces", "finished", 1, None, None),
        ("acme/endless", "canceled", 1, None, "The run was canceled before it ended."),
    ]
