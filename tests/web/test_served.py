"""How the page is served: packed, kept by browsers, open without a key, and to nobody else's pages."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit

import pytest

from aixplain.hub.embedded import EmbeddedHub


def get(url: str, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def parts(url: str) -> list[str]:
    """The addresses that the page names."""
    return [f"/{name}" for name in re.findall(r'(?:href|src)="(web/[^"]+)"', get(url, "/")[1].decode())]


def test_the_page_is_asked_for_each_time_and_sent_when_it_changed(url: str) -> None:
    answer, body = get(url, "/")
    assert answer.headers["cache-control"] == "no-cache"
    assert b"{version}" not in body
    again, nothing = get(url, "/", if_none_match=answer.headers["etag"])
    assert (again.status, nothing) == (304, b"")


def test_its_parts_are_kept_for_good(url: str, parts: list[str]) -> None:
    assert len(parts) > 10
    for path in parts:
        answer, _ = get(url, path)
        assert answer.status == 200, path
        assert "immutable" in answer.headers["cache-control"]


def test_all_is_packed_for_who_takes_that(url: str, parts: list[str]) -> None:
    for path in ["/", *parts]:
        plain, body = get(url, path)
        packed, smaller = get(url, path, accept_encoding="gzip, br")
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(smaller) == body
        assert packed.headers["vary"] == "accept-encoding"


@pytest.mark.parametrize("path", ["/web/0000/main.js", "/web/0000/../../auth.py"])
def test_a_part_of_another_version_is_not_there(url: str, path: str) -> None:
    answer, body = get(url, path)
    assert answer.status == 404
    assert b"load the page again" in body or b"There is nothing" in body


def test_there_is_nothing_beside_the_page_s_own_files(url: str, parts: list[str]) -> None:
    version = parts[0].split("/")[2]
    for name in ("../__init__.py", "..%2fauth.py", "%2e%2e/auth.py", "index.htm", ""):
        assert get(url, f"/web/{version}/{name}")[0].status == 404


def test_nothing_runs_but_its_own_modules_and_nobody_frames_it(url: str, parts: list[str]) -> None:
    answer, _ = get(url, "/")
    policy = dict(each.split(" ", 1) for each in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    for path in ["/", *parts]:
        assert get(url, path)[0].headers["x-content-type-options"] == "nosniff"


def test_the_page_needs_no_key_and_what_it_asks_for_does(serve: Callable[..., EmbeddedHub], parts: list[str]) -> None:
    guarded = serve("a-long-secret").url
    assert get(guarded, "/")[0].status == 200
    assert get(guarded, parts[0])[0].status == 200
    assert get(guarded, "/sdk/runs")[0].status == 401


def test_a_hub_without_keys_shows_it_to_this_machine_alone(url: str) -> None:
    assert get(url, "/", host="evil.example.com")[0].status == 403
    assert get(url, "/sdk/runs", origin="https://evil.example.com")[0].status == 403
