"""The hub's side: a process that makes the calls of one model, one at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator
from functools import partial

from aixplain.hub.backends import ModelFailure
from aixplain.hub.mailbox import mailbox_here
from aixplain.hub.processes.messages import HEAD, STOP, Answer, Call, Raised, Refused, Task, Told, framed, told_decoder
from aixplain.hub.threads import settle

#: Seconds in which a process that has nothing to do ends by itself.
LAST_SECONDS = 1.0
#: A program is read there as it was run here.
_CHILD = (
    "import sys; sys.path, sys.argv = {path!r}, {argv!r}; from aixplain.hub.processes.child import main; main({descriptor})"
)


class Worker:
    """A process, started here. A thread waits for its end, so that none stays unburied, whatever happens to its caller."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._here = mailbox_here()
        self._process: subprocess.Popen[bytes] | None = None
        self._unwanted = False
        #: How many calls it was taken for.
        self.uses = 0
        self._head = b""
        #: Its exit status, once it is over.
        self.died: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._ours, its = socket.socketpair()
        threading.Thread(target=self._own, args=[its], name="aixplain-worker", daemon=True).start()
        self._ready = asyncio.ensure_future(self._start())

    async def ready(self) -> None:
        """Return once it can be called. Who stops waiting leaves it to the next one. Raises `ModelFailure`."""
        await asyncio.shield(self._ready)

    async def call(self, call: Call) -> AsyncGenerator[Told, None]:
        """What it tells of a call, up to its end. Raises `ModelFailure` when the process doesn't get there."""
        self._writer.write(framed(call))
        while True:
            told = await self._told()
            if isinstance(told, Raised) and told.memory:
                raise ModelFailure(f"used more than {_size(self._task.memory)}", told.traceback)
            yield told
            if isinstance(told, Answer | Refused | Raised):
                return

    async def give_up(self) -> None:
        """Wait until a call whose pieces nobody wants is over. Raises as `call` does."""
        self._writer.write(STOP)
        while not isinstance(await self._told(), Answer | Refused | Raised):
            """A piece that was on its way."""

    def kill(self) -> None:
        """End it at once, and what it has started."""
        self._unwanted = True
        if self._process is not None and not self.died.done():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """End it, which has nothing to do: it may tidy up for a moment."""
        if self._ready.done() and not self.died.done():
            self._writer.close()
            await asyncio.wait([self.died], timeout=LAST_SECONDS)
        self._ready.cancel()
        self.kill()
        await asyncio.wait([self.died])

    async def _start(self) -> None:
        self._reader, self._writer = await asyncio.open_unix_connection(sock=self._ours)
        self.died.add_done_callback(lambda _: self._writer.close())
        self._writer.write(framed(self._task))
        told = await self._told()
        if isinstance(told, Raised):
            why = f"{told.kind}: {told.words}{self._perhaps_memory()}"
            raise ModelFailure(f"can't be loaded in a process of its own: {why}", told.traceback)

    async def _told(self) -> Told:
        try:
            self._head = self._head or await self._reader.readexactly(HEAD)  # who waited for its message may have left
            body = await self._reader.readexactly(int.from_bytes(self._head, "little"))
        except (asyncio.IncompleteReadError, OSError) as error:
            await asyncio.wait([self.died], timeout=LAST_SECONDS)
            self.kill()  # if it lives, it has closed the connection
            raise ModelFailure(_how(await self.died) + self._perhaps_memory()) from error
        self._head = b""
        told: Told = told_decoder.decode(body)
        return told

    def _perhaps_memory(self) -> str:
        memory = self._task.memory
        return "" if memory is None else f"; perhaps it wanted more than {_size(memory)}"

    def _own(self, its: socket.socket) -> None:
        """In a thread: start the process and wait for its end."""
        code = _CHILD.format(path=sys.path, argv=sys.argv, descriptor=its.fileno())
        command = [sys.executable, "-c", code]
        try:
            with its:
                self._process = subprocess.Popen(  # noqa: S603 - Python itself
                    command, stdin=subprocess.DEVNULL, pass_fds=[its.fileno()], start_new_session=True
                )
        except OSError as error:
            failure = ModelFailure(f"can't have a process of its own: {error.strerror}")
            self._here.put(partial(settle, self.died, None, failure))
            return
        if self._unwanted:
            self.kill()
        status = self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # what it started and left
        self._here.put(partial(settle, self.died, status, None))


def _how(status: int) -> str:
    """How a process died in the middle of its work, as the end of a sentence that begins with its model."""
    if status >= 0:
        return f"ended its process in the middle of the work, with exit status {status}"
    number = signal.Signals(-status)
    killer = ", as the system does when memory runs out" if number is signal.SIGKILL else ""
    return f"died in the middle of the work: its process was ended by {number.name} ({signal.strsignal(number)}){killer}"


def _size(memory: int | None) -> str:
    """How much memory a model may use, in words; one without a limit may use the machine's.

    >>> _size(2_000_000_000), _size(1_500_000)
    ('the 2 GB of memory that it may use', 'the 1.5 MB of memory that it may use')
    """
    if memory is None:
        return "the memory that there is"
    number, unit = (memory / 1e9, "GB") if memory >= 1e9 else (memory / 1e6, "MB")
    return f"the {number:.4g} {unit} of memory that it may use"
