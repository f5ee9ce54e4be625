"""The runs in PostgreSQL, and their rows in its queue: one statement changes both."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from aixplain.hub.store.named import load
from aixplain.hub.store.postgres.batches import Batches
from aixplain.hub.store.postgres.bell import Bell
from aixplain.hub.store.postgres.claims import Claims
from aixplain.hub.store.postgres.pool import Pool
from aixplain.hub.store.postgres.rows import columns
from aixplain.hub.store.runs import Earlier, Ending, GivenUp, Listed, Order, Standing, Taken, Wanted
from aixplain.hub.store.values import plain, whole

_SQL = load("postgres", "runs")


class PostgresRuns:
    """The rows of the runs: a `RunStore` of one process, the `worker` that executes what it takes up."""

    is_shared = True

    def __init__(self, pool: Pool, bell: Bell, worker: UUID, *, keeps_contents: bool = False) -> None:
        self._pool = pool
        self._bell = bell
        self._worker = worker
        self._keeps_contents = keeps_contents
        self._claims = Claims(pool)
        self._accepts = Batches(self._accept, lambda item: len(item[0].inputs or b""))
        self._records = Batches(self._record, lambda item: len(item[1].envelope))
        self._ends = Batches(self._end, lambda item: len(item[1].envelope))
        self._finds = Batches(self._find)

    async def accept(self, order: Order, *, started: bool = False) -> Earlier | None:
        """Keep a run that waits from now on, or that is `started` at once; or give the one that its key stands for."""
        while not await self._accepts.add((order, started)):
            earlier = await self.keyed(order.caller, order.model, order.key or "")
            if earlier is not None:
                return earlier
        if not started:
            self._bell.queued(order.model)
        return None

    async def claim(self, order: Order) -> Earlier | None:
        """Hold the key of a run that is answered at once, or give the run that it stands for already."""
        return await self._claims.claim(order)

    async def record(self, order: Order, ending: Ending, started_at: float, now: float, expires_at: float) -> None:
        """Keep a run that was answered at once, as it ended; its envelope only when it is wanted again."""
        row = order, ending, started_at, now, expires_at
        if not await self._claims.replace(order.id, _SQL["record"], *columns([_recorded(*row)], 21)):
            await self._records.add(row)

    async def end(self, run: Taken, ending: Ending, now: float, expires_at: float) -> bool:
        """Note how a run that was taken up ended. False when it is not this attempt's any more."""
        done = await self._ends.add((run, ending, now, expires_at))
        if done:
            self._bell.ended(run.id)
        return done

    async def put_back(self, run: Taken, due_at: float) -> bool:
        """Let a run that was taken up wait again, until `due_at` at least. False when it is not this attempt's any more."""
        return await self._pool.count(_SQL["put_back"], run.id, run.attempt, due_at - time.time()) > 0

    async def give_up(self, id: str, ending: Ending, now: float, expires_at: float) -> GivenUp | None:
        """End a run from outside, whether it waits or was taken up. None when there is no such run, or it is over."""
        told = ending.state, now, expires_at, ending.envelope, plain(ending.error), whole(ending.status)
        given_up = await self._pool.row(_SQL["give_up"], plain(id), *told)
        if given_up is None:
            return None
        self._bell.given_up(id)
        return GivenUp(*given_up)

    async def find(self, id: str) -> Standing | None:
        """How a run stands; None when there is no such run."""
        return await self._finds.add(id)

    async def keyed(self, caller: str, model: str, key: str) -> Earlier | None:
        """The run that an idempotency key stands for."""
        found = await self._pool.row(_SQL["keyed"], caller, model, key)
        return None if found is None else Earlier(*found)

    async def row(self, id: str) -> Listed | None:
        """A run, as it is listed; None when there is no such run."""
        found = await self._pool.row(_SQL["row"], plain(id))
        return None if found is None else Listed(*found)

    async def inputs(self, id: str) -> bytes | None:
        """The inputs of a run, as JSON; None when they are not kept any more, or there is no such run."""
        found = await self._pool.row(_SQL["inputs"], plain(id))
        return None if found is None else found[0]

    async def listed(self, wanted: Wanted) -> tuple[int, list[Listed]]:
        """How many runs are wanted, and a page of them."""
        told = wanted.caller, wanted.since, wanted.until, plain(wanted.model), list(wanted.states)
        total = await self._pool.row(_SQL["count"], *told)
        return total[0], [Listed(*row) for row in await self._pool.fetch(_SQL["list"], *told, wanted.most, wanted.skipped)]

    async def check(self) -> None:
        """Return when rows can be written, which changes none. Raises `HubError` when they can't."""
        await self._pool.count(_SQL["check"])

    async def forget(self, now: float, most: int) -> int:
        """Drop the answers, and free the keys, of up to `most` runs that expired by the database's clock; the rows stay."""
        return await self._pool.count(_SQL["forget"], most)

    async def over(self, ids: list[str]) -> list[str]:
        """Those of these runs that are over."""
        return [row[0] for row in await self._pool.fetch(_SQL["over"], [plain(id) for id in ids])]

    async def overdue(self) -> list[str]:
        """Runs that are not over at their deadline, by the database's clock."""
        return [row[0] for row in await self._pool.fetch(_SQL["overdue"])]

    async def keep_claims(self) -> None:
        """Hold the keys of what is answered now, until this is canceled; and drop what was held by who is gone."""
        await self._claims.keep()

    async def _accept(self, orders: list[tuple[Order, bool]]) -> list[bool]:
        rows = [
            (
                *(order.id, order.model, order.caller, whole(order.priority), order.key, order.digest, order.deadline),
                *(order.accepted_at, order.inputs, plain(order.webhook), started),
            )
            for order, started in orders
        ]
        kept = {row[0] for row in await self._pool.fetch(_SQL["accept"], *columns(rows, 11), self._worker)}
        return [order.id in kept for order, _ in orders]

    async def _record(self, ended: list[tuple[Order, Ending, float, float, float]]) -> list[None]:
        rows = [_recorded(*each) for each in ended]
        await self._pool.count(_SQL["record"], *columns(rows, 21))
        return [None] * len(rows)

    async def _end(self, ended: list[tuple[Taken, Ending, float, float]]) -> list[bool]:
        rows = [(run.id, run.attempt, ending.state, now, expires_at, *_told(ending)) for run, ending, now, expires_at in ended]
        done = {row[0] for row in await self._pool.fetch(_SQL["end"], *columns(rows, 12), self._keeps_contents)}
        outcomes = []
        for run, *_ in ended:
            outcomes.append(run.id in done)
            done.discard(run.id)
        return outcomes

    async def _find(self, ids: list[str]) -> list[Standing | None]:
        rows = await self._pool.fetch(_SQL["find"], [plain(id) for id in ids])
        found = {row[0]: Standing(*row[1:]) for row in rows}
        return [found.get(id) for id in ids]


def _recorded(order: Order, ending: Ending, started_at: float, now: float, expires_at: float) -> tuple[Any, ...]:
    """The row of a run that was answered at once."""
    return (
        *(order.id, order.model, order.caller, ending.state, order.priority, order.key, order.digest, order.deadline),
        *(order.accepted_at, order.inputs, plain(order.webhook), started_at, now, expires_at, *_told(ending)),
    )


def _told(ending: Ending) -> tuple[Any, ...]:
    """What the columns from `result` to `tried` have of an ending."""
    tokens = whole(ending.prompt_tokens), whole(ending.completion_tokens)
    credits = None if ending.credits is None else float(ending.credits)
    return ending.envelope, whole(ending.status), plain(ending.error), *tokens, credits, ending.tried
