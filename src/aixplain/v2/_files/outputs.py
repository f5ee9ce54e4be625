"""What of a result can be saved, and under which name: addresses of media, `data:` addresses, text, or data as JSON."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import msgspec

from aixplain.v2._files.formats import ending_of
from aixplain.v2._records import ModelResult
from aixplain.v2._settings import origin
from aixplain.v2.exceptions import ValidationError

LONGEST_NAME = 200  # bytes; file systems take 255
# With a media type, so that a text which begins with "data:" stays a text.
_DATA_ADDRESS = re.compile(r"data:([\w.+-]+/[\w.+-]+(?:;[\w-]+=[^;,\s]*)*)(;base64)?,")


class Output(NamedTuple):
    """One thing to save: what is at an address, or content that is here already, with its headers."""

    address: str | None = None
    content: bytes = b""
    headers: Mapping[str, str] = {}
    name: str = ""
    """Its key in the data, where that has names."""


def outputs_of(result: ModelResult) -> Output | list[Output]:
    """What a result has to save: a list where its data is a list, or an object, with addresses in it.

    Addresses deeper in the data are no outputs: they may be what an answer quotes. Raises `ValidationError` for a result that
    has nothing.

    >>> [output.address for output in outputs_of(ModelResult("SUCCESS", True, data=["https://a.example/1.png"]))]
    ['https://a.example/1.png']
    >>> outputs_of(ModelResult("SUCCESS", True, data="hi")).content
    b'hi'
    """
    data = result.data
    if not result.completed:
        raise ValidationError("The run is not over, so there is nothing to save yet: model.sync_poll(result.url) waits for it")
    if result.failed or data is None:
        raise ValidationError(f"There is nothing to save: the run ended as {result.status}, and its data is {data!r:.80}")
    if isinstance(data, str):
        return _addressed(data) or Output(content=data.encode(), headers={"content-type": "text/plain"})
    named = data.items() if isinstance(data, dict) else (("", each) for each in data) if isinstance(data, list) else ()
    found = [output._replace(name=str(name)) for name, each in named if (output := _addressed(each))]
    if found:
        return found
    return Output(content=msgspec.json.format(msgspec.json.encode(data)), headers={"content-type": "application/json"})


def _addressed(value: Any) -> Output | None:
    if not isinstance(value, str):
        return None
    if value.startswith("data:"):
        return _from_data_address(value)
    return Output(value) if origin(value) and not any(map(str.isspace, value)) else None


def _from_data_address(value: str) -> Output | None:
    from base64 import b64decode  # slow to import, and rarely needed
    from urllib.parse import unquote_to_bytes

    found = _DATA_ADDRESS.match(value)
    if found is None:
        return None
    content = unquote_to_bytes(value[found.end() :])
    try:
        return Output(content=b64decode(content, validate=True) if found[2] else content, headers={"content-type": found[1]})
    except ValueError as error:
        raise ValidationError(f"The result's data address is broken: {error}") from error


def name_of(output: Output, headers: Mapping[str, str]) -> str:
    """The name of an output's file: its key in the data, else what the answer calls it, else the end of its address.

    >>> name_of(Output("https://a.example/x/speech?id=1"), {"content-type": "audio/mpeg"})
    'speech.mp3'
    >>> name_of(Output("https://a.example/", name="../../voice"), {"content-disposition": 'attachment; filename="a.wav"'})
    'voice.wav'
    """
    said = PurePosixPath(safe_name(_disposition(headers) or _end_of(output.address or "") or "result"))
    ending = said.suffix or ending_of(headers.get("content-type", ""))
    stem = safe_name(output.name) if output.name else said.stem
    room = LONGEST_NAME - len(ending.encode())
    return os.fsencode(stem)[:room].decode(errors="ignore") + ending


def _disposition(headers: Mapping[str, str]) -> str | None:
    if "content-disposition" not in headers:
        return None
    from email.message import Message  # slow to import, and it knows both spellings of the name

    message = Message()
    message["content-disposition"] = headers["content-disposition"]
    return message.get_filename()


def _end_of(address: str) -> str:
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(address).path.rpartition("/")[2])


def safe_name(name: str) -> str:
    """The last part of a name, without what a file system or a shell could trip over.

    >>> safe_name("../../.ssh/.authorized keys"), safe_name("..")
    ('authorized keys', 'result')
    """
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^\w. ()-]", "_", last).strip(". ") or "result"
