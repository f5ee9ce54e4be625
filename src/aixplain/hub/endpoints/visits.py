"""Runs for outlets whose callers wait for the end, whichever way their model is run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request

from aixplain._wire.messages import SUCCESS
from aixplain.hub.catalog import Entry
from aixplain.hub.endpoints import key_of
from aixplain.hub.endpoints.reading import asked_by, service_of, with_addresses
from aixplain.hub.errors import ErrorFields, Refusal
from aixplain.hub.service import Accepted, Pieces
from aixplain.hub.store.runs import Ending

#: Seconds between two looks at a run that goes on, for who wants to know how far it is.
LOOK_SECONDS = 1.0
LONGEST_HOLD = 60.0
OnProgress = Callable[[float], Awaitable[None]]


class Finished(msgspec.Struct, rename="camel"):
    """The answer of a run that went well, its parts as they were written."""

    request_id: str
    data: msgspec.Raw = msgspec.Raw(b"null")
    details: msgspec.Raw = msgspec.Raw(b"[]")
    usage: dict[str, Any] | None = None
    raw_data: msgspec.Raw = msgspec.Raw(b"null")


class _Envelope(Finished, rename="camel"):
    """The answer of any run."""

    status: str = ""
    error_message: str = "The run did not finish."
    error_code: str | None = None
    error_param: str | None = None
    error_type: str | None = None
    status_code: int | None = None


class Visit:
    """A request to an outlet: who asks, and the runs that are made for it. Raises `Refusal`.

    `content` is all that makes it the request that it is.
    """

    def __init__(self, request: Request, *content: bytes) -> None:
        self._service = service_of(request)
        self._request = request
        self._by = key_of(request)
        self._asked = asked_by(request, *content)

    def entry(self, key: str) -> Entry:
        """The model of this id or path, if the key may use it."""
        return self._service.usable(key, self._by)

    async def whole(self, entry: Entry, inputs: dict[str, Any], on_progress: OnProgress | None = None) -> Finished:
        """The answer of a run, once it is there. Raises `Refusal` for one that did not go well.

        A run in the background is attended, and given up when this is canceled. `on_progress` is told how far it is, from 0
        to 1.
        """
        answer = await self._run(entry, inputs)
        if isinstance(answer, Pieces):
            raise Refusal(400, "Parameter 'stream' not found. This outlet has a way of its own to ask for a stream.")
        return await self._finished(answer, on_progress)

    async def pieces(self, entry: Entry, inputs: dict[str, Any]) -> Pieces | Finished:
        """The answer in pieces where the model gives it so, else as a whole."""
        answer = await self._run(entry, {**inputs, "options": {"stream": True}} if entry.streams else inputs)
        return answer if isinstance(answer, Pieces) else await self._finished(answer, None)

    async def _run(self, entry: Entry, inputs: dict[str, Any]) -> Ending | Accepted | Pieces:
        return await self._service.run(entry.path, inputs, background=False, asked=self._asked, by=self._by)

    async def _finished(self, answer: Ending | Accepted, on_progress: OnProgress | None) -> Finished:
        if isinstance(answer, Accepted):
            return self._read(await self._attend(answer.run_id, on_progress))
        return self._read(answer.envelope, answer.retry_after)

    async def _attend(self, run_id: str, on_progress: OnProgress | None) -> bytes:
        hold = LONGEST_HOLD if on_progress is None else LOOK_SECONDS
        try:
            while not (standing := await self._service.poll(run_id, self._by, hold)).is_over:
                if self._service.is_stopping:
                    raise Refusal(
                        503, f"The hub stops. The run goes on when it is back: /sdk/runs/{run_id}/result has its answer."
                    )
                if on_progress is not None and standing.progress is not None:
                    await on_progress(standing.progress)
            return standing.result or b""
        except asyncio.CancelledError:
            with contextlib.suppress(Refusal):  # it may have ended in this moment
                await self._service.cancel(run_id, self._by)
            raise

    def _read(self, envelope: bytes, retry_after: float | None = None) -> Finished:
        answer = msgspec.json.decode(with_addresses(envelope, self._request), type=_Envelope)
        if answer.status != SUCCESS:
            fields = ErrorFields(answer.error_code, answer.error_param, answer.error_type)
            raise Refusal(answer.status_code or 409, answer.error_message, retry_after, fields)
        return answer
