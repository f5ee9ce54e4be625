"""What was accepted is kept, whatever happens to the process; and a hub that is asked to stop, stops."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import Caller, wait_for

PROGRAM = """
import os, sys, time
from pathlib import Path
from aixplain.hub import Hub, Settings

folder = Path(sys.argv[1])
data = None if sys.argv[2] == "passing" else folder / "data"
hub = Hub(builtin=False, settings=Settings(grace=float(sys.argv[3])))

@hub.model("acme/wait", asynchronous=True)
def wait(text: str) -> str:
    with (folder / "started").open("a") as started:
        started.write(text + "\\n")
    while not (folder / "go").exists():
        time.sleep(0.01)
    return text.upper()

@hub.model("acme/stay")
def stay(text: str) -> str:
    return wait(text)

@hub.model("acme/linger")
def linger(text: str) -> str:
    (folder / "lingering").touch()
    time.sleep(0.5)
    return text.upper()

@hub.model("acme/endless")
def endless(text: str):
    while True:
        yield text
        time.sleep(0.01)

hub.serve(port=0, data=data, on_ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""

Start = Callable[..., tuple[subprocess.Popen[str], Caller]]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Start]:
    """Starts a hub in a process of its own, over the same folder each time."""
    (tmp_path / "tmp").mkdir()
    processes: list[subprocess.Popen[str]] = []

    def start(folder: str = "kept", grace: float = 5.0) -> tuple[subprocess.Popen[str], Caller]:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path), folder, str(grace)]
        environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
        processes.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        assert processes[-1].stdout is not None
        return processes[-1], Caller(processes[-1].stdout.readline().strip())

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_a_run_that_was_accepted_survives_a_kill_right_after_the_answer(hub: Start, tmp_path: Path) -> None:
    process, caller = hub()
    accepted = [caller.run("acme/wait", {"text": f"run {number}"}) for number in range(10)]
    process.kill()  # none has ended, some have begun, the rest waits
    process.wait()
    assert {answer.status for answer in accepted} == {201}
    (tmp_path / "go").touch()
    _, again = hub()
    for number, answer in enumerate(accepted):
        envelope = again.result(f"/sdk/runs/{answer.json['requestId']}/result")
        assert (envelope["status"], envelope["data"]) == ("SUCCESS", f"RUN {number}")


def test_a_run_that_ended_before_the_kill_is_not_done_again(hub: Start, tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    process, caller = hub()
    run_id = caller.run("acme/wait", {"text": "once"}).json["requestId"]
    ended = caller.result(f"/api/v1/data/{run_id}")
    process.kill()
    process.wait()
    _, again = hub()
    assert again.get(f"/api/v1/data/{run_id}").json == ended
    assert (tmp_path / "started").read_text() == "once\n"


def test_a_run_whose_model_is_gone_fails_with_a_sentence(hub: Start, tmp_path: Path) -> None:
    process, caller = hub()
    run_id = caller.run("acme/wait", {"text": "x"}).json["requestId"]
    process.kill()
    process.wait()
    program = PROGRAM.replace('"acme/wait"', '"acme/other"')
    other = subprocess.Popen([sys.executable, "-c", program, str(tmp_path), "kept", "5"], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        envelope = Caller(other.stdout.readline().strip()).result(f"/sdk/runs/{run_id}/result")
    finally:
        other.kill()
        other.communicate()
    assert (envelope["status"], envelope["statusCode"]) == ("FAILED", 404)
    assert envelope["errorMessage"] == "The model of this run is not served by this hub any more."


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_requests_end_and_takes_the_passing_folder_along(hub: Start, tmp_path: Path, number: int) -> None:
    process, caller = hub("passing")
    assert len(list((tmp_path / "tmp").iterdir())) == 1
    with caller.connect("acme/linger", {"text": "bye"}) as connection:
        assert wait_for((tmp_path / "lingering").exists)
        process.send_signal(number)
        answer = b"".join(iter(lambda: connection.recv(10_000), b""))
    assert b'"data":"BYE"' in answer
    printed, errors = process.communicate(timeout=20)
    assert (process.returncode, printed.strip(), errors) == (0, "stopped", "")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_stop_does_not_wait_for_what_never_ends_and_the_run_goes_on_later(hub: Start, tmp_path: Path) -> None:
    process, caller = hub(grace=0.5)
    run_id = caller.run("acme/wait", {"text": "long"}).json["requestId"]
    assert wait_for((tmp_path / "started").exists)
    process.terminate()
    printed, _ = process.communicate(timeout=30)
    assert (process.returncode, printed.strip()) == (0, "stopped")
    (tmp_path / "go").touch()
    _, again = hub()
    assert again.result(f"/sdk/runs/{run_id}/result")["data"] == "LONG"


def test_a_run_in_the_background_has_the_same_time_to_end_and_no_other_is_taken_up(hub: Start, tmp_path: Path) -> None:
    process, caller = hub()
    ids = [caller.run("acme/wait", {"text": str(number)}).json["requestId"] for number in range(20)]
    assert wait_for(lambda: len(begun_in(tmp_path)) == 16)
    process.terminate()
    assert wait_for(lambda: not _is_listening(caller))
    (tmp_path / "go").touch()
    process.communicate(timeout=30)
    begun = begun_in(tmp_path)
    assert len(begun) == 16
    rows = sqlite3.connect(tmp_path / "data" / "hub.sqlite").execute("SELECT id, state FROM runs").fetchall()
    assert dict(rows) == {id: "finished" if str(number) in begun else "accepted" for number, id in enumerate(ids)}


def begun_in(folder: Path) -> set[str]:
    started = folder / "started"
    return set(started.read_text().split()) if started.exists() else set()


def test_a_hub_that_stops_takes_no_more_connections(hub: Start) -> None:
    process, caller = hub()
    with caller.connect("acme/endless", {"text": "x", "stream": True}) as connection:
        assert b"200 OK" in connection.recv(100)
        process.terminate()
        assert wait_for(lambda: not _is_listening(caller))
        assert connection.recv(100)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_request_that_is_not_done_in_time_is_a_503(hub: Start, tmp_path: Path) -> None:
    process, caller = hub(grace=0.5)
    with caller.connect("acme/stay", {"text": "x"}) as connection:
        assert wait_for((tmp_path / "started").exists)
        process.terminate()
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"The hub stopped before this request was done." in answer
    _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors
    assert process.returncode == 0


def test_a_stream_that_is_cut_at_the_end_is_noted_as_canceled(hub: Start, tmp_path: Path) -> None:
    process, caller = hub(grace=0.5)
    with caller.connect("acme/endless", {"text": "x", "stream": True}) as connection:
        assert b"200 OK" in connection.recv(100)
        process.terminate()
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"[DONE]" not in answer
    assert not answer.endswith(b"0\r\n\r\n")
    _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors
    rows = sqlite3.connect(tmp_path / "data" / "hub.sqlite").execute("SELECT state FROM runs").fetchall()
    assert rows == [("canceled",)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_waiting(hub: Start, tmp_path: Path, number: int) -> None:
    process, caller = hub(grace=30.0)
    with caller.connect("acme/endless", {"text": "x", "stream": True}) as connection:
        assert b"200 OK" in connection.recv(100)
        process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(number)
        process.communicate(timeout=20)
    assert process.returncode == 0


def _is_listening(caller: Caller) -> bool:
    try:
        socket.create_connection(caller.address, timeout=20).close()
    except ConnectionRefusedError:
        return False
    return True
