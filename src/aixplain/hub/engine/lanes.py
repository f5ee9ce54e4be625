"""Whose turn it is: each model runs as often at once as it allows, and of what waits the most urgent goes first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable
from functools import partial

from aixplain.hub.catalog import Entry
from aixplain.hub.store.runs import Waiting
from aixplain.hub.threads import Calls


class Lane:
    """What goes on and what waits for one model."""

    __slots__ = ("busy", "callers", "limit", "runs")

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.busy = 0
        self.runs: list[tuple[int, int, Waiting]] = []
        self.callers: deque[asyncio.Future[None]] = deque()

    @property
    def has_room(self) -> bool:
        return self.limit is None or self.busy < self.limit

    @property
    def is_empty(self) -> bool:
        return not (self.busy or self.runs or self.callers)


class Turn:
    """A turn that has begun. It ends when the work in its `with` did, in threads too that nobody waits for any more."""

    __slots__ = ("_calls", "_leave")

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave

    def __enter__(self) -> None:
        self._calls = Calls.counted()

    def __exit__(self, *_: object) -> None:
        self._calls.when_over(self._leave)


class Lanes:
    """The lanes of all models, made as they are needed. `limit_of` tells how often a model may run at once (None: no limit).

    Runs that were accepted wait in `put` and are had by `take`, by priority and then in their order. A caller who waits on the
    line goes before them.
    """

    def __init__(self, limit_of: Callable[[str], int | None]) -> None:
        self._limit_of = limit_of
        self._lanes: dict[str, Lane] = {}
        self._heads: list[tuple[int, int, str]] = []
        self._count = itertools.count()
        #: Called when there may be room for another run.
        self.on_room: Callable[[], None] = lambda: None

    @classmethod
    def of(cls, entries: dict[str, Entry]) -> Lanes:
        """Those of these models, each as wide as its policy says."""
        return cls(lambda path: entries[path].policy.concurrency if path in entries else None)

    def put(self, run: Waiting) -> None:
        """Let a run wait for its turn."""
        lane = self._lane(run.model)
        heapq.heappush(lane.runs, (-run.priority, next(self._count), run))
        self._show(run.model, lane)

    def take(self) -> Waiting | None:
        """The run that is next, None when none can be; its turn has begun, and ends with `leave`."""
        while self._heads:
            model = heapq.heappop(self._heads)[-1]
            lane = self._lanes.get(model)
            if lane is not None and lane.runs and lane.has_room:
                run = heapq.heappop(lane.runs)[-1]
                lane.busy += 1
                self._show(model, lane)
                return run
        return None

    def begin(self, model: str) -> bool:
        """Begin a turn at once, if nothing waits and there is room; it ends with `leave`."""
        lane = self._lane(model)
        free = lane.has_room and not lane.runs
        if free:
            lane.busy += 1
        return free

    def leave(self, model: str) -> None:
        """End a turn."""
        lane = self._lanes[model]
        lane.busy -= 1
        while lane.callers and lane.has_room:
            caller = lane.callers.popleft()
            if not caller.done():
                lane.busy += 1
                caller.set_result(None)
        if lane.is_empty:
            del self._lanes[model]
        else:
            self._show(model, lane)
        self.on_room()

    async def turn(self, model: str) -> Turn:
        """A turn of a caller's own, for a `with`, once it can begin."""
        await self._enter(model)
        return Turn(partial(self.leave, model))

    async def _enter(self, model: str) -> None:
        lane = self._lane(model)
        if lane.has_room:
            lane.busy += 1
            return
        caller: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.callers.append(caller)
        try:
            await caller
        except asyncio.CancelledError:
            if caller.done() and not caller.cancelled():
                self.leave(model)
            raise

    def _lane(self, model: str) -> Lane:
        lane = self._lanes.get(model)
        if lane is None:
            lane = self._lanes[model] = Lane(self._limit_of(model))
        return lane

    def _show(self, model: str, lane: Lane) -> None:
        """Offer the lane's first run, when there is room for it. It may have been offered before."""
        if lane.runs and lane.has_room:
            priority, number, _ = lane.runs[0]
            heapq.heappush(self._heads, (priority, number, model))
