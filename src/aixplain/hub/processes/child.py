"""The worker's side: a process that has one function, and makes the calls that the hub asks for, one at a time.

It ends when the hub closes the connection, as it also does by dying: at once when it has nothing to do, and else after a
moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import faulthandler
import inspect
import logging
import math
import os
import queue
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from aixplain.hub.backends import ModelError, Output
from aixplain.hub.backends.functions import FunctionBackend, output_of, progress_listener, whole_of
from aixplain.hub.logs import TextLines
from aixplain.hub.processes.messages import HEAD, STOP, Answer, Call, Piece, Progress, Raised, Ready, Refused, Task, framed
from aixplain.hub.processes.places import find
from aixplain.hub.reading import own_traceback

T = TypeVar("T")

LAST_SECONDS = 1.0
#: From linux/prctl.h.
PR_SET_PDEATHSIG = 1


def main(descriptor: int) -> None:
    """Work for the hub at the other end of this socket, until it closes it."""
    faulthandler.enable()
    if logging.lastResort is not None:  # writes what is logged here, unless the user's code sets logging up
        logging.lastResort.setFormatter(TextLines())
    with contextlib.suppress(OSError):  # when the system runs out of memory, better this process than the hub
        Path("/proc/self/oom_score_adj").write_text("500")
    hub = _Hub(socket.socket(fileno=descriptor))
    task = hub.next(Task)
    if task is None:
        return
    try:
        if task.is_alone:
            _die_with_hub()
        if task.memory is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (task.memory, task.memory))
        worker = _Worker(hub, find(task.place))
        hub.send(Ready())
    except BaseException as error:  # noqa: BLE001 - whatever the user's module raises is told to the hub
        hub.send(_raised(error))
        return
    while (call := hub.next(Call)) is not None:
        if task.seconds is not None:
            _limit_processor(task.seconds)
        worker.make(call)


def _die_with_hub() -> None:
    """Have the system end this process with the hub: the thread that sees it go can't run while a library blocks all others."""
    import ctypes  # which no other worker needs

    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit_processor(seconds: float) -> None:
    """Have the system end this process when its next call uses the processor for longer."""
    used = time.process_time()
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = math.ceil(used + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


class _Hub:
    """The connection to the hub. A thread reads it, and ends this process when the hub is gone."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        #: Set when the hub wants no more pieces of the call that goes on.
        self.stopped = threading.Event()
        self._inbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="aixplain-hub", daemon=True).start()

    def next(self, kind: type[Any]) -> Any:
        """What the hub wants next; None when it wants nothing any more."""
        body = self._inbox.get()
        return None if body is None else msgspec.json.decode(body, type=kind)

    def send(self, message: msgspec.Struct) -> None:
        """Tell the hub, if it is there: when it is gone, this process ends in a moment. Raises what `framed` does."""
        body = framed(message)
        with self._lock, contextlib.suppress(BrokenPipeError):
            self._connection.sendall(body)

    def _read(self) -> None:
        try:
            with self._connection.makefile("rb") as messages:
                while head := messages.read(HEAD):
                    if head == STOP:
                        self.stopped.set()
                    else:
                        self._inbox.put(messages.read(int.from_bytes(head, "little")))
        finally:
            self._inbox.put(None)
            time.sleep(LAST_SECONDS)  # longer than this, no call may go on
            os.killpg(0, signal.SIGKILL)


class _Worker:
    """Calls one function, whatever kind it is. Coroutines share one loop, as they do in the hub."""

    def __init__(self, hub: _Hub, code: Callable[..., Any]) -> None:
        self._hub = hub
        self._function = FunctionBackend(code)
        self._runner = asyncio.Runner()

    def make(self, call: Call) -> None:
        """Make a call, and tell the hub how it ended, whatever the function does."""
        self._hub.stopped.clear()
        try:
            progress_listener.set(_Progress(self._hub).tell)
            self._hub.send(self._answer(call))
        except _Stopped:
            self._hub.send(Answer())
        except ModelError as error:
            self._hub.send(Refused(str(error), error.status))
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the caller
            self._hub.send(_raised(error))

    def _answer(self, call: Call) -> Answer:
        value: Any = self._function.bound(call.inputs)()
        if inspect.iscoroutine(value):
            return Answer(output_of(self._run(value)))
        if not self._function.streams:
            return Answer(output_of(value))
        told: list[Any] = []

        def tell(piece: Any) -> None:
            if call.pieces and not isinstance(piece, Output):
                self._tell_piece(str(piece))
            else:
                told.append(piece)

        if inspect.isgenerator(value):
            with contextlib.closing(value):
                for piece in value:
                    tell(piece)
        else:
            self._run(_each(value, tell))
        if call.pieces:
            return Answer(told[-1] if told else None)
        return Answer(whole_of(told))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work, context=contextvars.copy_context())

    def _tell_piece(self, text: str) -> None:
        if self._hub.stopped.is_set():
            raise _Stopped
        self._hub.send(Piece(text))


class _Stopped(BaseException):
    """Nobody wants the pieces any more; the generator is closed."""


class _Progress:
    """Tells the hub of progress that can be seen: a function may call it for each of a million rows."""

    def __init__(self, hub: _Hub) -> None:
        self._hub = hub
        self._told = -1.0

    def tell(self, done: float) -> None:
        if round(done, 3) != self._told:
            self._told = round(done, 3)
            self._hub.send(Progress(done))


async def _each(pieces: AsyncGenerator[Any, None], tell: Callable[[Any], None]) -> None:
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            tell(piece)


def _raised(error: BaseException) -> Raised:
    return Raised(type(error).__name__, str(error), own_traceback(error), isinstance(error, MemoryError))
