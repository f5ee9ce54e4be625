"""One execution of one model: inputs in, the envelope of the protocol out, whatever the model's code does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from aixplain._wire.messages import FAILED, SUCCESS
from aixplain.hub.alarm import Alarm
from aixplain.hub.backends import ModelError, ModelFailure, OnProgress, Output, Tried
from aixplain.hub.catalog import Entry, Policy
from aixplain.hub.counts import known_usage, with_total
from aixplain.hub.errors import NO_FIELDS, ErrorFields, HubError
from aixplain.hub.store.runs import Ending
from aixplain.hub.store.values import plain, whole

logger = logging.getLogger("aixplain.hub")

CANCELED = "CANCELED"
#: Failures below 500 that another attempt may not meet.
PASSING = frozenset({429, 485, 497})
LONGEST_BACKOFF = 300.0
#: What a model's code may raise. All of it ends the run, and none of it the hub.
RAISED = (Exception, SystemExit, asyncio.CancelledError)


async def execute(entry: Entry | None, inputs: dict[str, Any], run_id: str, on_progress: OnProgress) -> Ending:
    """Run a model to its end. Never raises for what the model's code does: that is a failed run."""
    if entry is None:
        return failed(run_id, "The model of this run is not served by this hub any more.", 404)
    started = time.perf_counter()
    alarm = Alarm(entry.policy.timeout and asyncio.get_running_loop().time() + entry.policy.timeout)
    try:
        output = await alarm.wait(entry.backend.run(inputs, on_progress))
        return finished(run_id, entry, output, time.perf_counter() - started)
    except RAISED as error:
        if isinstance(error, TimeoutError) and alarm.rang:
            return failed(run_id, too_long(entry), 504)
        return failed(run_id, *failure_of(entry, error), error)
    finally:
        alarm.turn_off()


def too_long(entry: Entry) -> str:
    """What is said of a model that was stopped because it used its time up."""
    return f"Model '{entry.path}' took longer than it may and was stopped."


@contextlib.asynccontextmanager
async def limited(entry: Entry, limit: asyncio.Timeout) -> AsyncIterator[None]:
    """Raise `ModelError` when this is not over within the limit."""
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if limit.expired():
            raise ModelError(too_long(entry), 504) from error
        raise


def is_passing(ending: Ending) -> bool:
    """Whether another attempt may end better: the failure is none of the inputs."""
    return ending.state == "failed" and ending.status is not None and is_passing_status(ending.status)


def is_passing_status(status: int) -> bool:
    """Whether a failure with this status is none of the inputs."""
    return status in PASSING or status >= 500


def backoff(policy: Policy, attempt: int) -> float:
    """Seconds to wait after this attempt, the first being 1. Runs that failed together don't come back together."""
    longest = min(policy.retry_wait * 2.0 ** min(attempt - 1, 30), LONGEST_BACKOFF)
    return longest * random.uniform(0.75, 1.25)  # noqa: S311 - spreads runs, guards nothing


def failure_of(entry: Entry, error: BaseException) -> tuple[str, int]:
    """A clean sentence for the caller, and its status; the traceback goes to the log, for whoever wrote the model."""
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        raise error  # nobody waits any more, or the hub stops: that is no doing of the model
    if isinstance(error, ModelError):
        return str(error), error.status
    if isinstance(error, HubError):
        logger.error("model %s: %s", entry.path, error)
        return error.told, 503
    if isinstance(error, ModelFailure):
        logger.error("model %s %s", entry.path, f"{error}\n{error.traceback}".rstrip())
        return f"Model '{entry.path}' {error}", 500
    logger.error("model %s raised", entry.path, exc_info=error)
    return f"Model '{entry.path}' failed: {type(error).__name__}: {error}", 500


def retry_after_of(error: BaseException | None) -> float | None:
    """Seconds after which it is worth another try, where whoever failed said so."""
    return error.retry_after if isinstance(error, ModelError) else None


def finished(run_id: str, entry: Entry, output: Output, seconds: float) -> Ending:
    """The ending of a run that went well."""
    usage, credits = known_usage(output.usage), credits_of(entry, output)
    envelope = {
        "status": SUCCESS,
        "completed": True,
        "data": output.data,
        "details": output.details,
        "runTime": round(seconds, 6),
        "usedCredits": credits,
        "usage": usage and with_total(usage),
        "asset": {"assetId": entry.id, "id": entry.path},
        "requestId": run_id,
        "rawData": output.raw_data,
    }
    tokens = (None, None) if usage is None else (whole(usage.prompt_tokens), whole(usage.completion_tokens))
    try:
        written = msgspec.json.encode(envelope)
    except RecursionError:
        ending = failed(run_id, f"The answer of model '{entry.path}' is nested too deeply to be sent.", 485)
        return with_use(ending, entry, msgspec.structs.replace(output, credits=credits))
    return Ending("finished", written, None, None, *tokens, credits, tried=_noted(output.tried))


def credits_of(entry: Entry, output: Output) -> float | None:
    """What a run cost, as its model says or by the price of its entry; None when nobody knows."""
    if output.credits is not None or entry.price is None:
        return output.credits
    return entry.price.credits(known_usage(output.usage), output.seconds)


def fields_of(error: BaseException | None) -> ErrorFields:
    """What whoever failed tells programs."""
    return error.fields if isinstance(error, ModelError) else NO_FIELDS


def failed(run_id: str, message: str, status: int, cause: BaseException | None = None) -> Ending:
    """The ending of a run that its model, or the hub, could not do; a `ModelError` that caused it may know more."""
    message = plain(message) or ""
    fields = fields_of(cause)
    envelope = {
        "status": FAILED,
        "completed": True,
        "errorMessage": message,
        "supplierError": message,
        "statusCode": status,
        "requestId": run_id,
        **{f"error{name.capitalize()}": each for name, each in zip(fields._fields, fields, strict=True) if each is not None},
    }
    tried = _noted(cause.tried) if isinstance(cause, ModelError) else None
    return Ending("failed", msgspec.json.encode(envelope), message, status, retry_after=retry_after_of(cause), tried=tried)


def _noted(tried: Sequence[Tried]) -> bytes | None:
    """The models that were tried, as the ledger keeps them."""
    return msgspec.json.encode(tried) if tried else None


def with_use(ending: Ending, entry: Entry, output: Output | None) -> Ending:
    """The ending of a run that ended early, with what it had used by then: that counts, whoever left."""
    if output is None:
        return ending
    usage = known_usage(output.usage)
    return msgspec.structs.replace(
        ending,
        prompt_tokens=None if usage is None else whole(usage.prompt_tokens),
        completion_tokens=None if usage is None else whole(usage.completion_tokens),
        credits=credits_of(entry, output),
    )


def canceled(run_id: str) -> Ending:
    """The ending of a run that nobody wants any more."""
    message = "The run was canceled before it ended."
    envelope = {"status": CANCELED, "completed": True, "errorMessage": message, "requestId": run_id}
    return Ending("canceled", msgspec.json.encode(envelope), message)


def expired(run_id: str) -> Ending:
    """The ending of a run that was not over at its deadline."""
    message = "The run was not done by its deadline."
    return msgspec.structs.replace(failed(run_id, message, 504), state="expired")
