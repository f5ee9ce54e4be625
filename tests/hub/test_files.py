"""Files that are sent up: announced, put once, got back, and read by models."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from aixplain.hub import Audio, Document, Hub

from .conftest import Answer, Caller


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    hub = Hub(builtin=False, keys=["the-key"])

    @hub.model("acme/size")
    def size(document: Document) -> dict[str, Any]:
        return {"bytes": document.stat().st_size, "name": document.name}

    @hub.model("acme/sizes")
    def sizes(tracks: list[Audio]) -> list[int]:
        return [track.stat().st_size for track in tracks]

    return serve(hub)


KEY = {"x-api-key": "the-key"}


def announce(caller: Caller, name: str | None) -> Any:
    body = b"{}" if name is None else f'{{"contentType": "text/plain", "originalName": "{name}"}}'.encode()
    answer = caller.send("POST", "/sdk/file/upload/temp-url", body, KEY)
    assert answer.status == 200
    return answer.json


def put(caller: Caller, address: str, content: Any) -> Answer:
    return caller.send("PUT", address, content)


def sent_up(caller: Caller, name: str, content: bytes) -> str:
    announced = announce(caller, name)
    assert put(caller, announced["uploadUrl"], content).status == 200
    return str(announced["downloadUrl"])


def run(caller: Caller, path: str, inputs: str) -> Answer:
    return caller.send("POST", f"/api/v2/execute/{path}", inputs.encode(), KEY)


def test_a_file_goes_up_without_the_key_and_comes_back_as_a_download(caller: Caller) -> None:
    address = sent_up(caller, "page.html", b"<script>")
    answer = caller.get(address)
    assert answer.body == b"<script>"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_announcing_needs_the_key(caller: Caller) -> None:
    assert caller.send("POST", "/sdk/file/upload/temp-url", b"{}").status == 401


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("letter.txt", "letter.txt"),
        ("my letter (2).txt", "my letter (2).txt"),
        ("Übung – 日本.pdf", "Übung _ 日本.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\\\temp\\\\x.doc", "x.doc"),
        ("..", "file"),
        (".hidden", "hidden"),
        ("", "file"),
        (None, "file"),
        ("a?b#c%2F.txt", "a_b_c_2F.txt"),
        ("日" * 300 + ".txt", "日" * 65 + ".txt"),
    ],
)
def test_any_name_gives_an_address_that_works_and_a_name_that_is_safe(caller: Caller, name: str | None, kept: str) -> None:
    announced = announce(caller, name)
    assert set(announced) == {"key", "uploadUrl", "downloadUrl"}
    assert put(caller, announced["uploadUrl"], b"12345").status == 200
    answer = run(caller, "acme/size", f'{{"document": "{announced["downloadUrl"]}"}}')
    assert answer.json["data"] == {"bytes": 5, "name": kept}
    assert caller.get(announced["downloadUrl"]).body == b"12345"


def test_several_files_reach_a_model_as_paths(caller: Caller) -> None:
    first, second = sent_up(caller, "a.wav", b"1"), sent_up(caller, "b.wav", b"22")
    assert run(caller, "acme/sizes", f'{{"tracks": ["{first}", "{second}"]}}').json["data"] == [1, 2]
    assert run(caller, "acme/sizes", f'{{"tracks": "{second}"}}').json["data"] == [2]


def test_an_address_takes_one_file_once(caller: Caller) -> None:
    address = sent_up(caller, "a.txt", b"first")
    again = put(caller, address, b"second")
    assert (again.status, again.json["statusCode"]) == (409, 409)
    assert "ask for a new address" in again.json["message"]
    assert caller.get(address).body == b"first"


def test_the_same_bytes_may_be_sent_again_by_who_has_not_heard_that_they_arrived(caller: Caller) -> None:
    address = sent_up(caller, "a.txt", b"first")
    assert put(caller, address, b"first").status == 200
    assert caller.get(address).body == b"first"


@pytest.mark.parametrize("address", ["/files/nothing/x", "/files/aaaaaaaaaaaaaaaaaaaaaa/x", "/files/..%2F..%2Fhub/hub.sqlite"])
def test_an_address_that_was_not_announced_takes_and_gives_nothing(caller: Caller, address: str) -> None:
    assert put(caller, address, b"x").status == 404
    assert caller.get(address).status == 404


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/letter.txt",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://[",
        "http://hub/files/aaaaaaaaaaaaaaaaaaaaaa/x",
        "",
        "/files/aaaaaaaaaaaaaaaaaaaaaa/..%2F..%2Fhub.sqlite",
    ],
)
def test_a_file_that_is_not_here_is_a_492_that_says_how_to_send_it(caller: Caller, address: str) -> None:
    answer = run(caller, "acme/size", f'{{"document": "{address}"}}')
    assert (answer.status, answer.json["statusCode"]) == (492, 492)
    assert "can't be read: this hub takes files that were sent up to it" in answer.json["message"]


def test_an_upload_that_breaks_off_leaves_nothing(caller: Caller) -> None:
    address = announce(caller, "half.bin")["uploadUrl"]
    with socket.create_connection(caller.address) as connection:
        path = urlsplit(address).path
        connection.sendall(f"PUT {path} HTTP/1.1\r\nhost: hub\r\ncontent-length: 100\r\n\r\nhalf".encode())
    assert caller.get(address).status == 404
    assert put(caller, address, b"whole").status == 200
