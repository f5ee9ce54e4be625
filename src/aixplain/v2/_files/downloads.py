"""Saving a result: each output streamed from where it is to the disk, within one deadline."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from aixplain.v2._files.disk import Pour, Work
from aixplain.v2._files.outputs import Output, outputs_of
from aixplain.v2._files.outside import admission, lost_outside, refused_outside, retold
from aixplain.v2._files.saving import Saving, Target
from aixplain.v2._flow import (
    Now,
    Operation,
    Request,
    Sleep,
    TransportClosed,
    TransportFailure,
    TransportRejected,
    TransportTimeout,
)
from aixplain.v2._progress import MB
from aixplain.v2._records import ModelResult
from aixplain.v2._send import ATTEMPTS, Deadline, begin, jittered, send
from aixplain.v2._settings import Key, Settings, origin
from aixplain.v2.exceptions import AixplainV2Error, APIError, ConnectionLostError


class Wanted(NamedTuple):
    """How a result is to be saved."""

    path: str | PathLike[str]
    overwrite: bool
    timeout: float
    api_key: str | None
    show_progress: bool


def save(settings: Settings, result: ModelResult, wanted: Wanted) -> Operation[Path | list[Path]]:
    """Save what a result has: a path for one output, a list of them where its data is a list or an object with addresses."""
    found = outputs_of(result)
    outputs = found if isinstance(found, list) else [found]
    deadline = yield from begin(wanted.timeout)
    target = Target(wanted.path, several=len(outputs) > 1, overwrite=wanted.overwrite)
    yield from _work(target.prepare, deadline)
    try:
        for output in outputs:
            yield from _save_one(settings, target, output, deadline, wanted)
    except AixplainV2Error as error:
        if target.saved:
            error.add_note(f"Saved before that: {', '.join(map(str, target.saved))}")
        raise
    return target.saved if isinstance(found, list) else target.saved[0]


def _work(call: Callable[[], None], deadline: Deadline) -> Operation[None]:
    deadline.now = yield Now()
    try:
        yield Work(call, max(deadline.left, 0.001))
    except TransportTimeout as failure:
        raise deadline.error(reason=str(failure)) from failure


def _save_one(settings: Settings, target: Target, output: Output, deadline: Deadline, wanted: Wanted) -> Operation[None]:
    """One output; from its start again when the connection breaks, within the deadline."""
    for attempt in range(1, ATTEMPTS + 1):
        saving = Saving(target, output, show_progress=wanted.show_progress)
        try:
            if output.address is None:
                yield from _work(saving.take, deadline)
            else:
                yield from _fetch(settings, output.address, saving, deadline, wanted.api_key)
            return
        except TransportFailure as failure:
            where, came = origin(output.address or ""), f"after {saving.done / MB:.1f} MB"
            deadline.now = yield Now()
            pause = jittered(0.1 * 2**attempt)
            if pause >= deadline.left:
                raise deadline.error(reason=f"an output was coming from {where}, {came}") from failure
            if attempt == ATTEMPTS or isinstance(failure, TransportClosed | TransportRejected):
                raise ConnectionLostError(f"{where} broke off {came}: {failure}. Nothing was saved; try again") from failure
        finally:
            saving.discard()
        deadline.now = yield Sleep(pause)


def _fetch(settings: Settings, url: str, saving: Saving, deadline: Deadline, api_key: str | None) -> Operation[None]:
    named = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "aixplain-models"}
    key = Key(api_key) if api_key else settings.api_key
    if key and settings.trusts(url):
        named["x-api-key"] = key
    admits = admission(settings, deadline)
    deadline.now = yield Now()
    try:
        stream = yield from send(settings, Request("GET", url, named), deadline, repeatable=True, streamed=True, admits=admits)
    except APIError as error:
        if settings.trusts(url):
            raise
        words = f"{origin(url)} did not give the output: {refused_outside(error)}"
        raise retold(APIError(words, error.status_code, error.response_data), error) from error
    except ConnectionLostError as error:
        raise retold(ConnectionLostError(f"The output was not saved: {lost_outside(error)}"), error) from error
    yield Pour(stream, saving)
