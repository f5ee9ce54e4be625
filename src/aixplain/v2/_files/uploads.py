"""Sending local files up: announced to the service, put where it says without the key, within the run's deadline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from aixplain._wire.messages import Upload
from aixplain._wire.records import decode
from aixplain.v2._addresses import LOOPBACK
from aixplain.v2._files.disk import Work
from aixplain.v2._files.local import MB, Found, LocalFile
from aixplain.v2._files.outside import admission, lost_outside, refused_outside, retold
from aixplain.v2._flow import Now, Operation, Request, Response, TransportTimeout
from aixplain.v2._progress import Meter
from aixplain.v2._send import Admission, Deadline, headers, send
from aixplain.v2._settings import Key, Settings, absolute, host_of, origin
from aixplain.v2.exceptions import (
    AixplainV2Error,
    APIError,
    ConfigurationError,
    ConnectionLostError,
    FileUploadError,
    TimeoutError,
)

#: What the platform takes, by the kind of the input. A hub says itself what it doesn't take.
PLATFORM_LIMITS = {"audio": 50 * MB, "image": 25 * MB, "document": 25 * MB, "video": 300 * MB}
PLATFORM = "aixplain.com"


def send_up(
    settings: Settings, files: Mapping[str, Found], deadline: Deadline, api_key: str | None = None, *, show_progress: bool
) -> Operation[dict[str, Any]]:
    """Send these inputs up, and give the addresses that they have then. Nothing is sent unless all of them can be.

    Raises `FileUploadError`, and `TimeoutError` at the deadline.
    """
    every = [file for found in files.values() for file in _listed(found) if isinstance(file, LocalFile)]
    addresses: dict[int, str] = {}
    try:
        for file in every:
            yield from _prepare(settings, file, deadline)
        for file in every:
            addresses[id(file)] = yield from _send_one(settings, file, deadline, api_key, show_progress)
        deadline.now = yield Now()
    finally:
        for file in every:
            file.close()
    placed = {name: [addresses.get(id(each), each) for each in _listed(found)] for name, found in files.items()}
    return {name: placed[name] if isinstance(found, list) else placed[name][0] for name, found in files.items()}


def _listed(found: Found) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _prepare(settings: Settings, file: LocalFile, deadline: Deadline) -> Operation[None]:
    largest = PLATFORM_LIMITS.get(file.kind) if f".{host_of(settings.backend_url)}".endswith(f".{PLATFORM}") else None
    deadline.now = yield Now()
    try:
        yield Work(lambda: file.prepare(largest), max(deadline.left, 0.001))
    except TransportTimeout as failure:
        raise deadline.error(reason=f"{file.name} was not read in time; does a pipe wait for its writer?") from failure


def _send_one(
    settings: Settings, file: LocalFile, deadline: Deadline, api_key: str | None, show_progress: bool
) -> Operation[str]:
    sent = 0

    def note(done: int) -> None:
        nonlocal sent
        sent = done
        meter.moved(done)

    file.on_read = note
    try:
        with Meter(file.name, file.size, wanted=show_progress) as meter:
            place = yield from _announce(settings, file, deadline, api_key)
            yield from _put(settings, absolute(settings.backend_url, place.upload_url), file, deadline)
    except TimeoutError as error:
        progress = f"{file.name} was going up, {sent / file.size:.0%} of {_megabytes(file)} sent"
        raise retold(deadline.error(reason=progress), error) from error
    return absolute(settings.backend_url, place.download_url)


def _announce(settings: Settings, file: LocalFile, deadline: Deadline, api_key: str | None) -> Operation[Upload]:
    named = headers(settings, api_key)
    if "x-api-key" in named:
        named["authorization"] = Key(f"token {named['x-api-key']}")
    wanted = msgspec.json.encode({"contentType": file.content_type, "originalName": file.name})
    request = Request("POST", absolute(settings.backend_url, "sdk/file/upload/temp-url"), named, wanted)
    deadline.now = yield Now()
    try:
        response: Response = yield from send(settings, request, deadline, repeatable=True)
        return decode(Upload, response.content)
    except msgspec.DecodeError as error:
        raise FileUploadError(f"{file.name} was not sent: the service named no place for it ({error})") from error
    except APIError as error:
        raise _not_taken(file, str(error), error) from error


def _put(settings: Settings, url: str, file: LocalFile, deadline: Deadline) -> Operation[None]:
    """The bytes, without the key: the address may be another company's store. Sent again from the start when they were lost."""
    request = Request("PUT", url, {"content-type": file.content_type, "user-agent": "aixplain-models"}, file)
    deadline.now = yield Now()
    try:
        yield from send(settings, request, deadline, repeatable=True, admits=_store(settings, file, deadline))
    except APIError as error:
        raise _not_taken(file, refused_outside(error), error) from error
    except ConnectionLostError as error:
        raise _not_taken(file, lost_outside(error), error) from error
    except ConfigurationError as error:
        raise _not_taken(file, str(error), error) from error


def _store(settings: Settings, file: LocalFile, deadline: Deadline) -> Admission:
    """Admits the stores that this service may name, on a way that is no less safe than the one to the service."""
    admits = admission(settings, deadline)

    def admit(url: str) -> Operation[None]:
        if settings.backend_url.startswith("https:") and url.startswith("http:") and host_of(url) not in LOOPBACK:
            raise FileUploadError(f"{file.name} was not sent: {origin(url)} is plain http, where anyone between could read it.")
        yield from admits(url)

    return admit


def _not_taken(file: LocalFile, reason: str, error: AixplainV2Error) -> FileUploadError:
    return retold(FileUploadError(f"{file.name} ({_megabytes(file)}) was not taken: {reason}"), error)


def _megabytes(file: LocalFile) -> str:
    return f"{file.size / MB:.1f} MB"
