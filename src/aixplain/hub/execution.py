"""One execution of one model: inputs in, the envelope of the protocol out, whatever the model's code does."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any

import msgspec

from aixplain._wire.messages import FAILED, SUCCESS
from aixplain.hub.backends import ModelError, OnProgress, Output
from aixplain.hub.catalog import Entry

logger = logging.getLogger("aixplain.hub")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended: the envelope, and whether it is a success."""

    envelope: bytes
    ok: bool


async def execute(entry: Entry | None, inputs: dict[str, Any], run_id: str, on_progress: OnProgress) -> Outcome:
    """Run a model to its end. Never raises for what the model's code does: that is a failed run."""
    if entry is None:
        return failed(run_id, "The model of this run is not served by this hub any more.", 404)
    started = time.perf_counter()
    try:
        output = await entry.backend.run(inputs, on_progress)
        return _finished(run_id, entry, output, time.perf_counter() - started)
    except ModelError as error:
        return failed(run_id, str(error), error.status)
    except Exception as error:  # the model's own code: anything can come out of it, and the hub goes on
        return failed(run_id, describe(entry, error), 500)


def describe(entry: Entry, error: Exception) -> str:
    """A clean sentence for the caller; the traceback goes to the log, for whoever wrote the model."""
    logger.error("model %s raised", entry.path, exc_info=error)
    return f"Model '{entry.path}' failed: {type(error).__name__}: {error}"


def _finished(run_id: str, entry: Entry, output: Output, seconds: float) -> Outcome:
    envelope = {
        "status": SUCCESS,
        "completed": True,
        "data": output.data,
        "details": output.details,
        "runTime": round(seconds, 6),
        "usedCredits": 0.0,
        "asset": {"assetId": entry.id, "id": entry.path},
        "requestId": run_id,
    }
    return Outcome(msgspec.json.encode(envelope), ok=True)


def failed(run_id: str, message: str, status: int) -> Outcome:
    """The envelope of a failed run."""
    envelope = {
        "status": FAILED,
        "completed": True,
        "errorMessage": message,
        "supplierError": message,
        "statusCode": status,
        "requestId": run_id,
    }
    return Outcome(msgspec.json.encode(envelope), ok=False)
