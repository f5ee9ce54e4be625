"""Webhooks: what is told and how it is signed, told again until it is taken, and never to where only this machine reaches."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from aixplain.hub import Hub, ModelError, Settings, outgoing, webhooks
from aixplain.hub.embedded import start
from aixplain.hub.outgoing import CannotSend, post

from .conftest import Caller, wait_for

gate = threading.Event()
WAITS = (webhooks.FIRST_WAIT, webhooks.LONGEST_WAIT)


class Receiver:
    """A service that webhooks are sent to. It answers with the statuses that it was told, and then with 204."""

    def __init__(self) -> None:
        self.statuses: list[int | None] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status = receiver.statuses.pop(0) if receiver.statuses else 204
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("location", f"{receiver.url}/elsewhere")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?for=me"
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()

    @property
    def messages(self) -> list[Any]:
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def models(*, private: bool) -> Hub:
    hub = Hub(builtin=False, keys=["first", "second"], settings=Settings(private_webhooks=private))

    @hub.model("acme/shout")
    def shout(text: str) -> str:
        return text.upper()

    @hub.model("acme/pieces")
    def pieces(text: str) -> Iterator[str]:
        yield from text

    @hub.model("acme/refuse", asynchronous=True)
    def refuse(text: str) -> str:
        raise ModelError("not this text", 495)

    @hub.model("acme/wait", asynchronous=True)
    def wait(text: str) -> str:
        assert gate.wait(20)
        return text.upper()

    return hub


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Iterator[Caller]:
    """A hub that tells again at once, and sends to this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webhooks, "FIRST_WAIT", 0.001)
        patch.setattr(webhooks, "LONGEST_WAIT", 0.01)
        yield serve(models(private=True))


@pytest.fixture(scope="module")
def careful(serve: Callable[..., Caller]) -> Caller:
    """A hub that sends to no private address."""
    return serve(models(private=False))


def send(caller: Caller, method: str, path: str, body: Any = None, by: str = "first") -> Any:
    return caller.send(method, path, None if body is None else json.dumps(body).encode(), {"x-api-key": by})


def ask(caller: Caller, path: str, url: str, version: str = "v1", by: str = "first", **options: Any) -> str:
    """The id of a run that tells how it ended."""
    body = {"text": "hi", "options": {"webhookUrl": url, **options}}
    answer = send(caller, "POST", f"/api/{version}/execute/{path}", body, by)
    assert answer.status in (200, 201), answer.body
    return str(answer.json["requestId"])


def webhook_of(caller: Caller, run_id: str, by: str) -> Any:
    [found] = send(caller, "GET", f"/sdk/runs/{run_id}/webhooks", by=by).json["results"]
    return found


def becomes(caller: Caller, run_id: str, state: str, by: str = "first") -> Any:
    assert wait_for(lambda: webhook_of(caller, run_id, by)["state"] == state)
    return webhook_of(caller, run_id, by)


# --- What is told ---------------------------------------------------------------------------------


def test_an_ending_is_told_with_the_envelope_that_a_poll_gives(caller: Caller, receiver: Receiver) -> None:
    run_id = ask(caller, "acme/shout", receiver.url)
    found = becomes(caller, run_id, "delivered")
    [(headers, _)] = receiver.got
    [told] = receiver.messages
    assert told["type"] == "run.finished"
    assert told["data"] == send(caller, "GET", f"/sdk/runs/{run_id}/result").json
    assert told["data"]["data"] == "HI"
    assert (headers["content-type"], headers["webhook-id"]) == ("application/json", run_id)
    [attempt] = found["attempts"]
    assert (found["url"], found["nextAttemptAt"]) == (receiver.url, None)
    assert (attempt["number"], attempt["statusCode"], attempt["errorMessage"]) == (1, 204, None)
    assert told["timestamp"] <= attempt["at"]


