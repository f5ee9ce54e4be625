"""Models in processes of their own: they answer as others do, and what they do to themselves, they do to nobody else."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub import Hub, HubError, Models
from aixplain.hub.embedded import start
from aixplain.hub.processes import backend

from . import process_models
from .conftest import Caller, wait_for


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    return serve(process_models.hub)


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def noted(folder: Path, name: str) -> int:
    """The process that a model told of."""
    path = folder / name
    assert wait_for(lambda: path.exists() and path.read_text() != "")
    return int(path.read_text())


def answer(caller: Caller, path: str, **inputs: Any) -> Any:
    envelope = caller.run(path, inputs).json
    assert envelope["status"] == "SUCCESS", envelope
    return envelope["data"]


def failure(caller: Caller, path: str, **inputs: Any) -> tuple[str, int]:
    envelope = caller.run(path, inputs).json
    assert envelope["status"] == "FAILED", envelope
    return envelope["errorMessage"], envelope["statusCode"]


# --- They answer ----------------------------------------------------------------------------------


def test_every_kind_of_function_answers(caller: Caller) -> None:
    for path in ("acme/generator", "acme/coroutine", "acme/async-generator"):
        assert answer(caller, path, text="abc") == "abc"
    assert answer(caller, "acme/echo", text="é", times="2", mood="angry") == ["é", 2, "angry"]
    assert failure(caller, "acme/echo", text="x", times=1.5) == (
        "Parameter 'times' has invalid value 1.5. Expected a whole number",
        400,
    )


@pytest.mark.parametrize("path", ["acme/generator", "acme/async-generator"])
def test_a_generator_streams(caller: Caller, path: str) -> None:
    assert caller.run(path, {"text": "ab", "stream": True}).events == [{"data": "a"}, {"data": "b"}, "[DONE]"]


def test_a_process_stays_for_the_next_run_and_is_not_this_one(caller: Caller) -> None:
    used = {caller.run("acme/echo", {"text": "x"}).json["rawData"]["process"] for _ in range(3)}
    assert len(used) == 1
    assert used != {os.getpid()}


def test_runs_at_once_are_in_as_many_processes(caller: Caller, tmp_path: Path) -> None:
    said: list[int] = []
    threads = [
        threading.Thread(
            target=lambda m, o: said.append(answer(caller, "acme/together", folder=str(tmp_path), mine=m, other=o)), args=pair
        )
        for pair in ("ab", "ba")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(set(said)) == 2


def test_progress_is_told(caller: Caller, tmp_path: Path) -> None:
    address = caller.run("acme/work", {"folder": str(tmp_path)}).json["data"]
    assert wait_for(lambda: caller.get(address).json.get("progress") == 0.25)
    (tmp_path / "go").touch()
    assert caller.result(address)["data"] == "done"


# --- They raise -----------------------------------------------------------------------------------


def test_the_traceback_is_in_the_log_and_a_sentence_at_the_caller(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    assert failure(caller, "acme/raise", kind="zero") == ("Model 'acme/raise' failed: ZeroDivisionError: division by zero", 500)
    [record] = [record for record in caplog.records if record.name == "aixplain.hub"]
    lines = record.getMessage().splitlines()
    assert (record.levelno, lines[0]) == (logging.ERROR, "model acme/raise failed: ZeroDivisionError: division by zero")
    assert lines[1] == "Traceback (most recent call last):"
    assert f'"{process_models.__file__}", line ' in lines[2]


def test_a_refusal_is_no_error_in_the_log(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    assert failure(caller, "acme/raise", kind="refuse") == ("no thanks", 402)
    assert caplog.records == []


@pytest.mark.parametrize(
    ("kind", "words"), [("sys.exit", "SystemExit: by design"), ("object", "TypeError: Encoding objects of")]
)
def test_what_ends_other_programs_and_what_cannot_be_sent_is_a_failed_run(caller: Caller, kind: str, words: str) -> None:
    message, status = failure(caller, "acme/raise", kind=kind)
    assert message.startswith(f"Model 'acme/raise' failed: {words}")
    assert status == 500


def test_a_generator_tells_last_what_it_used(caller: Caller) -> None:
    piece, last, done = caller.run("acme/counting", {"text": "ab", "stream": True}).events
    assert (piece, last["usage"]["total_tokens"], done) == ({"data": "ab"}, 5, "[DONE]")
    whole = caller.run("acme/counting", {"text": "ab"}).json
    assert (whole["data"], whole["usage"]["total_tokens"]) == ("ab", 5)


def test_a_stream_that_fails_half_way_says_so(caller: Caller) -> None:
    first, last = caller.run("acme/half", {"text": "a", "stream": True}).events
    assert first == {"data": "a"}
    assert last["error"]["message"] == "Model 'acme/half' failed: ZeroDivisionError: by design"


# --- They die -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("segfault", "died in the middle of the work: its process was ended by SIGSEGV (Segmentation fault)"),
        ("exit", "ended its process in the middle of the work, with exit status 3"),
        ("kill", "its process was ended by SIGKILL (Killed), as the system does when memory runs out"),
    ],
)
def test_a_process_that_dies_fails_its_run_and_is_replaced(caller: Caller, how: str, words: str) -> None:
    before = answer(caller, "acme/die", how="not")
    message, status = failure(caller, "acme/die", how=how)
    assert message.startswith("Model 'acme/die' ")
    assert words in message
    assert status == 500
    assert answer(caller, "acme/die", how="not") != before


def test_a_process_that_dies_while_it_waits_is_replaced(caller: Caller) -> None:
    before = answer(caller, "acme/die", how="not")
    os.kill(before, signal.SIGKILL)
    assert wait_for(lambda: not lives(before))
    assert wait_for(lambda: caller.run("acme/die", {"how": "not"}).json["status"] == "SUCCESS")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux heeds the limit")
def test_more_memory_than_it_may_use_is_a_failed_run(caller: Caller) -> None:
    size, before = answer(caller, "acme/memory", size=1000)
    assert size == 1000
    words = "Model 'acme/memory' used more than the 400 MB of memory that it may use"
    assert failure(caller, "acme/memory", size=process_models.MEMORY) == (words, 500)
    assert answer(caller, "acme/memory", size=1000)[1] != before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux heeds the limit")
def test_a_limit_that_leaves_no_room_to_start_is_told(caller: Caller) -> None:
    message, _ = failure(caller, "acme/no-room", text="x")
    assert message.startswith("Model 'acme/no-room' ")
    assert "the 1 MB of memory that it may use" in message


# --- They are ended -------------------------------------------------------------------------------


def test_the_timeout_ends_the_process_and_what_it_started_and_then_the_turn_is_over(caller: Caller, tmp_path: Path) -> None:
    for name in ("first", "second"):
        message, status = failure(caller, "acme/slow", folder=str(tmp_path), name=name, seconds=60)
        assert (message, status) == ("Model 'acme/slow' took longer than it may and was stopped.", 504)
        if not (tmp_path / name).exists():  # it started for so long that its time was over
            continue
        assert wait_for(lambda: not lives(noted(tmp_path, name)))  # noqa: B023 - called here
        assert wait_for(lambda: not lives(noted(tmp_path, f"{name}-child")))  # noqa: B023
    assert wait_for(
        lambda: caller.run("acme/slow", {"folder": str(tmp_path), "name": "third", "seconds": 0}).json.get("data") == "third"
    )


def test_a_cancel_ends_the_process(caller: Caller, tmp_path: Path) -> None:
    address = caller.run("acme/work", {"folder": str(tmp_path)}).json["data"]
    process = noted(tmp_path, "begun")
    assert caller.send("DELETE", address).json["status"] == "CANCELED"
    assert wait_for(lambda: not lives(process))


def test_a_stream_whose_reader_goes_away_is_closed_and_its_process_stays(
    caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "PATIENCE", 20.0)
    for round in ("first", "second"):
        folder = tmp_path / round
        folder.mkdir()
        with caller.connect("acme/endless", {"folder": str(folder), "stream": True}) as connection:
            assert connection.recv(16)
            noted(folder, "begun")
    assert noted(tmp_path / "first", "closed") == noted(tmp_path / "second", "closed")


def test_a_stream_that_cannot_be_closed_is_ended_with_its_process(
    caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "PATIENCE", 0.1)
    with caller.connect("acme/stuck", {"folder": str(tmp_path), "stream": True}) as connection:
        assert connection.recv(16)
        process = noted(tmp_path, "begun")
    assert wait_for(lambda: not lives(process))


# --- Their hub ends -------------------------------------------------------------------------------

#: As people write it: it serves at its end, without a guard, and its processes read it too.
PROGRAM = """
import os, sys, time
from pathlib import Path
from aixplain.hub import Hub

