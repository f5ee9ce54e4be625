"""Whatever is asked wrongly, or goes wrong, is a sentence with a way out; `aix` shows neither a traceback nor a key.

The fixtures `aix` and `refused` hold the second half of that for every call.
"""

from __future__ import annotations

import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub.embedded import EmbeddedHub

Refused = Callable[..., str]


@pytest.mark.parametrize("command", ["show", "run"])
def test_an_unknown_model_is_answered_with_the_nearest_one(refused: Refused, command: str) -> None:
    said = refused(command, "aixplain/sentimnt")
    assert "no model 'aixplain/sentimnt'" in said
    assert "did you mean 'aixplain/sentiment'?" in said
    assert said.endswith("`aix search` lists the models.")


@pytest.mark.parametrize("id", ["", " ", "a b?c#d", "../../etc", "%00", "é", "x" * 3000])
def test_no_name_of_a_model_breaks_anything(refused: Refused, id: str) -> None:
    refused("show", id)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Required parameter 'text' is missing"),
        (["whole=3"], "Required parameter 'text' is missing"),
        (["hi", "wohle=3"], "no input 'wohle' (did you mean 'whole'?)"),
        (["txt=hi there"], "no input 'txt' (did you mean 'text'?)"),
        (["abc=="], "For a text with = in it, write text='abc=='"),
        (["hi", "whole=three"], "whole is a number, not 'three'"),
        (["hi", "part=nan"], "part is a number, not 'nan'"),
        (["hi", "whole=" + "9" * 5000], "whole is a number"),
        (["hi", "loud=perhaps"], "loud is true or false, not 'perhaps'"),
        (["hi", "extra={'a': 1}"], "extra is JSON"),
        (["hi", "mood=sad"], "Expected one of 'glad', 'angry'"),
        (["hi", "timeout=3"], "Use --timeout."),
        (["hi", "api_key=x"], "'api_key' steers the run"),
        (["one", "two"], "'text'"),
        (["@nowhere.txt"], "The file 'nowhere.txt' is not there"),
        (["@."], "The file '.' is a folder"),
        (["@latin.txt"], "The file latin.txt is not UTF-8 text"),
    ],
)
def test_a_wrong_input_is_told_before_anything_runs(refused: Refused, tmp_path: Path, words: list[str], says: str) -> None:
    (tmp_path / "latin.txt").write_bytes("naïve".encode("latin-1"))
    assert says in refused("run", "acme/typed", *words)


def test_a_missing_input_says_where_inputs_are_listed(refused: Refused) -> None:
    assert refused("run", "acme/typed").endswith("`aix show acme/typed` tells what it takes.")


def test_a_pipe_that_is_no_text_is_told(refused: Refused) -> None:
    assert "What is piped in is not UTF-8 text" in refused("run", "acme/say", input=b"\xff\xfe")


def test_an_argument_that_is_no_text_is_told(refused: Refused) -> None:
    assert "no UTF-8 text" in refused("run", "acme/say", "\udcff")
    assert "no UTF-8 text" in refused("show", "\udcff")


@pytest.mark.parametrize("words", [["document=@nowhere.pdf"], ["nowhere.pdf"], ["document=@."]])
def test_a_file_that_cannot_be_sent_is_told(refused: Refused, words: list[str]) -> None:
    said = refused("run", "acme/size", *words)
    assert "is not there" in said or "is a folder" in said


def test_a_file_that_the_model_cannot_read_is_told(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "no.pdf").write_bytes(b"this is no PDF")
    assert "no PDF that can be read" in refused("run", "aixplain/document-text", "document=@no.pdf", status=1)


def test_a_model_that_does_not_stream_says_so(refused: Refused) -> None:
    assert "does not support streaming" in refused("run", "acme/say", "hi", "--stream")
    assert "exclude each other" in refused("run", "acme/say", "hi", "--stream", "--async")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run"], "MODEL"),
        (["nonsense"], "No such command 'nonsense'"),
        (["run", "acme/say", "hi", "--nonsense"], "No such option: --nonsense"),
        (["run", "acme/say", "hi", "--timeout", "soon"], "--timeout"),
        (["run", "acme/say", "hi", "--timeout", "0"], "--timeout"),
        (["search", "--page", "0"], "--page"),
        (["search", "--page-size"], "--page-size"),
        (["show", "acme/say", "more"], "more"),
        (["hub", "serve", "--port", "65536"], "--port"),
    ],
)
def test_odd_commands_and_options_are_told(refused: Refused, words: list[str], says: str) -> None:
    assert says in refused(*words)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_hub_that_is_not_there_is_told_with_its_address(refused: Refused) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    said = refused("search", "--hub", url, settings={"TEAM_API_KEY": "a-key-that-nobody-may-see"}, status=1)
    assert f"{url} can't be reached" in said
    assert "`aix hub serve` starts one" in said


@pytest.mark.parametrize(
    "address", ["", "nonsense", "http://", "http://[::1", "http://127.0.0.1:99999", "http://user:pw@127.0.0.1", "ftp://x"]
)
def test_an_address_that_is_none_is_told(refused: Refused, address: str) -> None:
    assert "such as http://127.0.0.1:8180" in refused("search", "--hub", address).replace("looks like", "such as")


def test_plain_http_to_another_machine_is_refused(refused: Refused) -> None:
    assert "plain http to another machine" in refused("search", "--hub", "http://example.com")


@pytest.fixture
def other_server() -> Iterator[str]:
    """The address of a web server that is no hub."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), NoHub) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class NoHub(socketserver.BaseRequestHandler):
    """Answers whatever it is asked with a page."""

    def handle(self) -> None:
        self.request.recv(65536)
        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<html>no</html>")


def test_a_server_that_is_no_hub_is_told(refused: Refused, other_server: str) -> None:
    assert "Is this the address of an aiXplain service or a hub?" in refused("search", "--hub", other_server, status=1)


def test_a_key_that_is_refused_or_missing_is_told(refused: Refused, guarded: EmbeddedHub) -> None:
    wrong = {"TEAM_API_KEY": "a-wrong-key-that-nobody-may-see", "BACKEND_URL": guarded.url}
    said = refused("search", settings=wrong, status=1)
    assert "The key was refused" in said
    assert "TEAM_API_KEY" in said
    assert "a-wrong-key" not in said
    assert "wants a key" in refused("run", "acme/say", "hi", settings={"BACKEND_URL": guarded.url}, status=1)


def test_a_key_that_no_header_can_carry_is_told_without_showing_it(refused: Refused, hub: EmbeddedHub) -> None:
    said = refused("search", settings={"TEAM_API_KEY": "kéy\nsecret", "BACKEND_URL": hub.url})
    assert "was it copied whole?" in said
    assert "secret" not in said


@pytest.mark.parametrize("words", [["search"], ["run", "acme/say", "hi"], ["run", "acme/broken-pieces", "--stream", "hi"]])
def test_a_disk_that_is_full_is_told(words: list[str], hub: EmbeddedHub) -> None:
    command = [sys.executable, "-m", "aixplain.cli", *words, "--hub", hub.url]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "aix: This machine refused to read or write: No space left on device.\n")


def test_a_reader_that_goes_early_ends_a_command_silently(started: Callable[..., Any]) -> None:
    running = started("run", "aixplain/split-sentences", "--stream", "One. " * 20_000)
    running.stdout.readline()
    running.stdout.close()
    assert (running.process.wait(30), running.stderr.read()) == (1, "")
