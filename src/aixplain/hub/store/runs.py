"""The rows of the runs, whichever database they are in.

A run is accepted, then started, then it ends once: finished, failed, canceled or expired. Each of these is one change,
guarded by the state that the run must be in; what returned is on the disk.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Literal, Protocol

import msgspec

State = Literal["accepted", "started", "finished", "failed", "canceled", "expired"]


class Order(msgspec.Struct, frozen=True):
    """A run as it was asked for. Times are seconds since 1970.

    `model` is a path, `inputs` is JSON. `caller` names the API key that it was asked with ("" when the hub has none); `key` is
    the caller's idempotency key and `digest` tells two requests with the same one apart. Runs of a higher `priority` go first;
    one that has not ended at its `deadline` expires. The address `webhook` is told how it ended.
    """

    id: str
    model: str
    inputs: bytes | None
    caller: str = ""
    key: str | None = None
    digest: bytes | None = None
    priority: int = 0
    deadline: float | None = None
    accepted_at: float = 0.0
    webhook: str | None = None

    @property
    def may_be_late(self) -> bool:
        """Whether a run that was answered at once may be kept a moment later: nobody asks for it by key or webhook."""
        return self.key is None and self.webhook is None


class Earlier(msgspec.Struct, frozen=True):
    """The run that an idempotency key stands for already; `result` is the envelope that it ended with, None until then."""

    id: str
    digest: bytes | None
    state: State
    result: bytes | None


class Waiting(msgspec.Struct, frozen=True):
    """A run that waits, until `due_at` at least."""

    id: str
    model: str
    priority: int = 0
    due_at: float = 0.0
    deadline: float | None = None


class Taken(msgspec.Struct, frozen=True):
    """A run that was taken up: the `attempt` of this number may end it, and no other. `started_at` is when, if it is known."""

    id: str
    attempt: int
    model: str
    inputs: bytes
    priority: int
    deadline: float | None
    webhook: str | None = None
    caller: str = ""
    started_at: float | None = None


class GivenUp(msgspec.Struct, frozen=True):
    """A run that was ended from outside: its model, and when it was started, if it was."""

    model: str
    started_at: float | None


class Ending(msgspec.Struct, frozen=True):
    """How a run ended: the envelope that its caller gets, and what the ledger keeps of it.

    `error` and `status` tell why a run did not finish; tokens and credits are None where nobody knows them. `retry_after`, in
    seconds, is for the caller alone. `tried` are the models behind this one that were asked in turn, as JSON.
    """

    state: State
    envelope: bytes
    error: str | None = None
    status: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    credits: float | None = None
    retry_after: float | None = None
    tried: bytes | None = None


class Standing(msgspec.Struct, frozen=True):
    """How a run stands: `result` is the envelope that it ended with, None until then and once it is not kept any more.

    `caller` is the API key that it was asked with; `progress` goes from 0 to 1.
    """

    state: State
    result: bytes | None
    progress: float | None = None
    caller: str = ""

    @property
    def is_over(self) -> bool:
        """It ended, well or not."""
        return self.state not in ("accepted", "started")


class Wanted(msgspec.Struct, frozen=True):
    """Which runs are listed: those of a caller, accepted from `since` and before `until`, in these states, of this model.

    No states and no model mean all. The newest come first, `most` of them after the first `skipped`.
    """

    caller: str
    states: tuple[State, ...] = ()
    model: str | None = None
    since: float = 0.0
    until: float = 1e12
    most: int = 20
    skipped: int = 0


class Listed(msgspec.Struct, frozen=True):
    """A run's row without what went in and came out."""

    id: str
    model: str
    state: State
    priority: int
    attempts: int
    deadline: float | None
    accepted_at: float
    started_at: float | None
    ended_at: float | None
    expires_at: float | None
    status: int | None
    error: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    credits: float | None
    tried: bytes | None = None


class RunStore(Protocol):
    """The rows of the runs. Every method raises `HubError` when the database can't be read or written."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes write the rows too."""
        ...

    async def accept(self, order: Order, *, started: bool = False) -> Earlier | None:
        """Keep a run that waits from now on, or that is `started` at once, as attempt 1.

        When its key stands for one already, keep nothing and give that.
        """
        ...

    async def claim(self, order: Order) -> Earlier | None:
        """Hold the key of a run that is about to be answered at once, until it is recorded.

        When its key stands for a run already, or is held for one, give that; a `result` of None says that it is not over.
        """
        ...

    def record(self, order: Order, ending: Ending, started_at: float, now: float, expires_at: float) -> Awaitable[object]:
        """Keep a run that was answered at once, as it ended; its envelope only when its key or its webhook may want it, or
        when its inputs are kept too.

        Nothing happens when its key stands for one already.
        """
        ...

    async def end(self, run: Taken, ending: Ending, now: float, expires_at: float) -> bool:
        """Note how a run that was taken up ended. False when it is not this attempt's any more: its ending is dropped."""
        ...

    async def put_back(self, run: Taken, due_at: float) -> bool:
        """Let a run that was taken up wait again, until `due_at` at least. False when it is not this attempt's any more."""
        ...

    async def give_up(self, id: str, ending: Ending, now: float, expires_at: float) -> GivenUp | None:
        """End a run from outside, whether it waits or was taken up. None when there is no such run, or it is over."""
        ...

    async def find(self, id: str) -> Standing | None:
        """How a run stands; None when there is no such run."""
        ...

    async def keyed(self, caller: str, model: str, key: str) -> Earlier | None:
        """The run that an idempotency key stands for."""
        ...

    async def row(self, id: str) -> Listed | None:
        """A run, as it is listed; None when there is no such run."""
        ...

    async def inputs(self, id: str) -> bytes | None:
        """The inputs of a run, as JSON; None when they are not kept any more, or there is no such run."""
        ...

    async def listed(self, wanted: Wanted) -> tuple[int, list[Listed]]:
        """How many runs are wanted, and a page of them."""
        ...

    async def check(self) -> None:
        """Return when rows can be written, and raise `HubError` when they can't."""
        ...

    async def forget(self, now: float, most: int) -> int:
        """Drop the answers, and free the keys, of up to `most` runs that expired; the rows stay. Gives how many there were."""
        ...


class OwnRunStore(RunStore, Protocol):
    """The rows of runs that this process executes alone."""

    async def start(self, id: str, now: float) -> Taken | None:
        """Take a run up; None when it is not waiting any more."""
        ...

    async def reopen(self) -> None:
        """Let what was taken up wait again. For a start after which nobody else can be at it."""
        ...

    async def waiting(self) -> list[Waiting]:
        """The runs that wait, in their order: by priority, then the oldest first."""
        ...
