"""Behind a reverse proxy, and under a path prefix, the hub answers with addresses that its callers reach."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub import Hub, Settings

from .conftest import Answer, Caller, wait_for

UPLOAD = b'{"contentType": "text/plain", "originalName": "a.txt"}'


def saying(**settings: Any) -> Hub:
    hub = Hub(builtin=False, settings=Settings(**settings))

    @hub.model("acme/later", asynchronous=True)
    def later(text: str) -> str:
        return text

    @hub.model("acme/media")
    def media(text: str) -> str:
        """Answer with the path of a file on the hub, as models that make files do."""
        return text

    return hub


@pytest.fixture(scope="module")
def hub(serve: Callable[..., Caller]) -> Caller:
    return serve(saying())


@pytest.fixture(scope="module")
def below(serve: Callable[..., Caller]) -> Caller:
    """A hub under a path prefix."""
    return serve(saying(root_path="/hub/"))


def addresses(hub: Caller, prefix: str = "", **headers: str) -> list[str]:
    """Addresses of each kind that a hub tells: of a poll, of one by the older protocol, an upload, a listed run, media."""

    def post(path: str, body: bytes) -> Any:
        return hub.send("POST", prefix + path, body, headers).json

    run = b'{"text": "a"}'
    upload = post("/sdk/file/upload/temp-url", UPLOAD)
    file = json.dumps({"text": f"/files/{upload['key']}"}).encode()
    return [
        post("/api/v2/execute/acme/later", run)["data"],
        post("/api/v1/execute/acme/later", run)["data"],
        upload["uploadUrl"],
        hub.send("GET", f"{prefix}/sdk/runs", headers=headers).json["results"][0]["url"],
        post("/api/v2/execute/acme/media", file)["data"],
    ]


def all_begin(found: list[str], root: str) -> bool:
    begins = (f"{root}/sdk/runs/", f"{root}/api/v1/data/", f"{root}/files/", f"{root}/sdk/runs/", f"{root}/files/")
    assert all(map(str.startswith, found, begins)), found
    return True


def test_without_a_proxy_addresses_have_the_host_of_the_request(hub: Caller) -> None:
    assert all_begin(addresses(hub), hub.url)
    assert all_begin(addresses(hub, host="localhost:99"), "http://localhost:99")


@pytest.mark.parametrize("prefix", ["", "/hub"])
def test_a_prefix_may_be_removed_by_the_proxy_or_not(below: Caller, prefix: str) -> None:
    assert all_begin(addresses(below, prefix), f"{below.url}/hub")
    assert below.get(f"{prefix}/healthz").json == {"status": "ok"}
    assert below.get(f"{prefix}/v1/models").status == 200


def test_what_is_told_below_a_prefix_answers_there(below: Caller) -> None:
    poll, older, upload, listed, media = addresses(below, "/hub")
    for address in (poll, older, listed):
        assert below.result(address)["data"] == "a"
    assert below.send("PUT", upload, b"bytes").status == 200
    assert below.get(media).body == b"bytes"


def test_the_page_is_below_the_prefix_with_a_slash(below: Caller) -> None:
    assert b"<html" in below.get("/hub/").body
    moved = below.get("/hub")
    assert (moved.status, moved.headers["location"]) == (308, "/hub/")
    part = below.get("/hub/").body.decode().partition('src="')[2].partition('"')[0]
    assert not part.startswith("/")
    assert below.get(f"/hub/{part}").status == 200


@pytest.mark.parametrize("root_path", ["/api", "/v1", "/sdk", "/a/b"])
def test_a_prefix_may_look_like_a_path_of_the_hub(serve: Callable[..., Caller], root_path: str) -> None:
    hub = serve(saying(root_path=root_path))
    for prefix in ("", root_path):
        assert all_begin(addresses(hub, prefix), hub.url + root_path)


def test_what_a_trusted_proxy_tells_is_believed(hub: Caller) -> None:
    told = {"x-forwarded-proto": "https", "x-forwarded-prefix": "/a/b/"}
    assert all_begin(addresses(hub, **told), hub.url.replace("http:", "https:") + "/a/b")
    assert all_begin(addresses(hub, "/a/b", **told), hub.url.replace("http:", "https:") + "/a/b")


def test_a_forwarded_host_comes_before_the_proxys_own(serve: Callable[..., Caller]) -> None:
    hub = serve(Hub(builtin=False, keys=("key",)))
    headers = {"x-api-key": "key", "x-forwarded-host": "hub.example.com, inner", "x-forwarded-proto": "https"}
    assert (
        hub.send("POST", "/sdk/file/upload/temp-url", UPLOAD, headers)
        .json["uploadUrl"]
        .startswith("https://hub.example.com/files/")
    )


def test_what_others_tell_is_not_believed(serve: Callable[..., Caller]) -> None:
    hub = serve(saying(trusted_proxies=("10.0.0.0/8",)))
    told = {"x-forwarded-proto": "https", "x-forwarded-prefix": "/a", "x-forwarded-host": "localhost:1"}
    assert all_begin(addresses(hub, **told), hub.url)


@pytest.mark.parametrize("odd", ["//evil.example", "/a b", "a", '/"', "/a?b", "/a/../b\\"])
def test_an_odd_prefix_is_not_believed(hub: Caller, odd: str) -> None:
    assert all_begin(addresses(hub, **{"x-forwarded-prefix": odd}), hub.url)


def test_a_public_url_stands_for_all_that_proxies_tell(serve: Callable[..., Caller]) -> None:
    hub = serve(saying(public_url="https://models.example.com/hub/"))
    assert all_begin(addresses(hub, **{"x-forwarded-host": "localhost"}), "https://models.example.com/hub")


def test_who_tells_no_host_gets_the_hubs_own_address(hub: Caller) -> None:
    with socket.create_connection(hub.address, timeout=20) as connection:
        head = b"POST /sdk/file/upload/temp-url HTTP/1.0\r\ncontent-length: %d\r\n\r\n" % len(UPLOAD)
        connection.sendall(head + UPLOAD)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["uploadUrl"].startswith(f"{hub.url}/files/")


def test_a_hub_without_keys_answers_no_proxy_of_another_host(hub: Caller) -> None:
    assert hub.get("/v1/models", **{"x-forwarded-host": "hub.example.com"}).status == 403


@pytest.mark.parametrize(
    "wrong", [{"root_path": "hub"}, {"root_path": "//a"}, {"public_url": "hub.example.com"}, {"trusted_proxies": ("proxy",)}]
)
def test_a_setting_that_is_no_address_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**wrong)


# Slashes at the end


def statuses(hub: Caller, paths: list[str]) -> list[int]:
    return [hub.get(path).status for path in paths]


def test_a_slash_at_the_end_changes_nothing(hub: Caller) -> None:
    paths = [
        "/healthz",
        "/readyz",
        "/metrics",
        "/v1/models",
        "/v1/models/acme/later",
        "/v2/models/acme%2Flater",
        "/sdk/runs",
        "/sdk/usage",
    ]
    assert statuses(hub, [f"{path}/" for path in paths]) == statuses(hub, paths) == [200] * len(paths)


@pytest.mark.parametrize("path", ["/api/v2/execute/acme/media/", "/api/v2/execute/acme%2Fmedia/"])
def test_a_post_with_a_slash_at_the_end_keeps_its_body(hub: Caller, path: str) -> None:
    assert hub.post(path, {"text": "a"}).json["status"] == "SUCCESS"


@pytest.mark.parametrize("path", ["/mcp/", "/mcp/acme/media/"])
def test_mcp_with_a_slash_at_the_end_answers(hub: Caller, path: str) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    assert b"acme__media" in hub.send("POST", path, body, headers).body


PROXY = """
daemon off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location /hub/ {{
      proxy_pass {to};
      {more}
    }}
  }}
}}
"""
HEADERS = "proxy_set_header X-Forwarded-Prefix /hub; proxy_set_header X-Forwarded-Host $http_host;"


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed (Debian: nginx-light)")
@pytest.mark.parametrize(
    ("path", "more", "settings"),
    [
        ("/", HEADERS, {}),
        ("", "proxy_set_header Host $http_host;", {"root_path": "/hub"}),
        ("/", "", {"public_url": "http://127.0.0.1:{port}/hub"}),
    ],
    ids=["it tells the prefix", "it leaves the prefix", "it tells nothing"],
)
def test_what_is_told_through_nginx_answers_through_nginx(
    serve: Callable[..., Caller], tmp_path: Path, path: str, more: str, settings: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    hub = serve(saying(**{name: value.format(port=port) for name, value in settings.items()}))
    (tmp_path / "nginx.conf").write_text(PROXY.format(folder=tmp_path, port=port, to=hub.url + path, more=more))
    proxy = subprocess.Popen(["nginx", "-c", tmp_path / "nginx.conf", "-p", tmp_path], stderr=subprocess.DEVNULL)
    try:
        caller = Caller(f"http://127.0.0.1:{port}")
        assert wait_for(lambda: _answers(caller))
        poll, older, upload, listed, media = addresses(caller, "/hub")
        for address in (poll, older, listed):
            assert address.startswith(f"{caller.url}/hub/")
            assert caller.result(address)["data"] == "a"
        assert caller.send("PUT", upload, b"bytes").status == 200
        assert caller.get(media).body == b"bytes"
        assert b"<html" in caller.get("/hub/").body
    finally:
        proxy.terminate()
        proxy.wait(20)


def _answers(caller: Caller) -> bool:
    try:
        answer: Answer = caller.get("/hub/healthz")
    except OSError:
        return False
    return answer.status == 200
