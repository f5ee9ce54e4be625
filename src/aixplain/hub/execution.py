"""One execution of one model: inputs in, the envelope of the protocol out, whatever the model's code does."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any

import msgspec

from aixplain._wire.messages import FAILED, SUCCESS
from aixplain.hub.backends import ModelError, OnProgress, Output
from aixplain.hub.catalog import Entry

logger = logging.getLogger("aixplain.hub")

#: What a model's code may raise. All of it ends the run, and none of it the hub.
RAISED = (Exception, SystemExit, asyncio.CancelledError)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended: the envelope, and whether it is a success."""

    envelope: bytes
    ok: bool


async def execute(entry: Entry | None, inputs: dict[str, Any], run_id: str, on_progress: OnProgress) -> Outcome:
    """Run a model to its end. Never raises for what the model's code does: that is a failed run."""
    if entry is None:
        return _failed(run_id, "The model of this run is not served by this hub any more.", 404)
    started = time.perf_counter()
    try:
        output = await entry.backend.run(inputs, on_progress)
        return _finished(run_id, entry, output, time.perf_counter() - started)
    except RAISED as error:
        return _failed(run_id, *failure_of(entry, error))


def failure_of(entry: Entry, error: BaseException) -> tuple[str, int]:
    """A clean sentence for the caller, and its status; the traceback goes to the log, for whoever wrote the model."""
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        raise error  # nobody waits any more, or the hub stops: that is no doing of the model
    if isinstance(error, ModelError):
        return str(error), error.status
    logger.error("model %s raised", entry.path, exc_info=error)
    return f"Model '{entry.path}' failed: {type(error).__name__}: {error}", 500


def _finished(run_id: str, entry: Entry, output: Output, seconds: float) -> Outcome:
    envelope = {
        "status": SUCCESS,
        "completed": True,
        "data": output.data,
        "details": [],
        "runTime": round(seconds, 6),
        "usedCredits": 0.0,
        "asset": {"assetId": entry.id, "id": entry.path},
        "requestId": run_id,
        "rawData": output.raw_data,
    }
    return Outcome(msgspec.json.encode(envelope), ok=True)


def _failed(run_id: str, message: str, status: int) -> Outcome:
    envelope = {
        "status": FAILED,
        "completed": True,
        "errorMessage": message,
        "supplierError": message,
        "statusCode": status,
        "requestId": run_id,
    }
    return Outcome(msgspec.json.encode(envelope), ok=False)
