"""Tells the addresses that callers named how their runs ended, signed as the Standard Webhooks say, until they take it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import os
import random
import time
from datetime import UTC, datetime

import msgspec

from aixplain.hub.errors import HubError
from aixplain.hub.metrics import Counter
from aixplain.hub.outgoing import CannotSend, post
from aixplain.hub.store.webhooks import Delivery, DeliveryAttempt, Webhook, WebhookStore
from aixplain.hub.troubles import tell_trouble

AT_ONCE = 32
#: An ending is told up to 12 times: at once, after about 5 seconds, then after four times as long each time, but at most
#: 4 hours, so that the last time is about a day after the first.
MOST_ATTEMPTS = 12
FIRST_WAIT, LONGEST_WAIT = 5.0, 4 * 3600.0
#: Seconds after which an ending is told again when whoever took it died.
LEASE = 60.0
#: No ending is put off for longer, in seconds; one that seems to be was put off by a clock that was set back since.
FARTHEST = 8 * 3600.0
LOOK_SECONDS = 60.0
RETRY_SECONDS = 1.0
GONE = 410


def wait_after(number: int) -> float | None:
    """Seconds from the attempt of this number to the next; None after the last one."""
    if number >= MOST_ATTEMPTS:
        return None
    return min(FIRST_WAIT * 4.0 ** (number - 1), LONGEST_WAIT) * random.uniform(0.9, 1.1)  # noqa: S311 - spreads them


def sign(secret: bytes, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a message, by version 1 of the standard: a receiver's library checks them.

    >>> sign(b"secret", "msg_1", 1614265330, b"{}")["webhook-signature"]
    'v1,3/iD+UC/cFPl3PtRMPUcvEULlwun6jyVUEMvdX3yW5g='
    """
    digest = hmac.digest(secret, f"{id}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


class Courier:
    """Delivers the endings that are due."""

    def __init__(self, store: WebhookStore, attempts: Counter, *, private: bool) -> None:
        self._store = store
        self._attempts = attempts
        self._private = private
        self._woken = asyncio.Event()
        self._delivering: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """An ending may be due."""
        self._woken.set()

    async def secret(self, caller: str) -> bytes:
        """What the messages for the runs of one API key are signed with."""
        root = await self._store.secret("webhooks", os.urandom(32))
        return hmac.digest(root, caller.encode(), hashlib.sha256)

    async def find(self, run_id: str) -> Webhook | None:
        """The webhook of a run; None when it has none."""
        return await self._store.find(run_id)

    async def keep_delivering(self) -> None:
        """Deliver what is due, until this is canceled."""
        try:
            while True:
                self._woken.clear()
                seconds = await self._deliver_due()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._woken.wait()
        finally:
            for task in self._delivering:
                task.cancel()

    async def _deliver_due(self) -> float:
        """Begin to deliver what is due. Gives the seconds until there may be more."""
        try:
            now, due_at = time.time(), await self._store.next_due()
            room = AT_ONCE - len(self._delivering)
            farthest = now + FARTHEST
            if due_at is None or room == 0:
                return LOOK_SECONDS
            if now < due_at <= farthest:
                return min(due_at - now, LOOK_SECONDS)
            for delivery in await self._store.take(now, now + LEASE, farthest, room):
                task = asyncio.create_task(self._deliver(delivery))
                self._delivering.add(task)
                task.add_done_callback(self._over)
        except HubError as error:
            tell_trouble("webhooks can't be read, and wait: %s", error)
            return RETRY_SECONDS
        return 0.0

    def _over(self, task: asyncio.Task[None]) -> None:
        self._delivering.discard(task)
        self.wake()

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            attempt = await self._attempt(delivery)
            self._attempts.add((_outcome(attempt),))
            wait = None if _is_final(attempt) else wait_after(delivery.number)
            await self._store.note(delivery.run, attempt, None if wait is None else time.time() + wait)
        except HubError as error:
            tell_trouble("a webhook of the run %s can't be noted, and is told again: %s", delivery.run, error)

    async def _attempt(self, delivery: Delivery) -> DeliveryAttempt:
        at, began = time.time(), time.monotonic()
        body = message(delivery)
        headers = {"content-type": "application/json", "user-agent": "aixplain-hub"}
        headers |= sign(await self.secret(delivery.caller), delivery.run, int(at), body)
        status, error = None, None
        try:
            status = await post(delivery.webhook, headers, body, private=self._private)
        except CannotSend as reason:
            error = str(reason)
        return DeliveryAttempt(delivery.number, at, time.monotonic() - began, status, error)


def _is_final(attempt: DeliveryAttempt) -> bool:
    """It was taken, or nobody is there who ever would."""
    return attempt.status is not None and (200 <= attempt.status < 300 or attempt.status == GONE)


def _outcome(attempt: DeliveryAttempt) -> str:
    if attempt.status is None:
        return "unanswered"
    return "taken" if attempt.status < 300 else "refused"


def message(delivery: Delivery) -> bytes:
    """What is told: the kind of the ending, its time, and the envelope that a poll would give."""
    told = {
        "type": f"run.{delivery.state}",
        "timestamp": datetime.fromtimestamp(delivery.ended_at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": msgspec.Raw(delivery.result),
    }
    return msgspec.json.encode(told)