def test_it_is_signed_so_that_the_receiver_can_check_it(caller: Caller, receiver: Receiver) -> None:
    becomes(caller, ask(caller, "acme/shout", receiver.url), "delivered")
    [(headers, body)] = receiver.got
    secret = send(caller, "GET", "/sdk/webhooks/secret").json["secret"]
    assert secret.startswith("whsec_")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert 24 <= len(key) <= 64
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 60


def test_a_signature_is_the_one_that_the_libraries_of_the_standard_make() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = webhooks.sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_each_api_key_has_a_secret_of_its_own(caller: Caller, receiver: Receiver) -> None:
    asking = ("first", "first", "second")
    first, again, second = (send(caller, "GET", "/sdk/webhooks/secret", by=by).json["secret"] for by in asking)
    assert first == again != second
    becomes(caller, ask(caller, "acme/shout", receiver.url, by="second"), "delivered", by="second")
    [(headers, body)] = receiver.got
    key = base64.b64decode(second.removeprefix("whsec_"))
    timestamp = int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == webhooks.sign(key, headers["webhook-id"], timestamp, body)["webhook-signature"]


def test_every_way_to_end_is_told(caller: Caller, receiver: Receiver) -> None:
    gate.clear()
    canceled = ask(caller, "acme/wait", receiver.url)
    send(caller, "DELETE", f"/sdk/runs/{canceled}/result")
    runs = [
        ask(caller, "acme/refuse", receiver.url),
        ask(caller, "acme/wait", receiver.url, deadline=0.01),
        ask(caller, "acme/shout", receiver.url, "v2"),
        canceled,
    ]
    send(caller, "POST", "/api/v2/execute/acme/pieces", {"text": "hi", "options": {"stream": True, "webhookUrl": receiver.url}})
    assert wait_for(lambda: len(receiver.got) == 5)
    gate.set()
    told = {message["data"]["requestId"]: (message["type"], message["data"].get("data")) for message in receiver.messages}
    assert [told[run] for run in runs] == [
        ("run.failed", None),
        ("run.expired", None),
        ("run.finished", "HI"),
        ("run.canceled", None),
    ]
    assert [pair for run, pair in told.items() if run not in runs] == [("run.finished", "hi")]


def test_a_run_that_goes_on_has_a_webhook_that_waits_and_others_have_none(caller: Caller, receiver: Receiver) -> None:
    gate.clear()
    run_id = ask(caller, "acme/wait", receiver.url)
    found = webhook_of(caller, run_id, "first")
    assert (found["state"], found["attempts"], found["nextAttemptAt"]) == ("waiting", [], None)
    gate.set()
    becomes(caller, run_id, "delivered")
    plain = send(caller, "POST", "/api/v1/execute/acme/shout", {"text": "hi"}).json["requestId"]
    assert send(caller, "GET", f"/sdk/runs/{plain}/webhooks").json == {"results": []}
    assert send(caller, "GET", "/sdk/runs/nothing/webhooks").status == 404


# --- Told again -----------------------------------------------------------------------------------


def test_what_was_not_taken_is_told_again_until_it_is(caller: Caller, receiver: Receiver) -> None:
    receiver.statuses = [500, 302, 429, 404, None, 201]
    run_id = ask(caller, "acme/shout", receiver.url)
    found = becomes(caller, run_id, "delivered")
    assert [attempt["statusCode"] for attempt in found["attempts"]] == [500, 302, 429, 404, None, 201]
    assert found["attempts"][4]["errorMessage"] == "the answer is no HTTP"
    assert [attempt["number"] for attempt in found["attempts"]] == [1, 2, 3, 4, 5, 6]
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {run_id}
    assert {body for _, body in receiver.got} == {receiver.got[0][1]}


def test_a_redirect_is_not_followed(caller: Caller, receiver: Receiver) -> None:
    other = Receiver()
    receiver.statuses = [307, 308]
    becomes(caller, ask(caller, "acme/shout", receiver.url), "delivered")
    assert (len(receiver.got), other.got) == (3, [])
    other.server.shutdown()
    other.server.server_close()


