"""Ctrl-C while the blocking client waits in native code: it ends at once, and cancels the run when it was asked to."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

RUN = """
import sys
from aixplain import Aixplain
model = Aixplain(backend_url=sys.argv[1]).Model.from_dict({{"id": "m", "name": "M", "supportsStreaming": True}})
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(130)
"""


def interrupt(url: str, call: str, ready: threading.Event) -> subprocess.CompletedProcess[str]:
    """Run a call in a process of its own, and send it Ctrl-C once the service is `ready`."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN.format(call=call), url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert ready.wait(30)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=20)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, error)


@pytest.mark.parametrize("call", ['model.run(text="x")', 'model.poll("7")', 'list(model.run_stream(text="x"))'])
def test_a_call_that_waits_for_its_answer_ends_at_ctrl_c(service: Any, call: str) -> None:
    asked, over = threading.Event(), threading.Event()

    def serve(connection: Any) -> None:
        connection.read_request()
        asked.set()
        over.wait(30)

    ended = interrupt(service(serve).url, call, asked)
    over.set()
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "interrupted\n", "")


def test_a_stream_that_stalls_ends_at_ctrl_c(service: Any) -> None:
    begun, over = threading.Event(), threading.Event()

    def serve(connection: Any) -> None:
        connection.read_request()
        connection.begin_stream()
        connection.send(b'data: {"data": "tok"}\n\n')
        time.sleep(0.3)  # by now the client has the piece, and waits inside the HTTP library for the next one
        begun.set()
        over.wait(30)

    ended = interrupt(service(serve).url, 'list(model.run_stream(text="x"))', begun)
    over.set()
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "interrupted\n", "")


@pytest.mark.parametrize("cancels", [True, False])
def test_ctrl_c_cancels_the_run_when_asked(service: Any, cancels: bool) -> None:
    polled = threading.Event()
    canceled: list[str] = []

    def serve(connection: Any) -> None:
        while True:
            line, _, _ = connection.read_request()
            if line.startswith("POST"):
                connection.answer(201, {"status": "IN_PROGRESS", "data": "/sdk/runs/7/result"})
            elif line.startswith("DELETE"):
                canceled.append(line)
                connection.answer(204, b"")
            else:
                polled.set()
                connection.is_closed_by_peer(20)

    ended = interrupt(service(serve).url, f'model.run(text="x", cancel_on_interrupt={cancels})', polled)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "interrupted\n", "")
    assert canceled == (["DELETE /sdk/runs/7/result HTTP/1.1"] if cancels else [])
