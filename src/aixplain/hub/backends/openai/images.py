"""Pictures by models of a service that speaks OpenAI."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from aixplain.hub.backends import Keep, OnProgress, Output
from aixplain.hub.backends.openai.messages import number
from aixplain.hub.backends.openai.upstream import Upstream, read_usage
from aixplain.hub.backends.whole import Whole

#: How a picture begins, by the ending of its file's name.
_BEGINNINGS = {"png": b"\x89PNG", "jpg": b"\xff\xd8\xff", "webp": b"RIFF", "gif": b"GIF8"}


class _Picture(msgspec.Struct):
    b64_json: str | None = None
    url: str | None = None


class _Pictures(msgspec.Struct):
    data: list[_Picture]
    usage: msgspec.Raw = msgspec.Raw(b"")


class ImageBackend(Whole):
    """Makes pictures: the answer is the address of one, or a list of several."""

    def __init__(self, upstream: Upstream, model: str, keep: Keep) -> None:
        self._upstream = upstream
        self._model = model
        self._keep = keep

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The whole answer. Raises `ModelError`."""
        body = {"model": self._model, **inputs, "prompt": inputs["text"]}
        del body["text"]
        if "n" in body:
            body["n"] = number(body["n"])
        answer = await self._upstream.post("/images/generations", msgspec.json.encode(body))
        found = self._upstream.decoded(answer.content, _Pictures, "no list of pictures")
        addresses = [await self._address(picture) for picture in found.data]
        if not addresses:
            raise self._upstream.failed("it answered no picture.")
        return Output(addresses if len(addresses) > 1 else addresses[0], usage=read_usage(found.usage))

    async def _address(self, picture: _Picture) -> str:
        if picture.b64_json is None:
            if picture.url is None:
                raise self._upstream.failed("one of its pictures is missing.")
            return picture.url
        try:
            content = base64.b64decode(picture.b64_json, validate=True)
        except binascii.Error as error:
            raise self._upstream.failed("one of its pictures is broken.") from error
        return await self._keep(f"image.{_ending(content)}", content)


def _ending(content: bytes) -> str:
    return next((ending for ending, start in _BEGINNINGS.items() if content.startswith(start)), "bin")