def test_it_is_given_up_in_the_end(caller: Caller, receiver: Receiver) -> None:
    receiver.statuses = [503] * 100
    found = becomes(caller, ask(caller, "acme/shout", receiver.url), "given up")
    assert len(found["attempts"]) == webhooks.MOST_ATTEMPTS
    assert found["nextAttemptAt"] is None


def test_an_address_that_is_gone_is_not_told_again(caller: Caller, receiver: Receiver) -> None:
    receiver.statuses = [410]
    assert len(becomes(caller, ask(caller, "acme/shout", receiver.url), "given up")["attempts"]) == 1


def test_the_waits_grow_and_span_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "FIRST_WAIT", WAITS[0])
    monkeypatch.setattr(webhooks, "LONGEST_WAIT", WAITS[1])
    waits = [webhooks.wait_after(number) for number in range(1, webhooks.MOST_ATTEMPTS + 1)]
    assert waits.pop() is None
    spans = [wait for wait in waits if wait is not None]
    assert 4 <= spans[0] <= 6
    assert all(later > sooner for sooner, later in itertools.pairwise(spans[:6]))
    assert 20 * 3600 < sum(spans) < 26 * 3600


def test_a_receiver_that_does_not_answer_is_left_after_a_while(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST_ATTEMPTS", 1)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)  # takes connections, and nothing more
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    with monkeypatch.context() as hasty:
        hasty.setattr(outgoing, "SECONDS", 0.05)
        found = becomes(caller, ask(caller, "acme/shout", url), "given up")
    server.server_close()
    assert found["attempts"][0]["errorMessage"] == "no answer in 0.05 seconds"
    assert "Connect" in becomes(caller, ask(caller, "acme/shout", url), "given up")["attempts"][0]["errorMessage"]


def test_slow_receivers_do_not_hold_the_others_up(caller: Caller, receiver: Receiver) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    for _ in range(5):
        ask(caller, "acme/shout", f"http://127.0.0.1:{server.server_address[1]}/")
    becomes(caller, ask(caller, "acme/shout", receiver.url), "delivered")
    server.server_close()


def test_what_was_not_told_when_the_hub_stopped_is_told_when_it_starts(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "AT_ONCE", 0)
    first = start(tmp_path, models(private=True))
    caller = Caller(first.url)
    run_id = ask(caller, "acme/shout", receiver.url, "v2")
    secret = send(caller, "GET", "/sdk/webhooks/secret").json
    first.close()
    assert receiver.got == []
    monkeypatch.setattr(webhooks, "AT_ONCE", 32)
    again = start(tmp_path, models(private=True))
    assert wait_for(lambda: len(receiver.got) == 1)
    assert receiver.got[0][0]["webhook-id"] == run_id
    assert send(Caller(again.url), "GET", "/sdk/webhooks/secret").json == secret
    again.close()


# --- Never to private addresses -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.com/hook", "It must begin with https://"),
        ("https://127.0.0.1/hook", "private_webhooks"),
        ("https://2130706433/", "private_webhooks"),
        ("https://0x7f.1/", "private_webhooks"),
        ("https://0177.1/", "private_webhooks"),
        ("https://127.1/", "private_webhooks"),
        ("https://127.0.0.1./", "private_webhooks"),
        ("https://localhost/", "private_webhooks"),
        ("https://LOCALHOST./", "private_webhooks"),
        ("https://hook.localhost/", "private_webhooks"),
        ("https://[::ffff:10.0.0.1]/", "private_webhooks"),
        ("https://169.254.169.254/latest", "never"),
        ("https://[fe80::1%25eth0]/", "never"),
        ("https://[::1]:9/hook", "private_webhooks"),
        ("https://user:password@example.com/", "without a user"),
        ("ftp://example.com/", "like https://example.com/hook"),
        ("https:///hook", "like https://example.com/hook"),
        ("example.com", "like https://example.com/hook"),
        ("https://example.com:port/", "like https://example.com/hook"),
        ("https://example.com/a b", "in ASCII"),
        ("https://example.com/\r\nhost: other", "in ASCII"),
        ("https://exämple.com/", "in ASCII"),
        ("https://example.com\\@127.0.0.1/", "like https://example.com/hook"),
        ("https://example.com/" + "x" * 3000, "like https://example.com/hook"),
        ("", "like https://example.com/hook"),
    ],
)
def test_an_address_that_cannot_be_told_anything_is_a_400_and_no_run(careful: Caller, url: str, words: str) -> None:
    answer = send(careful, "POST", "/api/v1/execute/acme/shout", {"text": "hi", "options": {"webhookUrl": url}})
    assert answer.status == 400
    assert "which can't be told anything." in answer.json["message"]
    assert words in answer.json["message"]
    assert send(careful, "GET", "/sdk/runs").json["total"] == 0


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "fe80::1", "::ffff:169.254.169.254"])  # noqa: S104
def test_no_name_leads_to_what_is_never_told_anything(monkeypatch: pytest.MonkeyPatch, address: str, private: bool) -> None:
    async def lookup(self: object, host: str, port: int, **told: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (address, port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lookup)
    with pytest.raises(CannotSend, match="not everyone reaches"):
        asyncio.run(post("https://hook.example/", {}, b"{}", private=private))


def test_the_connection_goes_to_the_address_that_was_looked_at(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[object] = []

    async def lookup(self: object, host: str, port: int, **told: object) -> list[tuple[object, ...]]:
        looked_up.append(host)
        return [(2, 1, 6, "", ("10.0.0.1", port)), (2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lookup)
    monkeypatch.setattr(outgoing, "_may_reach", lambda address, private: address == "127.0.0.1")
    monkeypatch.setattr(outgoing, "problem_with", lambda url, private: None)
    url = receiver.url.replace("127.0.0.1", "hook.example")
    assert asyncio.run(post(url, {}, b"{}", private=False)) == 204
    assert looked_up[0] == "hook.example"
    assert "hook.example" not in looked_up[1:]
    assert receiver.got[0][0]["host"].startswith("hook.example:")


@pytest.fixture
def second(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> str:
    """The receiver under a name that stands for 127.0.0.2 first."""

    async def lookup(self: object, host: str, port: int, **told: object) -> list[tuple[object, ...]]:
        hosts = ("127.0.0.2", "127.0.0.1") if host == "hook.example" else (host,)
        return [(2, 1, 6, "", (each, port)) for each in hosts]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lookup)
    return receiver.url.replace("127.0.0.1", "hook.example")


def test_an_address_that_takes_no_connection_is_passed_over(second: str) -> None:
    assert asyncio.run(post(second, {}, b"{}", private=True)) == 204


def test_an_address_that_says_nothing_leaves_time_for_the_next(second: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "CONNECT_SECONDS", 0.2)
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.2", urlsplit(second).port or 0), backlog=0))
        for _ in range(3):  # those beyond the first are left without an answer, and so is who comes after them
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(silent.getsockname())
        assert asyncio.run(post(second, {}, b"{}", private=True)) == 204


# --- https ----------------------------------------------------------------------------------------


@pytest.fixture
def secure(receiver: Receiver, tmp_path: Path) -> str:
    """The receiver behind a certificate of its own, for localhost; gives the certificate's path."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    return str(certificate)


def test_https_is_spoken_and_a_certificate_is_checked_against_the_name(
    secure: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = receiver.url.replace("http://127.0.0.1", "https://localhost")
    with pytest.raises(CannotSend, match="the certificate was refused"):
        asyncio.run(post(url, {}, b"{}", private=True))
    monkeypatch.setenv("SSL_CERT_FILE", secure)
    outgoing._encryption.cache_clear()
    try:
        assert asyncio.run(post(url, {"x-told": "yes"}, b"{}", private=True)) == 204
        assert receiver.got[0][0]["x-told"] == "yes"
        with pytest.raises(CannotSend, match="the certificate was refused"):
            asyncio.run(post(url.replace("localhost", "127.0.0.1"), {}, b"{}", private=True))
    finally:
        outgoing._encryption.cache_clear()