folder = Path(sys.argv[1])
hub = Hub(builtin=False)

@hub.model("acme/wait", process=True, asynchronous=True)
def wait(name: str, folder: str) -> str:
    Path(folder, name).write_text(str(os.getpid()))
    while name == "busy":
        time.sleep(0.01)
    return name

hub.serve(port=0, data=folder / "data", on_ready=lambda url: print(url, flush=True))
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGKILL, -9)])
def test_a_hub_that_stops_or_is_killed_leaves_no_process(tmp_path: Path, number: signal.Signals, status: int) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with subprocess.Popen([sys.executable, program, tmp_path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        caller = Caller(process.stdout.readline().strip())
        busy, idle = ({"name": name, "folder": str(tmp_path)} for name in ("busy", "idle"))
        caller.run("acme/wait", busy)
        assert caller.result(caller.run("acme/wait", idle).json["data"])["data"] == "idle"
        workers = [noted(tmp_path, "busy"), noted(tmp_path, "idle")]
        assert len({*workers, process.pid}) == 3
        process.send_signal(number)
        assert process.wait(20) == status
    assert wait_for(lambda: not any(map(lives, workers)))


def test_a_hub_in_this_process_leaves_none_when_it_is_closed(tmp_path: Path) -> None:
    hub = start(tmp_path / "data", process_models.hub)
    hub.wait_until_ready()
    caller = Caller(hub.url)
    idle = caller.run("acme/echo", {"text": "x"}).json["rawData"]["process"]
    caller.run("acme/work", {"folder": str(tmp_path)})
    busy = noted(tmp_path, "begun")
    hub.close()
    assert not lives(idle)
    assert not lives(busy)


def test_a_program_with_a_hub_inside_it_is_read_for_its_models_and_ends_clean(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import json, os, urllib.request\n"
        "from aixplain.hub import Models\n"
        "from aixplain.hub.hub import Hub\n"
        "from aixplain.hub.embedded import start\n"
        "hub = Hub(builtin=False)\n"
        "@hub.model('acme/who', process=True)\n"
        "def who() -> int:\n"
        "    return os.getpid()\n"
        "running = start(hub=hub)\n"
        "request = urllib.request.Request(running.url + '/api/v2/execute/acme/who', b'{}')\n"
        "print(json.load(urllib.request.urlopen(request))['data'])\n"
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr) == (0, "")
    assert wait_for(lambda: not lives(int(done.stdout)))


# --- What can't run so ----------------------------------------------------------------------------


def refused(code: Callable[..., Any]) -> str:
    with pytest.raises(TypeError) as error:
        Models().model("acme/odd", process=True)(code)
    return str(error.value)


def test_a_function_that_another_process_cannot_find_is_refused() -> None:
    def nested(text: str) -> str:
        return text

    for code in (nested, lambda text: text, "a".upper):
        assert "can't run in a process of its own, which finds it by its name in its module" in refused(code)


def test_a_function_that_no_file_holds_is_refused() -> None:
    program = (
        "from aixplain.hub import Models\n"
        "def shout(text: str) -> str: ...\n"
        "try:\n"
        "    Models().model('acme/shout', process=True)(shout)\n"
        "except TypeError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("shout() can't run in a process of its own: no file holds it.")


def test_a_name_that_stands_for_another_function_is_told_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(builtin=False)
    hub.model("acme/echo", process=True)(process_models.echo)
    monkeypatch.setattr(process_models, "echo", None)
    with pytest.raises(HubError, match=r"echo\(\) of .*process_models can't run .* stands for something else now"):
        start(tmp_path, hub)


def test_a_file_that_can_be_read_here_and_not_there_is_told(
    serve: Callable[..., Caller], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = tmp_path / "fickle_models.py"
    program.write_text("def shout(text: str) -> str:\n    return text\n")
    sys.path.insert(0, str(tmp_path))
    try:
        from fickle_models import shout  # type: ignore[import-not-found] # pyright: ignore[reportMissingImports]
    finally:
        sys.path.remove(str(tmp_path))
    hub = Hub(builtin=False)
    hub.model("acme/shout", process=True)(shout)
    caller = serve(hub)
    program.write_text("raise ImportError('not today')\n")
    message, _ = failure(caller, "acme/shout", text="x")
    assert message == "Model 'acme/shout' can't be loaded in a process of its own: ImportError: not today"
    assert f'File "{program}", line 1' in caplog.text
    program.write_text("def shout(text: str) -> str:\n    return text + '!'\n")
    assert answer(caller, "acme/shout", text="x") == "x!"


@pytest.mark.parametrize("how", [{"memory": 1}, {"process": True, "memory": 0}, {"process": True, "memory": -1}])
def test_a_limit_that_makes_no_sense_is_refused(how: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="limits a process of the model's own"):
        Models().model("acme/odd", **how)
