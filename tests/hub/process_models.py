"""Models that run in processes of their own. They stand in a file, as such models must."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from aixplain._wire.messages import Usage
from aixplain.hub import Hub, Input, ModelError, Output, progress

MEMORY = 400_000_000
hub = Hub(builtin=False)


def note(folder: str, name: str) -> None:
    """Tell the test, which is in another process, which one this is."""
    Path(folder, name).write_text(str(os.getpid()))


@hub.model("acme/echo", process=True, concurrency=2)
def echo(text: str, times: Annotated[int, Input(ge=1)] = 1, mood: Literal["glad", "angry"] = "glad") -> Output:
    return Output([text, times, mood], {"process": os.getpid()})


@hub.model("acme/generator", process=True)
def generator(text: str) -> Iterator[str]:
    yield from text


@hub.model("acme/counting", process=True)
def counting(text: str) -> Iterator[str | Output]:
    yield text
    yield Output(None, usage=Usage(3, 2, 5))


@hub.model("acme/coroutine", process=True)
async def coroutine(text: str) -> str:
    await asyncio.sleep(0)
    return text


@hub.model("acme/async-generator", process=True)
async def async_generator(text: str) -> AsyncIterator[str]:
    for letter in text:
        yield letter


@hub.model("acme/together", process=True, concurrency=2)
def together(folder: str, mine: str, other: str) -> int:
    """Is done when two of it run at once."""
    note(folder, mine)
    while not Path(folder, other).exists():
        time.sleep(0.01)
    return os.getpid()


@hub.model("acme/work", process=True, asynchronous=True)
def work(folder: str) -> str:
    progress(0.25)
    note(folder, "begun")
    while not Path(folder, "go").exists():
        time.sleep(0.01)
    return "done"


@hub.model("acme/slow", process=True, concurrency=1, timeout=0.2)
def slow(folder: str, name: str, seconds: float) -> str:
    child = subprocess.Popen(["/bin/sleep", "60"])
    note(folder, name)
    Path(folder, f"{name}-child").write_text(str(child.pid))
    time.sleep(seconds)
    child.kill()
    child.wait()
    return name


@hub.model("acme/endless", process=True, concurrency=1)
def endless(folder: str) -> Iterator[str]:
    note(folder, "begun")
    try:
        while True:
            yield "piece"
            time.sleep(0.01)
    finally:
        note(folder, "closed")


@hub.model("acme/stuck", process=True)
def stuck(folder: str) -> Iterator[str]:
    yield "piece"
    note(folder, "begun")
    time.sleep(60)


@hub.model("acme/die", process=True)
def die(how: str) -> Any:
    if how == "segfault":
        ctypes.string_at(0)
    if how == "exit":
        os._exit(3)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


@hub.model("acme/raise", process=True)
def fail(kind: str) -> Any:
    if kind == "refuse":
        raise ModelError("no thanks", 402)
    if kind == "sys.exit":
        sys.exit("by design")
    return {"object": object()}.get(kind) or 1 / 0


@hub.model("acme/half", process=True)
def half(text: str) -> Iterator[str]:
    yield text
    raise ZeroDivisionError("by design")


@hub.model("acme/memory", process=True, memory=MEMORY, concurrency=1)
def memory(size: int) -> Any:
    return [len(bytearray(size)), os.getpid()]


@hub.model("acme/no-room", process=True, memory=1_000_000)
def no_room(text: str) -> str:
    return text
